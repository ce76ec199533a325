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
 * behind that.  The first break from a line's begin on has to be CRLF: that proves the value.  The
 * first byte that no token has must be the colon: that proves the name.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_BLOCKS_H
#define WEIR_HTTP_WIRE_SCAN_BLOCKS_H

#include "http/wire/scan_lines.h"
#include "http/wire/scan_marks.h"

/* Else the compiler makes the constants anew wherever they are used. */
static ALWAYS_INLINE const weir_http_vectors *constants(void)
{
    const weir_http_vectors *v = &weir_http_vector_constants;
    __asm__("" : "+r"(v));
    return v;
}

/* Marks the bytes of a kind from `at` to `end`, at most a block of them; the marks past the end are
 * 0.  Reads nothing past the end: the last part of a message, which has a block at least, is read
 * together with bytes before it. */
static ALWAYS_INLINE uint64_t marks_at(const weir_http_vectors *v, const char *at, const char *end,
                                       enum kind kind)
{
    const ptrdiff_t len = end - at;
    if (len >= BLOCK) return marks_of_block(v, at, kind);
    return marks_of_block(v, end - BLOCK, kind) >> (BLOCK - len);
}

/* Where the first byte of a kind is from `at` on; `end` when there is none. */
static ALWAYS_INLINE const char *find(const weir_http_vectors *v, const char *at, const char *end,
                                      enum kind kind)
{
    if (end - at >= PIECE) {
        const uint32_t marks = marks_of_piece(v, at, kind);
        if (marks) return at + __builtin_ctz(marks);
        at += PIECE;
    }
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

static ALWAYS_INLINE size_t take_fields(weir_http_parser *parser, const char *const data,
                                        const char *line, const char *const end)
{
    const weir_http_vectors *const v = constants();
    const char *const stop = line_limit(parser, data, line, end);
    weir_http_field *field = parser->fields + parser->count;
    const weir_http_field *const field_end = parser->fields + parser->field_count;
    uint64_t seen = parser->seen;
    const char *base = line;
    uint64_t breaks = marks_at(v, base, end, BREAK);
    for (;;) {
        uint64_t rest = breaks >> (line - base) << (line - base);
        while (!rest) {
            base += BLOCK;
            if (base >= end) goto leave;
            rest = breaks = marks_at(v, base, end, BREAK);
        }
        const char *const last = base + __builtin_ctzll(rest);
        if (last == line || last + 2 > stop || !is_line_end(last)) break;
        unsigned len = NAME, id;
        struct name name;
        if (end - line >= NAME) {
            name = name_of(line);
            len = first_of(name_delimiters(v, name));
        }
        if (len - 1 < NAME - 1) {
            id = weir_http_field_guess(line, len);
            /* The colon is in the table, so that one byte more compares the lengths. */
            const char *known = weir_http_field_table[id].text;
            if (first_of(name_differences(v, name, known)) <= len) id = WEIR_HTTP_FIELD_OTHER;
        } else {
            len = weir_http_scan_name(line, &id);
            if (len == 0) break;
        }
        if (line[len] != ':' || field == field_end) break;
        keep_field(field++, data, line, len, id, last);
        seen |= UINT64_C(1) << id;
        line = last + 2;
        if (line - base >= BLOCK) {
            base += BLOCK;
            if (base >= end) break;
            breaks = marks_at(v, base, end, BREAK);
        }
    }
leave:
    return leave_fields(parser, data, line, end, (uint32_t)(field - parser->fields), seen);
}

static size_t take(weir_http_parser *parser, const char *data, size_t len)
{
    if (len < BLOCK) return weir_http_scanner_scalar.take(parser, data, len);
    return take_lines(parser, data, len);
}

#endif
