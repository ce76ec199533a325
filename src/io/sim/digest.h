/* SPDX-License-Identifier: MIT
 *
 * Hashes of bytes: of all of them, which costs about what copying them does, or a glance.  The hash
 * finds that two runs differ; against who looks for two texts of one hash it is no help.
 */
#ifndef IO_SIM_DIGEST_H
#define IO_SIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Four sums side by side, so that the multiplications need not wait for each other. */
static inline uint64_t sim_digest(const void *data, size_t length)
{
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t sums[4] = {length, 1, 2, 3}, words[4];
    const char *at = data;
    for (; length >= sizeof words; length -= sizeof words, at += sizeof words) {
        memcpy(words, at, sizeof words);
        for (int i = 0; i < 4; i++) sums[i] = ((sums[i] ^ words[i]) + (sums[i] >> 32)) * factor;
    }
    memset(words, 0, sizeof words);
    if (length > 0) memcpy(words, at, length);
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        sum = (sum ^ sums[i] ^ words[i]) * factor;
        sum ^= sum >> 29;
    }
    return sum;
}

/* A glance at the same: the length, the first bytes and the last. */
static inline uint64_t sim_digest_ends(const void *data, size_t length)
{
    uint64_t first = 0, last = 0;
    if (length >= sizeof first) {
        memcpy(&first, data, sizeof first);
        memcpy(&last, (const char *)data + length - sizeof last, sizeof last);
    } else {
        for (size_t i = 0; i < length; i++) first = first << 8 | ((const unsigned char *)data)[i];
    }
    return (first * UINT64_C(0x9E3779B97F4A7C15)) ^ last;
}

#endif
