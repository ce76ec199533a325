/* SPDX-License-Identifier: MIT
 *
 * Text as a JSON string (RFC 8259 7).
 */
#include <string.h>

#include <weir/base/utf8.h>

#include "cli.h"

/* Writes one escaped character of `n` bytes (at most three) to `out` (6 bytes of room) and tells
 * its length. */
static size_t escape(const char *text, size_t n, char *out)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *c = (const unsigned char *)text;
    unsigned code = c[0];
    if (n == 1 && (code == '"' || code == '\\')) {
        out[0] = '\\';
        out[1] = text[0];
        return 2;
    }
    if (n == 2) code = (c[0] & 0x1FU) << 6 | (c[1] & 0x3FU);
    if (n == 3) code = (c[0] & 0x0FU) << 12 | (c[1] & 0x3FU) << 6 | (c[2] & 0x3FU);
    out[0] = '\\';
    out[1] = 'u';
    for (int i = 0; i < 4; i++) out[2 + i] = hex[code >> (12 - 4 * i) & 15];
    return 6;
}

size_t cli_json_string(const char *text, size_t len, char *out, size_t room)
{
    size_t used = 0;
    if (room < 2) return 0;
    out[used++] = '"';
    for (size_t i = 0; i < len;) {
        if (room - used < 7) return 0;
        const size_t n = weir_utf8_character(weir_bytes_of(text + i, len - i));
        if (n == 0) {
            memcpy(out + used, "\\ufffd", 6);
            used += 6;
            i++;
            continue;
        }
        if (weir_utf8_is_control(weir_bytes_of(text + i, n)) || text[i] == '"' || text[i] == '\\') {
            used += escape(text + i, n, out + used);
        } else {
            memcpy(out + used, text + i, n);
            used += n;
        }
        i += n;
    }
    out[used++] = '"';
    return used;
}
