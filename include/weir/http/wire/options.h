/* SPDX-License-Identifier: MIT
 *
 * What the HTTP/1.1 parser and chunked decoder allow: limits on everything a peer can make long,
 * and the few departures from the RFC that can be asked for by name.
 *
 * The default is strict: whatever RFC 9112 forbids is refused, and so is what it leaves to the
 * recipient but which two recipients read differently.  To change something, begin with the
 * default; a limit of 0 allows nothing:
 *
 *     weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
 *     options.start_line = 1024;
 */
#ifndef WEIR_HTTP_WIRE_OPTIONS_H
#define WEIR_HTTP_WIRE_OPTIONS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Departures from strictness, each with its risk.  Zero is strict. */
enum {
    /* A lone LF ends the start line and field lines (RFC 9112 2.2 permits it); never in chunked
     * framing and trailers.  A CR without LF stays refused.  Risk: a peer in front that does not
     * split there sees other fields than we do. */
    WEIR_HTTP_LENIENT_LF = 1 << 0,
    /* Folded field lines in responses (RFC 9112 5.2); in requests they stay refused.  A folded
     * value must pass weir_http_parser_unfold before its view can be had.  Risk: a peer in front
     * may read the continuation as a field of its own. */
    WEIR_HTTP_LENIENT_FOLD = 1 << 1,
    /* Content-Length repeated with equal values, as list or as lines (RFC 9112 6.3 item 5); an
     * empty element of such a list stays refused.  Risk: the repetition shows that somebody on the
     * way already mistook the message. */
    WEIR_HTTP_LENIENT_LENGTH_LIST = 1 << 2,
    /* Transfer-Encoding together with Content-Length: the former wins and the connection closes
     * after the message (RFC 9112 6.3 item 3).  The length is not looked at, be it malformed,
     * repeated or above the limit.  Risk: this is the classic request smuggling. */
    WEIR_HTTP_LENIENT_TE_CL = 1 << 3,
    /* An HTTP/1.1 request without Host (RFC 9112 3.2 demands 400).  A repeated or malformed one
     * stays refused.  Risk: the request is routed by a default that the sender does not know. */
    WEIR_HTTP_LENIENT_NO_HOST = 1 << 4,
    /* Bytes 0x80 to 0xFF in the request target, which RFC 3986 wants percent-encoded.  Risk:
     * filters and logs on the way may see another path than the handler. */
    WEIR_HTTP_LENIENT_TARGET_BYTES = 1 << 5,
    /* Transfer codings besides chunked are framed and left for the caller to undo (the last one of
     * Transfer-Encoding first); a request has to end with chunked even so.  Risk:
     * a caller that does not look serves compressed bytes as content. */
    WEIR_HTTP_ACCEPT_CODINGS = 1 << 6,
};

/* Bounds of one message.  Exactly the bound is legal; the byte or field that passes it is the
 * error (WEIR_EHTTP_… as named), at once and not only when its line ends.
 *
 * A head is at most 2 * empty_lines + start_line + field_section + 2 bytes long: into a buffer of
 * that size fits whatever the parser does not refuse.  Whatever is allowed here, a field name has
 * at most 65535 bytes (FIELD_LIMIT), and a head or trailer section less than 2 GiB (HEAD_LIMIT,
 * TRAILER). */
typedef struct weir_http_options {
    uint32_t lenient;          /* WEIR_HTTP_LENIENT_… and ACCEPT_… flags or-ed */
    uint32_t empty_lines;      /* empty lines before the start line: REQUEST_LINE, STATUS_LINE */
    uint32_t start_line;       /* bytes of the start line with its CRLF: LINE_LIMIT */
    uint32_t field_line;       /* bytes of a field line with its CRLF, and with the lines folded
                                  into it: FIELD_LIMIT */
    uint32_t field_section;    /* bytes of all field lines with theirs: HEAD_LIMIT */
    uint32_t fields;           /* field lines, also bounded by the caller's array: COUNT_LIMIT */
    uint32_t chunk_extension;  /* bytes between size and CRLF in one line: CHUNK_EXTENSION */
    uint32_t chunk_extensions; /* the same, summed over a body: CHUNK_EXTENSION */
    uint32_t trailer_section;  /* bytes of all trailer lines: TRAILER */
    uint32_t trailers;         /* trailer lines, also bounded by `fields` and the array: TRAILER */
    uint64_t body;             /* bytes of a body, by length or summed over chunks: BODY_LIMIT;
                                  those of an UNTIL_CLOSE body are the caller's to count */
} weir_http_options;

/* The defaults, as an initialiser: 8 empty lines, start line 8192, field line 16384, section
 * 65536, 128 fields, chunk extension 256 and 4096, trailers 8192 and 32, body unlimited. */
#define WEIR_HTTP_OPTIONS_DEFAULT                                      \
    {                                                                  \
        0, 8, 8192, 16384, 65536, 128, 256, 4096, 8192, 32, UINT64_MAX \
    }

#ifdef __cplusplus
}
#endif
#endif
