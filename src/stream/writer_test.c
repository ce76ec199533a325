/* SPDX-License-Identifier: MIT
 *
 * Does the buffered writer neither lose nor repeat a byte, also when the stream fails part way?
 */
#include "test/harness/test.h"

#include <weir/base/error.h>
#include <weir/stream/writer.h>

#include "stream/script.h"

#define WRITER(size_, room_)                                                                   \
    script_stream s = {                                                                        \
        .stream.table = &script_table, .bite = 3, .room = (room_), .write_error = WEIR_EPIPE}; \
    char buffer[(size_) + 1];                                                                  \
    weir_writer writer;                                                                        \
    weir_writer_init(&writer, &s.stream, buffer, (size_))

static void assert_out(const script_stream *s, const char *text)
{
    assert_int_equal(s->written, strlen(text));
    assert_memory_equal(s->out, text, s->written);
}

TEST(writer_gathers_small_writes_into_one)
{
    WRITER(16, 4096);
    for (int i = 0; i < 5; i++) assert_int_equal(weir_writer_write(NULL, &writer, "abc", 3), 3);
    assert_int_equal(s.writes, 0);
    assert_int_equal(weir_writer_flush(NULL, &writer), 0);
    assert_int_equal(s.writes, 1);
    assert_out(&s, "abcabcabcabcabc");
}

TEST(writer_sends_what_does_not_fit_with_the_buffer)
{
    WRITER(4, 4096);
    assert_int_equal(weir_writer_write(NULL, &writer, "ab", 2), 2);
    assert_int_equal(weir_writer_write(NULL, &writer, "cdefgh", 6), 6);
    assert_int_equal(s.writes, 1);
    assert_out(&s, "abcdefgh");
    assert_int_equal(writer.used, 0);
}

TEST(writer_repeats_the_last_slice_as_often_as_asked)
{
    WRITER(8, 4096);
    struct iovec slices[] = {{"<", 1}, {"", 0}, {"xy", 2}};
    assert_int_equal(weir_writer_write_vector(NULL, &writer, slices, 3, 3), 7);
    assert_int_equal(weir_writer_write_vector(NULL, &writer, slices, 3, 0), 1);
    assert_int_equal(weir_writer_write_vector(NULL, &writer, slices, 3, 10), 21);
    assert_int_equal(weir_writer_flush(NULL, &writer), 0);
    assert_out(&s, "<xyxyxy<<xyxyxyxyxyxyxyxyxyxy");
    assert_int_equal(weir_writer_write_vector(NULL, &writer, NULL, 0, 1), 0);
}

TEST(writer_tells_exactly_what_was_taken_when_the_stream_fails)
{
    WRITER(4, 5);
    assert_int_equal(weir_writer_write(NULL, &writer, "ab", 2), 2);
    assert_int_equal(weir_writer_write(NULL, &writer, "cdefgh", 6), 3);
    assert_int_equal(writer.error, WEIR_EPIPE);
    assert_out(&s, "abcde");
    assert_int_equal(writer.used, 0);
}

TEST(writer_keeps_what_did_not_go_for_the_next_flush)
{
    WRITER(8, 3);
    assert_int_equal(weir_writer_write(NULL, &writer, "abcdef", 6), 6);
    assert_int_equal(weir_writer_flush(NULL, &writer), WEIR_EPIPE);
    assert_int_equal(writer.used, 3);
    s.room = 4096;
    assert_int_equal(weir_writer_flush(NULL, &writer), 0);
    assert_out(&s, "abcdef");
}

TEST(writer_passes_from_a_reader_up_to_the_limit)
{
    static const char *const steps[] = {"abc", "def", NULL};
    script_stream from = {.stream.table = &script_table, .steps = steps};
    char in[4];
    weir_reader reader;
    weir_reader_init(&reader, &from.stream, in, sizeof in);
    WRITER(2, 4096);
    assert_int_equal(weir_writer_pass(NULL, &writer, &reader, 4), 4);
    assert_int_equal(weir_writer_pass(NULL, &writer, &reader, 100), 2);
    assert_int_equal(weir_writer_flush(NULL, &writer), 0);
    assert_out(&s, "abcdef");
}
