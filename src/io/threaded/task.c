/* SPDX-License-Identifier: MIT
 *
 * Tasks of the threaded engine: the root on the caller's thread, the others in the pool.
 */
#include <sched.h>

#include "io/threaded/engine.h"

/* From here on others see the run. */
static void begin(engine *e)
{
    /* The end of the run before has closed the group. */
    pthread_mutex_lock(&e->lock);
    weir_count(&e->root.counts->spawned);
    e->root.has_task = 1;
    weir_thread_list(e, &e->root);
    e->tasks++;
    e->accepting = true;
    pthread_mutex_unlock(&e->lock);
}

int weir_threaded_run(weir_io *io, weir_task_fn *run, void *argument)
{
    engine *e = (engine *)io;
    pthread_mutex_lock(&e->lock);
    bool busy = e->running;
    e->running = true;
    pthread_mutex_unlock(&e->lock);
    if (busy) return WEIR_EBUSY;

    worker *root = &e->root;
    weir_thread_open(root, e);
    weir_spawn spawn = {.run = run, .argument = argument, .name = "root"};
    weir_task_record_start(&root->record, io, &spawn);
    begin(e);
    weir_thread_enter(root);
    int result = run(io, argument);
    weir_task_record_end(&root->record, result);
    weir_thread_leave(root);

    pthread_mutex_lock(&e->lock);
    weir_thread_unlist(e, root);
    weir_count(&root->counts->finished);
    while (e->active > 0 || e->posts > 0) pthread_cond_wait(&e->changed, &e->lock);
    e->accepting = false;
    e->tasks = 0;
    pthread_mutex_unlock(&e->lock);
    weir_thread_close(root);
    pthread_mutex_lock(&e->lock);
    e->running = false;
    pthread_mutex_unlock(&e->lock);
    return result;
}

int weir_threaded_spawn(weir_io *io, const weir_spawn *spawn)
{
    return weir_threads_spawn((engine *)io, spawn, true);
}

int weir_threaded_post(weir_io *io, weir_post *post)
{
    engine *e = (engine *)io;
    pthread_mutex_lock(&e->lock);
    bool accepted = e->accepting;
    e->posts += accepted;
    pthread_mutex_unlock(&e->lock);
    if (!accepted) return WEIR_ENOTRUNNING;

    /* Where every task is a thread, all that a post may do can be done on any thread: this one. */
    guest g;
    weir_thread_guest_enter(&g, e);
    post->run(io, post);
    weir_thread_guest_leave(&g);

    pthread_mutex_lock(&e->lock);
    if (--e->posts == 0) pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    return 0;
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
