/* SPDX-License-Identifier: MIT
 *
 * Cancel tokens: a reason, a list of listeners, a list of ops that wait.
 *
 * Canceling publishes the reason, then empties both lists; who comes later finds the reason.  A
 * listener's callback runs without the lock, so it may take itself and others back; meanwhile
 * `calling` says which one it is and `caller` on which thread.
 *
 * Invariant: a link is in the list, or being called, or nobody's; who takes it out of the list
 * under the lock decides.  The canceler touches a link after its callback only if `calling` still
 * says so: a callback that takes its own link back may free it.
 */
#include <weir/io/token.h>

#include <sched.h>
#include <stddef.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/io/wait.h>
#include <weir/io/word.h>

#include "base/spin.h"

/* Its address tells threads apart. */
static _Thread_local char this_thread;

static void push(weir_token *token, weir_token_link *link)
{
    link->previous = NULL;
    link->next = token->links;
    if (token->links) token->links->previous = link;
    token->links = link;
    link->listed = true;
}

static void take_out(weir_token *token, weir_token_link *link)
{
    *(link->previous ? &link->previous->next : &token->links) = link->next;
    if (link->next) link->next->previous = link->previous;
    link->listed = false;
}

static bool cancel(weir_io *io, weir_token *token, weir_reason reason);

static void call_listener(weir_io *io, weir_token_link *link)
{
    if (link->call) {
        link->call(io, link->argument);
        return;
    }
    /* A link without a callback is a child's. */
    weir_reason reason = link->token->reason;
    reason.kind = WEIR_REASON_PARENT;
    cancel(io, link->argument, reason);
}

/* Calls all listeners, also those that are added meanwhile.  With the lock held. */
static void call_all(weir_io *io, weir_token *token)
{
    token->caller = &this_thread;
    for (weir_token_link *link; (link = token->links);) {
        take_out(token, link);
        token->calling = link;
        weir_spin_unlock(&token->lock);
        call_listener(io, link);
        weir_spin_lock(&token->lock);
        token->calling = NULL;
    }
    token->caller = NULL;
}

static bool cancel(weir_io *io, weir_token *token, weir_reason reason)
{
    weir_spin_lock(&token->lock);
    if (token->canceled) {
        weir_spin_unlock(&token->lock);
        return false;
    }
    token->reason = reason;
    /* Pairs with the acquire load in weir_token_canceled; before anybody is woken. */
    __atomic_store_n(&token->canceled, 1, __ATOMIC_RELEASE);
    weir_op *woken = weir_wait_list_take_all(&token->waiting);
    token->caller = &this_thread;
    weir_spin_unlock(&token->lock);
    weir_wait_complete_all(woken, 0);
    weir_spin_lock(&token->lock);
    call_all(io, token);
    weir_spin_unlock(&token->lock);
    return true;
}

bool weir_token_cancel(weir_io *io, weir_token *token, const char *text)
{
    weir_reason reason = {.kind = text ? WEIR_REASON_ABORTED : WEIR_REASON_CANCELED, .text = text};
    return token && cancel(io, token, reason);
}

weir_reason weir_token_reason(const weir_token *token)
{
    return weir_token_canceled(token) ? token->reason : (weir_reason){WEIR_REASON_NONE, NULL, {0}};
}

/* Waiting ------------------------------------------------------------------------------------ */

static bool start_waiting(weir_io *io, weir_op *op)
{
    (void)io;
    weir_token *token = op->args.wait.object;
    weir_spin_lock(&token->lock);
    bool waits = !token->canceled;
    if (waits) weir_wait_list_append(&token->waiting, op);
    weir_spin_unlock(&token->lock);
    if (!waits) op->result = 0; /* else it may be completed already */
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    (void)io;
    weir_token *token = op->args.wait.object;
    weir_spin_lock(&token->lock);
    bool waits = weir_wait_list_withdraw(&token->waiting, op);
    weir_spin_unlock(&token->lock);
    return waits;
}

static const weir_wait_kind waiting = {"cancel token", start_waiting, stop_waiting};

void weir_token_op(weir_op *op, weir_token *token)
{
    weir_wait_op(op, &waiting, token, NULL);
}

int weir_token_wait(weir_io *io, weir_token *token, weir_deadline deadline)
{
    weir_op op;
    if (token) {
        weir_token_op(&op, token);
    } else {
        weir_op_set(&op, WEIR_OP_SLEEP, -1);
    }
    weir_op_set_deadline(&op, deadline);
    int64_t result = weir_do(io, &op);
    return !token && result == 0 ? WEIR_EDEADLINE : (int)result;
}

/* Listening ---------------------------------------------------------------------------------- */

static void add(weir_io *io, weir_token *token, weir_token_link *link)
{
    link->token = token;
    link->listed = false;
    if (!token) return;
    weir_spin_lock(&token->lock);
    bool late = token->canceled;
    if (!late) push(token, link);
    weir_spin_unlock(&token->lock);
    if (late) call_listener(io, link);
}

void weir_token_listen(weir_io *io, weir_token *token, weir_token_link *link, weir_token_fn *call,
                       void *argument)
{
    link->call = call;
    link->argument = argument;
    add(io, token, link);
}

void weir_token_follow(weir_io *io, weir_token *child, weir_token_link *link, weir_token *parent)
{
    link->call = NULL;
    link->argument = child;
    add(io, parent, link);
}

void weir_token_unlisten(weir_io *io, weir_token_link *link)
{
    (void)io;
    weir_token *token = link->token;
    if (!token) return;
    weir_spin_lock(&token->lock);
    if (link->listed) take_out(token, link);
    if (token->caller == &this_thread && token->calling == link) token->calling = NULL;
    /* A callback must not wait, so this is for a moment. */
    while (token->calling == link) {
        weir_spin_unlock(&token->lock);
        sched_yield();
        weir_spin_lock(&token->lock);
    }
    weir_spin_unlock(&token->lock);
    link->token = NULL;
}

void weir_token_end(weir_io *io, weir_token *token)
{
    (void)io;
    weir_spin_lock(&token->lock);
    while (token->caller && token->caller != &this_thread) {
        weir_spin_unlock(&token->lock);
        sched_yield();
        weir_spin_lock(&token->lock);
    }
    weir_spin_unlock(&token->lock);
}

/* Deadlines ---------------------------------------------------------------------------------- */

static void timer_settled(weir_io *io, weir_op *op)
{
    weir_token_timer *timer = (weir_token_timer *)(void *)op;
    if (op->result == 0)
        cancel(io, timer->token,
               (weir_reason){.kind = WEIR_REASON_TIMEOUT, .deadline = op->deadline});
    uint32_t *done = &timer->done;
    /* The timer may be gone from here on; waking takes no more than its address. */
    __atomic_store_n(done, 1, __ATOMIC_RELEASE);
    weir_wake(io, done, 1);
}

void weir_token_arm(weir_io *io, weir_token *token, weir_token_timer *timer, weir_deadline deadline)
{
    _Static_assert(offsetof(weir_token_timer, op) == 0, "timer_settled finds the timer by its op");
    timer->token = token;
    timer->done = 1;
    if (weir_is_never(deadline)) return;
    timer->done = 0;
    weir_queue_init_handler(io, &timer->queue, timer_settled);
    weir_op_set(&timer->op, WEIR_OP_SLEEP, -1);
    weir_op_set_deadline(&timer->op, deadline);
    weir_submit(io, &timer->op, &timer->queue);
}

typedef struct stop_post {
    weir_post post;
    weir_token_timer *timer;
    uint32_t done;
} stop_post;

static void stop_there(weir_io *io, weir_post *post)
{
    stop_post *stop = (stop_post *)(void *)post;
    weir_op_cancel(io, &stop->timer->op);
    uint32_t *done = &stop->done;
    __atomic_store_n(done, 1, __ATOMIC_RELEASE);
    weir_wake(io, done, 1);
}

/* The waits are short: a shield keeps requests for later. */
static void await_word(weir_io *io, const uint32_t *word)
{
    weir_scope shield;
    weir_shield(io, &shield);
    while (!__atomic_load_n(word, __ATOMIC_ACQUIRE)) weir_wait(io, word, 0, weir_never());
    weir_scope_leave(io, &shield);
}

void weir_token_disarm(weir_io *io, weir_token_timer *timer)
{
    if (__atomic_load_n(&timer->done, __ATOMIC_ACQUIRE)) return;
    stop_post stop = {.post = {.run = stop_there, .home = timer->queue.home}, .timer = timer};
    if (io->table->post(io, &stop.post) == 0) await_word(io, &stop.done);
    await_word(io, &timer->done);
}
