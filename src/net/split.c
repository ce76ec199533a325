/* SPDX-License-Identifier: MIT
 *
 * Owned halves: one block that holds the stream and a count of its holders.
 *
 * Actors: the two halves, on any tasks of one engine.  Invariant: `holders` is the number of halves
 * that were not closed; who brings it to 0 closes the stream and frees the block.  A reunion brings
 * it from 2 to 0 in one step, so it never meets a half that is being closed.
 */
#include <weir/net/split.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

struct weir_split {
    uint32_t holders;     /* atomic */
    max_align_t stream[]; /* the concrete stream */
};

static weir_stream *stream_of(weir_split *split)
{
    return (weir_stream *)(void *)split->stream;
}

int weir_stream_split_owned(weir_io *io, weir_stream *stream, weir_owned_read_half *read,
                            weir_owned_write_half *write)
{
    (void)io;
    const weir_stream_table *table = stream->table;
    if (table->size == 0 || !table->moved) return WEIR_EUNSUPPORTED;
    weir_split *split = malloc(sizeof *split + table->size);
    if (!split) return WEIR_ENOMEM;
    split->holders = 2;
    memcpy(split->stream, stream, table->size);
    table->moved(stream);
    *read = (weir_owned_read_half){{stream_of(split)}, split};
    *write = (weir_owned_write_half){{stream_of(split)}, split};
    return 0;
}

/* Lets one hold go.  Not a cancellation point. */
static void release(weir_io *io, weir_split *split)
{
    /* Release: what this half did is done before the other one closes; acquire: closing comes after
     * what the other one did. */
    if (__atomic_sub_fetch(&split->holders, 1, __ATOMIC_ACQ_REL) > 0) return;
    weir_stream_close(io, stream_of(split));
    free(split);
}

void weir_owned_read_close(weir_io *io, weir_owned_read_half *read)
{
    weir_split *split = read->split;
    if (!split) return;
    *read = (weir_owned_read_half){0};
    /* A standing receive is this half's alone, and ends where it was begun. */
    weir_stream_stop(io, stream_of(split));
    release(io, split);
}

void weir_owned_write_forget(weir_io *io, weir_owned_write_half *write)
{
    weir_split *split = write->split;
    if (!split) return;
    *write = (weir_owned_write_half){0};
    release(io, split);
}

void weir_owned_write_close(weir_io *io, weir_owned_write_half *write)
{
    if (!write->split) return;
    weir_scope shield;
    weir_shield(io, &shield);
    /* A peer that is gone needs no end. */
    (void)weir_stream_shutdown_write(io, write->half.stream);
    weir_scope_leave(io, &shield);
    weir_owned_write_forget(io, write);
}

int weir_split_reunite(weir_io *io, weir_owned_read_half *read, weir_owned_write_half *write,
                       weir_stream *out, size_t size)
{
    (void)io;
    weir_split *split = read->split;
    if (!split || split != write->split || stream_of(split)->table->size != size)
        return WEIR_EINVAL;
    uint32_t both = 2;
    if (!__atomic_compare_exchange_n(&split->holders, &both, 0, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return WEIR_EINVAL;
    memcpy(out, split->stream, size);
    free(split);
    *read = (weir_owned_read_half){0};
    *write = (weir_owned_write_half){0};
    return 0;
}
