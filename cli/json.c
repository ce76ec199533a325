/* SPDX-License-Identifier: MIT
 *
 * Text as a JSON string (RFC 8259 7).
 */
#include <string.h>

#include <weir/base/utf8.h>

#include "cli.h"

/* The length of the character at the front, 0 when it is not well-formed UTF-8. */
static size_t character(const char *text, size_t len)
{
    const unsigned char lead = (unsigned char)text[0];
    const size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return n <= len && weir_utf8_valid(weir_bytes_of(text, n)) ? n : 0;
}

/* Writes one escaped character to `out` (6 bytes of room) and tells its length. */
static size_t escape(unsigned char c, char *out)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

size_t cli_json_string(const char *text, size_t len, char *out, size_t room)
{
    size_t used = 0;
    if (room < 2) return 0;
    out[used++] = '"';
    for (size_t i = 0; i < len;) {
        if (room - used < 7) return 0;
        const unsigned char c = (unsigned char)text[i];
        const size_t n = character(text + i, len - i);
        if (n == 0) {
            memcpy(out + used, "\\ufffd", 6);
            used += 6;
            i++;
        } else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
            used += escape(c, out + used);
            i++;
        } else {
            memcpy(out + used, text + i, n);
            used += n;
            i += n;
        }
    }
    out[used++] = '"';
    return used;
}
