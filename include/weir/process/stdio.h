/* SPDX-License-Identifier: MIT
 *
 * Standard input, output and error as streams; also the streams to and from a child process.
 *
 * A descriptor 0, 1 or 2 is shared with whoever started the program, so it is never made
 * non-blocking: that would hold for all who share it.  What is behind it decides how it is used:
 *
 * - a pipe or terminal is opened once more through /proc/self/fd, with a state of its own;
 * - a socket is used as it is, each call without waiting;
 * - a regular file is used as it is, at the offset that is shared, by weir_work: a disk may block;
 * - anything else is used as it is, when poll(2) says that it is ready.
 *
 * A pipe or terminal that cannot be opened again (no /proc, no permission) is used as it is, too.
 * Where the kernel then lacks RWF_NOWAIT for it (terminals; pipes before Linux 6.4), a call
 * can hold its thread when another process takes what poll(2) has announced.
 *
 * These streams have the verbs read, write, prepare_write (not on regular files), shutdown_write,
 * send_file and close; not the lent reads.  No call raises SIGPIPE.
 */
#ifndef WEIR_PROCESS_STDIO_H
#define WEIR_PROCESS_STDIO_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A stream over one descriptor.  Read `fd` (-1: closed), for an op of your own on a pipe or
 * terminal (WEIR_OP_READ in a select); all else is the stream's.  A plain value; must not move
 * while an operation is in flight. */
typedef struct weir_stdio {
    weir_stream stream;
    int fd;
    bool owned;  /* closing the stream closes `fd` */
    bool blocks; /* calls may block: they are work (weir_work) */
    bool shut;   /* weir_stream_shutdown_write was called */
} weir_stdio;

/* Makes a stream of descriptor 0, 1 or 2.  Closing it leaves the descriptor open, which must stay
 * open as long as the stream.  weir_stream_shutdown_write ends only the stream: who reads the other
 * side sees the end when the program closes the descriptor.
 *
 * Returns 0 and *out, the caller's to close; WEIR_EBADF: the descriptor is closed, or open for the
 * other direction only; WEIR_EISDIR: it is a directory; WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM.
 * Besides the errors of its verbs a stream has WEIR_EIO (terminal hung up, disk), WEIR_ENOSPC and
 * WEIR_EPIPE (also: after shutdown_write).  What was typed and not read when a read is canceled
 * stays for the next.
 * Never waits; not a cancellation point.  From a task of `io`. */
int weir_stdin(weir_io *io, weir_stdio *out);
int weir_stdout(weir_io *io, weir_stdio *out);
int weir_stderr(weir_io *io, weir_stdio *out);

#ifdef __cplusplus
}
#endif
#endif
