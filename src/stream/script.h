/* SPDX-License-Identifier: MIT
 *
 * A stream for tests that needs no engine: reads give what a script says, writes are kept.
 */
#ifndef STREAM_SCRIPT_H
#define STREAM_SCRIPT_H

#include <string.h>

#include <weir/stream/stream.h>

/* Reads hand out `steps` one by one (a text, or NULL for `error`), then the end; writes take at
 * most `bite` bytes, and fail with `write_error` once `room` is used up. */
typedef struct script_stream {
    weir_stream stream;
    const char *const *steps;
    int error, write_error;
    size_t at; /* within the present step */
    size_t bite, room;
    char out[4096];
    size_t written;
    unsigned reads, writes;
} script_stream;

static int64_t script_read(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                           weir_deadline deadline)
{
    script_stream *s = (script_stream *)stream;
    (void)io;
    (void)count;
    (void)deadline;
    s->reads++;
    if (!s->steps) return 0;
    if (!*s->steps) {
        s->steps = NULL;
        return s->error;
    }
    const char *from = *s->steps + s->at;
    size_t n = strlen(from);
    if (n > data->iov_len) n = data->iov_len;
    memcpy(data->iov_base, from, n);
    s->at += n;
    if (!(*s->steps)[s->at]) {
        s->steps++;
        s->at = 0;
    }
    return (int64_t)n;
}

static int64_t script_write(weir_io *io, weir_stream *stream, const struct iovec *data,
                            size_t count, uint32_t repeat, bool all, weir_deadline deadline)
{
    script_stream *s = (script_stream *)stream;
    size_t done = 0;
    (void)io;
    (void)deadline;
    s->writes++;
    for (size_t i = 0; i < count; i++) {
        const uint32_t turns = i + 1 < count ? 1 : repeat;
        for (uint32_t r = 0; r < turns; r++) {
            for (size_t b = 0; b < data[i].iov_len; b++) {
                if (s->written == s->room) return done ? (int64_t)done : s->write_error;
                if (!all && done == s->bite) return (int64_t)done;
                s->out[s->written++] = ((const char *)data[i].iov_base)[b];
                done++;
            }
        }
    }
    return (int64_t)done;
}

static const weir_stream_table script_table = {.read = script_read, .write = script_write};

#endif
