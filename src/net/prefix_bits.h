/* SPDX-License-Identifier: MIT
 *
 * Bits of addresses in network order.
 */
#ifndef NET_PREFIX_BITS_H
#define NET_PREFIX_BITS_H

#include <stddef.h>
#include <stdint.h>

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

/* Bit `at` of a number, counted from the left. */
static inline unsigned net_bit(const uint8_t *bytes, unsigned at)
{
    return bytes[at / 8] >> (7 - at % 8) & 1U;
}

#endif
