/* SPDX-License-Identifier: MIT
 *
 * Attempts on files and directories; the disk may hold the thread.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "io/posix/attempt_ops.h"
#include "io/posix/file.h"

enum { MAX_SLICES = 1024, MODE_BITS = 07777 };

int64_t weir_attempt_open(weir_op *op)
{
    struct open_how how;
    int error = weir_file_how(op->args.open.flags, op->args.open.mode, &how);
    if (error < 0) return error;
    return weir_file_open(op->fd, op->args.open.path, &how);
}

int64_t weir_attempt_stat(weir_op *op)
{
    const char *path = op->args.stat.path;
    int flags = path ? WEIR_STATX_FLAGS : WEIR_STATX_FLAGS | AT_EMPTY_PATH;
    struct statx status;
    if (TEMP_FAILURE_RETRY(statx(op->fd, path ? path : "", flags, WEIR_STATX_MASK, &status)) < 0)
        return -errno;
    weir_file_status_from(&status, op->args.stat.out);
    return 0;
}

/* Skips empty slices; what is left of `op->args.at.data` beyond 1024 waits for the next call. */
static int take_slices(const weir_op *op, const struct iovec **data)
{
    uint32_t count = op->args.at.count;
    for (*data = op->args.at.data; count > 0 && (*data)->iov_len == 0; ++*data) count--;
    return count < MAX_SLICES ? (int)count : MAX_SLICES;
}

int64_t weir_attempt_read_at(weir_op *op)
{
    const struct iovec *data;
    int count = take_slices(op, &data);
    if (op->args.at.offset > INT64_MAX) return WEIR_EINVAL;
    if (count == 0) return 0;
    ssize_t n = TEMP_FAILURE_RETRY(preadv(op->fd, data, count, (off_t)op->args.at.offset));
    return n >= 0 ? n : -errno;
}

int64_t weir_attempt_write_at(weir_op *op)
{
    const struct iovec *data;
    int count = take_slices(op, &data);
    if (op->args.at.offset > INT64_MAX) return WEIR_EINVAL;
    if (count == 0) return 0;
    ssize_t n = TEMP_FAILURE_RETRY(pwritev(op->fd, data, count, (off_t)op->args.at.offset));
    return n >= 0 ? n : -errno;
}

int64_t weir_attempt_list(weir_op *op)
{
    ssize_t n = TEMP_FAILURE_RETRY(getdents64(op->fd, op->args.list.buffer, op->args.list.size));
    return n >= 0 ? n : -errno;
}

int64_t weir_attempt_unlink(weir_op *op)
{
    return TEMP_FAILURE_RETRY(unlinkat(op->fd, op->args.path, 0)) < 0 ? -errno : 0;
}

/* fchmod(2) refuses a descriptor made with O_PATH; its link in /proc leads to the same file. */
static int64_t change_mode_of_handle(int fd, mode_t mode)
{
    const int flags = fcntl(fd, F_GETFL);
    struct stat status;
    if (flags < 0 || !(flags & O_PATH)) return WEIR_EBADF;
    if (fstat(fd, &status) < 0) return -errno;
    if (S_ISLNK(status.st_mode)) return WEIR_EUNSUPPORTED; /* it would be followed */
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (TEMP_FAILURE_RETRY(chmod(link, mode)) == 0) return 0;
    return errno == ENOENT || errno == ENOTDIR ? WEIR_EUNSUPPORTED : -errno;
}

int64_t weir_attempt_change_mode(weir_op *op)
{
    const mode_t mode = op->args.mode;
    if (mode & ~(mode_t)MODE_BITS) return WEIR_EINVAL;
    if (TEMP_FAILURE_RETRY(fchmod(op->fd, mode)) == 0) return 0;
    return errno == EBADF ? change_mode_of_handle(op->fd, mode) : -errno;
}

int64_t weir_attempt_change_owner(weir_op *op)
{
    const uid_t user = op->args.owner.user;
    const gid_t group = op->args.owner.group;
    /* Relative to no descriptor at all the empty path would be the working directory. */
    if (op->fd < 0) return WEIR_EBADF;
    return TEMP_FAILURE_RETRY(fchownat(op->fd, "", user, group, AT_EMPTY_PATH)) < 0 ? -errno : 0;
}

int64_t weir_attempt_lock(weir_op *op)
{
    static const int kinds[] = {
        [WEIR_LOCK_NONE] = LOCK_UN, [WEIR_LOCK_SHARED] = LOCK_SH, [WEIR_LOCK_EXCLUSIVE] = LOCK_EX};
    if (op->args.lock >= sizeof kinds / sizeof kinds[0]) return WEIR_EINVAL;
    return TEMP_FAILURE_RETRY(flock(op->fd, kinds[op->args.lock] | LOCK_NB)) < 0 ? -errno : 0;
}
