/* SPDX-License-Identifier: MIT
 *
 * Are completions handed to a queue's handler once each, without nesting, and where nothing waits?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

#include <weir/sync/channel.h>

typedef struct reading {
    weir_op op; /* first */
    weir_queue queue;
    struct iovec slice;
    char byte;
    unsigned got, depth, deepest;
    uint32_t done; /* atomic */
    int nested_wait;
} reading;

enum { BYTES = 20000 };

static void read_one(weir_io *io, reading *r)
{
    weir_op_set(&r->op, WEIR_OP_READ, r->op.fd);
    r->slice = (struct iovec){&r->byte, 1};
    r->op.args.vector = (__typeof__(r->op.args.vector)){.data = &r->slice, .count = 1};
    weir_submit(io, &r->op, &r->queue);
}

static void got_one(weir_io *io, weir_op *op)
{
    reading *r = (reading *)(void *)op;
    if (++r->depth > r->deepest) r->deepest = r->depth;
    check_int(op->result, 1);
    if (++r->got < BYTES && op->result == 1) {
        read_one(io, r);
    } else {
        contract_raise(io, &r->done);
    }
    r->depth--;
}

CONTRACT(a_handler_that_submits_again_what_is_ready_does_not_nest)
{
    weir_socket ends[2];
    if (!check(contract_pair(SOCK_STREAM, ends))) return;
    static char bytes[BYTES];
    check_int(weir_write_all(io, ends[1], bytes, sizeof bytes), BYTES);
    reading r = {.op.fd = ends[0].fd};
    weir_queue_init_handler(io, &r.queue, got_one);
    read_one(io, &r);
    check_int(contract_reached(io, &r.done, 1), 0);
    check_int(r.got, BYTES);
    check_int(r.deepest, 1);
    contract_close(io, ends);
}

static weir_queue plain_queue;

static void wait_inside(weir_io *io, weir_op *op)
{
    weir_op *out;
    (void)op;
    check_int(weir_queue_next(io, &plain_queue, weir_never(), &out), WEIR_ENOTTASK);
}

static void time_comes(weir_io *io, weir_op *op)
{
    wait_inside(io, op);
    contract_raise(io, op->user);
}

CONTRACT(a_handler_cannot_wait)
{
    if (contract_on_threads(io)) return; /* there it may run in the task that submitted */
    weir_op op = {0};
    weir_queue queue;
    uint32_t done = 0;
    weir_queue_init(io, &plain_queue);
    weir_queue_init_handler(io, &queue, time_comes);
    weir_op_set(&op, WEIR_OP_SLEEP, -1);
    op.user = &done;
    op.deadline = weir_deadline_after(io, weir_milliseconds(2));
    weir_submit(io, &op, &queue);
    check_int(contract_reached(io, &done, 1), 0);
}

/* A wait that is completed while it begins, by the handler of an op that it served. */
typedef struct taking {
    weir_op op; /* first */
    weir_queue queue;
    weir_channel channel;
    int item, sum;
    uint32_t taken; /* atomic */
} taking;

static void take_next(weir_io *io, weir_op *op)
{
    taking *t = (taking *)(void *)op;
    if (op->result != 0) return contract_raise(io, &t->taken);
    t->sum += t->item;
    weir_channel_receive_op(&t->op, &t->channel, &t->item);
    weir_submit(io, &t->op, &t->queue);
    contract_raise(io, &t->taken);
}

CONTRACT(a_wait_may_be_completed_while_it_begins)
{
    int items[] = {1, 2, 3};
    taking t = {.sum = 0};
    check_int(weir_channel_init(&t.channel, NULL, 0, sizeof(int)), 0);
    weir_queue_init_handler(io, &t.queue, take_next);
    weir_channel_receive_op(&t.op, &t.channel, &t.item);
    weir_submit(io, &t.op, &t.queue);
    weir_deadline deadline;
    int64_t went = WEIR_EDEADLINE;
    /* Longer on a machine that stops before the first went. */
    for (int ms = 20; went == WEIR_EDEADLINE && ms < 60000; ms *= 2) {
        deadline = weir_deadline_after(io, weir_milliseconds(ms));
        went = weir_channel_put(io, &t.channel, items, 3, 3, deadline);
    }
    weir_sleep_until(io, weir_instant_add(deadline, weir_milliseconds(5)));
    check(went > 0);
    check_int(contract_reached(io, &t.taken, (uint32_t)went), 0);
    check_int(t.sum, went * (went + 1) / 2);
    weir_channel_close(io, &t.channel);
    check_int(contract_reached(io, &t.taken, (uint32_t)went + 1), 0);
}
