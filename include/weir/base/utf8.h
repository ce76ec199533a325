/* SPDX-License-Identifier: MIT
 *
 * UTF-8 (RFC 3629): which bytes are well-formed text, and how text of others is shown.
 *
 *      00..7F
 *      C2..DF  80..BF
 *      E0      A0..BF  80..BF              no overlong forms
 *      E1..EF  80..BF  80..BF              but ED 80..9F: no surrogates
 *      F0      90..BF  80..BF  80..BF
 *      F1..F3  80..BF  80..BF  80..BF
 *      F4      80..8F  80..BF  80..BF      nothing above U+10FFFF
 */
#ifndef WEIR_BASE_UTF8_H
#define WEIR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The length of the longest prefix of `text` that is well-formed; a character that is cut off at
 * the end is not part of it.  Never waits. */
size_t weir_utf8_prefix(weir_bytes text);

/* Whether all of `text` is well-formed. */
static inline bool weir_utf8_valid(weir_bytes text)
{
    return weir_utf8_prefix(text) == text.len;
}

/* The length of the character at the front of `text`, > 0; 0: it is not well-formed, or there is
 * none.  Never waits. */
size_t weir_utf8_character(weir_bytes text);

/* Whether a character is one that a terminal obeys instead of showing it: U+0000 to U+001F, U+007F
 * to U+009F, and those that end lines or turn the direction of writing, U+2028 to U+202E and U+2066
 * to U+2069.  Never waits. */
bool weir_utf8_is_control(weir_bytes character);

/* Writes a text that others wrote so that a terminal shows all of it: the bytes of such characters,
 * and those that are not well-formed, become \xHH.  NUL-terminated; what does not fit into `size`
 * bytes (at least 1) is left out from the first character on that does not.
 * Returns the whole length.  Never waits. */
size_t weir_utf8_show(weir_bytes text, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
