/* SPDX-License-Identifier: MIT
 *
 * Worker threads: how they wait and are woken, and the pool that makes and ends them.
 *
 * A worker's state says how to wake it: RUNS ── wake ──> WOKEN, and the next sleep ends at once;
 * SLEEPS ── wake ──> WOKEN and futex(2); POLLS ── wake ──> WOKEN and a write to its eventfd.
 * The eventfd is made with the first poll, so a task that waits for no descriptor needs none.
 * Invariant: only the worker leaves WOKEN, so no wake is lost between a look at the world and the
 * system call that waits.  A late write to the eventfd ends a later poll for nothing, which is
 * allowed.
 *
 * A thread without a task waits options.blocking_idle for the next one and ends.  An ending thread
 * joins the one that ended before it, so at most one is left unjoined.
 */
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "io/posix/clock.h"
#include "io/threaded/engine.h"

static const int64_t slice_ns = 10000000;

/* The worker that the thread is, the innermost engine first. */
static _Thread_local worker *current;

/* What the thread does for engines without being a task of theirs, the innermost first. */
static _Thread_local guest *guests;

worker *weir_thread_self(const engine *e)
{
    worker *w = current;
    while (w && (w->engine != e || w->hidden)) w = w->outer;
    return w;
}

void weir_thread_enter(worker *w)
{
    w->outer = current;
    current = w;
}

void weir_thread_leave(worker *w)
{
    current = w->outer;
}

void weir_thread_guest_enter(guest *g, const engine *e)
{
    *g = (guest){.engine = e, .outer = guests};
    guests = g;
}

void weir_thread_guest_leave(const guest *g)
{
    guests = g->outer;
}

bool weir_thread_is_guest(const engine *e)
{
    const guest *g = guests;
    while (g && g->engine != e) g = g->outer;
    return g;
}

int64_t weir_thread_work(worker *w, const weir_op *op)
{
    w->hidden = true;
    int64_t result = op->args.work.run(op->args.work.argument);
    w->hidden = false;
    return result;
}

void weir_thread_open(worker *w, engine *e)
{
    uint32_t number = __atomic_fetch_add(&e->next_counts, 1, __ATOMIC_RELAXED);
    *w = (worker){.engine = e, .wakeup = -1, .counts = &e->counts[number % COUNTS]};
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
        seed = (uint64_t)weir_posix_now(WEIR_CLOCK_MONOTONIC).ns ^ (uintptr_t)w;
    weir_prng_seed(&w->prng, seed);
}

void weir_thread_close(worker *w)
{
    if (w->wakeup >= 0) close(w->wakeup);
}

/* With the worker's lock held. */
static void wake(worker *w)
{
    uint32_t was = __atomic_exchange_n(&w->state, WORKER_WOKEN, __ATOMIC_ACQ_REL);
    if (was == WORKER_SLEEPS || was == WORKER_POLLS) weir_count(&w->counts->wakeups);
    if (was == WORKER_SLEEPS) {
        syscall(SYS_futex, &w->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    } else if (was == WORKER_POLLS && w->wakeup >= 0) {
        uint64_t one = 1;
        ssize_t written = TEMP_FAILURE_RETRY(write(w->wakeup, &one, sizeof(one)));
        (void)written;
    }
}

void weir_thread_wake(worker *w)
{
    weir_spin_lock(&w->lock);
    wake(w);
    weir_spin_unlock(&w->lock);
}

void weir_thread_wake_with(worker *w, uint32_t *word, uint32_t value)
{
    weir_spin_lock(&w->lock);
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    wake(w);
    weir_spin_unlock(&w->lock);
}

void weir_thread_wake_done(worker *w, weir_op *op)
{
    weir_spin_lock(&w->lock);
    op_set_state(op, 0);
    wake(w);
    weir_spin_unlock(&w->lock);
}

void weir_thread_settle(worker *w)
{
    weir_spin_lock(&w->lock);
    weir_spin_unlock(&w->lock);
}

/* Announces how the worker waits.  False: it was woken before. */
static bool announce(worker *w, uint32_t how)
{
    uint32_t runs = WORKER_RUNS;
    bool waits = __atomic_compare_exchange_n(&w->state, &runs, how, false, __ATOMIC_ACQ_REL,
                                             __ATOMIC_ACQUIRE);
    if (waits) {
        weir_count(&w->counts->sleeps);
        weir_count(&w->counts->enters);
    }
    return waits;
}

/* Goes on.  Returns whether it was woken: then it sees what the waker did before. */
static bool go_on(worker *w)
{
    return __atomic_exchange_n(&w->state, WORKER_RUNS, __ATOMIC_ACQ_REL) == WORKER_WOKEN;
}

bool weir_thread_sleep(worker *w, int64_t until)
{
    if (announce(w, WORKER_SLEEPS)) {
        struct timespec at = weir_posix_timespec(until);
        struct timespec *limit = until == WEIR_FOREVER_NS ? NULL : &at;
        long failed = 0;
        while (__atomic_load_n(&w->state, __ATOMIC_ACQUIRE) == WORKER_SLEEPS &&
               !(failed < 0 && errno == ETIMEDOUT))
            failed = syscall(SYS_futex, &w->state, FUTEX_WAIT_BITSET_PRIVATE, WORKER_SLEEPS, limit,
                             NULL, FUTEX_BITSET_MATCH_ANY);
    }
    return go_on(w);
}

static int poll_until(struct pollfd *fds, nfds_t count, int64_t until)
{
    if (until == WEIR_FOREVER_NS) return poll(fds, count, -1);
    struct timespec left = weir_posix_timespec(until - weir_posix_now(WEIR_CLOCK_MONOTONIC).ns);
    return ppoll(fds, count, &left, NULL);
}

/* The longest poll of a worker that has no eventfd. */
static int64_t limit_slice(int64_t until)
{
    int64_t slice = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns + slice_ns;
    return slice < until ? slice : until;
}

int weir_thread_poll(worker *w, int fd, uint32_t events, int64_t until)
{
    /* Made with the first wait.  Out of descriptors: poll in slices then, late but not lost. */
    if (w->wakeup < 0) w->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int64_t limit = w->wakeup >= 0 ? until : limit_slice(until);

    struct pollfd fds[2] = {{.fd = fd}, {.fd = w->wakeup, .events = POLLIN}};
    if (events & WEIR_POLL_READ) fds[0].events |= POLLIN | POLLRDHUP;
    if (events & WEIR_POLL_WRITE) fds[0].events |= POLLOUT;
    int count = 0;
    int error = EINTR;
    if (announce(w, WORKER_POLLS)) {
        count = poll_until(fds, 2, limit);
        error = count < 0 ? errno : 0;
    }
    bool woken = go_on(w);
    if (fds[1].revents) {
        uint64_t wakes;
        ssize_t got = read(w->wakeup, &wakes, sizeof(wakes));
        (void)got;
    }
    if (fds[0].revents) return 1;
    if (woken || fds[1].revents || error == EINTR) return 0;
    if (error) return -error;
    return limit < until ? 0 : WEIR_EDEADLINE;
}

/* The pool ---------------------------------------------------------------------------------- */

void weir_thread_list(engine *e, worker *w)
{
    w->newer = NULL;
    w->older = e->newest;
    if (w->older) w->older->newer = w;
    e->newest = w;
}

void weir_thread_unlist(engine *e, worker *w)
{
    *(w->newer ? &w->newer->older : &e->newest) = w->older;
    if (w->older) w->older->newer = w->newer;
}

static void make_idle(engine *e, worker *w)
{
    w->previous = NULL;
    w->next = e->idle;
    if (e->idle) e->idle->previous = w;
    e->idle = w;
}

static void take_idle(engine *e, worker *w)
{
    *(w->previous ? &w->previous->next : &e->idle) = w->next;
    if (w->next) w->next->previous = w->previous;
    w->next = w->previous = NULL;
}

static bool is_idle(const engine *e, const worker *w)
{
    return e->idle == w || w->previous;
}

static void run_task(worker *w)
{
    engine *e = w->engine;
    int result = w->record.run(&e->io, w->record.argument);

    /* First the room: who hears of the end may start another task. */
    pthread_mutex_lock(&e->lock);
    if (w->has_task) {
        e->tasks--;
        __atomic_store_n(&w->has_task, 0, __ATOMIC_RELAXED);
        weir_count(&w->counts->finished);
    }
    pthread_mutex_unlock(&e->lock);
    weir_task_record_end(&w->record, result);

    pthread_mutex_lock(&e->lock);
    if (--e->active == 0) pthread_cond_broadcast(&e->changed);
    make_idle(e, w);
    pthread_mutex_unlock(&e->lock);
}

/* Waits for the next task.  False: there is none, and the worker is no longer in the pool. */
static bool wait_for_task(worker *w)
{
    engine *e = w->engine;
    int64_t until =
        weir_instant_add(weir_posix_now(WEIR_CLOCK_MONOTONIC), e->options.blocking_idle).ns;
    uint32_t assigned;
    while (!(assigned = __atomic_load_n(&w->assigned, __ATOMIC_ACQUIRE))) {
        if (weir_thread_sleep(w, until)) continue;
        pthread_mutex_lock(&e->lock);
        bool ends = is_idle(e, w);
        if (ends) take_idle(e, w);
        pthread_mutex_unlock(&e->lock);
        if (ends) return false;
        until = WEIR_FOREVER_NS; /* somebody is about to assign */
    }
    weir_thread_settle(w);
    __atomic_store_n(&w->assigned, ASSIGNED_NOTHING, __ATOMIC_RELAXED);
    return assigned == ASSIGNED_TASK;
}

static void free_worker(worker *w)
{
    if (!w) return;
    pthread_join(w->thread, NULL);
    weir_thread_close(w);
    free(w);
}

static void *thread_main(void *argument)
{
    worker *w = argument;
    engine *e = w->engine;
    weir_thread_enter(w);
    while (wait_for_task(w)) run_task(w);

    pthread_mutex_lock(&e->lock);
    weir_thread_unlist(e, w);
    worker *before = e->zombie;
    e->zombie = w;
    pthread_mutex_unlock(&e->lock);
    free_worker(before);
    pthread_mutex_lock(&e->lock);
    if (--e->threads == 0) pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static int start_thread(engine *e, worker *w)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return WEIR_ENOMEM;
    int error = pthread_attr_setstacksize(&attributes, e->options.stack_size);
    pthread_mutex_lock(&e->lock);
    e->threads++;
    weir_thread_list(e, w);
    pthread_mutex_unlock(&e->lock);
    if (!error) error = pthread_create(&w->thread, &attributes, thread_main, w);
    pthread_attr_destroy(&attributes);
    if (!error) return 0;
    pthread_mutex_lock(&e->lock);
    e->threads--;
    weir_thread_unlist(e, w);
    pthread_mutex_unlock(&e->lock);
    return error == ENOMEM ? WEIR_ENOMEM : WEIR_ECONCURRENCY;
}

/* A worker whose thread waits for its first task. */
static int make_worker(engine *e, worker **out)
{
    worker *w = malloc(sizeof(*w));
    if (!w) return WEIR_ENOMEM;
    weir_thread_open(w, e);
    int error = start_thread(e, w);
    if (error == 0)
        *out = w;
    else
        free(w);
    return error;
}

int weir_threads_spawn(engine *e, const weir_spawn *spawn, bool counts)
{
    pthread_mutex_lock(&e->lock);
    if (counts && e->tasks >= e->options.max_tasks) {
        pthread_mutex_unlock(&e->lock);
        return WEIR_ECONCURRENCY;
    }
    e->tasks += counts;
    e->active++;
    worker *w = e->idle;
    if (w) take_idle(e, w);
    pthread_mutex_unlock(&e->lock);

    int error = w ? 0 : make_worker(e, &w);
    if (error == 0) {
        weir_task_record_start(&w->record, &e->io, spawn);
        if (counts) weir_count(&w->counts->spawned);
        /* Pairs with the load in visit.c: who sees it sees the record. */
        __atomic_store_n(&w->has_task, counts, __ATOMIC_RELEASE);
        weir_thread_wake_with(w, &w->assigned, ASSIGNED_TASK);
        return 0;
    }
    pthread_mutex_lock(&e->lock);
    e->tasks -= counts;
    e->active--;
    pthread_mutex_unlock(&e->lock);
    return error;
}

void weir_threads_close(engine *e)
{
    pthread_mutex_lock(&e->lock);
    while (e->idle) {
        worker *w = e->idle;
        take_idle(e, w);
        weir_thread_wake_with(w, &w->assigned, ASSIGNED_END);
    }
    while (e->threads > 0) pthread_cond_wait(&e->changed, &e->lock);
    pthread_mutex_unlock(&e->lock);
    free_worker(e->zombie);
}
