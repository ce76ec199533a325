/* SPDX-License-Identifier: MIT
 *
 * The test server and its client.
 */
#include "test/contract/http_client.h"

#include <stdio.h>

#include <weir/http/wire/chunked.h>
#include <weir/http/wire/parser.h>

enum { PATIENCE_S = 60, FIELDS = 128 };

void http_echo(weir_io *io, weir_http_exchange *exchange, void *context)
{
    char buffer[1024];
    char start[600];
    (void)io;
    (void)context;
    const weir_bytes method = weir_http_exchange_method_text(exchange);
    const weir_bytes target = weir_http_exchange_target(exchange);
    int n = snprintf(start, sizeof start, "%.*s %.*s ", (int)method.len, method.data,
                     (int)(target.len > 500 ? 500 : target.len), target.data);
    size_t used = 0, capacity = 0;
    char *body = NULL;
    int64_t got;
    while ((got = weir_http_exchange_read(exchange, buffer, sizeof buffer)) > 0) {
        if (capacity - used < (size_t)got) {
            capacity = 2 * (capacity + sizeof buffer);
            body = realloc(body, capacity);
        }
        memcpy(body + used, buffer, (size_t)got);
        used += (size_t)got;
    }
    if (got == 0) {
        weir_http_respond_begin(exchange, 200);
        weir_http_respond_length(exchange, (uint64_t)n + used);
        weir_http_respond_write(exchange, weir_bytes_of(start, (size_t)n));
        weir_http_respond_write(exchange, weir_bytes_of(body, used));
        weir_http_respond_end(exchange);
    }
    free(body);
}

static int serve(weir_io *io, void *argument)
{
    (void)io;
    return weir_http_server_run(argument);
}

bool http_listen(weir_io *io, http_fixture *fixture, weir_http_server_options options)
{
    const weir_address any = weir_address_loopback4(0);
    *fixture = (http_fixture){.io = io};
    if (!options.handler) options.handler = http_echo;
    if (!check_int(weir_http_server_create(io, &options, &fixture->server), 0)) return false;
    return check_int(weir_http_server_listen(fixture->server, &any, &fixture->address), 0);
}

bool http_serve(http_fixture *fixture)
{
    return check_int(weir_concurrent(fixture->io, &fixture->task, serve, fixture->server, NULL), 0);
}

bool http_start(weir_io *io, http_fixture *fixture, weir_http_server_options options)
{
    return http_listen(io, fixture, options) && http_serve(fixture);
}

int http_stop(http_fixture *fixture)
{
    int result = -1;
    weir_http_server_drain(fixture->server,
                           weir_deadline_after(fixture->io, weir_seconds(PATIENCE_S)));
    check_int(weir_await(fixture->io, &fixture->task, &result), 0);
    check_int(weir_http_server_count(fixture->server).connections, 0);
    weir_http_server_destroy(fixture->server);
    return result;
}

/* A step in waiting for something.  Returns whether there is still hope. */
static bool wait_on(http_fixture *fixture, weir_instant start)
{
    weir_sleep(fixture->io, weir_milliseconds(2));
    return contract_ms_since(fixture->io, start) <= PATIENCE_S * 1000;
}

bool http_wait_connections(http_fixture *fixture, uint64_t count)
{
    const weir_instant start = weir_now(fixture->io, WEIR_CLOCK_MONOTONIC);
    while (weir_http_server_count(fixture->server).connections != count)
        if (!wait_on(fixture, start)) return false;
    return true;
}

bool http_wait_accepted(http_fixture *fixture, uint64_t count)
{
    const weir_instant start = weir_now(fixture->io, WEIR_CLOCK_MONOTONIC);
    while (weir_http_server_count(fixture->server).accepted < count)
        if (!wait_on(fixture, start)) return false;
    return true;
}

bool http_open(http_fixture *fixture, http_client *client)
{
    client->io = fixture->io;
    client->len = 0;
    return check_int(weir_tcp_connect(fixture->io, &fixture->address, &client->tcp), 0);
}

void http_close(http_client *client)
{
    weir_tcp_close(client->io, &client->tcp);
}

bool http_say_bytes(http_client *client, const void *data, size_t len)
{
    struct iovec slice = {(void *)data, len};
    const weir_deadline end = weir_deadline_after(client->io, weir_seconds(PATIENCE_S));
    return weir_stream_write_vector(client->io, &client->tcp.stream, &slice, 1, 1, true, end) ==
           (int64_t)len;
}

bool http_say(http_client *client, const char *text)
{
    return http_say_bytes(client, text, strlen(text));
}

/* Receives more: > 0, 0 at the end, or an error. */
static int64_t receive(http_client *client)
{
    struct iovec slice = {client->data + client->len, sizeof client->data - client->len};
    if (slice.iov_len == 0) return WEIR_ELIMIT;
    const weir_deadline end = weir_deadline_after(client->io, weir_seconds(PATIENCE_S));
    int64_t n = weir_stream_read_vector(client->io, &client->tcp.stream, &slice, 1, end);
    if (n > 0) client->len += (size_t)n;
    return n;
}

static void drop(http_client *client, size_t n)
{
    client->len -= n;
    memmove(client->data, client->data + n, client->len);
}

static void keep_body(http_answer *answer, const char *data, size_t len)
{
    if (answer->body_len < sizeof answer->body) {
        const size_t room = sizeof answer->body - answer->body_len;
        memcpy(answer->body + answer->body_len, data, len < room ? len : room);
    }
    answer->body_len += len;
}

static int hear_chunks(http_client *client, http_answer *answer)
{
    weir_http_chunked decoder;
    weir_http_chunked_step step;
    weir_http_chunked_init(&decoder, NULL, NULL, 0);
    for (;;) {
        int event = weir_http_chunked_next(&decoder, client->data, client->len, &step);
        if (event < 0) return event;
        if (event == WEIR_HTTP_CHUNKED_DATA)
            keep_body(answer, client->data + step.data, step.data_len);
        drop(client, step.taken);
        if (event == WEIR_HTTP_CHUNKED_END) return answer->status;
        if (event != WEIR_HTTP_CHUNKED_MORE) continue;
        int64_t n = receive(client);
        if (n <= 0) return n < 0 ? (int)n : WEIR_EEOF;
    }
}

static int hear_body(http_client *client, const weir_http_framing *framing, http_answer *answer)
{
    uint64_t left = framing->body == WEIR_HTTP_BODY_UNTIL_CLOSE ? UINT64_MAX : framing->length;
    while (left > 0) {
        if (client->len == 0) {
            int64_t n = receive(client);
            if (n == 0 && framing->body == WEIR_HTTP_BODY_UNTIL_CLOSE) break;
            if (n <= 0) return n < 0 ? (int)n : WEIR_EEOF;
        }
        const size_t n = client->len < left ? client->len : (size_t)left;
        keep_body(answer, client->data, n);
        drop(client, n);
        left -= n;
    }
    return answer->status;
}

int http_hear(http_client *client, bool head, http_answer *answer)
{
    weir_http_field fields[FIELDS];
    weir_http_parser parser;
    int result;
    weir_http_parser_response(&parser, NULL, fields, FIELDS, head ? WEIR_HTTP_HEAD : WEIR_HTTP_GET);
    *answer = (http_answer){0};
    while ((result = weir_http_parser_feed(&parser, client->data, client->len)) == 0) {
        int64_t n = receive(client);
        if (n < 0) return (int)n;
        if (n == 0) return client->len == 0 ? 0 : WEIR_EEOF;
    }
    if (result < 0) return result;
    const size_t len =
        (size_t)result < sizeof answer->head ? (size_t)result : sizeof answer->head - 1;
    memcpy(answer->head, client->data, len);
    answer->status = weir_http_parser_status(&parser);
    answer->keeps_alive = weir_http_parser_keeps_alive(&parser);
    drop(client, (size_t)result);
    if (parser.framing.body == WEIR_HTTP_BODY_CHUNKED) {
        result = hear_chunks(client, answer);
    } else if (parser.framing.body == WEIR_HTTP_BODY_NONE) {
        result = answer->status;
    } else {
        result = hear_body(client, &parser.framing, answer);
    }
    if (answer->body_len < sizeof answer->body) answer->body[answer->body_len] = '\0';
    return result;
}

int http_ask(http_client *client, const char *text, http_answer *answer)
{
    if (!http_say(client, text)) return WEIR_EPIPE;
    return http_hear(client, strncmp(text, "HEAD ", 5) == 0, answer);
}

bool http_is_closed(http_client *client)
{
    weir_scope scope;
    int64_t n = 1;
    weir_scope_enter(client->io, &scope, weir_deadline_after(client->io, weir_seconds(PATIENCE_S)));
    while (n > 0) {
        client->len = 0;
        n = weir_tcp_read(client->io, &client->tcp, client->data, sizeof client->data);
    }
    weir_scope_leave(client->io, &scope);
    return n == 0 || n == WEIR_ECONNRESET;
}
