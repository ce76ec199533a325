/* SPDX-License-Identifier: MIT
 *
 * The cursor over slices and repeats.
 *
 * Copies of a short repeated slice are laid out in the scratch as whole copies only ("tile"), so a
 * span of the repeats that starts at byte p of a copy is the tile from p on, then whole tiles.
 */
#include "io/posix/gather.h"

#include <stdbool.h>
#include <string.h>

/* The iovecs that have been filled. */
typedef struct iovec_batch {
    struct iovec *out;
    size_t used, room;
} iovec_batch;

static int64_t sum(int64_t total, uint64_t more)
{
    if (more > INT64_MAX) return INT64_MAX;
    int64_t result;
    return __builtin_add_overflow(total, (int64_t)more, &result) ? INT64_MAX : result;
}

int64_t weir_gather_total(const weir_gather *gather)
{
    if (gather->count == 0) return 0;
    int64_t total = 0;
    for (uint32_t i = 0; i + 1 < gather->count; i++) total = sum(total, gather->data[i].iov_len);
    uint64_t repeated;
    if (__builtin_mul_overflow((uint64_t)gather->data[gather->count - 1].iov_len,
                               (uint64_t)gather->repeat, &repeated))
        return INT64_MAX;
    return sum(total, repeated);
}

static void put(iovec_batch *batch, const char *data, size_t len)
{
    batch->out[batch->used++] = (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = len};
}

/* Lays out whole copies of a slice; returns their bytes, 0 when tiling does not pay. */
static size_t lay_tile(const struct iovec *slice, uint64_t left, char *scratch, size_t size)
{
    size_t copies = size / slice->iov_len;
    if (copies < 2 || left <= slice->iov_len) return 0;
    if (copies > left / slice->iov_len + 2) copies = left / slice->iov_len + 2;
    if (copies > size / slice->iov_len) copies = size / slice->iov_len;
    for (size_t i = 0; i < copies; i++)
        memcpy(scratch + i * slice->iov_len, slice->iov_base, slice->iov_len);
    return copies * slice->iov_len;
}

static void put_repeats(iovec_batch *batch, const struct iovec *slice, uint64_t repeat,
                        uint64_t done, char *scratch, size_t scratch_size)
{
    uint64_t total = slice->iov_len * repeat;
    if (done >= total) return;
    size_t tile = scratch ? lay_tile(slice, total - done, scratch, scratch_size) : 0;
    const char *base = tile ? scratch : slice->iov_base;
    if (!tile) tile = slice->iov_len;

    size_t phase = (size_t)(done % slice->iov_len);
    for (uint64_t left = total - done; left > 0 && batch->used < batch->room; phase = 0) {
        size_t len = tile - phase < left ? tile - phase : (size_t)left;
        put(batch, base + phase, len);
        left -= len;
    }
}

size_t weir_gather_fill(const weir_gather *gather, uint64_t done, struct iovec *out, size_t room,
                        char *scratch, size_t scratch_size)
{
    iovec_batch batch = {out, 0, room};
    if (gather->count == 0) return 0;
    for (uint32_t i = 0; i + 1 < gather->count && batch.used < room; i++) {
        const struct iovec *slice = &gather->data[i];
        if (done >= slice->iov_len) {
            done -= slice->iov_len;
            continue;
        }
        put(&batch, (const char *)slice->iov_base + done, slice->iov_len - done);
        done = 0;
    }
    const struct iovec *last = &gather->data[gather->count - 1];
    if (batch.used < room && last->iov_len > 0)
        put_repeats(&batch, last, gather->repeat, done, scratch, scratch_size);
    return batch.used;
}
