/* SPDX-License-Identifier: MIT
 *
 * Ordinary lines by blocks of 64 bytes: the body of every vector scanner, which defines how bytes
 * are judged (scan_marks.h says what) and then includes this file.
 *
 *     bytes    H o s t :   a CR LF C o o k i e :   b = 1 CR LF
 *     breaks   0 0 0 0 0 0 0 1  1  0 0 0 0 0 0 0 0 0 0 0 1  1      controls but HTAB
 *
 * The breaks of a block do not depend on where its lines are, so that the processor computes those
 * of the next blocks while it goes from break to break in this one, and reads names and values
 * behind that.  The first break from a line's begin on has to be CRLF: that proves the value.
 * What stands before the first colon is a name when the table has it, else when that colon is the
 * first byte that no token has.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_BLOCKS_H
#define WEIR_HTTP_WIRE_SCAN_BLOCKS_H

#include "http/wire/scan_lines.h"
#include "http/wire/scan_marks.h"

static ALWAYS_INLINE const weir_http_vectors *constants(void)
{
    return &weir_http_vector_constants;
}

/* Marks the bytes of a kind from `at` to `end`, at most a block of them; the marks past the end are
 * 0.  Reads nothing past the end: the last part of a message, which has a block at least, is read
 * together with bytes before it. */
static ALWAYS_INLINE uint64_t marks_at(const weir_http_vectors *v, const char *at, const char *end,
                                       enum kind kind)
{
    const char *const last = end - BLOCK;
    if (at <= last) return marks_of_block(v, at, kind);
    return marks_of_block(v, last, kind) >> (at - last);
}

/* Where the first byte of a kind is from `at` on; `end` when there is none. */
static ALWAYS_INLINE const char *find(const weir_http_vectors *v, const char *at, const char *end,
                                      enum kind kind)
{
    for (; at < end; at += BLOCK) {
        const uint64_t marks = marks_at(v, at, end, kind);
        if (marks) return at + __builtin_ctzll(marks);
    }
    return end;
}

static ALWAYS_INLINE const char *find_stray(const char *at, const char *end)
{
    return find(constants(), at, end, STRAY);
}

static ALWAYS_INLINE const char *find_break(const char *at, const char *end)
{
    return find(constants(), at, end, BREAK);
}

/* Gives the name of the line at `line`, before `stop`; false when it has none. */
static ALWAYS_INLINE bool read_name(line_name *name, const weir_http_vectors *v, const char *line,
                                    const char *stop)
{
    if (line + NAME > stop) return read_any_name(name, line);
    const struct name bytes = name_of(line);
    const size_t len = first_of(name_colons(v, bytes));
    const unsigned guess = weir_http_field_guess(line, len);
    const char *const known = weir_http_field_table[guess].text;
    /* The name, the colon and the space.  Case is one bit of a letter; the other bytes that differ
     * by that bit alone are controls, of which a line has none before its end; and a space, which
     * differs so from what pads the table, so that there has to be a colon. */
    const uint8_t *const counted = v->counted + NAME - len;
    if (len < NAME && name_is(bytes, known, counted)) {
        *name = (line_name){line + len + 2, len, guess};
        return true;
    }
    if (len - 1 >= NAME - 1 || first_of(name_delimiters(v, bytes)) != len)
        return read_any_name(name, line);
    const unsigned id = name_is(bytes, known, counted + 1) ? guess : WEIR_HTTP_FIELD_OTHER;
    *name = (line_name){line + len + 1 + (line[len + 1] == ' '), len, id};
    return true;
}

static ALWAYS_INLINE size_t take_fields(weir_http_parser *parser, const char *const data,
                                        const char *line, const char *const end)
{
    const weir_http_vectors *const v = constants();
    const char *const stop = last_line_end(parser, data, line, end);
    weir_http_field *field = parser->fields + parser->count;
    const weir_http_field *const field_end = parser->fields + parser->field_count;
    /* Where the block that breaks are of ends. */
    const char *block_end = stop - data < BLOCK ? stop : line;
    uint64_t breaks = 0;
    while (field < field_end) {
        while (!breaks) {
            if (block_end >= stop) goto leave;
            breaks = marks_at(v, block_end, stop, BREAK);
            block_end += BLOCK;
        }
        const char *const last = block_end - BLOCK + __builtin_ctzll(breaks);
        breaks &= breaks - 1;
        if (last <= line) {
            if (last == line) break;
            continue; /* The LF of the line before, when its CR ends a block. */
        }
        if (!is_line_end(last)) break;
        breaks &= breaks - 1;
        line_name name;
        if (!read_name(&name, v, line, stop)) break;
        keep_field(field, data, line, &name, last);
        field++;
        line = last + 2;
    }
leave:
    return leave_fields(parser, data, line, stop, field);
}

static size_t take(weir_http_parser *parser, const char *data, size_t len)
{
    if (len <= BLOCK) return weir_http_scanner_scalar.take(parser, data, len);
    return take_lines(parser, data, len);
}

#endif
