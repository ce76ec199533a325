/* SPDX-License-Identifier: MIT
 *
 * An exchange: one request and its response, as a handler sees them (RFC 9110 3.4).
 *
 * The handler's task owns it for the time of the call.  All views are borrowed from the exchange
 * and stay valid until the handler (and the server's `done`) returns, also while the body is read
 * and the response written.  Names and values in responses are checked: a CR, LF or NUL in one is
 * WEIR_EHTTP_INJECTION and nothing of that field is sent.
 */
#ifndef WEIR_HTTP_SERVER_EXCHANGE_H
#define WEIR_HTTP_SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/http/types/field.h>
#include <weir/http/types/method.h>
#include <weir/http/types/status.h>
#include <weir/http/types/version.h>
#include <weir/io/addr.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_http_exchange weir_http_exchange;

/* The request ------------------------------------------------------------------------------ */

/* The method; weir_http_exchange_method_text has the spelling of one that is not in the enum. */
weir_http_method weir_http_exchange_method(const weir_http_exchange *exchange);
weir_bytes weir_http_exchange_method_text(const weir_http_exchange *exchange);

/* The version of the request. */
weir_http_version weir_http_exchange_version(const weir_http_exchange *exchange);

/* The target as sent: "/a%20b?c=d". */
weir_bytes weir_http_exchange_target(const weir_http_exchange *exchange);

/* The path as sent, without the query: "/a%20b"; "*" for OPTIONS *; empty for CONNECT. */
weir_bytes weir_http_exchange_path(const weir_http_exchange *exchange);

/* The path with each %XX replaced by its byte, in `out`, NUL-terminated; dot segments stay.
 *
 * Returns its length.
 * Errors: WEIR_EHTTP_TARGET: a broken escape or a NUL; WEIR_EHTTP_SPACE: more than capacity - 1. */
int64_t weir_http_exchange_path_decode(const weir_http_exchange *exchange, char *out,
                                       size_t capacity);

/* The query as sent, without its "?"; empty when there is none. */
weir_bytes weir_http_exchange_query(const weir_http_exchange *exchange);

/* The host and port that the request is for: of the target, else of Host; empty in HTTP/1.0. */
weir_bytes weir_http_exchange_authority(const weir_http_exchange *exchange);

/* The value of the first field of that kind; NULL data when there is none. */
weir_bytes weir_http_exchange_field(const weir_http_exchange *exchange, weir_http_field_id id);

/* The value of the first field of that name, compared without case; NULL data when none. */
weir_bytes weir_http_exchange_field_named(const weir_http_exchange *exchange, weir_bytes name);

/* The field lines in order: how many, and number `index`.  Returns false past the last. */
uint32_t weir_http_exchange_fields(const weir_http_exchange *exchange);
bool weir_http_exchange_field_at(const weir_http_exchange *exchange, uint32_t index,
                                 weir_bytes *name, weir_bytes *value);

/* The address of the client.  Returns 0, or WEIR_ENOTCONN when it has gone. */
int weir_http_exchange_peer(const weir_http_exchange *exchange, weir_address *out);

/* Whether the request announces content, and its length when that is known (UINT64_MAX else). */
bool weir_http_exchange_has_body(const weir_http_exchange *exchange, uint64_t *length);

/* Reads content of the request, at most `len` bytes; chunked framing is taken off.  The first read
 * answers an "Expect: 100-continue" (RFC 9110 10.1.1).
 *
 * Returns the count; 0 at the end of the content.
 * Errors: WEIR_EHTTP_BODY_LIMIT: more than the server allows (answer 413); WEIR_EHTTP_CHUNK_…,
 * WEIR_EHTTP_TRAILER: malformed (answer 400); WEIR_EEOF: the client left; WEIR_EDEADLINE: too slow
 * (answer 408); errors of the stream.  All are final.  A handler that returns without a response
 * after such an error has it answered so by the server.  A cancellation point. */
int64_t weir_http_exchange_read(weir_http_exchange *exchange, void *data, size_t len);

/* Whether the server is being drained: the response will close the connection. */
bool weir_http_exchange_draining(const weir_http_exchange *exchange);

/* The response -----------------------------------------------------------------------------
 *
 * Either all at once:      respond
 * or step by step:         begin, field …, then  write …, end   or  file
 *
 * Date, Content-Length or Transfer-Encoding and Connection are the server's.  For HEAD, 204 and 304
 * content is counted and not sent.  All return 0 or more on success and a negative error else:
 * WEIR_EHTTP_STATE: out of order; errors of weir_stream_write, after which the connection is closed
 * (the handler need not look).  Small responses are sent when the handler has returned and no
 * further request is there: several then go in one write. */

/* Sends a whole response.  `content_type` may be NULL.  `body` is borrowed.
 * Errors: WEIR_EINVAL: a status outside 200 to 599; WEIR_EHTTP_INJECTION.  A cancellation point. */
int weir_http_respond(weir_http_exchange *exchange, int status, const char *content_type,
                      weir_bytes body);

/* Sends a small readable page that says what went wrong: "404 Not Found" and `detail` (may be NULL)
 * as plain text.  A cancellation point. */
int weir_http_respond_error(weir_http_exchange *exchange, int status, const char *detail);

/* Begins a response.  Errors: WEIR_EINVAL: a status outside 200 to 599.  A cancellation point. */
int weir_http_respond_begin(weir_http_exchange *exchange, int status);

/* Adds a field line.  Errors: WEIR_EHTTP_INJECTION; WEIR_EHTTP_SPACE: the head is over 3.5 KiB;
 * WEIR_EINVAL: Content-Length, Transfer-Encoding, Connection or Date, which are the server's. */
int weir_http_respond_field(weir_http_exchange *exchange, weir_http_field_id id, weir_bytes value);
int weir_http_respond_field_named(weir_http_exchange *exchange, weir_bytes name, weir_bytes value);

/* Announces the length of the content.  Without it the content goes in chunks (HTTP/1.1) or until
 * the connection closes (HTTP/1.0), unless it ends before any was written. */
int weir_http_respond_length(weir_http_exchange *exchange, uint64_t length);

/* Writes content.  `data` is borrowed.  Small pieces are gathered; weir_http_respond_flush sends
 * them.  Errors: WEIR_EHTTP_LENGTH: more than announced; nothing of it is sent.  A cancellation
 * point. */
int weir_http_respond_write(weir_http_exchange *exchange, weir_bytes data);

/* Sends what has been gathered, now.  A cancellation point. */
int weir_http_respond_flush(weir_http_exchange *exchange);

/* Ends the content.  Errors: WEIR_EHTTP_LENGTH: less than announced; the connection will close. */
int weir_http_respond_end(weir_http_exchange *exchange);

/* Sends `length` bytes of an open file from `offset` on as the whole content, and ends it.  `file`
 * is borrowed.  When the file turns out to be shorter the connection is closed.  A cancellation
 * point. */
int weir_http_respond_file(weir_http_exchange *exchange, int file, uint64_t offset,
                           uint64_t length);

/* Whether a response has been begun. */
bool weir_http_exchange_has_responded(const weir_http_exchange *exchange);

/* Makes the connection close after this exchange.  Before the response's head is complete it is
 * announced in it. */
void weir_http_exchange_close(weir_http_exchange *exchange);

#ifdef __cplusplus
}
#endif
#endif
