/* SPDX-License-Identifier: MIT
 *
 * The exchange's task: parse, handle, answer, until the connection has nothing more to do; then
 * hand it back to the keeper.
 *
 *     read_head ──complete──> answer ──keep──> read_head
 *        │ nothing there: flush, hand back idle   │ close: flush, linger, hand back closed
 *        └ malformed, too slow: an error response ┘
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "http/server/exchange.h"

/* What became of the connection. */
enum { GOES_ON = 1, IDLE = 0, ENDS = -1 };

/* What is read of a request that was answered before its end.  Unread bytes reset the connection,
 * and some clients that meet the reset while they send do not look at the answer any more: time is
 * the bound, and this one is far above what a client has under way when it sees the answer. */
enum { LINGER_BYTES = 64 << 20 };

/* Tells the server's owner how the exchange went. */
static void report(weir_http_exchange *x)
{
    const weir_http_server_options *options = &x->server->options;
    if (!options->done) return;
    weir_http_outcome outcome = {.status = x->answer.status,
                                 .error = x->error,
                                 .body_bytes = x->answer.bare ? 0 : x->answer.written,
                                 .began = x->began};
    outcome.duration = weir_instant_until(x->began, weir_now(x->io, WEIR_CLOCK_MONOTONIC));
    options->done(x->io, x, &outcome, options->context);
}

/* Answers a request that the server itself turns down; the connection ends with it. */
static void turn_down(weir_http_exchange *x, int status, int error)
{
    char detail[160];
    const char *section = weir_http_error_section(error);
    snprintf(detail, sizeof detail, "%s%s%s%s", weir_strerror(error), *section ? " (" : "", section,
             *section ? ")" : "");
    x->connection->refused++;
    x->close = x->linger = true;
    x->error = error;
    weir_http_respond_error(x, status, error ? detail : NULL);
}

/* The head cannot be had: says so to the peer if it is still there.  Always ENDS. */
static int fail_head(weir_http_exchange *x, int error)
{
    x->message = x->input.data + x->input.at;
    x->complete = false;
    x->began = weir_now(x->io, WEIR_CLOCK_MONOTONIC);
    weir_http_answer_begin(x);
    x->content.body = WEIR_HTTP_BODY_NONE;
    x->content.error = 0;
    if (weir_errclass(error) == WEIR_CLASS_PROTOCOL) {
        turn_down(x, weir_http_error_status(error), error);
    } else if (error == WEIR_EDEADLINE) {
        turn_down(x, 408, error);
    } else if (error == WEIR_ENOMEM || error == WEIR_ENOBUFS) {
        turn_down(x, 503, error);
    } else {
        x->error = error;
    }
    report(x);
    return ENDS;
}

/* Makes x->parser hold the next head. */
static int read_head(weir_http_exchange *x)
{
    weir_http_input *input = &x->input;
    weir_deadline deadline = {0};
    weir_http_parser_reset(&x->parser);
    int error = weir_http_input_settle(x);
    if (error) return fail_head(x, error);
    if (input->at == input->end) return IDLE;
    for (;;) {
        int n = weir_http_parser_feed(&x->parser, input->data + input->at, input->end - input->at);
        if (n > 0) {
            x->message = input->data + input->at;
            x->complete = true;
            input->at += (size_t)n;
            return GOES_ON;
        }
        if (n < 0) return fail_head(x, n);
        if (weir_http_output_flush(x)) return ENDS;
        if (deadline.ns == 0)
            deadline = weir_deadline_after(x->io, x->server->options.header_timeout);
        int64_t more = weir_http_input_extend(x, deadline);
        if (more > 0) continue;
        int cut = weir_http_parser_finish(&x->parser);
        /* Empty lines are no request: nobody waits for a word about them. */
        if (!cut && (more == 0 || more == WEIR_EDEADLINE)) return ENDS;
        return fail_head(x, more < 0 ? (int)more : cut);
    }
}

/* Leaves the head where it is and safe: content that is still to come may not overwrite it, and it
 * does not, as a refill leaves `small` and `own` alone. */
static int check_expectation(weir_http_exchange *x)
{
    int expects = weir_http_parser_expects_continue(&x->parser, x->message);
    if (expects < 0) return expects;
    x->content.expects =
        expects > 0 && x->content.body != WEIR_HTTP_BODY_NONE && x->input.at == x->input.end;
    return 0;
}

/* Completes what the handler left undone. */
static void complete_answer(weir_http_exchange *x)
{
    const int error = x->content.error;
    switch ((weir_http_phase)x->answer.phase) {
    case WEIR_HTTP_UNANSWERED:
        if (error == WEIR_EDEADLINE) {
            turn_down(x, 408, error);
        } else if (error && weir_errclass(error) == WEIR_CLASS_PROTOCOL) {
            turn_down(x, weir_http_error_status(error), error);
        } else if (error) {
            x->close = true;
        } else {
            weir_http_respond_error(x, 500, NULL);
        }
        break;
    case WEIR_HTTP_HEAD_OPEN:
    case WEIR_HTTP_CONTENT:
        /* Cut short: the client learns it from the connection's end. */
        x->close = true;
        if (x->error == 0) x->error = WEIR_EHTTP_LENGTH;
        break;
    case WEIR_HTTP_ANSWERED: break;
    }
}

/* Has the request answered and what is left of its content dropped. */
static int answer(weir_http_exchange *x)
{
    const weir_http_server_options *options = &x->server->options;
    x->error = 0;
    x->connection->requests++;
    weir_http_answer_begin(x);
    weir_http_content_begin(x);
    if (options->done) x->began = weir_now(x->io, WEIR_CLOCK_MONOTONIC);
    /* RFC 9110 9.3.6: after a 2xx to CONNECT the client sends what is meant for a tunnel, which we
     * do not have: none of it may be taken for a request. */
    if (x->parser.method == WEIR_HTTP_CONNECT) x->close = x->linger = true;
    int refused = x->parser.seen & (1ull << WEIR_HTTP_FIELD_EXPECT) ? check_expectation(x) : 0;
    if (refused) {
        turn_down(x, weir_http_error_status(refused), refused);
    } else {
        x->connection->handled++;
        options->handler(x->io, x, options->context);
        if (x->answer.phase != WEIR_HTTP_ANSWERED) complete_answer(x);
    }
    if (options->done) report(x);
    if (x->close) {
        /* The client may be sending what nobody reads, and a reset would take the response away. */
        if (x->content.body != WEIR_HTTP_BODY_NONE) x->linger = true;
        return ENDS;
    }
    if (x->content.body != WEIR_HTTP_BODY_NONE) {
        if (weir_http_output_flush(x) || weir_http_content_discard(x)) {
            x->linger = true;
            return ENDS;
        }
    }
    return x->output->error ? ENDS : GOES_ON;
}

/* Sends the rest and closes, so that the peer gets to see it. */
static void finish(weir_http_exchange *x)
{
    weir_http_connection *c = x->connection;
    weir_http_output_flush(x);
    c->close = true;
    const bool unread = x->input.at < x->input.end;
    if ((x->linger || unread) && !x->output->error &&
        weir_http_keeper_stage(x->keeper) != WEIR_HTTP_CANCELING) {
        weir_http_input_end(x);
        weir_http_input_init(&x->input);
        weir_tcp_finish(x->io, &c->tcp, LINGER_BYTES, weir_deadline_after(x->io, weir_seconds(2)));
        c->closed = true;
    }
}

int weir_http_exchange_main(weir_io *io, void *argument)
{
    weir_http_connection *c = argument;
    weir_http_keeper *keeper = c->keeper;
    weir_http_field fields[WEIR_HTTP_FIELDS];
    weir_http_exchange x; /* 3 KiB: only the members that need it are set */
    x.io = io;
    x.keeper = keeper;
    x.connection = c;
    x.server = keeper->server;
    x.close = x.linger = c->close;
    x.error = 0;
    x.output = c->output;
    weir_http_parser_request(&x.parser, &x.server->wire, fields, WEIR_HTTP_FIELDS);
    weir_http_input_init(&x.input);

    int next = GOES_ON;
    if (c->close)
        next = ENDS; /* only to part with it */
    else if (weir_http_input_keep(&x, &c->lent))
        next = fail_head(&x, WEIR_ENOMEM);
    while (next == GOES_ON) {
        next = read_head(&x);
        if (next == GOES_ON) next = answer(&x);
    }
    if (next == ENDS) finish(&x);
    weir_http_input_end(&x);

    /* Our last touch of the connection: the keeper owns it from here. */
    weir_op_set(&c->op, WEIR_OP_NOP, -1);
    c->op.user = c;
    weir_submit(io, &c->op, &keeper->queue);
    return 0;
}
