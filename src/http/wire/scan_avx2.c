/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with AVX2: 32 bytes an instruction.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE __m256i load32(const void *at)
{
    return _mm256_loadu_si256(at);
}

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

struct name {
    __m256i bytes;
};

static ALWAYS_INLINE struct name name_of(const char *at)
{
    return (struct name){load32(at)};
}

static ALWAYS_INLINE uint32_t name_delimiters(const weir_http_vectors *v, struct name name)
{
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(name.bytes, 4), load32(v->half_mask));
    __m256i set = _mm256_shuffle_epi8(load32(v->token_sets), name.bytes);
    __m256i bit = _mm256_shuffle_epi8(load32(v->half_bits), high);
    __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(set, bit), _mm256_setzero_si256());
    return (uint32_t)_mm256_movemask_epi8(none);
}

static ALWAYS_INLINE uint32_t name_differences(const weir_http_vectors *v, struct name name,
                                               const char *known)
{
    const __m256i lower = load32(v->lower_case);
    __m256i a = _mm256_or_si256(name.bytes, lower), b = _mm256_or_si256(load32(known), lower);
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b));
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_avx2 = {"avx2", take};

#endif
