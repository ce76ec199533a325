/* SPDX-License-Identifier: MIT
 *
 * How commands with sockets start: the engine, the signals that end them, descriptors.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <weir/base/error.h>

#include "cli.h"
#include "start.h"

weir_io *cli_make_engine(const char *word, const weir_engine_options *wanted)
{
    weir_engine_options options = wanted ? *wanted : (weir_engine_options){.kind = 0};
    const int kind = word ? weir_engine_kind_parse(word) : WEIR_ENGINE_AUTO;
    if (kind < 0) {
        cli_complain("--io takes auto, uring, epoll or threads, not \"%s\"", word);
        return NULL;
    }
    options.kind = (weir_engine_kind)kind;
    weir_io *io = NULL;
    int error = weir_engine_create(&options, &io);
    if (!error && strcmp(weir_io_describe(io).engine, "sim") == 0) {
        cli_complain("a simulated network has nobody but this program in it; weir sim runs worlds");
        weir_io_destroy(io);
        return NULL;
    }
    if (!error) return io;
    if (!word) word = getenv("WEIR_IO");
    cli_complain("cannot make the engine%s%s: %s; weir doctor tells what this machine offers",
                 word ? " " : "", word ? word : "", weir_strerror(error));
    return NULL;
}

int cli_open_signals(weir_signals *signals)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    sigset_t set; /* who started us may have blocked them */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    const int error = weir_signals_open(signals, numbers, 2);
    if (!error) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return error;
}

void cli_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
