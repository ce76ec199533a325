/* SPDX-License-Identifier: MIT
 *
 * What was recorded, as text.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "io/sim/trace.h"

enum { HOST_WIDTH = 12, TASK_WIDTH = 14 };

/* A pause that long is worth a line of its own. */
static const int64_t pause_ns = 1000000000;

typedef struct pen {
    char *at;
    size_t left;
} pen;

static void put(pen *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(pen *p, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(p->at, p->left, format, list);
    va_end(list);
    if (length < 0) return;
    const size_t taken = (size_t)length < p->left ? (size_t)length : p->left - 1;
    p->at += taken;
    p->left -= taken;
}

static void put_duration(pen *p, int64_t ns)
{
    char text[WEIR_DURATION_ROOM];
    weir_duration_print(weir_nanoseconds(ns), text, sizeof text);
    put(p, "%s", text);
}

static void put_result(pen *p, int64_t result)
{
    if (result < 0) {
        put(p, "%s", weir_errname((int)result));
    } else {
        put(p, "%lld", (long long)result);
    }
}

static void put_op(pen *p, const sim_entry *e)
{
    char instant[32];
    put(p, "%s", e->name);
    if (e->fd >= WEIR_SIM_FIRST_FD) put(p, " %d", e->fd);
    if (e->text) put(p, "%s %s", e->what == WEIR_OP_CONNECT ? " to" : "", e->text);
    if (e->kind == ENTRY_WAITS) {
        const bool sleeps = e->what == WEIR_OP_SLEEP;
        put(p, sleeps ? "" : ", waits");
        if (e->limit <= 0 || e->limit == WEIR_FOREVER_NS) return;
        put(p, " until %s", weir_sim_instant_print(e->limit - SIM_START_NS, instant));
        return;
    }
    put(p, " = ");
    put_result(p, e->value);
    if (!e->text && e->when + SIM_START_NS - e->limit > 1000) {
        put(p, " after ");
        put_duration(p, e->when + SIM_START_NS - e->limit);
    }
}

static void put_packet(pen *p, const sim_entry *e)
{
    static const char *const names[] = {
        [PACKET_FIN] = "FIN",
        [PACKET_RST] = "RST",
        [PACKET_SYN] = "SYN",
        [PACKET_SYN_ACK] = "SYN+ACK",
        [PACKET_REFUSAL] = "RST of a SYN",
        [PACKET_UNREACHABLE] = "port unreachable",
    };
    if (e->number) put(p, "#%u ", e->number);
    if (e->what == PACKET_BYTES || e->what == PACKET_DATAGRAM) {
        put(p, "%u byte%s%s", e->bytes, e->bytes == 1 ? "" : "s",
            e->what == PACKET_BYTES ? "" : " of UDP");
    } else {
        put(p, "%s", names[e->what]);
    }
    if (e->flags & PACKET_AGAIN) put(p, " again");
    if (e->flags & PACKET_TWIN) put(p, " twice");
    if (e->flags & PACKET_CHANGED) put(p, " changed");
    if (e->kind == ENTRY_ARRIVED || e->flags & PACKET_NO_ROOM) {
        put(p, " :%u from %s:%u", e->to_port, e->other->name, e->from_port);
    } else {
        put(p, " :%u to %s:%u", e->from_port, e->other->name, e->to_port);
    }
    if (e->kind == ENTRY_SENT) {
        put(p, ", ");
        put_duration(p, e->limit - e->when);
        put(p, " under way");
    }
    if (e->kind == ENTRY_LOST)
        put(p, e->flags & PACKET_CUT       ? ", the link is cut"
               : e->flags & PACKET_NO_ROOM ? ", there is no room"
                                           : ", lost");
}

static void put_fault(pen *p, const sim_entry *e)
{
    put(p, "%s", weir_sim_fault_name((weir_sim_fault_kind)e->what));
    if (e->other) put(p, " to %s", e->other->name);
    if (e->what == WEIR_SIM_SKEW) {
        put(p, " by ");
        put_duration(p, e->value);
    } else if (e->what == WEIR_SIM_DESCRIPTORS || e->what == WEIR_SIM_SLOW ||
               e->what == WEIR_SIM_SLOW_READER) {
        if (e->value) {
            put(p, " %lld", (long long)e->value);
        } else {
            put(p, e->what == WEIR_SIM_DESCRIPTORS ? " as at first" : " no more");
        }
    }
}

const char *weir_sim_entry_print(const sim_entry *e, char out[TRACE_TEXT])
{
    pen p = {out, TRACE_TEXT};
    *out = 0;
    switch ((sim_entry_kind)e->kind) {
    case ENTRY_BEGINS: put(&p, "begins"); break;
    case ENTRY_ENDS:
        put(&p, "ends with ");
        put_result(&p, e->value);
        break;
    case ENTRY_WAITS:
    case ENTRY_DONE: put_op(&p, e); break;
    case ENTRY_SENT:
    case ENTRY_ARRIVED:
    case ENTRY_LOST: put_packet(&p, e); break;
    case ENTRY_FAULT: put_fault(&p, e); break;
    case ENTRY_SAID: put(&p, "%s", e->text ? e->text : ""); break;
    case ENTRY_WRONG: put(&p, "wrong: %s", e->text ? e->text : ""); break;
    }
    return out;
}

const char *weir_sim_instant_print(int64_t when, char out[32])
{
    const char *sign = when < 0 ? "-" : "";
    const uint64_t ns = when < 0 ? 0 - (uint64_t)when : (uint64_t)when;
    snprintf(out, 32, "%s%llu.%03u %03u %03u", sign, (unsigned long long)(ns / 1000000000),
             (unsigned)(ns / 1000000 % 1000), (unsigned)(ns / 1000 % 1000), (unsigned)(ns % 1000));
    return out;
}

/* Columns are of characters, not bytes. */
static void put_column(pen *p, const char *text, int width)
{
    for (const char *c = text; *c; c++) width -= ((unsigned char)*c & 0xc0) != 0x80;
    put(p, "%s%*s ", text, width > 0 ? width : 0, "");
}

void weir_sim_trace_line(const sim_entry *e, FILE *out)
{
    static const char signs[] = {
        [ENTRY_BEGINS] = '+', [ENTRY_ENDS] = '-',    [ENTRY_WAITS] = '~', [ENTRY_DONE] = '=',
        [ENTRY_SENT] = '>',   [ENTRY_ARRIVED] = '<', [ENTRY_LOST] = 'x',  [ENTRY_FAULT] = '!',
        [ENTRY_SAID] = '"',   [ENTRY_WRONG] = '!'};
    char instant[32], what[TRACE_TEXT], line[256], task[96] = "";
    pen p = {line, sizeof line};
    if (e->task) snprintf(task, sizeof task, "%llu %s", (unsigned long long)e->task, e->task_name);
    put(&p, "%16s  ", weir_sim_instant_print(e->when, instant));
    put_column(&p, e->host ? e->host->name : "", HOST_WIDTH);
    put_column(&p, task, TASK_WIDTH);
    fprintf(out, "%s%c  %s\n", line, signs[e->kind], weir_sim_entry_print(e, what));
}

int weir_sim_trace_flush(FILE *out)
{
    errno = 0;
    if (fflush(out) == 0 && !ferror(out)) return 0;
    return errno ? -errno : -EIO;
}

static void tell_pause(int64_t ns, FILE *out)
{
    char text[WEIR_DURATION_ROOM];
    weir_duration_print(weir_nanoseconds(ns), text, sizeof text);
    fprintf(out, "%16s  (%s later)\n", "", text);
}

int weir_sim_write_text(const weir_sim *w, const weir_sim_view *view, FILE *out)
{
    static const weir_sim_view all;
    const sim_trace *trace = w->trace;
    int64_t before = -1;
    if (!view) view = &all;
    if (trace && trace->replaced)
        fprintf(out, "%16s  (%llu earlier entries were not kept)\n", "",
                (unsigned long long)trace->replaced);
    for (size_t i = 0; trace && i < trace->count; i++) {
        const sim_entry *e = weir_sim_trace_at(trace, i);
        if (!weir_sim_view_shows(view, e)) continue;
        if (before >= 0 && e->when - before >= pause_ns) tell_pause(e->when - before, out);
        before = e->when;
        weir_sim_trace_line(e, out);
    }
    return weir_sim_trace_flush(out);
}
