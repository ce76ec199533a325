/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with AVX-512 (BW, VL): comparisons that give masks, and loads that
 * leave out the bytes past the end.  It keeps to 256 bits: the use of wider registers slows
 * whatever follows, copies above all.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE __m256i load32(const void *at)
{
    return _mm256_loadu_si256(at);
}

static ALWAYS_INLINE uint32_t judge(const weir_http_vectors *v, __m256i bytes, enum kind kind)
{
    const __mmask32 del = _mm256_cmpeq_epi8_mask(bytes, load32(v->del));
    if (kind == BREAK) {
        __mmask32 low = _mm256_cmple_epu8_mask(bytes, load32(v->control_max));
        return del | _mm256_mask_cmpneq_epi8_mask(low, bytes, load32(v->tab));
    }
    /* Signed: what is above 0x7F, too. */
    return del | _mm256_cmplt_epi8_mask(bytes, load32(v->graphic_min)) |
           _mm256_cmpeq_epi8_mask(bytes, load32(v->number_sign));
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
    return _mm256_testn_epi8_mask(set, bit);
}

static ALWAYS_INLINE uint32_t name_differences(const weir_http_vectors *v, struct name name,
                                               const char *known)
{
    const __m256i lower = load32(v->lower_case);
    __m256i a = _mm256_or_si256(name.bytes, lower), b = _mm256_or_si256(load32(known), lower);
    return _mm256_cmpneq_epi8_mask(a, b);
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_avx512 = {"avx-512", take};

#endif
