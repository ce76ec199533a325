/* SPDX-License-Identifier: MIT
 *
 * Writing message heads and chunk framing into a buffer; a name or value that would break out of
 * its line is refused (RFC 9112 2 to 7).
 *
 *     HTTP/1.1 200 OK CRLF                status
 *     Content-Length: 5 CRLF              field, number
 *     CRLF                                end
 *
 * Calls go to a cursor that remembers the first error and writes nothing after it, so that a head
 * is checked once:
 *
 *     weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
 *     weir_http_out_status(&out, WEIR_HTTP_1_1, 200);
 *     weir_http_out_number(&out, WEIR_HTTP_FIELD_CONTENT_LENGTH, 5);
 *     int64_t head = weir_http_out_end(&out);
 *
 * A refused call leaves out->len as it was; what lies behind it in the buffer is scratch in any
 * case.  A cursor is one thread's at a time; no function waits or allocates.
 *
 * Only the bytes of a line are checked.  Which lines there are, and what they mean, is the
 * caller's: the framing fields (see weir_http_framing_decide for what the peer will make of them),
 * Host, and that the target has a form that fits the method.
 */
#ifndef WEIR_HTTP_WIRE_SERIALIZER_H
#define WEIR_HTTP_WIRE_SERIALIZER_H

#include <weir/base/bytes.h>
#include <weir/http/types/field.h>
#include <weir/http/types/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A buffer being filled: `len` of `capacity` bytes are written. */
typedef struct weir_http_out {
    char *data; /* lent until the bytes are used */
    size_t capacity;
    size_t len;
    int error; /* the first error, which every further call returns; 0: none */
} weir_http_out;

/* A cursor at the begin of `capacity` bytes at `data`.  Never fails. */
static inline weir_http_out weir_http_out_of(char *data, size_t capacity)
{
    weir_http_out out = {data, capacity, 0, 0};
    return out;
}

/* Each function below returns 0, or the cursor's first error:
 * WEIR_EHTTP_SPACE: the buffer is too small;
 * WEIR_EHTTP_INJECTION: a byte that the place forbids: CR, LF, NUL or another control byte but HTAB
 * in a value or reason, a byte that is no token in a name or method, any byte but 0x21 to 0x7E or a
 * "#" in a target, or an empty name, method or target.  Empty values are legal; blanks around a
 * value are written, and are not part of it for the peer. */

/* The status line with the registered reason phrase, with none for other codes.  WEIR_EINVAL: code
 * not in 100 to 999. */
int weir_http_out_status(weir_http_out *out, weir_http_version version, int code);

/* The status line with that reason phrase, which may be empty.  WEIR_EINVAL as above. */
int weir_http_out_status_reason(weir_http_out *out, weir_http_version version, int code,
                                weir_bytes reason);

/* The request line. */
int weir_http_out_request(weir_http_out *out, weir_bytes method, weir_bytes target,
                          weir_http_version version);

/* A field line with a known name, the fast way.  WEIR_EINVAL: OTHER or not in the enum. */
int weir_http_out_known(weir_http_out *out, weir_http_field_id id, weir_bytes value);

/* A field line with a known name and a decimal number as value.  WEIR_EINVAL as above. */
int weir_http_out_number(weir_http_out *out, weir_http_field_id id, uint64_t value);

/* The end of the most common head in one step: Content-Type, Content-Length, and the empty line;
 * no weir_http_out_end after it.  WEIR_EHTTP_SPACE: may ask for up to 21 bytes more room than it
 * writes. */
int weir_http_out_content(weir_http_out *out, weir_bytes type, uint64_t length);

/* A field line with any name. */
int weir_http_out_field(weir_http_out *out, weir_bytes name, weir_bytes value);

/* A trailer field line.  WEIR_EHTTP_TRAILER: a field that may not stand there
 * (weir_http_field_is_forbidden_trailer). */
int weir_http_out_trailer(weir_http_out *out, weir_bytes name, weir_bytes value);

/* Ends the head, or the trailer section.
 * Returns how many bytes the cursor holds; its first error else. */
int64_t weir_http_out_end(weir_http_out *out);

/* The size line of a chunk of `size` > 0 bytes; its data and weir_http_out_chunk_end follow.
 * WEIR_EINVAL: size is 0, which would end the body. */
int weir_http_out_chunk(weir_http_out *out, uint64_t size);

/* The line end after a chunk's data. */
int weir_http_out_chunk_end(weir_http_out *out);

/* The last chunk; trailer fields, if any, and weir_http_out_end follow. */
int weir_http_out_last_chunk(weir_http_out *out);

/* The most bytes that a chunk's size line has. */
#define WEIR_HTTP_CHUNK_LINE_MAX 18

#ifdef __cplusplus
}
#endif
#endif
