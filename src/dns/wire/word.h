/* SPDX-License-Identifier: MIT
 *
 * Eight octets of a name at once: loaded, searched and made small.
 *
 * The first octet in memory is the lowest of the word on every machine.  The octets that tell the
 * lengths of labels are at most 63, below every letter, so a whole name can be treated alike.
 */
#ifndef WEIR_DNS_WIRE_WORD_H
#define WEIR_DNS_WIRE_WORD_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

static inline uint64_t word_load(const void *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return le64toh(word);
}

static inline void word_store(void *to, uint64_t word)
{
    word = htole64(word);
    memcpy(to, &word, sizeof word);
}

/* The first `n` octets, at most 7, and zeros above them; reads no other octet. */
static inline uint64_t word_load_part(const void *from, size_t n)
{
    const uint8_t *octets = from;
    if (n >= 4) {
        /* Two halves that overlap: where they do, they say the same. */
        uint32_t low, high;
        memcpy(&low, octets, sizeof low);
        memcpy(&high, octets + n - 4, sizeof high);
        return le32toh(low) | (uint64_t)le32toh(high) << 8 * (n - 4);
    }
    if (n == 0) return 0;
    return octets[0] | (uint64_t)octets[n / 2] << 8 * (n / 2) |
           (uint64_t)octets[n - 1] << 8 * (n - 1);
}

/* Stores the first `n` octets, at most 7. */
static inline void word_store_part(void *to, uint64_t word, size_t n)
{
    uint8_t *octets = to;
    if (n >= 4) {
        const uint32_t low = htole32((uint32_t)word),
                       high = htole32((uint32_t)(word >> 8 * (n - 4)));
        memcpy(octets, &low, sizeof low);
        memcpy(octets + n - 4, &high, sizeof high);
        return;
    }
    for (size_t at = 0; at < n; at++) octets[at] = (uint8_t)(word >> 8 * at);
}

/* 0x80 in each octet that is `octet`, 0 in all others. */
static inline uint64_t word_find(uint64_t word, uint8_t octet)
{
    const uint64_t low = WORD_EACH(0x7f);
    word ^= WORD_EACH(octet);
    return ~(((word & low) + low) | word | low);
}

/* A to Z become a to z; all other octets stay, those above 127 among them. */
static inline uint64_t word_lower(uint64_t word)
{
    const uint64_t low = word & WORD_EACH(0x7f);
    const uint64_t from_a = low + WORD_EACH(0x80 - 'A'), above_z = low + WORD_EACH(0x7f - 'Z');
    return word | (((from_a ^ above_z) & ~word & WORD_EACH(0x80)) >> 2);
}

static inline uint8_t octet_lower(uint8_t octet)
{
    return (uint8_t)(octet - 'A') < 26 ? octet | 0x20 : octet;
}

static inline bool word_same(uint64_t a, uint64_t b)
{
    return a == b || word_lower(a) == word_lower(b);
}

/* Whether `n` octets are the same but for the case of ASCII letters. */
static inline bool octets_same(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (n < 8) return word_same(word_load_part(a, n), word_load_part(b, n));
    for (size_t at = 0; at + 8 < n; at += 8)
        if (!word_same(word_load(a + at), word_load(b + at))) return false;
    return word_same(word_load(a + n - 8), word_load(b + n - 8));
}

/* Copies `n` octets and makes letters small; `to` may be `from`. */
static inline void octets_lower(uint8_t *to, const uint8_t *from, size_t n)
{
    size_t at = 0;
    for (; at + 8 <= n; at += 8) word_store(to + at, word_lower(word_load(from + at)));
    if (at == n) return;
    /* The last eight, some of them for the second time. */
    if (n >= 8)
        word_store(to + n - 8, word_lower(word_load(from + n - 8)));
    else
        word_store_part(to, word_lower(word_load_part(from, n)), n);
}

#endif
