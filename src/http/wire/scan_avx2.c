/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for x86-64 with AVX2: 32 bytes an instruction.
 */
#ifdef __x86_64__

#include "http/wire/scan_x86.h"

static ALWAYS_INLINE __m256i load(const char *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

static ALWAYS_INLINE uint32_t judge(__m256i bytes, enum kind kind)
{
    __m256i marks = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F));
    if (kind == BREAK) {
        __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
        __m256i tab = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t'));
        marks = _mm256_or_si256(marks, _mm256_andnot_si256(tab, low));
    } else {
        /* Signed: below "!", and above 0x7F. */
        marks = _mm256_or_si256(marks, _mm256_cmpgt_epi8(_mm256_set1_epi8('!'), bytes));
        marks = _mm256_or_si256(marks, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('#')));
    }
    return (uint32_t)_mm256_movemask_epi8(marks);
}

static ALWAYS_INLINE uint64_t marks_of_block(const char *at, enum kind kind)
{
    return judge(load(at), kind) | (uint64_t)judge(load(at + 32), kind) << 32;
}

struct name {
    __m256i bytes;
};

static ALWAYS_INLINE struct name name_of(const char *at)
{
    return (struct name){load(at)};
}

struct constants {
    __m256i sets, bits, low, lower;
};

static ALWAYS_INLINE struct constants load_constants(void)
{
    struct constants c = {
        _mm256_broadcastsi128_si256(load_piece((const char *)weir_http_token_sets)),
        _mm256_broadcastsi128_si256(bit_of_half()),
        _mm256_set1_epi8(15),
        _mm256_set1_epi8(0x20),
    };
    /* Else the compiler makes them anew for each line. */
    __asm__("" : "+x"(c.bits), "+x"(c.low), "+x"(c.lower));
    return c;
}

/* A byte is a token byte when the set of its low half holds its high half.  Bytes from 0x80 on
 * find no set. */
static ALWAYS_INLINE uint32_t name_delimiters(struct name name, const struct constants *c)
{
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(name.bytes, 4), c->low);
    __m256i set = _mm256_shuffle_epi8(c->sets, name.bytes),
            bit = _mm256_shuffle_epi8(c->bits, high);
    __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(set, bit), _mm256_setzero_si256());
    return (uint32_t)_mm256_movemask_epi8(none);
}

static ALWAYS_INLINE bool name_is(struct name name, const char *known, size_t len,
                                  const struct constants *c)
{
    __m256i a = _mm256_or_si256(name.bytes, c->lower);
    __m256i b = _mm256_or_si256(_mm256_load_si256((const __m256i *)known), c->lower);
    uint32_t same = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b));
    return ~same << (NAME - len) == 0;
}

#include "http/wire/scan_lines.h"

const weir_http_scanner weir_http_scanner_avx2 = {"avx2", take};

#endif
