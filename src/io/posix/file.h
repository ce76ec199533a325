/* SPDX-License-Identifier: MIT
 *
 * Files in the kernel's words: open flags for openat2(2), status from statx(2).
 */
#ifndef IO_POSIX_FILE_H
#define IO_POSIX_FILE_H

#include <linux/openat2.h>
#include <stdint.h>
#include <sys/stat.h>

#include <weir/io/file.h>

enum {
    /* What to pass to statx(2) besides AT_EMPTY_PATH for a NULL path (then pass ""). */
    WEIR_STATX_FLAGS = AT_SYMLINK_NOFOLLOW | AT_STATX_SYNC_AS_STAT,
    WEIR_STATX_MASK = STATX_BASIC_STATS,
};

/* Translates WEIR_OPEN_… flags.  Returns 0; WEIR_EINVAL: neither READ nor WRITE, or an unknown
 * flag. */
int weir_file_how(uint32_t flags, uint32_t mode, struct open_how *how);

/* openat2(2); openat(2) where the kernel lacks or forbids it and `how` asks for nothing that only
 * openat2 can do.  Returns the descriptor or a negative error. */
int weir_file_open(int directory, const char *path, const struct open_how *how);

/* Translates what statx(2) told. */
void weir_file_status_from(const struct statx *from, weir_file_status *out);

#endif
