/* SPDX-License-Identifier: MIT
 *
 * A foreign thread has a task do something, and waits on a condition variable meanwhile.
 */
#include <weir/io/outside.h>

#include <pthread.h>
#include <stddef.h>

#include <weir/base/error.h>
#include <weir/io/io.h>

/* On the stack of the foreign thread, which leaves it only once `ended` is set.  `lock` guards
 * `ended` and `error`. */
typedef struct call {
    weir_post post;
    weir_task_fn *run;
    void *argument;
    int result, error;
    bool ended;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} call;

static void end(call *c, int error)
{
    pthread_mutex_lock(&c->lock);
    c->error = error;
    c->ended = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static int task_main(weir_io *io, void *argument)
{
    call *c = argument;
    int result = c->run(io, c->argument);
    c->result = result;
    end(c, 0);
    return result;
}

static void start(weir_io *io, weir_post *post)
{
    call *c = (call *)(void *)((char *)post - offsetof(call, post));
    weir_task_options options = {.name = "outside", .worker = WEIR_WORKER_ANY};
    int error = weir_detach(io, task_main, c, &options);
    if (error) end(c, error);
}

int weir_outside_run(weir_io *io, weir_task_fn *run, void *argument, int *result)
{
    if (io->table->self(io)) return WEIR_EDEADLK;
    call c = {.post = {.run = start},
              .run = run,
              .argument = argument,
              .lock = PTHREAD_MUTEX_INITIALIZER,
              .changed = PTHREAD_COND_INITIALIZER};
    int error = io->table->post(io, &c.post);
    if (error) return error;
    pthread_mutex_lock(&c.lock);
    while (!c.ended) pthread_cond_wait(&c.changed, &c.lock);
    pthread_mutex_unlock(&c.lock);
    pthread_mutex_destroy(&c.lock);
    pthread_cond_destroy(&c.changed);
    if (!c.error && result) *result = c.result;
    return c.error;
}
