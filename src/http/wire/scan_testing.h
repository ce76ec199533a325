/* SPDX-License-Identifier: MIT
 *
 * For the tests that hold every scanner against the reference, which is the code that judges what
 * scanners leave: bytes between two pages that nobody may touch, and everything a head or a chunked
 * body came to.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_TESTING_H
#define WEIR_HTTP_WIRE_SCAN_TESTING_H

#include <stdio.h>

#include <weir/http/wire/chunked.h>

#include "http/wire/scan.h"
#include "http/wire/testing.h"

/* A constant view, for tables. */
#define VIEW(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

/* `size` bytes; the pages before and behind them are inaccessible. */
typedef struct room {
    char *first;
    size_t size;
} room;

static inline room room_new(size_t least)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    room r = {NULL, (least + page - 1) / page * page};
    char *map = mmap(NULL, r.size + 2 * page, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(map != MAP_FAILED);
    r.first = map + page;
    assert_int_equal(mprotect(r.first, r.size, PROT_READ | PROT_WRITE), 0);
    return r;
}

static inline void room_free(room *r)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(r->first - page, r->size + 2 * page);
}

/* Copies bytes so that they end where the room ends. */
static inline char *room_put_last(const room *r, const char *data, size_t len)
{
    assert_true(len <= r->size);
    char *at = r->first + r->size - len;
    if (len > 0) memmove(at, data, len);
    return at;
}

/* Copies bytes to the `offset`th of the room.  A reader that goes astray finds what it looks for
 * on both sides: the end of a line, and of the head. */
static inline char *room_put_at(const room *r, size_t offset, const char *data, size_t len)
{
    enum { AROUND = 130 };
    assert_true(offset + len <= r->size);
    char *const at = r->first + offset;
    if (len > 0) memmove(at, data, len);
    const size_t before = offset < AROUND ? offset : AROUND;
    const size_t behind = r->size - offset - len < AROUND ? r->size - offset - len : AROUND;
    for (size_t i = 1; i <= before; i++) at[-(ptrdiff_t)i] = "\n\r:"[i % 3];
    for (size_t i = 0; i < behind; i++) at[len + i] = "\r\n\r\n: a"[i % 7];
    return at;
}

/* Prints bytes in one line, as C would have them. */
static inline void print_bytes(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)data[i];
        if (c == '\r' || c == '\n' || c == '\t')
            fprintf(stderr, "\\%c", c == '\r' ? 'r' : c == '\n' ? 'n' : 't');
        else if (c < ' ' || c > '~' || c == '"' || c == '\\')
            fprintf(stderr, "\\%03o", c);
        else
            fputc(c, stderr);
    }
    fputc('\n', stderr);
}

static inline void print_options(const weir_http_options *o)
{
    fprintf(stderr, "lenient %#x, start_line %u, field_line %u, field_section %u, fields %u, ",
            o->lenient, o->start_line, o->field_line, o->field_section, o->fields);
    fprintf(stderr, "trailer_section %u, trailers %u\n", o->trailer_section, o->trailers);
}

/* Leaves every line to be judged byte by byte. */
static inline size_t take_nothing(weir_http_parser *parser, const char *data, size_t end)
{
    (void)parser, (void)data, (void)end;
    return 0;
}

static const weir_http_scanner reference = {"reference", take_nothing};

/* Heads -------------------------------------------------------------------------------------- */

/* Begins with bytes that no field has, so that one left unwritten is seen. */
static inline void head_begin(outcome *o, const head_case *how)
{
    enum { SOIL = 40 };
    memset(&o->parser, 0xA5, sizeof o->parser);
    memset(o->fields, 0xA5, SOIL * sizeof *o->fields);
    begin(o, how);
}

static inline void head_feed(outcome *o, const char *data, size_t len)
{
    o->result = weir_http_parser_feed(&o->parser, data, len);
}

/* What two heads differ in; NULL when in nothing that a caller may look at. */
static inline const char *head_difference(const outcome *a, const outcome *b)
{
    const weir_http_parser *p = &a->parser, *q = &b->parser;
#define SAME_(member) \
    if (p->member != q->member) return #member
    if (a->result != b->result) return "result";
    if (weir_http_parser_finish(p) != weir_http_parser_finish(q)) return "finish";
    SAME_(error);
    if (a->result < 0) SAME_(error_offset);
    if (a->result <= 0) return NULL;
    SAME_(count);
    if (p->count > 0 && memcmp(a->fields, b->fields, p->count * sizeof *a->fields) != 0)
        return "fields";
    SAME_(seen);
    SAME_(framing.body);
    SAME_(framing.length);
    SAME_(framing.must_close);
    SAME_(position);
    SAME_(text);
    SAME_(text_len);
    SAME_(target);
    SAME_(target_len);
    SAME_(status);
    SAME_(version);
    SAME_(method);
    SAME_(connection);
#undef SAME_
    return NULL;
}

static inline void head_check(const outcome *expected, const outcome *got, const head_case *how,
                              const char *data, size_t len)
{
    const char *what = head_difference(expected, got);
    if (!what) return;
    print_bytes(data, len);
    if (how->options) print_options(how->options);
    fail_msg("%s, %zu bytes, %s: other %s: %d at %u with %u fields, expected %d at %u with %u",
             weir_http_parser_scanner(), len, how->response ? "response" : "request", what,
             got->result, got->parser.error_offset, got->parser.count, expected->result,
             expected->parser.error_offset, expected->parser.count);
}

/* What the reference makes of a head. */
static inline void head_expect(outcome *o, const head_case *how, const char *data, size_t len)
{
    weir_http_scanner_use(&reference);
    head_begin(o, how);
    head_feed(o, data, len);
    weir_http_scanner_use(NULL);
}

/* Reads the head in one piece, where it lies, with every scanner. */
static inline void head_check_whole(const outcome *expected, const head_case *how, const char *data,
                                    size_t len)
{
    for (const weir_http_scanner *const *s = weir_http_scanners(); *s; s++) {
        outcome got;
        weir_http_scanner_use(*s);
        head_begin(&got, how);
        head_feed(&got, data, len);
        head_check(expected, &got, how, data, len);
    }
    weir_http_scanner_use(NULL);
}

/* Chunked bodies ----------------------------------------------------------------------------- */

enum { TRAILERS = 40 };

/* What a chunked body came to; offsets count from its first byte. */
typedef struct body_outcome {
    weir_http_chunked decoder;
    weir_http_field trailers[TRAILERS];
    int result;
    size_t taken;
    size_t content;
} body_outcome;

typedef struct body_case {
    const weir_http_options *options;
    bool keep;
} body_case;

static inline void body_begin(body_outcome *o, const body_case *how)
{
    memset(o, 0xA5, sizeof *o);
    weir_http_chunked_init(&o->decoder, how->options, how->keep ? o->trailers : NULL, TRAILERS);
    o->result = 0;
    o->taken = o->content = 0;
}

/* Goes on with the bytes up to `len`; `at` are those that were not taken yet. */
static inline void body_feed(body_outcome *o, const char *at, size_t len)
{
    const size_t begin_of_at = o->taken;
    do {
        weir_http_chunked_step step;
        const size_t before = o->taken;
        o->result =
            weir_http_chunked_next(&o->decoder, at + before - begin_of_at, len - before, &step);
        if (o->result < 0) return;
        o->taken += step.taken;
        o->content += step.data_len;
        assert_true(o->taken <= len);
        for (uint32_t i = 0; o->result == WEIR_HTTP_CHUNKED_END && i < o->decoder.count; i++) {
            o->trailers[i].name += (uint32_t)before;
            o->trailers[i].value += (uint32_t)before;
        }
    } while (o->result == WEIR_HTTP_CHUNKED_DATA);
}

static inline const char *body_difference(const body_outcome *a, const body_outcome *b)
{
    if (a->result != b->result) return "result";
    if (a->result < 0)
        return a->decoder.error_offset == b->decoder.error_offset ? NULL : "error_offset";
    if (a->content != b->content) return "content";
    if (a->decoder.total != b->decoder.total) return "total";
    /* How much of a trailer section is taken before its end is the decoder's affair. */
    if (a->result == 0) return NULL;
    if (a->taken != b->taken) return "taken";
    if (a->decoder.count != b->decoder.count) return "count";
    if (a->decoder.count > 0 &&
        memcmp(a->trailers, b->trailers, a->decoder.count * sizeof *a->trailers) != 0)
        return "trailers";
    return NULL;
}

static inline void body_check(const body_outcome *expected, const body_outcome *got,
                              const body_case *how, const char *data, size_t len)
{
    const char *what = body_difference(expected, got);
    if (!what) return;
    print_bytes(data, len);
    if (how->options) print_options(how->options);
    fail_msg("%s, %zu bytes, trailers %s: other %s: %d at %llu, expected %d at %llu",
             weir_http_parser_scanner(), len, how->keep ? "kept" : "checked", what, got->result,
             (unsigned long long)got->decoder.error_offset, expected->result,
             (unsigned long long)expected->decoder.error_offset);
}

/* What the reference makes of a chunked body. */
static inline void body_expect(body_outcome *o, const body_case *how, const char *data, size_t len)
{
    weir_http_scanner_use(&reference);
    body_begin(o, how);
    body_feed(o, data, len);
    weir_http_scanner_use(NULL);
}

/* Reads the body in one piece, where it lies, with every scanner. */
static inline void body_check_whole(const body_outcome *expected, const body_case *how,
                                    const char *data, size_t len)
{
    for (const weir_http_scanner *const *s = weir_http_scanners(); *s; s++) {
        body_outcome got;
        weir_http_scanner_use(*s);
        body_begin(&got, how);
        body_feed(&got, data, len);
        body_check(expected, &got, how, data, len);
    }
    weir_http_scanner_use(NULL);
}

#endif
