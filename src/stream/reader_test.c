/* SPDX-License-Identifier: MIT
 *
 * Does the buffered reader give every byte once, tell the end from an error, and keep its limits?
 */
#include "test/harness/test.h"

#include <weir/base/error.h>
#include <weir/stream/reader.h>

#include "stream/script.h"

#define READER(size_, ...)                                             \
    static const char *const steps[] = {__VA_ARGS__, NULL};            \
    script_stream s = {.stream.table = &script_table, .steps = steps}; \
    char buffer[(size_) + 1];                                          \
    weir_reader reader;                                                \
    weir_reader_init(&reader, &s.stream, buffer, (size_))

static void assert_view(weir_bytes view, const char *text)
{
    assert_int_equal(view.len, strlen(text));
    assert_memory_equal(view.data, text, view.len);
}

TEST(reader_takes_lines_whatever_the_split)
{
    READER(8, "a", "b\ncd", "ef\n", "\n", "rest");
    weir_bytes line;
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), 1);
    assert_view(line, "ab\n");
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), 1);
    assert_view(line, "cdef\n");
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), 1);
    assert_view(line, "\n");
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), WEIR_EEOF);
    assert_view(weir_reader_buffered(&reader), "rest");
    assert_int_equal(weir_reader_discard(NULL, &reader, 100), 4);
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), 0);
}

TEST(reader_line_that_fills_the_buffer_is_the_limit_and_stays)
{
    READER(4, "abcd\n");
    weir_bytes line;
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), WEIR_ELIMIT);
    assert_view(weir_reader_buffered(&reader), "abcd");
    assert_int_equal(weir_reader_discard(NULL, &reader, 1), 1);
    assert_int_equal(weir_reader_take_until(NULL, &reader, '\n', &line), 1);
    assert_view(line, "bcd\n");
}

TEST(reader_peek_and_take_move_what_is_there_to_make_room)
{
    READER(4, "abc", "def");
    weir_bytes view;
    assert_int_equal(weir_reader_take(NULL, &reader, 2, &view), 0);
    assert_view(view, "ab");
    assert_int_equal(weir_reader_peek(NULL, &reader, 4, &view), 0);
    assert_view(view, "cdef");
    assert_int_equal(weir_reader_peek(NULL, &reader, 5, &view), WEIR_ELIMIT);
    assert_int_equal(weir_reader_take(NULL, &reader, 4, &view), 0);
    assert_int_equal(weir_reader_fill(NULL, &reader, 1), WEIR_EEOF);
    assert_true(reader.ended);
}

TEST(reader_end_is_not_the_same_as_nothing_asked)
{
    READER(4, "ab");
    char out[8];
    assert_int_equal(weir_reader_read(NULL, &reader, out, 0), 0);
    assert_false(reader.ended);
    assert_int_equal(weir_reader_read_full(NULL, &reader, out, 8), 2);
    assert_true(reader.ended);
    assert_int_equal(weir_reader_read_full(NULL, &reader, out, 8), WEIR_EEOF);
    assert_int_equal(weir_reader_read(NULL, &reader, out, 8), 0);
}

TEST(reader_keeps_the_error_of_the_stream)
{
    READER(4, "ab");
    char out[8];
    s.error = WEIR_ECONNRESET;
    assert_int_equal(weir_reader_read_full(NULL, &reader, out, 8), 2);
    assert_int_equal(reader.error, WEIR_ECONNRESET);
    assert_false(reader.ended);
}

TEST(reader_without_a_buffer_still_reads_and_discards)
{
    READER(0, "abcdef");
    char out[3];
    assert_int_equal(weir_reader_discard(NULL, &reader, 2), 2);
    assert_int_equal(weir_reader_read(NULL, &reader, out, 3), 3);
    assert_memory_equal(out, "cde", 3);
    assert_int_equal(weir_reader_fill(NULL, &reader, 1), WEIR_ELIMIT);
}
