/* SPDX-License-Identifier: MIT
 *
 * What the vector scanners for x86-64 share: 16 bytes at a time.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_X86_H
#define WEIR_HTTP_WIRE_SCAN_X86_H

#include <immintrin.h>

#include "http/wire/scan_marks.h"

static ALWAYS_INLINE __m128i load16(const void *at)
{
    return _mm_loadu_si128(at);
}

static ALWAYS_INLINE uint32_t marks_of_piece(const weir_http_vectors *v, const char *at,
                                             enum kind kind)
{
    const __m128i bytes = load16(at);
    __m128i marks = _mm_cmpeq_epi8(bytes, load16(v->del));
    if (kind == BREAK) {
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, load16(v->control_max)), bytes);
        __m128i tab = _mm_cmpeq_epi8(bytes, load16(v->tab));
        marks = _mm_or_si128(marks, _mm_andnot_si128(tab, low));
    } else {
        /* Signed: what is above 0x7F, too. */
        marks = _mm_or_si128(marks, _mm_cmpgt_epi8(load16(v->graphic_min), bytes));
        marks = _mm_or_si128(marks, _mm_cmpeq_epi8(bytes, load16(v->number_sign)));
    }
    return (uint32_t)_mm_movemask_epi8(marks);
}

#endif
