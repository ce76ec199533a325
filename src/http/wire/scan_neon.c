/* SPDX-License-Identifier: MIT
 *
 * The vector scanner for 64-bit ARM: 16 bytes an instruction.
 */
#ifdef __aarch64__

#include <arm_neon.h>

#include "http/wire/scan_marks.h"

/* All ones where the byte is of the kind. */
static ALWAYS_INLINE uint8x16_t judge(const weir_http_vectors *v, const char *at, enum kind kind)
{
    const uint8x16_t bytes = vld1q_u8((const uint8_t *)at);
    const uint8x16_t del = vceqq_u8(bytes, vld1q_u8(v->del));
    if (kind == BREAK) {
        uint8x16_t low = vcleq_u8(bytes, vld1q_u8(v->control_max));
        return vorrq_u8(del, vbicq_u8(low, vceqq_u8(bytes, vld1q_u8(v->tab))));
    }
    /* Signed: what is above 0x7F, too. */
    const int8x16_t bound = vreinterpretq_s8_u8(vld1q_u8(v->graphic_min));
    uint8x16_t outside = vcltq_s8(vreinterpretq_s8_u8(bytes), bound);
    return vorrq_u8(vorrq_u8(del, outside), vceqq_u8(bytes, vld1q_u8(v->number_sign)));
}

/* A bit for each byte of four vectors whose bytes are all ones or zero: three rounds of adding
 * neighbours, after each byte was cut down to its bit. */
static ALWAYS_INLINE uint64_t bits_of(const weir_http_vectors *v, uint8x16_t a, uint8x16_t b,
                                      uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t bit = vld1q_u8(v->half_bits);
    uint8x16_t low = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit));
    uint8x16_t high = vpaddq_u8(vandq_u8(c, bit), vandq_u8(d, bit));
    uint8x16_t sum = vpaddq_u8(low, high);
    sum = vpaddq_u8(sum, sum);
    return vgetq_lane_u64(vreinterpretq_u64_u8(sum), 0);
}

static ALWAYS_INLINE uint64_t marks_of_block(const weir_http_vectors *v, const char *at,
                                             enum kind kind)
{
    return bits_of(v, judge(v, at, kind), judge(v, at + 16, kind), judge(v, at + 32, kind),
                   judge(v, at + 48, kind));
}

struct name {
    uint8x16_t first, second;
};

static ALWAYS_INLINE struct name name_of(const char *at)
{
    return (struct name){vld1q_u8((const uint8_t *)at), vld1q_u8((const uint8_t *)at + 16)};
}

/* half_bits holds its bits twice: bytes from 0x80 on find one, and are told apart. */
static ALWAYS_INLINE uint8x16_t delimiters(const weir_http_vectors *v, uint8x16_t bytes)
{
    uint8x16_t set = vqtbl1q_u8(vld1q_u8(v->token_sets), vandq_u8(bytes, vld1q_u8(v->half_mask)));
    uint8x16_t bit = vqtbl1q_u8(vld1q_u8(v->half_bits), vshrq_n_u8(bytes, 4));
    uint8x16_t token = vtstq_u8(set, bit);
    return vornq_u8(vcgeq_u8(bytes, vdupq_n_u8(0x80)), token);
}

static ALWAYS_INLINE uint32_t name_delimiters(const weir_http_vectors *v, struct name name)
{
    const uint8x16_t none = vdupq_n_u8(0);
    return (uint32_t)bits_of(v, delimiters(v, name.first), delimiters(v, name.second), none, none);
}

static ALWAYS_INLINE uint32_t name_colons(const weir_http_vectors *v, struct name name)
{
    const uint8x16_t colon = vld1q_u8(v->colon), none = vdupq_n_u8(0);
    return (uint32_t)bits_of(v, vceqq_u8(name.first, colon), vceqq_u8(name.second, colon), none,
                             none);
}

static ALWAYS_INLINE bool name_is(struct name name, const char *known, const uint8_t *counted)
{
    const uint8_t *text = (const uint8_t *)known;
    uint8x16_t low = vandq_u8(veorq_u8(name.first, vld1q_u8(text)), vld1q_u8(counted));
    uint8x16_t high = vandq_u8(veorq_u8(name.second, vld1q_u8(text + 16)), vld1q_u8(counted + 16));
    return vmaxvq_u8(vorrq_u8(low, high)) == 0;
}

#include "http/wire/scan_blocks.h"

const weir_http_scanner weir_http_scanner_neon = {"neon", take};

#endif
