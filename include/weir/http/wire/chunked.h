/* SPDX-License-Identifier: MIT
 *
 * The decoder of the chunked transfer coding: incremental, exact, never touching the payload
 * (RFC 9112 7.1).
 *
 *     5;name=value CRLF       chunk = size (hexadecimal) [extensions] CRLF data CRLF
 *     hello CRLF
 *     0 CRLF                  last chunk
 *     Digest: abc CRLF        trailer fields, if any
 *     CRLF
 *
 * Each call of next looks at the bytes from where the call before stopped, and tells how many it
 * took and which of them are content.  Taken bytes may be dropped, but for content that is still
 * wanted.  Trailer lines are taken whole, the same bytes being given again with more behind them
 * until then: wanted ones when the section is whole, unwanted ones each when its line is.  Both are
 * bounded by options->trailer_section; a buffer that is full before is too small for the message.
 * The writing side is in serializer.h.
 *
 *     while ((event = weir_http_chunked_next(&decoder, buffer, length, &step)) > 0) {
 *         use buffer[step.data .. step.data + step.data_len);
 *         drop step.taken bytes from the front of buffer;
 *         if (event == WEIR_HTTP_CHUNKED_END) break;
 *     }
 *     if (event == 0) drop step.taken bytes; get more bytes and go on; if (event < 0) refuse;
 *
 * (Trailers are views of the buffer as it was in the last call: read them before dropping.)
 *
 * No leniency applies here: of the options only the limits count.
 * A decoder is one thread's at a time; no function waits or allocates.
 */
#ifndef WEIR_HTTP_WIRE_CHUNKED_H
#define WEIR_HTTP_WIRE_CHUNKED_H

#include <weir/http/wire/options.h>
#include <weir/http/wire/parser.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What next came to; errors are negative. */
enum {
    WEIR_HTTP_CHUNKED_MORE = 0, /* needs more bytes; `taken` may be > 0 */
    WEIR_HTTP_CHUNKED_DATA = 1, /* content: a whole chunk or what has come of it */
    WEIR_HTTP_CHUNKED_END = 2,  /* the body is complete; trailers are there */
};

/* The result of one step; offsets count from the `data` given to that call. */
typedef struct weir_http_chunked_step {
    size_t taken;    /* bytes that the decoder is through with */
    size_t data;     /* offset of the content in them */
    size_t data_len; /* > 0 only with WEIR_HTTP_CHUNKED_DATA */
} weir_http_chunked_step;

/* The state of a body.  Opaque, but for the members marked as results. */
typedef struct weir_http_chunked {
    const weir_http_options *options;
    weir_http_field *trailers; /* result at the end: `count` of them, in order, as offsets from the
                                  `data` of the call that returned WEIR_HTTP_CHUNKED_END */
    uint64_t left;             /* bytes of the current chunk that are to come */
    uint64_t total;            /* result: bytes of content announced so far */
    uint64_t offset;           /* bytes taken by the calls before */
    uint64_t error_offset;     /* result: the offending byte, counted from the body's first */
    uint32_t count;            /* result: how many trailers were kept */
    uint32_t dropped;          /* bytes of trailer lines taken and not kept */
    uint32_t extension;        /* bytes of extension in this size line */
    uint32_t extensions;       /* the same in the whole body */
    int32_t error;             /* the error that next keeps returning; 0: none */
    uint8_t state;
    uint8_t digits;           /* of the current size */
    weir_http_field unkept;   /* where a trailer line is read that is not kept */
    weir_http_parser section; /* reads the trailer lines */
} weir_http_chunked;

/* Prepares to decode a body.  Trailer fields go to `trailers` (lent until they are read;
 * `capacity` of them at most, more is the error of the limit); those that may not stand in a
 * trailer (weir_http_field_is_forbidden_trailer) are checked, count as such, and are left out in
 * the end.  With NULL all are checked and taken line by line, a line that is not whole staying with
 * the caller.  `options` is lent until the body is complete; NULL stands for the defaults.
 * Constant time. */
void weir_http_chunked_init(weir_http_chunked *decoder, const weir_http_options *options,
                            weir_http_field *trailers, uint32_t capacity);

/* Decodes from `data`: the `len` bytes that follow those taken by the calls before, up to the
 * first content, the end of the body, or that of the bytes.
 *
 * Returns WEIR_HTTP_CHUNKED_MORE, _DATA or _END, and what was taken in `*step`; MORE only when all
 * bytes are judged.  After END it keeps returning END with nothing taken: the next message begins
 * there.
 * Errors, kept: WEIR_EHTTP_CHUNK_SIZE: not 1 to 16 hexadecimal digits, above 2^63-1, or not
 * followed by CRLF or an extension; WEIR_EHTTP_CHUNK_EXTENSION: malformed, or over a limit;
 * WEIR_EHTTP_CHUNK_END: no CRLF after the data; WEIR_EHTTP_TRAILER: malformed, or over a limit;
 * WEIR_EHTTP_BODY_LIMIT: the announced sum is over options->body, told before any byte of that
 * chunk.  decoder->error_offset is the offending byte. */
int weir_http_chunked_next(weir_http_chunked *decoder, const char *data, size_t len,
                           weir_http_chunked_step *step);

/* Whether the body is complete; if the stream ends before, it was cut off (WEIR_EEOF). */
bool weir_http_chunked_is_done(const weir_http_chunked *decoder);

#ifdef __cplusplus
}
#endif
#endif
