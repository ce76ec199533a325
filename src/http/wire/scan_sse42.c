/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with SSE4.2: 16 bytes an instruction.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

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

static ALWAYS_INLINE uint32_t name_colons(const weir_http_vectors *v, struct name name)
{
    const __m128i colon = load16(v->colon);
    uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(name.first, colon));
    uint32_t high = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(name.second, colon));
    return low | high << 16;
}

static ALWAYS_INLINE bool name_is(struct name name, const char *known, const uint8_t *counted)
{
    __m128i low = _mm_and_si128(_mm_xor_si128(name.first, load16(known)), load16(counted));
    __m128i high = _mm_xor_si128(name.second, load16(known + 16));
    high = _mm_and_si128(high, load16(counted + 16));
    return _mm_testz_si128(_mm_or_si128(low, high), _mm_or_si128(low, high));
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_sse42 = {"sse4.2", take};

#endif
