/* SPDX-License-Identifier: MIT
 *
 * The thread that dumps an engine's tasks when its signal comes.
 *
 * It is no task and blocks every signal itself, so a dump comes also when all workers are held by
 * tasks; it then says that they do not answer.
 */
#include "io/dump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/signal.h>

struct weir_dump_watch {
    weir_io *io;
    weir_signals signals;
    int end; /* eventfd: readable when the watch is to end */
    pthread_t thread;
};

static void *watch_main(void *argument)
{
    weir_dump_watch *watch = argument;
    struct pollfd ready[2] = {{.fd = watch->signals.fd, .events = POLLIN},
                              {.fd = watch->end, .events = POLLIN}};
    for (;;) {
        if (poll(ready, 2, -1) < 0 && errno != EINTR) return NULL;
        if (ready[1].revents) return NULL;
        /* Whom to tell if it fails?  Standard error is where the dump would have gone. */
        if (weir_signals_take(&watch->signals) > 0) weir_dump(watch->io, STDERR_FILENO);
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
    if (io->dump_signal == 0) return 0;
    weir_dump_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return WEIR_ENOMEM;
    watch->io = io;
    watch->end = eventfd(0, EFD_CLOEXEC);
    int error = watch->end < 0 ? -errno : 0;
    if (!error) error = weir_signals_open(&watch->signals, &io->dump_signal, 1);
    if (!error) error = start_thread(watch);
    if (!error) {
        *out = watch;
        return 0;
    }
    weir_signals_close(NULL, &watch->signals);
    if (watch->end >= 0) close(watch->end);
    free(watch);
    return error;
}

void weir_dump_watch_close(weir_dump_watch *watch)
{
    if (!watch) return;
    eventfd_write(watch->end, 1);
    pthread_join(watch->thread, NULL);
    weir_signals_close(NULL, &watch->signals);
    close(watch->end);
    free(watch);
}
