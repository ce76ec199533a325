/* SPDX-License-Identifier: MIT
 *
 * A line of a hex dump.
 */
#include <inttypes.h>
#include <stdio.h>

#include "hex.h"

size_t hex_line(char mark, const char *colour, uint64_t offset, const void *data, size_t len,
                char out[HEX_LINE + 16])
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    char *at = out;
    at += sprintf(at, "%s%c %08" PRIx64 " ", colour, mark, offset);
    for (size_t i = 0; i < HEX_COLUMNS; i++) {
        if (i % 8 == 0) *at++ = ' ';
        *at++ = i < len ? digits[bytes[i] >> 4] : ' ';
        *at++ = i < len ? digits[bytes[i] & 15] : ' ';
        *at++ = ' ';
    }
    *at++ = ' ';
    *at++ = '|';
    for (size_t i = 0; i < len; i++)
        *at++ = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
    at += sprintf(at, "|%s\n", *colour ? "\033[0m" : "");
    return (size_t)(at - out);
}
