/* SPDX-License-Identifier: MIT
 *
 * Does each request to stop reach its task, wherever that runs by then, and is no stack given back
 * while a message about its task is under way?
 *
 * Real code: the loops of two workers, spawning, stealing, the switch, ops, weir_evented_interrupt,
 * weir_evented_fiber_interrupted, may_reuse, and the end of a run; weir_cancel_request is written
 * out in evented.c.  A request that gets lost leaves a task waiting for ever, and with it all
 * threads, which is what the checker sees.
 */
#include "test/model/atomics.h"

#include "test/model/evented.h"

#include <weir/base/error.h>

#include "test/harness/test.h"

static struct {
    weir_task task;
    uint32_t reported; /* requests that the task has seen */
} at;

/* Words of the task that the mutants know. */
static const void *interrupted, *home, *canceled;

static void begin(weir_task_fn *run, int where)
{
    model_evented_begin(2);
    at.task = (weir_task){0};
    at.reported = 0;
    __atomic_store_n(&model_engine.root_ended, 1, __ATOMIC_SEQ_CST);
    model_spawn(0, &at.task, run, where, "task");
    fiber *f = (fiber *)(void *)((char *)at.task.record - offsetof(fiber, record));
    model_ignore(&f->alive, sizeof f->alive);
    /* What nobody writes once a worker runs cannot matter, nor what nobody reads: `idle` is for who
     * spawns. */
    model_ignore(&model_engine.idle, sizeof model_engine.idle);
    model_ignore(&model_engine.root_ended, sizeof model_engine.root_ended);
    model_ignore(&model_engine.overflow.count, sizeof model_engine.overflow.count);
    for (int i = where == WEIR_WORKER_SAME ? 0 : 1; i < MODEL_WORKERS; i++)
        model_ignore(&model_workers[i].fresh, sizeof model_workers[i].fresh);
    for (int i = 0; i < MODEL_WORKERS; i++)
        model_ignore(&model_workers[i].spawned, sizeof model_workers[i].spawned);
    interrupted = &f->interrupted;
    home = &f->home;
    canceled = &f->record.canceled;
    model_name(interrupted, "fiber.interrupted");
    model_name(home, "fiber.home");
    model_name(canceled, "record.canceled");
    model_name(&at.task.lock, "task.lock");
    model_name(&at.reported, "reported");
    model_name(&f->runner, "fiber.runner");
}

static void worker_0(void)
{
    model_evented_serve(0);
}

static void worker_1(void)
{
    model_evented_serve(1);
}

static void request(void)
{
    model_cancel_request(&at.task);
}

static bool one_reported(const void *reported)
{
    return *(const uint32_t *)reported >= 1;
}

static void request_after_the_first(void)
{
    model_wait(one_reported, &at.reported, sizeof at.reported, MODEL_PLACE);
    request();
}

static int wait_once(weir_io *io, void *argument)
{
    (void)argument;
    model_check(model_wait_for_request(io) == WEIR_ECANCELED, "woken without a request");
    return 0;
}

static int wait_twice(weir_io *io, void *argument)
{
    (void)argument;
    for (int i = 0; i < 2; i++) {
        model_check(model_wait_for_request(io) == WEIR_ECANCELED, "woken without a request");
        __atomic_fetch_add(&at.reported, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

static int end_at_once(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

static void begin_once_here(void)
{
    begin(wait_once, WEIR_WORKER_SAME);
}

static void begin_once_anywhere(void)
{
    begin(wait_once, WEIR_WORKER_ANY);
}

static void begin_twice_here(void)
{
    begin(wait_twice, WEIR_WORKER_SAME);
}

static void begin_twice_anywhere(void)
{
    begin(wait_twice, WEIR_WORKER_ANY);
}

static void begin_ending_here(void)
{
    begin(end_at_once, WEIR_WORKER_SAME);
}

static void begin_ending_anywhere(void)
{
    begin(end_at_once, WEIR_WORKER_ANY);
}

/* weir_evented_worker_close reads what is left. */
static void all_stacks_are_back(void)
{
    for (int i = 0; i < MODEL_WORKERS; i++) {
        *model_evented_local() = &model_workers[i];
        model_evented_read_inbox(&model_workers[i]);
    }
    *model_evented_local() = NULL;
    model_check(model_stacks_back() == model_stacks_taken(), "a stack is lost");
}

static const model_scenario pattern = {
    .preemptions = 2,
    .threads = {{"worker 0", worker_0}, {"worker 1", worker_1}, {"sender", request}},
    .end = all_stacks_are_back,
};

static model_scenario scenario(const char *name, void (*start)(void), void (*second)(void))
{
    model_scenario s = pattern;
    s.name = name;
    s.begin = start;
    s.local = model_evented_local();
    if (second) {
        s.threads[3].name = "sender 2";
        s.threads[3].run = second;
    }
    return s;
}

TEST(interrupt_reaches_a_task_on_its_worker)
{
    model_scenario s = scenario("interrupt: a task of worker 0", begin_once_here, NULL);
    model_holds(&s);
}

TEST(interrupt_reaches_a_task_that_is_being_stolen)
{
    model_scenario s = scenario("interrupt: a task that may be stolen", begin_once_anywhere, NULL);
    model_holds(&s);
}

TEST(interrupt_comes_twice_to_a_task_on_its_worker)
{
    model_scenario s =
        scenario("interrupt: again, a task of worker 0", begin_twice_here, request_after_the_first);
    model_holds(&s);
}

TEST(interrupt_comes_twice_to_a_task_that_is_being_stolen)
{
    model_scenario s = scenario("interrupt: again, a task that may be stolen", begin_twice_anywhere,
                                request_after_the_first);
    model_holds(&s);
}

TEST(interrupt_finds_a_task_that_ends)
{
    model_scenario s = scenario("interrupt: a task that ends", begin_ending_here, request);
    model_holds(&s);
}

TEST(interrupt_finds_a_task_that_ends_where_it_was_stolen)
{
    model_scenario s =
        scenario("interrupt: a stolen task that ends", begin_ending_anywhere, request);
    model_holds(&s);
}

/* Mutants. ------------------------------------------------------------------------------------- */

/* may_reuse sees no message. */
static model_act reuses_always(int thread, const model_access *access)
{
    (void)thread;
    if (access->address != interrupted) return MODEL_AS_WRITTEN;
    return access->kind == MODEL_LOAD && at.task.ended ? MODEL_FORCED : MODEL_AS_WRITTEN;
}

/* A request that finds a message under way leaves no note. */
static model_act notes_nothing(int thread, const model_access *access)
{
    (void)thread;
    bool note = access->address == interrupted && access->kind == MODEL_UPDATE &&
                access->value == INTERRUPT_AGAIN;
    return note ? MODEL_DROPPED : MODEL_AS_WRITTEN;
}

/* stop_waiting looks for a request before it says that the message has come. */
static model_act looks_too_early(int thread, const model_access *access)
{
    (void)thread;
    bool says = access->address == interrupted && access->kind == MODEL_STORE;
    return says ? model_hold_back(access, canceled) : MODEL_AS_WRITTEN;
}

/* A thief becomes the task's home only when its first operation has looked for a request. */
static model_act adopts_too_late(int thread, const model_access *access)
{
    (void)thread;
    bool adopts = access->address == home && access->kind == MODEL_STORE;
    return adopts ? model_hold_back(access, canceled) : MODEL_AS_WRITTEN;
}

static void breaks(const char *name, void (*start)(void), void (*second)(void),
                   model_act (*alter)(int, const model_access *))
{
    model_scenario s = scenario(name, start, second);
    s.alter = alter;
    model_breaks(&s);
}

TEST(interrupt_mutants_are_caught)
{
    breaks("interrupt, mutant: the stack is always free", begin_ending_here, NULL, reuses_always);
    breaks("interrupt, mutant: the second request leaves no note", begin_twice_anywhere,
           request_after_the_first, notes_nothing);
    breaks("interrupt, mutant: looks before the message is done", begin_twice_here,
           request_after_the_first, looks_too_early);
    breaks("interrupt, mutant: a thief that adopts too late", begin_once_anywhere, NULL,
           adopts_too_late);
}
