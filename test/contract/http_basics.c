/* SPDX-License-Identifier: MIT
 *
 * Does the server answer well-formed requests as RFC 9112 says: persistence, pipelining, bodies?
 */
#include "test/contract/http_client.h"

#include <stdio.h>

#define GET(target_) "GET " target_ " HTTP/1.1\r\nHost: a\r\n\r\n"

CONTRACT(http_keeps_a_connection_for_many_requests)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    for (int i = 0; i < 200 && !contract_failed(); i++) {
        check_int(http_ask(&c, GET("/x"), &a), 200);
        check(a.keeps_alive);
        check(strcmp(a.body, "GET /x ") == 0);
        check(strstr(a.head, "\r\nDate: ") != NULL);
    }
    http_close(&c);
    check(http_wait_connections(&f, 0));
    check_int(weir_http_server_count(f.server).requests, 200);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_answers_pipelined_requests_in_order)
{
    enum { COUNT = 300 }; /* more than the input and the output hold at a time */
    http_fixture f;
    http_client c;
    http_answer a;
    char *text = malloc(COUNT * 64), expected[64];
    size_t len = 0;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    for (int i = 0; i < COUNT; i++)
        len += (size_t)sprintf(text + len,
                               "POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", i);
    check(http_say_bytes(&c, text, len));
    for (int i = 0; i < COUNT && !contract_failed(); i++) {
        check_int(http_hear(&c, false, &a), 200);
        sprintf(expected, "POST /%d abc", i);
        check(strcmp(a.body, expected) == 0);
    }
    free(text);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_understands_a_request_that_comes_byte_by_byte)
{
    static const char text[] =
        "\r\nPOST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n" GET("/next");
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    for (size_t i = 0; text[i] && !contract_failed(); i++) {
        check(http_say_bytes(&c, text + i, 1));
        if (i % 8 == 0) weir_yield(io);
    }
    check_int(http_hear(&c, false, &a), 200);
    check(strcmp(a.body, "POST /slow abcde") == 0);
    check_int(http_hear(&c, false, &a), 200);
    check(strcmp(a.body, "GET /next ") == 0);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_sends_no_content_to_head)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    check_int(http_ask(&c, "HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n", &a), 200);
    check(strstr(a.head, "\r\nContent-Length: 8\r\n") != NULL);
    check_int(a.body_len, 0);
    check_int(http_ask(&c, GET("/after"), &a), 200);
    check(strcmp(a.body, "GET /after ") == 0);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

/* Sends `len` bytes from a task of its own, so that both directions flow. */
typedef struct sender {
    http_client *client;
    size_t len;
    bool chunked;
} sender;

static int send_body(weir_io *io, void *argument)
{
    sender *s = argument;
    char piece[8192], line[32];
    (void)io;
    memset(piece, 'x', sizeof piece);
    for (size_t done = 0; done < s->len;) {
        size_t n = s->len - done < sizeof piece ? s->len - done : sizeof piece;
        sprintf(line, "%zx\r\n", n);
        if (s->chunked && !http_say(s->client, line)) return -1;
        if (!http_say_bytes(s->client, piece, n)) return -1;
        if (s->chunked && !http_say(s->client, "\r\n")) return -1;
        done += n;
    }
    return s->chunked && !http_say(s->client, "0\r\n\r\n") ? -1 : 0;
}

CONTRACT(http_echoes_large_bodies_of_either_framing)
{
    enum { SIZE = 1000000 };
    http_fixture f;
    http_client c;
    http_answer a;
    char head[128];
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    for (int chunked = 0; chunked < 2 && !contract_failed(); chunked++) {
        sender s = {&c, SIZE, chunked};
        weir_task task;
        int result = -1;
        sprintf(head, "POST /big HTTP/1.1\r\nHost: a\r\n%s%.0d\r\n\r\n",
                chunked ? "Transfer-Encoding: chunked" : "Content-Length: ", chunked ? 0 : SIZE);
        check(http_say(&c, head));
        check_int(weir_concurrent(io, &task, send_body, &s, NULL), 0);
        check_int(http_hear(&c, false, &a), 200);
        check_int(a.body_len, SIZE + 10);
        check_int(weir_await(io, &task, &result), 0);
        check_int(result, 0);
    }
    http_close(&c);
    check_int(http_stop(&f), 0);
}

static void ignore_body(weir_io *io, weir_http_exchange *exchange, void *context)
{
    (void)io;
    (void)context;
    weir_http_respond(exchange, 200, NULL, weir_bytes_text("unread"));
}

CONTRACT(http_says_continue_only_when_the_body_is_wanted)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                               "Expect: 100-continue\r\n\r\n";
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    check_int(http_ask(&c, head, &a), 100);
    check(http_say(&c, "body"));
    check_int(http_hear(&c, false, &a), 200);
    check(strcmp(a.body, "POST / body") == 0);
    http_close(&c);
    check_int(http_stop(&f), 0);

    if (!http_start(io, &f, (weir_http_server_options){.handler = ignore_body})) return;
    if (!http_open(&f, &c)) return;
    check_int(http_ask(&c, head, &a), 200);
    check(!a.keeps_alive);
    check(http_is_closed(&c));
    http_close(&c);
    if (!http_open(&f, &c)) return;
    check_int(http_ask(&c, "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", &a), 417);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_drops_a_small_unread_body_and_closes_over_a_large_one)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){.handler = ignore_body})) return;
    if (!http_open(&f, &c)) return;
    check_int(http_ask(&c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &a),
              200);
    check(a.keeps_alive);
    check(http_say(&c, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na"));
    check_int(http_hear(&c, false, &a), 200);
    check(http_say(&c, "bc\r\n0\r\n\r\n"));
    check_int(http_ask(&c, GET("/"), &a), 200);
    check_int(
        http_ask(&c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart", &a),
        200);
    check(!a.keeps_alive);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_1_0_clients_are_closed_unless_they_ask_to_stay)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){0}) || !http_open(&f, &c)) return;
    check_int(http_ask(&c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &a), 200);
    check(strstr(a.head, "\r\nConnection: keep-alive\r\n") != NULL);
    check_int(http_ask(&c, "GET / HTTP/1.0\r\n\r\n", &a), 200);
    check(strstr(a.head, "\r\nConnection: close\r\n") != NULL);
    check(http_is_closed(&c));
    http_close(&c);
    if (!http_open(&f, &c)) return;
    check_int(http_ask(&c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &a), 200);
    check(!a.keeps_alive);
    check(http_is_closed(&c));
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_closes_after_the_allowed_number_of_requests)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){.max_requests = 3}) || !http_open(&f, &c))
        return;
    for (int i = 0; i < 3; i++) {
        check_int(http_ask(&c, GET("/"), &a), 200);
        check_int(a.keeps_alive, i < 2);
    }
    check(http_is_closed(&c));
    http_close(&c);
    check_int(http_stop(&f), 0);
}
