/* SPDX-License-Identifier: MIT
 *
 * Request targets: their forms and parts, authorities, percent-decoding (RFC 9112 3.2, RFC 3986).
 */
#include <weir/http/types/url.h>

#include <weir/base/error.h>

#include "http/types/chars.h"

static weir_bytes part(weir_bytes text, size_t from, size_t to)
{
    return weir_bytes_of(text.data + from, to - from);
}

/* RFC 3986 3.2.3: port = *DIGIT, here at most 65535. */
static bool is_port(weir_bytes text)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!weir_http_is(text.data[i], WEIR_CHAR_DIGIT)) return false;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
        if (number > 65535) return false;
    }
    return true;
}

/* A dotted quad at the end of an IPv6 address. */
static bool is_ipv4(weir_bytes text)
{
    int numbers = 1;
    unsigned number = 0, digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '.') {
            if (digits == 0 || ++numbers > 4) return false;
            number = digits = 0;
            continue;
        }
        if (!weir_http_is(c, WEIR_CHAR_DIGIT) || (digits > 0 && number == 0)) return false;
        number = number * 10 + (unsigned)(c - '0');
        if (++digits > 3 || number > 255) return false;
    }
    return numbers == 4 && digits > 0;
}

/* RFC 3986 3.2.2: IPv6address, between the brackets.  Zones have no place in a URI's authority. */
static bool is_ipv6(weir_bytes text)
{
    int groups = 0;
    bool gap = false;
    size_t i = 0;
    while (i < text.len) {
        if (text.len - i >= 2 && text.data[i] == ':' && text.data[i + 1] == ':') {
            if (gap) return false;
            gap = true;
            i += 2;
            if (i == text.len) break;
        } else if (groups > 0) {
            if (text.data[i++] != ':') return false;
        }
        size_t start = i;
        while (i < text.len && weir_http_is(text.data[i], WEIR_CHAR_HEX)) i++;
        if (i < text.len && text.data[i] == '.') {
            groups += 2;
            if (!is_ipv4(part(text, start, text.len))) return false;
            break;
        }
        if (i == start || i - start > 4) return false;
        groups++;
    }
    return gap ? groups < 8 : groups == 8;
}

/* Where the host ends; 0 when there is none. */
static inline size_t host_end(weir_bytes text)
{
    if (text.len > 0 && text.data[0] == '[') {
        const char *close = memchr(text.data, ']', text.len);
        if (!close || !is_ipv6(part(text, 1, (size_t)(close - text.data)))) return 0;
        return (size_t)(close - text.data) + 1;
    }
    size_t i = 0;
    while (i < text.len && weir_http_is(text.data[i], WEIR_CHAR_NAME)) i++;
    while (i < text.len && text.data[i] != ':') {
        if (weir_http_is(text.data[i], WEIR_CHAR_NAME))
            i++;
        else if (text.data[i] == '%' && text.len - i > 2 &&
                 weir_http_is(text.data[i + 1], WEIR_CHAR_HEX) &&
                 weir_http_is(text.data[i + 2], WEIR_CHAR_HEX))
            i += 3;
        else
            break;
    }
    return i;
}

bool weir_http_authority_is_valid(weir_bytes text)
{
    size_t host = host_end(text);
    if (host == 0) return false;
    if (host == text.len) return true;
    return text.data[host] == ':' && is_port(part(text, host + 1, text.len));
}

static int split_path(weir_bytes text, weir_http_target *parts)
{
    const char *mark = text.len ? memchr(text.data, '?', text.len) : NULL;
    size_t path = mark ? (size_t)(mark - text.data) : text.len;
    parts->path = path ? part(text, 0, path) : weir_bytes_text("/");
    parts->has_query = mark != NULL;
    if (mark) parts->query = part(text, path + 1, text.len);
    return 0;
}

/* RFC 9112 3.2.2, RFC 3986 4.3: scheme "://" authority path-abempty ["?" query] */
static int split_absolute(weir_bytes target, weir_http_target *parts)
{
    size_t i = 0;
    while (i < target.len && (weir_http_is(target.data[i], WEIR_CHAR_DIGIT) ||
                              ((target.data[i] | 0x20) >= 'a' && (target.data[i] | 0x20) <= 'z') ||
                              (target.data[i] && strchr("+-.", target.data[i]))))
        i++;
    if (i == 0 || (target.data[0] | 0x20) < 'a' || target.len - i < 3 ||
        memcmp(target.data + i, "://", 3) != 0)
        return WEIR_EHTTP_TARGET;
    parts->form = WEIR_HTTP_TARGET_ABSOLUTE;
    parts->scheme = part(target, 0, i);
    size_t start = i += 3;
    while (i < target.len && target.data[i] != '/' && target.data[i] != '?') i++;
    parts->authority = part(target, start, i);
    if (!weir_http_authority_is_valid(parts->authority)) return WEIR_EHTTP_TARGET;
    return split_path(part(target, i, target.len), parts);
}

/* RFC 9112 3.2.3, RFC 9110 9.3.6: CONNECT needs a port, and 0 is none. */
static int split_authority(weir_bytes target, weir_http_target *parts)
{
    size_t host = host_end(target);
    if (!weir_http_authority_is_valid(target) || target.len - host < 2) return WEIR_EHTTP_TARGET;
    for (size_t i = host + 1; target.data[i] == '0';)
        if (++i == target.len) return WEIR_EHTTP_TARGET;
    parts->form = WEIR_HTTP_TARGET_AUTHORITY;
    parts->authority = target;
    return 0;
}

int weir_http_target_split(weir_bytes target, weir_http_method method, weir_http_target *parts)
{
    *parts = (weir_http_target){.form = WEIR_HTTP_TARGET_ORIGIN};
    if (target.len == 0) return WEIR_EHTTP_TARGET;
    for (size_t i = 0; i < target.len; i++)
        if (!weir_http_is(target.data[i], WEIR_CHAR_TARGET | WEIR_CHAR_TARGET_HIGH))
            return WEIR_EHTTP_TARGET;
    if (method == WEIR_HTTP_CONNECT) return split_authority(target, parts);
    if (target.data[0] == '/') return split_path(target, parts);
    if (target.len == 1 && target.data[0] == '*') {
        /* RFC 9112 3.2.4 */
        if (method != WEIR_HTTP_OPTIONS) return WEIR_EHTTP_TARGET;
        parts->form = WEIR_HTTP_TARGET_ASTERISK;
        return 0;
    }
    return split_absolute(target, parts);
}

int64_t weir_http_path_decode(weir_bytes path, char *out, size_t capacity)
{
    size_t len = 0;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.data[i];
        if (c == '%') {
            if (path.len - i < 3 || !weir_http_is(path.data[i + 1], WEIR_CHAR_HEX) ||
                !weir_http_is(path.data[i + 2], WEIR_CHAR_HEX))
                return WEIR_EHTTP_TARGET;
            c = (char)(weir_http_hex(path.data[i + 1]) << 4 | weir_http_hex(path.data[i + 2]));
            i += 2;
        }
        if (c == '\0') return WEIR_EHTTP_TARGET;
        if (len == capacity) return WEIR_EHTTP_SPACE;
        out[len++] = c;
    }
    return (int64_t)len;
}
