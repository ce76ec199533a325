/* SPDX-License-Identifier: MIT
 *
 * Ordinary lines byte by byte: for processors without vectors, and for messages that are shorter
 * than a block, with which vectors are slower.
 */
#include "http/wire/scan_lines.h"

static const char *find_stray(const char *at, const char *end)
{
    while (at < end && weir_http_is(*at, WEIR_CHAR_TARGET) && (uint8_t)*at < 0x80) at++;
    return at;
}

static const char *find_break(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        const uint64_t marks = weir_http_mark_controls(weir_http_load8(at));
        if (!marks) continue;
        at += weir_http_first_mark(marks);
        break;
    }
    while (at < end && weir_http_is(*at, WEIR_CHAR_VALUE)) at++;
    return at;
}

static ALWAYS_INLINE size_t take_fields(weir_http_parser *parser, const char *const data,
                                        const char *line, const char *const end)
{
    const char *const stop = line_limit(parser, data, line, end);
    weir_http_field *field = parser->fields + parser->count;
    const weir_http_field *const field_end = parser->fields + parser->field_count;
    uint64_t seen = parser->seen;
    while (line < stop && field < field_end) {
        const char *colon = line;
        while (colon < stop && weir_http_is(*colon, WEIR_CHAR_TOKEN)) colon++;
        if (colon == line || colon == stop || *colon != ':' || colon - line > UINT16_MAX) break;
        const char *const last = find_break(colon + 1, stop);
        if (stop - last < 2 || !is_line_end(last)) break;
        const unsigned len = (unsigned)(colon - line);
        const weir_http_field_id id = weir_http_field_lookup(line, len);
        keep_field(field++, data, line, len, id, last);
        seen |= UINT64_C(1) << id;
        line = last + 2;
    }
    return leave_fields(parser, data, line, end, (uint32_t)(field - parser->fields), seen);
}

static size_t take(weir_http_parser *parser, const char *data, size_t len)
{
    return take_lines(parser, data, len);
}

const weir_http_scanner weir_http_scanner_scalar = {"scalar", take};
