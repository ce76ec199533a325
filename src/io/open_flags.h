/* SPDX-License-Identifier: MIT
 *
 * Which WEIR_OPEN_… may go together: for all engines.
 */
#ifndef IO_OPEN_FLAGS_H
#define IO_OPEN_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/file.h>

/* A handle is not opened: nothing that is about reading, writing or making goes with it. */
static inline bool weir_open_flags_fit(uint32_t flags)
{
    const uint32_t where = WEIR_OPEN_DIRECTORY | WEIR_OPEN_BENEATH | WEIR_OPEN_NO_LINKS;
    const uint32_t access = WEIR_OPEN_READ | WEIR_OPEN_WRITE;
    const uint32_t how =
        access | WEIR_OPEN_CREATE | WEIR_OPEN_EXCLUSIVE | WEIR_OPEN_TRUNCATE | WEIR_OPEN_APPEND;
    if (flags & WEIR_OPEN_HANDLE) return (flags & ~where) == WEIR_OPEN_HANDLE;
    return (flags & ~(where | how)) == 0 && flags & access;
}

#endif
