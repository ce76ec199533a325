/* SPDX-License-Identifier: MIT
 *
 * Is a client that keeps reading, but too slowly, given up after the write timeout of one piece?
 */
#include "test/contract/http_client.h"

#include <unistd.h>

enum { SIZE = 16 << 20, PATIENCE_MS = 60000 };

typedef struct outcome {
    int file; /* to send, or -1 */
    int result;
} outcome;

static void send_large(weir_io *io, weir_http_exchange *exchange, void *context)
{
    outcome *o = context;
    (void)io;
    weir_http_respond_begin(exchange, 200);
    if (o->file >= 0) {
        o->result = weir_http_respond_file(exchange, o->file, 0, SIZE);
        return;
    }
    char *block = calloc(1, SIZE);
    weir_http_respond_length(exchange, SIZE);
    o->result = weir_http_respond_write(exchange, weir_bytes_of(block, SIZE));
    free(block);
}

/* Reads a little at a time, so that something always moves, until the server is rid of us. */
static void read_slowly(weir_io *io, http_fixture *f, http_client *c)
{
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    do {
        if (weir_tcp_read(io, &c->tcp, c->data, 8192) <= 0) break;
        weir_sleep(io, weir_milliseconds(50));
    } while (weir_http_server_count(f->server).connections > 0 &&
             check(contract_ms_since(io, start) < PATIENCE_MS));
}

static void be_slow(weir_io *io, int file)
{
    http_fixture f;
    http_client *c = malloc(sizeof *c);
    const int small = 16384;
    outcome o = {file, 0};
    const weir_http_server_options options = {
        .handler = send_large, .context = &o, .write_timeout = weir_milliseconds(50)};
    if (!http_start(io, &f, options) || !http_open(&f, c)) return;
    check_int(
        weir_set_option(io, weir_tcp_socket(&c->tcp), SOL_SOCKET, SO_RCVBUF, &small, sizeof small),
        0);
    check(http_say(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    check(http_wait_accepted(&f, 1));
    read_slowly(io, &f, c);
    http_close(c);
    check_int(http_stop(&f), 0);
    check_int(o.result, WEIR_EDEADLINE);
    free(c);
}

CONTRACT(http_gives_up_a_client_that_reads_memory_too_slowly)
{
    be_slow(io, -1);
}

CONTRACT(http_gives_up_a_client_that_reads_a_file_too_slowly)
{
    char directory[64];
    weir_file folder, file;
    check(contract_make_directory(directory));
    check(contract_make_file(directory, "large", "", 0));
    check_int(weir_open(io, WEIR_FILE_CWD, directory, WEIR_OPEN_READ, 0, &folder), 0);
    check_int(weir_open(io, folder, "large", WEIR_OPEN_WRITE | WEIR_OPEN_READ, 0, &file), 0);
    check_int(ftruncate(file.fd, SIZE), 0);
    be_slow(io, file.fd);
    weir_close_file(io, file);
    weir_close_file(io, folder);
    contract_remove_directory(directory);
}
