/* SPDX-License-Identifier: MIT
 *
 * The io_uring reactor's own structures: the ring, the buffers that the kernel fills, what a
 * completion's user data means.
 *
 *      ring.c      making and ending the ring, submission entries, buffers given to the kernel
 *      reactor.c   ops to entries, completions to results, the poll
 *      receiver.c  standing receives: one multishot receive, or poll, per connection
 */
#ifndef IO_EVENTED_URING_URING_H
#define IO_EVENTED_URING_URING_H

#include <liburing.h>

#include "io/evented/engine.h"
#include "io/posix/readiness.h"

enum {
    URING_ENTRIES = 1024,      /* submissions between two enters */
    URING_COMPLETIONS = 16384, /* room for completions; more are kept by the kernel */
    URING_TRANSIENT = 64 * 1024,
    URING_BUFFER_GROUP = 1,
};

/* What a completion is about: the low bits of its user data; the others are a pointer. */
enum {
    URING_OP = 0,       /* weir_op; NULL = nobody's */
    URING_RECEIVER = 1, /* weir_receiver */
    URING_WAKEUP = 2,
    URING_READY = 3, /* the epoll set */
    URING_TAGS = 3,  /* the mask of the above */
};

/* The bits of weir_receiver.state. */
enum {
    RECEIVER_ARMED = 1,     /* a receive or a poll is with the kernel */
    RECEIVER_CANCELED = 2,  /* and has been asked to end */
    RECEIVER_AWAITED = 4,   /* by an op of another worker, which gets it when it is unarmed */
    RECEIVER_POLLS = 8,     /* what is armed is a poll, and what follows is known */
    RECEIVER_READABLE = 16, /* there may be bytes; else there will be a completion */
};

typedef struct uring {
    struct io_uring ring;
    struct io_uring_buf_ring *free; /* free buffers, which the kernel fills */
    uint32_t free_entries;          /* its size, a power of two */
    uint32_t offered;               /* buffers in it, and those whose use we have not seen yet */
    uint32_t wanted;                /* how many shall be in it; others are in the pool */
    /* Memory that the kernel reads when entries are submitted (IORING_FEAT_SUBMIT_STABLE): used
     * again after each submission. */
    char *transient;
    size_t transient_used;
    weir_readiness readiness; /* ops that wait for a system call that will not block … */
    bool is_ready;            /* … and whether it has something to tell */
} uring;

/* ring.c ----------------------------------------------------------------------------------- */
int weir_uring_probe(void);
int weir_uring_open(worker *w);
void weir_uring_close(worker *w);

/* Lets the wake-up descriptor end a wait. */
void weir_uring_arm_wakeup(worker *w);

/* Lets the epoll set tell that it has something. */
void weir_uring_arm_readiness(worker *w);

/* A free submission entry ; the caller sets its user data. */
struct io_uring_sqe *weir_uring_entry(uring *u);

/* `size` bytes that stay until the entry which is taken next has been submitted. */
void *weir_uring_transient(uring *u, size_t size);

/* After each submission: the transient memory is free again when all was taken. */
void weir_uring_submitted(uring *u);

/* Asks the kernel to end what carries this user data. */
void weir_uring_cancel(uring *u, uint64_t user_data);

/* Gives a buffer to the kernel, or to the pool when the kernel has enough or the pool none; lets
 * the kernel have more buffers (false: at the bound). */
void weir_uring_give(worker *w, uint32_t id);
bool weir_uring_grow(worker *w);

/* receiver.c ------------------------------------------------------------------------------- */
bool weir_uring_read_lent(worker *w, weir_op *op);
bool weir_uring_receiver_stop(worker *w, weir_op *op);
void weir_uring_stop_lent(worker *w, weir_op *op);
void weir_uring_received(worker *w, weir_receiver *receiver, int32_t result, uint32_t flags);
void weir_uring_buffer_back(worker *w, uint32_t id);
void weir_uring_remote(worker *w, weir_op *op);
void weir_uring_returned(worker *w, weir_op *op);

#endif
