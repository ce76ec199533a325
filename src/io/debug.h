/* SPDX-License-Identifier: MIT
 *
 * What debug mode keeps of an engine: the table it stands in for, the reports' way out, and the
 * descriptors with the ops in flight on them.
 *
 * Actors: tasks on any worker, threads outside.  `lock` guards the descriptors and the ops in
 * flight, `report_lock` the way out; neither is held while a task waits, and a report is made
 * without `lock`.
 */
#ifndef IO_DEBUG_H
#define IO_DEBUG_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include <weir/io/debug.h>
#include <weir/io/io.h>

#include "io/backtrace.h"
#include "io/task_record.h"

enum { DEBUG_BUCKETS = 1024, DEBUG_PLACES = 256 };

/* Who does something: copied, as the task may end before it is told. */
typedef struct debug_task {
    const void *id; /* NULL: no task */
    const char *name, *place;
} debug_task;

/* An op in flight that works on a descriptor or makes one. */
typedef struct debug_flight {
    struct debug_flight *next, **link; /* on the descriptor; link is NULL when on none */
    struct debug_flight *next_of_op;   /* in the bucket of its op, when submitted */
    weir_op *op;
    int fd;
    uint8_t code;
    const int *out;    /* PAIR, PIPE: where the descriptors come */
    bool refused;      /* a CLOSE that travels as a NOP */
    weir_queue *queue; /* the op's true queue, while `shadow` stands in for one with a handler */
    weir_queue shadow;
    debug_task task;
} debug_flight;

/* A descriptor, at its number. */
typedef struct debug_descriptor {
    debug_flight *flights;
    bool known; /* made by an op or adopted, and not closed: the rest is valid */
    uint8_t code;
    bool adopted;
    dev_t device; /* which open file it was: the number may have come to mean another */
    ino_t inode;
    debug_task task;
    weir_backtrace trace;
} debug_descriptor;

struct weir_debug {
    weir_io_table table;         /* what io->table points to */
    const weir_io_table *engine; /* what it was */
    bool checks;                 /* false: only the way out of reports is here */

    pthread_mutex_t report_lock;
    weir_debug_report *report;
    void *argument;

    pthread_mutex_t lock;
    debug_descriptor *descriptors;
    size_t room;
    debug_flight *submitted[DEBUG_BUCKETS];
    uint64_t places[DEBUG_PLACES]; /* of mistakes that were reported; 0: free */
};

/* Reports a line, and frees the text.  Of any engine, with debug mode or without: then it goes to
 * standard error.  Any thread. */
void weir_report(weir_io *io, weir_text *text);

/* Adds `task "name" (spawned at file:line)`. */
void weir_report_task(weir_text *text, const char *name, const char *place);

/* debug_descriptors.c: what `lock` guards. ----------------------------------------------------- */

/* Remembers that a descriptor was made. */
void debug_learn(struct weir_debug *d, int fd, uint8_t code, bool adopted, const debug_task *task);

/* Forgets a descriptor. */
void debug_forget(struct weir_debug *d, int fd);

/* Begins to close: forgets the descriptor, and returns true.  False: another task's op is in flight
 * on it, which is copied to *other. */
bool debug_close(struct weir_debug *d, int fd, const debug_task *self, debug_flight *other);

/* An op begins, and has ended. */
void debug_begin(struct weir_debug *d, debug_flight *flight);
void debug_end(struct weir_debug *d, debug_flight *flight);

/* The same with memory of our own, found again by the op. */
void debug_begin_submitted(struct weir_debug *d, debug_flight *flight);
debug_flight *debug_take_submitted(struct weir_debug *d, const weir_op *op);

/* Whether a mistake at this place is told for the first time; `salt` tells those apart that have
 * the same stack. */
bool debug_is_new(struct weir_debug *d, const weir_backtrace *trace, uint64_t salt);

/* Reports what is left open. */
void debug_report_open(weir_io *io, struct weir_debug *d);

/* The descriptors that an op with this result has made, -1 for none. */
void debug_made(uint8_t code, int64_t result, const int *out, int made[2]);

/* What an op of that code does, in a word. */
const char *debug_op_name(uint8_t code);

#endif
