/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets of HTTP share: the check, and bytes that are lent to a parser a piece at a
 * time, so that a look beyond the piece is seen.
 */
#ifndef WEIR_TEST_FUZZ_HTTP_INPUT_H
#define WEIR_TEST_FUZZ_HTTP_INPUT_H

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include <weir/base/bytes.h>
#include <weir/base/error.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(bool holds)
{
    if (!holds) abort();
}

/* A copy that begins and ends exactly where the memory of it does. */
typedef struct bytes_lent {
    char *data;
    size_t len;
} bytes_lent;

static inline bytes_lent bytes_lend(const void *data, size_t len)
{
    bytes_lent lent = {malloc(len ? len : 1), len};
    if (!lent.data) abort();
    if (len > 0) memcpy(lent.data, data, len);
    return lent;
}

/* Lets the first `len` bytes be seen, and no others where AddressSanitizer is at work. */
static inline void bytes_show(const bytes_lent *lent, size_t len)
{
    ASAN_POISON_MEMORY_REGION(lent->data + len, lent->len - len);
    ASAN_UNPOISON_MEMORY_REGION(lent->data, len);
}

static inline void bytes_return(bytes_lent *lent)
{
    free(lent->data);
}

#endif
