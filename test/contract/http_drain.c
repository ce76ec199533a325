/* SPDX-License-Identifier: MIT
 *
 * Does a drain end the server gently: idle at once, busy when done, stubborn at the deadline?
 */
#include "test/contract/http_client.h"

typedef struct stage {
    uint32_t inside;
    uint32_t go;
    int result;
} stage;

/* Answers when it is let; "/stubborn" waits until it is canceled. */
static void wait_to_answer(weir_io *io, weir_http_exchange *exchange, void *context)
{
    stage *s = context;
    contract_raise(io, &s->inside);
    if (weir_bytes_equal(weir_http_exchange_path(exchange), weir_bytes_text("/stubborn"))) {
        s->result = weir_sleep(io, weir_seconds(60));
        return;
    }
    s->result = contract_reached(io, &s->go, 1);
    weir_http_respond(exchange, 200, NULL, weir_bytes_text("done"));
}

static int serve_end(weir_io *io, http_fixture *f)
{
    int result = -1;
    check_int(weir_await(io, &f->task, &result), 0);
    check_int(weir_http_server_count(f->server).connections, 0);
    weir_http_server_destroy(f->server);
    return result;
}

CONTRACT(http_drain_closes_idle_connections_and_finishes_requests)
{
    http_fixture f;
    stage s = {0};
    http_client *c = calloc(3, sizeof *c);
    http_answer a;
    weir_tcp_stream late;
    if (!http_start(io, &f, (weir_http_server_options){.handler = wait_to_answer, .context = &s}))
        return;
    for (int i = 0; i < 3; i++) http_open(&f, &c[i]);
    check(http_wait_connections(&f, 3));
    check(http_say(&c[1], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    check_int(contract_reached(io, &s.inside, 1), 0);

    weir_http_server_drain(f.server, weir_deadline_after(io, weir_seconds(30)));
    check_int(http_hear(&c[0], false, &a), 0);
    check_int(http_hear(&c[2], false, &a), 0);
    check(http_wait_connections(&f, 1));
    while (weir_tcp_connect(io, &f.address, &late) == 0) weir_tcp_close(io, &late);

    contract_raise(io, &s.go);
    check_int(http_hear(&c[1], false, &a), 200);
    check(!a.keeps_alive);
    check(http_is_closed(&c[1]));
    for (int i = 0; i < 3; i++) http_close(&c[i]);
    check_int(serve_end(io, &f), 0);
    check_int(s.result, 0);
    free(c);
}

/* Sends the head of its answer, waits until it is let, and ends it. */
static void begin_to_answer(weir_io *io, weir_http_exchange *exchange, void *context)
{
    stage *s = context;
    weir_http_respond_begin(exchange, 200);
    weir_http_respond_flush(exchange);
    contract_raise(io, &s->inside);
    s->result = contract_reached(io, &s->go, 1);
    weir_http_respond_write(exchange, weir_bytes_text("done"));
    weir_http_respond_end(exchange);
}

CONTRACT(http_drain_resets_nobody_who_has_asked_on)
{
    http_fixture f;
    stage s = {0};
    http_client c;
    http_answer a;
    char rest[64];
    if (!http_start(io, &f, (weir_http_server_options){.handler = begin_to_answer, .context = &s}))
        return;
    if (!http_open(&f, &c)) return;
    check(http_say(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    check_int(contract_reached(io, &s.inside, 1), 0);
    /* Too late for an answer: the head of the first one has promised more, the drain takes it back.
     */
    check(http_say(&c, "GET /too-late HTTP/1.1\r\nHost: a\r\n\r\n"));
    weir_http_server_drain(f.server, weir_deadline_after(io, weir_seconds(30)));
    contract_raise(io, &s.go);
    check_int(http_hear(&c, false, &a), 200);
    check(a.keeps_alive);
    /* A close with unread bytes would be a reset, and might take the answer away. */
    check_int(weir_tcp_read(io, &c.tcp, rest, sizeof rest), 0);
    http_close(&c);
    check_int(serve_end(io, &f), 0);
}

static bool reads_on_in_a_drain(weir_io *io)
{
    static const char late[] = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
    http_fixture f;
    stage s = {.go = 1};
    http_client c;
    http_answer a;
    char rest[64];
    if (!http_start(io, &f, (weir_http_server_options){.handler = wait_to_answer, .context = &s}))
        return false;
    if (!http_open(&f, &c)) return false;
    check(http_say(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    check_int(http_hear(&c, false, &a), 200);
    weir_http_server_drain(f.server, weir_deadline_after(io, weir_seconds(30)));
    bool good = weir_tcp_read(io, &c.tcp, rest, sizeof rest) == 0;
    /* The answer might still be on its way: a reset for this would take it away. */
    good = good && http_say(&c, late) && http_say(&c, late);
    good = good && weir_tcp_read(io, &c.tcp, rest, sizeof rest) == 0;
    http_close(&c);
    check_int(serve_end(io, &f), 0);
    return good;
}

CONTRACT(http_drain_reads_on_where_it_has_just_answered)
{
    bool good = false;
    /* It does so for some seconds; again where the machine stops for longer. */
    for (int tries = 0; !good && tries < 8; tries++) good = reads_on_in_a_drain(io);
    check(good);
}

CONTRACT(http_drain_cancels_at_its_deadline)
{
    http_fixture f;
    stage s = {0};
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){.handler = wait_to_answer, .context = &s}))
        return;
    if (!http_open(&f, &c)) return;
    check(http_say(&c, "GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n"));
    check_int(contract_reached(io, &s.inside, 1), 0);
    weir_http_server_drain(f.server, weir_deadline_after(io, weir_milliseconds(50)));
    check_int(serve_end(io, &f), 0);
    check_int(s.result, WEIR_ECANCELED);
    http_hear(&c, false, &a);
    http_close(&c);
}

CONTRACT(http_run_that_is_canceled_leaves_nothing_open)
{
    http_fixture f;
    stage s = {0};
    http_client *c = calloc(2, sizeof *c);
    if (!http_start(io, &f, (weir_http_server_options){.handler = wait_to_answer, .context = &s}))
        return;
    http_open(&f, &c[0]);
    http_open(&f, &c[1]);
    check(http_wait_connections(&f, 2));
    check(http_say(&c[0], "GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n"));
    check_int(contract_reached(io, &s.inside, 1), 0);
    check_int(weir_cancel(io, &f.task), WEIR_ECANCELED);
    check_int(s.result, WEIR_ECANCELED);
    check(http_is_closed(&c[0]));
    check(http_is_closed(&c[1]));
    http_close(&c[0]);
    http_close(&c[1]);
    weir_http_server_destroy(f.server);
    free(c);
}

CONTRACT(http_drain_before_run_ends_it_at_once)
{
    http_fixture f;
    if (!http_start(io, &f, (weir_http_server_options){0})) return;
    check_int(http_stop(&f), 0);
}
