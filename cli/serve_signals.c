/* SPDX-License-Identifier: MIT
 *
 * Stopping `weir serve`: the first SIGINT or SIGTERM drains, the second ends at once.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/socket.h>

#include "serve.h"

int serve_signals_block(serve_signals *signals)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL)) return WEIR_EINVAL;
    signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals->fd < 0 ? -errno : 0;
}

int serve_signals_watch(weir_io *io, void *argument)
{
    serve_signals *signals = argument;
    bool draining = false;
    for (;;) {
        int ready = weir_poll(io, (weir_socket){signals->fd}, WEIR_POLL_READ);
        if (ready < 0) return ready;
        struct signalfd_siginfo info;
        if (read(signals->fd, &info, sizeof info) != (ssize_t)sizeof info) continue;
        const char *name = info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
        if (draining) {
            cli_complain("%s again: ending at once", name);
            _exit(128 + (int)info.ssi_signo);
        }
        draining = true;
        cli_complain("%s: finishing open requests, for at most %g s; once more ends at once", name,
                     (double)signals->grace.ns / 1e9);
        weir_http_server_drain(signals->server, weir_deadline_after(io, signals->grace));
    }
}
