/* SPDX-License-Identifier: MIT
 *
 * The descriptors of debug mode: who made each, and which ops are in flight on it.
 *
 * The table is indexed by descriptor number and only grows.  When there is no memory for it, or for
 * a note in it, what could not be noted is not watched: debug mode never makes a call fail.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <weir/base/error.h>

#include "io/debug.h"

enum { MOST = 1 << 20, MOST_REPORTED = 100 };

/* The entry of a number, or NULL when there can be none.  Under the lock. */
static debug_descriptor *entry_of(struct weir_debug *d, int fd)
{
    if (fd < 0 || fd >= MOST) return NULL;
    if ((size_t)fd < d->room) return &d->descriptors[fd];
    size_t room = d->room ? d->room : 64;
    while (room <= (size_t)fd) room *= 2;
    debug_descriptor *bigger = calloc(room, sizeof *bigger);
    if (!bigger) return NULL;
    for (size_t i = 0; i < d->room; i++) {
        bigger[i] = d->descriptors[i];
        if (bigger[i].flights) bigger[i].flights->link = &bigger[i].flights;
    }
    free(d->descriptors);
    d->descriptors = bigger;
    d->room = room;
    return &d->descriptors[fd];
}

void debug_learn(struct weir_debug *d, int fd, uint8_t code, bool adopted, const debug_task *task)
{
    struct stat status;
    weir_backtrace trace;
    weir_backtrace_take(&trace);
    if (fstat(fd, &status)) return;
    pthread_mutex_lock(&d->lock);
    debug_descriptor *entry = entry_of(d, fd);
    if (entry) {
        entry->known = true;
        entry->code = code;
        entry->adopted = adopted;
        entry->device = status.st_dev;
        entry->inode = status.st_ino;
        entry->task = *task;
        entry->trace = trace;
    }
    pthread_mutex_unlock(&d->lock);
}

void debug_forget(struct weir_debug *d, int fd)
{
    pthread_mutex_lock(&d->lock);
    if (fd >= 0 && (size_t)fd < d->room) d->descriptors[fd].known = false;
    pthread_mutex_unlock(&d->lock);
}

bool debug_close(struct weir_debug *d, int fd, const debug_task *self, debug_flight *other)
{
    bool may = true;
    pthread_mutex_lock(&d->lock);
    if (fd >= 0 && (size_t)fd < d->room) {
        debug_descriptor *entry = &d->descriptors[fd];
        for (debug_flight *f = entry->flights; f && may; f = f->next) {
            if (f->task.id == self->id) continue;
            *other = *f;
            may = false;
        }
        if (may) entry->known = false;
    }
    pthread_mutex_unlock(&d->lock);
    return may;
}

/* Under the lock. */
static void attach(struct weir_debug *d, debug_flight *flight)
{
    debug_descriptor *entry = entry_of(d, flight->fd);
    flight->link = NULL;
    if (!entry) return;
    flight->next = entry->flights;
    flight->link = &entry->flights;
    if (flight->next) flight->next->link = &flight->next;
    entry->flights = flight;
}

static void detach(debug_flight *flight)
{
    if (!flight->link) return;
    *flight->link = flight->next;
    if (flight->next) flight->next->link = flight->link;
}

void debug_begin(struct weir_debug *d, debug_flight *flight)
{
    pthread_mutex_lock(&d->lock);
    attach(d, flight);
    pthread_mutex_unlock(&d->lock);
}

void debug_end(struct weir_debug *d, debug_flight *flight)
{
    pthread_mutex_lock(&d->lock);
    detach(flight);
    pthread_mutex_unlock(&d->lock);
}

static debug_flight **bucket_of(struct weir_debug *d, const weir_op *op)
{
    return &d->submitted[((uintptr_t)op >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 54];
}

void debug_begin_submitted(struct weir_debug *d, debug_flight *flight)
{
    pthread_mutex_lock(&d->lock);
    attach(d, flight);
    debug_flight **bucket = bucket_of(d, flight->op);
    flight->next_of_op = *bucket;
    *bucket = flight;
    pthread_mutex_unlock(&d->lock);
}

debug_flight *debug_take_submitted(struct weir_debug *d, const weir_op *op)
{
    pthread_mutex_lock(&d->lock);
    debug_flight **at = bucket_of(d, op);
    while (*at && (*at)->op != op) at = &(*at)->next_of_op;
    debug_flight *found = *at;
    if (found) {
        *at = found->next_of_op;
        detach(found);
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

bool debug_is_new(struct weir_debug *d, const weir_backtrace *trace, uint64_t salt)
{
    uint64_t hash = salt;
    for (int i = 0; i < trace->count; i++)
        hash = (hash ^ (uintptr_t)trace->frames[i]) * UINT64_C(0x9E3779B97F4A7C15);
    hash |= 1;
    bool is_new = false;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < DEBUG_PLACES; i++) {
        uint64_t *place = &d->places[(hash + i) % DEBUG_PLACES];
        if (*place == hash) break;
        if (*place) continue;
        *place = hash;
        is_new = true;
        break;
    }
    pthread_mutex_unlock(&d->lock);
    return is_new;
}

void debug_made(uint8_t code, int64_t result, const int *out, int made[2])
{
    made[0] = made[1] = -1;
    if (result < 0) return;
    switch (code) {
    case WEIR_OP_PAIR:
    case WEIR_OP_PIPE:
        made[0] = out[0];
        made[1] = out[1];
        return;
    case WEIR_OP_SOCKET:
    case WEIR_OP_DUPLICATE:
    case WEIR_OP_ADOPT:
    case WEIR_OP_ACCEPT:
    case WEIR_OP_OPEN: made[0] = (int)result;
    }
}

const char *debug_op_name(uint8_t code)
{
    const weir_op op = {.code = code};
    return weir_op_name(&op);
}

/* Whether the number still means the file that was opened. */
static bool is_open(const debug_descriptor *entry, int fd)
{
    struct stat status;
    return entry->known && fcntl(fd, F_GETFD) >= 0 && fstat(fd, &status) == 0 &&
           status.st_dev == entry->device && status.st_ino == entry->inode;
}

/* The words for a stack: those of an earlier descriptor that was opened there, if there is one, as
 * they are dear. */
static void add_stack(weir_text *text, struct weir_debug *d, int fd, weir_text *latest, int *of)
{
    const weir_backtrace *trace = &d->descriptors[fd].trace;
    if (*of < 0 || !weir_backtrace_same(trace, &d->descriptors[*of].trace)) {
        weir_text_free(latest);
        weir_backtrace_print(trace, latest);
        *of = fd;
    }
    weir_text_add(text, "%s", latest->data ? latest->data : "?");
}

void debug_report_open(weir_io *io, struct weir_debug *d)
{
    weir_text stack = {0};
    int stack_of = -1;
    size_t left = 0;
    for (size_t i = 0; i < d->room; i++) {
        const debug_descriptor *entry = &d->descriptors[i];
        if (!is_open(entry, (int)i) || ++left > MOST_REPORTED) continue;
        weir_text text = {0};
        weir_text_add(&text, "descriptor %d was left open: made by %s of ", (int)i,
                      entry->adopted ? "adoption" : debug_op_name(entry->code));
        weir_report_task(&text, entry->task.name, entry->task.place);
        weir_text_add(&text, ", at ");
        add_stack(&text, d, (int)i, &stack, &stack_of);
        weir_report(io, &text);
    }
    weir_text_free(&stack);
    if (left <= MOST_REPORTED) return;
    weir_text text = {0};
    weir_text_add(&text, "and %zu more descriptors were left open", left - MOST_REPORTED);
    weir_report(io, &text);
}
