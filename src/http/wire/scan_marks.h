/* SPDX-License-Identifier: MIT
 *
 * What a vector scanner tells of bytes.  Each defines:
 *
 *     uint64_t marks_of_block(const char *at, enum kind kind)   of 64 bytes
 *     uint32_t marks_of_piece(const char *at, enum kind kind)   of 16 bytes
 *     struct name                                               32 bytes in registers
 *     struct name name_of(const char *at)
 *     struct constants                                          what the next two need
 *     struct constants load_constants(void)
 *     uint32_t name_delimiters(struct name, constants)          marks what no token has
 *     bool name_is(struct name, const char *known, size_t len, constants)
 *                                                               equal without case; len <= 32
 *
 * A mark is a bit a byte, that of the first byte the lowest.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_MARKS_H
#define WEIR_HTTP_WIRE_SCAN_MARKS_H

#include "http/wire/scan.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum { NAME = 32 };

enum kind {
    STRAY, /* what no target has: controls, space, "#", 0x7F to 0xFF */
    BREAK, /* controls but HTAB: 0x00 to 0x08, 0x0A to 0x1F, 0x7F */
};

#endif
