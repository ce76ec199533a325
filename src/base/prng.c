/* SPDX-License-Identifier: MIT
 *
 * xoshiro256** by Blackman and Vigna, seeded by splitmix64 as its authors advise.
 */
#include "base/prng.h"

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Splitmix64: a permutation of 64 bits, so four in a row are never all zero. */
static uint64_t split_mix(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void weir_prng_seed(weir_prng *prng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) prng->state[i] = split_mix(&seed);
}

uint64_t weir_prng_next(weir_prng *prng)
{
    uint64_t *s = prng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t weir_prng_below(weir_prng *prng, uint64_t bound)
{
    if (bound == 0) return 0;
    /* Lemire's method: the high half of a product is the number; the low half tells those few draws
     * apart that would make some numbers likelier, 2^64 mod bound of them. */
    for (;;) {
        unsigned __int128 product = (unsigned __int128)weir_prng_next(prng) * bound;
        uint64_t low = (uint64_t)product;
        if (low >= bound || low >= -bound % bound) return (uint64_t)(product >> 64);
    }
}

void weir_prng_fill(weir_prng *prng, void *out, size_t len)
{
    unsigned char *bytes = out;
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        word = i % 8 ? word >> 8 : weir_prng_next(prng);
        bytes[i] = (unsigned char)word;
    }
}
