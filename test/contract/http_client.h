/* SPDX-License-Identifier: MIT
 *
 * A server to test and a client that says exactly the bytes it is told, for tests on every engine.
 */
#ifndef WEIR_TEST_CONTRACT_HTTP_CLIENT_H
#define WEIR_TEST_CONTRACT_HTTP_CLIENT_H

#include "test/contract/contract.h"

#include <weir/http/server/server.h>
#include <weir/net/tcp.h>

/* A running server. */
typedef struct http_fixture {
    weir_io *io;
    weir_http_server *server;
    weir_address address;
    weir_task task;
    int result;
} http_fixture;

/* Starts a server on a free port; without a handler it echoes method, target and body. */
bool http_start(weir_io *io, http_fixture *fixture, weir_http_server_options options);

/* The two halves of it.  What clients say between them is there before the server looks: no limit
 * of the server can pass meanwhile, however slow the machine is. */
bool http_listen(weir_io *io, http_fixture *fixture, weir_http_server_options options);
bool http_serve(http_fixture *fixture);

/* Drains, waits for the end, and frees.  Returns what the server's run returned. */
int http_stop(http_fixture *fixture);

/* Waits until the server has `count` connections open; has accepted `count` in all, of which some
 * may have ended. */
bool http_wait_connections(http_fixture *fixture, uint64_t count);
bool http_wait_accepted(http_fixture *fixture, uint64_t count);

/* Answers "METHOD TARGET BODY". */
void http_echo(weir_io *io, weir_http_exchange *exchange, void *context);

/* A connection. */
typedef struct http_client {
    weir_io *io;
    weir_tcp_stream tcp;
    char data[16384]; /* received, not yet taken */
    size_t len;
} http_client;

/* A response. */
typedef struct http_answer {
    int status;
    char head[8192];
    char body[16384]; /* as much as fits */
    uint64_t body_len;
    bool keeps_alive;
} http_answer;

bool http_open(http_fixture *fixture, http_client *client);
void http_close(http_client *client);

/* Sends text, all of it or as much as the server takes.  Returns whether all went. */
bool http_say(http_client *client, const char *text);
bool http_say_bytes(http_client *client, const void *data, size_t len);

/* Takes the next response, interim ones too; `head` says that it answers HEAD.
 * Returns its status, 0 at a clean end of the connection, or a negative error. */
int http_hear(http_client *client, bool head, http_answer *answer);

/* Says and hears. */
int http_ask(http_client *client, const char *text, http_answer *answer);

/* Whether the server ends the connection, cleanly or by a reset, within 5 seconds; drops what comes
 * before. */
bool http_is_closed(http_client *client);

#endif
