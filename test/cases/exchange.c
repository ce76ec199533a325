/* SPDX-License-Identifier: MIT
 *
 * What a program that uses the parser does: it keeps the bytes from the message's first one, feeds
 * them, follows the framing through the body, and begins the next message after it.
 *
 *     HEAD -> (LENGTH | CHUNKED ->) HEAD ...           the connection is kept alive
 *     HEAD -> (LENGTH | CHUNKED ->) IGNORED            it is not
 *     HEAD -> UNTIL_CLOSE | TUNNEL                     HTTP ends with this message
 *     HEAD | CHUNKED -> FAILED
 *
 * The bytes that are there lie in an allocation of exactly their size, at a new place each time
 * more have come, so that a sanitizer sees who reads beyond or keeps a pointer.  An input too long
 * for that stays in one allocation, of which the part that has not come is poisoned.
 */
#include "test/cases/exchange.h"

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/http/wire/chunked.h>

#include "test/harness/test.h"

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define CASES_ASAN
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined CASES_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)0)
#endif

enum { MOVED_MAX = 2048 };

typedef struct exchange {
    const http_case *c;
    case_text *events;
    enum { HEAD, LENGTH, CHUNKED, UNTIL_CLOSE, TUNNEL, IGNORED, FAILED } phase;
    bool moves; /* the bytes, with each piece */
    char *held; /* those that are still wanted, and before them `taken` that are not */
    size_t held_len;
    size_t taken;
    uint64_t dropped; /* bytes of the input before held */
    uint64_t body;    /* where in the input the body began */
    uint64_t left;    /* of a LENGTH body */
    uint64_t ignored;
    bool alive;
    case_text data; /* content of the body so far */
    weir_http_field *fields;
    weir_http_field *trailers;
    weir_http_parser parser;
    weir_http_chunked chunked;
} exchange;

static const char *view(const exchange *e)
{
    return e->held + e->taken;
}

static size_t view_len(const exchange *e)
{
    return e->held_len - e->taken;
}

/* A line "word text"; without a text the word alone. */
static void line(exchange *e, const char *word, weir_bytes text)
{
    case_text_print(e->events, text.len > 0 ? "%s " : "%s", word);
    case_text_escape(e->events, text);
    case_text_end_line(e->events);
}

static void plain_line(exchange *e, const char *text)
{
    line(e, text, weir_bytes_of(NULL, 0));
}

static void field_line(exchange *e, const char *word, weir_bytes name, weir_bytes value)
{
    case_text_print(e->events, "%s ", word);
    case_text_escape(e->events, name);
    line(e, ":", value);
}

static void data_line(exchange *e, const char *word)
{
    if (e->data.len > 0) line(e, word, weir_bytes_of(e->data.data, e->data.len));
    e->data.len = 0;
}

static void refuse(exchange *e, int error, uint64_t offset)
{
    const char *name = weir_errname(error);
    const char prefix[] = "WEIR_EHTTP_";
    if (strncmp(name, prefix, sizeof prefix - 1) == 0) name += sizeof prefix - 1;
    data_line(e, "data");
    case_text_print(e->events, "error %s at %llu status %d section %s\n", name,
                    (unsigned long long)offset, weir_http_error_status(error),
                    weir_http_error_section(error));
    e->phase = FAILED;
}

static void fields_lines(exchange *e)
{
    for (uint32_t i = 0; i < e->parser.count; i++)
        field_line(e, "field", weir_http_parser_name(&e->parser, view(e), i),
                   weir_http_parser_value(&e->parser, view(e), i));
}

static void framing_lines(exchange *e)
{
    const weir_http_framing *framing = &e->parser.framing;
    switch (framing->body) {
    case WEIR_HTTP_BODY_NONE: plain_line(e, "framing none"); break;
    case WEIR_HTTP_BODY_CHUNKED: plain_line(e, "framing chunked"); break;
    case WEIR_HTTP_BODY_UNTIL_CLOSE: plain_line(e, "framing until-close"); break;
    case WEIR_HTTP_BODY_TUNNEL: plain_line(e, "framing tunnel"); break;
    case WEIR_HTTP_BODY_LENGTH:
        case_text_print(e->events, "framing length %llu\n", (unsigned long long)framing->length);
        break;
    }
    plain_line(e, e->alive ? "keep-alive" : "close");
}

/* The whole Upgrade list, when there is one that counts. */
static void upgrade_line(exchange *e)
{
    if (!weir_http_parser_upgrades_to(&e->parser, view(e), weir_bytes_of(NULL, 0))) return;
    case_text all = {NULL, 0, 0};
    int at = -1;
    while ((at = weir_http_parser_find(&e->parser, WEIR_HTTP_FIELD_UPGRADE, (uint32_t)(at + 1))) >=
           0) {
        weir_bytes list = weir_http_parser_value(&e->parser, view(e), (uint32_t)at);
        if (all.len > 0) case_text_add(&all, ", ", 2);
        case_text_add(&all, list.data, list.len);
    }
    line(e, "upgrade", weir_bytes_of(all.data, all.len));
    case_text_free(&all);
}

static void head_lines(exchange *e)
{
    const weir_http_parser *parser = &e->parser;
    if (!e->c->response) {
        line(e, "method", weir_http_parser_method(parser, view(e)));
        line(e, "target", weir_http_parser_target(parser, view(e)));
    }
    plain_line(e, parser->version == WEIR_HTTP_1_1 ? "version 1.1" : "version 1.0");
    if (e->c->response) {
        case_text_print(e->events, "status %d\n", weir_http_parser_status(parser));
        line(e, "reason", weir_http_parser_reason(parser, view(e)));
    }
    fields_lines(e);
    framing_lines(e);
    upgrade_line(e);
    int expects = weir_http_parser_expects_continue(parser, view(e));
    if (expects == 1) plain_line(e, "expects 100-continue");
    if (expects == WEIR_EHTTP_EXPECTATION) plain_line(e, "expects unknown");
}

static void next_message(exchange *e)
{
    weir_http_parser_reset(&e->parser);
    e->phase = e->alive ? HEAD : IGNORED;
}

/* Chunked trailers have as much room as their limit asks for, and no more. */
static void begin_body(exchange *e)
{
    e->body = e->dropped + e->taken;
    switch (e->parser.framing.body) {
    case WEIR_HTTP_BODY_NONE: next_message(e); break;
    case WEIR_HTTP_BODY_LENGTH:
        e->left = e->parser.framing.length;
        e->phase = LENGTH;
        break;
    case WEIR_HTTP_BODY_CHUNKED:
        weir_http_chunked_init(&e->chunked, &e->c->options, e->trailers, e->c->options.trailers);
        e->phase = CHUNKED;
        break;
    case WEIR_HTTP_BODY_UNTIL_CLOSE: e->phase = UNTIL_CLOSE; break;
    case WEIR_HTTP_BODY_TUNNEL: e->phase = TUNNEL; break;
    }
}

/* Each step returns whether there is something to do without more bytes. */
static bool step_head(exchange *e)
{
    int head = weir_http_parser_feed(&e->parser, view(e), view_len(e));
    if (head == 0) return false;
    if (weir_http_parser_feed(&e->parser, view(e), view_len(e)) != head)
        plain_line(e, "feed does not return the same again");
    if (head < 0) {
        if (weir_http_parser_finish(&e->parser) != head)
            plain_line(e, "finish does not return the error");
        refuse(e, head, e->dropped + e->taken + e->parser.error_offset);
        return false;
    }
    weir_http_parser_unfold(&e->parser, e->held + e->taken);
    e->alive = weir_http_parser_keeps_alive(&e->parser);
    head_lines(e);
    e->taken += (size_t)head;
    begin_body(e);
    return true;
}

static void take_data(exchange *e, size_t from, size_t len)
{
    case_text_add(&e->data, view(e) + from, len);
}

static bool step_length(exchange *e)
{
    size_t len = e->left < view_len(e) ? (size_t)e->left : view_len(e);
    take_data(e, 0, len);
    e->taken += len;
    e->left -= len;
    if (e->left > 0) return false;
    data_line(e, "data");
    plain_line(e, "end");
    next_message(e);
    return true;
}

static bool step_chunked(exchange *e)
{
    weir_http_chunked_step step;
    int event = weir_http_chunked_next(&e->chunked, view(e), view_len(e), &step);
    if (event < 0) {
        refuse(e, event, e->body + e->chunked.error_offset);
        return false;
    }
    if (event == WEIR_HTTP_CHUNKED_DATA) take_data(e, step.data, step.data_len);
    if (event == WEIR_HTTP_CHUNKED_END) {
        data_line(e, "data");
        for (uint32_t i = 0; i < e->chunked.count; i++) {
            const weir_http_field *field = &e->trailers[i];
            field_line(e, "trailer", weir_bytes_of(view(e) + field->name, field->name_len),
                       weir_bytes_of(view(e) + field->value, field->value_len));
        }
        plain_line(e, "end");
        next_message(e);
    }
    e->taken += step.taken;
    return event != WEIR_HTTP_CHUNKED_MORE;
}

static bool step_rest(exchange *e)
{
    if (e->phase == IGNORED) e->ignored += view_len(e);
    if (e->phase == UNTIL_CLOSE || e->phase == TUNNEL) take_data(e, 0, view_len(e));
    e->taken = e->held_len;
    return false;
}

static bool step(exchange *e)
{
    switch (e->phase) {
    case HEAD: return step_head(e);
    case LENGTH: return step_length(e);
    case CHUNKED: return step_chunked(e);
    default: return step_rest(e);
    }
}

/* Drops what is taken, and puts the next bytes of the input behind the rest, at a new place. */
static void arrive(exchange *e, size_t from, size_t len)
{
    const char *bytes = len > 0 ? e->c->record.input.data + from : NULL;
    if (e->moves) {
        size_t kept = view_len(e);
        char *place = malloc(kept + len > 0 ? kept + len : 1);
        assert_non_null(place);
        if (kept > 0) memcpy(place, view(e), kept);
        if (len > 0) memcpy(place + kept, bytes, len);
        free(e->held);
        e->held = place;
        e->dropped += e->taken;
        e->taken = 0;
        e->held_len = kept + len;
        if (e->held_len == 0) ASAN_POISON_MEMORY_REGION(e->held, 1);
    } else {
        ASAN_UNPOISON_MEMORY_REGION(e->held + from, len);
        if (len > 0) memcpy(e->held + from, bytes, len);
        e->held_len = from + len;
    }
}

static void finish(exchange *e)
{
    bool inside = (e->phase == HEAD && weir_http_parser_finish(&e->parser) == WEIR_EEOF) ||
                  e->phase == LENGTH || e->phase == CHUNKED ||
                  (e->phase == UNTIL_CLOSE && !e->c->eof);
    data_line(e, e->phase == TUNNEL ? "tunnel" : "data");
    if (e->phase == UNTIL_CLOSE && e->c->eof) plain_line(e, "end");
    if (inside) plain_line(e, e->c->eof ? "cut" : "more");
    if (e->ignored > 0)
        case_text_print(e->events, "ignored %llu\n", (unsigned long long)e->ignored);
}

static size_t piece_len(case_pieces *pieces, size_t at, size_t len)
{
    size_t want = len - at;
    if (pieces->how == PIECES_BYTES) want = 1;
    if (pieces->how == PIECES_SPLIT && at < pieces->split) want = pieces->split - at;
    if (pieces->how == PIECES_RANDOM) want = 1 + (size_t)(test_random(&pieces->seed) % 24);
    return want < len - at ? want : len - at;
}

void case_run(const http_case *c, case_pieces pieces, case_text *events)
{
    exchange e = {.c = c, .events = events};
    size_t len = c->record.input.len;
    e.moves = len <= MOVED_MAX || pieces.how == PIECES_ONE || pieces.how == PIECES_SPLIT;
    e.fields = malloc(c->capacity > 0 ? c->capacity * sizeof *e.fields : 1);
    e.trailers = malloc(c->options.trailers > 0 ? c->options.trailers * sizeof *e.trailers : 1);
    if (!e.moves) {
        e.held = malloc(len);
        assert_non_null(e.held);
        memset(e.held, 0, len); /* what a program without sanitizer finds beyond */
        ASAN_POISON_MEMORY_REGION(e.held, len);
    }
    assert_true(e.fields && e.trailers);
    if (c->response)
        weir_http_parser_response(&e.parser, &c->options, e.fields, c->capacity, c->to);
    else
        weir_http_parser_request(&e.parser, &c->options, e.fields, c->capacity);
    size_t at = 0;
    do {
        size_t take = piece_len(&pieces, at, len);
        arrive(&e, at, take);
        at += take;
        while (step(&e)) continue;
    } while (at < len && e.phase != FAILED);
    if (e.phase != FAILED) finish(&e);
    if (!e.moves) ASAN_UNPOISON_MEMORY_REGION(e.held, len);
    if (e.held_len == 0) ASAN_UNPOISON_MEMORY_REGION(e.held, 1);
    free(e.held);
    free(e.fields);
    free(e.trailers);
    case_text_free(&e.data);
}
