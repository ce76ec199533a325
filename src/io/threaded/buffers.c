/* SPDX-License-Identifier: MIT
 *
 * Lent buffers of the threaded engine: made when bytes are there to be read, some kept for reuse.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/posix/attempt.h"
#include "io/threaded/engine.h"

enum {
    BUFFER_SIZE = 17 * 1024, /* as in the evented engine */
    MAX_BUFFERS = 4096,      /* lent or kept */
    MAX_KEPT = 64,
};

static void *get(engine *e)
{
    weir_spin_lock(&e->buffers_lock);
    void **buffer = e->buffers;
    bool may_make = !buffer && e->buffers_count < MAX_BUFFERS;
    if (buffer) {
        e->buffers = *buffer;
        e->buffers_kept--;
    } else if (may_make) {
        e->buffers_count++;
    }
    weir_spin_unlock(&e->buffers_lock);
    if (!may_make) return buffer;

    buffer = malloc(BUFFER_SIZE);
    if (buffer) return buffer;
    weir_spin_lock(&e->buffers_lock);
    e->buffers_count--;
    weir_spin_unlock(&e->buffers_lock);
    return NULL;
}

static void put(engine *e, void **buffer)
{
    weir_spin_lock(&e->buffers_lock);
    bool keep = e->buffers_kept < MAX_KEPT;
    if (keep) {
        *buffer = e->buffers;
        e->buffers = buffer;
        e->buffers_kept++;
    } else {
        e->buffers_count--;
    }
    weir_spin_unlock(&e->buffers_lock);
    if (!keep) free(buffer);
}

int64_t weir_threaded_read_lent(engine *e, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    weir_lent *out = op->args.lent.out;
    /* The kernel tells a reset once; the receiver knows it from then on. */
    if (receiver->ended) return weir_receiver_failure(receiver);
    char *buffer = get(e);
    if (!buffer) {
        /* Who has nothing to read needs no buffer, and waits. */
        struct pollfd look = {.fd = op->fd, .events = POLLIN};
        return TEMP_FAILURE_RETRY(poll(&look, 1, 0)) == 0 ? WEIR_ATTEMPT_WAIT : WEIR_ENOBUFS;
    }
    ssize_t n = TEMP_FAILURE_RETRY(recv(op->fd, buffer, BUFFER_SIZE, MSG_DONTWAIT));
    if (n > 0) {
        *out = (weir_lent){.data = buffer, .len = (uint32_t)n, .home = e};
        return n;
    }
    int error = n < 0 ? errno : 0;
    put(e, (void **)(void *)buffer);
    if (error == EAGAIN || error == EWOULDBLOCK) return WEIR_ATTEMPT_WAIT;
    receiver->ended = n == 0 ? 1 : -error;
    return weir_receiver_failure(receiver);
}

void weir_threaded_give_back(weir_io *io, weir_lent *lent)
{
    if (lent->home) put((engine *)io, (void **)(void *)lent->data);
    *lent = (weir_lent){0};
}

void weir_threaded_buffers_free(engine *e)
{
    for (void **buffer = e->buffers, *next; buffer; buffer = next) {
        next = *buffer;
        free(buffer);
    }
}
