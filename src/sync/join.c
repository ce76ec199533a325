/* SPDX-License-Identifier: MIT
 *
 * Waiting for several tasks: one after the other, or a JOIN op for each in a select or a queue.
 *
 * Ops for a few tasks are on the stack, for more on the heap.
 */
#include <weir/sync/join.h>

#include <limits.h>
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>

static bool is_request(int error)
{
    return error == WEIR_ECANCELED || error == WEIR_EDEADLINE;
}

/* Waits for one, whatever happens to the caller meanwhile. */
static void await_shielded(weir_io *io, weir_task *task)
{
    weir_scope shield;
    weir_shield(io, &shield);
    weir_await(io, task, NULL);
    weir_scope_leave(io, &shield);
}

int weir_await_all(weir_io *io, weir_task *tasks[], size_t n)
{
    int error = 0;
    for (size_t i = 0; i < n; i++) {
        int result = 0, failed = weir_await(io, tasks[i], &result);
        if (is_request(failed)) {
            for (size_t k = i; k < n; k++) weir_cancel_request(io, tasks[k]);
            for (size_t k = i; k < n; k++) await_shielded(io, tasks[k]);
            return failed;
        }
        if (!error) error = failed ? failed : result < 0 ? result : 0;
    }
    return error;
}

/* Memory for `n` ops: `few` if they suffice; NULL: there is none. */
static weir_op *ops_for(size_t n, weir_op few[WEIR_JOIN_INLINE])
{
    return n <= WEIR_JOIN_INLINE ? few : calloc(n, sizeof *few);
}

/* A queue to which a JOIN of each task is submitted. */
typedef struct joins {
    weir_task **tasks;
    weir_op *ops;
    size_t count, left;
    int error; /* the first */
    weir_queue queue;
} joins;

/* Asks all to stop that are not known to have ended. */
static void request(weir_io *io, joins *j)
{
    for (size_t i = 0; i < j->count; i++)
        if (j->ops[i].user) weir_cancel_request(io, j->tasks[i]);
}

static void take_result(weir_io *io, joins *j, weir_op *op)
{
    int result = (int)op->result;
    /* It has ended: this does not wait. */
    if (result == 0) weir_await(io, op->user, &result);
    op->user = NULL;
    j->left--;
    if (result < 0 && !j->error) j->error = result;
}

/* Takes all completions; from the first error on in a shield, as the rest is to stop.  What cannot
 * be awaited has completed at once, and is taken before anybody is asked. */
static void await_joins(weir_io *io, joins *j)
{
    weir_scope shield;
    bool shielded = false;
    while (j->left > 0) {
        weir_op *op = weir_queue_try(io, &j->queue);
        if (!op && j->error && !shielded) {
            request(io, j);
            weir_shield(io, &shield);
            shielded = true;
        }
        int failed = op ? 0 : weir_queue_next(io, &j->queue, weir_never(), &op);
        if (failed && !j->error) j->error = failed;
        if (op) take_result(io, j, op);
    }
    if (shielded) weir_scope_leave(io, &shield);
}

int weir_try_await_all(weir_io *io, weir_task *tasks[], size_t n)
{
    if (!io->table->self(io)) return WEIR_ENOTTASK;
    weir_op few[WEIR_JOIN_INLINE];
    joins j = {.tasks = tasks, .ops = ops_for(n, few), .count = n, .left = n};
    if (!j.ops) return WEIR_ENOMEM;
    weir_queue_init(io, &j.queue);
    for (size_t i = 0; i < n; i++) {
        weir_task_op(&j.ops[i], tasks[i]);
        j.ops[i].user = tasks[i];
        weir_submit(io, &j.ops[i], &j.queue);
    }
    await_joins(io, &j);
    if (j.ops != few) free(j.ops);
    return j.error;
}

/* Waits in a select of the JOINs of all. */
static int select_one(weir_io *io, weir_task *tasks[], size_t n, weir_deadline deadline)
{
    weir_op few[WEIR_JOIN_INLINE], *few_list[WEIR_JOIN_INLINE];
    weir_op *ops = ops_for(n, few);
    weir_op **list = n <= WEIR_JOIN_INLINE ? few_list : calloc(n, sizeof(weir_op *));
    int index = WEIR_ENOMEM;
    if (ops && list) {
        for (size_t i = 0; i < n; i++) {
            list[i] = &ops[i];
            weir_task_op(&ops[i], tasks[i]);
        }
        index = weir_select(io, list, n, deadline);
        if (index >= 0 && ops[index].result < 0) index = (int)ops[index].result;
    }
    if (list != few_list) free(list);
    if (ops != few) free(ops);
    return index;
}

int weir_await_any(weir_io *io, weir_task *tasks[], size_t n, weir_deadline deadline)
{
    if (n == 0 || n > INT_MAX) return WEIR_EINVAL;
    int index = weir_check(io);
    if (index) return index;
    size_t first = (size_t)weir_random_below(io, n), i = 0;
    while (i < n && !weir_task_ended(tasks[(first + i) % n])) i++;
    index = i < n ? (int)((first + i) % n) : select_one(io, tasks, n, deadline);
    /* It has ended: this only waits until its last touch of the handle is over. */
    if (index >= 0) weir_await(io, tasks[index], NULL);
    return index;
}

int weir_race(weir_io *io, weir_task *tasks[], size_t n)
{
    int winner = weir_await_any(io, tasks, n, weir_never());
    if (winner < 0 && !is_request(winner)) return winner;
    for (size_t i = 0; i < n; i++) weir_cancel_request(io, tasks[i]);
    for (size_t i = 0; i < n; i++) await_shielded(io, tasks[i]);
    return winner;
}
