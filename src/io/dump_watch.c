/* SPDX-License-Identifier: MIT
 *
 * The thread that dumps an engine's tasks when its signal comes.
 *
 * A handler may do little: it writes to the eventfd of each watch of its signal, and the watch's
 * thread, which blocks every signal itself, does the rest.  So a dump comes also when all workers
 * are held by tasks; it then says that they do not answer.
 *
 * Actors: opening and closing (any thread, under `lock`), and handlers (any thread, any moment).
 * Invariant: a slot's eventfd is closed only after the slot was emptied and no handler that might
 * have seen it is left (`inside`).  Slots are never freed, so a handler walks them without a lock.
 */
#include "io/dump.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weir/base/error.h>

typedef struct slot {
    atomic_int signal; /* 0: free */
    int fd;            /* valid while `signal` is set */
    struct slot *next;
} slot;

struct weir_dump_watch {
    weir_io *io;
    slot *slot;
    int fd;
    atomic_bool ending;
    pthread_t thread;
};

/* Signals are the process's, and so is who hears of them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(slot *) slots;
static atomic_uint inside; /* handlers that run */
static struct sigaction former[_NSIG];
static unsigned watches[_NSIG];

static void on_signal(int number)
{
    int error = errno;
    uint64_t one = 1;
    atomic_fetch_add(&inside, 1);
    for (slot *s = atomic_load(&slots); s; s = s->next) {
        if (atomic_load(&s->signal) != number) continue;
        ssize_t written = write(s->fd, &one, sizeof one);
        (void)written;
    }
    atomic_fetch_sub(&inside, 1);
    errno = error;
}

/* Under the lock. */
static slot *slot_take(int number, int fd)
{
    slot *s = atomic_load(&slots);
    while (s && atomic_load(&s->signal)) s = s->next;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) return NULL;
        s->next = atomic_load(&slots);
        atomic_store(&slots, s);
    }
    s->fd = fd;
    atomic_store(&s->signal, number);
    return s;
}

static void slot_give(slot *s)
{
    atomic_store(&s->signal, 0);
    while (atomic_load(&inside)) sched_yield();
}

static int listen_to(weir_dump_watch *watch, int number)
{
    pthread_mutex_lock(&lock);
    int error = 0;
    watch->slot = slot_take(number, watch->fd);
    if (!watch->slot) error = WEIR_ENOMEM;
    if (!error && watches[number]++ == 0) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
        sigemptyset(&action.sa_mask);
        if (sigaction(number, &action, &former[number])) {
            error = -errno;
            watches[number]--;
            slot_give(watch->slot);
        }
    }
    pthread_mutex_unlock(&lock);
    return error;
}

static void stop_listening(weir_dump_watch *watch, int number)
{
    pthread_mutex_lock(&lock);
    if (--watches[number] == 0) sigaction(number, &former[number], NULL);
    slot_give(watch->slot);
    pthread_mutex_unlock(&lock);
}

static void *watch_main(void *argument)
{
    weir_dump_watch *watch = argument;
    uint64_t count;
    for (;;) {
        ssize_t got = read(watch->fd, &count, sizeof count);
        if (atomic_load(&watch->ending) || (got < 0 && errno != EINTR)) return NULL;
        /* Whom to tell if it fails?  Standard error is where the dump would have gone. */
        if (got > 0) weir_dump(watch->io, STDERR_FILENO);
    }
}

static int start_thread(weir_dump_watch *watch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&watch->thread, NULL, watch_main, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

int weir_dump_watch_open(weir_io *io, weir_dump_watch **out)
{
    *out = NULL;
    int number = io->dump_signal;
    if (number == 0) return 0;
    if (number < 0 || number >= _NSIG) return WEIR_EINVAL;
    weir_dump_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return WEIR_ENOMEM;
    watch->io = io;
    watch->fd = eventfd(0, EFD_CLOEXEC);
    int error = watch->fd < 0 ? -errno : 0;
    if (!error) error = listen_to(watch, number);
    if (!error) {
        error = start_thread(watch);
        if (error) stop_listening(watch, number);
    }
    if (error) {
        if (watch->fd >= 0) close(watch->fd);
        free(watch);
        return error;
    }
    *out = watch;
    return 0;
}

void weir_dump_watch_close(weir_dump_watch *watch)
{
    if (!watch) return;
    stop_listening(watch, watch->io->dump_signal);
    atomic_store(&watch->ending, true);
    eventfd_write(watch->fd, 1);
    pthread_join(watch->thread, NULL);
    close(watch->fd);
    free(watch);
}
