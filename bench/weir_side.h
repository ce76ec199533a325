/* SPDX-License-Identifier: MIT
 *
 * What the measured programs on Weir share: "PORT [WORD] [--io ENGINE] [--workers N]", and running
 * one task on the engine that it names.
 */
#ifndef WEIR_SIDE_H
#define WEIR_SIDE_H

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/io/socket.h>

#include "bench.h"

typedef struct weir_side {
    int port, backend;
    const char *word; /* the one word that is no option */
    weir_engine_options engine;
} weir_side;

/* Reads the command line; `usage` is what follows the program's name in the usage line. */
static inline weir_side weir_side_parse(int argc, char **argv, const char *usage)
{
    weir_side side = {.engine = {.workers = 1}};
    bool good = argc >= 2;
    for (int i = 2; i < argc && good; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--io") && value && weir_engine_kind_parse(value) >= 0) {
            side.engine.kind = (weir_engine_kind)weir_engine_kind_parse(argv[++i]);
        } else if (!strcmp(argv[i], "--workers")) {
            side.engine.workers = (unsigned)bench_number("--workers", argv[++i], 0, 1024);
        } else if (!strcmp(argv[i], "--to")) {
            side.backend = (int)bench_number("--to", argv[++i], 1, 65535);
        } else {
            good = !side.word && argv[i][0] != '-';
            side.word = argv[i];
        }
    }
    if (!good) {
        fprintf(stderr, "usage: %s %s\n", argv[0], usage);
        exit(2);
    }
    side.port = (int)bench_number("PORT", argv[1], 1, 65535);
    bench_raise_descriptors(65536);
    return side;
}

/* Listens on the loopback address as the bare servers do. */
static inline int weir_side_listen(weir_io *io, const weir_side *side, weir_socket *out)
{
    const weir_address address = weir_address_loopback4((uint16_t)side->port);
    const int on = 1;
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, out);
    if (error) return error;
    error = weir_set_option(io, *out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!error) error = weir_set_option(io, *out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!error) error = weir_bind(io, *out, &address);
    if (!error) error = weir_listen(io, *out, 4096);
    if (error) weir_close_socket(io, *out);
    return error;
}

/* Runs the task, says why it ended, and returns the exit status. */
static inline int weir_side_run(const weir_side *side, weir_task_fn *run, void *argument)
{
    int error = weir_engine_run(&side->engine, run, argument);
    if (error) fprintf(stderr, "%s\n", weir_strerror(error));
    return error != 0;
}

#endif
