/* SPDX-License-Identifier: MIT
 *
 * Making and ending the threaded engine, and its table.
 */
#include "io/threaded/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "io/posix/clock.h"
#include "io/posix/random.h"

enum {
    DEFAULT_TASKS = 10000,
    DEFAULT_STACK = 256 * 1024,
    MIN_STACK = 32 * 1024, /* with room for what the C library keeps there */
    MAX_STACK = 1 << 30,
    MAX_TASKS = 1 << 22, /* the kernel's limit on threads */
    PAGE = 4096,
    FILE_HELPERS = 4,
    DEFAULT_BLOCKING = 512,
    MAX_BLOCKING = 65536,
};

static weir_instant now(weir_io *io, int clock)
{
    (void)io;
    return weir_posix_now(clock);
}

static void fill_random(weir_io *io, void *out, size_t len)
{
    worker *w = weir_thread_self((engine *)io);
    if (w) {
        weir_prng_fill(&w->prng, out, len);
        return;
    }
    weir_prng prng;
    weir_prng_seed(&prng, (uint64_t)weir_posix_now(WEIR_CLOCK_MONOTONIC).ns ^ (uintptr_t)out);
    weir_prng_fill(&prng, out, len);
}

static void describe(const weir_io *io, weir_io_description *out)
{
    (void)io;
    *out = (weir_io_description){
        .engine = "threaded",
        .reactor = "poll",
        .why = "every task is a thread, which waits for its own operation",
        .workers = 1,
    };
}

static void destroy(weir_io *io)
{
    engine *e = (engine *)io;
    weir_threads_close(e);
    weir_service_close(&e->service);
    weir_helpers_close(&e->work);
    weir_helpers_close(&e->files);
    weir_threaded_buffers_free(e);
    weir_descriptors_deinit(&e->descriptors);
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static const weir_io_table table = {
    .run = weir_threaded_run,
    .perform = weir_threaded_perform,
    .submit = weir_threaded_submit,
    .queue_init = weir_threaded_queue_init,
    .queue_next = weir_threaded_queue_next,
    .queue_try = weir_threaded_queue_try,
    .cancel = weir_threaded_cancel,
    .complete = weir_threaded_complete,
    .spawn = weir_threaded_spawn,
    .interrupt = weir_threaded_interrupt,
    .self = weir_threaded_self,
    .yield = weir_threaded_yield,
    .now = now,
    .random = fill_random,
    .random_secure = weir_posix_random,
    .give_back = weir_threaded_give_back,
    .post = weir_threaded_post,
    .tasks = weir_threaded_tasks,
    .count = weir_threaded_count,
    .describe = describe,
    .destroy = destroy,
};

static int fill_options(const weir_threaded_options *given, weir_threaded_options *out)
{
    *out = given ? *given : (weir_threaded_options){0};
    if (!out->max_tasks) out->max_tasks = DEFAULT_TASKS;
    if (!out->stack_size) out->stack_size = DEFAULT_STACK;
    if (!out->max_blocking) out->max_blocking = DEFAULT_BLOCKING;
    if (!out->blocking_idle.ns) out->blocking_idle = weir_seconds(10);
    if (out->max_blocking > MAX_BLOCKING || out->blocking_idle.ns < 0) return WEIR_EINVAL;
    if (out->max_tasks > MAX_TASKS || out->stack_size > MAX_STACK || out->stack_size < MIN_STACK)
        return WEIR_EINVAL;
    out->stack_size = (out->stack_size + PAGE - 1) / PAGE * PAGE;
    return 0;
}

/* Locks that cannot be made leave nothing behind on this system, so none is undone. */
static int open_all(engine *e)
{
    if (pthread_mutex_init(&e->lock, NULL) != 0) return WEIR_ENOMEM;
    if (pthread_cond_init(&e->changed, NULL) != 0) return WEIR_ENOMEM;
    int error = weir_service_open(&e->service);
    if (!error) error = weir_helpers_open(&e->files, e, "files", FILE_HELPERS);
    if (!error) error = weir_helpers_open(&e->work, e, "work", e->options.max_blocking);
    return error;
}

int weir_threaded_create(const weir_threaded_options *options, weir_io **out)
{
    weir_threaded_options filled;
    int error = fill_options(options, &filled);
    if (error < 0) return error;
    engine *e = aligned_alloc(_Alignof(engine), sizeof(*e));
    if (!e) return WEIR_ENOMEM;
    memset(e, 0, sizeof(*e));
    e->io.table = &table;
    e->options = filled;
    weir_descriptors_init(&e->descriptors);
    if (open_all(e) == 0) {
        *out = &e->io;
        return 0;
    }
    free(e);
    return WEIR_ENOMEM;
}
