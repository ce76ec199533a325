/* SPDX-License-Identifier: MIT
 *
 * A server on Weir that accepts and closes; bench/run-accept measures it beside the bare ones.
 *
 *      bench_accept PORT [--io auto|uring|epoll|threads]
 */
#include "weir_side.h"

static int run(weir_io *io, void *argument)
{
    weir_socket listener, socket;
    int error = weir_side_listen(io, argument, &listener);
    if (error) return error;
    while (!(error = weir_accept(io, listener, &socket))) weir_close_socket(io, socket);
    weir_close_socket(io, listener);
    return error;
}

int main(int argc, char **argv)
{
    weir_side side = weir_side_parse(argc, argv, "PORT [--io auto|uring|epoll|threads]");
    return weir_side_run(&side, run, &side);
}
