/* SPDX-License-Identifier: MIT
 *
 * Does a relay pass on every byte and every end, hold a sender back, tell who failed, and leave
 * nothing behind?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

#include <weir/net/relay.h>
#include <weir/stream/pipe.h>

/* client = outer[0], the relay's a = outer[1], its b = inner[0], server = inner[1]. */
typedef struct bench {
    weir_tcp_stream outer[2], inner[2];
    weir_relay_options options;
    weir_relay_result result;
    weir_task task;
    int returned;
    weir_instant ended;
} bench;

static bool make_pair(weir_io *io, bool tcp, weir_tcp_stream out[2])
{
    weir_socket ends[2];
    if (!(tcp ? contract_tcp_pair(io, ends) : contract_pair(SOCK_STREAM, ends))) return false;
    for (int i = 0; i < 2; i++) weir_tcp_stream_init(&out[i], ends[i]);
    return true;
}

static int run_relay(weir_io *io, void *argument)
{
    bench *b = argument;
    b->returned = weir_relay(io, &b->outer[1].stream, &b->inner[0].stream, &b->options, &b->result);
    b->ended = weir_now(io, WEIR_CLOCK_MONOTONIC);
    /* Nothing will come any more for who waits there. */
    weir_tcp_shutdown(io, &b->inner[0], SHUT_WR);
    return b->returned;
}

static bool begin(weir_io *io, bench *b, bool tcp)
{
    return make_pair(io, tcp, b->outer) && make_pair(io, tcp, b->inner) &&
           check_int(weir_concurrent(io, &b->task, run_relay, b, NULL), 0);
}

static void end(weir_io *io, bench *b)
{
    for (int i = 0; i < 2; i++) {
        weir_tcp_close(io, &b->outer[i]);
        weir_tcp_close(io, &b->inner[i]);
    }
}

typedef struct sender {
    weir_tcp_stream *to;
    size_t total;
    int64_t sent;
} sender;

static char byte_at(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static int send_all(weir_io *io, void *argument)
{
    sender *s = argument;
    char data[5000];
    while ((size_t)s->sent < s->total) {
        size_t len = s->total - (size_t)s->sent;
        if (len > sizeof data) len = sizeof data;
        for (size_t i = 0; i < len; i++) data[i] = byte_at((size_t)s->sent + i);
        const int64_t n = weir_tcp_write_all(io, s->to, data, len);
        if (n > 0) __atomic_fetch_add(&s->sent, n, __ATOMIC_RELAXED);
        if (n != (int64_t)len) return n < 0 ? (int)n : -1;
    }
    return weir_tcp_shutdown(io, s->to, SHUT_WR);
}

/* Reads until the end and compares.  Returns the bytes. */
static size_t receive_all(weir_io *io, weir_tcp_stream *from)
{
    static _Thread_local char data[7001];
    size_t got = 0;
    int64_t n;
    while ((n = weir_tcp_read(io, from, data, sizeof data)) > 0) {
        bool same = true;
        for (int64_t i = 0; i < n; i++) same &= data[i] == byte_at(got + (size_t)i);
        if (!check(same)) break;
        got += (size_t)n;
    }
    check_int(n, 0);
    return got;
}

static void relay_much(weir_io *io, bool tcp, bool copy)
{
    enum { TOTAL = 3000000, BACK = 1000000 };
    bench b = {.options = {.copy = copy, .idle = weir_seconds(50)}};
    if (!begin(io, &b, tcp)) return;
    sender there = {&b.outer[0], TOTAL, 0}, back = {&b.inner[1], BACK, 0};
    weir_task tasks[2] = {0};
    check_int(weir_concurrent(io, &tasks[0], send_all, &there, NULL), 0);
    check_int(receive_all(io, &b.inner[1]), TOTAL);
    /* The first direction has ended: the other one still works. */
    check_int(weir_concurrent(io, &tasks[1], send_all, &back, NULL), 0);
    check_int(receive_all(io, &b.outer[0]), BACK);
    for (int i = 0; i < 2; i++) check_int(weir_await(io, &tasks[i], NULL), 0);
    check_int(weir_await(io, &b.task, NULL), 0);
    check_int(b.returned, 0);
    check_int(b.result.a_to_b, TOTAL);
    check_int(b.result.b_to_a, BACK);
    check_int(b.result.failed, WEIR_RELAY_NOWHERE);
    end(io, &b);
}

CONTRACT(relay_passes_all_bytes_and_ends_between_tcp_sockets)
{
    relay_much(io, true, false);
}

CONTRACT(relay_passes_all_bytes_and_ends_between_unix_sockets)
{
    relay_much(io, false, false);
}

CONTRACT(relay_passes_all_bytes_and_ends_by_copying)
{
    relay_much(io, true, true);
}

CONTRACT(relay_joins_a_socket_and_what_is_none)
{
    char room[2][64], data[8];
    void *buffers[2] = {room[0], room[1]};
    weir_pipe pipe;
    bench b = {0};
    weir_task back = {0};
    weir_pipe_init(&pipe, buffers, sizeof room[0]);
    if (!make_pair(io, true, b.outer)) return;
    sender there = {&b.outer[0], 500, 0};
    check_int(weir_concurrent(io, &back, send_all, &there, NULL), 0);
    check_int(weir_stream_write_all(io, &pipe.ends[1].stream, "answer", 6), 6);
    check_int(weir_stream_shutdown_write(io, &pipe.ends[1].stream), 0);
    /* Nobody reads the other end of the pipe: 64 bytes fit, then the relay has to wait.  Again on a
     * machine that stopped before it came to that. */
    int64_t there_went = 0, back_went = 0;
    while (!contract_failed() && (there_went < 64 || back_went < 6)) {
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_milliseconds(100));
        check_int(weir_relay(io, &b.outer[1].stream, &pipe.ends[0].stream, NULL, &b.result),
                  WEIR_EDEADLINE);
        weir_scope_leave(io, &scope);
        there_went += (int64_t)b.result.a_to_b;
        back_went += (int64_t)b.result.b_to_a;
    }
    check_int(back_went, 6);
    check_int(there_went, 64);
    check_int(weir_tcp_read(io, &b.outer[0], data, 8), 6);
    weir_cancel(io, &back);
    weir_tcp_close(io, &b.outer[0]);
    weir_tcp_close(io, &b.outer[1]);
}

CONTRACT(relay_holds_a_sender_back_whose_peer_does_not_read)
{
    enum { MUCH = 64 << 20 };
    bench b = {0};
    if (!begin(io, &b, true)) return;
    sender there = {&b.outer[0], MUCH, 0};
    weir_task task = {0};
    check_int(weir_concurrent(io, &task, send_all, &there, NULL), 0);
    int64_t before = -1;
    /* It comes to a stop, far from all. */
    for (int i = 0; i < 100 && before != __atomic_load_n(&there.sent, __ATOMIC_RELAXED); i++) {
        before = __atomic_load_n(&there.sent, __ATOMIC_RELAXED);
        check_int(weir_sleep(io, weir_milliseconds(30)), 0);
    }
    check(before < MUCH);
    check(weir_cancel(io, &task) < 0);
    check_int(weir_cancel(io, &b.task), WEIR_ECANCELED);
    check_int(b.result.failed, WEIR_RELAY_NOWHERE);
    end(io, &b);
}

CONTRACT(relay_tells_which_side_failed)
{
    for (int how = 0; how < 4; how++) {
        bench b = {.options = {.copy = how >= 2}};
        char byte;
        contract_at("side", (size_t)how);
        if (!begin(io, &b, true)) return;
        check_int(weir_tcp_write_all(io, &b.outer[0], "x", 1), 1);
        check_int(weir_tcp_read(io, &b.inner[1], &byte, 1), 1);
        weir_tcp_abort(io, how % 2 == 0 ? &b.outer[0] : &b.inner[1]);
        check_int(weir_await(io, &b.task, NULL), 0);
        check_int(b.returned, WEIR_ECONNRESET);
        check_int(b.result.failed, how % 2 == 0 ? WEIR_RELAY_READ_A : WEIR_RELAY_READ_B);
        check_int(b.result.a_to_b, 1);
        end(io, &b);
    }
}

CONTRACT(relay_ends_when_nothing_moves_and_not_before)
{
    bench b = {.options.idle = weir_milliseconds(60)};
    char byte;
    if (!begin(io, &b, true)) return;
    int64_t moved = 0;
    /* One direction alone keeps both alive.  Only a machine that stops for as long as the relay
     * waits ends this before the last byte, and then, too, not before the idle time has passed. */
    for (int i = 0; i < 8; i++) {
        if (weir_sleep(io, weir_milliseconds(20))) break;
        const int64_t before = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
        if (weir_tcp_write_all(io, &b.outer[0], "x", 1) != 1) break;
        if (weir_tcp_read(io, &b.inner[1], &byte, 1) != 1) break;
        moved = before;
    }
    check_int(weir_await(io, &b.task, NULL), 0);
    check_int(b.returned, WEIR_EDEADLINE);
    check(b.ended.ns >= moved + b.options.idle.ns);
    end(io, &b);
}

CONTRACT(relay_that_is_canceled_at_any_moment_leaves_nothing)
{
    for (int i = 0; i < 30; i++) {
        bench b = {.options.copy = i % 3 == 0};
        weir_task task = {0};
        if (!begin(io, &b, i % 2)) return;
        sender there = {&b.outer[0], 300000, 0};
        check_int(weir_concurrent(io, &task, send_all, &there, NULL), 0);
        for (int k = 0; k < i % 10; k++) contract_yield(io);
        if (i % 4 == 3) weir_sleep(io, weir_microseconds(200));
        check_int(weir_cancel(io, &b.task), WEIR_ECANCELED);
        weir_cancel(io, &task);
        end(io, &b);
    }
}

CONTRACT(relay_without_memory_says_so_or_works)
{
    for (size_t n = 0; n < 20; n++) {
        bench b = {.options.copy = true};
        if (!make_pair(io, true, b.outer) || !make_pair(io, true, b.inner)) return;
        check_int(weir_tcp_shutdown(io, &b.outer[0], SHUT_WR), 0);
        check_int(weir_tcp_shutdown(io, &b.inner[1], SHUT_WR), 0);
        test_alloc_fail_after(n);
        const int error =
            weir_relay(io, &b.outer[1].stream, &b.inner[0].stream, &b.options, &b.result);
        const size_t failed = test_alloc_failed();
        test_alloc_reset();
        check(error == 0 || (failed > 0 && (error == WEIR_ENOMEM || error == WEIR_ENOBUFS ||
                                            error == WEIR_ECONCURRENCY)));
        end(io, &b);
        if (failed == 0) break;
    }
}

CONTRACT(relay_goes_on_past_urgent_data)
{
    bench b = {0};
    char data[8];
    if (!begin(io, &b, true)) return;
    const int client = weir_tcp_socket(&b.outer[0]).fd;
    check_int(weir_tcp_write_all(io, &b.outer[0], "ab", 2), 2);
    check_int(weir_stream_read_full(io, &b.inner[1].stream, data, 2), 2);
    /* The byte before the mark and the one behind it come together and apart. */
    check_int(send(client, "!", 1, MSG_OOB), 1);
    check_int(weir_tcp_write_all(io, &b.outer[0], "cd", 2), 2);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(20));
    check_int(weir_stream_read_full(io, &b.inner[1].stream, data, 2), 2);
    check(memcmp(data, "cd", 2) == 0);
    check_int(send(client, "e!", 2, MSG_OOB), 2);
    check_int(weir_tcp_write_all(io, &b.outer[0], "f", 1), 1);
    check_int(weir_stream_read_full(io, &b.inner[1].stream, data, 2), 2);
    check(memcmp(data, "ef", 2) == 0);
    weir_scope_leave(io, &scope);
    weir_cancel(io, &b.task);
    end(io, &b);
}
