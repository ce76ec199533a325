/* SPDX-License-Identifier: MIT
 *
 * UTF-8 (RFC 3629): which bytes are well-formed text.
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

#ifdef __cplusplus
}
#endif
#endif
