/* SPDX-License-Identifier: MIT
 *
 * The table of attempts, and what is known of each opcode.
 */
#include "io/posix/attempt.h"

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "io/posix/attempt_ops.h"

typedef struct attempt_row {
    int64_t (*try)(weir_op *op);
    uint8_t events; /* what to wait for */
    bool is_file;
    bool makes_descriptor;
} attempt_row;

static const attempt_row attempts[WEIR_OP_COUNT];

void weir_attempt_begin(weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    words->next = words->previous = NULL;
    *weir_progress_bytes(op) = 0;
    *weir_progress_steps(op) = 0;
    if (op->code == WEIR_OP_WRITE) op->args.vector.error = 0;
    if (op->code == WEIR_OP_SEND_FILE) op->args.send_file.error = 0;
    if (op->code == WEIR_OP_READ_LENT || op->code == WEIR_OP_RECEIVER_STOP)
        op->fd = op->args.lent.receiver->fd;
}

int64_t weir_attempt(weir_op *op)
{
    if (op->code >= WEIR_OP_COUNT || !attempts[op->code].try) return WEIR_EUNSUPPORTED;
    return attempts[op->code].try(op);
}

uint32_t weir_attempt_events(const weir_op *op)
{
    if (op->code == WEIR_OP_POLL) return op->args.poll & (WEIR_POLL_READ | WEIR_POLL_WRITE);
    if (op->code == WEIR_OP_SPLICE) return op->args.splice.take ? WEIR_POLL_READ : WEIR_POLL_WRITE;
    if (weir_attempt_takes_errors(op)) return 0; /* an error is always reported */
    return op->code < WEIR_OP_COUNT ? attempts[op->code].events : 0;
}

weir_duration weir_attempt_delay(const weir_op *op)
{
    enum { MAX_DOUBLINGS = 6 };
    uint64_t tries = *weir_progress_steps((weir_op *)(uintptr_t)op);
    uint64_t doublings = tries > 0 ? tries - 1 : 0;
    return weir_milliseconds(1 << (doublings < MAX_DOUBLINGS ? doublings : MAX_DOUBLINGS));
}

int64_t weir_attempt_progress(const weir_op *op)
{
    if (op->code != WEIR_OP_WRITE && op->code != WEIR_OP_SEND_FILE && op->code != WEIR_OP_SEND_MANY)
        return 0;
    return (int64_t)*weir_progress_bytes((weir_op *)(uintptr_t)op);
}

bool weir_attempt_takes_errors(const weir_op *op)
{
    if (op->code != WEIR_OP_RECEIVE && op->code != WEIR_OP_RECEIVE_MANY) return false;
    return op->args.messages.first->flags & WEIR_MESSAGE_ERRORS;
}

bool weir_attempt_may_try(const weir_op *op)
{
    switch (op->code) {
    case WEIR_OP_ACCEPT:
    case WEIR_OP_READ:
    case WEIR_OP_WRITE:
    case WEIR_OP_SEND:
    case WEIR_OP_RECEIVE:
    case WEIR_OP_SEND_MANY:
    case WEIR_OP_RECEIVE_MANY:
    case WEIR_OP_SPLICE:
    case WEIR_OP_POLL: return true;
    default: return false;
    }
}

int64_t weir_attempt_result(const weir_op *op, int64_t outcome)
{
    if (outcome != WEIR_ATTEMPT_WAIT && outcome != WEIR_ATTEMPT_LATER) return outcome;
    const int64_t progress = weir_attempt_progress(op);
    return progress > 0 ? progress : WEIR_EAGAIN;
}

bool weir_attempt_is_about_descriptors(const weir_op *op)
{
    switch (op->code) {
    case WEIR_OP_CLOSE:
    case WEIR_OP_PAIR:
    case WEIR_OP_PIPE: return true;
    default: return op->code < WEIR_OP_COUNT && attempts[op->code].makes_descriptor;
    }
}

bool weir_attempt_made(const weir_op *op, int64_t result, int made[2])
{
    made[0] = made[1] = -1;
    if (result < 0) return false;
    if (op->code == WEIR_OP_PAIR || op->code == WEIR_OP_PIPE) {
        made[0] = op->args.pair.out[0];
        made[1] = op->args.pair.out[1];
    } else if (op->code < WEIR_OP_COUNT && attempts[op->code].makes_descriptor) {
        made[0] = (int)result;
    }
    return made[0] >= 0;
}

bool weir_attempt_was_short(const weir_op *op, int64_t result)
{
    if (op->code != WEIR_OP_READ || op->flags & WEIR_OP_PEEK || result <= 0) return false;
    uint64_t room = 0;
    for (uint32_t i = 0; i < op->args.vector.count && room <= (uint64_t)result; i++)
        room += op->args.vector.data[i].iov_len;
    return (uint64_t)result < room;
}

bool weir_attempt_is_file(const weir_op *op)
{
    return op->code < WEIR_OP_COUNT && attempts[op->code].is_file;
}

static const attempt_row attempts[WEIR_OP_COUNT] = {
    [WEIR_OP_SOCKET] = {.try = weir_attempt_socket, .makes_descriptor = true},
    [WEIR_OP_PAIR] = {.try = weir_attempt_pair},
    [WEIR_OP_PIPE] = {.try = weir_attempt_pipe},
    [WEIR_OP_DUPLICATE] = {.try = weir_attempt_duplicate, .makes_descriptor = true},
    [WEIR_OP_ADOPT] = {.try = weir_attempt_adopt, .makes_descriptor = true},
    [WEIR_OP_BIND] = {.try = weir_attempt_bind},
    [WEIR_OP_LISTEN] = {.try = weir_attempt_listen},
    [WEIR_OP_ACCEPT] = {.try = weir_attempt_accept,
                        .events = WEIR_POLL_READ,
                        .makes_descriptor = true},
    [WEIR_OP_CONNECT] = {.try = weir_attempt_connect, .events = WEIR_POLL_WRITE},
    [WEIR_OP_READ] = {.try = weir_attempt_read, .events = WEIR_POLL_READ},
    [WEIR_OP_READ_LENT] = {.events = WEIR_POLL_READ},
    [WEIR_OP_WRITE] = {.try = weir_attempt_write, .events = WEIR_POLL_WRITE},
    [WEIR_OP_SEND] = {.try = weir_attempt_send, .events = WEIR_POLL_WRITE},
    [WEIR_OP_RECEIVE] = {.try = weir_attempt_receive, .events = WEIR_POLL_READ},
    [WEIR_OP_SEND_MANY] = {.try = weir_attempt_send_many, .events = WEIR_POLL_WRITE},
    [WEIR_OP_RECEIVE_MANY] = {.try = weir_attempt_receive_many, .events = WEIR_POLL_READ},
    [WEIR_OP_SPLICE] = {.try = weir_attempt_splice},
    [WEIR_OP_POLL] = {.try = weir_attempt_poll},
    [WEIR_OP_SHUTDOWN] = {.try = weir_attempt_shutdown},
    [WEIR_OP_CLOSE] = {.try = weir_attempt_close},
    [WEIR_OP_GET_OPTION] = {.try = weir_attempt_get_option},
    [WEIR_OP_SET_OPTION] = {.try = weir_attempt_set_option},
    [WEIR_OP_LOCAL_ADDRESS] = {.try = weir_attempt_local_address},
    [WEIR_OP_PEER_ADDRESS] = {.try = weir_attempt_peer_address},
    [WEIR_OP_OPEN] = {.try = weir_attempt_open, .is_file = true, .makes_descriptor = true},
    [WEIR_OP_STAT] = {.try = weir_attempt_stat, .is_file = true},
    [WEIR_OP_READ_AT] = {.try = weir_attempt_read_at, .is_file = true},
    [WEIR_OP_WRITE_AT] = {.try = weir_attempt_write_at, .is_file = true},
    [WEIR_OP_LIST] = {.try = weir_attempt_list, .is_file = true},
    [WEIR_OP_UNLINK] = {.try = weir_attempt_unlink, .is_file = true},
    [WEIR_OP_CHANGE_MODE] = {.try = weir_attempt_change_mode, .is_file = true},
    [WEIR_OP_CHANGE_OWNER] = {.try = weir_attempt_change_owner, .is_file = true},
    [WEIR_OP_LOCK] = {.try = weir_attempt_lock, .is_file = true},
    [WEIR_OP_SEND_FILE] = {.try = weir_attempt_send_file, .events = WEIR_POLL_WRITE},
};
