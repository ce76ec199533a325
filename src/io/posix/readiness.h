/* SPDX-License-Identifier: MIT
 *
 * An epoll set with the ops that wait on it: edge-triggered, each descriptor registered once.
 *
 *      result = weir_readiness_try(set, op);       // try first
 *      if (result == WEIR_ATTEMPT_WAIT)
 *          error = weir_readiness_add(set, op);    // nothing may call weir_readiness_wait between
 *      …
 *      ready = weir_readiness_wait(set, timeout);  // ops to try again
 *
 * Why no edge is lost: an edge that came before the attempt is in what the attempt saw; one that
 * comes after it is still in the epoll set when the op is added, because only weir_readiness_wait
 * takes edges out, and the owner does not call it in between; a descriptor that is registered while
 * it is ready gives an edge at once.
 *
 * Every op that waits for what an event reports is handed out; those that find nothing wait again.
 *
 * Thread rule: all by the owner's thread, except weir_readiness_wake.
 */
#ifndef IO_POSIX_READINESS_H
#define IO_POSIX_READINESS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/op.h>

#include "io/posix/attempt.h"
#include "io/posix/descriptors.h"

/* What the set knows of one descriptor number. */
typedef struct weir_readiness_entry {
    weir_op *waiting;    /* a list through next and previous; the head's previous is the tail */
    uint32_t generation; /* for which `armed` and `known` hold */
    uint8_t armed;       /* WEIR_POLL_…: what epoll reports */
    uint8_t known;       /* the set's notes: empty, ended, kind */
    uint16_t reserved;
} weir_readiness_entry;

/* The set.  Its members are its own, but `events` counts what epoll reported. */
typedef struct weir_readiness {
    int epoll;
    int wakeup; /* eventfd, never read: each write to it is an edge */
    bool owns_wakeup;
    bool more; /* the last wait took as many events as it can: there may be others */
    uint64_t events;
    weir_descriptors *descriptors; /* borrowed: the engine's */
    weir_readiness_entry *chunks[WEIR_DESCRIPTORS_CHUNKS];
} weir_readiness;

/* Makes an empty set.  `wakeup` is an eventfd that wakes it, or -1: it makes its own.
 * Returns 0; WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM: nothing is held.
 * Ownership: `descriptors` and `wakeup` are lent until weir_readiness_deinit. */
int weir_readiness_init(weir_readiness *set, weir_descriptors *descriptors, int wakeup);

/* Closes and frees what the set holds.  No op waits any more. */
void weir_readiness_deinit(weir_readiness *set);

/* Tries the op: weir_descriptors_attempt, left out when the set knows that the descriptor is not
 * ready for it since the last event.  Returns as weir_attempt. */
int64_t weir_readiness_try(weir_readiness *set, weir_op *op);

/* For engines that read by themselves (READ_LENT): whether the set knows that there is nothing to
 * read on `fd`, and the note that a read from a socket got `result` bytes into `room`, or
 * WEIR_ATTEMPT_WAIT or WEIR_EAGAIN: nothing. */
bool weir_readiness_is_empty(const weir_readiness *set, int fd);
void weir_readiness_note_read(weir_readiness *set, int fd, int64_t result, size_t room);

/* Lets the op wait for weir_attempt_events(op) on op->fd, after a try said WEIR_ATTEMPT_WAIT.
 *
 * Returns 0: it waits, and is lent to the set until weir_readiness_wait hands it out or
 * weir_readiness_remove takes it back; 1: the descriptor cannot be waited for and counts as always
 * ready (a file); WEIR_ENOMEM, WEIR_ENOSPC (fs.epoll.max_user_watches), WEIR_EBADF. */
int weir_readiness_add(weir_readiness *set, weir_op *op);

/* Takes an op back.  Returns whether it was waiting. */
bool weir_readiness_remove(weir_readiness *set, weir_op *op);

/* Waits until an op is ready, the set is woken, or `timeout` has passed; WEIR_FOREVER_NS waits
 * without end, 0 only looks.  A signal ends it early.
 *
 * Returns the ready ops, linked through next in their engine words, in the order in which they came
 * to wait on each descriptor, or NULL.  They no longer wait: try them again. */
weir_op *weir_readiness_wait(weir_readiness *set, int64_t timeout);

/* Makes the present or next weir_readiness_wait return.  Any thread; never waits. */
void weir_readiness_wake(weir_readiness *set);

#endif
