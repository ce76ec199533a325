/* SPDX-License-Identifier: MIT
 *
 * Ordinary lines, taken 64 bytes at a time: the body of every vector scanner.
 *
 * A vector scanner defines how bytes are judged (scan_marks.h says what) and then includes this
 * file, which defines take.
 *
 *     bytes    H o s t :   a CR LF C o o k i e :   b = 1 CR LF
 *     breaks   0 0 0 0 0 0 0 1  1  0 0 0 0 0 0 0 0 0 0 0 1  1      controls but HTAB
 *
 * The breaks of a block do not depend on where its lines are, so that the processor computes those
 * of the next block while it goes from break to break in this one, and reads names and values
 * behind that.  The first break from a line's begin on has to be CRLF: that proves the value.  The
 * first byte that no token has must be the colon: that proves the name.
 *
 * Invariant: only what is complete, legal and within every limit is taken; the byte scanner judges
 * the rest, so that there is one place which knows errors, lenience and resumption.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_LINES_H
#define WEIR_HTTP_WIRE_SCAN_LINES_H

#include "http/types/field_table.h"
#include "http/wire/scan_marks.h"

enum { PIECE = 16, BLOCK = 64 };

/* The marks of a part at the end of a message, which is shorter than a block itself. */
static ALWAYS_INLINE uint64_t marks_of_end(const char *at, const char *end, enum kind kind)
{
    const size_t len = (size_t)(end - at);
    uint64_t marks = 0;
    size_t done = 0;
    for (; done + PIECE <= len; done += PIECE)
        marks |= (uint64_t)marks_of_piece(at + done, kind) << done;
    if (done < len)
        marks |= (uint64_t)(marks_of_piece(end - PIECE, kind) >> (PIECE - (len - done))) << done;
    return marks;
}

/* Marks the bytes of a kind from `at` to `end`, at most a block of them; the marks past the end are
 * 0.  Reads nothing outside data .. end, which has a piece at least: a last part is read together
 * with bytes before it. */
static ALWAYS_INLINE uint64_t marks_at(const char *data, const char *at, const char *end,
                                       enum kind kind)
{
    const ptrdiff_t len = end - at;
    if (len >= BLOCK) return marks_of_block(at, kind);
    if (end - data < BLOCK) return marks_of_end(at, end, kind);
    return marks_of_block(end - BLOCK, kind) >> (BLOCK - len);
}

/* Where the first byte of a kind is from `at` on; `end` when there is none. */
static ALWAYS_INLINE const char *find(const char *data, const char *at, const char *end,
                                      enum kind kind)
{
    if (end - at >= PIECE) {
        const uint32_t marks = marks_of_piece(at, kind);
        if (marks) return at + __builtin_ctz(marks);
        at += PIECE;
    }
    for (; at < end; at += BLOCK) {
        const uint64_t marks = marks_at(data, at, end, kind);
        if (marks) return at + __builtin_ctzll(marks);
    }
    return end;
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
static ALWAYS_INLINE size_t take_method(weir_http_parser *parser, const char *data)
{
    static const struct {
        char text[8];
        uint8_t target;
        uint8_t method;
    } methods[] = {{"GET /", 4, WEIR_HTTP_GET},
                   {"POST /", 5, WEIR_HTTP_POST},
                   {"HEAD /", 5, WEIR_HTTP_HEAD},
                   {"PUT /", 4, WEIR_HTTP_PUT},
                   {"DELETE /", 7, WEIR_HTTP_DELETE}};
    const uint64_t text = weir_http_load8(data);
    for (unsigned i = 0; i < sizeof methods / sizeof *methods; i++) {
        const unsigned target = methods[i].target;
        if ((text ^ weir_http_load8(methods[i].text)) << (56 - 8 * target)) continue;
        parser->method = methods[i].method;
        parser->text_len = target - 1;
        return target;
    }
    return 0;
}

/* "GET /where HTTP/1.1 CRLF".  Returns where the next line begins; NULL when it is not taken. */
static ALWAYS_INLINE const char *take_request_line(weir_http_parser *parser, const char *data,
                                                   const char *end)
{
    const size_t target = take_method(parser, data);
    if (target == 0) return NULL;
    const char *const space = find(data, data + target, end, STRAY);
    uint8_t minor;
    if (end - space < 11 || space + 11 - data > parser->options->start_line || *space != ' ' ||
        !is_version(space + 1, &minor) || !is_line_end(space + 9))
        return NULL;
    parser->version = minor;
    parser->target = (uint32_t)target;
    parser->target_len = (uint32_t)(space - data - (ptrdiff_t)target);
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
    const char *const last = find(data, data + 13, end, BREAK);
    if (end - last < 2 || last + 2 - data > parser->options->start_line || !is_line_end(last))
        return NULL;
    parser->version = minor;
    parser->status = (uint16_t)(hundreds * 100 + tens * 10 + ones);
    parser->text = 13;
    parser->text_len = (uint32_t)(last - data) - 13;
    return last + 2;
}

/* How many token bytes there are from `at` on; a byte that is none follows before `end`.
 * Gives the id of the name that they are. */
static ALWAYS_INLINE size_t read_name(const char *at, const char *end,
                                      const struct constants *constants, unsigned *id)
{
    if (end - at < NAME) return weir_http_scan_name(at, id);
    const struct name name = name_of(at);
    const uint32_t delimiters = name_delimiters(name, constants);
    if (delimiters == 0 || delimiters & 1) return weir_http_scan_name(at, id);
    const size_t len = (size_t)__builtin_ctz(delimiters);
    *id = weir_http_field_guess(at, len);
    /* The colon is in the table, so that one byte more compares the lengths. */
    if (!name_is(name, weir_http_field_table[*id].text, len + 1, constants))
        *id = WEIR_HTTP_FIELD_OTHER;
    return len;
}

/* Leaves out blanks on both sides; a value has no other bytes up to the space. */
static __attribute__((noinline)) void trim(const char **first, const char **last)
{
    while (*first < *last && (uint8_t) * *first <= ' ') ++*first;
    while (*first < *last && (uint8_t)(*last)[-1] <= ' ') --*last;
}

/* Field lines from `line` on, up to the one that is not ordinary. */
static ALWAYS_INLINE size_t take_fields(weir_http_parser *parser, const char *const data,
                                        const char *line, const char *const end)
{
    const struct constants constants = load_constants();
    /* Lines that end up to `stop` are within the limits, and no name is over UINT16_MAX. */
    const char *stop = line + (parser->field_line < UINT16_MAX ? parser->field_line : UINT16_MAX);
    const char *const section = data + parser->section + parser->field_section;
    if (stop > section) stop = section;
    if (stop > end) stop = end;
    weir_http_field *field = parser->fields + parser->count;
    const weir_http_field *const field_end = parser->fields + parser->field_count;
    uint64_t seen = parser->seen;
    const char *base = line, *last = line;
    uint64_t breaks = marks_at(data, base, end, BREAK);
    for (;;) {
        uint64_t rest = breaks >> (line - base) << (line - base);
        while (!rest) {
            base += BLOCK;
            if (base >= end) goto leave;
            rest = breaks = marks_at(data, base, end, BREAK);
        }
        last = base + __builtin_ctzll(rest);
        if (last == line || last + 2 > stop || !is_line_end(last)) break;
        unsigned id;
        const size_t len = read_name(line, end, &constants, &id);
        const char *colon = line + len;
        if (*colon != ':' || len == 0 || field == field_end) break;
        const char *value = colon + 1 + (colon[1] == ' '), *value_end = last;
        if ((uint8_t)*value <= ' ' || (uint8_t)value_end[-1] <= ' ') trim(&value, &value_end);
        field->name = (uint32_t)(line - data);
        field->value = (uint32_t)(value - data);
        field->value_len = (uint32_t)(value_end - value);
        field->name_len = (uint16_t)len;
        field->id = (uint8_t)id;
        field->folded = 0;
        field++;
        seen |= UINT64_C(1) << id;
        line = last + 2;
        if (line - base >= BLOCK) {
            base += BLOCK;
            if (base >= end) break;
            breaks = marks_at(data, base, end, BREAK);
        }
    }
leave:
    parser->seen = seen;
    parser->count = (uint32_t)(field - parser->fields);
    parser->position = parser->mark = (uint32_t)(line - data);
    const bool complete = last == line && end - line >= 2 && is_line_end(line);
    return complete ? (size_t)(line + 2 - data) : 0;
}

static size_t take(weir_http_parser *parser, const char *data, size_t len)
{
    const char *const end = data + len;
    const char *line = data + parser->position;
    if (len < PIECE) return 0;
    if (parser->state == STATE_START) {
        if (line > data) return 0;
        line = parser->response ? take_status_line(parser, data, end)
                                : take_request_line(parser, data, end);
        if (!line) return 0;
        parser->section = parser->line = parser->position = (uint32_t)(line - data);
        parser->state = STATE_FIELD;
    }
    return line < end ? take_fields(parser, data, line, end) : 0;
}

#endif
