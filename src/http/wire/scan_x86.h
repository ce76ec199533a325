/* SPDX-License-Identifier: MIT
 *
 * What the vector scanners for x86-64 share: loads, and names in a register of
 * 32 bytes.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_X86_H
#define WEIR_HTTP_WIRE_SCAN_X86_H

#include <immintrin.h>

#include "http/wire/scan_marks.h"

static ALWAYS_INLINE __m128i load16(const void *at)
{
    return _mm_loadu_si128(at);
}

#ifdef __AVX2__

static ALWAYS_INLINE __m256i load32(const void *at)
{
    return _mm256_loadu_si256(at);
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

static ALWAYS_INLINE uint32_t name_colons(const weir_http_vectors *v, struct name name)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(name.bytes, load32(v->colon)));
}

static ALWAYS_INLINE bool name_is(struct name name, const char *known, const uint8_t *counted)
{
    __m256i difference = _mm256_xor_si256(name.bytes, load32(known));
    return _mm256_testz_si256(difference, load32(counted));
}

#endif
#endif
