/* SPDX-License-Identifier: MIT
 *
 * A worker's inbox: a stack of messages that any thread pushes and the worker takes whole.
 *
 * Messages are embedded in what they are about (an op, a fiber, a buffer), so sending never
 * allocates. Invariant: a message is in at most one inbox at a time.
 */
#ifndef IO_EVENTED_INBOX_H
#define IO_EVENTED_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a message says; kept in the low bits of the link to it. */
typedef enum weir_inbox_message_kind {
    MESSAGE_OP_DONE,   /* in an op's first word: finish it with op->result */
    MESSAGE_OP_QUEUE,  /* in an op's first word: it is complete, push it to its queue */
    MESSAGE_START,     /* fiber.start: run the fiber */
    MESSAGE_INTERRUPT, /* fiber.interrupt: its task was asked to stop */
    MESSAGE_BUFFER,    /* in a lent buffer's memory: it comes back */
    MESSAGE_POST,      /* weir_post.link: to be called */
    MESSAGE_RECEIVER,  /* in an op's first word: its receiver is at this worker; stop receiving */
} weir_inbox_message_kind;

typedef struct weir_inbox_message {
    uintptr_t next; /* pointer and kind of the one pushed before */
} weir_inbox_message;

typedef struct weir_inbox {
    _Alignas(64) uintptr_t head; /* pointer and kind of the last pushed, 0 = empty */
} weir_inbox;

enum { MESSAGE_KIND_MASK = 7 };

static inline void weir_inbox_push(weir_inbox *inbox, weir_inbox_message *message,
                                   weir_inbox_message_kind kind)
{
    uintptr_t self = (uintptr_t)message | (uintptr_t)kind;
    uintptr_t head = __atomic_load_n(&inbox->head, __ATOMIC_RELAXED);
    do {
        message->next = head;
        /* Releases the message to the worker, which takes it with an acquire exchange; and is
         * ordered before the sender's look at worker.sleeping. */
    } while (!__atomic_compare_exchange_n(&inbox->head, &head, self, true, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
}

/* Takes all messages, in the order in which they were sent: the first, with its kind; 0 = none. */
static inline uintptr_t weir_inbox_take(weir_inbox *inbox)
{
    if (__atomic_load_n(&inbox->head, __ATOMIC_RELAXED) == 0) return 0;
    uintptr_t last = __atomic_exchange_n(&inbox->head, 0, __ATOMIC_ACQUIRE), first = 0;
    while (last) {
        weir_inbox_message *message = (weir_inbox_message *)(last & ~(uintptr_t)MESSAGE_KIND_MASK);
        uintptr_t before = message->next;
        message->next = first;
        first = last;
        last = before;
    }
    return first;
}

#endif
