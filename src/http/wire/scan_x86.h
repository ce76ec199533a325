/* SPDX-License-Identifier: MIT
 *
 * What the vector scanners for x86-64 share: 16 bytes at a time.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_X86_H
#define WEIR_HTTP_WIRE_SCAN_X86_H

#include <immintrin.h>

#include "http/wire/scan_marks.h"

static ALWAYS_INLINE __m128i load_piece(const char *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

static ALWAYS_INLINE uint32_t marks_of_piece(const char *at, enum kind kind)
{
    const __m128i bytes = load_piece(at);
    __m128i marks = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
    if (kind == BREAK) {
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
        __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
        marks = _mm_or_si128(marks, _mm_andnot_si128(tab, low));
    } else {
        /* Signed: below "!", and above 0x7F. */
        marks = _mm_or_si128(marks, _mm_cmpgt_epi8(_mm_set1_epi8('!'), bytes));
        marks = _mm_or_si128(marks, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')));
    }
    return (uint32_t)_mm_movemask_epi8(marks);
}

/* Bit h of each byte, for h = 0 to 7, twice. */
static ALWAYS_INLINE __m128i bit_of_half(void)
{
    return _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
}

#endif
