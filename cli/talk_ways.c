/* SPDX-License-Identifier: MIT
 *
 * `weir talk` and `weir listen`: the two directions of a conversation, each a task.
 *
 * Each reads a piece, writes all of it and only then reads again, so whoever is slow, the peer or
 * the reader of standard output, slows the other side down and nothing is piled up here.
 */
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "hex.h"
#include "talk.h"

static void touch(talk_call *call)
{
    /* The other party is talk_converse, which looks how long nothing has gone. */
    const int64_t now = weir_now(call->talk->io, WEIR_CLOCK_MONOTONIC).ns;
    __atomic_store_n(&call->active, now, __ATOMIC_RELAXED);
}

/* Writes the dump of a piece to standard error; one at a time, so that lines stay whole. */
static int dump(talk_call *call, char mark, uint64_t offset, const char *data, size_t len)
{
    enum { LINES = 64 };
    talk *t = call->talk;
    const char *colour = !t->colour ? "" : mark == '>' ? "\033[36m" : "\033[32m";
    char text[LINES * (HEX_LINE + 16)];
    int64_t n = weir_mutex_lock(t->io, &t->dumping);
    if (n < 0) return (int)n;
    for (size_t at = 0; at < len && n >= 0;) {
        size_t used = 0;
        for (int i = 0; i < LINES && at < len; i++) {
            const size_t piece = len - at < HEX_COLUMNS ? len - at : HEX_COLUMNS;
            used += hex_line(mark, colour, offset + at, data + at, piece, text + used);
            at += piece;
        }
        n = weir_stream_write_all(t->io, &t->err.stream, text, used);
    }
    weir_mutex_unlock(t->io, &t->dumping);
    return n < 0 ? (int)n : 0;
}

static int send_fails(talk_call *call, const char *trouble, int64_t error)
{
    call->send_error = (int)error;
    call->send_trouble = trouble;
    return (int)error;
}

/* Reads a piece of standard input: the count, 0 at its end, or an error. */
static int64_t read_input(talk_call *call, char *buffer)
{
    talk *t = call->talk;
    if (t->input_ended) return 0;
    /* The other party is talk_converse, which need not wait for input when the peer is gone. */
    __atomic_store_n(&call->waits_for_input, true, __ATOMIC_RELEASE);
    const int64_t n = weir_stream_read(t->io, &t->in.stream, buffer, talk_piece(call));
    __atomic_store_n(&call->waits_for_input, false, __ATOMIC_RELEASE);
    return n;
}

static int send_all(talk_call *call, char *buffer)
{
    talk *t = call->talk;
    int64_t n;
    if (call->listener_count > 0 && (n = weir_event_wait(t->io, &call->heard)) < 0)
        return send_fails(call, NULL, n);
    while ((n = read_input(call, buffer))) {
        if (n < 0) return send_fails(call, "read standard input", n);
        const size_t len = (size_t)n;
        if (t->hex && (n = dump(call, '>', call->sent, buffer, len)) < 0)
            return send_fails(call, "write to standard error", n);
        for (size_t at = 0; at < len; at += (size_t)n) {
            n = talk_give(call, buffer + at, len - at);
            if (n < 0) return send_fails(call, "send", n);
            __atomic_fetch_add(&call->sent, (uint64_t)n, __ATOMIC_RELAXED);
        }
        call->sent_messages++;
        touch(call);
    }
    t->input_ended = true;
    if (cli_is_datagram(call->transport)) return 0;
    n = weir_shutdown(t->io, call->socket, SHUT_WR);
    /* A peer that has gone altogether is found by the reading side, or needs no end any more. */
    return n < 0 && n != WEIR_ENOTCONN ? send_fails(call, "end sending", n) : 0;
}

static int receive_fails(talk_call *call, const char *trouble, int64_t error)
{
    call->receive_error = (int)error;
    call->receive_trouble = trouble;
    return (int)error;
}

static int receive_all(talk_call *call, char *buffer)
{
    talk *t = call->talk;
    for (;;) {
        bool empty;
        int64_t n = talk_take(call, buffer, TALK_ROOM, &empty);
        if (n < 0) return receive_fails(call, "receive", n);
        if (n == 0 && !empty) return 0;
        const size_t len = (size_t)n;
        touch(call);
        if (t->hex && (n = dump(call, '<', call->received, buffer, len)) < 0)
            return receive_fails(call, "write to standard error", n);
        call->received += len;
        call->received_messages++;
        if (t->quiet_out || len == 0) continue;
        for (size_t at = 0; at < len; at += (size_t)n) {
            n = weir_stream_write_all(t->io, &t->out.stream, buffer + at, len - at);
            if (n < 0) return receive_fails(call, "write to standard output", n);
        }
        touch(call);
    }
}

int talk_send(weir_io *io, void *argument)
{
    talk_call *call = argument;
    (void)io;
    char *buffer = malloc(TALK_PIECE);
    if (!buffer) return send_fails(call, "send", WEIR_ENOMEM);
    const int error = send_all(call, buffer);
    free(buffer);
    return error;
}

int talk_receive(weir_io *io, void *argument)
{
    talk_call *call = argument;
    (void)io;
    char *buffer = malloc(TALK_ROOM);
    if (!buffer) return receive_fails(call, "receive", WEIR_ENOMEM);
    const int error = receive_all(call, buffer);
    free(buffer);
    return error;
}
