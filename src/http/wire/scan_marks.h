/* SPDX-License-Identifier: MIT
 *
 * What a vector scanner tells of bytes.  Each defines:
 *
 *     uint64_t marks_of_block(v, const char *at, enum kind kind)   of 64 bytes
 *     struct name                          32 bytes in registers
 *     struct name name_of(const char *at)
 *     uint32_t name_colons(v, struct name)
 *     uint32_t name_delimiters(v, struct name)   marks what no token has
 *     bool name_is(struct name, const char *known, const uint8_t *counted)
 *         whether all bits are the same which are set in the bytes at `counted`
 *
 * A mark is a bit a byte, that of the first byte the lowest.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_MARKS_H
#define WEIR_HTTP_WIRE_SCAN_MARKS_H

#ifdef __BMI__
#include <immintrin.h>
#endif

#include "http/wire/scan.h"

enum { NAME = 32, BLOCK = 64 };

enum kind {
    STRAY, /* what no target has: controls, space, "#", 0x7F to 0xFF */
    BREAK, /* controls but HTAB: 0x00 to 0x08, 0x0A to 0x1F, 0x7F */
};

/* The constants that vectors are compared with, at `v` above.
 *
 * A byte is a token byte when the set of its low half (token_sets) holds its high half (half_bits).
 * Bytes from 0x80 on find no set. */
typedef struct weir_http_vectors {
    uint8_t token_sets[NAME]; /* bit h of entry l: h * 16 + l is one; twice */
    uint8_t half_bits[NAME];  /* 1 << (index & 7) */
    uint8_t half_mask[NAME];  /* 0x0F */
    uint8_t control_max[NAME];
    uint8_t tab[NAME];
    uint8_t del[NAME];
    uint8_t graphic_min[NAME]; /* "!" */
    uint8_t number_sign[NAME];
    uint8_t colon[NAME];
    uint8_t counted[NAME + 2 + NAME]; /* 0xDF (all bits but case) NAME + 2 times, then 0 */
} weir_http_vectors;

__attribute__((visibility("hidden"))) extern const weir_http_vectors weir_http_vector_constants;

/* The place of the first mark; NAME when there is none. */
static ALWAYS_INLINE unsigned first_of(uint32_t marks)
{
#ifdef __BMI__
    return _tzcnt_u32(marks);
#else
    return (unsigned)__builtin_ctzll(marks | UINT64_C(1) << NAME);
#endif
}

#endif
