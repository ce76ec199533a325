/* SPDX-License-Identifier: MIT
 *
 * Making an engine: one call picks evented (io_uring or epoll), threaded, or the simulator.
 *
 * Only programs include this; everything else is handed a weir_io.
 */
#ifndef WEIR_IO_ENGINE_ENGINE_H
#define WEIR_IO_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/io.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_engine_kind {
    WEIR_ENGINE_AUTO, /* WEIR_IO in the environment if set, else io_uring if it works, else epoll */
    WEIR_ENGINE_URING,   /* fibers over io_uring, or fail */
    WEIR_ENGINE_EPOLL,   /* fibers over epoll */
    WEIR_ENGINE_THREADS, /* a thread per task */
    WEIR_ENGINE_SIM, /* a simulated world of one host (sim/sim.h); WEIR_SEED may name the seed */
} weir_engine_kind;

/* What an engine may use; the zero value is the default of each member. */
typedef struct weir_engine_options {
    weir_engine_kind kind;
    unsigned workers;      /* evented: threads that run tasks; 0 = the processors it may run on */
    size_t stack_size;     /* bytes per task; 0 = 64 KiB (evented), 256 KiB (threads) */
    size_t max_tasks;      /* at a time; 0 = 10,000 (threads), as memory allows (evented) */
    size_t buffer_size;    /* evented: bytes of one lent buffer, 1 KiB to 16 MiB; 0 = 17 KiB */
    size_t max_buffers;    /* evented: lent buffers per worker, 64 to 32,768; 0 = 4,096 */
    unsigned max_blocking; /* threads for weir_work at a time; 0 = 512 */
    weir_duration blocking_idle; /* they, and those for files, end when idle so long; 0 = 10 s */
    int dump_signal;             /* weir_dump to stderr when this signal comes; 0 = none */
    weir_duration stall;         /* evented: report a task that holds its worker longer; 0 = off */
    uint64_t seed;               /* sim: 0 = WEIR_SEED in the environment if set, else 0 */
    bool debug; /* check the use of handles, and report what is left open; see io/debug.h */
} weir_engine_options;

/* Makes an engine.  `options` may be NULL.
 *
 * Returns 0 and *out, to be freed with weir_io_destroy; WEIR_EINVAL (absurd options, or WEIR_IO in
 * the environment is not auto, uring, epoll, threads or sim); WEIR_ENOSYS or WEIR_EPERM: io_uring
 * was asked for and the kernel lacks or forbids it; WEIR_EUNSUPPORTED: the simulator with
 * dump_signal or stall, which look from another thread; WEIR_ENOMEM, WEIR_EMFILE, WEIR_ENFILE.
 * From any thread. */
int weir_engine_create(const weir_engine_options *options, weir_io **out);

/* Makes an engine, runs `run` as its root task, and frees it: a whole program in one call.
 * Returns what `run` returned, or an error of weir_engine_create or weir_run: it was not called.
 * From any thread, also from a task of another engine, which it holds. */
int weir_engine_run(const weir_engine_options *options, weir_task_fn *run, void *argument);

/* The kind that a word names: "auto", "uring", "epoll", "threads", "sim"; -1 for another word. */
int weir_engine_kind_parse(const char *word);

#ifdef __cplusplus
}
#endif
#endif
