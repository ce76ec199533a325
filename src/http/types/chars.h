/* SPDX-License-Identifier: MIT
 *
 * Which bytes may stand where in an HTTP message: one table of classes, and unaligned loads.
 */
#ifndef WEIR_HTTP_TYPES_CHARS_H
#define WEIR_HTTP_TYPES_CHARS_H

#include <weir/base/bytes.h>

enum {
    WEIR_CHAR_TOKEN = 1 << 0,       /* tchar (RFC 9110 5.6.2) */
    WEIR_CHAR_VALUE = 1 << 1,       /* VCHAR, obs-text, SP, HTAB (RFC 9110 5.5) */
    WEIR_CHAR_TARGET = 1 << 2,      /* VCHAR but "#": request targets have no fragment */
    WEIR_CHAR_TARGET_HIGH = 1 << 3, /* 0x80 to 0xFF */
    WEIR_CHAR_NAME = 1 << 4,        /* reg-name but "%" (RFC 3986 3.2.2) */
    WEIR_CHAR_HEX = 1 << 5,
    WEIR_CHAR_QUOTED = 1 << 6, /* qdtext (RFC 9110 5.6.4) */
    WEIR_CHAR_DIGIT = 1 << 7,
};

extern const uint8_t weir_http_chars[256];

static inline bool weir_http_is(char c, unsigned classes)
{
    return weir_http_chars[(uint8_t)c] & classes;
}

/* The value of a hexadecimal digit. */
static inline unsigned weir_http_hex(char c)
{
    return ((unsigned)c & 15) + ((unsigned)c >> 6 & 1) * 9;
}

static inline uint64_t weir_http_load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

static inline uint32_t weir_http_load4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

#define WEIR_HTTP_ONES 0x0101010101010101u
#define WEIR_HTTP_TOPS 0x8080808080808080u

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/* Marks (by their top bit) the bytes of a word that equal `byte`.  As in the next function, a
 * borrow can mark bytes after the first right one wrongly, never the first. */
static inline uint64_t weir_http_mark_equal(uint64_t word, uint8_t byte)
{
    uint64_t zero = word ^ (WEIR_HTTP_ONES * byte);
    return (zero - WEIR_HTTP_ONES) & ~zero & WEIR_HTTP_TOPS;
}

/* Marks the bytes of a word below `bound`, which is at most 0x80. */
static inline uint64_t weir_http_mark_below(uint64_t word, uint8_t bound)
{
    return (word - WEIR_HTTP_ONES * bound) & ~word & WEIR_HTTP_TOPS;
}

/* Marks the controls of a word: below 0x20, or 0x7F. */
static inline uint64_t weir_http_mark_controls(uint64_t word)
{
    return weir_http_mark_below(word, 0x20) | weir_http_mark_equal(word, 0x7F);
}

/* The place of the first marked byte; marks is not 0. */
static inline unsigned weir_http_first_mark(uint64_t marks)
{
    return (unsigned)__builtin_ctzll(marks) >> 3;
}

#endif
