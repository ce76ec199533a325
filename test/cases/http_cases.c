/* SPDX-License-Identifier: MIT
 *
 * Does each case of test/cases/http give the events that it tells, with every scanner, however its
 * bytes arrive?
 *
 * WEIR_CASES=TEXT in the environment chooses the cases whose file name or title contains TEXT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/wire/scan.h"
#include "test/cases/exchange.h"
#include "test/harness/test.h"

enum {
    CASES_MIN = 300,
    SPLIT_MAX = 2048, /* the longest input that is split everywhere */
    SPLITS = 32,      /* of a longer one */
    SHUFFLES = 4,     /* runs in random pieces */
    SHOWN_MAX = 20,   /* failed cases that are shown */
    SAME_WIDTH = 76,  /* of the longest line shown that is as expected */
    WIDTH = 400,      /* of one that is not */
};

/* Showing a failure ------------------------------------------------------------------------- */

/* The next line of a text, without its end; false after the last. */
static bool next_line(case_text text, size_t *at, weir_bytes *line)
{
    if (*at >= text.len) return false;
    const char *end = memchr(text.data + *at, '\n', text.len - *at);
    size_t stop = end ? (size_t)(end - text.data) : text.len;
    *line = weir_bytes_of(text.data + *at, stop - *at);
    *at = stop + 1;
    return true;
}

static void show_line(char mark, weir_bytes line, size_t width)
{
    bool whole = line.len <= width;
    fprintf(stderr, "    %c %.*s%s\n", mark, (int)(whole ? line.len : width), line.data,
            whole ? "" : " ...");
}

/* Where the error is that a text of events tells; SIZE_MAX when it tells none. */
static size_t error_offset(case_text events)
{
    weir_bytes line;
    for (size_t at = 0; next_line(events, &at, &line);) {
        const char *place = memmem(line.data, line.len, " at ", 4);
        if (place && line.len > 6 && memcmp(line.data, "error ", 6) == 0)
            return (size_t)strtoull(place + 4, NULL, 10);
    }
    return SIZE_MAX;
}

/* The lines of both sides that are the same, then those that are not. */
static void show_events(case_text expected, case_text actual)
{
    weir_bytes want = {NULL, 0}, got = {NULL, 0};
    size_t w = 0, g = 0;
    bool has_want = next_line(expected, &w, &want), has_got = next_line(actual, &g, &got);
    while (has_want && has_got && weir_bytes_equal(want, got)) {
        show_line(' ', want, SAME_WIDTH);
        has_want = next_line(expected, &w, &want);
        has_got = next_line(actual, &g, &got);
    }
    for (; has_want; has_want = next_line(expected, &w, &want)) show_line('-', want, WIDTH);
    for (; has_got; has_got = next_line(actual, &g, &got)) show_line('+', got, WIDTH);
}

/* The part of the input around an offset, with a mark below it. */
static void show_input(const http_case *c, const char *what, size_t offset)
{
    if (offset == SIZE_MAX || offset > c->record.input.len) return;
    case_text text = {NULL, 0, 0};
    size_t from = offset;
    while (from > 0 && offset - from < 40 && c->record.input.data[from - 1] != '\n') from--;
    size_t to = offset;
    while (to < c->record.input.len && to - offset < 24 &&
           (to == from || c->record.input.data[to - 1] != '\n'))
        to++;
    case_text_escape(&text, weir_bytes_of(c->record.input.data + from, offset - from));
    size_t column = text.len;
    case_text_escape(&text, weir_bytes_of(c->record.input.data + offset, to - offset));
    fprintf(stderr, "    %.*s\n    %*s^ %s, byte %zu\n", (int)text.len, text.data, (int)column, "",
            what, offset);
    case_text_free(&text);
}

static void show_pieces(case_pieces pieces)
{
    static const char *const names[] = {"one piece", "byte by byte", "split at", "random pieces"};
    fprintf(stderr, "%s", names[pieces.how]);
    if (pieces.how == PIECES_SPLIT) fprintf(stderr, " %zu", pieces.split);
    if (pieces.how == PIECES_RANDOM) fprintf(stderr, " of %#llx", (unsigned long long)pieces.seed);
}

static void show_failure(const http_case *c, const char *scanner, case_pieces pieces,
                         case_text actual)
{
    fprintf(stderr, "\n%s:%d: %s\n    scanner %s, ", c->record.file, c->record.line,
            c->record.title, scanner);
    show_pieces(pieces);
    fprintf(stderr, ", %zu bytes; - expected, + actual:\n", c->record.input.len);
    show_events(c->record.events, actual);
    show_input(c, "expected", error_offset(c->record.events));
    show_input(c, "actual", error_offset(actual));
    if (pieces.how == PIECES_SPLIT) show_input(c, "split", pieces.split);
}

/* Running ----------------------------------------------------------------------------------- */

/* What a run over all cases keeps. */
typedef struct runner {
    const char *scanner;
    case_text actual;
    uint64_t seed;
    const http_case *last_failed;
    size_t failed; /* cases */
} runner;

static bool run_once(runner *r, const http_case *c, case_pieces pieces)
{
    r->actual.len = 0;
    case_run(c, pieces, &r->actual);
    if (r->actual.len == c->record.events.len &&
        (r->actual.len == 0 || memcmp(r->actual.data, c->record.events.data, r->actual.len) == 0))
        return true;
    if (c != r->last_failed) r->failed++;
    if (c != r->last_failed && r->failed <= SHOWN_MAX)
        show_failure(c, r->scanner, pieces, r->actual);
    else if (r->failed <= SHOWN_MAX)
        fprintf(stderr, "    scanner %s fails too\n", r->scanner);
    r->last_failed = c;
    return false;
}

/* Runs all cases with each scanner; with one, a case ends with its first failure. */
static void run_all(void run(runner *, const http_case *), uint64_t seed)
{
    case_set set = case_set_of(&http_case_syntax, "http");
    runner r = {.seed = seed};
    for (size_t i = 0; i < set.count; i++) {
        if (!case_is_chosen(set.cases[i])) continue;
        const weir_http_scanner *const *scanner = weir_http_scanners();
        for (; *scanner; scanner++) {
            weir_http_scanner_use(*scanner);
            r.scanner = (*scanner)->name;
            run(&r, http_case_of(set.cases[i]));
        }
    }
    weir_http_scanner_use(NULL);
    case_text_free(&r.actual);
    case_set_free(&set);
    if (r.failed > 0)
        fail_msg("%zu cases fail, of which %d at most are shown", r.failed, SHOWN_MAX);
}

static void run_in_one_piece(runner *r, const http_case *c)
{
    run_once(r, c, (case_pieces){PIECES_ONE, 0, 0});
}

static void run_bytes(runner *r, const http_case *c)
{
    run_once(r, c, (case_pieces){PIECES_BYTES, 0, 0});
}

static void run_splits(runner *r, const http_case *c)
{
    size_t len = c->record.input.len;
    if (len <= SPLIT_MAX) {
        for (size_t split = 1; split < len; split++)
            if (!run_once(r, c, (case_pieces){PIECES_SPLIT, split, 0})) return;
    } else {
        for (int i = 0; i < SPLITS; i++) {
            size_t split = 1 + (size_t)(test_random(&r->seed) % (len - 1));
            if (!run_once(r, c, (case_pieces){PIECES_SPLIT, split, 0})) return;
        }
    }
}

static void run_random(runner *r, const http_case *c)
{
    for (int i = 0; i < SHUFFLES; i++)
        if (!run_once(r, c, (case_pieces){PIECES_RANDOM, 0, test_random(&r->seed)})) return;
}

TEST(http_cases_give_their_events_in_one_piece)
{
    run_all(run_in_one_piece, 0);
}

TEST(http_cases_give_their_events_byte_by_byte)
{
    run_all(run_bytes, 0);
}

TEST(http_cases_give_their_events_at_every_split)
{
    run_all(run_splits, test_seed());
}

TEST(http_cases_give_their_events_in_random_pieces)
{
    run_all(run_random, test_seed());
}

TEST(http_cases_are_well_formed_and_at_least_300)
{
    case_set set = case_set_of(&http_case_syntax, "http");
    size_t count = set.count;
    case_set_free(&set);
    if (count < CASES_MIN) fail_msg("%zu cases, %d are promised", count, CASES_MIN);
}
