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

static ALWAYS_INLINE const char *find_break(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        const uint64_t marks = weir_http_mark_controls(weir_http_load8(at));
        if (!marks) continue;
        at += weir_http_first_mark(marks);
        if (*at != '\t') return at;
        break;
    }
    while (at < end && weir_http_is(*at, WEIR_CHAR_VALUE)) at++;
    return at;
}

/* A name of at most 7 bytes that is in the list: with its colon, it is compared as one word. */
static ALWAYS_INLINE bool read_short_name(line_name *name, const char *line)
{
    const uint64_t word = weir_http_load8(line), colons = weir_http_mark_equal(word, ':');
    if (!colons) return false;
    name->len = weir_http_first_mark(colons);
    name->id = weir_http_field_guess(line, name->len);
    const uint64_t known = weir_http_load8(weir_http_field_table[name->id].text);
    const uint64_t difference = (word ^ known) & ~weir_http_case_bits(known);
    return difference << (56 - 8 * name->len) == 0;
}

static ALWAYS_INLINE size_t take_fields(weir_http_parser *parser, const char *const data,
                                        const char *line, const char *const end)
{
    const char *const stop = last_line_end(parser, data, line, end);
    weir_http_field *field = parser->fields + parser->count;
    const weir_http_field *const field_end = parser->fields + parser->field_count;
    while (line < stop && *line != '\r' && field < field_end) {
        const char *const last = find_break(line, stop);
        if (last == stop || !is_line_end(last)) break;
        line_name name;
        if (!(stop - line >= 8 && read_short_name(&name, line)) && !read_any_name(&name, line))
            break;
        name.value = line + name.len + 1;
        if (*name.value == ' ') name.value++;
        keep_field(field++, data, line, &name, last);
        line = last + 2;
    }
    return leave_fields(parser, data, line, stop, field);
}

static size_t take(weir_http_parser *parser, const char *data, size_t len)
{
    return take_lines(parser, data, len);
}

const weir_http_scanner weir_http_scanner_scalar = {"scalar", take};
