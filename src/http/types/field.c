/* SPDX-License-Identifier: MIT
 *
 * Known field names: their numbers, spellings and properties.
 */
#include <weir/http/types/field.h>

#include "http/types/field_table.h"

#define BIT(id) (UINT64_C(1) << WEIR_HTTP_FIELD_##id)

weir_http_field_id weir_http_field_id_parse(weir_bytes name)
{
    return name.len ? weir_http_field_lookup(name.data, name.len) : WEIR_HTTP_FIELD_OTHER;
}

weir_bytes weir_http_field_name(weir_http_field_id id)
{
    if ((unsigned)id >= WEIR_HTTP_FIELD_IDS) return weir_bytes_of("", 0);
    return weir_bytes_of(weir_http_field_table[id].text, weir_http_field_table[id].len);
}

static bool is_in(weir_http_field_id id, uint64_t set)
{
    return (unsigned)id < WEIR_HTTP_FIELD_IDS && (set >> id & 1);
}

bool weir_http_field_is_hop_by_hop(weir_http_field_id id)
{
    return is_in(id, BIT(CONNECTION) | BIT(KEEP_ALIVE) | BIT(PROXY_CONNECTION) | BIT(TE) |
                         BIT(TRAILER) | BIT(TRANSFER_ENCODING) | BIT(UPGRADE) |
                         BIT(PROXY_AUTHENTICATE) | BIT(PROXY_AUTHORIZATION));
}

bool weir_http_field_is_forbidden_trailer(weir_http_field_id id)
{
    uint64_t framing = BIT(TRANSFER_ENCODING) | BIT(CONTENT_LENGTH) | BIT(TRAILER) |
                       BIT(CONNECTION) | BIT(KEEP_ALIVE) | BIT(PROXY_CONNECTION) | BIT(TE) |
                       BIT(UPGRADE);
    uint64_t routing = BIT(HOST) | BIT(FORWARDED) | BIT(VIA) | BIT(X_FORWARDED_FOR) |
                       BIT(MAX_FORWARDS) | BIT(ORIGIN) | BIT(LOCATION);
    uint64_t control = BIT(CACHE_CONTROL) | BIT(EXPECT) | BIT(EXPIRES) | BIT(PRAGMA) | BIT(RANGE) |
                       BIT(IF_MATCH) | BIT(IF_NONE_MATCH) | BIT(IF_MODIFIED_SINCE) |
                       BIT(IF_UNMODIFIED_SINCE) | BIT(IF_RANGE) | BIT(AGE) | BIT(DATE) | BIT(VARY) |
                       BIT(RETRY_AFTER);
    uint64_t authentication = BIT(AUTHORIZATION) | BIT(PROXY_AUTHORIZATION) |
                              BIT(WWW_AUTHENTICATE) | BIT(PROXY_AUTHENTICATE) | BIT(COOKIE) |
                              BIT(SET_COOKIE) | BIT(STRICT_TRANSPORT_SECURITY) |
                              BIT(CONTENT_SECURITY_POLICY);
    uint64_t content = BIT(CONTENT_ENCODING) | BIT(CONTENT_TYPE) | BIT(CONTENT_RANGE) |
                       BIT(CONTENT_LANGUAGE) | BIT(CONTENT_LOCATION) | BIT(CONTENT_DISPOSITION) |
                       BIT(X_CONTENT_TYPE_OPTIONS);
    return is_in(id, framing | routing | control | authentication | content);
}

const weir_http_field_entry weir_http_field_table[WEIR_HTTP_FIELD_IDS]
    __attribute__((aligned(32))) = {
#define X(id, name) [WEIR_HTTP_FIELD_##id] = {name ": ", sizeof(name) - 1},
        WEIR_HTTP_FIELD_LIST(X)
#undef X
};

const uint8_t weir_http_field_hash[256] = {
    [2] = WEIR_HTTP_FIELD_VIA,
    [5] = WEIR_HTTP_FIELD_CONNECTION,
    [14] = WEIR_HTTP_FIELD_ORIGIN,
    [22] = WEIR_HTTP_FIELD_TRAILER,
    [25] = WEIR_HTTP_FIELD_TE,
    [28] = WEIR_HTTP_FIELD_SERVER,
    [29] = WEIR_HTTP_FIELD_ACCEPT_CHARSET,
    [30] = WEIR_HTTP_FIELD_KEEP_ALIVE,
    [38] = WEIR_HTTP_FIELD_CACHE_CONTROL,
    [42] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_PROTOCOL,
    [55] = WEIR_HTTP_FIELD_X_CONTENT_TYPE_OPTIONS,
    [58] = WEIR_HTTP_FIELD_AGE,
    [59] = WEIR_HTTP_FIELD_VARY,
    [65] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_EXTENSIONS,
    [66] = WEIR_HTTP_FIELD_PRIORITY,
    [69] = WEIR_HTTP_FIELD_WWW_AUTHENTICATE,
    [73] = WEIR_HTTP_FIELD_USER_AGENT,
    [83] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_ACCEPT,
    [84] = WEIR_HTTP_FIELD_PROXY_CONNECTION,
    [85] = WEIR_HTTP_FIELD_CONTENT_LENGTH,
    [89] = WEIR_HTTP_FIELD_CONTENT_LANGUAGE,
    [95] = WEIR_HTTP_FIELD_REFERER,
    [97] = WEIR_HTTP_FIELD_CONTENT_TYPE,
    [100] = WEIR_HTTP_FIELD_CONTENT_RANGE,
    [108] = WEIR_HTTP_FIELD_IF_RANGE,
    [109] = WEIR_HTTP_FIELD_CONTENT_LOCATION,
    [112] = WEIR_HTTP_FIELD_CONTENT_ENCODING,
    [113] = WEIR_HTTP_FIELD_LOCATION,
    [115] = WEIR_HTTP_FIELD_SET_COOKIE,
    [123] = WEIR_HTTP_FIELD_LINK,
    [124] = WEIR_HTTP_FIELD_EXPIRES,
    [128] = WEIR_HTTP_FIELD_PRAGMA,
    [130] = WEIR_HTTP_FIELD_HOST,
    [135] = WEIR_HTTP_FIELD_UPGRADE_INSECURE_REQUESTS,
    [138] = WEIR_HTTP_FIELD_ACCEPT,
    [147] = WEIR_HTTP_FIELD_MAX_FORWARDS,
    [152] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_KEY,
    [155] = WEIR_HTTP_FIELD_IF_MODIFIED_SINCE,
    [158] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_VERSION,
    [159] = WEIR_HTTP_FIELD_DATE,
    [161] = WEIR_HTTP_FIELD_ACCEPT_RANGES,
    [164] = WEIR_HTTP_FIELD_TRANSFER_ENCODING,
    [170] = WEIR_HTTP_FIELD_ACCEPT_LANGUAGE,
    [172] = WEIR_HTTP_FIELD_LAST_MODIFIED,
    [175] = WEIR_HTTP_FIELD_CONTENT_DISPOSITION,
    [180] = WEIR_HTTP_FIELD_ALLOW,
    [183] = WEIR_HTTP_FIELD_PROXY_AUTHENTICATE,
    [193] = WEIR_HTTP_FIELD_ACCEPT_ENCODING,
    [200] = WEIR_HTTP_FIELD_IF_MATCH,
    [203] = WEIR_HTTP_FIELD_RANGE,
    [206] = WEIR_HTTP_FIELD_PROXY_AUTHORIZATION,
    [213] = WEIR_HTTP_FIELD_CONTENT_SECURITY_POLICY,
    [217] = WEIR_HTTP_FIELD_IF_UNMODIFIED_SINCE,
    [221] = WEIR_HTTP_FIELD_X_FORWARDED_FOR,
    [222] = WEIR_HTTP_FIELD_UPGRADE,
    [225] = WEIR_HTTP_FIELD_IF_NONE_MATCH,
    [226] = WEIR_HTTP_FIELD_RETRY_AFTER,
    [227] = WEIR_HTTP_FIELD_EXPECT,
    [239] = WEIR_HTTP_FIELD_ETAG,
    [241] = WEIR_HTTP_FIELD_AUTHORIZATION,
    [243] = WEIR_HTTP_FIELD_STRICT_TRANSPORT_SECURITY,
    [248] = WEIR_HTTP_FIELD_FORWARDED,
    [249] = WEIR_HTTP_FIELD_COOKIE,
};
