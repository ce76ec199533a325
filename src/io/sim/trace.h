/* SPDX-License-Identifier: MIT
 *
 * The recorder: what the engine tells it, and what it keeps for those who write it down.
 *
 * A world has none until it is asked for, so each place that tells something looks at one pointer
 * first (sim_is_recorded).  Invariant: the recorder draws nothing, takes no virtual time and stirs
 * nothing: a run is the same with it and without it.
 */
#ifndef IO_SIM_TRACE_H
#define IO_SIM_TRACE_H

#include <stdio.h>

#include <weir/io/sim/fault.h>
#include <weir/io/sim/trace.h>

#include "io/sim/world.h"

typedef enum sim_entry_kind {
    ENTRY_BEGINS, /* a task */
    ENTRY_ENDS,   /* … value: its result */
    ENTRY_WAITS,  /* an op; limit: its deadline */
    ENTRY_DONE,   /* … value: its result; limit: since when */
    ENTRY_SENT,   /* a packet; limit: when it arrives */
    ENTRY_ARRIVED,
    ENTRY_LOST,
    ENTRY_FAULT, /* what: weir_sim_fault_kind */
    ENTRY_SAID,
    ENTRY_WRONG,
} sim_entry_kind;

typedef enum sim_packet_kind {
    PACKET_BYTES,
    PACKET_FIN,
    PACKET_RST,
    PACKET_SYN,
    PACKET_SYN_ACK,
    PACKET_REFUSAL, /* the reset that answers a SYN */
    PACKET_DATAGRAM,
    PACKET_UNREACHABLE, /* the answer that nobody takes a datagram */
} sim_packet_kind;

enum {
    PACKET_AGAIN = 1,    /* sent before, and lost */
    PACKET_TWIN = 2,     /* the second of a datagram that comes twice */
    PACKET_CHANGED = 4,  /* a byte of it is not what was sent */
    PACKET_CUT = 8,      /* lost because the link is cut */
    PACKET_NO_ROOM = 16, /* lost because the receiver has no room */

    PACKET_MASK = (1 << 29) - 1 /* of numbers */
};

/* A packet between two hosts, as its sender or its link tells of it. */
typedef struct sim_parcel {
    const host *from, *to;
    sim_packet_kind kind;
    uint16_t from_port, to_port;
    uint32_t bytes, flags;
    uint32_t number; /* of one that arrives: what weir_sim_trace_sent gave */
} sim_parcel;

typedef struct sim_entry {
    int64_t when, value, limit;
    const host *host, *other;
    const char *name; /* of the task or the op; static */
    char *text;       /* or NULL; the entry's */
    uint64_t task;    /* its number + 1; 0: none */
    uint32_t number;  /* of the packet */
    uint32_t bytes;
    int32_t fd;
    uint16_t from_port, to_port;
    uint8_t kind, what, flags;
    const char *task_name;
} sim_entry;

typedef struct sim_trace {
    sim_entry *entries; /* a ring */
    size_t room, first, count;
    size_t limit;
    uint64_t replaced;
    uint32_t packets; /* numbers given */
    FILE *follow;
} sim_trace;

static inline bool sim_is_recorded(const world *w)
{
    return __builtin_expect(w->trace != NULL, 0);
}

/* trace.c: what the engine tells, if it is recorded. ------------------------------------------ */
void weir_sim_trace_end(world *w);
void weir_sim_trace_task(const fiber *f, bool ends, int result);

/* An op has to wait, or has ended; `f` is the task that waits for it, NULL: a queue. */
void weir_sim_trace_op(const weir_op *op, const fiber *f, bool waits);

/* A packet is sent; arrives < 0: and lost.  Returns its number, below 2^29 and not 0. */
uint32_t weir_sim_trace_sent(const sim_parcel *parcel, int64_t arrives);
void weir_sim_trace_arrived(const sim_parcel *parcel);

/* `other` may be NULL. */
void weir_sim_trace_fault(const host *h, weir_sim_fault_kind kind, const host *other,
                          int64_t value);

/* Something is wrong with the world; `h` may be NULL. */
void weir_sim_trace_wrong(world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For those who write: the entries from the oldest on, and whether a view shows one. */
const sim_entry *weir_sim_trace_at(const sim_trace *trace, size_t index);
bool weir_sim_view_shows(const weir_sim_view *view, const sim_entry *entry);
bool weir_sim_view_has_host(const weir_sim_view *view, const host *h);

/* trace_text.c ------------------------------------------------------------------------------- */

enum { TRACE_TEXT = 512 };

/* What an entry says, without its instant, host and task.  Returns the text. */
const char *weir_sim_entry_print(const sim_entry *entry, char out[TRACE_TEXT]);

/* An instant after the beginning in seconds: "12.345 678 900". */
const char *weir_sim_instant_print(int64_t when, char out[32]);

void weir_sim_trace_line(const sim_entry *entry, FILE *out);

/* 0, or the error of what was written to `out`. */
int weir_sim_trace_flush(FILE *out);

#endif
