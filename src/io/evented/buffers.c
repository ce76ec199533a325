/* SPDX-License-Identifier: MIT
 *
 * Buffers for received bytes (buffers.h): slabs, the free list, and the lists of chunks.
 */
#include "io/evented/buffers.h"

#include <stdlib.h>
#include <sys/mman.h>

#include <weir/base/error.h>

int weir_buffers_open(weir_buffers *buffers, size_t size, uint32_t bound)
{
    uint32_t slabs = (bound + BUFFERS_PER_SLAB - 1) / BUFFERS_PER_SLAB;
    *buffers = (weir_buffers){.size = size, .bound = bound, .free = BUFFER_NONE};
    buffers->slabs = calloc(slabs, sizeof *buffers->slabs);
    buffers->notes = calloc((size_t)slabs * BUFFERS_PER_SLAB, sizeof *buffers->notes);
    if (buffers->slabs && buffers->notes) return 0;
    weir_buffers_close(buffers);
    return WEIR_ENOMEM;
}

void weir_buffers_close(weir_buffers *buffers)
{
    for (uint32_t i = 0; i * BUFFERS_PER_SLAB < buffers->count; i++)
        munmap(buffers->slabs[i], (buffers->size + BUFFER_COLOUR) * BUFFERS_PER_SLAB);
    free(buffers->slabs);
    free(buffers->notes);
    *buffers = (weir_buffers){.free = BUFFER_NONE};
}

uint32_t weir_buffers_grow(weir_buffers *buffers)
{
    if (buffers->count + BUFFERS_PER_SLAB > buffers->bound) return 0;
    size_t size = (buffers->size + BUFFER_COLOUR) * BUFFERS_PER_SLAB;
    char *slab = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED) return 0;
    buffers->slabs[buffers->count / BUFFERS_PER_SLAB] = slab;
    for (uint32_t i = BUFFERS_PER_SLAB; i-- > 0;) weir_buffers_put(buffers, buffers->count + i);
    buffers->count += BUFFERS_PER_SLAB;
    return BUFFERS_PER_SLAB;
}

uint32_t weir_buffers_take(weir_buffers *buffers)
{
    if (buffers->free == BUFFER_NONE && weir_buffers_grow(buffers) == 0) return BUFFER_NONE;
    uint32_t id = buffers->free;
    buffers->free = buffers->notes[id].next;
    return id;
}

void weir_buffers_put(weir_buffers *buffers, uint32_t id)
{
    buffers->notes[id] = (weir_buffer_note){.next = buffers->free};
    buffers->free = id;
}

/* A receiver's list ends are ids plus one, so that its zero value is the empty list. */
static void *end_of(uint32_t id)
{
    return (void *)(uintptr_t)(id + 1);
}

static uint32_t id_of(const void *end)
{
    return (uint32_t)(uintptr_t)end - 1;
}

void weir_chunks_append(weir_buffers *buffers, weir_receiver *receiver, uint32_t id, uint32_t len)
{
    buffers->notes[id] = (weir_buffer_note){.next = BUFFER_NONE, .len = len, .receiver = receiver};
    if (receiver->tail) {
        buffers->notes[id_of(receiver->tail)].next = id;
    } else {
        receiver->head = end_of(id);
    }
    receiver->tail = end_of(id);
    receiver->chunks++;
}

uint32_t weir_chunks_take(weir_buffers *buffers, weir_receiver *receiver)
{
    if (!receiver->head) return BUFFER_NONE;
    uint32_t id = id_of(receiver->head);
    uint32_t next = buffers->notes[id].next;
    receiver->head = next == BUFFER_NONE ? NULL : end_of(next);
    if (!receiver->head) receiver->tail = NULL;
    receiver->chunks--;
    buffers->notes[id].receiver = NULL;
    return id;
}
