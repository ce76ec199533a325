/* SPDX-License-Identifier: MIT
 *
 * Numbers in the order of the network.
 */
#ifndef WEIR_DNS_WIRE_OCTETS_H
#define WEIR_DNS_WIRE_OCTETS_H

#include <stdint.h>

static inline uint16_t octets_get16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t octets_get32(const uint8_t *from)
{
    return (uint32_t)octets_get16(from) << 16 | octets_get16(from + 2);
}

static inline void octets_put16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static inline void octets_put32(uint8_t *to, uint32_t value)
{
    octets_put16(to, (uint16_t)(value >> 16));
    octets_put16(to + 2, (uint16_t)value);
}

#endif
