/* SPDX-License-Identifier: MIT
 *
 * The stock accept loop over weir_incoming and a group.
 */
#include <weir/net/serve.h>

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/scope.h>
#include <weir/net/accept_limit.h>
#include <weir/net/incoming.h>

typedef struct serving {
    weir_incoming incoming;
    weir_group group;
    weir_serve_fn *handler;
    void *argument;
    weir_serve_options options;
} serving;

/* One connection on its way to its task, which frees it. */
typedef struct guest {
    serving *s;
    weir_socket socket;
    weir_address peer;
} guest;

static void count(uint64_t *counter)
{
    /* Pairs with the loads of who watches; each counter is read for itself. */
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

#define COUNT(s_, member_)                                               \
    do {                                                                 \
        if ((s_)->options.counts) count(&(s_)->options.counts->member_); \
    } while (0)

/* A connection has ended, or never began. */
static void leave(weir_io *io, serving *s, const weir_address *peer)
{
    if (s->options.limit) weir_accept_limit_release(s->options.limit, peer);
    weir_incoming_done(io, &s->incoming);
}

static int attend(weir_io *io, void *argument)
{
    const guest g = *(guest *)argument;
    free(argument);
    weir_tcp_stream tcp;
    weir_tcp_stream_init(&tcp, g.socket);
    weir_scope scope;
    const bool limited = g.s->options.deadline.ns > 0;
    if (limited) weir_scope_enter_for(io, &scope, g.s->options.deadline);
    const int result = g.s->handler(io, &tcp, &g.peer, g.s->argument);
    if (limited) weir_scope_leave(io, &scope);
    weir_tcp_close(io, &tcp);
    if (result < 0) COUNT(g.s, failed);
    leave(io, g.s, &g.peer);
    return result;
}

static void start(weir_io *io, serving *s, const weir_incoming_item *item)
{
    static const weir_task_options options = {.name = "connection", .worker = WEIR_WORKER_ANY};
    guest *g = malloc(sizeof *g);
    int error = WEIR_ENOMEM;
    if (g) {
        *g = (guest){s, item->socket, item->peer};
        error = weir_group_concurrent(io, &s->group, attend, g, &options);
    }
    if (!error) return;
    free(g);
    COUNT(s, dropped);
    weir_close_socket(io, item->socket);
    leave(io, s, &item->peer);
}

static void welcome(weir_io *io, serving *s, const weir_incoming_item *item)
{
    COUNT(s, accepted);
    const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    if (s->options.limit && weir_accept_limit_admit(s->options.limit, &item->peer, now, NULL)) {
        COUNT(s, refused);
        weir_close_socket(io, item->socket);
        weir_incoming_done(io, &s->incoming);
        return;
    }
    start(io, s, item);
}

/* Accepts until something ends it: why. */
static int accept_all(weir_io *io, serving *s)
{
    weir_incoming_item item;
    for (;;) {
        const int error = weir_incoming_next(io, &s->incoming, weir_never(), &item);
        if (error) return error;
        if (item.error) {
            COUNT(s, troubles);
        } else {
            welcome(io, s, &item);
        }
    }
}

static void drain(weir_io *io, serving *s, bool shielded)
{
    weir_scope shield, scope;
    if (shielded) weir_shield(io, &shield);
    if (s->options.drain.ns > 0) {
        weir_scope_enter_for(io, &scope, s->options.drain);
        /* The result is what ended serving; the request is for the caller's next operation. */
        if (weir_group_wait(io, &s->group) == WEIR_ECANCELED) weir_put_back(io);
        weir_scope_leave(io, &scope);
    }
    weir_group_cancel(io, &s->group);
    if (shielded) weir_scope_leave(io, &shield);
}

static int serve(weir_io *io, serving *s, const weir_tcp_listener *listeners, size_t listener_count)
{
    weir_incoming_init(io, &s->incoming, s->options.max_connections);
    int error = 0;
    for (size_t i = 0; i < listener_count && !error; i++)
        error = weir_incoming_add(&s->incoming, listeners[i].socket, NULL);
    if (!error) {
        weir_scope scope;
        weir_scope_enter_token(io, &scope, s->options.token);
        error = accept_all(io, s);
        const bool told = weir_scope_leave(io, &scope) == WEIR_ECANCELED;
        if (told && error == WEIR_ECANCELED && weir_cause_of(io).kind == WEIR_CAUSE_TOKEN)
            error = 0;
    }
    weir_incoming_stop(io, &s->incoming);
    return error;
}

int weir_tcp_serve(weir_io *io, const weir_tcp_listener *listeners, size_t listener_count,
                   weir_serve_fn *handler, void *argument, const weir_serve_options *options)
{
    enum { DEFAULT_MAX = 10000 };
    serving *s = malloc(sizeof *s);
    int error = s ? 0 : WEIR_ENOMEM;
    if (s) {
        *s = (serving){.handler = handler, .argument = argument};
        if (options) s->options = *options;
        if (s->options.max_connections == 0) s->options.max_connections = DEFAULT_MAX;
        const bool fits =
            listener_count > 0 && s->options.deadline.ns >= 0 && s->options.drain.ns >= 0;
        error = fits ? serve(io, s, listeners, listener_count) : WEIR_EINVAL;
    }
    for (size_t i = 0; i < listener_count; i++) weir_tcp_listener_close(io, listeners[i]);
    if (s) drain(io, s, error != 0);
    free(s);
    return error;
}
