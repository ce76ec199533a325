/* SPDX-License-Identifier: MIT
 *
 * A worker: the loop between fibers and kernel, going to sleep, being woken, and the end of a run.
 *
 * Going to sleep against being given work: the sleeper stores `sleeping` and then looks at its
 * inbox and at what it could steal; the giver pushes and then looks at `sleeping`.  Both in
 * sequential consistency, so one of them sees the other.
 *
 * The end of a run: the root has ended, and all tasks that were spawned have finished.  The
 * counters are the workers'; reading all `finished` before all `spawned` makes equality mean that
 * no task was left at the moment in between, and then nobody can spawn any more.
 */
#include "io/evented/engine.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <weir/base/error.h>

#include "base/spin.h"
#include "io/posix/clock.h"

enum {
    POOLED_STACKS = 1024,
    KEPT_STACKS = 64, /* idle ones that keep their memory for long */
};

/* How long idle stacks keep their memory, roughly. */
static const int64_t trim_interval = 5000000000;

_Thread_local worker *weir_evented_here;

static void ring_bell(worker *to)
{
    __atomic_fetch_add(&to->wakeups, 1, __ATOMIC_RELAXED);
    eventfd_write(to->wakeup, 1);
}

static void wake(worker *to)
{
    if (__atomic_load_n(&to->sleeping, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&to->sleeping, 0, __ATOMIC_SEQ_CST))
        ring_bell(to);
}

void weir_evented_worker_send(worker *to, weir_inbox_message *message, weir_inbox_message_kind kind)
{
    weir_inbox_push(&to->inbox, message, kind);
    if (to != weir_evented_here) wake(to);
}

void weir_evented_worker_call_thief(engine *e)
{
    /* Orders the caller's push before the look at who is idle; pairs with the store in sleep_now.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&e->idle, __ATOMIC_RELAXED) == 0) return;
    for (unsigned i = 0; i < e->options.workers; i++) {
        worker *w = &e->workers[i];
        if (!__atomic_load_n(&w->sleeping, __ATOMIC_SEQ_CST)) continue;
        if (!__atomic_exchange_n(&w->sleeping, 0, __ATOMIC_SEQ_CST)) continue;
        ring_bell(w);
        return;
    }
}

static void handle(worker *w, void *at, weir_inbox_message_kind kind)
{
    weir_op *op = (weir_op *)(void *)((char *)at - offsetof(weir_op, engine));
    switch (kind) {
    case MESSAGE_OP_DONE:
        if (op->reserved & OP_AWAY) {
            w->engine->reactor->returned(w, op);
        } else {
            weir_evented_op_finish(w, op, op->result);
        }
        break;
    case MESSAGE_OP_QUEUE: weir_evented_queue_push(w, op); break;
    case MESSAGE_START:
        weir_evented_fiber_resume(w, (fiber *)((char *)at - offsetof(fiber, start)));
        break;
    case MESSAGE_INTERRUPT:
        weir_evented_fiber_interrupted(w, (fiber *)((char *)at - offsetof(fiber, interrupt)));
        break;
    case MESSAGE_BUFFER:
        w->buffers_back++;
        w->engine->reactor->buffer_back(w, *(uint32_t *)((weir_inbox_message *)at + 1));
        break;
    case MESSAGE_POST:
        weir_evented_posted(w, (weir_post *)((char *)at - offsetof(weir_post, link)));
        break;
    case MESSAGE_RECEIVER: w->engine->reactor->remote(w, op); break;
    }
}

static weir_inbox_message *message_of(uintptr_t link)
{
    return (weir_inbox_message *)(link & ~(uintptr_t)MESSAGE_KIND_MASK);
}

static void handle_all(worker *w, uintptr_t link)
{
    for (uintptr_t next; link; link = next) {
        next = message_of(link)->next;
        handle(w, message_of(link), (weir_inbox_message_kind)(link & MESSAGE_KIND_MASK));
    }
}

static void read_inbox(worker *w)
{
    uintptr_t kept = w->kept;
    w->kept = 0;
    handle_all(w, kept);
    handle_all(w, weir_inbox_take(&w->inbox));
}

bool weir_evented_worker_recover(worker *w)
{
    const uint64_t before = w->buffers_back;
    /* In the middle of an op: everything but buffers is left for the loop. */
    uintptr_t *end = &w->kept;
    while (*end) end = &message_of(*end)->next;
    for (uintptr_t link = weir_inbox_take(&w->inbox), next; link; link = next) {
        next = message_of(link)->next;
        if ((link & MESSAGE_KIND_MASK) == MESSAGE_BUFFER) {
            handle(w, message_of(link), MESSAGE_BUFFER);
            continue;
        }
        *end = link;
        end = &message_of(link)->next;
        *end = 0;
    }
    return w->buffers_back != before;
}

static uint64_t sum(engine *e, bool finished)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < e->options.workers; i++) {
        worker *w = &e->workers[i];
        total += __atomic_load_n(finished ? &w->finished : &w->spawned, __ATOMIC_SEQ_CST);
    }
    return total;
}

/* Whether the run is over; then no post is taken any more.  With no post under way and no task
 * left, nobody can spawn. */
static bool is_over(engine *e)
{
    weir_spin_lock(&e->post_lock);
    bool over = e->posted == 0;
    if (over) {
        uint64_t finished = sum(e, true);
        over = finished == sum(e, false);
    }
    if (over) e->accepting = false;
    weir_spin_unlock(&e->post_lock);
    return over;
}

static void stop_if_over(engine *e)
{
    if (!__atomic_load_n(&e->root_ended, __ATOMIC_SEQ_CST) || !is_over(e)) return;
    __atomic_store_n(&e->stopping, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < e->options.workers; i++) {
        __atomic_store_n(&e->workers[i].sleeping, 0, __ATOMIC_SEQ_CST);
        eventfd_write(e->workers[i].wakeup, 1);
    }
}

int weir_evented_post(weir_io *io, weir_post *post)
{
    engine *e = (engine *)io;
    worker *here = weir_evented_here;
    worker *to = here && here->engine == e ? here : &e->workers[0];
    if (post->home) to = post->home;
    weir_spin_lock(&e->post_lock);
    bool accepted = e->accepting;
    e->posted += accepted;
    weir_spin_unlock(&e->post_lock);
    if (!accepted) return WEIR_ENOTRUNNING;
    weir_evented_worker_send(to, (weir_inbox_message *)(void *)&post->link, MESSAGE_POST);
    return 0;
}

void weir_evented_posted(worker *w, weir_post *post)
{
    engine *e = w->engine;
    post->run(&e->io, post);
    weir_spin_lock(&e->post_lock);
    e->posted--;
    weir_spin_unlock(&e->post_lock);
}

static bool something_to_steal(engine *e)
{
    if (__atomic_load_n(&e->overflow.count, __ATOMIC_SEQ_CST) > 0) return true;
    for (unsigned i = 0; i < e->options.workers; i++)
        if (!weir_run_queue_empty(&e->workers[i].fresh)) return true;
    return false;
}

static void look(worker *w, int64_t timeout)
{
    weir_count(&w->counts.enters);
    w->engine->reactor->poll(w, timeout);
}

void weir_evented_worker_woken(worker *w)
{
    w->now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    w->early = EARLY_FIBERS;
    w->resumed = false;
    if (!w->is_idle) return;
    w->is_idle = false;
    __atomic_store_n(&w->sleeping, 0, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&w->engine->idle, 1, __ATOMIC_SEQ_CST);
}

void weir_evented_worker_go_on(worker *w)
{
    if (!w->resumed || !w->ready_first || w->early == 0) return;
    w->resumed = false;
    w->early--;
    weir_evented_fiber_run(w, weir_evented_fiber_pick(w));
}

/* Waits in the kernel until there is something to do. */
static void sleep_now(worker *w)
{
    engine *e = w->engine;
    w->is_idle = true;
    __atomic_fetch_add(&e->idle, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&w->sleeping, 1, __ATOMIC_SEQ_CST);
    weir_count(&w->counts.sleeps);
    /* Our count of finished tasks is out before we read the others': of two workers that end the
     * last tasks at the same time, one sees that they were the last. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    stop_if_over(e);
    bool busy = w->kept || __atomic_load_n(&w->inbox.head, __ATOMIC_SEQ_CST) != 0 ||
                something_to_steal(e) || __atomic_load_n(&e->stopping, __ATOMIC_SEQ_CST);
    int64_t next = weir_wheel_next(&w->wheel), timeout = 0;
    if (next != WEIR_FOREVER_NS) w->now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    if (!busy) timeout = next == WEIR_FOREVER_NS ? next : next > w->now ? next - w->now : 0;
    /* A worker with many idle stacks wakes once more, to let go of them. */
    bool rich = w->stacks.count > KEPT_STACKS;
    if (rich && timeout > trim_interval) timeout = trim_interval;
    look(w, timeout);
    if (rich && w->now - w->trimmed >= trim_interval) {
        w->trimmed = w->now;
        weir_stack_pool_trim(&w->stacks, KEPT_STACKS);
    }
}

void weir_evented_worker_loop(worker *w)
{
    while (!__atomic_load_n(&w->engine->stopping, __ATOMIC_ACQUIRE)) {
        read_inbox(w);
        weir_evented_op_expire(w);
        fiber *f = weir_evented_fiber_pick(w);
        if (!f) {
            sleep_now(w);
            continue;
        }
        weir_evented_fiber_run(w, f);
        /* Out of budget, or out of fibers: in the first case only look at the kernel. */
        if (w->ready_first || !weir_run_queue_empty(&w->fresh)) look(w, 0);
    }
}

static const char *current_name(void *argument)
{
    worker *w = argument;
    return w->current ? w->current->record.name : NULL;
}

static void seed(weir_prng *prng)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
        number = (uint64_t)weir_posix_now(WEIR_CLOCK_MONOTONIC).ns ^ (uintptr_t)prng;
    weir_prng_seed(prng, number);
}

void weir_evented_worker_reset(worker *w)
{
    memset(w, 0, offsetof(worker, engine));
}

int weir_evented_worker_open(worker *w)
{
    engine *e = w->engine;
    const weir_evented_options *options = &e->options;
    w->op_budget = OPS_IN_A_ROW;
    w->now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    w->trimmed = w->now;
    weir_wheel_init(&w->wheel, w->now);
    seed(&w->prng);
    weir_stack_pool_init(&w->stacks, e->stacks, POOLED_STACKS);
    w->overflow =
        (weir_overflow_watch){.slabs = e->stacks, .task_name = current_name, .argument = w};
    int error =
        weir_buffers_open(&w->buffers, options->buffer_size, (uint32_t)options->max_buffers);
    if (error) return error;
    error = e->reactor->open(w);
    if (!error) {
        error = weir_overflow_install(&w->overflow);
        if (!error) {
            weir_fiber_adopt(&w->loop);
            weir_evented_here = w;
            return 0;
        }
        e->reactor->close(w);
    }
    weir_buffers_close(&w->buffers);
    return error;
}

void weir_evented_worker_close(worker *w)
{
    /* Messages about ended tasks and returned buffers may be left. */
    read_inbox(w);
    weir_evented_here = NULL;
    weir_overflow_uninstall(&w->overflow);
    w->engine->reactor->close(w);
    weir_stack_pool_close(&w->stacks);
    weir_buffers_close(&w->buffers);
}
