/* SPDX-License-Identifier: MIT
 *
 * Tasks of the threaded engine: the root on the caller's thread, the others in the pool.
 */
#include <sched.h>

#include "io/threaded/engine.h"

int weir_threaded_run(weir_io *io, weir_task_fn *run, void *argument)
{
    engine *e = (engine *)io;
    pthread_mutex_lock(&e->lock);
    bool busy = e->running;
    e->running = true;
    pthread_mutex_unlock(&e->lock);
    if (busy) return WEIR_EBUSY;

    weir_thread_open(&e->root, e);
    pthread_mutex_lock(&e->lock);
    e->tasks++;
    pthread_mutex_unlock(&e->lock);
    weir_spawn spawn = {.run = run, .argument = argument, .name = "root"};
    weir_thread_enter(&e->root);
    weir_task_record_start(&e->root.record, io, &spawn);
    int result = run(io, argument);
    weir_task_record_end(&e->root.record, result);
    weir_thread_leave(&e->root);
    weir_thread_close(&e->root);

    pthread_mutex_lock(&e->lock);
    while (e->active > 0) pthread_cond_wait(&e->changed, &e->lock);
    e->tasks = 0;
    e->running = false;
    pthread_mutex_unlock(&e->lock);
    return result;
}

int weir_threaded_spawn(weir_io *io, const weir_spawn *spawn)
{
    return weir_threads_spawn((engine *)io, spawn, true);
}

void weir_threaded_interrupt(weir_io *io, weir_task_record *record)
{
    (void)io;
    weir_thread_wake((worker *)(void *)((char *)record - offsetof(worker, record)));
}

weir_task_record *weir_threaded_self(weir_io *io)
{
    worker *w = weir_thread_self((engine *)io);
    return w ? &w->record : NULL;
}

int weir_threaded_yield(weir_io *io)
{
    int error = weir_check(io);
    if (error == 0) sched_yield();
    return error;
}
