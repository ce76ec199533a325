/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with AVX2: 32 bytes an instruction.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE uint32_t judge(const weir_http_vectors *v, __m256i bytes, enum kind kind)
{
    __m256i marks = _mm256_cmpeq_epi8(bytes, load32(v->del));
    if (kind == BREAK) {
        __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, load32(v->control_max)), bytes);
        __m256i tab = _mm256_cmpeq_epi8(bytes, load32(v->tab));
        marks = _mm256_or_si256(marks, _mm256_andnot_si256(tab, low));
    } else {
        /* Signed: what is above 0x7F, too. */
        marks = _mm256_or_si256(marks, _mm256_cmpgt_epi8(load32(v->graphic_min), bytes));
        marks = _mm256_or_si256(marks, _mm256_cmpeq_epi8(bytes, load32(v->number_sign)));
    }
    return (uint32_t)_mm256_movemask_epi8(marks);
}

static ALWAYS_INLINE uint64_t marks_of_block(const weir_http_vectors *v, const char *at,
                                             enum kind kind)
{
    return judge(v, load32(at), kind) | (uint64_t)judge(v, load32(at + 32), kind) << 32;
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_avx2 = {"avx2", take};

#endif
