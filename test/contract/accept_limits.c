/* SPDX-License-Identifier: MIT
 *
 * Does accept report that descriptors ran out, once per call and without turning in circles, and
 * lose no client over it?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

enum { ROOM = 16, CLIENTS = 8 };

typedef struct shortage {
    struct rlimit before;
    int held[ROOM + 64];
    int count;
} shortage;

/* Leaves no descriptor free: the limit stays, plain descriptors fill what is below it. */
static void shortage_begin(shortage *s)
{
    struct rlimit limit;
    int lowest = dup(2);
    close(lowest);
    s->count = 0;
    check_int(getrlimit(RLIMIT_NOFILE, &s->before), 0);
    limit = s->before;
    limit.rlim_cur = (rlim_t)lowest + ROOM;
    check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void shortage_fill(shortage *s)
{
    while (s->count < ROOM + 64) {
        int fd = fcntl(2, F_DUPFD_CLOEXEC, 0);
        if (fd < 0) return;
        s->held[s->count++] = fd;
    }
}

static void shortage_give(shortage *s, int count)
{
    while (count-- > 0 && s->count > 0) close(s->held[--s->count]);
}

static void shortage_end(shortage *s)
{
    shortage_give(s, s->count);
    check_int(setrlimit(RLIMIT_NOFILE, &s->before), 0);
}

CONTRACT(accept_reports_that_descriptors_ran_out_and_recovers)
{
    weir_socket listener, got;
    weir_address address;
    int clients[CLIENTS];
    shortage s;
    if (!contract_listener(io, 0, &listener, &address)) return;
    for (int i = 0; i < CLIENTS; i++) clients[i] = contract_client(&address);
    shortage_begin(&s);
    shortage_fill(&s);
    for (int i = 0; i < 5; i++) check_int(weir_accept(io, listener, &got), WEIR_EMFILE);

    /* While nobody accepts, nothing may run in circles over the clients that wait. */
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    int64_t before = contract_cpu_ns();
    check_int(weir_sleep(io, weir_milliseconds(200)), 0);
    int64_t spent = (contract_cpu_ns() - before) / 1000000;
    int64_t passed = contract_ms_since(io, start);
    if (!check(spent < passed / 2))
        fprintf(stderr, "    %lld ms of work in %lld ms of sleep\n", (long long)spent,
                (long long)passed);

    for (int i = 0; i < CLIENTS; i++) {
        shortage_give(&s, 1);
        if (!check_int(weir_accept(io, listener, &got), 0)) break;
        weir_close_socket(io, got);
        shortage_fill(&s);
        if (i + 1 < CLIENTS) check_int(weir_accept(io, listener, &got), WEIR_EMFILE);
    }
    shortage_end(&s);
    for (int i = 0; i < CLIENTS; i++) close(clients[i]);
    weir_close_socket(io, listener);
}

typedef struct accepting {
    weir_socket listener;
    uint32_t attempts, begin;
    int accepted;
} accepting;

/* What a server does: pauses after a shortage and tries again. */
static int accept_with_pauses(weir_io *io, void *argument)
{
    accepting *a = argument;
    check_int(contract_reached(io, &a->begin, 1), 0);
    while (a->accepted < CLIENTS) {
        weir_socket got;
        int error = weir_accept(io, a->listener, &got);
        contract_raise(io, &a->attempts);
        if (error == WEIR_EMFILE) {
            if (weir_sleep(io, weir_milliseconds(5)) != 0) return 0;
            continue;
        }
        if (!check_int(error, 0)) return 0;
        a->accepted++;
        weir_close_socket(io, got);
    }
    return 0;
}

CONTRACT(a_server_that_pauses_gets_every_client_in_the_end)
{
    accepting a = {0};
    weir_address address;
    weir_task task = {0};
    int clients[CLIENTS];
    shortage s;
    if (!contract_listener(io, 0, &a.listener, &address)) return;
    check_int(weir_concurrent(io, &task, accept_with_pauses, &a, NULL), 0);
    shortage_begin(&s);
    for (int i = 0; i < CLIENTS; i++) clients[i] = contract_client(&address);
    shortage_fill(&s);
    contract_raise(io, &a.begin);
    check_int(contract_reached(io, &a.attempts, 5), 0);
    check_int(a.accepted, 0);
    shortage_give(&s, 3);
    check_int(weir_await(io, &task, NULL), 0);
    check_int(a.accepted, CLIENTS);
    shortage_end(&s);
    for (int i = 0; i < CLIENTS; i++) close(clients[i]);
    weir_close_socket(io, a.listener);
}

CONTRACT(other_calls_that_need_a_descriptor_say_so_too)
{
    weir_socket got = {-1};
    weir_file file = {-1};
    weir_address any = weir_address_loopback4(0);
    shortage s;
    shortage_begin(&s);
    shortage_fill(&s);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &got), WEIR_EMFILE);
    check_int(contract_listen(io, &any, NULL, &got), WEIR_EMFILE);
    check_int(weir_open(io, WEIR_FILE_CWD, ".", WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY, 0, &file),
              WEIR_EMFILE);
    shortage_end(&s);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &got), 0);
    weir_close_socket(io, got);
}

static int was_run(weir_io *io, void *argument)
{
    (void)io;
    *(int *)argument += 1;
    return 8;
}

CONTRACT_OUTSIDE(an_engine_without_enough_descriptors_says_so_and_leaves_none_open)
{
    for (int missing = 0; missing <= ROOM; missing++) {
        shortage s;
        weir_io *io = NULL;
        int ran = 0, before = test_fd_count();
        shortage_begin(&s);
        shortage_fill(&s);
        shortage_give(&s, missing);
        int error = weir_engine_create(options, &io);
        if (error == 0) {
            error = weir_run(io, was_run, &ran);
            check(ran ? error == 8 : error == WEIR_EMFILE);
            weir_io_destroy(io);
        } else {
            check_int(error, WEIR_EMFILE);
        }
        shortage_end(&s);
        check_int(test_fd_count(), before);
    }
}

CONTRACT(accepting_on_what_does_not_listen_is_an_error)
{
    weir_socket socket, got;
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), 0);
    check_int(weir_accept(io, socket, &got), WEIR_EINVAL);
    weir_close_socket(io, socket);
}
