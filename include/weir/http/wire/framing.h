/* SPDX-License-Identifier: MIT
 *
 * Where a message's body ends: one pure function for requests and responses, on client and server
 * alike (RFC 9112 6.3), and whether the connection lives on (RFC 9112 9.3).
 *
 *     Content-Length: 5            5 bytes
 *     Transfer-Encoding: chunked   chunks, see chunked.h
 *     neither                      request: none; response: until the connection closes
 *
 * A response to HEAD, and one with 1xx, 204 or 304, has no body, and after 101 or a 2xx to CONNECT
 * there is a tunnel: their two fields are not even looked at.  A CONNECT request is framed as any
 * other; but what its client sends behind the head belongs to the tunnel when the answer is 2xx, so
 * a server keeps those bytes until it has decided (RFC 9110 9.3.6).
 */
#ifndef WEIR_HTTP_WIRE_FRAMING_H
#define WEIR_HTTP_WIRE_FRAMING_H

#include <weir/base/bytes.h>
#include <weir/http/types/method.h>
#include <weir/http/types/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The closed set of framings: there is no "unknown". */
typedef enum weir_http_body {
    WEIR_HTTP_BODY_NONE,        /* the head is the whole message */
    WEIR_HTTP_BODY_LENGTH,      /* exactly `length` bytes, which may be 0 */
    WEIR_HTTP_BODY_CHUNKED,     /* the chunked coding */
    WEIR_HTTP_BODY_UNTIL_CLOSE, /* everything until the peer closes: responses only */
    WEIR_HTTP_BODY_TUNNEL,      /* HTTP ends here: 2xx to CONNECT, or 101; responses only */
} weir_http_body;

typedef struct weir_http_framing {
    uint64_t length; /* of a LENGTH body; 0 else */
    weir_http_body body;
    bool must_close; /* no other message may follow on the connection */
} weir_http_framing;

/* What all Content-Length lines of a message say together. */
typedef enum weir_http_length {
    WEIR_HTTP_LENGTH_NONE,
    WEIR_HTTP_LENGTH_ONE,      /* one valid number */
    WEIR_HTTP_LENGTH_REPEATED, /* several, all equal */
    WEIR_HTTP_LENGTH_CONFLICT, /* several, not equal */
    WEIR_HTTP_LENGTH_BAD,      /* not 1*DIGIT, an empty element, or more than 2^63-1 */
} weir_http_length;

/* What all Transfer-Encoding lines of a message say together. */
typedef enum weir_http_coding {
    WEIR_HTTP_CODING_NONE,
    WEIR_HTTP_CODING_CHUNKED,      /* chunked alone */
    WEIR_HTTP_CODING_MORE_CHUNKED, /* others, then chunked */
    WEIR_HTTP_CODING_NOT_CHUNKED,  /* chunked is not among them */
    WEIR_HTTP_CODING_BAD,          /* not a list of codings, or one with an empty element or a
                                      quoted string; chunked twice, not last, or with parameters */
} weir_http_coding;

/* Everything that framing depends on. */
typedef struct weir_http_framing_facts {
    bool response;
    weir_http_version version;
    weir_http_method method; /* of the request, also for a response */
    int status;              /* of a response */
    weir_http_length length;
    weir_http_coding coding;
    uint64_t length_value; /* of length ONE or REPEATED */
    uint32_t lenient;      /* of these LENIENT_LENGTH_LIST, LENIENT_TE_CL and ACCEPT_CODINGS */
    uint64_t body_limit;   /* of a LENGTH body; UINT64_MAX: none */
} weir_http_framing_facts;

/* Decides the framing of a message (RFC 9112 6.3).
 *
 * Returns 0 and gives the decision in `*framing`.
 * Errors, which leave `*framing` untouched and after which the connection is to be closed; when
 * several apply, the first of this list:
 * WEIR_EHTTP_TRANSFER_ENCODING: malformed, or in HTTP/1.0, whatever the leniency;
 * WEIR_EHTTP_FRAMING_CONFLICT: both fields;
 * WEIR_EHTTP_TRANSFER_ENCODING: chunked is not the last coding of a request;
 * WEIR_EHTTP_TRANSFER_CODING: a coding besides chunked;
 * WEIR_EHTTP_CONTENT_LENGTH, WEIR_EHTTP_CONTENT_LENGTH_CONFLICT: malformed, repeated;
 * WEIR_EHTTP_BODY_LIMIT: a length above the limit.  Pure. */
int weir_http_framing_decide(const weir_http_framing_facts *facts, weir_http_framing *framing);

/* Takes one Content-Length value into account: start with LENGTH_NONE, call once per line.
 * Returns the new state, which is never better than the one before; gives the number in `*value`
 * while it is ONE or REPEATED.  Pure. */
weir_http_length weir_http_length_add(weir_http_length so_far, weir_bytes text, uint64_t *value);

/* Takes one Transfer-Encoding value into account: start with CODING_NONE, call once per line in
 * order.  Returns the new state, which stays BAD once it is.  Pure. */
weir_http_coding weir_http_coding_add(weir_http_coding so_far, weir_bytes text);

/* Options found in Connection lines (RFC 9110 7.6.1). */
enum {
    WEIR_HTTP_CONNECTION_CLOSE = 1 << 0,
    WEIR_HTTP_CONNECTION_KEEP_ALIVE = 1 << 1,
    WEIR_HTTP_CONNECTION_UPGRADE = 1 << 2,
};

/* The known options that one Connection value holds, as flags; others and empty elements are passed
 * over.  Pure. */
unsigned weir_http_connection_options(weir_bytes text);

/* Whether a comma-separated list holds `token`, compared without case.  Empty elements are passed
 * over; quoted strings are not interpreted.  Pure. */
bool weir_http_list_has(weir_bytes list, weir_bytes token);

/* Whether the connection may carry another message after this one (RFC 9112 9.3): from the
 * version, the flags of all Connection lines and the framing.  An interim response (1xx but 101) is
 * never the last of its connection, whatever this says; weir_http_parser_keeps_alive knows.
 * Pure. */
bool weir_http_keeps_alive(weir_http_version version, unsigned connection,
                           const weir_http_framing *framing);

#ifdef __cplusplus
}
#endif
#endif
