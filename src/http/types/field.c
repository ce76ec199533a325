/* SPDX-License-Identifier: MIT
 *
 * Known field names: their numbers, spellings and properties.
 */
#include <weir/http/types/field.h>

#include "http/types/field_table.h"

#define BIT(id) (UINT64_C(1) << WEIR_HTTP_FIELD_##id)

weir_http_field_id weir_http_field_id_parse(weir_bytes name)
{
    char text[sizeof(weir_http_field_entry)];
    if (name.len == 0 || name.len >= sizeof text) return WEIR_HTTP_FIELD_OTHER;
    memcpy(text, name.data, name.len);
    text[name.len] = ':';
    return weir_http_field_lookup(text, name.len);
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
    [3] = WEIR_HTTP_FIELD_STRICT_TRANSPORT_SECURITY,
    [4] = WEIR_HTTP_FIELD_FORWARDED,
    [11] = WEIR_HTTP_FIELD_VIA,
    [12] = WEIR_HTTP_FIELD_KEEP_ALIVE,
    [13] = WEIR_HTTP_FIELD_ETAG,
    [15] = WEIR_HTTP_FIELD_CONTENT_DISPOSITION,
    [17] = WEIR_HTTP_FIELD_CONTENT_LOCATION,
    [23] = WEIR_HTTP_FIELD_LAST_MODIFIED,
    [24] = WEIR_HTTP_FIELD_PRIORITY,
    [26] = WEIR_HTTP_FIELD_ACCEPT_LANGUAGE,
    [27] = WEIR_HTTP_FIELD_UPGRADE_INSECURE_REQUESTS,
    [29] = WEIR_HTTP_FIELD_MAX_FORWARDS,
    [31] = WEIR_HTTP_FIELD_SERVER,
    [33] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_PROTOCOL,
    [39] = WEIR_HTTP_FIELD_CONTENT_ENCODING,
    [43] = WEIR_HTTP_FIELD_HOST,
    [44] = WEIR_HTTP_FIELD_DATE,
    [46] = WEIR_HTTP_FIELD_IF_RANGE,
    [49] = WEIR_HTTP_FIELD_AUTHORIZATION,
    [59] = WEIR_HTTP_FIELD_SET_COOKIE,
    [76] = WEIR_HTTP_FIELD_IF_NONE_MATCH,
    [80] = WEIR_HTTP_FIELD_WWW_AUTHENTICATE,
    [82] = WEIR_HTTP_FIELD_EXPECT,
    [83] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_ACCEPT,
    [104] = WEIR_HTTP_FIELD_PROXY_CONNECTION,
    [105] = WEIR_HTTP_FIELD_USER_AGENT,
    [108] = WEIR_HTTP_FIELD_PRAGMA,
    [112] = WEIR_HTTP_FIELD_PROXY_AUTHENTICATE,
    [113] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_EXTENSIONS,
    [114] = WEIR_HTTP_FIELD_EXPIRES,
    [115] = WEIR_HTTP_FIELD_LINK,
    [126] = WEIR_HTTP_FIELD_CONTENT_SECURITY_POLICY,
    [128] = WEIR_HTTP_FIELD_RANGE,
    [131] = WEIR_HTTP_FIELD_IF_UNMODIFIED_SINCE,
    [132] = WEIR_HTTP_FIELD_UPGRADE,
    [136] = WEIR_HTTP_FIELD_CONTENT_TYPE,
    [146] = WEIR_HTTP_FIELD_COOKIE,
    [151] = WEIR_HTTP_FIELD_ACCEPT_ENCODING,
    [152] = WEIR_HTTP_FIELD_X_CONTENT_TYPE_OPTIONS,
    [155] = WEIR_HTTP_FIELD_ACCEPT_CHARSET,
    [156] = WEIR_HTTP_FIELD_IF_MODIFIED_SINCE,
    [167] = WEIR_HTTP_FIELD_PROXY_AUTHORIZATION,
    [169] = WEIR_HTTP_FIELD_CONTENT_LANGUAGE,
    [171] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_KEY,
    [175] = WEIR_HTTP_FIELD_TRAILER,
    [176] = WEIR_HTTP_FIELD_ALLOW,
    [179] = WEIR_HTTP_FIELD_X_FORWARDED_FOR,
    [185] = WEIR_HTTP_FIELD_AGE,
    [187] = WEIR_HTTP_FIELD_CONTENT_LENGTH,
    [201] = WEIR_HTTP_FIELD_CACHE_CONTROL,
    [202] = WEIR_HTTP_FIELD_REFERER,
    [216] = WEIR_HTTP_FIELD_RETRY_AFTER,
    [222] = WEIR_HTTP_FIELD_TE,
    [224] = WEIR_HTTP_FIELD_ACCEPT_RANGES,
    [225] = WEIR_HTTP_FIELD_TRANSFER_ENCODING,
    [226] = WEIR_HTTP_FIELD_SEC_WEBSOCKET_VERSION,
    [227] = WEIR_HTTP_FIELD_VARY,
    [229] = WEIR_HTTP_FIELD_CONNECTION,
    [234] = WEIR_HTTP_FIELD_ORIGIN,
    [236] = WEIR_HTTP_FIELD_LOCATION,
    [239] = WEIR_HTTP_FIELD_CONTENT_RANGE,
    [242] = WEIR_HTTP_FIELD_IF_MATCH,
    [249] = WEIR_HTTP_FIELD_ACCEPT,
};
