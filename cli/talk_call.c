/* SPDX-License-Identifier: MIT
 *
 * `weir talk` and `weir listen`: one conversation from its beginning to its end.
 *
 * Design: both directions are tasks, whose ends come out of one queue, as does a signal:
 *
 *      sending   ended: the peer was told (half close), receiving goes on
 *      receiving ended: sending goes on until our input ends, but not when a person types it, or
 *                       the peer is gone altogether and no input is at hand
 *      both ended, a signal, nothing for --timeout, an error: over
 *
 * A failure to send alone does not end it: what the peer said before it left may explain why.
 * Invariant: every op submitted here has come out of the queue before talk_converse returns.
 */
#include <signal.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/net/option.h>

#include "event.h"
#include "talk.h"

/* What comes out of the queue. */
enum { SENT, RECEIVED, HANGUP, SIGNAL, OPS };

typedef struct conversation {
    talk_call *call;
    weir_queue queue;
    weir_op ops[OPS];
    bool flying[OPS];
    weir_task tasks[2]; /* SENT, RECEIVED */
    bool over, timed_out;
    bool gone;             /* the connection has hung up */
    uint64_t sent_at_look; /* bytes sent when that was looked at last */
} conversation;

static void submit(conversation *c, int which)
{
    weir_submit(c->call->talk->io, &c->ops[which], &c->queue);
    c->flying[which] = true;
}

static int start(conversation *c)
{
    talk_call *call = c->call;
    weir_io *io = call->talk->io;
    static const weir_task_options names[] = {{"talk send", WEIR_WORKER_SAME},
                                              {"talk receive", WEIR_WORKER_SAME}};
    static weir_task_fn *const runs[] = {talk_send, talk_receive};
    for (int i = SENT; i <= RECEIVED; i++) {
        const int error = weir_concurrent(io, &c->tasks[i], runs[i], call, &names[i]);
        if (error) {
            if (i == RECEIVED) weir_cancel(io, &c->tasks[SENT]);
            return error;
        }
    }
    for (int i = SENT; i <= RECEIVED; i++) {
        weir_task_op(&c->ops[i], &c->tasks[i]);
        submit(c, i);
    }
    if (call->talk->watched) {
        weir_signals_op(&call->talk->signals, &c->ops[SIGNAL]);
        submit(c, SIGNAL);
    }
    return 0;
}

static void receiving_ended(conversation *c)
{
    const talk_call *call = c->call;
    if (call->receive_error || !c->flying[SENT] || call->talk->terminal) {
        c->over = true;
        return;
    }
    /* A reset, or of Unix sockets the close, ends the other direction, too. */
    weir_op_set(&c->ops[HANGUP], WEIR_OP_POLL, call->socket.fd);
    c->ops[HANGUP].args.poll = WEIR_POLL_ERROR;
    submit(c, HANGUP);
}

/* The peer is gone: a reset is an error; else what is at hand of the input is tried to be sent,
 * which fails, and input that is not there is not waited for. */
static void hung_up(conversation *c)
{
    talk_call *call = c->call;
    weir_io *io = call->talk->io;
    const uint64_t sent = __atomic_load_n(&call->sent, __ATOMIC_RELAXED);
    int error = 0;
    if (!c->gone && weir_option_take_error(io, call->socket, &error) == 0 && error) {
        call->receive_error = error; /* the task that else sets it has ended */
        call->receive_trouble = "go on";
    }
    const bool idle = c->gone && sent == c->sent_at_look &&
                      __atomic_load_n(&call->waits_for_input, __ATOMIC_ACQUIRE);
    c->over = error || idle || !c->flying[SENT];
    c->gone = true;
    c->sent_at_look = sent;
    if (c->over) return;
    weir_op_set(&c->ops[HANGUP], WEIR_OP_SLEEP, -1);
    weir_op_set_deadline(&c->ops[HANGUP], weir_deadline_after(io, weir_milliseconds(20)));
    submit(c, HANGUP);
}

static void sending_ended(conversation *c)
{
    const talk_call *call = c->call;
    const bool by_input = call->send_error && call->send_trouble && call->send_trouble[0] != 's';
    if (!c->flying[RECEIVED] || by_input) c->over = true;
    if (call->send_error && cli_is_datagram(call->transport)) c->over = true;
}

static void take(conversation *c, weir_op *op)
{
    talk *t = c->call->talk;
    const int which = (int)(op - c->ops);
    c->flying[which] = false;
    if (which == RECEIVED) receiving_ended(c);
    if (which == SENT) sending_ended(c);
    if (which == HANGUP) hung_up(c);
    if (which != SIGNAL) return;
    if (talk_take_signal(t)) {
        c->over = true;
    } else {
        weir_signals_op(&t->signals, &c->ops[SIGNAL]);
        submit(c, SIGNAL);
    }
}

/* How long nothing may go: --timeout; or, as datagrams have no end, a second of silence after ours.
 */
static weir_duration patience(const conversation *c)
{
    const talk_call *call = c->call;
    if (call->talk->timeout.ns) return call->talk->timeout;
    if (cli_is_datagram(call->transport) && call->listener_count == 0 && !c->flying[SENT])
        return weir_seconds(1);
    return weir_forever();
}

/* The end of patience: counted from the last piece that went. */
static weir_deadline quiet_until(const conversation *c)
{
    const weir_instant last = {__atomic_load_n(&c->call->active, __ATOMIC_RELAXED)};
    return weir_instant_add(last, patience(c));
}

/* Asks all that runs to end, and waits for it. */
static void finish(conversation *c)
{
    weir_io *io = c->call->talk->io;
    weir_op *op;
    for (int i = 0; i < OPS; i++) {
        if (!c->flying[i]) continue;
        if (i <= RECEIVED)
            weir_cancel_request(io, &c->tasks[i]);
        else
            weir_op_cancel(io, &c->ops[i]);
    }
    while (c->flying[SENT] || c->flying[RECEIVED] || c->flying[HANGUP] || c->flying[SIGNAL])
        if (weir_queue_next(io, &c->queue, weir_never(), &op) == 0) c->flying[op - c->ops] = false;
    for (int i = SENT; i <= RECEIVED; i++) weir_await(io, &c->tasks[i], NULL);
}

/* What went wrong, in the order in which it explains the most; NULL when nothing did. */
static const char *trouble_of(const conversation *c, int *error)
{
    const talk_call *call = c->call;
    *error = 0;
    if (call->talk->signal) return NULL;
    if (call->receive_error && call->receive_error != WEIR_ECANCELED) {
        *error = call->receive_error;
        return call->receive_trouble;
    }
    if (call->send_error && call->send_error != WEIR_ECANCELED) {
        *error = call->send_error;
        return call->send_trouble;
    }
    if (c->timed_out && !(cli_is_datagram(call->transport) &&
                          (call->received_messages > 0 || !call->talk->timeout.ns))) {
        *error = WEIR_EDEADLINE;
        return "hear anything";
    }
    return NULL;
}

static void tell_end(const conversation *c, const char *trouble, int error)
{
    const talk_call *call = c->call;
    const talk *t = call->talk;
    const double seconds =
        (double)(weir_now(t->io, WEIR_CLOCK_MONOTONIC).ns - call->began.ns) / 1e9;
    char text[CLI_TARGET_TEXT], reason[160];
    cli_target_print(call->transport, &call->peer, text);
    if (trouble && error == WEIR_EDEADLINE)
        snprintf(reason, sizeof reason, "nothing went either way for %g s",
                 (double)t->timeout.ns / 1e9);
    else if (trouble)
        snprintf(reason, sizeof reason, "cannot %s: %s", trouble, weir_strerror(error));
    if (!t->json) {
        if (trouble && call->peer.kind != WEIR_ADDRESS_NONE)
            cli_complain("%s: %s", text, reason);
        else if (trouble)
            cli_complain("%s", reason);
        return;
    }
    cli_event event;
    cli_event_begin(&event, "ended");
    if (call->peer.kind != WEIR_ADDRESS_NONE) cli_event_text(&event, "peer", text);
    cli_event_number(&event, "sent", call->sent);
    cli_event_number(&event, "received", call->received);
    if (call->transport != CLI_TCP && call->transport != CLI_UNIX_STREAM) {
        cli_event_number(&event, "sent_messages", call->sent_messages);
        cli_event_number(&event, "received_messages", call->received_messages);
    }
    cli_event_seconds(&event, "seconds", seconds);
    if (trouble) cli_event_text(&event, "error", reason);
    if (t->signal) cli_event_number(&event, "signal", (uint64_t)t->signal);
    cli_event_end(&event, stderr);
}

int talk_converse(talk_call *call)
{
    conversation c = {.call = call};
    weir_io *io = call->talk->io;
    call->began = weir_now(io, WEIR_CLOCK_MONOTONIC);
    call->active = call->began.ns;
    weir_queue_init(io, &c.queue);
    int error = start(&c);
    if (error) {
        cli_complain("cannot start: %s", weir_strerror(error));
        return CLI_FAILED;
    }
    while (!c.over) {
        weir_op *op;
        error = weir_queue_next(io, &c.queue, quiet_until(&c), &op);
        if (!error) take(&c, op);
        if (error == WEIR_EDEADLINE)
            c.over = c.timed_out = quiet_until(&c).ns <= weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
        if (error == WEIR_ECANCELED) c.over = true;
    }
    finish(&c);
    const char *trouble = trouble_of(&c, &error);
    tell_end(&c, trouble, error);
    return trouble || call->talk->signal ? CLI_FAILED : CLI_OK;
}
