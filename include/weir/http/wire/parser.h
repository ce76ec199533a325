/* SPDX-License-Identifier: MIT
 *
 * The parser of HTTP/1.1 message heads: zero-copy, resumable at any byte, strict (RFC 9112 2 to 6).
 *
 *     GET /where?q=now HTTP/1.1 CRLF      request line = method SP target SP version
 *     HTTP/1.1 200 OK CRLF                status line  = version SP status [SP reason]
 *     Host: www.example.org CRLF          field line   = name ":" OWS value OWS
 *     CRLF                                end of the head
 *
 * The caller keeps the message from its first byte in one buffer and calls feed with the whole of
 * it each time more bytes have come.  The buffer may have moved in between: the parser keeps
 * offsets, and resumes where it stopped, so that any split costs linear time and gives the same
 * result.  Views are offsets from the start of the message; accessors take the buffer's present
 * address.  Bytes after the head (a body, the next message) are not looked at; behind a CONNECT
 * request they belong to the tunnel if the answer is 2xx.
 *
 *     weir_http_field fields[128];
 *     weir_http_parser parser;
 *     weir_http_parser_request(&parser, &options, fields, 128);
 *     while ((head = weir_http_parser_feed(&parser, buffer, length)) == 0)
 *         length += receive more into buffer + length;
 *     if (head > 0) the body begins at buffer + head, framed as parser.framing says;
 *     if (head < 0) answer weir_http_error_status(head), close the connection;
 *
 * In comma-separated lists empty elements are passed over where they mean nothing (Connection,
 * Upgrade, Expect), and refused where they would cast doubt on the framing (Transfer-Encoding,
 * Content-Length), whatever the leniency.
 *
 * A parser is one thread's at a time; no function waits or allocates.
 */
#ifndef WEIR_HTTP_WIRE_PARSER_H
#define WEIR_HTTP_WIRE_PARSER_H

#include <weir/base/bytes.h>
#include <weir/http/types/field.h>
#include <weir/http/types/method.h>
#include <weir/http/types/version.h>
#include <weir/http/wire/framing.h>
#include <weir/http/wire/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One field line: where it stands in the message. */
typedef struct weir_http_field {
    uint32_t name;  /* offset of the name */
    uint32_t value; /* offset of the value, outer blanks left out */
    uint32_t value_len;
    uint16_t name_len;
    uint8_t id;     /* weir_http_field_id */
    uint8_t folded; /* 1: spans lines, to be joined by weir_http_parser_unfold */
} weir_http_field;

/* The state of a head.  Opaque, but for the members marked as results, which are to be read only,
 * and are valid once feed has returned > 0 (error_offset: < 0). */
typedef struct weir_http_parser {
    const weir_http_options *options;
    weir_http_field *fields;   /* result: `count` of them, in order */
    uint64_t seen;             /* result: bit i set: a field with id i is there */
    weir_http_framing framing; /* result: where the body ends */
    uint32_t field_line;       /* the limits in force */
    uint32_t field_section;
    uint32_t field_count;
    uint32_t count;    /* result: how many fields */
    uint32_t position; /* next byte to look at; the head's length when done */
    uint32_t line;     /* where the current line began */
    uint32_t section;  /* where the first field line began */
    uint32_t mark;     /* where the current token began */
    uint32_t text;     /* method or reason phrase: offset */
    uint32_t text_len;
    uint32_t target; /* offset */
    uint32_t target_len;
    uint32_t error_offset; /* result: the offending byte, counted from the first of the message */
    uint32_t empty_lines;  /* before the start line, so far */
    int32_t error;         /* the error that feed keeps returning; 0: none */
    uint16_t status;       /* of a response */
    uint8_t state;
    uint8_t response;   /* 1: parses responses */
    uint8_t lone_lf;    /* 1: a lone LF ends a line */
    uint8_t fold;       /* 1: folded lines are accepted */
    uint8_t unkept;     /* 1: all fields go to fields[0], and are not kept */
    uint8_t version;    /* result: weir_http_version */
    uint8_t method;     /* result: weir_http_method: of this request, or of the one answered */
    uint8_t connection; /* result: WEIR_HTTP_CONNECTION_… flags of all lines */
    uint8_t host_len;   /* the last valid Host, kept over resets: a connection repeats its own */
    char host[32];
} weir_http_parser;

/* Prepares to parse a request head into `fields` (lent until the last use of the parser's views;
 * not initialised, only written as lines come).  `options` is lent as long, and is not to change
 * meanwhile; NULL stands for the defaults.  No more fields than `capacity` are accepted, whatever
 * options->fields says.  Constant time. */
void weir_http_parser_request(weir_http_parser *parser, const weir_http_options *options,
                              weir_http_field *fields, uint32_t capacity);

/* Prepares to parse the head of a response to a request with `method`, on which its framing
 * depends.  Lifetimes as for weir_http_parser_request.  An interim response (1xx) is a head like
 * any other: after it, reset and parse on until the final one (from 200 on, or 101). */
void weir_http_parser_response(weir_http_parser *parser, const weir_http_options *options,
                               weir_http_field *fields, uint32_t capacity, weir_http_method method);

/* Forgets the message and prepares for the next of the same kind, with the same options, fields
 * and (for responses) request method.  The next message is fed from its own first byte, where the
 * body of this one ends; offsets begin anew.  Constant time. */
void weir_http_parser_reset(weir_http_parser *parser);

/* Parses what has come so far: `data` is the message from its first byte, `len` all bytes of it
 * that are there, never fewer than in the call before.
 *
 * Returns the length of the head when it is complete (leading empty lines and the final one
 * included); 0 when more bytes are needed; a negative error else.  Once done or failed, further
 * calls return the same.
 * Errors: WEIR_EHTTP_… of the wire range; parser->error_offset is the offending byte and
 * weir_http_error_section names the rule.  The byte that breaks a rule is reported when it comes,
 * and identically for every split of the input.  What only the whole head can tell is judged at its
 * end: first the framing (in the order of weir_http_framing_decide), then Host; error_offset is
 * then at the value or line to blame, for a missing Host at the empty line. */
int weir_http_parser_feed(weir_http_parser *parser, const char *data, size_t len);

/* Says that the stream ended after the bytes fed so far.
 *
 * Returns 0 when the head is complete or none has begun (empty lines do not begin one).  Whether
 * the body was complete is for its reader to say.
 * Errors: WEIR_EEOF: it ended inside the head; the parse error when feed had failed. */
int weir_http_parser_finish(const weir_http_parser *parser);

/* Views of a complete head; `data` is where the message lies now.  Borrowed from that buffer.
 * Before feed has returned > 0 they return an empty view with NULL data. */
weir_bytes weir_http_parser_method(const weir_http_parser *parser, const char *data);
weir_bytes weir_http_parser_target(const weir_http_parser *parser, const char *data);
weir_bytes weir_http_parser_reason(const weir_http_parser *parser, const char *data);

/* The status code of a complete response head, 100 to 999.
 * Errors: WEIR_EHTTP_NOT_READY: not complete, or a request. */
int weir_http_parser_status(const weir_http_parser *parser);

/* Whether the head is complete. */
bool weir_http_parser_is_done(const weir_http_parser *parser);

/* The name or value of field `index`, 0 to parser->count - 1; an empty view with NULL data when
 * there is none, or while a value is still folded. */
weir_bytes weir_http_parser_name(const weir_http_parser *parser, const char *data, uint32_t index);
weir_bytes weir_http_parser_value(const weir_http_parser *parser, const char *data, uint32_t index);

/* The first field with that id, from field `from` on.
 * Returns its index, or -1 when there is none.  Constant time when the message has none. */
int weir_http_parser_find(const weir_http_parser *parser, weir_http_field_id id, uint32_t from);

/* The first field with that name, known or not, compared without case, from field `from` on.
 * Returns its index, or -1 when there is none. */
int weir_http_parser_find_name(const weir_http_parser *parser, const char *data, weir_bytes name,
                               uint32_t from);

/* The value of the first field with that id; an empty view with NULL data when there is none. */
weir_bytes weir_http_parser_get(const weir_http_parser *parser, const char *data,
                                weir_http_field_id id);

/* Joins folded values in place: each line end and the blanks around it become spaces
 * (RFC 9112 5.2).  `data` is the message, writable.  Needed only with WEIR_HTTP_LENIENT_FOLD. */
void weir_http_parser_unfold(weir_http_parser *parser, char *data);

/* Whether the connection may carry another message after this one (RFC 9112 9.3): always after an
 * interim response, but 101; false while the head is not complete. */
bool weir_http_parser_keeps_alive(const weir_http_parser *parser);

/* Whether a request asks for another protocol, or a response offers one: HTTP/1.1, Connection has
 * "upgrade", and Upgrade lists `protocol`, "name" or "name/version" as a whole (without case; an
 * empty one: lists any).  Only a response with status 101 agrees (RFC 9110 7.8). */
bool weir_http_parser_upgrades_to(const weir_http_parser *parser, const char *data,
                                  weir_bytes protocol);

/* Whether the client waits for 100 (Continue) before it sends the body (RFC 9110 10.1.1).
 *
 * Returns 1: it does; 0: no Expect, or HTTP/1.0, where it is ignored; a response; no whole head.
 * Errors: WEIR_EHTTP_EXPECTATION: it expects something else (417). */
int weir_http_parser_expects_continue(const weir_http_parser *parser, const char *data);

/* The authority that the request is for: of an absolute-form or authority-form target, else the
 * value of Host (RFC 9112 3.2.2, 3.3).  Empty when there is none (HTTP/1.0). */
weir_bytes weir_http_parser_authority(const weir_http_parser *parser, const char *data);

/* The status with which a server answers a request that failed: 400, 413, 414, 417, 431, 501 or
 * 505.  For a proxy or gateway whose server's response failed it is 502 (Bad Gateway) instead.
 * Returns 500 for any other code.  What the connection came to is not the parser's to judge: a head
 * that is cut off (WEIR_EEOF) is 400, one that takes too long 408.  Pure. */
int weir_http_error_status(int error);

/* The rule that an error of the wire range speaks about, "RFC 9112 5.1".
 * Returns a static string, never NULL; "" for other codes.  Pure. */
const char *weir_http_error_section(int error);

/* How this machine scans heads: "avx-512", "avx2", "sse4.2", "neon" or "scalar".
 * All give the same results.  Returns a static string, never NULL.  Any thread. */
const char *weir_http_parser_scanner(void);

#ifdef __cplusplus
}
#endif
#endif
