/* SPDX-License-Identifier: MIT
 *
 * HTTP request methods: the registered ones as an enum, any other token as OTHER (RFC 9110 9).
 *
 *     method = token                      "GET", "M-SEARCH"; letters count by case
 */
#ifndef WEIR_HTTP_TYPES_METHOD_H
#define WEIR_HTTP_TYPES_METHOD_H

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_http_method {
    WEIR_HTTP_OTHER_METHOD, /* an extension method: its text is in the message; a server that
                               does not know it answers 501 */
    WEIR_HTTP_GET,
    WEIR_HTTP_HEAD,
    WEIR_HTTP_POST,
    WEIR_HTTP_PUT,
    WEIR_HTTP_DELETE,
    WEIR_HTTP_CONNECT,
    WEIR_HTTP_OPTIONS,
    WEIR_HTTP_TRACE,
    WEIR_HTTP_PATCH,
    WEIR_HTTP_METHODS /* how many there are */
} weir_http_method;

/* The method that `text` names; compares by case (RFC 9110 9.1).
 * Returns WEIR_HTTP_OTHER_METHOD for any other text.  Pure; never waits; any thread. */
weir_http_method weir_http_method_parse(weir_bytes text);

/* The name of a method, "GET".
 * Returns a static string; "" for OTHER or a value outside the enum.  Pure. */
const char *weir_http_method_name(weir_http_method method);

/* Whether the method asks for no change: GET, HEAD, OPTIONS, TRACE (RFC 9110 9.2.1).  Pure. */
bool weir_http_method_is_safe(weir_http_method method);

/* Whether sending it twice is the same as once: the safe ones, PUT, DELETE (RFC 9110 9.2.2), so
 * that a client may repeat it on a new connection.  Pure. */
bool weir_http_method_is_idempotent(weir_http_method method);

#ifdef __cplusplus
}
#endif
#endif
