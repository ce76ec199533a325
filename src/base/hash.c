/* SPDX-License-Identifier: MIT
 *
 * SipHash-1-3, as section 2 of the paper describes it: four words of state, a round of additions,
 * rotations and exclusive ors for each word of the message, three at the end.
 */
#include <weir/base/hash.h>

#include <endian.h>
#include <string.h>

enum { WORD_ROUNDS = 1, END_ROUNDS = 3 };

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void mix(uint64_t v[4], int rounds)
{
    for (; rounds > 0; rounds--) {
        v[0] += v[1], v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1], v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, WORD_ROUNDS);
    v[0] ^= word;
}

uint64_t weir_hash(const weir_hash_key *key, weir_bytes bytes)
{
    /* 2.1: "somepseudorandomlygeneratedbytes" */
    uint64_t v[4] = {
        key->words[0] ^ 0x736f6d6570736575,
        key->words[1] ^ 0x646f72616e646f6d,
        key->words[0] ^ 0x6c7967656e657261,
        key->words[1] ^ 0x7465646279746573,
    };
    size_t at = 0;
    for (uint64_t word; bytes.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, bytes.data + at, sizeof word);
        absorb(v, le64toh(word));
    }
    /* The last word: what is left, and the length modulo 256 in the highest byte. */
    uint64_t rest = 0;
    if (at < bytes.len) memcpy(&rest, bytes.data + at, bytes.len - at);
    absorb(v, le64toh(rest) | (uint64_t)bytes.len << 56);
    v[2] ^= 0xff;
    mix(v, END_ROUNDS);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
