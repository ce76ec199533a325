/* SPDX-License-Identifier: MIT
 *
 * The server's life: create, listen, run its keepers, drain, destroy.
 */
#include <weir/http/server/server.h>

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/group.h>

#include "http/server/keeper.h"

static void set_default(weir_duration *time, int64_t seconds)
{
    if (time->ns == 0) *time = weir_seconds(seconds);
}

/* Makes a keeper for each worker, the limit on connections shared out. */
static int make_keepers(weir_http_server *server)
{
    const uint32_t limit = server->options.max_connections;
    unsigned count = weir_workers(server->io);
    if (count > limit) count = limit;
    weir_http_keeper *keepers = aligned_alloc(_Alignof(weir_http_keeper), count * sizeof *keepers);
    if (!keepers) return WEIR_ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        keepers[i] = (weir_http_keeper){.server = server, .io = server->io};
        keepers[i].limit = limit / count + (i < limit % count);
    }
    server->keepers = keepers;
    server->keeper_count = count;
    return 0;
}

int weir_http_server_create(weir_io *io, const weir_http_server_options *options,
                            weir_http_server **out)
{
    if (!options || !options->handler || options->header_timeout.ns < 0 ||
        options->idle_timeout.ns < 0 || options->body_timeout.ns < 0 ||
        options->write_timeout.ns < 0)
        return WEIR_EINVAL;
    weir_http_server *server = calloc(1, sizeof *server);
    if (!server) return WEIR_ENOMEM;
    server->io = io;
    server->options = *options;
    weir_http_server_options *o = &server->options;
    if (o->max_connections == 0) o->max_connections = 100000;
    if (o->max_requests == 0) o->max_requests = UINT32_MAX;
    set_default(&o->header_timeout, 10);
    set_default(&o->idle_timeout, 60);
    set_default(&o->body_timeout, 30);
    set_default(&o->write_timeout, 30);
    if (o->min_rate == 0) o->min_rate = 240;
    if (o->max_body == 0) o->max_body = 16 << 20;
    if (o->max_discard == 0) o->max_discard = 64 << 10;
    server->wire = o->wire ? *o->wire : (weir_http_options)WEIR_HTTP_OPTIONS_DEFAULT;
    server->wire.body = o->max_body;
    server->drain_deadline = WEIR_FOREVER_NS;
    int error = make_keepers(server);
    if (error) {
        free(server);
        return error;
    }
    *out = server;
    return 0;
}

int weir_http_server_listen(weir_http_server *server, const weir_address *address,
                            weir_address *bound)
{
    if (server->listener_count == WEIR_HTTP_MAX_LISTENERS) return WEIR_ELIMIT;
    const weir_tcp_listen_options options = {.backlog = 4096};
    weir_tcp_listener listener;
    int error = weir_tcp_listen(server->io, address, &options, &listener);
    if (error) return error;
    if (bound) {
        error = weir_tcp_listener_address(server->io, listener, bound);
        if (error) {
            weir_tcp_listener_close(server->io, listener);
            return error;
        }
    }
    server->listeners[server->listener_count++] = listener;
    return 0;
}

/* Closes the listeners, once. */
void weir_http_server_stop_listening(weir_http_server *server)
{
    if (server->listeners_closed) return;
    server->listeners_closed = true;
    for (unsigned i = 0; i < server->listener_count; i++)
        weir_tcp_listener_close(server->io, server->listeners[i]);
}

int weir_http_server_run(weir_http_server *server)
{
    if (server->listener_count == 0 || server->running) return WEIR_EINVAL;
    server->running = 1;
    server->accepting = server->keeper_count;
    int error = 0;
    weir_group group = WEIR_GROUP_INIT;
    for (unsigned i = 0; i < server->keeper_count && !error; i++) {
        const weir_task_options options = {.name = "http keeper", .worker = (int)i};
        error = weir_group_concurrent(server->io, &group, weir_http_keeper_main,
                                      &server->keepers[i], &options);
    }
    if (error) {
        weir_group_cancel(server->io, &group);
    } else {
        error = weir_group_wait(server->io, &group);
    }
    weir_http_server_stop_listening(server);
    /* Pairs with the store in the keeper, all of which have ended. */
    const int failed = __atomic_load_n(&server->error, __ATOMIC_RELAXED);
    return error ? error : failed;
}

void weir_http_server_drain(weir_http_server *server, weir_deadline deadline)
{
    int64_t seen = __atomic_load_n(&server->drain_deadline, __ATOMIC_RELAXED);
    /* The release pairs with the load in the keeper's drain_deadline. */
    while (deadline.ns < seen &&
           !__atomic_compare_exchange_n(&server->drain_deadline, &seen, deadline.ns, false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {}
    /* Pairs with the load in the keeper's check_stage. */
    __atomic_store_n(&server->draining, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < server->keeper_count; i++) weir_http_keeper_wake(&server->keepers[i]);
}

weir_http_server_counts weir_http_server_count(const weir_http_server *server)
{
    weir_http_server_counts counts = {0};
    for (unsigned i = 0; i < server->keeper_count; i++) {
        const weir_http_keeper *k = &server->keepers[i];
        /* Pair with the additions of the keepers and exchanges; each is read for itself. */
        counts.connections += __atomic_load_n(&k->connections, __ATOMIC_RELAXED);
        counts.accepted += __atomic_load_n(&k->accepted, __ATOMIC_RELAXED);
        counts.requests += __atomic_load_n(&k->requests, __ATOMIC_RELAXED);
        counts.refused += __atomic_load_n(&k->refused, __ATOMIC_RELAXED);
    }
    return counts;
}

void weir_http_server_destroy(weir_http_server *server)
{
    if (!server) return;
    weir_http_server_stop_listening(server);
    free(server->keepers);
    free(server);
}
