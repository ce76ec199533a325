/* SPDX-License-Identifier: MIT
 *
 * Bits of addresses in network order.
 */
#ifndef NET_PREFIX_BITS_H
#define NET_PREFIX_BITS_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/io/addr.h>
#include <weir/net/prefix.h>

/* How many leading bits `a` and `b` of `len` bytes share. */
static inline unsigned net_bits_common(const uint8_t *a, const uint8_t *b, size_t len)
{
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++, bits += 8) {
        const unsigned differ = (unsigned)(a[i] ^ b[i]);
        if (differ) return bits + (unsigned)__builtin_clz(differ) - 24;
    }
    return bits;
}

/* An IP address as two numbers, to be compared with many prefixes; IPv4 is the upper half of
 * `high`.
 */
typedef struct net_words {
    uint64_t high, low;
} net_words;

static inline net_words net_words_of(const weir_address *address)
{
    net_words words = {0, 0};
    if (address->kind == WEIR_ADDRESS_IPV4) {
        uint32_t ipv4;
        memcpy(&ipv4, address->at.ipv4, sizeof ipv4);
        words.high = (uint64_t)be32toh(ipv4) << 32;
    } else if (address->kind == WEIR_ADDRESS_IPV6) {
        uint64_t halves[2];
        memcpy(halves, address->at.ipv6, sizeof halves);
        words = (net_words){be64toh(halves[0]), be64toh(halves[1])};
    }
    return words;
}

/* Whether a prefix contains the address, which is of its kind, of these words. */
static inline bool net_prefix_has(const weir_prefix *prefix, net_words words)
{
    uint64_t halves[2];
    memcpy(halves, prefix->bytes, sizeof halves);
    uint64_t high = be64toh(halves[0]) ^ words.high;
    if (prefix->len <= 64) return prefix->len == 0 || high >> (64 - prefix->len) == 0;
    return high == 0 && (be64toh(halves[1]) ^ words.low) >> (128 - prefix->len) == 0;
}

/* Bit `at` of a number, counted from the left. */
static inline unsigned net_bit(const uint8_t *bytes, unsigned at)
{
    return bytes[at / 8] >> (7 - at % 8) & 1U;
}

#endif
