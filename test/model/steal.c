/* SPDX-License-Identifier: MIT
 *
 * Does a task that was spawned reach an idle worker while its own worker is held?
 *
 * Real code: weir_evented_spawn, weir_evented_worker_call_thief, sleep_now, stealing, the workers'
 * loops and the end of a run.  The holder keeps worker 0 until the other task has run, which only
 * worker 1 can do then: a wake-up that gets lost leaves both waiting for ever.
 */
#include "test/model/atomics.h"

#include "test/model/evented.h"

#include "test/harness/test.h"

static struct {
    weir_task holder, task;
    uint32_t has_run;
} at;

static bool has_run(const void *word)
{
    return *(const uint32_t *)word != 0;
}

static int run_elsewhere(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    model_check(*model_evented_local() == &model_workers[1], "run where nobody could run it");
    __atomic_store_n(&at.has_run, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static int hold(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    model_spawn(0, &at.task, run_elsewhere, WEIR_WORKER_ANY, "task");
    model_wait(has_run, &at.has_run, sizeof at.has_run, MODEL_PLACE);
    return 0;
}

static void begin(void)
{
    model_evented_begin(2);
    at.holder = at.task = (weir_task){0};
    at.has_run = 0;
    __atomic_store_n(&model_engine.root_ended, 1, __ATOMIC_SEQ_CST);
    model_spawn(0, &at.holder, hold, WEIR_WORKER_SAME, "holder");
    model_name(&at.has_run, "has_run");
    /* What nobody writes once a worker runs cannot matter. */
    model_ignore(&model_engine.root_ended, sizeof model_engine.root_ended);
    model_ignore(&model_engine.overflow.count, sizeof model_engine.overflow.count);
    model_ignore(&model_workers[1].fresh, sizeof model_workers[1].fresh);
}

static void worker_0(void)
{
    model_evented_serve(0);
}

static void worker_1(void)
{
    model_evented_serve(1);
}

static void both_have_ended(void)
{
    model_check(at.holder.ended && at.task.ended, "a task is lost");
    model_check(model_stacks_back() == model_stacks_taken(), "a stack is lost");
}

static model_scenario scenario(const char *name)
{
    return (model_scenario){
        .name = name,
        .preemptions = 3,
        .begin = begin,
        .threads = {{"worker 0", worker_0}, {"worker 1", worker_1}},
        .end = both_have_ended,
        .local = model_evented_local(),
    };
}

TEST(spawning_wakes_a_thief)
{
    model_scenario s = scenario("spawn: an idle worker comes");
    model_holds(&s);
}

/* The sleeper announces itself after it has looked for something to steal. */
static model_act announces_too_late(int thread, const model_access *access)
{
    bool announces =
        thread == 1 && access->address == &model_workers[1].sleeping && access->value == 1;
    return announces ? model_hold_back(access, &model_workers[0].fresh.tail) : MODEL_AS_WRITTEN;
}

TEST(spawning_mutants_are_caught)
{
    model_scenario s = scenario("spawn, mutant: announced after the look for work");
    s.alter = announces_too_late;
    model_breaks(&s);
}
