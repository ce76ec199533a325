/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with SSE4.2: 16 bytes an instruction.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE uint64_t marks_of_block(const char *at, enum kind kind)
{
    uint64_t low = marks_of_piece(at, kind) | marks_of_piece(at + 16, kind) << 16;
    uint64_t high = marks_of_piece(at + 32, kind) | marks_of_piece(at + 48, kind) << 16;
    return low | high << 32;
}

struct name {
    __m128i first, second;
};

static ALWAYS_INLINE struct name name_of(const char *at)
{
    return (struct name){load_piece(at), load_piece(at + 16)};
}

struct constants {
    __m128i sets, bits, low, lower;
};

static ALWAYS_INLINE struct constants load_constants(void)
{
    return (struct constants){load_piece((const char *)weir_http_token_sets), bit_of_half(),
                              _mm_set1_epi8(15), _mm_set1_epi8(0x20)};
}

/* A byte is a token byte when the set of its low half holds its high half.  Bytes from 0x80 on
 * find no set. */
static ALWAYS_INLINE uint32_t delimiters(__m128i bytes, const struct constants *c)
{
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), c->low);
    __m128i both = _mm_and_si128(_mm_shuffle_epi8(c->sets, bytes), _mm_shuffle_epi8(c->bits, high));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(both, _mm_setzero_si128()));
}

static ALWAYS_INLINE uint32_t name_delimiters(struct name name, const struct constants *c)
{
    return delimiters(name.first, c) | delimiters(name.second, c) << 16;
}

static ALWAYS_INLINE uint32_t equal(__m128i bytes, const char *known, const struct constants *c)
{
    __m128i a = _mm_or_si128(bytes, c->lower), b = _mm_or_si128(load_piece(known), c->lower);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
}

static ALWAYS_INLINE bool name_is(struct name name, const char *known, size_t len,
                                  const struct constants *c)
{
    uint32_t same = equal(name.first, known, c) | equal(name.second, known + 16, c) << 16;
    return ~same << (NAME - len) == 0;
}

#include "http/wire/scan_lines.h"

const weir_http_scanner weir_http_scanner_sse42 = {"sse4.2", take};

#endif
