/* SPDX-License-Identifier: MIT
 *
 * Numbers as text: strict reading with a limit, and writing, in decimal and hexadecimal.
 *
 * A number is digits and nothing else: no sign, no spaces, no prefix, no separators, at least one
 * digit.  Leading zeros are digits.
 */
#ifndef WEIR_BASE_NUM_H
#define WEIR_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for the longest number of 64 bits in each form, with its NUL. */
#define WEIR_DECIMAL_TEXT 21
#define WEIR_HEX_TEXT     17

/* Reads the whole of `text` as a decimal number of at most `max`.
 *
 * Returns 0; WEIR_EINVAL (not a number), WEIR_ELIMIT (a number above max).  *out is untouched on
 * error.  Never waits. */
int weir_decimal_parse(weir_bytes text, uint64_t max, uint64_t *out);

/* Reads the whole of `text` as a hexadecimal number of at most `max`, in either case.
 * Returns and leaves as weir_decimal_parse does. */
int weir_hex_parse(weir_bytes text, uint64_t max, uint64_t *out);

/* Writes a number in decimal, NUL-terminated.  Returns its length.  `out` has room for
 * WEIR_DECIMAL_TEXT bytes. */
size_t weir_decimal_print(uint64_t value, char *out);

/* Writes a number in lower-case hexadecimal without leading zeros, NUL-terminated.  Returns its
 * length.  `out` has room for WEIR_HEX_TEXT bytes. */
size_t weir_hex_print(uint64_t value, char *out);

#ifdef __cplusplus
}
#endif
#endif
