/* SPDX-License-Identifier: MIT
 *
 * Cancel tokens: "stop" said once, heard by everything that was given the token.
 *
 * Whoever owns a weir_token cancels it; everybody else has a pointer to it and only looks.  A token
 * fires once, and the first reason stays; it is visible before anybody is woken.  What listens:
 *
 *      a scope     weir_scope_enter_token (scope.h): operations inside fail with WEIR_ECANCELED
 *      a task      weir_token_wait, or weir_token_op in a select
 *      a callback  weir_token_listen
 *      a token     weir_token_follow: a child is canceled with its parents, or alone
 *      a deadline  weir_token_arm cancels the token when it passes
 *
 * A NULL token is one that is never canceled and costs nothing.
 * Links are the caller's memory and can be taken back at any time; the token holds no memory.
 * A token must outlive what listens, and be ended before its memory goes (weir_token_end).
 * Its list is guarded by `lock`; callbacks run without it.
 */
#ifndef WEIR_IO_TOKEN_H
#define WEIR_IO_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_token weir_token;
typedef struct weir_token_link weir_token_link;

typedef enum weir_reason_kind {
    WEIR_REASON_NONE,     /* not canceled */
    WEIR_REASON_CANCELED, /* by its owner, who did not say why */
    WEIR_REASON_ABORTED,  /* by its owner, who said why: `text` */
    WEIR_REASON_TIMEOUT,  /* its deadline passed: `deadline` */
    WEIR_REASON_PARENT,   /* a token that it follows was canceled: `text` is the parent's */
} weir_reason_kind;

typedef struct weir_reason {
    weir_reason_kind kind;
    const char *text;
    weir_deadline deadline;
} weir_reason;

/* What is called when a token is canceled: on the canceler's thread, or at once on the caller's if
 * it was already.  Must not wait. */
typedef void weir_token_fn(weir_io *io, void *argument);

/* One listener in a token's list. */
struct weir_token_link {
    weir_token_link *next, *previous;
    weir_token *token;
    weir_token_fn *call;
    void *argument;
    bool listed;
};

/* The zero value is a token that was not canceled: `weir_token token = {0};`. */
struct weir_token {
    uint32_t lock;
    uint32_t canceled; /* atomic: 1 once `reason` is set */
    weir_reason reason;
    weir_token_link *links;   /* listeners, a list */
    weir_token_link *calling; /* whose callback runs */
    const void *caller;       /* the thread that cancels, as long as it does */
    weir_wait_list waiting;
};

/* Cancels the token: sets the reason, wakes who waits, calls the listeners.  `text` says why, or is
 * NULL; static, or lives as long as the token's listeners.
 * Returns true, or false if it was canceled before: nothing changes then.
 * Never waits.  From any thread. */
bool weir_token_cancel(weir_io *io, weir_token *token, const char *text);

/* Whether it was canceled: one load.  From any thread. */
static inline bool weir_token_canceled(const weir_token *token)
{
    /* Pairs with the release store of the canceler: who sees it sees the reason. */
    return token && __atomic_load_n(&token->canceled, __ATOMIC_ACQUIRE);
}

/* Why it was canceled; kind WEIR_REASON_NONE when it was not.  From any thread. */
weir_reason weir_token_reason(const weir_token *token);

/* Waits until it is canceled.
 * Returns 0; WEIR_EDEADLINE; WEIR_ECANCELED when the calling task was itself asked to stop.
 * A cancellation point.  From a task of `io`. */
int weir_token_wait(weir_io *io, weir_token *token, weir_deadline deadline);

/* Fills an op that completes with 0 when the token is canceled, for weir_select or a queue.  Not
 * for a NULL token. */
void weir_token_op(weir_op *op, weir_token *token);

/* Has `call(io, argument)` called when the token is canceled: once, and at once if it was already.
 * Ownership: the link is lent until weir_token_unlisten.  Never waits.  From any thread. */
void weir_token_listen(weir_io *io, weir_token *token, weir_token_link *link, weir_token_fn *call,
                       void *argument);

/* Takes a link back.  If its callback runs on another thread, waits the moment until it has
 * returned; called from inside the callback itself it returns at once.  Idempotent.
 * Not a cancellation point.  From any thread. */
void weir_token_unlisten(weir_io *io, weir_token_link *link);

/* Makes `child` canceled when `parent` is; with several parents (a link each), when any is.  Taken
 * back with weir_token_unlisten.  Never waits.  From any thread. */
void weir_token_follow(weir_io *io, weir_token *child, weir_token_link *link, weir_token *parent);

/* A deadline of a token: memory for its timer. */
typedef struct weir_token_timer {
    weir_op op;
    weir_queue queue;
    weir_token *token;
    uint32_t done; /* atomic: the timer has settled */
} weir_token_timer;

/* Cancels the token when the deadline passes; at once if it has.
 * Ownership: the timer is lent until weir_token_disarm.  Never waits.  From a task of `io`. */
void weir_token_arm(weir_io *io, weir_token *token, weir_token_timer *timer,
                    weir_deadline deadline);

/* Takes a timer back; the token stays as it is.  Idempotent.
 * Waits a moment when the timer was armed on another worker; not a cancellation point.  From a task
 * of `io`. */
void weir_token_disarm(weir_io *io, weir_token_timer *timer);

/* Ends a token whose listeners are gone: waits the moment until a canceler on another thread has
 * left it.  Its links to parents and its timers are taken back before, by their own calls.
 * Not a cancellation point.  From any thread. */
void weir_token_end(weir_io *io, weir_token *token);

#ifdef __cplusplus
}
#endif
#endif
