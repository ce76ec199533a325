/* SPDX-License-Identifier: MIT
 *
 * A fast pseudo-random generator (xoshiro256**): the same seed gives the same numbers everywhere.
 *
 * Not for keys.  Pure; one generator is used by one thread at a time.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct weir_prng {
    uint64_t state[4]; /* never all zero; weir_prng_seed sees to it */
} weir_prng;

/* Begins the sequence of `seed`; every seed is good, also 0. */
void weir_prng_seed(weir_prng *prng, uint64_t seed);

/* The next 64 random bits. */
uint64_t weir_prng_next(weir_prng *prng);

/* A number below `bound`, each equally likely; 0 for bound 0. */
uint64_t weir_prng_below(weir_prng *prng, uint64_t bound);

/* Fills `out` with random bytes: the little-endian bytes of successive numbers. */
void weir_prng_fill(weir_prng *prng, void *out, size_t len);

#endif
