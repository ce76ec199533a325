/* SPDX-License-Identifier: MIT
 *
 * Stopping `weir serve`: the first SIGINT or SIGTERM drains, the second ends at once.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/io/clock.h>

#include "serve.h"

int serve_signals_watch(weir_io *io, void *argument)
{
    serve_signals *signals = argument;
    bool draining = false;
    for (;;) {
        int number;
        int error = weir_signals_wait(io, &signals->set, weir_never(), &number);
        if (error) return error;
        const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
        if (draining) {
            cli_complain("%s again: ending at once", name);
            _exit(128 + number);
        }
        draining = true;
        cli_complain("%s: finishing open requests, for at most %g s; once more ends at once", name,
                     (double)signals->grace.ns / 1e9);
        weir_http_server_drain(signals->server, weir_deadline_after(io, signals->grace));
    }
}
