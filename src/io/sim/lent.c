/* SPDX-License-Identifier: MIT
 *
 * Lent buffers: bytes wait in the socket, and a buffer is taken when there are some to put in it.
 */
#include <stdlib.h>
#include <string.h>

#include "io/sim/node.h"

static char *take_buffer(host *h)
{
    world *w = h->world;
    if (h->lent >= w->options.max_buffers) return NULL;
    char *buffer = w->buffers;
    if (buffer) {
        memcpy(&w->buffers, buffer, sizeof w->buffers);
    } else {
        buffer = malloc(w->options.buffer_size);
    }
    h->lent += buffer != NULL;
    return buffer;
}

static void put_buffer(host *h, char *buffer)
{
    world *w = h->world;
    memcpy(buffer, &w->buffers, sizeof w->buffers);
    w->buffers = buffer;
    h->lent--;
}

int64_t weir_sim_read_lent(host *h, weir_op *op, sim_node *n)
{
    weir_receiver *receiver = op->args.lent.receiver;
    if (receiver->ended) return weir_receiver_failure(receiver);
    if (!n->kind->receive) return WEIR_EBADF;
    if (!(n->kind->ready(n) & (WEIR_POLL_READ | WEIR_POLL_ERROR))) return SIM_WAIT;
    char *buffer = take_buffer(h);
    if (!buffer) return WEIR_ENOBUFS;
    const struct iovec slice = {buffer, h->world->options.buffer_size};
    sim_transfer t = {.data = &slice, .count = 1, .length = slice.iov_len};
    const int64_t result = n->kind->receive(n, &t);
    if (result > 0) {
        *op->args.lent.out = (weir_lent){.data = buffer, .len = (uint32_t)result, .home = h};
        return result;
    }
    put_buffer(h, buffer);
    if (result == SIM_WAIT) return result;
    receiver->ended = result == 0 ? 1 : (int32_t)result;
    return weir_receiver_failure(receiver);
}

void weir_sim_give_back(weir_io *io, weir_lent *lent)
{
    (void)io;
    put_buffer(lent->home, lent->data);
    *lent = (weir_lent){0};
}
