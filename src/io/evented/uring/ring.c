/* SPDX-License-Identifier: MIT
 *
 * The ring itself: probing, making, ending; entries, transient memory, and the ring of free
 * buffers.
 *
 * What is needed is what Linux 6.1 has: one submitter whose completions are worked off when it asks
 * (SINGLE_ISSUER, DEFER_TASKRUN), provided-buffer rings, multishot receive.  Older kernels are
 * served by epoll.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <weir/base/error.h>

#include "io/evented/uring/uring.h"

enum {
    FLAGS = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
            IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG,
};

int weir_uring_probe(void)
{
    struct io_uring ring;
    struct io_uring_params params = {.flags = FLAGS, .cq_entries = 16};
    int error = io_uring_queue_init_params(8, &ring, &params);
    /* Unknown flags: a kernel before 6.1. */
    if (error == -EINVAL) return WEIR_ENOSYS;
    if (error) return error;
    io_uring_queue_exit(&ring);
    return 0;
}

static int open_ring(uring *u)
{
    struct io_uring_params params = {.flags = FLAGS, .cq_entries = URING_COMPLETIONS};
    int error = io_uring_queue_init_params(URING_ENTRIES, &u->ring, &params);
    if (error) return error;
    /* Saves a look-up in each enter; not having it is no error. */
    io_uring_register_ring_fd(&u->ring);
    return 0;
}

static int open_buffers(worker *w, uring *u)
{
    u->free_entries = 1;
    while (u->free_entries < w->buffers.bound) u->free_entries *= 2;
    size_t size = u->free_entries * sizeof(struct io_uring_buf);
    u->free = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (u->free == MAP_FAILED) return WEIR_ENOMEM;
    struct io_uring_buf_reg reg = {.ring_addr = (uintptr_t)u->free,
                                   .ring_entries = u->free_entries,
                                   .bgid = URING_BUFFER_GROUP};
    int error = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (error) {
        munmap(u->free, size);
        return error;
    }
    io_uring_buf_ring_init(u->free);
    return weir_uring_grow(w) ? 0 : WEIR_ENOMEM;
}

void weir_uring_arm_wakeup(worker *w)
{
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    io_uring_prep_poll_multishot(entry, w->wakeup, POLLIN);
    entry->user_data = URING_WAKEUP;
}

void weir_uring_arm_readiness(worker *w)
{
    uring *u = w->reactor;
    struct io_uring_sqe *entry = weir_uring_entry(u);
    io_uring_prep_poll_multishot(entry, u->readiness.epoll, POLLIN);
    entry->user_data = URING_READY;
}

int weir_uring_open(worker *w)
{
    uring *u = calloc(1, sizeof *u);
    if (!u) return WEIR_ENOMEM;
    w->reactor = u;
    u->free = MAP_FAILED;
    int error = open_ring(u);
    if (error) {
        free(u);
        return error;
    }
    error = weir_readiness_init(&u->readiness, &w->engine->descriptors, -1);
    if (error) u->readiness.epoll = -1;
    u->transient = malloc(URING_TRANSIENT);
    if (!error && !u->transient) error = WEIR_ENOMEM;
    if (!error) error = open_buffers(w, u);
    if (error) {
        weir_uring_close(w);
        return error;
    }
    weir_uring_arm_wakeup(w);
    weir_uring_arm_readiness(w);
    return 0;
}

void weir_uring_close(worker *w)
{
    uring *u = w->reactor;
    io_uring_queue_exit(&u->ring);
    if (u->readiness.epoll >= 0) weir_readiness_deinit(&u->readiness);
    if (u->free != MAP_FAILED) munmap(u->free, u->free_entries * sizeof(struct io_uring_buf));
    free(u->transient);
    free(u);
}

static void submit(uring *u)
{
    /* EBUSY, EAGAIN: the kernel wants its completions taken first, which this lets it do. */
    while (io_uring_submit_and_get_events(&u->ring) < 0 && io_uring_sq_ready(&u->ring) > 0)
        continue;
    weir_uring_submitted(u);
}

void weir_uring_submitted(uring *u)
{
    /* A submission may be partial; what was not taken still points at its memory. */
    if (io_uring_sq_ready(&u->ring) == 0) u->transient_used = 0;
}

struct io_uring_sqe *weir_uring_entry(uring *u)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&u->ring);
    while (__builtin_expect(!entry, 0)) {
        submit(u);
        entry = io_uring_get_sqe(&u->ring);
    }
    return entry;
}

void *weir_uring_transient(uring *u, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    /* Nothing may be submitted between this and the entry that is to point here. */
    while (u->transient_used + size > URING_TRANSIENT || io_uring_sq_space_left(&u->ring) == 0)
        submit(u);
    void *memory = u->transient + u->transient_used;
    u->transient_used += size;
    return memory;
}

void weir_uring_cancel(uring *u, uint64_t user_data)
{
    struct io_uring_sqe *entry = weir_uring_entry(u);
    io_uring_prep_cancel64(entry, user_data, 0);
    entry->user_data = 0;
}

static void offer(worker *w, uint32_t id)
{
    uring *u = w->reactor;
    io_uring_buf_ring_add(u->free, weir_buffers_at(&w->buffers, id), (unsigned)w->buffers.size,
                          (unsigned short)id, io_uring_buf_ring_mask(u->free_entries), 0);
    io_uring_buf_ring_advance(u->free, 1);
    u->offered++;
}

void weir_uring_give(worker *w, uint32_t id)
{
    uring *u = w->reactor;
    if (u->offered >= u->wanted || w->buffers.free == BUFFER_NONE) {
        weir_buffers_put(&w->buffers, id);
    } else {
        offer(w, id);
    }
}

bool weir_uring_grow(worker *w)
{
    uring *u = w->reactor;
    const uint32_t before = u->offered;
    if (u->wanted + BUFFERS_PER_SLAB <= u->free_entries) u->wanted += BUFFERS_PER_SLAB;
    for (uint32_t id; u->offered < u->wanted; offer(w, id))
        if ((id = weir_buffers_take(&w->buffers)) == BUFFER_NONE) break;
    return u->offered > before;
}
