/* SPDX-License-Identifier: MIT
 *
 * Does each case of test/cases/dns give the events that it tells, is nothing read beyond its
 * message, wherever that is cut, and do its records not depend on reading its questions?
 *
 * WEIR_CASES=TEXT in the environment chooses the cases whose file name or title contains TEXT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/cases/dns_case.h"
#include "test/harness/guard.h"
#include "test/harness/test.h"

enum {
    CASES_MIN = 80,
    MESSAGE_ROOM = 1 << 17,
    CUTS_MAX = 2048, /* the longest message that is cut everywhere */
};

static void show_lines(char mark, const char *text, size_t len)
{
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        const size_t line = end ? (size_t)(end - text) : len, step = line + (end != NULL);
        fprintf(stderr, "    %c %.*s\n", mark, (int)(line < 300 ? line : 300), text);
        text += step;
        len -= step;
    }
}

static void show_failure(const dns_case *c, const char *how, const case_text *actual)
{
    fprintf(stderr, "\n%s:%d: %s\n    %s, %zu octets; - expected, + actual:\n", c->record.file,
            c->record.line, c->record.title, how, c->record.input.len);
    show_lines('-', c->record.events.data, c->record.events.len);
    show_lines('+', actual->data, actual->len);
}

/* Runs all cases; `run` shows what differs and returns whether nothing does. */
static void run_all(bool run(const dns_case *, const guarded *))
{
    case_set set = case_set_of(&dns_case_syntax, "dns");
    size_t failed = 0;
    guarded memory = guarded_new(MESSAGE_ROOM);
    for (size_t i = 0; i < set.count; i++)
        if (case_is_chosen(set.cases[i])) failed += !run(dns_case_of(set.cases[i]), &memory);
    guarded_free(&memory);
    case_set_free(&set);
    if (failed > 0) fail_msg("%zu cases fail", failed);
}

/* The events of the first `len` octets, which end where memory does. */
static case_text events_of(const dns_case *c, const guarded *memory, size_t len, bool questions)
{
    case_text actual = {NULL, 0, 0};
    const char *at = guarded_put(memory, c->record.input.data, len);
    dns_case_run(weir_bytes_of(at, len), c->data, questions, &actual);
    return actual;
}

static bool run_whole(const dns_case *c, const guarded *memory)
{
    case_text actual = events_of(c, memory, c->record.input.len, true);
    const bool same = weir_bytes_equal(weir_bytes_of(actual.data, actual.len),
                                       weir_bytes_of(c->record.events.data, c->record.events.len));
    if (!same) show_failure(c, "read from front to back", &actual);
    case_text_free(&actual);
    return same;
}

TEST(dns_cases_give_their_events)
{
    run_all(run_whole);
}

/* How long the last line of a text is. */
static size_t last_line(const case_text *text)
{
    const char *end = text->len > 1 ? memrchr(text->data, '\n', text->len - 1) : NULL;
    return end ? text->len - (size_t)(end - text->data) - 1 : text->len;
}

/* A message that is cut says what the whole one says, up to where it is cut. */
static bool run_cut(const dns_case *c, const guarded *memory)
{
    bool good = true;
    for (size_t len = 0; good && len < c->record.input.len && c->record.input.len <= CUTS_MAX;
         len++) {
        case_text actual = events_of(c, memory, len, true);
        const size_t same = actual.len - last_line(&actual);
        good = same <= c->record.events.len &&
               (same == 0 || memcmp(actual.data, c->record.events.data, same) == 0);
        if (!good) fprintf(stderr, "\ncut to %zu octets:", len);
        if (!good) show_failure(c, "cut", &actual);
        case_text_free(&actual);
    }
    return good;
}

TEST(dns_cases_that_are_cut_anywhere_say_the_same_up_to_there)
{
    run_all(run_cut);
}

/* The events without those of questions; a fault of questions is one of the first record. */
static case_text without_questions(const case_text *events)
{
    case_text out = {NULL, 0, 0};
    for (size_t at = 0; at < events->len;) {
        const char *line = events->data + at;
        const size_t len = (size_t)((char *)memchr(line, '\n', events->len - at) - line) + 1;
        if (len <= 9 || memcmp(line, "question ", 9) != 0) case_text_add(&out, line, len);
        at += len;
    }
    return out;
}

static bool run_records(const dns_case *c, const guarded *memory)
{
    if (c->record.events.len > 15 &&
        memmem(c->record.events.data, c->record.events.len, "error question", 14))
        return true;
    case_text actual = events_of(c, memory, c->record.input.len, false);
    case_text expected = without_questions(&c->record.events);
    /* A fault of the first record is told where the questions begin. */
    const bool fault = memmem(actual.data, actual.len, "error record", 12) != NULL;
    const size_t same = fault ? actual.len - last_line(&actual) : actual.len;
    const bool good = same <= expected.len && (fault || same == expected.len) &&
                      memcmp(actual.data, expected.data, same) == 0;
    if (!good) show_failure(c, "without its questions", &actual);
    case_text_free(&expected);
    case_text_free(&actual);
    return good;
}

TEST(dns_cases_give_their_records_without_reading_their_questions)
{
    run_all(run_records);
}

TEST(dns_cases_are_well_formed_and_at_least_80)
{
    case_set set = case_set_of(&dns_case_syntax, "dns");
    const size_t count = set.count;
    case_set_free(&set);
    if (count < CASES_MIN) fail_msg("%zu cases, %d are promised", count, CASES_MIN);
}

TEST(dns_case_file_that_is_malformed_is_told_with_its_line)
{
#define HEAD  "# Chapter\n\nText.\n\n"
#define TITLE "## Case\n\nReason.\n\n"
#define GOOD  HEAD TITLE "```message\n00 02*ff \"a#\" # x\n```\n\n```events\nend\n```\n"
    static const struct {
        const char *text;
        int line;
    } files[] = {
        {"", 0},
        {HEAD, 4},
        {"Text.\n", 1},
        {"## Case\n", 1},
        {HEAD TITLE, 8},
        {HEAD "## \n", 5},
        {HEAD TITLE "## Other\n", 9},
        {HEAD TITLE "# Other\n", 9},
        {HEAD "## Case\n\n```message\n", 7},
        {HEAD "```message\n", 5},
        {HEAD TITLE "```messages\n", 9},
        {HEAD TITLE "```message\n0\n", 10},
        {HEAD TITLE "```message\nxy\n", 10},
        {HEAD TITLE "```message\n\"a\n", 10},
        {HEAD TITLE "```message\n3*\n", 10},
        {HEAD TITLE "```message\n99999*0000\n", 10},
        {HEAD TITLE "```message\n00\n```\n```message\n", 12},
        {HEAD TITLE "```message\n00\n```\n```events\n\n", 13},
        {HEAD TITLE "```message\n00\n```\n```events\nend \n", 13},
        {GOOD "Text.\n", 16},
        {GOOD "```message\n", 16},
        {GOOD TITLE, 16},
        {GOOD "## Case\n", 16},
        {GOOD "x", 16},
    };
    case_set set = {.syntax = &dns_case_syntax};
    case_set_read(&set, "f.md", weir_bytes_text(GOOD));
    assert_int_equal(set.problems.len, 0);
    assert_int_equal(set.cases[0]->input.len, 5);
    assert_memory_equal(set.cases[0]->input.data,
                        "\0\xff\xff"
                        "a#",
                        5);
    case_set_free(&set);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int line = -1;
        case_set_read(&set, "f.md", weir_bytes_text(files[i].text));
        case_text_add(&set.problems, "", 1);
        if (sscanf(set.problems.data, "f.md:%d: ", &line) != 1 || line != files[i].line)
            fail_msg("file %zu: expected line %d: %s", i, files[i].line, set.problems.data);
        case_set_free(&set);
    }
}
