/* SPDX-License-Identifier: MIT
 *
 * Does a cause say in words what happened, and does it fit where it is put?
 */
#include <weir/io/task.h>

#include <string.h>

#include <weir/io/token.h>

#include "io/text.h"
#include "test/harness/test.h"

static void expect(weir_cause cause, const char *text)
{
    char out[128];
    assert_int_equal(weir_cause_print(&cause, out, sizeof out), strlen(text));
    assert_string_equal(out, text);
}

TEST(causes_are_words)
{
    expect((weir_cause){0}, "not canceled");
    expect((weir_cause){.kind = WEIR_CAUSE_REQUEST}, "asked to stop");
    expect((weir_cause){.kind = WEIR_CAUSE_DEADLINE, .when = {5}},
           "the operation's own deadline passed");
    expect((weir_cause){.kind = WEIR_CAUSE_SCOPE, .length = weir_seconds(5), .place = "main.c:42"},
           "deadline of 5 s set at main.c:42 passed");
    expect((weir_cause){.kind = WEIR_CAUSE_SCOPE, .place = "main.c:42"},
           "deadline set at main.c:42 passed");
    expect((weir_cause){.kind = WEIR_CAUSE_SCOPE}, "deadline passed");
    expect((weir_cause){.kind = WEIR_CAUSE_TOKEN,
                        .reason = WEIR_REASON_ABORTED,
                        .text = "shutting down",
                        .place = "main.c:17"},
           "canceled: shutting down (scope of main.c:17)");
    expect((weir_cause){.kind = WEIR_CAUSE_TOKEN, .reason = WEIR_REASON_TIMEOUT},
           "canceled: its deadline passed");
    expect((weir_cause){.kind = WEIR_CAUSE_TOKEN, .reason = WEIR_REASON_CANCELED}, "canceled");
    expect((weir_cause){.kind = (weir_cause_kind)99}, "unknown cause");
}

TEST(a_cause_is_cut_to_the_room)
{
    weir_cause cause = {.kind = WEIR_CAUSE_REQUEST};
    char out[8] = "xxxxxxx";
    assert_int_equal(weir_cause_print(&cause, out, 6), 13);
    assert_string_equal(out, "asked");
    assert_int_equal(weir_cause_print(&cause, out, 1), 13);
    assert_string_equal(out, "");
}

TEST(text_grows_and_tells_when_it_cannot)
{
    weir_text text = {0};
    for (int i = 0; i < 1000; i++) weir_text_add(&text, "%d,", i % 10);
    assert_int_equal(text.len, 2000);
    assert_int_equal(strlen(text.data), 2000);
    assert_memory_equal(text.data + 1990, "5,6,7,8,9,", 10);
    assert_false(text.failed);
    test_alloc_fail_after(0);
    char long_text[4096];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    weir_text_add(&text, "%s", long_text);
    test_alloc_reset();
    assert_true(text.failed);
    assert_int_equal(strlen(text.data), 2000);
    weir_text_free(&text);
    assert_null(text.data);
}
