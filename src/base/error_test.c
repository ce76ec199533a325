/* SPDX-License-Identifier: MIT
 *
 * Is every line of error.def well formed, and does each code give its own name, text and class?
 */
#include "test/harness/test.h"

#include <limits.h>
#include <string.h>

#include <weir/base/error.h>

static const struct {
    int code;
    weir_error_class class_;
    const char *name;
    const char *text;
} lines[] = {
#define X(name_, code_, class_, text_) {(code_), WEIR_CLASS_##class_, "WEIR_" #name_, text_},
#include <weir/base/error.def>
#undef X
};

enum { LINES = sizeof lines / sizeof lines[0] };

TEST(each_listed_error_gives_its_own_name_text_and_class)
{
    for (int i = 0; i < LINES; i++) {
        assert_string_equal(weir_errname(lines[i].code), lines[i].name);
        assert_string_equal(weir_strerror(lines[i].code), lines[i].text);
        assert_int_equal(weir_errclass(lines[i].code), lines[i].class_);
    }
}

TEST(errors_are_negative_and_differ_in_code_and_name)
{
    for (int i = 0; i < LINES; i++) {
        assert_true(lines[i].code < 0);
        for (int j = 0; j < i; j++) {
            assert_int_not_equal(lines[i].code, lines[j].code);
            assert_string_not_equal(lines[i].name, lines[j].name);
        }
    }
}

TEST(error_texts_say_something_and_fit_in_the_middle_of_a_sentence)
{
    for (int i = 0; i < LINES; i++) {
        size_t length = strlen(lines[i].text);
        assert_true(length >= 3);
        assert_int_not_equal(lines[i].text[length - 1], '.');
        assert_null(strchr(lines[i].text, '\n'));
        assert_int_not_equal(lines[i].class_, WEIR_CLASS_NONE);
        for (int j = 0; j < i; j++) assert_string_not_equal(lines[i].text, lines[j].text);
    }
}

TEST(codes_of_our_own_stay_clear_of_the_errnos)
{
    for (int i = 0; i < LINES; i++) assert_true(lines[i].code >= -4095 || lines[i].code < -10000);
}

TEST(a_value_that_is_no_error_is_success)
{
    static const int good[] = {0, 1, 4096, INT_MAX};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_string_equal(weir_strerror(good[i]), "success");
        assert_string_equal(weir_errname(good[i]), "WEIR_OK");
        assert_int_equal(weir_errclass(good[i]), WEIR_CLASS_NONE);
    }
}

TEST(an_errno_that_is_not_listed_has_the_text_of_the_c_library)
{
    assert_string_equal(weir_strerror(-ENOTTY), strerror(ENOTTY));
    assert_string_equal(weir_errname(-ENOTTY), "WEIR_EUNKNOWN");
    assert_int_equal(weir_errclass(-ENOTTY), WEIR_CLASS_SYSTEM);
}

TEST(an_unknown_code_is_told_as_unknown)
{
    static const int codes[] = {-4000, -4095, -4096, -9999, -10000, -99999, -INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_equal(weir_strerror(codes[i]), "unknown error");
        assert_string_equal(weir_errname(codes[i]), "WEIR_EUNKNOWN");
        assert_int_equal(weir_errclass(codes[i]), WEIR_CLASS_SYSTEM);
    }
}
