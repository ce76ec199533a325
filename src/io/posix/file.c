/* SPDX-License-Identifier: MIT
 *
 * Opening with the kernel's own path checks, and file status without the kernel's layout.
 */
#include "io/posix/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "io/open_flags.h"

enum {
    MODE_BITS = 07777,
    RENAME_RETRIES = 64,
};

int weir_file_how(uint32_t flags, uint32_t mode, struct open_how *how)
{
    if (!weir_open_flags_fit(flags)) return WEIR_EINVAL;
    const bool handle = flags & WEIR_OPEN_HANDLE;
    memset(how, 0, sizeof(*how));
    how->flags = O_CLOEXEC;
    how->flags |= handle ? O_PATH | O_NOFOLLOW : O_NONBLOCK | O_NOCTTY;
    if (!(flags & WEIR_OPEN_WRITE))
        how->flags |= O_RDONLY;
    else
        how->flags |= flags & WEIR_OPEN_READ ? O_RDWR : O_WRONLY;
    if (flags & WEIR_OPEN_CREATE) {
        how->flags |= O_CREAT;
        how->mode = mode & MODE_BITS;
    }
    if (flags & WEIR_OPEN_EXCLUSIVE) how->flags |= O_EXCL;
    if (flags & WEIR_OPEN_TRUNCATE) how->flags |= O_TRUNC;
    if (flags & WEIR_OPEN_APPEND) how->flags |= O_APPEND;
    if (flags & WEIR_OPEN_DIRECTORY) how->flags |= O_DIRECTORY;
    if (flags & WEIR_OPEN_BENEATH) how->resolve |= RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    if (flags & WEIR_OPEN_NO_LINKS) how->resolve |= RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return 0;
}

int weir_file_open(int directory, const char *path, const struct open_how *how)
{
    /* EAGAIN: a rename elsewhere raced with a walk through ".."; the kernel asks to try again. */
    for (int tries = 0; tries < RENAME_RETRIES; tries++) {
        long fd = syscall(SYS_openat2, directory, path, how, sizeof(*how));
        if (fd >= 0) return (int)fd;
        if (errno != EAGAIN && errno != EINTR) break;
    }
    bool is_missing = errno == ENOSYS || errno == EPERM;
    if (!is_missing || how->resolve != 0) return -errno;

    int fd = TEMP_FAILURE_RETRY(openat(directory, path, (int)how->flags, (mode_t)how->mode));
    return fd >= 0 ? fd : -errno;
}

void weir_file_status_from(const struct statx *from, weir_file_status *out)
{
    uint32_t kind = S_ISREG(from->stx_mode)    ? WEIR_FILE_REGULAR
                    : S_ISDIR(from->stx_mode)  ? WEIR_FILE_DIRECTORY
                    : S_ISLNK(from->stx_mode)  ? WEIR_FILE_LINK
                    : S_ISSOCK(from->stx_mode) ? WEIR_FILE_SOCKET
                                               : WEIR_FILE_OTHER;
    *out = (weir_file_status){
        .size = from->stx_size,
        .inode = from->stx_ino,
        .device = makedev(from->stx_dev_major, from->stx_dev_minor),
        .modified = {weir_time_sum(weir_time_scale(from->stx_mtime.tv_sec, 1000000000),
                                   from->stx_mtime.tv_nsec)},
        .permissions = from->stx_mode & MODE_BITS,
        .kind = kind,
    };
}
