/* SPDX-License-Identifier: MIT
 *
 * A pipe: two streams connected in memory, each way through a bounded buffer.
 *
 *     ends[0] --write--> [ buffer 0 ] --read--> ends[1]
 *     ends[0] <--read--- [ buffer 1 ] <--write- ends[1]
 *
 * The two ends may be used by different tasks, on any engine, across threads.  Used for tests of
 * everything that runs on a stream, and to join two halves of a program.
 */
#ifndef WEIR_STREAM_PIPE_H
#define WEIR_STREAM_PIPE_H

#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One direction: a ring of bytes.
 * Invariant: `lock` guards all; `changed` counts every change that a waiter may wait for. */
typedef struct weir_pipe_way {
    uint32_t lock;
    uint32_t changed;
    char *buffer;
    size_t capacity, at, used;
    size_t lent;        /* bytes at `at` that the reader holds */
    bool write_closed;  /* no byte will be added: the reader sees the end after the rest */
    bool reader_closed; /* nobody reads: the writer gets WEIR_EPIPE */
} weir_pipe_way;

/* One of the two streams. */
typedef struct weir_pipe_end {
    weir_stream stream;
    weir_pipe_way *in, *out;
} weir_pipe_end;

/* Both ends and what lies between.  A plain value; must not move while in use. */
typedef struct weir_pipe {
    weir_pipe_end ends[2];
    weir_pipe_way ways[2];
} weir_pipe;

/* Connects the two ends.  `buffers` are two buffers of `capacity` > 0 bytes, lent until both ends
 * are closed or no longer used.  The ends are &pipe->ends[i].stream.  Never waits. */
void weir_pipe_init(weir_pipe *pipe, void *buffers[2], size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
