/* SPDX-License-Identifier: MIT
 *
 * Does the server hold its limits: sizes, times, numbers; and does bad input leave nothing behind?
 */
#include "test/contract/http_client.h"

#include <malloc.h>
#include <stdio.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* Asks on a connection of its own; gives the status and whether the server closed. */
static int ask_once(http_fixture *f, const char *text, size_t len, http_answer *a)
{
    http_client c;
    if (!http_open(f, &c)) return -1;
    http_say_bytes(&c, text, len); /* the server may refuse in the middle of it */
    int status = http_hear(&c, false, a);
    if (status >= 400) check(http_is_closed(&c));
    http_close(&c);
    return status;
}

CONTRACT(http_refuses_what_is_too_long_with_the_right_status)
{
    http_fixture f;
    http_answer a;
    const weir_http_server_options options = {.max_body = 1000};
    char *text = malloc(200000);
    if (!http_start(io, &f, options)) return;

    int n = sprintf(text, "GET /%08000d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    check_int(ask_once(&f, text, (size_t)n, &a), 200);
    n = sprintf(text, "GET /%09000d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    check_int(ask_once(&f, text, (size_t)n, &a), 414);
    check(strstr(a.body, "414 URI Too Long") != NULL);
    n = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: %017000d\r\n\r\n", 1);
    check_int(ask_once(&f, text, (size_t)n, &a), 431);
    n = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 200; i++) n += sprintf(text + n, "X%d: y\r\n", i);
    n += sprintf(text + n, "\r\n");
    check_int(ask_once(&f, text, (size_t)n, &a), 431);
    n = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 8; i++) n += sprintf(text + n, "X: %010000d\r\n", 1);
    n += sprintf(text + n, "\r\n");
    check_int(ask_once(&f, text, (size_t)n, &a), 431);
    n = sprintf(text, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\nabc");
    check_int(ask_once(&f, text, (size_t)n, &a), 413);
    n = sprintf(text, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\nabc");
    check_int(ask_once(&f, text, (size_t)n, &a), 413);
    free(text);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_ends_slow_requests_with_408_and_idle_connections_silently)
{
    static const struct {
        const char *what, *text;
        int status;
        bool header, idle, body; /* whether this time is short */
    } cases[] = {
        {"only connects", NULL, 0, .header = true},
        {"part of a head", "GET / HTT", 408, .header = true},
        {"idle after a request", GET, 200, .idle = true},
        {"part of a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab", 408,
         .body = true},
        {"part of a chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5",
         408, .body = true},
    };
    const weir_duration soon = weir_milliseconds(150), late = weir_seconds(1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_fixture f;
        http_answer a;
        http_client c;
        contract_at(cases[i].what, i);
        if (!http_listen(io, &f,
                         (weir_http_server_options){.header_timeout = cases[i].header ? soon : late,
                                                    .idle_timeout = cases[i].idle ? soon : late,
                                                    .body_timeout = cases[i].body ? soon : late}) ||
            !http_open(&f, &c))
            return;
        if (cases[i].text) check(http_say(&c, cases[i].text));
        if (!http_serve(&f)) return;
        check_int(http_hear(&c, false, &a), cases[i].status);
        if (cases[i].status == 408) check(http_is_closed(&c));
        if (cases[i].status == 200) check_int(http_hear(&c, false, &a), 0);
        http_close(&c);
        check_int(http_stop(&f), 0);
    }
}

static void send_much(weir_io *io, weir_http_exchange *exchange, void *context)
{
    static char block[65536];
    int *failed = context;
    (void)io;
    weir_http_respond_begin(exchange, 200);
    for (int i = 0; i < 2000 && *failed == 0; i++)
        *failed = weir_http_respond_write(exchange, weir_bytes_of(block, sizeof block));
    weir_http_respond_end(exchange);
}

CONTRACT(http_gives_up_a_client_that_does_not_read)
{
    http_fixture f;
    http_client c;
    int failed = 0;
    const weir_http_server_options options = {
        .handler = send_much, .context = &failed, .write_timeout = weir_milliseconds(50)};
    if (!http_start(io, &f, options) || !http_open(&f, &c)) return;
    check(http_say(&c, GET));
    check(http_wait_accepted(&f, 1));
    check(http_wait_connections(&f, 0));
    http_close(&c);
    check_int(http_stop(&f), 0);
    check_int(failed, WEIR_EDEADLINE);
}

static const char *const garbage[] = {
    "\r\n\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n"),
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nleaves early",
    "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
};

enum { GARBAGE = sizeof garbage / sizeof *garbage };

/* Bad connections of every kind, `rounds` times. */
static void be_bad(weir_io *io, http_fixture *f, int rounds)
{
    http_client *c = malloc(sizeof *c);
    for (int i = 0; i < rounds && !contract_failed(); i++) {
        const char *text = garbage[i % GARBAGE];
        contract_at("bad connection", (size_t)i);
        if (!http_open(f, c)) break;
        http_say(c, text);
        switch (i % 3) {
        case 0: weir_shutdown(io, weir_tcp_socket(&c->tcp), SHUT_WR); break;
        case 1: weir_tcp_abort(io, &c->tcp); continue;
        default: break;
        }
        if (i % 3 == 0) check(http_is_closed(c));
        http_close(c);
    }
    free(c);
}

CONTRACT(http_survives_thousands_of_bad_connections_without_a_leak)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){.idle_timeout = weir_seconds(5)})) return;
    be_bad(io, &f, 300);
    check(http_wait_connections(&f, 0));
    const int descriptors = test_fd_count();
    const size_t before = mallinfo2().uordblks;
    be_bad(io, &f, 2000);
    check(http_wait_connections(&f, 0));
    const size_t after = mallinfo2().uordblks;
    /* A pooled thread keeps the one that wakes it. */
    check(test_fd_count() <= descriptors + (contract_on_threads(io) ? 50 : 0));
    /* The server may keep 256 output buffers; a leak of 600 bytes a connection would show. */
    check(after < before + 256 * 4200 + 64 * 1024);
    if (!http_open(&f, &c)) return;
    check_int(http_ask(&c, GET, &a), 200);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_answers_a_fast_client_among_a_thousand_slow_ones)
{
    enum { SLOW = 1000, FAST = 200 };
    http_fixture f;
    http_client *fast = malloc(sizeof *fast);
    http_answer *a = malloc(sizeof *a);
    weir_tcp_stream *slow = malloc(SLOW * sizeof *slow);
    if (contract_fd_room() < 2 * SLOW + 50) {
        fprintf(stderr, "too few descriptors here for a thousand clients: left out\n");
        free(fast), free(a), free(slow);
        return;
    }
    if (!http_start(io, &f, (weir_http_server_options){.header_timeout = weir_seconds(1000)}))
        return;
    for (int i = 0; i < SLOW && !contract_failed(); i++) {
        check_int(weir_tcp_connect(io, &f.address, &slow[i]), 0);
        check_int(weir_tcp_write_all(io, &slow[i], "GET / HT", i % 9), i % 9);
    }
    check(http_wait_connections(&f, SLOW));
    if (!http_open(&f, fast)) return;
    for (int i = 0; i < FAST && !contract_failed(); i++) check_int(http_ask(fast, GET, a), 200);
    http_close(fast);
    for (int i = 0; i < SLOW; i++) weir_tcp_close(io, &slow[i]);
    check_int(http_stop(&f), 0);
    free(fast), free(a), free(slow);
}

CONTRACT(http_makes_clients_wait_at_the_limit_of_connections)
{
    enum { LIMIT = 6, CLIENTS = 18 };
    http_fixture f;
    http_answer a;
    http_client *c = calloc(CLIENTS, sizeof *c);
    const weir_http_server_options options = {.max_connections = LIMIT,
                                              .header_timeout = weir_seconds(1000)};
    if (!http_start(io, &f, options)) return;
    for (int i = 0; i < CLIENTS; i++) {
        http_open(&f, &c[i]);
        check(http_say(&c[i], "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    }
    check(weir_http_server_count(f.server).connections <= LIMIT);
    for (int i = 0; i < CLIENTS; i++) {
        check_int(http_hear(&c[i], false, &a), 200);
        check(weir_http_server_count(f.server).connections <= LIMIT);
        http_close(&c[i]);
    }

    contract_at("idle ones hold their places", 0);
    for (int i = 0; i < CLIENTS; i++) http_open(&f, &c[i]);
    check(http_wait_connections(&f, LIMIT));
    contract_settle(io);
    check_int(weir_http_server_count(f.server).connections, LIMIT);
    for (int i = 0; i < CLIENTS; i++) http_close(&c[i]);
    check(http_wait_connections(&f, 0));
    free(c);
    check_int(http_stop(&f), 0);
}
