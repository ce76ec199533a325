/* SPDX-License-Identifier: MIT
 *
 * Does the server keep its turns: who sends what first when both sides could wait for each other,
 * whose word ends a connection, and who runs next among many?
 */
#include "test/contract/http_client.h"

#include <stdio.h>

#define GET(target_) "GET " target_ " HTTP/1.1\r\nHost: a\r\n\r\n"

/* Opens the head before it reads the content. */
static void begin_and_read(weir_io *io, weir_http_exchange *exchange, void *context)
{
    char data[64];
    size_t len = 0;
    int64_t n;
    (void)io;
    (void)context;
    check_int(weir_http_respond_begin(exchange, 200), 0);
    check_int(weir_http_respond_field_named(exchange, weir_bytes_text("X-Before"),
                                            weir_bytes_text("kept")),
              0);
    while ((n = weir_http_exchange_read(exchange, data + len, sizeof data - len)) > 0)
        len += (size_t)n;
    check_int(n, 0);
    weir_http_respond_length(exchange, len);
    weir_http_respond_write(exchange, weir_bytes_of(data, len));
    weir_http_respond_end(exchange);
}

CONTRACT(http_does_not_hold_back_what_the_client_waits_for_while_a_head_is_open)
{
    static const char *const expectations[] = {"", "Expect: 100-continue\r\n"};
    http_fixture f;
    http_client c;
    http_answer a;
    char text[256];
    const weir_http_server_options options = {.handler = begin_and_read,
                                              .body_timeout = weir_seconds(60)};
    if (!http_start(io, &f, options) || !http_open(&f, &c)) return;
    for (int i = 0; i < 4 && !contract_failed(); i++) {
        const bool expects = i % 2, pipelined = i < 2;
        contract_at("round", (size_t)i);
        snprintf(text, sizeof text, "%sPOST /2 HTTP/1.1\r\nHost: a\r\n%sContent-Length: 4\r\n\r\n",
                 pipelined ? GET("/1") : "", expectations[expects]);
        check(http_say(&c, text));
        if (pipelined) {
            check_int(http_hear(&c, false, &a), 200);
            check_int(a.body_len, 0);
        }
        if (expects) check_int(http_hear(&c, false, &a), 100);
        check(http_say(&c, "body"));
        check_int(http_hear(&c, false, &a), 200);
        check(strcmp(a.body, "body") == 0);
        check(strstr(a.head, "\r\nX-Before: kept\r\n") != NULL);
    }
    http_close(&c);
    check_int(http_stop(&f), 0);
}

/* Answers without a look at the content. */
static void answer_only(weir_io *io, weir_http_exchange *exchange, void *context)
{
    (void)io;
    (void)context;
    const weir_bytes path = weir_http_exchange_path(exchange);
    if (weir_bytes_equal(path, weir_bytes_text("/close"))) weir_http_exchange_close(exchange);
    if (weir_bytes_equal(path, weir_bytes_text("/408"))) {
        weir_http_exchange_close(exchange);
        weir_http_respond_error(exchange, 408, NULL);
        return;
    }
    weir_http_respond_begin(exchange, 200);
    weir_http_respond_write(exchange, weir_bytes_text("answer"));
    weir_http_respond_end(exchange);
}

CONTRACT(http_a_response_to_a_client_that_still_sends_is_not_cut_by_a_reset)
{
    static const struct {
        const char *head;
        int status;
    } requests[] = {
        {"POST /close HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 200},
        {"POST /408 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 408},
        {"POST / HTTP/1.0\r\nContent-Length: 1000\r\n\r\n", 200},
        {"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3e8\r\n",
         200},
    };
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){.handler = answer_only})) return;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        contract_at(requests[i].head, i);
        bool good = false;
        /* The server waits for the rest for two seconds; again where the machine stops for longer.
         */
        for (int tries = 0; !good && tries < 8; tries++) {
            if (!http_open(&f, &c)) return;
            check(http_say(&c, requests[i].head));
            check_int(http_hear(&c, false, &a), requests[i].status);
            check(!a.keeps_alive);
            good = http_hear(&c, false, &a) == 0;
            /* A closed socket answers the first with a reset, which fails the others. */
            for (int k = 0; k < 3; k++) good = good && http_say(&c, "more of the content");
            http_close(&c);
        }
        check(good);
    }
    check_int(http_stop(&f), 0);
}

CONTRACT(http_an_empty_line_after_a_request_is_no_slow_request)
{
    for (int with = 0; with < 2; with++) {
        http_fixture f;
        http_client c;
        http_answer a;
        const weir_http_server_options options = {.header_timeout = weir_milliseconds(100)};
        if (!http_listen(io, &f, options) || !http_open(&f, &c)) return;
        check(http_say(&c, with ? GET("/") "\r\n" : GET("/")));
        if (!http_serve(&f)) return;
        check_int(http_hear(&c, false, &a), 200);
        if (!with) check(http_say(&c, "\r\n"));
        check_int(http_hear(&c, false, &a), 0);
        http_close(&c);
        check_int(http_stop(&f), 0);
    }
}

CONTRACT(http_an_error_after_head_has_content)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    check(http_say(&c, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01\r\n\r\n"));
    check_int(http_hear(&c, true, &a), 200);
    check_int(http_hear(&c, false, &a), 400);
    check(strncmp(a.body, "400 Bad Request\n", 16) == 0);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_a_long_backlog_does_not_keep_other_tasks_from_running)
{
    enum { CLIENTS = 400 };
    http_fixture f;
    int clients[CLIENTS];
    if (contract_fd_room() < 2 * CLIENTS + 50) {
        fprintf(stderr, "too few descriptors here for the backlog: left out\n");
        return;
    }
    if (!http_start(io, &f, (weir_http_server_options){.header_timeout = weir_seconds(1000)}))
        return;
    for (int i = 0; i < CLIENTS; i++) clients[i] = contract_client(&f.address);
    /* Where all share a worker the server has had no turn yet. */
    while (weir_http_server_count(f.server).connections == 0) weir_yield(io);
    if (weir_workers(io) == 1 && !contract_on_threads(io))
        check(weir_http_server_count(f.server).connections <= CLIENTS / 2);
    check(http_wait_connections(&f, CLIENTS));
    for (int i = 0; i < CLIENTS; i++) close(clients[i]);
    check_int(http_stop(&f), 0);
}

/* RFC 9110 9.3.6: what follows a CONNECT is meant for a tunnel, whatever it looks like. */
CONTRACT(http_takes_nothing_after_connect_for_a_request)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    check(http_say(&c, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" GET("/smuggled")));
    check_int(http_hear(&c, true, &a), 200);
    check(strstr(a.head, "Content-Length") == NULL);
    check(strstr(a.head, "Transfer-Encoding") == NULL);
    check(strstr(a.head, "\r\nConnection: close\r\n") != NULL);
    check(http_is_closed(&c));
    for (size_t i = 0; i + 9 <= c.len; i++) check(memcmp(c.data + i, "/smuggled", 9) != 0);
    http_close(&c);
    check_int(http_stop(&f), 0);
}
