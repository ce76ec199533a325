/* SPDX-License-Identifier: MIT
 *
 * The well-formed prefix of a text, character by character (RFC 3629 4).
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
