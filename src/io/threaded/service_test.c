/* SPDX-License-Identifier: MIT
 *
 * Does each op of a queue come out once, when it ends by itself just as it is canceled?
 */
#include <weir/io/threaded/threaded.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/op.h>

#include "test/harness/test.h"

enum { OPS = 32, ROUNDS = 3000 };

/* The moments at which they end and at which they are canceled drift past each other. */
static int cancel_at_the_end(weir_io *io, void *argument)
{
    weir_op ops[OPS];
    weir_queue queue;
    (void)argument;
    weir_queue_init(io, &queue);
    for (int round = 0; round < ROUNDS; round++) {
        const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
        for (int i = 0; i < OPS; i++) {
            weir_op_set(&ops[i], WEIR_OP_SLEEP, -1);
            ops[i].deadline = weir_instant_add(start, weir_microseconds(100 + i % 4));
            ops[i].user = NULL;
            weir_submit(io, &ops[i], &queue);
        }
        const weir_instant end = weir_instant_add(start, weir_microseconds(80 + round % 200));
        while (weir_now(io, WEIR_CLOCK_MONOTONIC).ns < end.ns) {}
        for (int i = 0; i < OPS; i++) weir_op_cancel(io, &ops[i]);
        for (int i = 0; i < OPS; i++) {
            weir_op *op;
            const weir_deadline patience = weir_deadline_after(io, weir_seconds(20));
            assert_int_equal(weir_queue_next(io, &queue, patience, &op), 0);
            assert_true(op >= ops && op < ops + OPS);
            assert_null(op->user);
            op->user = op;
            assert_true(op->result == 0 || op->result == WEIR_ECANCELED);
        }
        assert_null(weir_queue_try(io, &queue));
    }
    return 7;
}

TEST(an_op_that_ends_as_it_is_canceled_comes_out_once)
{
    weir_io *io = NULL;
    assert_int_equal(weir_threaded_create(NULL, &io), 0);
    assert_int_equal(weir_run(io, cancel_at_the_end, NULL), 7);
    weir_io_destroy(io);
}
