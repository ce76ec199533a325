/* SPDX-License-Identifier: MIT
 *
 * A worker's buffers for received bytes, lent to tasks: made in slabs as they are needed, up to a
 * bound.
 *
 * A buffer is free (in the pool's list, or in the kernel's ring with io_uring), holds bytes that
 * wait in a receiver's list (a chunk), or is lent to a task.  The pool knows sizes and addresses;
 * who has a buffer now is the reactor's business. Thread rule: the owner's thread.
 */
#ifndef IO_EVENTED_BUFFERS_H
#define IO_EVENTED_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

#include <weir/io/socket.h>

enum { BUFFERS_PER_SLAB = 64, BUFFER_NONE = UINT32_MAX };

/* Buffers lie this many bytes further apart than they are large: at distances of a power of two
 * their first lines, which hold most messages, would share a few sets of the caches. */
enum { BUFFER_COLOUR = 192 };

/* What is known of one buffer. */
typedef struct weir_buffer_note {
    uint32_t next;           /* a free list, or the chunks of a receiver */
    uint32_t len;            /* chunk: bytes in it */
    weir_receiver *receiver; /* chunk: whose list it is in; NULL else */
} weir_buffer_note;

typedef struct weir_buffers {
    char **slabs; /* room for all that the bound allows */
    weir_buffer_note *notes;
    size_t size;    /* bytes of one buffer */
    uint32_t bound; /* buffers at most */
    uint32_t count; /* buffers made */
    uint32_t free;  /* first of the free list */
} weir_buffers;

/* Prepares an empty pool.  Returns 0 or WEIR_ENOMEM. */
int weir_buffers_open(weir_buffers *buffers, size_t size, uint32_t bound);

/* Frees all.  No buffer is in use any more. */
void weir_buffers_close(weir_buffers *buffers);

/* Makes another slab of free buffers.  Returns how many; 0: at the bound, or no memory. */
uint32_t weir_buffers_grow(weir_buffers *buffers);

/* Takes a free buffer; makes some when there is none.  BUFFER_NONE: at the bound or out of memory.
 */
uint32_t weir_buffers_take(weir_buffers *buffers);

/* Puts a buffer on the free list. */
void weir_buffers_put(weir_buffers *buffers, uint32_t id);

/* Where a buffer lies. */
static inline char *weir_buffers_at(const weir_buffers *buffers, uint32_t id)
{
    return buffers->slabs[id / BUFFERS_PER_SLAB] +
           (size_t)(id % BUFFERS_PER_SLAB) * (buffers->size + BUFFER_COLOUR);
}

/* Appends a filled buffer to a receiver's chunks, and takes the oldest chunk (BUFFER_NONE: none).
 */
void weir_chunks_append(weir_buffers *buffers, weir_receiver *receiver, uint32_t id, uint32_t len);
uint32_t weir_chunks_take(weir_buffers *buffers, weir_receiver *receiver);

#endif
