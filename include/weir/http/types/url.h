/* SPDX-License-Identifier: MIT
 *
 * The parts of a request target, and its path without percent-encoding (RFC 9112 3.2, RFC 3986).
 *
 *     origin-form     /where/it%20is?q=now            path "/where/it%20is", query "q=now"
 *     absolute-form   http://host:80/where?q=now      authority "host:80", path "/where"
 *     authority-form  host:443                        CONNECT only
 *     asterisk-form   *                               OPTIONS only
 */
#ifndef WEIR_HTTP_TYPES_URL_H
#define WEIR_HTTP_TYPES_URL_H

#include <weir/base/bytes.h>
#include <weir/http/types/method.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_http_target_form {
    WEIR_HTTP_TARGET_ORIGIN,
    WEIR_HTTP_TARGET_ABSOLUTE,
    WEIR_HTTP_TARGET_AUTHORITY,
    WEIR_HTTP_TARGET_ASTERISK,
} weir_http_target_form;

/* The parts of a target; views into the text that was split, empty where the form has no such
 * part.  An absolute target without path has the path "/". */
typedef struct weir_http_target {
    weir_http_target_form form;
    bool has_query;       /* a "?" was there: tells "/a?" from "/a" */
    weir_bytes scheme;    /* as sent */
    weir_bytes authority; /* host and port */
    weir_bytes path;
    weir_bytes query; /* without the "?" */
} weir_http_target;

/* Splits the target of a request with that method and checks its form: authority-form if and only
 * if CONNECT, asterisk-form only for OPTIONS, no user information, a valid authority, no control
 * byte, blank or "#".
 *
 * Returns 0 and gives the parts in `*parts`, views of `target`.
 * Errors: WEIR_EHTTP_TARGET: none of the forms, or not with this method.  Pure. */
int weir_http_target_split(weir_bytes target, weir_http_method method, weir_http_target *parts);

/* Whether `text` is a host with an optional port, as in Host or an authority without user
 * information (RFC 9110 4.2, 7.2; RFC 3986 3.2.2): a name, an IPv4 address or a bracketed IPv6
 * address, then nothing, ":" or ":" and a port of 0 to 65535.  The empty text is not.  Pure. */
bool weir_http_authority_is_valid(weir_bytes text);

/* Writes `path` with each %XX replaced by its byte to `out`; "+" stays "+" (that rule belongs to
 * forms).  The result may hold any byte but NUL, "/" from %2F among them: dot segments and
 * separators are to be judged in the result.  `out` may be where `path` lies.
 *
 * Returns the length of the result, never more than path.len.
 * Errors: WEIR_EHTTP_TARGET: a "%" without two hexadecimal digits, or a NUL, plain or as %00;
 * WEIR_EHTTP_SPACE: the result has more than `capacity` bytes.  Pure. */
int64_t weir_http_path_decode(weir_bytes path, char *out, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
