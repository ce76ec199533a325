/* SPDX-License-Identifier: MIT
 *
 * For the tests of this floor: heads fed in every way that must make no difference.
 */
#ifndef WEIR_HTTP_WIRE_TESTING_H
#define WEIR_HTTP_WIRE_TESTING_H

#include <weir/base/error.h>
#include <weir/http/wire/parser.h>

#include "test/harness/guard.h"
#include "test/harness/test.h"

#define BYTES(literal) weir_bytes_of(literal, sizeof(literal) - 1)

/* What a head came to. */
typedef struct outcome {
    int result;
    weir_http_parser parser;
    weir_http_field fields[160];
} outcome;

typedef struct head_case {
    bool response;
    weir_http_method method; /* of the request that a response answers */
    const weir_http_options *options;
    uint32_t capacity;
} head_case;

static inline void begin(outcome *o, const head_case *how)
{
    uint32_t capacity = how->capacity ? how->capacity : 160;
    if (how->response)
        weir_http_parser_response(&o->parser, how->options, o->fields, capacity, how->method);
    else
        weir_http_parser_request(&o->parser, how->options, o->fields, capacity);
    o->result = 0;
}

static inline void assert_same_outcome(const outcome *a, const outcome *b)
{
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->parser.error_offset, b->parser.error_offset);
    if (a->result <= 0) return;
    assert_int_equal(a->parser.count, b->parser.count);
    if (a->parser.count > 0)
        assert_memory_equal(a->fields, b->fields, a->parser.count * sizeof *a->fields);
    assert_int_equal(a->parser.seen, b->parser.seen);
    assert_int_equal(a->parser.framing.body, b->parser.framing.body);
    assert_int_equal(a->parser.framing.length, b->parser.framing.length);
    assert_int_equal(a->parser.framing.must_close, b->parser.framing.must_close);
    assert_int_equal(a->parser.target, b->parser.target);
    assert_int_equal(a->parser.target_len, b->parser.target_len);
    assert_int_equal(a->parser.text, b->parser.text);
    assert_int_equal(a->parser.text_len, b->parser.text_len);
    assert_int_equal(a->parser.version, b->parser.version);
    assert_int_equal(a->parser.connection, b->parser.connection);
}

/* Feeds the bytes at once, in two pieces split everywhere, and byte by byte, each time at the edge
 * of a guard page and at a new place; the outcome has to be the same.  Gives that of one piece. */
static inline void feed_all_ways(weir_bytes text, const head_case *how, outcome *whole)
{
    guarded g = guarded_new(text.len);
    begin(whole, how);
    whole->result =
        weir_http_parser_feed(&whole->parser, guarded_put(&g, text.data, text.len), text.len);
    for (size_t split = 0; split <= text.len; split++) {
        outcome two;
        begin(&two, how);
        two.result = weir_http_parser_feed(&two.parser, guarded_put(&g, text.data, split), split);
        char *at = guarded_put(&g, text.data, text.len);
        if (two.result == 0) two.result = weir_http_parser_feed(&two.parser, at, text.len);
        assert_same_outcome(whole, &two);
    }
    outcome bytewise;
    begin(&bytewise, how);
    for (size_t len = 1; len <= text.len; len++)
        bytewise.result =
            weir_http_parser_feed(&bytewise.parser, guarded_put(&g, text.data, len), len);
    assert_same_outcome(whole, &bytewise);
    guarded_free(&g);
}

static inline void assert_text(weir_bytes view, const char *expected)
{
    assert_non_null(view.data);
    assert_int_equal(view.len, strlen(expected));
    assert_memory_equal(view.data, expected, view.len);
}

#endif
