/* SPDX-License-Identifier: MIT
 *
 * Ordinary lines: what every way to take them quickly has in common, the start line above all.
 *
 * A scanner defines the three functions declared here, includes this file before, and ends with
 * take, which it has from here.
 *
 * Invariant: only what is complete, legal and within every limit is taken; the byte scanner judges
 * the rest, so that there is one place which knows errors, lenience and resumption.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_LINES_H
#define WEIR_HTTP_WIRE_SCAN_LINES_H

#include "http/types/field_table.h"
#include "http/wire/scan.h"

/* Where the first byte from `at` on is that no target has: a control, a space, "#", 0x7F to 0xFF.
 * Returns `end` when there is none. */
static const char *find_stray(const char *at, const char *end);

/* The same for a control but HTAB: 0x00 to 0x08, 0x0A to 0x1F, 0x7F. */
static const char *find_break(const char *at, const char *end);

/* Takes field lines from `line` on, up to the one that is not ordinary.  Returns the length of the
 * head when that is the empty line, which is taken too; 0 else, with the position at that line. */
static size_t take_fields(weir_http_parser *parser, const char *data, const char *line,
                          const char *end);

/* The CR of a line before here has its LF within the limits, from the line at `line` on. */
static ALWAYS_INLINE const char *last_line_end(const weir_http_parser *parser, const char *data,
                                               const char *line, const char *end)
{
    const char *stop = line + parser->field_line;
    const char *const section = data + parser->section + parser->field_section;
    if (stop > section) stop = section;
    return (stop < end ? stop : end) - 1;
}

static ALWAYS_INLINE bool is_line_end(const char *at)
{
    uint16_t two, crlf;
    memcpy(&two, at, 2);
    memcpy(&crlf, "\r\n", 2);
    return two == crlf;
}

/* "HTTP/1.0" or "HTTP/1.1"; gives which. */
static ALWAYS_INLINE bool is_version(const char *at, uint8_t *minor)
{
    uint64_t difference = weir_http_load8(at) ^ weir_http_load8("HTTP/1.0");
    *minor = (uint8_t)(difference >> 56);
    return (difference & ~(UINT64_C(1) << 56)) == 0;
}

/* "GET /", with the target in the origin form.  Returns where the target begins, 0 for a method
 * that is not among the common ones. */
static ALWAYS_INLINE unsigned take_method(weir_http_parser *parser, const char *data)
{
    static const struct {
        char text[8];
        uint8_t len;
        uint8_t method;
    } others[] = {{"POST /", 4, WEIR_HTTP_POST},
                  {"HEAD /", 4, WEIR_HTTP_HEAD},
                  {"PUT /", 3, WEIR_HTTP_PUT},
                  {"DELETE /", 6, WEIR_HTTP_DELETE}};
    if (weir_http_load4(data) == weir_http_load4("GET ") && data[4] == '/') {
        parser->method = WEIR_HTTP_GET;
        return (parser->text_len = 3) + 1;
    }
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        if (memcmp(data, others[i].text, others[i].len + 2)) continue;
        parser->method = others[i].method;
        return (parser->text_len = others[i].len) + 1;
    }
    return 0;
}

/* "GET /where HTTP/1.1 CRLF".  Returns where the next line begins; NULL when it is not taken. */
static ALWAYS_INLINE const char *take_request_line(weir_http_parser *parser, const char *data,
                                                   const char *end)
{
    const unsigned target = take_method(parser, data);
    if (target == 0) return NULL;
    const char *const space = find_stray(data + target + 1, end);
    uint8_t minor;
    if (end - space < 11 || space + 11 - data > parser->options->start_line || *space != ' ' ||
        !is_version(space + 1, &minor) || !is_line_end(space + 9))
        return NULL;
    parser->version = minor;
    parser->target = target;
    parser->target_len = (uint32_t)(space - data) - target;
    return space + 11;
}

/* "HTTP/1.1 200 OK CRLF".  Returns as take_request_line. */
static ALWAYS_INLINE const char *take_status_line(weir_http_parser *parser, const char *data,
                                                  const char *end)
{
    const unsigned hundreds = (uint8_t)data[9] - '0', tens = (uint8_t)data[10] - '0',
                   ones = (uint8_t)data[11] - '0';
    uint8_t minor;
    if (!is_version(data, &minor) || data[8] != ' ' || data[12] != ' ' || hundreds - 1 > 8 ||
        tens > 9 || ones > 9)
        return NULL;
    const char *const last = find_break(data + 13, end);
    if (end - last < 2 || last + 2 - data > parser->options->start_line || !is_line_end(last))
        return NULL;
    parser->version = minor;
    parser->status = (uint16_t)(hundreds * 100 + tens * 10 + ones);
    parser->text = 13;
    parser->text_len = (uint32_t)(last - data) - 13;
    return last + 2;
}

/* The next two leave out blanks; a value has no other bytes up to the space. */
static __attribute__((noinline, cold)) const char *skip_blanks(const char *first, const char *last)
{
    while (first < last && (uint8_t)*first <= ' ') first++;
    return first;
}

static __attribute__((noinline, cold)) const char *drop_blanks(const char *first, const char *last)
{
    while (first < last && (uint8_t)last[-1] <= ' ') last--;
    return last;
}

/* The name of a line, and where the value begins but for blanks. */
typedef struct line_name {
    const char *value;
    size_t len;
    unsigned id;
} line_name;

/* Any name that a byte which is no token's follows; false when that is not the colon. */
static ALWAYS_INLINE bool read_any_name(line_name *name, const char *line)
{
    unsigned id;
    name->len = weir_http_scan_name(line, &id);
    name->id = id;
    name->value = line + name->len + 1;
    return name->len > 0 && line[name->len] == ':';
}

/* Keeps the line at `line` whose value ends at `last`. */
static ALWAYS_INLINE void keep_field(weir_http_field *field, const char *data, const char *line,
                                     const line_name *name, const char *last)
{
    const char *value = name->value, *value_end = last;
    if ((uint8_t)*value <= ' ') value = skip_blanks(value, last);
    if ((uint8_t)last[-1] <= ' ') value_end = drop_blanks(value, last);
    field->name = (uint32_t)(line - data);
    field->value = (uint32_t)(value - data);
    field->value_len = (uint32_t)(value_end - value);
    field->name_len = (uint16_t)name->len;
    field->id = (uint8_t)name->id;
    field->folded = 0;
}

/* Stores how far fields were taken, `line` being not ordinary and `next` the first field not
 * used. Returns as take_fields. */
static ALWAYS_INLINE size_t leave_fields(weir_http_parser *parser, const char *data,
                                         const char *line, const char *stop,
                                         const weir_http_field *next)
{
    parser->count = (uint32_t)(next - parser->fields);
    parser->position = parser->mark = (uint32_t)(line - data);
    if (line >= stop || !is_line_end(line)) return 0;
    return (size_t)(line + 2 - data);
}

static ALWAYS_INLINE size_t take_lines(weir_http_parser *parser, const char *data, size_t len)
{
    const char *const end = data + len;
    const char *line = data + parser->position;
    if (len < 16 || parser->count == parser->field_count) return 0;
    if (parser->state == STATE_START) {
        if (line > data) return 0;
        line = parser->response ? take_status_line(parser, data, end)
                                : take_request_line(parser, data, end);
        if (!line) return 0;
        parser->section = (uint32_t)(line - data);
        parser->state = STATE_FIELD;
    }
    return take_fields(parser, data, line, end);
}

#endif
