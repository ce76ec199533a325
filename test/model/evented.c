/* SPDX-License-Identifier: MIT
 *
 * The engine under the model checker.
 *
 * worker.c, task.c, op.c and task_record.c are compiled here, into this program, instead of being
 * linked: what is checked is the text that runs in production.  Replaced are
 *
 *      eventfd and poll     a counter; poll waits until it is not 0, and takes it
 *      stacks               each is given out once in a schedule, and its memory dies when it is
 *                           put back, so that a late access fails
 *      the fiber switch     the same, but the checker is told on which stack its thread goes on
 *      spin locks           a step that waits (atomics.h)
 *
 * No op reaches the reactor: tasks wait in WEIR_OP_SLEEP, which only a request ends.
 */
#include <sys/eventfd.h>

#include "test/model/atomics.h"

#include "test/model/evented.h"

#include <string.h>

enum { STACKS = 3 };

static uint32_t bells[MODEL_WORKERS];
static weir_stack *stacks[STACKS];
static unsigned stacks_taken, stacks_back;

static void ring(int wakeup)
{
    __atomic_fetch_add(&bells[wakeup], 1, __ATOMIC_SEQ_CST);
}

/* What the headers declare has its true meaning above this line. */
static void make_stacks(void)
{
    static weir_stack_slabs *slabs; /* for the life of the program */
    static weir_stack_pool pool;
    if (slabs) return;
    weir_stack_options options = {.reserve = sizeof(fiber)};
    model_check(weir_stack_slabs_create(&slabs, &options) == 0, "no memory for stacks");
    weir_stack_pool_init(&pool, slabs, STACKS);
    for (int i = 0; i < STACKS; i++) stacks[i] = weir_stack_pool_get(&pool);
}

static weir_stack *take_stack(weir_stack_pool *pool)
{
    (void)pool;
    return stacks_taken < STACKS ? stacks[stacks_taken++] : NULL;
}

static void put_stack(weir_stack_pool *pool, weir_stack *stack)
{
    (void)pool;
    model_check(!model_is_freed(stack), "a stack is put back twice");
    model_free(stack, sizeof(fiber), "weir_stack_pool_put");
    stacks_back++;
}

static void *switch_fiber(weir_fiber_context *from, weir_fiber_context *to, void *value)
{
    model_switching_to(to);
    return weir_fiber_switch(from, to, value);
}

/* Runs the engine's entry, and tells the checker where the thread goes on when that has ended. */
static weir_fiber_entry *fiber_entry;

static weir_fiber_next enter_fiber(void *argument)
{
    weir_fiber_next next = fiber_entry(argument);
    model_switching_to(next.to);
    return next;
}

static void prepare_fiber(weir_fiber_context *context, weir_stack *stack, weir_fiber_entry *entry,
                          void *argument)
{
    fiber_entry = entry;
    weir_fiber_prepare(context, stack, enter_fiber, argument);
}

#define eventfd_write(fd_, count_) ring(fd_)
#define weir_stack_pool_get        take_stack
#define weir_stack_pool_put        put_stack
#define weir_fiber_switch          switch_fiber
#define weir_fiber_prepare         prepare_fiber

#include "io/evented/op.c"
#include "io/evented/task.c"
#include "io/evented/worker.c"
#include "io/task_record.c"

engine model_engine;
worker model_workers[MODEL_WORKERS];

static bool has_rung(const void *bell)
{
    return *(const uint32_t *)bell != 0;
}

static void poll_bell(worker *w, int64_t timeout)
{
    uint32_t *bell = &bells[w->index];
    if (timeout == 0)
        __atomic_exchange_n(bell, 0, __ATOMIC_SEQ_CST);
    else
        model_wait(has_rung, bell, sizeof *bell, "poll");
    *bell = 0;
}

static const weir_reactor reactor = {.name = "model", .poll = poll_bell};
static const weir_io_table table = {.interrupt = weir_evented_interrupt};

void **model_evented_local(void)
{
    return (void **)(void *)&weir_evented_here;
}

static void name_words(void)
{
    static const char *const names[MODEL_WORKERS][6] = {
        {"0.inbox", "0.sleeping", "0.bell", "0.fresh.head", "0.fresh.tail", "0.finished"},
        {"1.inbox", "1.sleeping", "1.bell", "1.fresh.head", "1.fresh.tail", "1.finished"}};
    for (int i = 0; i < MODEL_WORKERS; i++) {
        worker *w = &model_workers[i];
        const void *words[] = {&w->inbox.head, &w->sleeping,   &bells[i],
                               &w->fresh.head, &w->fresh.tail, &w->finished};
        for (int word = 0; word < 6; word++) model_name(words[word], names[i][word]);
    }
    model_name(&model_engine.idle, "idle");
    model_name(&model_engine.stopping, "stopping");
    model_name(&model_engine.root_ended, "root_ended");
    model_name(&model_engine.overflow.count, "overflow.count");
    model_name(&model_engine.post_lock, "post_lock");
}

void model_evented_begin(unsigned workers)
{
    make_stacks();
    memset(&model_engine, 0, sizeof model_engine);
    memset(model_workers, 0, sizeof model_workers);
    memset(bells, 0, sizeof bells);
    stacks_taken = stacks_back = 0;
    engine *e = &model_engine;
    e->io.table = &table;
    e->reactor = &reactor;
    e->options.workers = workers;
    e->workers = model_workers;
    e->accepting = true;
    for (unsigned i = 0; i < workers; i++) {
        worker *w = &model_workers[i];
        w->engine = e;
        w->index = i;
        w->wakeup = (int)i;
        w->op_budget = OPS_IN_A_ROW;
        weir_wheel_init(&w->wheel, 0);
        /* Counters that nobody reads here. */
        model_ignore(&w->counts, sizeof w->counts);
        model_ignore(&w->wakeups, sizeof w->wakeups);
    }
    name_words();
}

void model_evented_serve(unsigned index)
{
    worker *w = &model_workers[index];
    weir_evented_here = w;
    w->loop = *model_context();
    weir_evented_worker_loop(w);
    read_inbox(w);
}

void model_evented_sleep(worker *w)
{
    sleep_now(w);
}

void model_evented_read_inbox(worker *w)
{
    read_inbox(w);
}

void model_evented_wake(worker *w)
{
    wake(w);
}

void model_evented_push(worker *w, weir_inbox_message *message, weir_inbox_message_kind kind)
{
    weir_inbox_push(&w->inbox, message, kind);
}

unsigned model_stacks_taken(void)
{
    return stacks_taken;
}

unsigned model_stacks_back(void)
{
    return stacks_back;
}

void model_cancel_request(weir_task *task)
{
    weir_spin_lock(&task->lock);
    if (task->record) weir_task_record_request(task->record);
    weir_spin_unlock(&task->lock);
}

void model_spawn(unsigned index, weir_task *task, weir_task_fn *run, int where, const char *name)
{
    worker *before = weir_evented_here;
    weir_evented_here = &model_workers[index];
    weir_spawn spawn = {.run = run, .task = task, .worker = where, .name = name};
    model_check(weir_evented_spawn(&model_engine.io, &spawn) == 0, "no task can be started");
    weir_evented_here = before;
}

int model_wait_for_request(weir_io *io)
{
    weir_op op = {.code = WEIR_OP_SLEEP};
    return (int)weir_evented_perform(io, &op);
}
