/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with SSE4.2: 16 bytes an instruction.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE uint64_t marks_of_block(const weir_http_vectors *v, const char *at,
                                             enum kind kind)
{
    uint64_t low = marks_of_piece(v, at, kind) | marks_of_piece(v, at + 16, kind) << 16;
    uint64_t high = marks_of_piece(v, at + 32, kind) | marks_of_piece(v, at + 48, kind) << 16;
    return low | high << 32;
}

struct name {
    __m128i first, second;
};

static ALWAYS_INLINE struct name name_of(const char *at)
{
    return (struct name){load16(at), load16(at + 16)};
}

static ALWAYS_INLINE uint32_t delimiters(const weir_http_vectors *v, __m128i bytes)
{
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), load16(v->half_mask));
    __m128i set = _mm_shuffle_epi8(load16(v->token_sets), bytes);
    __m128i bit = _mm_shuffle_epi8(load16(v->half_bits), high);
    return (uint32_t)_mm_movemask_epi8(
        _mm_cmpeq_epi8(_mm_and_si128(set, bit), _mm_setzero_si128()));
}

static ALWAYS_INLINE uint32_t name_delimiters(const weir_http_vectors *v, struct name name)
{
    return delimiters(v, name.first) | delimiters(v, name.second) << 16;
}

static ALWAYS_INLINE uint32_t equal(const weir_http_vectors *v, __m128i bytes, const char *known)
{
    const __m128i lower = load16(v->lower_case);
    __m128i a = _mm_or_si128(bytes, lower), b = _mm_or_si128(load16(known), lower);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
}

static ALWAYS_INLINE uint32_t name_differences(const weir_http_vectors *v, struct name name,
                                               const char *known)
{
    return ~(equal(v, name.first, known) | equal(v, name.second, known + 16) << 16);
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_sse42 = {"sse4.2", take};

#endif
