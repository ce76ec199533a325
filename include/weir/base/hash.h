/* SPDX-License-Identifier: MIT
 *
 * A keyed hash of bytes for tables whose keys a stranger chooses: SipHash-1-3.
 *
 * With a secret random key nobody can find many keys of one bucket ("SipHash: a fast short-input
 * PRF", Aumasson and Bernstein, 2012; one round per word and three at the end is the variant that
 * the authors give for hash tables).  Not a digest, not a signature.
 */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The secret.  Filled with random bytes once per table or program; zeros where the order shall be
 * the same in every run. */
typedef struct weir_hash_key {
    uint64_t words[2]; /* the key's 16 bytes, read as little-endian words */
} weir_hash_key;

/* The hash of `bytes` under `key`: the same on every machine.  Never fails, never waits.  Any
 * thread. */
uint64_t weir_hash(const weir_hash_key *key, weir_bytes bytes);

#ifdef __cplusplus
}
#endif
#endif
