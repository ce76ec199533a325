/* SPDX-License-Identifier: MIT
 *
 * Field names that Weir knows by number, so that finding one in a message compares bytes instead
 * of texts (RFC 9110 5.1, the IANA field name registry).
 *
 *     field-name = token                  letters count without case: "host", "Host", "HOST"
 */
#ifndef WEIR_HTTP_TYPES_FIELD_H
#define WEIR_HTTP_TYPES_FIELD_H

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every known field: X(ID, spelling used when sent).  At most 63, so that a set of them fits in
 * 64 bits. */
#define WEIR_HTTP_FIELD_LIST(X)                               \
    X(ACCEPT, "Accept")                                       \
    X(ACCEPT_CHARSET, "Accept-Charset")                       \
    X(ACCEPT_ENCODING, "Accept-Encoding")                     \
    X(ACCEPT_LANGUAGE, "Accept-Language")                     \
    X(ACCEPT_RANGES, "Accept-Ranges")                         \
    X(AGE, "Age")                                             \
    X(ALLOW, "Allow")                                         \
    X(AUTHORIZATION, "Authorization")                         \
    X(CACHE_CONTROL, "Cache-Control")                         \
    X(CONNECTION, "Connection")                               \
    X(CONTENT_DISPOSITION, "Content-Disposition")             \
    X(CONTENT_ENCODING, "Content-Encoding")                   \
    X(CONTENT_LANGUAGE, "Content-Language")                   \
    X(CONTENT_LENGTH, "Content-Length")                       \
    X(CONTENT_LOCATION, "Content-Location")                   \
    X(CONTENT_RANGE, "Content-Range")                         \
    X(CONTENT_SECURITY_POLICY, "Content-Security-Policy")     \
    X(CONTENT_TYPE, "Content-Type")                           \
    X(COOKIE, "Cookie")                                       \
    X(DATE, "Date")                                           \
    X(ETAG, "ETag")                                           \
    X(EXPECT, "Expect")                                       \
    X(EXPIRES, "Expires")                                     \
    X(FORWARDED, "Forwarded")                                 \
    X(HOST, "Host")                                           \
    X(IF_MATCH, "If-Match")                                   \
    X(IF_MODIFIED_SINCE, "If-Modified-Since")                 \
    X(IF_NONE_MATCH, "If-None-Match")                         \
    X(IF_RANGE, "If-Range")                                   \
    X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since")             \
    X(KEEP_ALIVE, "Keep-Alive")                               \
    X(LAST_MODIFIED, "Last-Modified")                         \
    X(LINK, "Link")                                           \
    X(LOCATION, "Location")                                   \
    X(MAX_FORWARDS, "Max-Forwards")                           \
    X(ORIGIN, "Origin")                                       \
    X(PRAGMA, "Pragma")                                       \
    X(PRIORITY, "Priority")                                   \
    X(PROXY_AUTHENTICATE, "Proxy-Authenticate")               \
    X(PROXY_AUTHORIZATION, "Proxy-Authorization")             \
    X(PROXY_CONNECTION, "Proxy-Connection")                   \
    X(RANGE, "Range")                                         \
    X(REFERER, "Referer")                                     \
    X(RETRY_AFTER, "Retry-After")                             \
    X(SEC_WEBSOCKET_ACCEPT, "Sec-WebSocket-Accept")           \
    X(SEC_WEBSOCKET_EXTENSIONS, "Sec-WebSocket-Extensions")   \
    X(SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key")                 \
    X(SEC_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Protocol")       \
    X(SEC_WEBSOCKET_VERSION, "Sec-WebSocket-Version")         \
    X(SERVER, "Server")                                       \
    X(SET_COOKIE, "Set-Cookie")                               \
    X(STRICT_TRANSPORT_SECURITY, "Strict-Transport-Security") \
    X(TE, "TE")                                               \
    X(TRAILER, "Trailer")                                     \
    X(TRANSFER_ENCODING, "Transfer-Encoding")                 \
    X(UPGRADE, "Upgrade")                                     \
    X(UPGRADE_INSECURE_REQUESTS, "Upgrade-Insecure-Requests") \
    X(USER_AGENT, "User-Agent")                               \
    X(VARY, "Vary")                                           \
    X(VIA, "Via")                                             \
    X(WWW_AUTHENTICATE, "WWW-Authenticate")                   \
    X(X_CONTENT_TYPE_OPTIONS, "X-Content-Type-Options")       \
    X(X_FORWARDED_FOR, "X-Forwarded-For")

typedef enum weir_http_field_id {
    WEIR_HTTP_FIELD_OTHER, /* any name that is not in the list */
#define X(id, name) WEIR_HTTP_FIELD_##id,
    WEIR_HTTP_FIELD_LIST(X)
#undef X
        WEIR_HTTP_FIELD_IDS /* how many there are, OTHER included */
} weir_http_field_id;

/* The number of a field name, compared without case.
 * Returns WEIR_HTTP_FIELD_OTHER for a name that is not in the list.  Pure. */
weir_http_field_id weir_http_field_id_parse(weir_bytes name);

/* The name of a known field in the spelling of the list.
 * Returns a static view; an empty one for OTHER or a value outside the enum.  Pure. */
weir_bytes weir_http_field_name(weir_http_field_id id);

/* Whether the field speaks about this connection only, so that a proxy must not pass it on:
 * Connection, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade and the
 * Proxy-Auth fields (RFC 9110 7.6.1).  Fields named by Connection come on top.  Pure. */
bool weir_http_field_is_hop_by_hop(weir_http_field_id id);

/* Whether the field may not stand in a trailer section, because it frames, routes, authenticates
 * or describes the content that is already read (RFC 9110 6.5.1).  Pure. */
bool weir_http_field_is_forbidden_trailer(weir_http_field_id id);

#ifdef __cplusplus
}
#endif
#endif
