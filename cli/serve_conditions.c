/* SPDX-License-Identifier: MIT
 *
 * Conditional requests and byte ranges for files (RFC 9110 13 and 14).
 *
 *     If-None-Match: "1a-2b", W/"3c"      or *
 *     Range: bytes=0-99    bytes=100-    bytes=-50
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/num.h>
#include <weir/http/types/date.h>

#include "serve.h"

void serve_validators_of(const weir_file_status *status, serve_validators *out)
{
    int n = snprintf(out->etag, sizeof out->etag, "\"%llx-%llx-%llx\"",
                     (unsigned long long)status->inode, (unsigned long long)status->size,
                     (unsigned long long)status->modified.ns);
    out->etag_len = (size_t)n;
    out->modified = status->modified.ns / 1000000000;
    if (weir_http_date_format(out->modified, out->date) < 0) out->date[0] = '\0';
}

/* Takes the next entity tag off a list: its opaque part with quotes, and whether it is weak. */
static bool next_tag(weir_bytes *list, weir_bytes *tag, bool *weak)
{
    while (list->len > 0 && strchr(" \t,", list->data[0])) {
        list->data++;
        list->len--;
    }
    *weak = list->len >= 2 && memcmp(list->data, "W/", 2) == 0;
    const size_t skip = *weak ? 2 : 0;
    if (list->len < skip + 2 || list->data[skip] != '"') return false;
    const char *from = list->data + skip;
    const char *end = memchr(from + 1, '"', list->len - skip - 1);
    if (!end) return false;
    *tag = weir_bytes_of(from, (size_t)(end - from) + 1);
    list->len -= skip + tag->len;
    list->data = end + 1;
    return true;
}

/* Whether a list of entity tags (or "*") names ours; the strong comparison passes weak ones by. */
static bool tags_match(weir_bytes list, const serve_validators *v, bool strong)
{
    const weir_bytes ours = weir_bytes_of(v->etag, v->etag_len);
    weir_bytes tag;
    bool weak;
    if (list.len == 1 && list.data[0] == '*') return true;
    while (next_tag(&list, &tag, &weak))
        if (weir_bytes_equal(tag, ours) && !(strong && weak)) return true;
    return false;
}

/* Whether the file changed after the date; `otherwise` for a text that is no date. */
static bool modified_since(weir_bytes date, const serve_validators *v, int64_t now, bool otherwise)
{
    int64_t seconds;
    if (weir_http_date_parse(date, now, &seconds)) return otherwise;
    return v->modified > seconds;
}

int serve_conditions(const weir_http_exchange *exchange, const serve_validators *v, int64_t now)
{
    const weir_bytes match = weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_IF_MATCH);
    const weir_bytes unmodified =
        weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_IF_UNMODIFIED_SINCE);
    if (match.data) {
        if (!tags_match(match, v, true)) return 412;
    } else if (unmodified.data && modified_since(unmodified, v, now, false)) {
        return 412;
    }
    const weir_bytes none = weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_IF_NONE_MATCH);
    const weir_bytes modified =
        weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_IF_MODIFIED_SINCE);
    if (none.data) return tags_match(none, v, false) ? 304 : 0;
    if (modified.data && !modified_since(modified, v, now, true)) return 304;
    return 0;
}

/* Whether If-Range, if it is there, names exactly the present file (RFC 9110 13.1.5). */
static bool range_applies(const weir_http_exchange *exchange, const serve_validators *v,
                          int64_t now)
{
    weir_bytes condition = weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_IF_RANGE);
    if (!condition.data) return true;
    if (condition.len > 0 && (condition.data[0] == '"' || condition.data[0] == 'W'))
        return tags_match(condition, v, true);
    int64_t seconds;
    return weir_http_date_parse(condition, now, &seconds) == 0 && seconds == v->modified;
}

int serve_range(const weir_http_exchange *exchange, const serve_validators *v, uint64_t size,
                int64_t now, uint64_t *offset, uint64_t *length)
{
    static const char unit[] = "bytes=";
    *offset = 0;
    *length = size;
    weir_bytes range = weir_http_exchange_field(exchange, WEIR_HTTP_FIELD_RANGE);
    if (!range.data || weir_http_exchange_method(exchange) != WEIR_HTTP_GET) return 200;
    const size_t prefix = sizeof unit - 1;
    if (range.len <= prefix ||
        !weir_bytes_equal_nocase(weir_bytes_of(range.data, prefix), weir_bytes_of(unit, prefix)))
        return 200;
    const weir_bytes set = weir_bytes_of(range.data + prefix, range.len - prefix);
    const char *dash = memchr(set.data, '-', set.len);
    /* Several ranges are answered with the whole, which is allowed and never larger work than
     * was asked for (RFC 9110 14.2). */
    if (!dash || memchr(set.data, ',', set.len) || !range_applies(exchange, v, now)) return 200;

    const weir_bytes first = weir_bytes_of(set.data, (size_t)(dash - set.data));
    const weir_bytes last = weir_bytes_of(dash + 1, set.len - first.len - 1);
    uint64_t from = 0, to = UINT64_MAX;
    const int bad_first = weir_decimal_parse(first, UINT64_MAX, &from);
    const int bad_last = weir_decimal_parse(last, UINT64_MAX, &to);
    if ((first.len > 0 && bad_first) || (last.len > 0 && bad_last)) return 200;
    if (first.len == 0) {
        if (last.len == 0) return 200;
        if (to == 0 || size == 0) return 416;
        *length = to < size ? to : size;
        *offset = size - *length;
        return 206;
    }
    if (to < from) return 200;
    if (from >= size) return 416;
    *offset = from;
    *length = (to < size - 1 ? to : size - 1) - from + 1;
    return 206;
}
