/* SPDX-License-Identifier: MIT
 *
 * The recorder: entries in a ring that grows up to its limit.
 */
#include "io/sim/trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/utf8.h>

enum { FIRST_ROOM = 1024, USUAL_LIMIT = 100000, MOST_TEXT = 240 };

int weir_sim_record(weir_sim *w, size_t limit)
{
    if (w->trace) return 0;
    sim_trace *trace = calloc(1, sizeof *trace);
    if (!trace) return WEIR_ENOMEM;
    trace->limit = limit ? limit : USUAL_LIMIT;
    trace->room = trace->limit < FIRST_ROOM ? trace->limit : FIRST_ROOM;
    trace->entries = calloc(trace->room, sizeof *trace->entries);
    if (!trace->entries) {
        free(trace);
        return WEIR_ENOMEM;
    }
    w->trace = trace;
    return 0;
}

int weir_sim_follow(weir_sim *w, FILE *out)
{
    const int error = weir_sim_record(w, 0);
    if (!error) w->trace->follow = out;
    return error;
}

size_t weir_sim_recorded(const weir_sim *w, uint64_t *replaced)
{
    if (replaced) *replaced = w->trace ? w->trace->replaced : 0;
    return w->trace ? w->trace->count : 0;
}

void weir_sim_trace_end(world *w)
{
    sim_trace *trace = w->trace;
    if (!trace) return;
    for (size_t i = 0; i < trace->count; i++)
        free(trace->entries[(trace->first + i) % trace->room].text);
    free(trace->entries);
    free(trace);
    w->trace = NULL;
}

const sim_entry *weir_sim_trace_at(const sim_trace *trace, size_t index)
{
    return &trace->entries[(trace->first + index) % trace->room];
}

/* Before anything was replaced: the ring begins at its first slot. */
static bool grow(sim_trace *trace)
{
    if (trace->room >= trace->limit || trace->replaced) return false;
    const size_t twice = trace->room * 2, room = twice < trace->limit ? twice : trace->limit;
    sim_entry *entries = realloc(trace->entries, room * sizeof *entries);
    if (!entries) return false;
    trace->entries = entries;
    trace->room = room;
    return true;
}

/* The place of a new entry. */
static sim_entry *place(sim_trace *trace)
{
    if (trace->count < trace->room || grow(trace))
        return &trace->entries[(trace->first + trace->count++) % trace->room];
    sim_entry *oldest = &trace->entries[trace->first];
    free(oldest->text);
    trace->first = (trace->first + 1) % trace->room;
    trace->replaced++;
    return oldest;
}

static char *copy_of(const char *text)
{
    if (!text || !*text) return NULL;
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

static void add(world *w, sim_entry entry, const fiber *f, const char *text)
{
    w->recording = true;
    entry.when = w->now - SIM_START_NS;
    entry.text = copy_of(text);
    if (f) {
        entry.task = f->number + 1;
        entry.task_name = f->record.name ? f->record.name : "task";
    }
    sim_entry *at = place(w->trace);
    *at = entry;
    if (w->trace->follow) {
        weir_sim_trace_line(at, w->trace->follow);
        fflush(w->trace->follow);
    }
    w->recording = false;
}

void weir_sim_trace_task(const fiber *f, bool ends, int result)
{
    add(f->host->world,
        (sim_entry){.host = f->host, .kind = ends ? ENTRY_ENDS : ENTRY_BEGINS, .value = result}, f,
        NULL);
}

/* What is worth telling of an op's arguments.  Only while it begins: later they may be gone. */
static const char *arguments_of(const weir_op *op, char out[WEIR_ADDRESS_TEXT])
{
    switch (op->code) {
    case WEIR_OP_BIND:
    case WEIR_OP_CONNECT:
        if (!op->args.address) return NULL;
        weir_address_print(op->args.address, out);
        return out;
    case WEIR_OP_OPEN: return op->args.open.path;
    case WEIR_OP_STAT: return op->args.stat.path;
    case WEIR_OP_UNLINK: return op->args.path;
    default: return NULL;
    }
}

void weir_sim_trace_op(const weir_op *op, const fiber *f, bool waits)
{
    const host *h = (const host *)weir_op_words_of((weir_op *)(uintptr_t)op)->io;
    world *w = h->world;
    char room[WEIR_ADDRESS_TEXT];
    const int64_t limit = f ? f->since : w->now;
    const bool at_once = !waits && w->now - limit <= w->cost;
    add(w,
        (sim_entry){.host = h,
                    .kind = waits ? ENTRY_WAITS : ENTRY_DONE,
                    .name = weir_op_name(op),
                    .fd = op->fd,
                    .what = op->code,
                    .value = waits ? 0 : op->result,
                    .limit = waits ? op->deadline.ns : limit},
        f, waits || at_once ? arguments_of(op, room) : NULL);
}

static sim_entry entry_of(const sim_parcel *parcel)
{
    return (sim_entry){.host = parcel->from,
                       .other = parcel->to,
                       .what = (uint8_t)parcel->kind,
                       .flags = (uint8_t)parcel->flags,
                       .bytes = parcel->bytes,
                       .number = parcel->number,
                       .from_port = parcel->from_port,
                       .to_port = parcel->to_port};
}

uint32_t weir_sim_trace_sent(const sim_parcel *parcel, int64_t arrives)
{
    world *w = parcel->from->world;
    sim_entry entry = entry_of(parcel);
    do entry.number = ++w->trace->packets & PACKET_MASK;
    while (!entry.number);
    entry.kind = arrives < 0 ? ENTRY_LOST : ENTRY_SENT;
    entry.limit = arrives < 0 ? 0 : arrives - SIM_START_NS;
    add(w, entry, NULL, NULL);
    return entry.number;
}

void weir_sim_trace_arrived(const sim_parcel *parcel)
{
    sim_entry entry = entry_of(parcel);
    entry.kind = parcel->flags & PACKET_NO_ROOM ? ENTRY_LOST : ENTRY_ARRIVED;
    entry.host = parcel->to;
    entry.other = parcel->from;
    add(parcel->to->world, entry, NULL, NULL);
}

void weir_sim_trace_fault(const host *h, weir_sim_fault_kind kind, const host *other, int64_t value)
{
    add(h->world,
        (sim_entry){
            .host = h, .other = other, .kind = ENTRY_FAULT, .what = (uint8_t)kind, .value = value},
        NULL, NULL);
}

/* Makes a text printable, and well-formed for XML. */
static void clean(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
    for (char *at = text;;) {
        const weir_bytes rest = weir_bytes_text(at);
        const size_t good = weir_utf8_prefix(rest);
        if (good == rest.len) break;
        at[good] = '?';
        at += good;
    }
    /* U+FFFE and U+FFFF are no characters of XML. */
    for (char *at = text; (at = strstr(at, "\xef\xbf"));) {
        if ((unsigned char)at[2] >= 0xbe) memcpy(at, "???", 3);
        at += 2;
    }
}

static void add_text(world *w, sim_entry entry, const fiber *f, const char *format, va_list list)
{
    char text[MOST_TEXT + 1];
    vsnprintf(text, sizeof text, format, list);
    clean(text);
    add(w, entry, f, text);
}

void weir_sim_say(weir_io *io, const char *format, ...)
{
    const host *h = weir_sim_host_of(io);
    va_list list;
    if (!h || !sim_is_recorded(h->world)) return;
    const fiber *f = h->world->current;
    va_start(list, format);
    add_text(h->world, (sim_entry){.host = h, .kind = ENTRY_SAID}, f && f->host == h ? f : NULL,
             format, list);
    va_end(list);
}

void weir_sim_trace_wrong(world *w, const char *format, ...)
{
    va_list list;
    if (!sim_is_recorded(w)) return;
    va_start(list, format);
    add_text(w, (sim_entry){.host = w->current ? w->current->host : NULL, .kind = ENTRY_WRONG},
             w->current, format, list);
    va_end(list);
}

bool weir_sim_view_has_host(const weir_sim_view *view, const host *h)
{
    if (!view->hosts) return true;
    const size_t length = strlen(h->name);
    for (const char *at = view->hosts; at; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, h->name, length) == 0 && (at[length] == ',' || !at[length])) return true;
    }
    return false;
}

bool weir_sim_view_shows(const weir_sim_view *view, const sim_entry *entry)
{
    if (entry->when < view->from.ns) return false;
    if (view->until.ns && entry->when > view->until.ns) return false;
    if (entry->host && !weir_sim_view_has_host(view, entry->host)) return false;
    return !entry->other || weir_sim_view_has_host(view, entry->other);
}
