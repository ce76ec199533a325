/* SPDX-License-Identifier: MIT
 *
 * A view of bytes: pointer and length, borrowed from whoever owns the memory.
 *
 * Data off the wire is never NUL-terminated; every view carries its length.
 */
#ifndef WEIR_BASE_BYTES_H
#define WEIR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_bytes {
    const char *data; /* may be NULL when len is 0 */
    size_t len;
} weir_bytes;

/* The view of `len` bytes at `data`. */
static inline weir_bytes weir_bytes_of(const void *data, size_t len)
{
    weir_bytes view = {(const char *)data, len};
    return view;
}

/* The view of a NUL-terminated string, without its NUL.  NULL gives the empty view. */
static inline weir_bytes weir_bytes_text(const char *text)
{
    return weir_bytes_of(text, text ? strlen(text) : 0);
}

/* Whether two views hold the same bytes. */
static inline bool weir_bytes_equal(weir_bytes a, weir_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Whether two views are equal when ASCII letters are compared without case (RFC 9110 5.1). */
bool weir_bytes_equal_nocase(weir_bytes a, weir_bytes b);

#ifdef __cplusplus
}
#endif
#endif
