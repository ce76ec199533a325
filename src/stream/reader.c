/* SPDX-License-Identifier: MIT
 *
 * The buffered reader.  Invariant: begin <= end <= capacity; a call that fails consumes nothing,
 * but for discard and read_full, which say so.
 */
#include <weir/stream/reader.h>

#include <string.h>

#include <weir/base/error.h>

static size_t buffered(const weir_reader *reader)
{
    return reader->end - reader->begin;
}

void weir_reader_init(weir_reader *reader, weir_stream *stream, void *buffer, size_t capacity)
{
    *reader = (weir_reader){.stream = stream, .buffer = buffer, .capacity = capacity};
}

/* Reads from the stream itself; keeps the outcome. */
static int64_t read_stream(weir_io *io, weir_reader *reader, void *out, size_t len)
{
    if (reader->ended) return 0;
    int64_t n = weir_stream_read(io, reader->stream, out, len);
    if (n == 0 && len > 0) reader->ended = true;
    if (n < 0) reader->error = (int)n;
    return n;
}

/* Takes in more bytes behind those that are buffered: > 0, 0 at the end, or an error. */
static int64_t take_in(weir_io *io, weir_reader *reader)
{
    if (reader->begin == reader->end) reader->begin = reader->end = 0;
    if (reader->end == reader->capacity) {
        if (reader->begin == 0) return WEIR_ELIMIT;
        memmove(reader->buffer, reader->buffer + reader->begin, buffered(reader));
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    int64_t n =
        read_stream(io, reader, reader->buffer + reader->end, reader->capacity - reader->end);
    if (n > 0) reader->end += (size_t)n;
    return n;
}

static size_t take_buffered(weir_reader *reader, void *out, size_t len)
{
    size_t n = buffered(reader) < len ? buffered(reader) : len;
    if (n > 0) memcpy(out, reader->buffer + reader->begin, n);
    reader->begin += n;
    return n;
}

int64_t weir_reader_read(weir_io *io, weir_reader *reader, void *out, size_t len)
{
    if (len == 0) return 0;
    if (buffered(reader) == 0) {
        /* A read at least as large as the buffer gains nothing from a copy. */
        if (len >= reader->capacity) return read_stream(io, reader, out, len);
        int64_t n = take_in(io, reader);
        if (n <= 0) return n;
    }
    return (int64_t)take_buffered(reader, out, len);
}

int64_t weir_reader_read_full(weir_io *io, weir_reader *reader, void *out, size_t len)
{
    size_t done = 0;
    while (done < len) {
        int64_t n = weir_reader_read(io, reader, (char *)out + done, len - done);
        if (n <= 0 && done == 0) return n < 0 ? n : WEIR_EEOF;
        if (n <= 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

int weir_reader_fill(weir_io *io, weir_reader *reader, size_t n)
{
    if (n > reader->capacity) return WEIR_ELIMIT;
    if (reader->capacity - reader->begin < n) {
        memmove(reader->buffer, reader->buffer + reader->begin, buffered(reader));
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    while (buffered(reader) < n) {
        int64_t got = take_in(io, reader);
        if (got < 0) return (int)got;
        if (got == 0) return WEIR_EEOF;
    }
    return 0;
}

int weir_reader_peek(weir_io *io, weir_reader *reader, size_t n, weir_bytes *out)
{
    int error = weir_reader_fill(io, reader, n);
    if (!error) *out = weir_bytes_of(reader->buffer + reader->begin, n);
    return error;
}

int weir_reader_take(weir_io *io, weir_reader *reader, size_t n, weir_bytes *out)
{
    int error = weir_reader_peek(io, reader, n, out);
    if (!error) reader->begin += n;
    return error;
}

int weir_reader_take_until(weir_io *io, weir_reader *reader, char delimiter, weir_bytes *out)
{
    size_t looked = 0; /* bytes after begin that hold no delimiter: each is looked at once */
    for (;;) {
        const char *from = reader->buffer + reader->begin;
        const size_t there = buffered(reader);
        const char *hit = there > looked ? memchr(from + looked, delimiter, there - looked) : NULL;
        if (hit) {
            *out = weir_bytes_of(from, (size_t)(hit - from) + 1);
            reader->begin += out->len;
            return 1;
        }
        looked = there;
        if (looked == reader->capacity) return WEIR_ELIMIT;
        int64_t n = take_in(io, reader);
        if (n < 0) return (int)n;
        if (n == 0) return buffered(reader) ? WEIR_EEOF : 0;
    }
}

int64_t weir_reader_discard(weir_io *io, weir_reader *reader, uint64_t n)
{
    char scratch[4096];
    uint64_t done = 0;
    while (done < n) {
        const uint64_t left = n - done;
        if (buffered(reader) > 0) {
            const size_t step = buffered(reader) < left ? buffered(reader) : (size_t)left;
            reader->begin += step;
            done += step;
            continue;
        }
        int64_t got =
            read_stream(io, reader, scratch, left < sizeof scratch ? (size_t)left : sizeof scratch);
        if (got < 0) return got;
        if (got == 0) break;
        done += (uint64_t)got;
    }
    return (int64_t)done;
}
