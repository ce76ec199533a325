/* SPDX-License-Identifier: MIT
 *
 * What the load generators share: the command line "MODE PORT [OPTION...]", and the measured window
 * with what both sides used in it.
 */
#ifndef LOAD_H
#define LOAD_H

#include "bench.h"

typedef struct load_options {
    int mode; /* index into the modes */
    int port, backend, connections, window, pid;
    double seconds, warm_up;
} load_options;

/* Reads the command line over the defaults in *options.  `modes` ends with NULL. */
static inline void load_parse(int argc, char **argv, const char *const modes[],
                              load_options *options)
{
    int option;
    options->mode = -1;
    for (int i = 0; argc > 2 && modes[i]; i++)
        if (!strcmp(argv[1], modes[i])) options->mode = i;
    if (options->mode < 0) {
        fprintf(stderr, "usage: %s MODE PORT -P SERVER_PID [-c CONNECTIONS] [-W WINDOW]\n", *argv);
        fprintf(stderr, "       [-d SECONDS] [-w WARM_UP] [-b BACKEND_PORT]\nmodes:");
        for (int i = 0; modes[i]; i++) fprintf(stderr, " %s", modes[i]);
        fprintf(stderr, "\n");
        exit(2);
    }
    options->port = (int)bench_number("PORT", argv[2], 1, 65535);
    optind = 3;
    while ((option = getopt(argc, argv, "b:c:d:w:W:P:")) != -1) {
        switch (option) {
        case 'b': options->backend = (int)bench_number("-b", optarg, 1, 65535); break;
        case 'c': options->connections = (int)bench_number("-c", optarg, 1, 1e6); break;
        case 'd': options->seconds = bench_number("-d", optarg, 0.01, 1e6); break;
        case 'w': options->warm_up = bench_number("-w", optarg, 0, 1e6); break;
        case 'W': options->window = (int)bench_number("-W", optarg, 1, 1e6); break;
        case 'P': options->pid = (int)bench_number("-P", optarg, 1, 1e9); break;
        default: exit(2);
        }
    }
    if (optind < argc) bench_fail("too many words", 0);
    if (!options->pid) bench_fail("needs -P", 0);
}

/* The measured window: what both sides had used when it began. */
typedef struct load_window {
    uint64_t start;
    bench_cpu own, server;
    int pid;
} load_window;

static inline load_window load_begin(int pid)
{
    return (load_window){bench_now(), bench_cpu_of(getpid()), bench_cpu_of_all(pid), pid};
}

/* What was done in a window. */
typedef struct load_result {
    const char *mode;
    int connections;
    double requests, lost; /* in the unit of the table */
    double seconds;        /* in which the server could work; 0: the whole window */
} load_result;

/* Ends the window and prints the line that bench/report.awk reads. */
static inline void load_end(const load_window *window, const load_result *result)
{
    bench_cpu own = bench_cpu_of(getpid()), server = bench_cpu_of_all(window->pid);
    double whole = (double)(bench_now() - window->start) / 1e9;
    double seconds = result->seconds > 0 ? result->seconds : whole;
    printf("{\"mode\":\"%s\",\"connections\":%d,\"seconds\":%.4f,\"requests\":%.3f,"
           "\"rate\":%.3f,\"lost\":%.3f,\"load_cpu\":%.3f,\"server_user_s\":%.3f,"
           "\"server_kernel_s\":%.3f}\n",
           result->mode, result->connections, seconds, result->requests, result->requests / seconds,
           result->lost, (own.user + own.kernel - window->own.user - window->own.kernel) / whole,
           server.user - window->server.user, server.kernel - window->server.kernel);
}

#endif
