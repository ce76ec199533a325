/* SPDX-License-Identifier: MIT
 *
 * Is the mutex held by one at a time, is nobody forgotten in its list, and is it free at the end,
 * also when a task gives up at any moment, or takes the mutex before who was woken for it?
 *
 * Real code: weir/sync/mutex.h and mutex.c, for engines of several threads.  A task is a thread
 * here, and weir_do is the model's: it begins the wait, waits for the completion or for being asked
 * to stop, and withdraws the op as an engine does.
 */
#include "test/model/atomics.h"

#include <weir/base/error.h>
#include <weir/io/wait.h>
#include <weir/sync/mutex.h>

#include <string.h>

#include "test/harness/test.h"

enum { TASKS = 4 };

static const int64_t pending = INT64_MIN;

static struct {
    weir_mutex mutex;
    uint32_t inside;       /* how many hold it */
    int64_t done[TASKS];   /* each task's completion, or `pending` */
    uint32_t asked[TASKS]; /* the task is to stop */
} at;

static void *self; /* the running task's number, plus one */

static int number(void)
{
    return (int)(uintptr_t)self - 1;
}

static bool is_done_or_asked(const void *done)
{
    const int64_t *word = done;
    return *word != pending || at.asked[word - at.done];
}

static bool is_done(const void *done)
{
    return *(const int64_t *)done != pending;
}

static int64_t do_and_wait(weir_io *io, weir_op *op)
{
    int64_t *done = &at.done[number()];
    if (__atomic_load_n(&at.asked[number()], __ATOMIC_RELAXED)) return WEIR_ECANCELED;
    *done = pending;
    weir_op_words_of(op)->io = io;
    weir_op_words_of(op)->own[0] = (uint64_t)number();
    const weir_wait_kind *kind = op->args.wait.kind;
    if (!kind->start(io, op)) return op->result;
    model_wait(is_done_or_asked, done, sizeof *done, MODEL_PLACE);
    if (*done == pending && kind->stop(io, op)) return WEIR_ECANCELED;
    model_wait(is_done, done, sizeof *done, MODEL_PLACE);
    return *done;
}

static void complete(weir_io *io, weir_op *op, int64_t result)
{
    (void)io;
    int64_t *done = &at.done[weir_op_words_of(op)->own[0]];
    model_check(*done == pending, "an op is completed twice");
    __atomic_store_n(done, result, __ATOMIC_SEQ_CST);
}

static const weir_io_table table = {.complete = complete};
static weir_io model_io = {.table = &table};

#define weir_do                      do_and_wait
#define weir_wait_lock(io_, lock_)   ((void)(io_), weir_spin_lock(lock_))
#define weir_wait_unlock(io_, lock_) ((void)(io_), weir_spin_unlock(lock_))
#include "sync/mutex.c"

static void begin(void)
{
    memset(&at, 0, sizeof at);
    model_name(&at.mutex.state, "mutex.state");
    model_name(&at.mutex.lock, "mutex.lock");
    model_name(&at.inside, "inside");
    for (int i = 0; i < TASKS; i++) model_name(&at.done[i], "done");
}

static void hold(void)
{
    model_check(__atomic_fetch_add(&at.inside, 1, __ATOMIC_SEQ_CST) == 0, "two hold the mutex");
    __atomic_fetch_sub(&at.inside, 1, __ATOMIC_SEQ_CST);
    model_check(weir_mutex_unlock(&model_io, &at.mutex) == 0, "a held mutex is not held");
}

static void lock_as(int task)
{
    self = (void *)(uintptr_t)(task + 1);
    int error = weir_mutex_lock(&model_io, &at.mutex);
    model_check(error == 0 || (error == WEIR_ECANCELED && at.asked[task]), "an error for nothing");
    if (!error) hold();
}

static void task_0(void)
{
    lock_as(0);
}

static void task_1(void)
{
    lock_as(1);
}

static void task_2(void)
{
    lock_as(2);
}

static void task_0_twice(void)
{
    lock_as(0);
    lock_as(0);
}

static void cancel_1(void)
{
    __atomic_store_n(&at.asked[1], 1, __ATOMIC_SEQ_CST);
}

static void try_once(void)
{
    if (weir_mutex_try(&model_io, &at.mutex)) hold();
}

static void is_free(void)
{
    model_check(at.mutex.state == 0 && !at.mutex.waiting.first, "the mutex is not free at the end");
}

static const model_scenario pattern = {
    .preemptions = 2,
    .begin = begin,
    .end = is_free,
    .local = &self,
    .threads = {{"task 0", task_0}, {"task 1", task_1}},
};

TEST(mutex_is_held_by_one)
{
    model_scenario s = pattern;
    s.name = "mutex: two tasks";
    s.preemptions = 3;
    model_holds(&s);
    s.name = "mutex: three tasks";
    s.preemptions = 2;
    s.threads[2].name = "task 2";
    s.threads[2].run = task_2;
    model_holds(&s);
}

TEST(mutex_forgets_nobody_when_one_gives_up)
{
    model_scenario s = pattern;
    s.name = "mutex: three tasks, one is canceled";
    s.threads[2].name = "task 2";
    s.threads[2].run = task_2;
    s.threads[3].name = "canceler";
    s.threads[3].run = cancel_1;
    model_holds(&s);
}

TEST(mutex_forgets_nobody_when_one_is_faster)
{
    model_scenario s = pattern;
    s.name = "mutex: two tasks, one comes twice, and one that only tries";
    s.threads[0].run = task_0_twice;
    s.threads[2].name = "trier";
    s.threads[2].run = try_once;
    model_holds(&s);
}

TEST(mutex_forgets_nobody_when_who_was_woken_gives_up)
{
    model_scenario s = pattern;
    s.name = "mutex: three tasks, one comes twice, another is canceled";
    s.threads[0].run = task_0_twice;
    s.threads[2].name = "task 2";
    s.threads[2].run = task_2;
    s.threads[3].name = "canceler";
    s.threads[3].run = cancel_1;
    model_holds(&s);
}

/* Mutants. ------------------------------------------------------------------------------------- */

/* Who gives up after it was woken leaves WOKEN behind, as if it were still to come. */
static model_act passes_nothing_on(int thread, const model_access *access)
{
    (void)thread;
    bool clears = access->kind == MODEL_UPDATE && access->address == &at.mutex.state &&
                  at.mutex.state & WEIR_MUTEX_WOKEN &&
                  access->value == (at.mutex.state & ~(uintptr_t)WEIR_MUTEX_WOKEN);
    return clears ? MODEL_DROPPED : MODEL_AS_WRITTEN;
}

/* Who lies down is not announced. */
static model_act announces_no_waiter(int thread, const model_access *access)
{
    (void)thread;
    bool announces = access->kind == MODEL_UPDATE && access->address == &at.mutex.state &&
                     access->value == (WEIR_MUTEX_HELD | WEIR_MUTEX_WAITERS) &&
                     at.mutex.state == WEIR_MUTEX_HELD;
    return announces ? MODEL_DROPPED : MODEL_AS_WRITTEN;
}

/* The mutex is taken without a look at whether it is free. */
static model_act takes_blindly(int thread, const model_access *access)
{
    bool takes = thread == 1 && access->kind == MODEL_UPDATE &&
                 access->address == &at.mutex.state && access->value == WEIR_MUTEX_HELD;
    return takes ? MODEL_FORCED : MODEL_AS_WRITTEN;
}

static void breaks(const char *name, void (*first)(void), void (*third)(void),
                   model_act (*alter)(int, const model_access *))
{
    model_scenario s = pattern;
    s.name = name;
    s.alter = alter;
    s.threads[0].run = first;
    s.threads[2].name = "third";
    s.threads[2].run = third;
    model_breaks(&s);
}

TEST(mutex_mutants_are_caught)
{
    breaks("mutex, mutant: passes nothing on", task_0_twice, cancel_1, passes_nothing_on);
    breaks("mutex, mutant: announces no waiter", task_0, NULL, announces_no_waiter);
    breaks("mutex, mutant: takes blindly", task_0, NULL, takes_blindly);
}
