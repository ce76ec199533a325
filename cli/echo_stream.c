/* SPDX-License-Identifier: MIT
 *
 * `weir echo` on connections: accepting them, and sending back what each sends.
 *
 * Design: a task per listener accepts, a task per connection echoes.  To end, the accepting tasks
 * are canceled and the receiving side of each connection is shut down: its task reads what has
 * come, sends it back, sees the end and leaves as it does when the peer ends.
 * Invariant: a connection is in the list from before its task starts until just before its socket
 * is closed, and `lock` is held for both.
 */
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>

#include "echo.h"

struct echo_connection {
    echo *echo;
    weir_socket socket;
    cli_transport transport;
    echo_connection *next, *before;
};

/* A packet is read whole or lost; the kernel's largest is about 208 KiB by default. */
enum { PACKET_ROOM = 256 * 1024 };

static void add(echo_connection *c)
{
    echo *e = c->echo;
    weir_mutex_lock_uncancelable(e->io, &e->lock);
    c->before = NULL;
    c->next = e->first;
    if (e->first) e->first->before = c;
    e->first = c;
    weir_mutex_unlock(e->io, &e->lock);
    echo_count(&e->counts.connections, 1);
    echo_count(&e->counts.open, 1);
}

/* Takes a connection off the list, closes and frees it. */
static void end(echo_connection *c)
{
    echo *e = c->echo;
    weir_mutex_lock_uncancelable(e->io, &e->lock);
    if (c->next) c->next->before = c->before;
    if (c->before)
        c->before->next = c->next;
    else
        e->first = c->next;
    weir_mutex_unlock(e->io, &e->lock);
    weir_close_socket(e->io, c->socket);
    echo_count(&e->counts.open, UINT64_MAX);
    if (e->max_connections) weir_semaphore_release(e->io, &e->permits, 1);
    free(c);
}

void echo_end_reading(echo *e)
{
    weir_mutex_lock_uncancelable(e->io, &e->lock);
    for (echo_connection *c = e->first; c; c = c->next) weir_shutdown(e->io, c->socket, SHUT_RD);
    weir_mutex_unlock(e->io, &e->lock);
}

/* Reads some and sends it back: the count, 0 at the end, or an error. */
static int64_t echo_some(weir_io *io, echo_connection *c, weir_receiver *receiver)
{
    weir_lent lent = {0};
    int64_t n = weir_read_lent(io, receiver, &lent);
    if (n == WEIR_ENOBUFS) {
        const int error = weir_sleep(io, weir_milliseconds(1));
        return error ? error : WEIR_EAGAIN;
    }
    if (n <= 0) return n;
    const int64_t sent = weir_write_all(io, c->socket, lent.data, (size_t)n);
    weir_give_back(io, &lent);
    if (sent > 0) echo_count(&c->echo->counts.bytes, (uint64_t)sent);
    if (sent == n) echo_count(&c->echo->counts.messages, 1);
    return sent == n ? n : sent < 0 ? sent : WEIR_EPIPE;
}

/* The same for a packet, which is sent back as one. */
static int64_t echo_packet(weir_io *io, echo_connection *c, char *buffer)
{
    struct iovec room = {buffer, PACKET_ROOM};
    weir_unix_incoming in = {.data = &room, .count = 1};
    const int64_t n = weir_unix_receive(io, c->socket, &in);
    if (n <= 0) return n;
    if (in.truncated) {
        echo_count(&c->echo->counts.dropped, 1);
        return n;
    }
    room.iov_len = (size_t)n;
    const weir_unix_outgoing out = {.data = &room, .count = 1};
    const int64_t sent = weir_unix_send(io, c->socket, &out);
    if (sent < 0) return sent;
    echo_count(&c->echo->counts.bytes, (uint64_t)sent);
    echo_count(&c->echo->counts.messages, 1);
    return sent;
}

static int64_t echo_until_end(weir_io *io, echo_connection *c)
{
    const weir_duration idle = c->echo->idle;
    weir_receiver receiver;
    char *buffer = NULL;
    int64_t n;
    if (c->transport == CLI_UNIX_PACKET && !(buffer = malloc(PACKET_ROOM))) return WEIR_ENOMEM;
    weir_receiver_init(&receiver, c->socket);
    do {
        weir_scope scope;
        if (idle.ns) weir_scope_enter_for(io, &scope, idle);
        n = buffer ? echo_packet(io, c, buffer) : echo_some(io, c, &receiver);
        if (idle.ns) weir_scope_leave(io, &scope);
    } while (n > 0 || n == WEIR_EAGAIN);
    if (!buffer) weir_receiver_stop(io, &receiver);
    free(buffer);
    return n;
}

static int serve(weir_io *io, void *argument)
{
    echo_connection *c = argument;
    const int64_t n = echo_until_end(io, c);
    if (n == 0)
        weir_shutdown(io, c->socket, SHUT_WR);
    else
        echo_count(&c->echo->counts.failed, 1);
    end(c);
    return 0;
}

/* Starts the task of a connection; takes the socket in every case. */
static int start(echo *e, cli_transport transport, weir_socket socket)
{
    echo_connection *c = malloc(sizeof *c);
    if (!c) {
        weir_close_socket(e->io, socket);
        if (e->max_connections) weir_semaphore_release(e->io, &e->permits, 1);
        return WEIR_ENOMEM;
    }
    *c = (echo_connection){.echo = e, .socket = socket, .transport = transport};
    add(c);
    const weir_task_options options = {.name = "echo connection", .worker = WEIR_WORKER_ANY};
    const int error = weir_group_concurrent(e->io, &e->connected, serve, c, &options);
    if (!error) return 0;
    echo_count(&e->counts.failed, 1);
    end(c);
    return error;
}

int echo_accept(weir_io *io, void *argument)
{
    echo_listening *l = argument;
    echo *e = l->echo;
    weir_duration pause = weir_milliseconds(5);
    int told = 0;
    for (;;) {
        weir_socket socket;
        if (e->max_connections && weir_semaphore_acquire(io, &e->permits, 1)) return 0;
        int error = weir_accept(io, l->listener->socket, &socket);
        if (error && e->max_connections) weir_semaphore_release(io, &e->permits, 1);
        if (error == WEIR_ECANCELED) return 0;
        if (!error) error = start(e, l->listener->transport, socket);
        if (!error) {
            pause = weir_milliseconds(5);
            told = 0;
            continue;
        }
        /* A shortage passes when connections end; who waits is kept by the kernel. */
        if (error != told) {
            char text[CLI_TARGET_TEXT];
            cli_target_print(l->listener->transport, &l->listener->bound, text);
            cli_complain("cannot take a connection at %s for now: %s", text, weir_strerror(error));
        }
        told = error;
        if (weir_sleep(io, pause)) return 0;
        pause = pause.ns < 500000000 ? weir_nanoseconds(2 * pause.ns) : weir_seconds(1);
    }
}
