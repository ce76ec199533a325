/* SPDX-License-Identifier: MIT
 *
 * The quick reader of addresses: the grammar of addr_parse.c without zones and Unix names, as a
 * narrow kernel that only tells good from bad, for the many texts that are good.
 *
 * It is no second authority: where it says no, the exact reader runs from the start and decides.
 * That the two agree where it says yes is checked by addr_random_test.c (random, mutated and short
 * texts, each limit) and by the fuzz target.
 *
 * The text is copied before zeros, which end every number and every address: nothing is compared
 * with the end of the text until all is read.  Reading stops at the first zero;
 * what looks ahead of it does so by four bytes at most, which are zeros, too.
 */
#include "io/addr_read.h"

#include <endian.h>
#include <string.h>

typedef unsigned __int128 uint128;

/* What is read of an address, so far. */
typedef struct quick {
    uint128 bits; /* as in weir_address: of an IPv4 address the highest 32 bits */
    uint8_t kind;
    uint16_t port;
} quick;

enum {
    GROUPS = 8,   /* an IPv6 address is 8 groups of 16 bits */
    SHORTEST = 2, /* "::" */
    LONGEST = 48, /* all but some with a dotted tail, brackets and port are shorter */
    ZEROS = 8     /* more than anything looks ahead */
};

/* The values of hexadecimal digits; NONE for what is none: a bit above those of a group, where it
 * stays visible when the four of a group are joined. */
enum { NONE = 0x10000 };
#define NONE_8  NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE
#define NONE_32 NONE_8, NONE_8, NONE_8, NONE_8
#define A_TO_F  NONE, 10, 11, 12, 13, 14, 15, NONE, NONE_8, NONE_8, NONE_8
#define DIGITS  NONE_8, NONE_8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NONE, NONE, NONE, NONE, NONE, NONE
static const uint32_t hex_digits[256] = {NONE_32, DIGITS,  A_TO_F,  A_TO_F,
                                         NONE_32, NONE_32, NONE_32, NONE_32};

/* Of a decimal digit its value, of another byte more than 9. */
static inline unsigned decimal(uint8_t c)
{
    return (unsigned)c - '0';
}

/* Copies in pieces of a fixed size, which may overlap: faster than a call of memcpy. */
static inline void copy(uint8_t out[LONGEST + ZEROS], const uint8_t *text, size_t len)
{
    if (len >= 16) {
        memcpy(out, text, 16);
        if (len > 32) memcpy(out + 16, text + 16, 16);
        memcpy(out + len - 16, text + len - 16, 16);
    } else if (len >= 8) {
        memcpy(out, text, 8);
        memcpy(out + len - 8, text + len - 8, 8);
    } else if (len >= 4) {
        memcpy(out, text, 4);
        memcpy(out + len - 4, text + len - 4, 4);
    } else {
        memcpy(out, text, 2);
        out[len - 1] = text[len - 1];
    }
    memset(out + len, 0, ZEROS);
}

/* IPv4 ---------------------------------------------------------------------------------------- */

/* Reads an IPv4 address.  Returns its end, or NULL. */
static inline const uint8_t *read_ipv4(const uint8_t *p, uint32_t *out)
{
    uint32_t bits = 0;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *p++ != '.') return NULL;
        unsigned value = decimal(*p++), digit;
        if (value > 9) return NULL;
        if ((digit = decimal(*p)) <= 9) {
            if (value == 0) return NULL;
            value = value * 10 + digit;
            p++;
            if ((digit = decimal(*p)) <= 9) {
                value = value * 10 + digit;
                if (value > UINT8_MAX) return NULL;
                p++;
            }
        }
        bits = bits << 8 | value;
    }
    *out = bits;
    return p;
}

/* IPv6 ---------------------------------------------------------------------------------------- */

/* The group of the four hexadecimal digits at p, or at least NONE. */
static inline uint32_t four_digits(const uint8_t *p)
{
    return hex_digits[p[0]] << 12 | hex_digits[p[1]] << 8 | hex_digits[p[2]] << 4 |
           hex_digits[p[3]];
}

/* Reads up to four hexadecimal digits.  Returns their end, or NULL where there are none. */
static inline const uint8_t *read_group(const uint8_t *p, uint32_t *out)
{
    uint32_t value = hex_digits[p[0]], digit;
    if (value >= NONE) return NULL;
    *out = value;
    if ((digit = hex_digits[p[1]]) >= NONE) return p + 1;
    *out = value = value << 4 | digit;
    if ((digit = hex_digits[p[2]]) >= NONE) return p + 2;
    *out = value = value << 4 | digit;
    if ((digit = hex_digits[p[3]]) >= NONE) return p + 3;
    *out = value << 4 | digit;
    return p + 4;
}

/* Reads an IPv6 address, up to a byte that cannot be in one.  Returns where that is, or NULL. */
static inline const uint8_t *read_ipv6(const uint8_t *p, uint128 *out)
{
    uint64_t high = 0, low = 0; /* the groups so far */
    uint128 head = 0;           /* those before the "::" */
    int left = GROUPS;          /* groups that may come: below 0 there were too many */
    int after = 0;              /* groups from the "::" on, for which the head makes room */
    uint32_t value;
    if (*p == ':') {
        if (*++p != ':') return NULL;
        after = left--;
        p++;
    }
    for (;; p++) { /* at a group, or at the second colon of "::" */
        /* Most groups are like this. */
        for (; p[4] == ':' && (value = four_digits(p)) < NONE; p += 5, left--) {
            high = high << 16 | low >> 48;
            low = low << 16 | value;
        }
        if (*p == ':') {
            if (after) return NULL;
            after = left--; /* it stands for a group at least */
            head = (uint128)high << 64 | low;
            high = low = 0;
            continue;
        }
        const uint8_t *start = p;
        p = read_group(start, &value);
        if (!p) {
            if (left + 1 != after) return NULL;
            p = start; /* ends in "::" */
            break;
        }
        if (*p == '.') {
            p = read_ipv4(start, &value);
            if (!p) return NULL;
            high = high << 32 | low >> 32;
            low = low << 32 | value;
            left -= 2;
            break;
        }
        high = high << 16 | low >> 48;
        low = low << 16 | value;
        left--;
        if (*p != ':') break;
    }
    if (left < 0 || (!after && left)) return NULL;
    *out = (uint128)high << 64 | low;
    if (after < GROUPS) *out |= head << 16 * after;
    return p;
}

/* The parts together -------------------------------------------------------------------------- */

/* Reads a port, at its first digit.  Returns its end, or NULL. */
static inline const uint8_t *read_port(const uint8_t *p, uint16_t *out)
{
    const uint8_t *start = p;
    unsigned value = decimal(*p++), digit;
    if (value > 9) return NULL;
    for (; (digit = decimal(*p)) <= 9; p++) {
        if (value == 0 || p - start == 5) return NULL;
        value = value * 10 + digit;
    }
    *out = (uint16_t)value;
    return value <= UINT16_MAX ? p : NULL;
}

/* Whether an address without brackets that begins here can be IPv4 alone: a dot is early in every
 * IPv4 address, and so it is in no IPv6 one but those like "::1.2.3.4". */
static inline bool looks_ipv4(const uint8_t *p)
{
    return p[0] != ':' && (p[1] == '.' || p[2] == '.' || p[3] == '.');
}

/* Reads an address with or without port.  Returns its end, or NULL. */
static inline const uint8_t *read_address(const uint8_t *p, unsigned shape, quick *out)
{
    const bool bracket = *p == '[';
    if (!bracket && looks_ipv4(p)) {
        uint32_t number;
        p = read_ipv4(p, &number);
        if (!p) return NULL;
        out->kind = WEIR_ADDRESS_IPV4;
        out->bits = (uint128)number << 96;
    } else {
        /* AS_IP has no brackets, AS_HOST may, the others must. */
        if (shape != WEIR_ADDRESS_AS_HOST && bracket == (shape == WEIR_ADDRESS_AS_IP)) return NULL;
        p = read_ipv6(p + bracket, &out->bits);
        out->kind = WEIR_ADDRESS_IPV6;
        if (!p || !bracket) return p;
        if (*p++ != ']') return NULL;
    }
    if (*p == ':' && shape != WEIR_ADDRESS_AS_IP) return read_port(p + 1, &out->port);
    return shape == WEIR_ADDRESS_AS_SOCKET ? NULL : p;
}

/* In two words, each stored as it was computed: one of twice the size would have to wait until
 * both have left the store buffer. */
static inline void put_octets(uint8_t out[16], uint128 bits)
{
    const uint64_t high = htobe64((uint64_t)(bits >> 64)), low = htobe64((uint64_t)bits);
    memcpy(out, &high, sizeof high);
    memcpy(out + 8, &low, sizeof low);
}

int weir_address_parse_as(weir_bytes text, unsigned form, uint16_t port, weir_address *out,
                          weir_address_why *why)
{
    uint8_t copied[LONGEST + ZEROS];
    quick read;
    read.port = port;
    if (text.len < SHORTEST || text.len > LONGEST) goto exact;
    copy(copied, (const uint8_t *)text.data, text.len);
    const uint8_t *end = read_address(copied, form & WEIR_ADDRESS_FORMS, &read);
    if (end != copied + text.len) goto exact;
    /* Without the rest of the union: clearing it costs as much as reading does. */
    out->kind = read.kind;
    out->path_len = 0;
    out->port = read.port;
    out->zone = 0;
    out->flow = 0;
    put_octets(out->at.ipv6, read.bits);
    if (why) *why = (weir_address_why){.fault = WEIR_ADDRESS_GOOD, .at = text.len};
    return 0;
exact:
    return weir_address_read_exact(text, form, port, out, why);
}
