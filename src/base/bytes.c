/* SPDX-License-Identifier: MIT
 *
 * Comparing byte views without regard to the case of ASCII letters.
 */
#include <weir/base/bytes.h>

/* Only A to Z change: no locale, and bytes above 127 stay what they are. */
static unsigned char lower(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

bool weir_bytes_equal_nocase(weir_bytes a, weir_bytes b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    return true;
}
