/* SPDX-License-Identifier: MIT
 *
 * The stall detector: finds the task that holds its worker for too long.
 *
 *      watching thread                            worker, in its handler
 *      each half `limit`: has the worker picked
 *        a fiber since, or does it sleep?
 *      no, for `limit`: state = ASKED, signal ──> fills its look in, state = ANSWERED
 *      ANSWERED: reports, state = IDLE
 *
 * What the worker runs is known to the worker alone, so the watching thread reads nothing but a
 * counter and a flag, and has the handler copy the rest, on the thread that it interrupts: names
 * are static text, and taking the stack needs no lock once the unwinder has been loaded.
 *
 * Invariant: a look belongs to the watching thread while its state is IDLE or ANSWERED, to the
 * worker's handler while it is ASKED.  weir_stall_close waits for looks that are ASKED; one that
 * never answers (its thread blocks the signal) keeps its memory for ever, so that a late handler
 * finds it.
 */
#include "io/evented/stall.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "io/backtrace.h"
#include "io/debug.h"
#include "io/evented/engine.h"
#include "io/posix/clock.h"

/* The signal that asks a worker what it does. */
#ifndef WEIR_STALL_SIGNAL
#define WEIR_STALL_SIGNAL (SIGRTMIN + 3)
#endif

enum { LOOK_IDLE, LOOK_ASKED, LOOK_ANSWERED };

static const int64_t shortest_pause = 1000000;
static const int64_t patience = 1000000000;

/* What is known of a worker. */
typedef struct look {
    worker *worker;
    pthread_t thread;
    uint32_t picked;  /* its count of picked fibers, as it was first seen … */
    int64_t since;    /* … then */
    bool told;        /* of this count */
    uint32_t state;   /* atomic: LOOK_… */
    const char *name; /* NULL: no task runs */
    const char *place;
    weir_backtrace trace;
} look;

struct weir_stall {
    engine *engine;
    int64_t limit;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool ending; /* under the lock */
    pthread_t thread;
    look looks[];
};

/* Handlers are the process's: how many engines use ours, and what was there before. */
static pthread_mutex_t handler_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned handler_users;
static struct sigaction handler_before;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    /* Not the engine that the thread runs now: a task of ours may be running another one. */
    if (info->si_code != SI_QUEUE || info->si_pid != getpid()) return;
    look *l = info->si_value.sival_ptr;
    if (__atomic_load_n(&l->state, __ATOMIC_ACQUIRE) != LOOK_ASKED) return;
    int error = errno;
    const fiber *f = l->worker->current;
    l->name = f ? f->record.name : NULL;
    l->place = f ? f->record.place : NULL;
    if (f) weir_backtrace_take(&l->trace);
    /* Pairs with the load of the watching thread, which reads what was filled in. */
    __atomic_store_n(&l->state, LOOK_ANSWERED, __ATOMIC_RELEASE);
    errno = error;
}

static int install_handler(void)
{
    int error = 0;
    pthread_mutex_lock(&handler_lock);
    if (handler_users++ == 0) {
        struct sigaction action = {.sa_sigaction = on_signal,
                                   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(WEIR_STALL_SIGNAL, &action, &handler_before)) {
            error = -errno;
            handler_users--;
        }
    }
    pthread_mutex_unlock(&handler_lock);
    return error;
}

static void remove_handler(void)
{
    pthread_mutex_lock(&handler_lock);
    if (--handler_users == 0) sigaction(WEIR_STALL_SIGNAL, &handler_before, NULL);
    pthread_mutex_unlock(&handler_lock);
}

/* The worker writes its count as an ordinary number; a reader may see it late, which only delays
 * the verdict. */
__attribute__((no_sanitize("thread"))) static uint32_t picked_by(const worker *w)
{
    return *(const volatile uint32_t *)&w->tick;
}

static void report(weir_stall *s, look *l, int64_t now)
{
    char held[WEIR_DURATION_ROOM];
    weir_text text = {0};
    weir_duration_print(weir_nanoseconds(now - l->since), held, sizeof held);
    weir_report_task(&text, l->name, l->place);
    weir_text_add(&text, " has held worker %u for %s, at ", l->worker->index, held);
    weir_backtrace_print(&l->trace, &text);
    weir_report(&s->engine->io, &text);
}

static void examine(weir_stall *s, look *l)
{
    const worker *w = l->worker;
    int64_t now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    uint32_t picked = picked_by(w);
    uint32_t state = __atomic_load_n(&l->state, __ATOMIC_ACQUIRE);
    if (state == LOOK_ANSWERED) {
        if (l->name) report(s, l, now);
        __atomic_store_n(&l->state, LOOK_IDLE, __ATOMIC_RELAXED);
    }
    bool sleeps = __atomic_load_n(&w->sleeping, __ATOMIC_RELAXED);
    if (picked != l->picked || sleeps) {
        l->picked = picked;
        l->since = now;
        l->told = false;
        return;
    }
    if (state != LOOK_IDLE || l->told || now - l->since < s->limit) return;
    l->told = true;
    /* Pairs with the load of the handler: it has the look from here on. */
    __atomic_store_n(&l->state, LOOK_ASKED, __ATOMIC_RELEASE);
    const union sigval which = {.sival_ptr = l};
    if (pthread_sigqueue(l->thread, WEIR_STALL_SIGNAL, which))
        __atomic_store_n(&l->state, LOOK_IDLE, __ATOMIC_RELAXED);
}

static void *watch_main(void *argument)
{
    weir_stall *s = argument;
    int64_t pause = s->limit / 2 > shortest_pause ? s->limit / 2 : shortest_pause;
    pthread_mutex_lock(&s->lock);
    while (!s->ending) {
        pthread_mutex_unlock(&s->lock);
        for (unsigned i = 0; i < s->engine->options.workers; i++) examine(s, &s->looks[i]);
        int64_t until = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns + pause;
        struct timespec limit = weir_posix_timespec(until);
        pthread_mutex_lock(&s->lock);
        if (!s->ending) pthread_cond_timedwait(&s->end, &s->lock, &limit);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Starts the watching thread, which leaves all signals to others. */
static int start_thread(weir_stall *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&s->thread, NULL, watch_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static weir_stall *make(engine *e)
{
    unsigned workers = e->options.workers;
    weir_stall *s = calloc(1, sizeof *s + workers * sizeof s->looks[0]);
    if (!s) return NULL;
    int64_t now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    s->engine = e;
    s->limit = e->options.stall.ns;
    for (unsigned i = 0; i < workers; i++) {
        /* The first worker is the thread that runs the engine: this one. */
        s->looks[i] = (look){.worker = &e->workers[i],
                             .thread = i ? e->workers[i].thread : pthread_self(),
                             .since = now};
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

static void discard(weir_stall *s)
{
    pthread_cond_destroy(&s->end);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int weir_stall_open(engine *e)
{
    e->stall = NULL;
    if (e->options.stall.ns <= 0) return 0;
    weir_stall *s = make(e);
    if (!s) return WEIR_ENOMEM;
    weir_backtrace_take(&s->looks[0].trace); /* loads the unwinder, which handlers must not */
    e->stall = s;
    int error = install_handler();
    if (!error) {
        error = start_thread(s);
        if (!error) return 0;
        remove_handler();
    }
    e->stall = NULL;
    discard(s);
    return error;
}

/* Whether a handler may still come. */
static bool is_asked(const weir_stall *s)
{
    for (unsigned i = 0; i < s->engine->options.workers; i++)
        if (__atomic_load_n(&s->looks[i].state, __ATOMIC_ACQUIRE) == LOOK_ASKED) return true;
    return false;
}

void weir_stall_close(engine *e)
{
    weir_stall *s = e->stall;
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_signal(&s->end);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    const struct timespec moment = {.tv_nsec = shortest_pause};
    int64_t until = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns + patience;
    while (is_asked(s) && weir_posix_now(WEIR_CLOCK_MONOTONIC).ns < until) nanosleep(&moment, NULL);
    bool lost = is_asked(s);
    e->stall = NULL;
    /* A signal that is still to come must find the handler: it would end the process. */
    if (lost) {
        for (unsigned i = 0; i < e->options.workers; i++)
            __atomic_store_n(&s->looks[i].state, LOOK_IDLE, __ATOMIC_RELEASE);
        return;
    }
    remove_handler();
    discard(s);
}
