/* SPDX-License-Identifier: MIT
 *
 * Running an engine: what holds for the root task on every engine, and the engine's own calls.
 */
#include <weir/io/io.h>

#include "io/dump.h"
#include "io/task_record.h"

typedef struct root {
    weir_task_fn *run;
    void *argument;
    bool began;
} root;

/* Detached tasks have no other end: the root's is theirs. */
static int root_main(weir_io *io, void *argument)
{
    root *r = argument;
    r->began = true;
    int result = r->run(io, r->argument);
    weir_group_close(io, &io->detached);
    return result;
}

int weir_run(weir_io *io, weir_task_fn *run, void *argument)
{
    root r = {.run = run, .argument = argument};
    if (io->table->self(io)) return WEIR_EBUSY;
    weir_dump_watch *watch;
    int error = weir_dump_watch_open(io, &watch);
    if (error) return error;
    int result = io->table->run(io, root_main, &r);
    if (r.began) io->detached.canceled = 0; /* for the next run */
    weir_dump_watch_close(watch);
    return result;
}

weir_io_description weir_io_describe(const weir_io *io)
{
    weir_io_description description;
    io->table->describe(io, &description);
    return description;
}

unsigned weir_workers(weir_io *io)
{
    return weir_io_describe(io).workers;
}

weir_counters weir_counters_of(const weir_io *io)
{
    weir_counters counters = {.detached_failed =
                                  __atomic_load_n(&io->detached_failed, __ATOMIC_RELAXED)};
    io->table->count(io, &counters);
    return counters;
}

int weir_tasks(weir_io *io, weir_task_visit *visit, void *argument)
{
    return io->table->tasks(io, visit, argument);
}

void weir_io_destroy(weir_io *io)
{
    if (io) io->table->destroy(io);
}
