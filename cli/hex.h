/* SPDX-License-Identifier: MIT
 *
 * Bytes as a hex dump with direction and offset:
 *
 *     > 00000000  48 65 6c 6c 6f 2c 20 57  6f 72 6c 64 21 0a        |Hello, World!.|
 */
#ifndef CLI_HEX_H
#define CLI_HEX_H

#include <stddef.h>
#include <stdint.h>

enum { HEX_COLUMNS = 16, HEX_LINE = 96 };

/* Writes the line of at most HEX_COLUMNS bytes, ending with a newline and no NUL; `mark` is '>' or
 * '<', or 0 for none, and `colour` a terminal's sequence, or "".  Returns the length. */
size_t hex_line(char mark, const char *colour, uint64_t offset, const void *data, size_t len,
                char out[HEX_LINE + 16]);

#endif
