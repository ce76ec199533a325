/* SPDX-License-Identifier: MIT
 *
 * Does a connection that waits for a buffer keep its time limits?
 */
#include "test/contract/http_client.h"

enum { BUFFERS = 64, HOLDERS = BUFFERS + 8, WAITING = 4 };

typedef struct hold {
    uint32_t inside; /* handlers that hold a buffer or could not get one */
    uint32_t refused;
    uint32_t go;
} hold;

static void few_buffers(weir_engine_options *options)
{
    options->buffer_size = 1024;
    options->max_buffers = BUFFERS;
}

/* Reads one byte of the content and waits, so that the buffer with the rest of it stays lent. */
static void hold_buffer(weir_io *io, weir_http_exchange *exchange, void *context)
{
    hold *h = context;
    char byte;
    if (weir_http_exchange_read(exchange, &byte, 1) == WEIR_ENOBUFS)
        contract_raise(io, &h->refused);
    contract_raise(io, &h->inside);
    contract_reached(io, &h->go, 1);
    weir_http_exchange_close(exchange);
    weir_http_respond(exchange, 200, NULL, weir_bytes_text("held"));
}

/* Keeps a worker from everything else while pauses and limits pass. */
static void stall(weir_io *io, int64_t ms)
{
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    while (contract_ms_since(io, start) < ms) contract_spin(1000);
}

/* Connections that hold all buffers, and some that wait for one.  Returns false when the server
 * ended one of the first, as the machine stopped before its head was there. */
static bool wait_for_buffers(weir_io *io, int64_t ms)
{
    http_fixture f;
    hold h = {0};
    weir_tcp_stream holders[HOLDERS], waiting[WAITING];
    const weir_http_server_options options = {.handler = hold_buffer,
                                              .context = &h,
                                              .header_timeout = weir_milliseconds(ms),
                                              .body_timeout = weir_seconds(60)};
    if (!http_start(io, &f, options)) return true;
    for (uint32_t i = 0; i < HOLDERS && !contract_failed(); i++) {
        static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
        check_int(weir_tcp_connect(io, &f.address, &holders[i]), 0);
        weir_tcp_write_all(io, &holders[i], head, sizeof head - 1);
    }
    check(http_wait_accepted(&f, HOLDERS));
    contract_settle(io);
    for (uint32_t i = 0; i < HOLDERS; i++) weir_tcp_write_all(io, &holders[i], "123", 3);
    bool held = true;
    while (held && __atomic_load_n(&h.inside, __ATOMIC_SEQ_CST) < HOLDERS) {
        weir_sleep(io, weir_milliseconds(1));
        held = weir_http_server_count(f.server).connections == HOLDERS;
    }
    if (held) {
        check(h.refused > 0);
        for (int i = 0; i < WAITING; i++) {
            check_int(weir_tcp_connect(io, &f.address, &waiting[i]), 0);
            weir_tcp_write_all(io, &waiting[i], "GET", 3);
        }
        check(http_wait_accepted(&f, HOLDERS + WAITING));
        contract_settle(io);
        contract_at("all buffers are held, and time has passed", 0);
        stall(io, ms + 100);
        check(http_wait_connections(&f, HOLDERS));
        for (int i = 0; i < WAITING; i++) weir_tcp_close(io, &waiting[i]);
    }
    contract_raise(io, &h.go);
    for (int i = 0; i < HOLDERS; i++) weir_tcp_close(io, &holders[i]);
    check_int(http_stop(&f), 0);
    return held;
}

CONTRACT_WITH(http_a_connection_that_waits_for_a_buffer_is_ended_in_time, few_buffers)
{
    if (weir_workers(io) > 1 || contract_on_threads(io)) return; /* have more buffers */
    int64_t ms = 400;
    while (!wait_for_buffers(io, ms) && ms < 20000) ms *= 2;
    check(ms < 20000);
}
