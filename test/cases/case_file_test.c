/* SPDX-License-Identifier: MIT
 *
 * Is a case file read as README.md says, and is one that does not keep to it refused at its line?
 */
#include <stdio.h>

#include "test/cases/http_case.h"
#include "test/harness/test.h"

#define HEAD  "# Chapter\n\nText.\n\n"
#define TITLE "## Case\n\nReason.\n\n"
#define INPUT "```request\nGET\n```\n\n"
#define GOOD  HEAD TITLE INPUT "```events\nmore\n```\n"

static void read_text(case_set *set, const char *text)
{
    *set = (case_set){.syntax = &http_case_syntax};
    case_set_read(set, "f.md", weir_bytes_text(text));
}

static void assert_text_is(case_text text, const char *expected, size_t len)
{
    assert_int_equal(text.len, len);
    assert_memory_equal(text.data, expected, len);
}

TEST(case_file_gives_bytes_options_and_events)
{
    case_set set;
    read_text(&set, HEAD "## One\n\nReason\nof two lines.\n\n"
                         "```response lenient=lf,fold,te-cl to=HEAD limit:start_line=40 "
                         "limit:body=18446744073709551615 fields=3 eof\n"
                         "a\\r\\n\n\n\\x00\\0\\s\\\\\\{3*b\\t}c\n```\n\n"
                         "```events\nfield A: \\x09\\{2*x}  \nreason \\s\n```\n\n" TITLE INPUT
                         "```events\n```\n");
    assert_int_equal(set.problems.len, 0);
    assert_int_equal(set.count, 2);
    const http_case *c = http_case_of(set.cases[0]), *d = http_case_of(set.cases[1]);
    assert_string_equal(c->record.title, "One");
    assert_string_equal(c->record.file, "f.md");
    assert_int_equal(c->record.line, 5);
    assert_true(c->response && c->eof);
    assert_int_equal(c->to, WEIR_HTTP_HEAD);
    assert_int_equal(c->capacity, 3);
    assert_int_equal(c->options.lenient,
                     WEIR_HTTP_LENIENT_LF | WEIR_HTTP_LENIENT_FOLD | WEIR_HTTP_LENIENT_TE_CL);
    assert_int_equal(c->options.start_line, 40);
    assert_int_equal(c->options.field_line, 16384);
    assert_true(c->options.body == UINT64_MAX);
    assert_text_is(c->record.input, "a\r\n\0\0 \\b\tb\tb\tc", 14);
    assert_text_is(c->record.events, "field A: \\txx\nreason \\s\n", 24);
    assert_false(d->response || d->eof);
    assert_int_equal(d->options.lenient, 0);
    assert_int_equal(d->record.events.len, 0);
    case_set_free(&set);
}

TEST(case_file_that_is_malformed_is_told_with_its_line)
{
    static const struct {
        const char *text;
        int line;
    } cases[] = {
        {"", 0},
        {HEAD, 4},
        {"Text.\n", 1},
        {"# Chapter\n" TITLE, 2},
        {TITLE, 1},
        {HEAD "## \n", 5},
        {HEAD TITLE, 8},
        {HEAD TITLE "## Other\n", 9},
        {HEAD TITLE "# Other\n", 9},
        {HEAD TITLE "### Other\n", 9},
        {HEAD "## Case\n\n" INPUT, 7},
        {HEAD INPUT, 5},
        {HEAD TITLE "```sh\n", 9},
        {HEAD TITLE "```requests\n", 9},
        {HEAD TITLE "```request  eof\n", 9},
        {HEAD TITLE "```request EOF\n", 9},
        {HEAD TITLE "```request to=GET\n", 9},
        {HEAD TITLE "```response to=\n", 9},
        {HEAD TITLE "```request lenient=\n", 9},
        {HEAD TITLE "```request lenient=lf,\n", 9},
        {HEAD TITLE "```request lenient=everything\n", 9},
        {HEAD TITLE "```request limit:lines=4\n", 9},
        {HEAD TITLE "```request limit:fields=\n", 9},
        {HEAD TITLE "```request limit:fields=-1\n", 9},
        {HEAD TITLE "```request limit:fields=4294967296\n", 9},
        {HEAD TITLE "```request limit:body=18446744073709551616\n", 9},
        {HEAD TITLE "```request fields=many\n", 9},
        {HEAD TITLE "```request\n\\q\n", 10},
        {HEAD TITLE "```request\n\\x0\n", 10},
        {HEAD TITLE "```request\n\\\n", 10},
        {HEAD TITLE "```request\n\\{a*2}\n", 10},
        {HEAD TITLE "```request\n\\{2*a\n", 10},
        {HEAD TITLE "```request\n\\{99999999*a}\n", 10},
        {HEAD TITLE "```request\n\\{2*\\{2*a}}\n", 10},
        {HEAD TITLE "```request\na \n", 10},
        {HEAD TITLE "```request\na\tb\n", 10},
        {HEAD TITLE "```request\n\xC3\xA9\n", 10},
        {HEAD TITLE "```request\nGET", 10},
        {HEAD TITLE "```request\nGET\n", 10},
        {HEAD TITLE INPUT, 12},
        {HEAD TITLE INPUT "Text.\n", 13},
        {HEAD TITLE INPUT "## Other\n", 13},
        {HEAD TITLE INPUT INPUT, 13},
        {HEAD TITLE INPUT "```events\n\n", 14},
        {HEAD TITLE INPUT "```events\nmore\n", 14},
        {GOOD "Text.\n", 16},
        {GOOD INPUT, 16},
        {GOOD "# Other\n", 16},
        {GOOD TITLE, 16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        case_set set;
        read_text(&set, cases[i].text);
        int line = -1;
        case_text_add(&set.problems, "", 1);
        if (sscanf(set.problems.data, "f.md:%d: ", &line) != 1 || line != cases[i].line)
            fail_msg("file %zu: expected line %d: %s", i, cases[i].line, set.problems.data);
        for (size_t j = 0; j < set.count; j++) assert_string_equal(set.cases[j]->title, "Case");
        case_set_free(&set);
    }
}
