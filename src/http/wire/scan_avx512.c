/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with AVX-512 (BW, VL): comparisons that give
 * masks.  It keeps to 256 bits: the use of wider registers slows whatever
 * follows, copies above all.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE __mmask32 judge(const weir_http_vectors *v, __m256i bytes, enum kind kind)
{
    const __mmask32 del = _mm256_cmpeq_epi8_mask(bytes, load32(v->del));
    if (kind == BREAK) {
        __mmask32 low = _mm256_cmple_epu8_mask(bytes, load32(v->control_max));
        return _kor_mask32(del, _mm256_mask_cmpneq_epi8_mask(low, bytes, load32(v->tab)));
    }
    /* Signed: what is above 0x7F, too. */
    __mmask32 outside = _mm256_cmplt_epi8_mask(bytes, load32(v->graphic_min));
    __mmask32 sign = _mm256_cmpeq_epi8_mask(bytes, load32(v->number_sign));
    return _kor_mask32(_kor_mask32(del, outside), sign);
}

static ALWAYS_INLINE uint64_t marks_of_block(const weir_http_vectors *v, const char *at,
                                             enum kind kind)
{
    return _cvtmask64_u64(
        _mm512_kunpackd(judge(v, load32(at + 32), kind), judge(v, load32(at), kind)));
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_avx512 = {"avx-512", take};

#endif
