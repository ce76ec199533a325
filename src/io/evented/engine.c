/* SPDX-License-Identifier: MIT
 *
 * The evented engine: making it, running it, ending it, and its table.
 */
#include "io/evented/engine.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "base/spin.h"
#include "io/posix/clock.h"
#include "io/posix/random.h"

enum {
    MAX_WORKERS = 1024,
    DEFAULT_STACK = 64 * 1024,
    /* A TLS record fits (RFC 8446 5.2), and a message of 16 KiB is short of it: a short read needs
     * no second one to know that there is no more. */
    DEFAULT_BUFFER = 17 * 1024,
    DEFAULT_BUFFERS = 4096,
    MAX_BUFFERS = 32768, /* what a provided-buffer ring can hold */
    FILE_THREADS = 4,
    DEFAULT_BLOCKING = 512,
    MAX_BLOCKING = 65536,
};

static const weir_io_table table;

static unsigned processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}

static int fill_defaults(weir_evented_options *options)
{
    if (!options->workers) options->workers = processors();
    if (!options->stack_size) options->stack_size = DEFAULT_STACK;
    if (!options->buffer_size) options->buffer_size = DEFAULT_BUFFER;
    /* Whole cache lines: a returning buffer's first bytes carry a message, whose address must be
     * aligned. */
    options->buffer_size = (options->buffer_size + 63) & ~(size_t)63;
    if (!options->max_buffers) options->max_buffers = DEFAULT_BUFFERS;
    if (!options->max_blocking) options->max_blocking = DEFAULT_BLOCKING;
    if (!options->blocking_idle.ns) options->blocking_idle = weir_seconds(10);
    if (options->max_blocking > MAX_BLOCKING || options->blocking_idle.ns < 0) return WEIR_EINVAL;
    bool absurd = options->workers > MAX_WORKERS || options->buffer_size < 1024 ||
                  options->buffer_size > 1 << 24 || options->max_buffers < BUFFERS_PER_SLAB ||
                  options->max_buffers > MAX_BUFFERS;
    return absurd ? WEIR_EINVAL : 0;
}

/* Automatic choice is silent: what io_uring lacks is the reason to be asked for, not an error. */
static int choose(engine *e)
{
    weir_reactor_choice choice = e->options.reactor;
    e->reactor = &weir_reactor_epoll;
    e->why = "epoll was asked for";
    if (choice == WEIR_REACTOR_EPOLL) return 0;
    int error = weir_reactor_uring.probe();
    if (error && choice == WEIR_REACTOR_URING) return error;
    if (error == WEIR_EPERM) e->why = "io_uring is forbidden here, so epoll";
    if (error == WEIR_ENOSYS) e->why = "this kernel or build lacks the io_uring features, so epoll";
    if (error == WEIR_ENOMEM) e->why = "no memory may be locked for io_uring, so epoll";
    if (error && error != WEIR_EPERM && error != WEIR_ENOSYS && error != WEIR_ENOMEM)
        e->why = "io_uring failed to start, so epoll";
    if (error) return 0;
    e->reactor = &weir_reactor_uring;
    e->why = choice == WEIR_REACTOR_URING ? "io_uring was asked for" : "io_uring works here";
    return 0;
}

static void destroy(weir_io *io)
{
    engine *e = (engine *)io;
    for (unsigned i = 0; i < e->options.workers; i++) close(e->workers[i].wakeup);
    weir_offload_close(&e->work);
    weir_offload_close(&e->files);
    weir_descriptors_deinit(&e->descriptors);
    weir_stack_slabs_destroy(e->stacks);
    free(e->workers);
    free(e);
}

static int open_offload(engine *e)
{
    int error = weir_offload_open(&e->files, &e->io, &e->descriptors, FILE_THREADS,
                                  e->options.blocking_idle);
    if (error) return error;
    error = weir_offload_open(&e->work, &e->io, &e->descriptors, e->options.max_blocking,
                              e->options.blocking_idle);
    if (error) weir_offload_close(&e->files);
    return error;
}

int weir_evented_create(const weir_evented_options *options, weir_io **out)
{
    *out = NULL;
    engine *e = calloc(1, sizeof *e);
    if (!e) return WEIR_ENOMEM;
    e->io.table = &table;
    if (options) e->options = *options;
    e->limited = e->options.max_tasks > 0;
    int error = fill_defaults(&e->options);
    e->io.one_thread = e->options.workers == 1;
    if (!error) error = choose(e);
    if (!error) {
        weir_stack_options stacks = {.stack_size = e->options.stack_size, .reserve = sizeof(fiber)};
        error = weir_stack_slabs_create(&e->stacks, &stacks);
    }
    if (!error) e->workers = aligned_alloc(64, sizeof(worker) * e->options.workers);
    if (!error && !e->workers) error = WEIR_ENOMEM;
    if (!error) error = open_offload(e);
    if (error) {
        free(e->workers);
        if (e->stacks) weir_stack_slabs_destroy(e->stacks);
        free(e);
        return error;
    }
    weir_descriptors_init(&e->descriptors);
    memset(e->workers, 0, sizeof(worker) * e->options.workers);
    for (unsigned i = 0; i < e->options.workers; i++) {
        e->workers[i].engine = e;
        e->workers[i].index = i;
        e->workers[i].wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (e->workers[i].wakeup >= 0) continue;
        error = -errno;
        e->options.workers = i;
        destroy(&e->io);
        return error;
    }
    *out = &e->io;
    return 0;
}

/* What weir_run starts: the caller's function, and the note that it has ended. */
typedef struct root {
    weir_task_fn *run;
    void *argument;
    int result;
} root;

static int root_main(weir_io *io, void *argument)
{
    root *r = argument;
    r->result = r->run(io, r->argument);
    __atomic_store_n(&((engine *)io)->root_ended, 1, __ATOMIC_SEQ_CST);
    return 0;
}

/* A worker's thread, and what it shares with weir_run: nobody runs before all have opened, and
 * nobody closes before all have left their loops, so that none sends to one that is not there. */
static void *thread_main(void *argument)
{
    worker *w = argument;
    engine *e = w->engine;
    int error = weir_evented_worker_open(w);
    w->error = error;
    weir_gate_pass(&e->gate, GATE_OPENED);
    if (!__atomic_load_n(&e->stopping, __ATOMIC_ACQUIRE)) weir_evented_worker_loop(w);
    weir_gate_pass(&e->gate, GATE_LEFT);
    if (!error) weir_evented_worker_close(w);
    return NULL;
}

/* Starts the other workers' threads.  Returns how many there are then; fewer than asked for when
 * the system refuses. */
static unsigned start_threads(engine *e)
{
    for (unsigned i = 1; i < e->options.workers; i++) {
        if (pthread_create(&e->workers[i].thread, NULL, thread_main, &e->workers[i]) != 0) return i;
    }
    return e->options.workers;
}

static int first_error(const engine *e, unsigned threads)
{
    for (unsigned i = 0; i < threads; i++)
        if (e->workers[i].error) return e->workers[i].error;
    return threads < e->options.workers ? WEIR_EAGAIN : 0;
}

static void accept_posts(engine *e)
{
    weir_spin_lock(&e->post_lock);
    e->accepting = true;
    weir_spin_unlock(&e->post_lock);
}

static int run_all(engine *e, root *r)
{
    worker *first = &e->workers[0];
    first->thread = pthread_self();
    first->error = weir_evented_worker_open(first);
    bool opened = first->error == 0;
    unsigned threads = start_threads(e);
    weir_gate_await(&e->gate, GATE_OPENED, threads - 1);
    int error = first_error(e, threads);
    if (!error) error = weir_stall_open(e);
    if (!error) {
        weir_spawn spawn = {
            .run = root_main, .argument = r, .name = "root", .worker = WEIR_WORKER_SAME};
        error = weir_evented_spawn(&e->io, &spawn);
    }
    if (error) {
        __atomic_store_n(&e->stopping, 1, __ATOMIC_SEQ_CST);
    } else {
        accept_posts(e);
    }
    weir_gate_open(&e->gate, GATE_OPENED);
    if (!error) weir_evented_worker_loop(first);
    weir_stall_close(e);
    weir_gate_await(&e->gate, GATE_LEFT, threads - 1);
    weir_offload_rest(&e->files);
    weir_offload_rest(&e->work);
    weir_gate_open(&e->gate, GATE_LEFT);
    for (unsigned i = 1; i < threads; i++) pthread_join(e->workers[i].thread, NULL);
    if (opened) weir_evented_worker_close(first);
    return error;
}

static int run(weir_io *io, weir_task_fn *fn, void *argument)
{
    engine *e = (engine *)io;
    if (weir_evented_here && &weir_evented_here->engine->io == io) return WEIR_EBUSY;
    if (__atomic_exchange_n(&e->running, 1, __ATOMIC_ACQUIRE)) return WEIR_EBUSY;
    e->stopping = e->root_ended = e->idle = 0;
    e->live = 0;
    for (unsigned i = 0; i < e->options.workers; i++) weir_evented_worker_reset(&e->workers[i]);
    weir_gate_init(&e->gate);
    /* A task of another engine may run this one. */
    worker *outer = weir_evented_here;
    root r = {.run = fn, .argument = argument};
    int error = run_all(e, &r);
    weir_evented_here = outer;
    __atomic_store_n(&e->running, 0, __ATOMIC_RELEASE);
    return error ? error : r.result;
}

static weir_instant now(weir_io *io, int clock)
{
    weir_instant instant = weir_posix_now(clock);
    /* Who has read the clock expects that deadlines which lie before it have passed. */
    worker *w = weir_evented_here;
    if (clock == WEIR_CLOCK_MONOTONIC && w && &w->engine->io == io) w->now = instant.ns;
    return instant;
}

static void fill_random(weir_io *io, void *out, size_t len)
{
    worker *w = weir_evented_here;
    if (w && &w->engine->io == io) {
        weir_prng_fill(&w->prng, out, len);
    } else {
        weir_posix_random(io, out, len);
    }
}

static void describe(const weir_io *io, weir_io_description *out)
{
    const engine *e = (const engine *)io;
    *out = (weir_io_description){.engine = "evented",
                                 .reactor = e->reactor->name,
                                 .why = e->why,
                                 .workers = e->options.workers};
}

static void give_back(weir_io *io, weir_lent *lent)
{
    (void)io;
    worker *home = lent->home;
    uint32_t id = lent->id;
    *lent = (weir_lent){0};
    if (home == weir_evented_here) {
        home->engine->reactor->buffer_back(home, id);
        return;
    }
    /* The message lies in the buffer itself: nobody reads its bytes any more. */
    weir_inbox_message *message = (weir_inbox_message *)(void *)weir_buffers_at(&home->buffers, id);
    *(uint32_t *)(message + 1) = id;
    weir_evented_worker_send(home, message, MESSAGE_BUFFER);
}

static const weir_io_table table = {
    .run = run,
    .perform = weir_evented_perform,
    .submit = weir_evented_submit,
    .queue_init = weir_evented_queue_init,
    .queue_next = weir_evented_queue_next,
    .queue_try = weir_evented_queue_try,
    .cancel = weir_evented_cancel,
    .complete = weir_evented_complete,
    .spawn = weir_evented_spawn,
    .interrupt = weir_evented_interrupt,
    .self = weir_evented_self,
    .yield = weir_evented_yield,
    .now = now,
    .random = fill_random,
    .random_secure = weir_posix_random,
    .give_back = give_back,
    .post = weir_evented_post,
    .tasks = weir_evented_tasks,
    .count = weir_evented_count,
    .describe = describe,
    .destroy = destroy,
};
