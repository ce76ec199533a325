/* SPDX-License-Identifier: MIT
 *
 * The functions behind weir_attempt, one per opcode; grouped as files by what they work on.
 */
#ifndef IO_POSIX_ATTEMPT_OPS_H
#define IO_POSIX_ATTEMPT_OPS_H

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "io/parking.h"
#include "io/posix/attempt.h"

/* An op's progress, in its last two engine words. */
enum {
    WEIR_PROGRESS_BYTES = 4, /* own[4]: bytes or messages sent so far */
    WEIR_PROGRESS_STEPS = 5, /* own[5]: CONNECT: 0, or CONNECT_STARTED, or how often LATER */
};

static inline uint64_t *weir_progress_bytes(weir_op *op)
{
    return &weir_op_words_of(op)->own[WEIR_PROGRESS_BYTES];
}

static inline uint64_t *weir_progress_steps(weir_op *op)
{
    return &weir_op_words_of(op)->own[WEIR_PROGRESS_STEPS];
}

/* The outcome of a system call that failed: "would block" is WEIR_ATTEMPT_WAIT. */
static inline int64_t weir_attempt_failure(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK ? WEIR_ATTEMPT_WAIT : -error;
}

/* What an op that has sent `done` bytes, or messages, says to an outcome that is no progress. */
static inline int64_t end_or_wait(uint64_t done, int64_t outcome)
{
    const bool waits = outcome == WEIR_ATTEMPT_WAIT || outcome == WEIR_ATTEMPT_LATER;
    return waits || done == 0 ? outcome : (int64_t)done;
}

static inline bool is_ready(int fd, short events)
{
    struct pollfd look = {.fd = fd, .events = events};
    return TEMP_FAILURE_RETRY(poll(&look, 1, 0)) != 0;
}

int64_t weir_attempt_socket(weir_op *op);
int64_t weir_attempt_pair(weir_op *op);
int64_t weir_attempt_pipe(weir_op *op);
int64_t weir_attempt_duplicate(weir_op *op);
int64_t weir_attempt_adopt(weir_op *op);
int64_t weir_attempt_bind(weir_op *op);
int64_t weir_attempt_listen(weir_op *op);
int64_t weir_attempt_accept(weir_op *op);
int64_t weir_attempt_connect(weir_op *op);
int64_t weir_attempt_poll(weir_op *op);
int64_t weir_attempt_shutdown(weir_op *op);
int64_t weir_attempt_close(weir_op *op);
int64_t weir_attempt_get_option(weir_op *op);
int64_t weir_attempt_set_option(weir_op *op);
int64_t weir_attempt_local_address(weir_op *op);
int64_t weir_attempt_peer_address(weir_op *op);

int64_t weir_attempt_read(weir_op *op);
int64_t weir_attempt_write(weir_op *op);
int64_t weir_attempt_send(weir_op *op);
int64_t weir_attempt_receive(weir_op *op);
int64_t weir_attempt_send_many(weir_op *op);
int64_t weir_attempt_receive_many(weir_op *op);
int64_t weir_attempt_splice(weir_op *op);
int64_t weir_attempt_send_file(weir_op *op);

int64_t weir_attempt_open(weir_op *op);
int64_t weir_attempt_stat(weir_op *op);
int64_t weir_attempt_read_at(weir_op *op);
int64_t weir_attempt_write_at(weir_op *op);
int64_t weir_attempt_list(weir_op *op);
int64_t weir_attempt_unlink(weir_op *op);
int64_t weir_attempt_change_mode(weir_op *op);
int64_t weir_attempt_change_owner(weir_op *op);
int64_t weir_attempt_lock(weir_op *op);

#endif
