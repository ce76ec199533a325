/* SPDX-License-Identifier: MIT
 *
 * Picks the engine: by the options, or by WEIR_IO in the environment when they leave it open.
 */
#include <weir/io/engine/engine.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/debug.h>
#include <weir/io/evented/evented.h>
#include <weir/io/sim/sim.h>
#include <weir/io/threaded/threaded.h>

enum { MOST_WORKERS = 1024 }; /* asked of an engine that has but one all the same */

static const char *const words[] = {
    [WEIR_ENGINE_AUTO] = "auto",       [WEIR_ENGINE_URING] = "uring", [WEIR_ENGINE_EPOLL] = "epoll",
    [WEIR_ENGINE_THREADS] = "threads", [WEIR_ENGINE_SIM] = "sim",
};

static const weir_reactor_choice reactors[] = {
    [WEIR_ENGINE_AUTO] = WEIR_REACTOR_AUTO,
    [WEIR_ENGINE_URING] = WEIR_REACTOR_URING,
    [WEIR_ENGINE_EPOLL] = WEIR_REACTOR_EPOLL,
};

int weir_engine_kind_parse(const char *word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i]) == 0) return (int)i;
    return -1;
}

/* The kind that is asked for, by whom ever; -1 when the environment says nonsense. */
static int choose(const weir_engine_options *options)
{
    const char *word = getenv("WEIR_IO");
    if (options->kind != WEIR_ENGINE_AUTO || !word || !*word) return (int)options->kind;
    return weir_engine_kind_parse(word);
}

/* What holds for every kind of engine. */
static int finish(const weir_engine_options *options, int error, weir_io **io)
{
    if (error) return error;
    (*io)->dump_signal = options->dump_signal;
    if (options->debug) error = weir_debug_install(*io);
    if (!error) return 0;
    weir_io_destroy(*io);
    *io = NULL;
    return error;
}

static bool is_absurd(const weir_engine_options *options)
{
    return options->dump_signal < 0 || options->dump_signal > SIGRTMAX || options->stall.ns < 0;
}

static int create_sim(const weir_engine_options *options, weir_io **out)
{
    const char *seed = getenv("WEIR_SEED");
    if (options->workers > MOST_WORKERS || options->blocking_idle.ns < 0) return WEIR_EINVAL;
    /* Both look from a thread of their own. */
    if (options->dump_signal || options->stall.ns) return WEIR_EUNSUPPORTED;
    weir_sim_options sim = {
        .seed = options->seed ? options->seed
                : seed        ? strtoull(seed, NULL, 0)
                              : 0,
        .order = WEIR_SIM_TURNS,
        .stack_size = options->stack_size,
        .max_tasks = options->max_tasks,
        .buffer_size = options->buffer_size,
        .max_buffers = options->max_buffers,
    };
    return weir_sim_engine_create(&sim, out);
}

int weir_engine_create(const weir_engine_options *options, weir_io **out)
{
    static const weir_engine_options defaults;
    if (!options) options = &defaults;
    *out = NULL;
    if (is_absurd(options)) return WEIR_EINVAL;
    int kind = choose(options);
    if (kind == WEIR_ENGINE_THREADS) {
        weir_threaded_options threaded = {
            .max_tasks = options->max_tasks,
            .stack_size = options->stack_size,
            .max_blocking = options->max_blocking,
            .blocking_idle = options->blocking_idle,
        };
        return finish(options, weir_threaded_create(&threaded, out), out);
    }
    if (kind == WEIR_ENGINE_SIM) return finish(options, create_sim(options, out), out);
    if (kind < WEIR_ENGINE_AUTO || kind > WEIR_ENGINE_THREADS) return WEIR_EINVAL;
    weir_evented_options evented = {
        .reactor = reactors[kind],
        .workers = options->workers,
        .stack_size = options->stack_size,
        .max_tasks = options->max_tasks,
        .buffer_size = options->buffer_size,
        .max_buffers = options->max_buffers,
        .max_blocking = options->max_blocking,
        .blocking_idle = options->blocking_idle,
        .stall = options->stall,
    };
    return finish(options, weir_evented_create(&evented, out), out);
}

int weir_engine_run(const weir_engine_options *options, weir_task_fn *run, void *argument)
{
    weir_io *io;
    int error = weir_engine_create(options, &io);
    if (error) return error;
    int result = weir_run(io, run, argument);
    weir_io_destroy(io);
    return result;
}
