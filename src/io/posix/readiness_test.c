/* SPDX-License-Identifier: MIT
 *
 * Does the set hand out every op that can go on, and never one for a descriptor of the past?
 */
#include "io/posix/readiness.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "io/parking.h"
#include "io/posix/clock.h"
#include "test/harness/test.h"

static weir_descriptors descriptors;
static weir_readiness set;

static void open_set(void)
{
    weir_descriptors_init(&descriptors);
    assert_int_equal(weir_readiness_init(&set, &descriptors, -1), 0);
}

static void close_set(void)
{
    weir_readiness_deinit(&set);
    weir_descriptors_deinit(&descriptors);
}

static void make_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

/* A READ of one slice. */
typedef struct reading {
    weir_op op;
    struct iovec slice;
    char data[64];
} reading;

static void prepare(reading *r, int fd)
{
    r->slice = (struct iovec){r->data, sizeof(r->data)};
    r->op = (weir_op){.code = WEIR_OP_READ, .fd = fd, .args.vector = {&r->slice, 1, 1, 0}};
    weir_attempt_begin(&r->op);
}

/* Reads with the set, waiting as often as needed. */
static int64_t read_waiting(reading *r)
{
    for (;;) {
        int64_t result = weir_readiness_try(&set, &r->op);
        if (result != WEIR_ATTEMPT_WAIT) return result;
        assert_int_equal(weir_readiness_add(&set, &r->op), 0);
        weir_op *ready;
        while (!(ready = weir_readiness_wait(&set, WEIR_FOREVER_NS))) continue;
        assert_ptr_equal(ready, &r->op);
        assert_null(weir_op_words_of(ready)->next);
    }
}

static void close_op(int fd)
{
    weir_op op = {.code = WEIR_OP_CLOSE, .fd = fd};
    weir_attempt_begin(&op);
    assert_int_equal(weir_readiness_try(&set, &op), 0);
}

TEST(an_op_waits_until_its_descriptor_is_ready)
{
    open_set();
    int ends[2];
    make_pair(ends);
    reading r;
    prepare(&r, ends[0]);
    assert_true(weir_readiness_try(&set, &r.op) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(weir_readiness_add(&set, &r.op), 0);
    assert_true(weir_readiness_is_empty(&set, ends[0]));
    assert_null(weir_readiness_wait(&set, 0));
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_ptr_equal(weir_readiness_wait(&set, WEIR_FOREVER_NS), &r.op);
    assert_int_equal(weir_readiness_try(&set, &r.op), 1);
    assert_false(weir_readiness_remove(&set, &r.op));
    close(ends[0]);
    close(ends[1]);
    close_set();
}

TEST(several_ops_wait_on_one_descriptor)
{
    open_set();
    int ends[2];
    make_pair(ends);
    reading r[3];
    for (int i = 0; i < 3; i++) {
        prepare(&r[i], ends[0]);
        assert_int_equal(weir_readiness_add(&set, &r[i].op), 0);
    }
    assert_true(weir_readiness_remove(&set, &r[1].op));
    assert_false(weir_readiness_remove(&set, &r[1].op));
    char full[4096] = {0};
    while (write(ends[0], full, sizeof(full)) > 0) continue;
    struct iovec slice = {full, sizeof(full)};
    weir_op writing = {.code = WEIR_OP_WRITE, .fd = ends[0], .args.vector = {&slice, 1, 1, 0}};
    weir_attempt_begin(&writing);
    assert_true(weir_readiness_try(&set, &writing) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(weir_readiness_add(&set, &writing), 0);
    assert_null(weir_readiness_wait(&set, 0));

    assert_int_equal(write(ends[1], "x", 1), 1);
    weir_op *first = weir_readiness_wait(&set, WEIR_FOREVER_NS);
    assert_ptr_equal(first, &r[0].op);
    assert_ptr_equal(weir_op_words_of(first)->next, &r[2].op);
    assert_null(weir_op_words_of(&r[2].op)->next);

    close(ends[1]);
    assert_ptr_equal(weir_readiness_wait(&set, WEIR_FOREVER_NS), &writing);
    assert_int_equal(weir_readiness_try(&set, &writing), WEIR_EPIPE);
    close(ends[0]);
    close_set();
}

TEST(a_number_that_is_used_again_is_registered_again)
{
    open_set();
    int last = -1;
    for (int round = 0; round < 50; round++) {
        int ends[2];
        make_pair(ends);
        if (last >= 0) assert_int_equal(ends[0], last);
        last = ends[0];
        reading r;
        prepare(&r, ends[0]);
        assert_true(weir_readiness_try(&set, &r.op) == WEIR_ATTEMPT_WAIT);
        assert_int_equal(weir_readiness_add(&set, &r.op), 0);
        assert_int_equal(write(ends[1], "x", 1), 1);
        assert_ptr_equal(weir_readiness_wait(&set, WEIR_FOREVER_NS), &r.op);
        assert_int_equal(weir_readiness_try(&set, &r.op), 1);
        /* Waits, so that the set notes it as empty, and leaves an event behind. */
        assert_true(weir_readiness_try(&set, &r.op) == WEIR_ATTEMPT_WAIT);
        if (round % 2) assert_int_equal(write(ends[1], "y", 1), 1);
        close_op(ends[0]);
        assert_false(weir_readiness_is_empty(&set, ends[0]));
        close(ends[1]);
    }
    close_set();
}

TEST(events_of_an_open_file_that_outlives_its_number_are_dropped)
{
    open_set();
    int old[2], fresh[2];
    make_pair(old);
    reading r;
    prepare(&r, old[0]);
    assert_int_equal(weir_readiness_add(&set, &r.op), 0);
    assert_true(weir_readiness_remove(&set, &r.op));
    int copy = dup(old[0]);
    close_op(old[0]);
    make_pair(fresh);
    assert_int_equal(fresh[0], old[0]);
    prepare(&r, fresh[0]);
    assert_true(weir_readiness_try(&set, &r.op) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(weir_readiness_add(&set, &r.op), 0);
    /* An edge of the old file, which epoll still watches under the number. */
    assert_int_equal(write(old[1], "x", 1), 1);
    assert_null(weir_readiness_wait(&set, 1000000));
    assert_true(weir_readiness_is_empty(&set, fresh[0]));
    assert_int_equal(write(fresh[1], "x", 1), 1);
    assert_ptr_equal(weir_readiness_wait(&set, WEIR_FOREVER_NS), &r.op);
    close(copy);
    close(old[1]);
    close(fresh[0]);
    close(fresh[1]);
    close_set();
}

typedef struct writer {
    int fd;
    size_t count;
    uint64_t random;
} writer;

static void *write_bytes(void *argument)
{
    writer *w = argument;
    char data[100];
    memset(data, 'x', sizeof(data));
    for (size_t sent = 0; sent < w->count;) {
        size_t len = 1 + (size_t)(test_random(&w->random) % sizeof(data));
        if (len > w->count - sent) len = w->count - sent;
        ssize_t n = send(w->fd, data, len, MSG_NOSIGNAL);
        if (n < 0) break;
        sent += (size_t)n;
        if (test_random(&w->random) % 4 == 0) sched_yield();
    }
    shutdown(w->fd, SHUT_WR);
    return NULL;
}

static void read_all_of_a_thread(int reader, int writing, size_t count)
{
    writer w = {writing, count, test_seed()};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_bytes, &w), 0);
    reading r;
    prepare(&r, reader);
    size_t got = 0;
    for (int64_t n; (n = read_waiting(&r)) > 0;) got += (size_t)n;
    assert_int_equal(got, count);
    pthread_join(thread, NULL);
}

TEST(no_edge_of_a_unix_socket_is_lost_under_a_writing_thread)
{
    open_set();
    for (int round = 0; round < 20; round++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        read_all_of_a_thread(ends[0], ends[1], 20000);
        close_op(ends[0]);
        close(ends[1]);
    }
    close_set();
}

/* Takes at most `most` messages that are there, or WEIR_ATTEMPT_WAIT. */
static int64_t take_messages(int fd, uint32_t most)
{
    static char room[4][8];
    struct iovec slices[4];
    weir_message messages[4] = {0};
    for (int i = 0; i < 4; i++) {
        slices[i] = (struct iovec){room[i], sizeof room[i]};
        messages[i].data = &slices[i];
        messages[i].count = 1;
    }
    weir_op op = {.code = WEIR_OP_RECEIVE_MANY, .fd = fd, .args.messages = {messages, most}};
    weir_attempt_begin(&op);
    return weir_readiness_try(&set, &op);
}

TEST(fewer_messages_than_asked_for_empty_a_socket)
{
    int ends[2];
    open_set();
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    reading r;
    prepare(&r, ends[0]);
    assert_int_equal(write(ends[1], "a", 1), 1);
    assert_int_equal(weir_readiness_add(&set, &r.op), 0);
    assert_ptr_equal(weir_readiness_wait(&set, WEIR_FOREVER_NS), &r.op);
    for (int i = 0; i < 3; i++) assert_int_equal(write(ends[1], "b", 1), 1);
    while (weir_readiness_wait(&set, 0)) continue;
    assert_int_equal(take_messages(ends[0], 2), 2);
    assert_false(weir_readiness_is_empty(&set, ends[0]));
    assert_int_equal(take_messages(ends[0], 4), 2);
    assert_true(weir_readiness_is_empty(&set, ends[0]));
    /* What comes later is an event. */
    assert_int_equal(write(ends[1], "c", 1), 1);
    assert_int_equal(read_waiting(&r), 1);
    close_op(ends[0]);
    close(ends[1]);
    close_set();
}

static int make_listener(void)
{
    weir_op made = {.code = WEIR_OP_SOCKET, .args.socket = {AF_INET, SOCK_STREAM, 0}};
    weir_attempt_begin(&made);
    int fd = (int)weir_readiness_try(&set, &made);
    assert_int_equal(listen(fd, 128), 0); /* binds to every address */
    return fd;
}

TEST(no_edge_of_a_tcp_socket_is_lost_under_a_writing_thread)
{
    open_set();
    int listener = make_listener();
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &len), 0);
    for (int round = 0; round < 20; round++) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(client, (struct sockaddr *)&name, len), 0);
        int served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        weir_descriptors_raise(&descriptors, served);
        read_all_of_a_thread(served, client, 20000);
        close_op(served);
        close(client);
    }
    close_op(listener);
    close_set();
}

TEST(urgent_data_does_not_hide_what_follows)
{
    open_set();
    int listener = make_listener();
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &len), 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&name, len), 0);
    int served = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    reading r;
    prepare(&r, served);
    assert_true(weir_readiness_try(&set, &r.op) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(weir_readiness_add(&set, &r.op), 0);
    assert_int_equal(send(client, "abc", 3, 0), 3);
    assert_int_equal(send(client, "!", 1, MSG_OOB), 1);
    assert_int_equal(send(client, "def", 3, 0), 3);
    weir_op *ready;
    while (!(ready = weir_readiness_wait(&set, WEIR_FOREVER_NS))) continue;
    size_t got = 0;
    while (got < 6) {
        int64_t n = read_waiting(&r);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(got, 6);
    close(client);
    close(served);
    close_op(listener);
    close_set();
}

static void *wake_set(void *argument)
{
    weir_readiness_wake(argument);
    return NULL;
}

TEST(a_wake_from_another_thread_ends_the_wait)
{
    open_set();
    for (int round = 0; round < 100; round++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, wake_set, &set), 0);
        assert_null(weir_readiness_wait(&set, WEIR_FOREVER_NS));
        pthread_join(thread, NULL);
    }
    close_set();
}

TEST(a_wait_lasts_as_long_as_asked)
{
    open_set();
    int64_t before = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    assert_null(weir_readiness_wait(&set, 3000000));
    assert_true(weir_posix_now(WEIR_CLOCK_MONOTONIC).ns - before >= 3000000);
    close_set();
}

TEST(what_cannot_be_waited_for_is_told)
{
    open_set();
    FILE *file = tmpfile();
    reading r;
    prepare(&r, fileno(file));
    assert_int_equal(weir_readiness_add(&set, &r.op), 1);
    fclose(file);
    prepare(&r, -1);
    assert_int_equal(weir_readiness_add(&set, &r.op), WEIR_EBADF);
    prepare(&r, 1000);
    assert_int_equal(weir_readiness_add(&set, &r.op), WEIR_EBADF);
    close_set();
}

TEST(memory_that_runs_out_is_an_error_and_the_op_does_not_wait)
{
    open_set();
    int ends[2];
    make_pair(ends);
    reading r;
    prepare(&r, ends[0]);
    for (size_t n = 0;; n++) {
        test_alloc_fail_after(n);
        int error = weir_readiness_add(&set, &r.op);
        size_t failed = test_alloc_failed();
        test_alloc_reset();
        if (!failed) break;
        assert_int_equal(error, WEIR_ENOMEM);
        assert_false(weir_readiness_remove(&set, &r.op));
    }
    assert_true(weir_readiness_remove(&set, &r.op));
    close(ends[0]);
    close(ends[1]);
    close_set();
}
