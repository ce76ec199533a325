/* SPDX-License-Identifier: MIT
 *
 * A client's program: bursts of requests, whose answers it knows; pauses; and when the faults are
 * over a last request, which it repeats until it is answered.
 */
#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/sim/fault.h>

#include <sys/socket.h>

#include "http_world.h"

/* Requests that go out together. */
typedef struct burst {
    http_request requests[HTTP_BURST];
    unsigned count, taken; /* answers so far */
    bool closes;           /* the last answer ended the connection */
} burst;

static void hang_up(weir_io *io, http_client *c)
{
    if (c->open) weir_tcp_close(io, &c->tcp);
    c->open = false;
}

static int connect_again(weir_io *io, http_client *c)
{
    hang_up(io, c);
    c->at = c->used = 0;
    c->on_connection = 0;
    c->connected_at = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    const size_t bytes = c->world->plan.buffers;
    const weir_socket_options buffers = {.send_buffer = bytes, .receive_buffer = bytes};
    const weir_tcp_connect_options options = {.socket = bytes ? &buffers : NULL};
    const int error = weir_tcp_connect_with(io, &c->world->address, &options, &c->tcp);
    c->open = error == 0;
    return error;
}

static void draw(weir_io *io, http_client *c, burst *b)
{
    const http_plan *plan = &c->world->plan;
    const unsigned left = plan->requests > c->asked ? plan->requests - c->asked : 1;
    b->count = 1;
    if (c->last) {
        b->requests[0] = http_request_draw(io, c, true, true);
        return;
    }
    if ((plan->all_kinds || plan->bursts) && weir_random_below(io, 3) == 0)
        b->count += (unsigned)weir_random_below(io, HTTP_BURST);
    if (b->count > left) b->count = left;
    for (unsigned i = 0; i < b->count; i++)
        b->requests[i] = http_request_draw(io, c, i + 1 < b->count || plan->bursts, b->count == 1);
}

/* Sends the wire up to `end`, at once or in pieces. */
static int send_wire(weir_io *io, http_client *c, size_t at, size_t end, bool pieces)
{
    while (at < end) {
        size_t len = end - at;
        if (pieces && weir_random_below(io, 8)) len = 1 + (size_t)weir_random_below(io, len);
        /* A smaller count than asked for: the next write tells why. */
        const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
        const int64_t n = weir_tcp_write_all(io, &c->tcp, c->wire + at, len);
        http_note_written(c->world, c->world->server, begin);
        if (n < 0) return (int)n;
        at += (size_t)n;
        const int64_t pause = pieces ? (int64_t)weir_random_below(io, 100) : 0;
        if (pause && at < end && weir_sleep(io, weir_milliseconds(pause)) != 0)
            return WEIR_ECANCELED;
    }
    return 0;
}

/* What is behind the bytes of the last request: the end of a direction, or of all. */
static int act(weir_io *io, http_client *c, http_kind kind)
{
    int64_t got = 1;
    switch (kind) {
    case HTTP_HALF:
    case HTTP_CUT_HEAD:
    case HTTP_CUT_BODY: return weir_tcp_shutdown(io, &c->tcp, SHUT_WR);
    case HTTP_RESET:
        if (weir_random_below(io, 2)) got = http_take_more(io, c);
        weir_tcp_abort(io, &c->tcp);
        c->open = false;
        return got < 0 && got != WEIR_EEOF ? (int)got : 0;
    case HTTP_ABANDON: hang_up(io, c); return 0;
    default: return 0;
    }
}

/* The answer to a request; of one that waits for leave, its body in between. */
static int take(weir_io *io, http_client *c, const http_request *r)
{
    bool continued = false;
    if (http_kinds[r->kind].status == 0) return http_take_end(io, c);
    int closes = http_take_answer(io, c, r, r->kind == HTTP_CONTINUE ? &continued : NULL);
    if (closes == 0 && continued) {
        const int error = send_wire(io, c, c->now, c->wire_len, false);
        closes = error ? error : http_take_answer(io, c, r, NULL);
    }
    return closes;
}

/* One burst on the connection.  Returns 0, or why something was not answered. */
static int converse(weir_io *io, http_client *c, burst *b)
{
    const http_request *last = &b->requests[b->count - 1];
    c->wire_len = c->now = 0;
    for (unsigned i = 0; i < b->count; i++) http_request_write(io, c, &b->requests[i]);
    /* Where the server answers before it has all, the rest may be refused: the answer counts. */
    int error = send_wire(io, c, 0, c->now, b->count == 1 && weir_random_below(io, 8) == 0);
    if (error == WEIR_EPIPE || error == WEIR_ECONNRESET) error = 0;
    const unsigned waits = http_kinds[last->kind].waits ? b->count : b->count - 1;
    if (!error && waits == b->count) error = act(io, c, last->kind);
    while (!error && b->taken < waits) {
        const http_request *r = &b->requests[b->taken];
        const int closes = take(io, c, r);
        if (closes < 0) return closes;
        http_note_answered(c, r);
        b->taken++;
        b->closes = closes > 0 || http_kinds[r->kind].closes;
        if (b->closes) break;
    }
    if (!error && b->taken == waits && waits < b->count && !b->closes) {
        error = act(io, c, last->kind);
        if (!error) http_note_answered(c, last);
        b->taken = b->count;
        b->closes = true;
    }
    return error;
}

/* What has become of those that are not answered; and the end of the connection. */
static int settle(weir_io *io, http_client *c, burst *b, int error)
{
    for (unsigned i = b->taken; i < b->count; i++) {
        if (b->closes) {
            c->ledger[b->requests[i].number].barred = true;
        } else {
            http_note_unanswered(c, &b->requests[i], error);
        }
    }
    const http_kind last = b->taken ? b->requests[b->taken - 1].kind : HTTP_GET;
    if (b->closes && !error && c->open && http_kinds[last].status != 0 &&
        last != HTTP_OLD_CHUNKED) {
        error = http_take_end(io, c);
        if (error == WEIR_EHTTP_LENGTH || (error && !http_excused(c)))
            weir_sim_fail(c->world->trial, "client %u: after the end of a connection (%s): %s",
                          c->index, http_kinds[last].name, weir_errname(error));
    }
    if (!error && c->open && c->at < c->used)
        weir_sim_fail(c->world->trial, "client %u has an answer that it did not ask for", c->index);
    if (b->closes || error) hang_up(io, c);
    return error;
}

/* One burst, on the connection that is open or a new one.  Returns how many were answered. */
static int try_once(weir_io *io, http_client *c, unsigned *sent)
{
    weir_scope scope;
    burst b = {.count = 0};
    int error = 0;
    weir_scope_enter_for(io, &scope, weir_seconds(HTTP_PATIENCE_S));
    *sent = 0;
    if (!c->open) error = connect_again(io, c);
    if (!error && c->world->plan.hold.ns) error = weir_sleep(io, c->world->plan.hold);
    if (weir_sim_open_descriptors(c->world->server) >= HTTP_FEW_DESCRIPTORS) c->world->storm++;
    if (!error && c->next + HTTP_BURST > HTTP_NUMBERS) error = WEIR_ELIMIT;
    if (!error) {
        draw(io, c, &b);
    }
    if (!error) {
        *sent = b.count;
        error = settle(io, c, &b, converse(io, c, &b));
    }
    weir_scope_leave(io, &scope);
    if (error) hang_up(io, c);
    return error == WEIR_ECANCELED || (b.taken == 0 && error < 0) ? error : (int)b.taken;
}

static int pause_before(weir_io *io, const http_plan *plan)
{
    const int64_t beat = weir_milliseconds(500).ns;
    const int64_t now = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    if (plan->reconnect) return weir_sleep_until(io, (weir_instant){(now / beat + 1) * beat});
    return weir_sleep(io, weir_milliseconds((int64_t)weir_random_below(io, 200)));
}

/* The plan's requests.  Returns 0, or WEIR_ECANCELED. */
static int ask_all(weir_io *io, http_client *c)
{
    http_world *world = c->world;
    while (c->asked < world->plan.requests && !world->stop) {
        unsigned sent;
        int taken = pause_before(io, &world->plan);
        if (taken == 0) taken = try_once(io, c, &sent);
        if (taken == WEIR_ECANCELED) return taken;
        if (taken > 0) c->asked += (unsigned)taken;
        if (taken <= 0 && !world->plan.persist) c->asked += sent;
        if (world->plan.reconnect) hang_up(io, c);
        if (taken < 0 && weir_sleep(io, weir_milliseconds(100)) != 0) return WEIR_ECANCELED;
    }
    return 0;
}

/* When nothing disturbs any more, all are served again. */
static int ask_last(weir_io *io, http_client *c)
{
    unsigned sent;
    int error = 0;
    hang_up(io, c);
    while (!c->world->healed && !c->world->stop && !error)
        error = weir_sleep(io, weir_milliseconds(100));
    c->last = true;
    while (!c->world->stop && !error) {
        const int taken = try_once(io, c, &sent);
        if (taken > 0) {
            c->ended = true;
            break;
        }
        error = taken == WEIR_ECANCELED ? taken : weir_sleep(io, weir_milliseconds(100));
    }
    return error;
}

int http_run_client(weir_io *io, void *argument)
{
    http_client *c = argument;
    /* One that was restarted has nothing of what was. */
    c->open = false;
    int error = c->ended ? 0 : ask_all(io, c);
    if (!error && !c->ended) error = ask_last(io, c);
    hang_up(io, c);
    return error;
}
