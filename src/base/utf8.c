/* SPDX-License-Identifier: MIT
 *
 * The well-formed prefix of a text, character by character (RFC 3629 4); and text for a terminal.
 */
#include <weir/base/utf8.h>

#include <stdint.h>

/* The length of the well-formed character at `p`, of which `left` > 0 bytes are there; 0 for none.
 * Only the second byte has a range that depends on the first. */
static size_t character(const unsigned char *p, size_t left)
{
    unsigned char first = p[0];
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (left < len) return 0;
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return len;
}

size_t weir_utf8_prefix(weir_bytes text)
{
    const unsigned char *p = (const unsigned char *)text.data;
    size_t at = 0;
    while (at < text.len) {
        uint64_t word;
        if (text.len - at >= sizeof word) { /* most text is ASCII: eight at a time */
            memcpy(&word, p + at, sizeof word);
            if (!(word & UINT64_C(0x8080808080808080))) {
                at += sizeof word;
                continue;
            }
        }
        size_t len = character(p + at, text.len - at);
        if (len == 0) break;
        at += len;
    }
    return at;
}

size_t weir_utf8_character(weir_bytes text)
{
    return text.len > 0 ? character((const unsigned char *)text.data, text.len) : 0;
}

bool weir_utf8_is_control(weir_bytes c)
{
    const unsigned char *p = (const unsigned char *)c.data;
    if (c.len == 1) return p[0] < 0x20 || p[0] == 0x7f;
    if (c.len == 2) return p[0] == 0xc2 && p[1] < 0xa0;
    if (c.len != 3 || p[0] != 0xe2) return false;
    if (p[1] == 0x80) return p[2] >= 0xa8 && p[2] <= 0xae; /* U+2028 to U+202E */
    return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;   /* U+2066 to U+2069 */
}

/* The bytes of one character, or a byte that begins none, as they are or escaped. */
static size_t show(const char *from, size_t len, bool plain, char *out)
{
    static const char hex[] = "0123456789ABCDEF";
    if (plain) {
        memcpy(out, from, len);
        return len;
    }
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)from[i];
        memcpy(out + 4 * i, (char[]){'\\', 'x', hex[byte >> 4], hex[byte & 15]}, 4);
    }
    return 4 * len;
}

size_t weir_utf8_show(weir_bytes text, char *out, size_t size)
{
    size_t total = 0, kept = 0;
    while (text.len > 0) {
        char shown[16];
        size_t len = weir_utf8_character(text);
        const bool plain = len > 0 && !weir_utf8_is_control(weir_bytes_of(text.data, len));
        if (len == 0) len = 1;
        const size_t length = show(text.data, len, plain, shown);
        if (kept == total && length < size - kept) {
            memcpy(out + kept, shown, length);
            kept += length;
        }
        total += length;
        text = weir_bytes_of(text.data + len, text.len - len);
    }
    out[kept] = 0;
    return total;
}
