/* SPDX-License-Identifier: MIT
 *
 * Servers to dial: each tells who it is.  Some can be reached, one never, one has nobody at the
 * port, and one comes and goes.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>

#include "dns_world.h"

/* A caller that did not win says nothing, and is gone soon; one that did, stays this long. */
enum { CALL_S = 60 };

typedef struct call {
    dns_echo *echo;
    weir_tcp_stream tcp;
} call;

static int answer_call(weir_io *io, void *argument)
{
    call *k = argument;
    dns_echo *echo = k->echo;
    dns_world *world = echo->world;
    uint8_t token[8];
    weir_scope scope;
    echo->open++;
    weir_scope_enter_for(io, &scope, weir_seconds(CALL_S));
    int64_t n = weir_stream_read_full(io, &k->tcp.stream, token, sizeof token);
    if (n < (int64_t)sizeof token) dns_count_of(world, "calls without a word", 1);
    if (n == (int64_t)sizeof token) {
        token[0] = (uint8_t)echo->index;
        if (weir_tcp_write_all(io, &k->tcp, token, sizeof token) == (int64_t)sizeof token)
            n = weir_tcp_read(io, &k->tcp, token, sizeof token);
    }
    const bool over = weir_scope_leave(io, &scope) == WEIR_EDEADLINE && n == WEIR_EDEADLINE;
    if (over && !world->trial->fault_count)
        weir_sim_fail(world->trial, "a connection to server %u was left open", echo->index);
    weir_tcp_close(io, &k->tcp);
    echo->open--;
    free(k);
    return 0;
}

/* Takes calls until the deadline. */
static int take_calls(weir_io *io, dns_echo *echo, weir_group *group, weir_duration time)
{
    const weir_address any = weir_address_any4(DNS_ECHO_PORT);
    weir_tcp_listener listener;
    weir_scope scope;
    int error = weir_tcp_listen(io, &any, NULL, &listener);
    if (error) return error;
    weir_scope_enter_for(io, &scope, time);
    while (error != WEIR_ECANCELED && error != WEIR_EDEADLINE) {
        call *k = malloc(sizeof *k);
        if (!k) {
            error = weir_sleep(io, weir_milliseconds(10));
            continue;
        }
        k->echo = echo;
        error = weir_tcp_accept_wait(io, listener, &k->tcp);
        if (error) {
            free(k);
        } else if (weir_group_concurrent(io, group, answer_call, k, NULL) != 0) {
            weir_tcp_close(io, &k->tcp);
            free(k);
        }
    }
    weir_scope_leave(io, &scope);
    weir_tcp_listener_close(io, listener);
    return error == WEIR_ECANCELED ? error : 0;
}

int dns_run_echo(weir_io *io, void *argument)
{
    dns_echo *echo = argument;
    weir_group group = WEIR_GROUP_INIT;
    int error = 0;
    echo->open = 0;
    while (error != WEIR_ECANCELED && echo->index != 3) {
        const weir_duration time = echo->index == 5
                                       ? weir_milliseconds((int64_t)weir_random_below(io, 3000))
                                       : weir_forever();
        error = take_calls(io, echo, &group, time);
        if (error == WEIR_ECANCELED) break;
        error = weir_sleep(io, weir_milliseconds(100 + (int64_t)weir_random_below(io, 900)));
    }
    weir_group_cancel(io, &group);
    return error;
}
