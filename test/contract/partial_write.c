/* SPDX-License-Identifier: MIT
 *
 * Does every byte of a write arrive once and in order, however slowly the other side reads and
 * however often the last slice is repeated, and does a write that ends part way tell its count?
 */
#include "test/contract/contract.h"

#include <stdio.h>
#include <sys/socket.h>

typedef struct reading {
    weir_socket from;
    size_t chunk; /* at most so many bytes at once; 0: random */
    size_t limit; /* stops after so many */
    size_t total;
    uint64_t hash;
    uint64_t seed;
    bool may_be_canceled;
} reading;

static uint64_t hash_bytes(uint64_t hash, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)data[i]) * 1099511628211u;
    return hash;
}

static int read_slowly(weir_io *io, void *argument)
{
    reading *r = argument;
    char *buffer = malloc(65536);
    if (!buffer) abort();
    while (r->total < r->limit) {
        size_t len = r->chunk ? r->chunk : 1 + test_random(&r->seed) % 65536;
        int64_t got = weir_read(io, r->from, buffer, len);
        if (got <= 0) {
            check(got == 0 || (got == WEIR_ECANCELED && r->may_be_canceled));
            break;
        }
        r->hash = hash_bytes(r->hash, buffer, (size_t)got);
        r->total += (size_t)got;
        if (test_random(&r->seed) % 4 == 0 && weir_yield(io) != 0) {
            check(r->may_be_canceled);
            break;
        }
    }
    free(buffer);
    return 0;
}

static char *pattern(size_t len, uint64_t seed)
{
    char *data = malloc(len ? len : 1);
    if (!data) abort();
    for (size_t i = 0; i < len; i++) data[i] = (char)test_random(&seed);
    return data;
}

CONTRACT(a_large_write_reaches_a_slow_reader_whole)
{
    enum { LEN = 3 << 20 };
    weir_socket ends[2];
    weir_task task = {0};
    if (!contract_tcp_pair(io, ends)) return;
    char *data = pattern(LEN, test_seed());
    reading r = {.from = ends[1], .limit = SIZE_MAX, .seed = test_seed()};
    check_int(weir_concurrent(io, &task, read_slowly, &r, NULL), 0);
    check_int(weir_write_all(io, ends[0], data, LEN), LEN);
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    check_int(weir_await(io, &task, NULL), 0);
    check_int(r.total, LEN);
    check(r.hash == hash_bytes(0, data, LEN));
    free(data);
    contract_close(io, ends);
}

CONTRACT(a_single_write_takes_a_part_and_says_how_much)
{
    enum { LEN = 8 << 20 };
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    char *data = pattern(LEN, 1);
    int64_t sent = weir_write(io, ends[0], data, LEN);
    check(sent > 0 && sent < LEN);
    reading r = {.from = ends[1], .chunk = 50000, .limit = (size_t)sent, .seed = 1};
    read_slowly(io, &r);
    check(r.hash == hash_bytes(0, data, (size_t)sent));
    check_int(contract_drain(ends[1].fd), 0);
    free(data);
    contract_close(io, ends);
}

/* Writes some slices with a repeat and compares what arrives with the plain sum of its parts. */
static void write_repeated(weir_io *io, weir_socket ends[2], const struct iovec *slices,
                           size_t count, uint32_t repeat, bool all)
{
    uint64_t hash = 0;
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t n = 0; n < (i + 1 < count ? 1 : repeat); n++) {
            hash = hash_bytes(hash, slices[i].iov_base, slices[i].iov_len);
            total += slices[i].iov_len;
            if (slices[i].iov_len == 0) break;
        }
    }
    weir_task task = {0};
    reading r = {.from = ends[1], .limit = total, .seed = total + repeat, .may_be_canceled = !all};
    check_int(weir_concurrent(io, &task, read_slowly, &r, NULL), 0);
    contract_at(all ? "writing all of" : "writing once", total);
    int64_t sent = weir_write_vector(io, ends[0], slices, count, repeat, all);
    if (all) {
        check_int(sent, total);
    } else {
        check(sent >= 0 && (size_t)sent <= total && (sent > 0) == (total > 0));
    }
    if (sent < 0 || (size_t)sent < total) {
        contract_at("canceling the reader of", total);
        weir_cancel(io, &task);
        contract_drain(ends[1].fd);
        return;
    }
    contract_at("awaiting the reader of", total);
    check_int(weir_await(io, &task, NULL), 0);
    check_int(r.total, total);
    check(r.hash == hash);
    check_int(contract_drain(ends[1].fd), 0);
}

CONTRACT(the_last_slice_is_repeated_as_often_as_was_asked)
{
    static const uint32_t repeats[] = {0, 1, 2, 63, 64, 65, 1023, 1024, 1025, 100000};
    static const size_t sizes[] = {0, 1, 2, 63, 64, 65, 100};
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    char *data = pattern(300, 5);
    for (size_t i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            if (repeats[i] == 100000 && sizes[j] > 2) continue;
            struct iovec slices[] = {{data, 7}, {data, 0}, {data + 7, 30}, {data + 40, sizes[j]}};
            unsigned before = contract_failed();
            write_repeated(io, ends, slices, 4, repeats[i], true);
            write_repeated(io, ends, &slices[3], 1, repeats[i], true);
            write_repeated(io, ends, slices, 4, repeats[i], false);
            if (contract_failed() != before)
                fprintf(stderr, "    … %zu bytes %u times\n", sizes[j], repeats[i]);
        }
    }
    free(data);
    contract_close(io, ends);
}

CONTRACT(random_vectors_with_random_repeats_arrive)
{
    enum { SLICES = 40, LEN = 20000 };
    uint64_t seed = test_seed();
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    char *data = pattern(LEN, seed);
    for (int round = 0; round < 60; round++) {
        struct iovec slices[SLICES];
        size_t count = 1 + test_random(&seed) % SLICES;
        for (size_t i = 0; i < count; i++) {
            size_t len = test_random(&seed) % 3 ? test_random(&seed) % 2000 : 0;
            slices[i] = (struct iovec){data + test_random(&seed) % (LEN - len), len};
        }
        uint32_t repeat = (uint32_t)(test_random(&seed) % 200);
        write_repeated(io, ends, slices, count, repeat, true);
    }
    free(data);
    contract_close(io, ends);
}

CONTRACT(a_write_of_a_thousand_slices_arrives)
{
    struct iovec *slices = calloc(1024, sizeof *slices);
    if (!slices) abort();
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    char *data = pattern(2048, 9);
    for (int i = 0; i < 1024; i++) slices[i] = (struct iovec){data + i, (size_t)(i % 700)};
    write_repeated(io, ends, slices, 1024, 3, true);
    write_repeated(io, ends, slices, 1024, 0, true);
    free(slices);
    free(data);
    contract_close(io, ends);
}

CONTRACT(nothing_to_write_or_to_read_is_zero)
{
    weir_socket ends[2];
    char byte;
    struct iovec none[3] = {{&byte, 0}, {NULL, 0}, {&byte, 0}};
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_write(io, ends[0], &byte, 0), 0);
    check_int(weir_write_all(io, ends[0], &byte, 0), 0);
    check_int(weir_write_vector(io, ends[0], none, 3, 5, true), 0);
    check_int(weir_write_vector(io, ends[0], NULL, 0, 1, true), 0);
    check_int(weir_read_vector(io, ends[0], NULL, 0), 0);
    check_int(weir_write_vector(io, ends[0], none, 3, 5, false), 0);
    check_int(weir_read(io, ends[0], &byte, 0), 0);
    check_int(weir_read_vector(io, ends[0], none, 3), 0);
    check_int(contract_drain(ends[1].fd), 0);
    contract_close(io, ends);
}

CONTRACT(empty_slices_of_a_read_are_skipped)
{
    weir_socket ends[2];
    char a[3], b[4];
    struct iovec slices[] = {{a, 0}, {a, 3}, {NULL, 0}, {b, 4}, {b, 0}};
    contract_pair(SOCK_STREAM, ends);
    check_int(send(ends[1].fd, "abcdefg", 7, 0), 7);
    check_int(weir_read_vector(io, ends[0], slices, 5), 7);
    check(memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0);
    contract_close(io, ends);
}

CONTRACT(a_deadline_part_way_gives_the_count_and_the_next_call_tells_why)
{
    enum { LEN = 8 << 20 };
    weir_socket ends[2];
    weir_scope scope;
    contract_pair(SOCK_STREAM, ends);
    char *data = pattern(LEN, 3);
    int64_t sent;
    /* Longer on a machine that stops before anything went. */
    for (int ms = 10;; ms *= 2) {
        weir_scope_enter(io, &scope, weir_deadline_after(io, weir_milliseconds(ms)));
        sent = weir_write_all(io, ends[0], data, LEN);
        if (sent != WEIR_EDEADLINE || ms > 30000) break;
        weir_scope_leave(io, &scope);
    }
    check(sent > 0 && sent < LEN);
    check_int(weir_write_all(io, ends[0], data, LEN), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_int(contract_drain(ends[1].fd), sent);
    free(data);
    contract_close(io, ends);
}

typedef struct writing {
    weir_socket to;
    char *data;
    size_t len;
    int64_t sent;
    int64_t next;
} writing;

static int write_all(weir_io *io, void *argument)
{
    writing *w = argument;
    w->sent = weir_write_all(io, w->to, w->data, w->len);
    w->next = weir_write_all(io, w->to, w->data, w->len);
    return 0;
}

CONTRACT(a_cancellation_part_way_gives_the_count_and_the_next_call_tells_why)
{
    enum { LEN = 8 << 20 };
    for (int round = 0; round < 6; round++) {
        weir_socket ends[2];
        weir_task task = {0};
        contract_pair(SOCK_STREAM, ends);
        writing w = {.to = ends[0], .data = pattern(LEN, 4), .len = LEN};
        check_int(weir_concurrent(io, &task, write_all, &w, NULL), 0);
        check_int(weir_poll(io, ends[1], WEIR_POLL_READ), WEIR_POLL_READ);
        if (round % 2) contract_settle(io);
        check_int(weir_cancel(io, &task), 0);
        check(w.sent > 0 && w.sent < LEN);
        check_int(w.next, WEIR_ECANCELED);
        check_int(contract_drain(ends[1].fd), w.sent);
        free(w.data);
        contract_close(io, ends);
    }
}

CONTRACT(an_error_part_way_gives_the_count_and_the_next_call_tells_why)
{
    enum { LEN = 8 << 20 };
    weir_socket ends[2];
    weir_task task = {0};
    contract_pair(SOCK_STREAM, ends);
    writing w = {.to = ends[0], .data = pattern(LEN, 4), .len = LEN};
    check_int(weir_concurrent(io, &task, write_all, &w, NULL), 0);
    check_int(weir_poll(io, ends[1], WEIR_POLL_READ), WEIR_POLL_READ);
    contract_settle(io);
    weir_close_socket(io, ends[1]);
    ends[1].fd = -1;
    check_int(weir_await(io, &task, NULL), 0);
    check(w.sent > 0 && w.sent < LEN);
    check(w.next == WEIR_EPIPE || w.next == WEIR_ECONNRESET);
    free(w.data);
    contract_close(io, ends);
}
