/* SPDX-License-Identifier: MIT
 *
 * The plain system calls of the suite, answered by the simulator while a test runs in it.
 *
 * Tests are on both sides: their io is the engine's, their peers are plain sockets.  Linked with
 * --wrap, the calls arrive here: outside of a simulated world they go on to the kernel, inside they
 * become ops that are tried once, without a task, on the host whose task runs.
 */
#include "test/contract/sim_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "io/sim/attempt.h"
#include "io/sim/disk.h"
#include "io/sim/disk_tree.h"
#include "io/sim/node.h"
#include "test/contract/contract.h"
#include "test/contract/sim_kernel_calls.h"

static host *here(void)
{
    world *w = weir_sim_here;
    if (!w || !w->running) return NULL;
    return w->current ? w->current->host : w->hosts;
}

static host *host_at(int fd)
{
    return fd >= WEIR_SIM_FIRST_FD ? here() : NULL;
}

int sim_kernel_open_count(void)
{
    const host *h = here();
    return h ? (int)h->node_count : 0;
}

/* The result as a system call gives it. */
static int64_t tell(int64_t result)
{
    if (result >= 0) return result;
    errno = result == SIM_WAIT ? EAGAIN : (int)-result;
    return -1;
}

static int64_t try_op(host *h, weir_op *op)
{
    *weir_op_words_of(op) = (weir_op_words){.io = &h->io};
    return tell(weir_sim_attempt(h, op));
}

int __wrap_socket(int family, int type, int protocol)
{
    host *h = here();
    if (!h) return __real_socket(family, type, protocol);
    weir_op op = {.code = WEIR_OP_SOCKET, .args.socket = {family, type, protocol}};
    return (int)try_op(h, &op);
}

/* A descriptor that was made without the flags is told so until it is adopted. */
static void forget_flags(host *h, int fd, bool set)
{
    weir_sim_node_at(h, fd)->descriptor_set = set;
}

int __wrap_socketpair(int family, int type, int protocol, int ends[2])
{
    host *h = here();
    if (!h) return __real_socketpair(family, type, protocol, ends);
    weir_op op = {.code = WEIR_OP_PAIR, .args.pair = {.out = ends, .type = type}};
    const int result = (int)try_op(h, &op);
    for (int i = 0; i < 2 && result == 0; i++) forget_flags(h, ends[i], type & SOCK_NONBLOCK);
    return result;
}

int __wrap_pipe2(int ends[2], int flags)
{
    host *h = here();
    if (!h) return __real_pipe2(ends, flags);
    weir_op op = {.code = WEIR_OP_PIPE, .args.pair = {.out = ends}};
    return (int)try_op(h, &op);
}

int __wrap_pipe(int ends[2])
{
    return here() ? __wrap_pipe2(ends, 0) : __real_pipe(ends);
}

int __wrap_bind(int fd, const struct sockaddr *name, socklen_t len)
{
    host *h = host_at(fd);
    weir_address address;
    if (!h) return __real_bind(fd, name, len);
    weir_op op = {.code = WEIR_OP_BIND, .fd = fd, .args.address = &address};
    const int error = weir_address_from_sockaddr(name, len, &address);
    return error ? (int)tell(error) : (int)try_op(h, &op);
}

int __wrap_listen(int fd, int backlog)
{
    host *h = host_at(fd);
    if (!h) return __real_listen(fd, backlog);
    weir_op op = {.code = WEIR_OP_LISTEN, .fd = fd, .args.backlog = backlog};
    return (int)try_op(h, &op);
}

int __wrap_accept(int fd, struct sockaddr *name, socklen_t *len)
{
    host *h = host_at(fd);
    if (!h) return __real_accept(fd, name, len);
    weir_op op = {.code = WEIR_OP_ACCEPT, .fd = fd};
    return (int)try_op(h, &op);
}

int __wrap_connect(int fd, const struct sockaddr *name, socklen_t len)
{
    host *h = host_at(fd);
    weir_address address;
    if (!h) return __real_connect(fd, name, len);
    weir_op op = {.code = WEIR_OP_CONNECT, .fd = fd, .args.address = &address};
    const int error = weir_address_from_sockaddr(name, len, &address);
    const int result = error ? (int)tell(error) : (int)try_op(h, &op);
    if (result < 0 && errno == EAGAIN && address.kind != WEIR_ADDRESS_UNIX) errno = EINPROGRESS;
    return result;
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    host *h = host_at(fd);
    if (!h) return __real_send(fd, data, len, flags);
    const struct iovec slice = {(void *)(uintptr_t)data, len};
    weir_op op = {
        .code = WEIR_OP_WRITE, .fd = fd, .args.vector = {.data = &slice, .count = 1, .repeat = 1}};
    return try_op(h, &op);
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    return host_at(fd) ? __wrap_send(fd, data, len, 0) : __real_write(fd, data, len);
}

ssize_t __wrap_recv(int fd, void *data, size_t len, int flags)
{
    host *h = host_at(fd);
    if (!h) return __real_recv(fd, data, len, flags);
    const struct iovec slice = {data, len};
    weir_op op = {.code = WEIR_OP_READ,
                  .flags = flags & MSG_PEEK ? WEIR_OP_PEEK : 0,
                  .fd = fd,
                  .args.vector = {.data = &slice, .count = 1}};
    return try_op(h, &op);
}

ssize_t __wrap_read(int fd, void *data, size_t len)
{
    return host_at(fd) ? __wrap_recv(fd, data, len, 0) : __real_read(fd, data, len);
}

int __wrap_close(int fd)
{
    host *h = host_at(fd);
    if (!h) return __real_close(fd);
    weir_op op = {.code = WEIR_OP_CLOSE, .fd = fd};
    return (int)try_op(h, &op);
}

static int open_path(host *h, int directory, const char *path, int flags, mode_t mode)
{
    weir_op op = {.code = WEIR_OP_OPEN, .fd = directory};
    op.args.open.path = path;
    op.args.open.mode = mode;
    const int access = flags & O_ACCMODE;
    op.args.open.flags =
        (access != O_WRONLY ? WEIR_OPEN_READ : 0u) | (access != O_RDONLY ? WEIR_OPEN_WRITE : 0u) |
        (flags & O_CREAT ? WEIR_OPEN_CREATE : 0u) | (flags & O_EXCL ? WEIR_OPEN_EXCLUSIVE : 0u) |
        (flags & O_TRUNC ? WEIR_OPEN_TRUNCATE : 0u) | (flags & O_APPEND ? WEIR_OPEN_APPEND : 0u) |
        (flags & O_DIRECTORY ? WEIR_OPEN_DIRECTORY : 0u);
    return (int)try_op(h, &op);
}

static int open_any(host *h)
{
    return open_path(h, AT_FDCWD, "/dev/null", O_RDWR, 0);
}

/* A copy of a standard stream is one more descriptor of this host, whatever of. */
int __wrap_dup(int fd)
{
    host *h = here();
    if (h && fd <= 2) return open_any(h);
    if (!h || fd < WEIR_SIM_FIRST_FD) return __real_dup(fd);
    weir_op op = {.code = WEIR_OP_DUPLICATE, .fd = fd};
    return (int)try_op(h, &op);
}

int __wrap_fcntl(int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    const long argument = va_arg(list, long);
    va_end(list);
    host *h = here();
    if (h && fd <= 2 && command == F_DUPFD_CLOEXEC) return open_any(h);
    if (!h || fd < WEIR_SIM_FIRST_FD) return __real_fcntl(fd, command, argument);
    sim_node *n = weir_sim_node_at(h, fd);
    if (!n) return (int)tell(WEIR_EBADF);
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return __wrap_dup(fd);
    case F_GETFD: return n->descriptor_set ? FD_CLOEXEC : 0;
    case F_GETFL: return O_RDWR | (n->descriptor_set ? O_NONBLOCK : 0);
    case F_SETFD: return 0;
    case F_SETFL: n->descriptor_set = argument & O_NONBLOCK; return 0;
    default: return (int)tell(WEIR_EINVAL);
    }
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    host *h = host_at(fd);
    if (!h) return __real_getsockopt(fd, level, name, value, len);
    weir_op op = {.code = WEIR_OP_GET_OPTION, .fd = fd};
    op.args.option.level = level;
    op.args.option.name = name;
    op.args.option.value = value;
    op.args.option.size = len;
    return (int)try_op(h, &op);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    host *h = host_at(fd);
    if (!h) return __real_setsockopt(fd, level, name, value, len);
    weir_op op = {.code = WEIR_OP_SET_OPTION, .fd = fd};
    op.args.option.level = level;
    op.args.option.name = name;
    op.args.option.value = (void *)(uintptr_t)value;
    op.args.option.size = &len;
    return (int)try_op(h, &op);
}

int __wrap_getsockname(int fd, struct sockaddr *name, socklen_t *len)
{
    host *h = host_at(fd);
    weir_address address;
    struct sockaddr_storage full;
    if (!h) return __real_getsockname(fd, name, len);
    weir_op op = {.code = WEIR_OP_LOCAL_ADDRESS, .fd = fd, .args.address_out = &address};
    const int result = (int)try_op(h, &op);
    if (result < 0) return result;
    const socklen_t size = weir_address_to_sockaddr(&address, &full);
    memcpy(name, &full, size < *len ? size : *len);
    *len = size;
    return 0;
}

int __wrap_poll(struct pollfd *look, nfds_t count, int timeout)
{
    host *h = count == 1 ? host_at(look->fd) : NULL;
    if (!h) return __real_poll(look, count, timeout);
    weir_op op = {.code = WEIR_OP_POLL, .fd = look->fd};
    op.args.poll = (look->events & POLLIN ? WEIR_POLL_READ : 0u) |
                   (look->events & POLLOUT ? WEIR_POLL_WRITE : 0u);
    int64_t ready = try_op(h, &op);
    if (ready < 0 && errno == EAGAIN && timeout != 0 && h->world->current) {
        if (timeout > 0) op.deadline = weir_deadline_after(&h->io, weir_milliseconds(timeout));
        ready = weir_do(&h->io, &op);
    }
    if (ready == -1 || ready == WEIR_EDEADLINE) ready = 0;
    look->revents =
        (short)((ready & WEIR_POLL_READ ? POLLIN : 0) | (ready & WEIR_POLL_WRITE ? POLLOUT : 0) |
                (ready & WEIR_POLL_ERROR ? POLLERR | POLLHUP : 0));
    return look->revents != 0;
}

int __wrap_getrlimit(__rlimit_resource_t resource, struct rlimit *out)
{
    const host *h = here();
    if (!h || resource != RLIMIT_NOFILE) return __real_getrlimit(resource, out);
    out->rlim_cur = (rlim_t)WEIR_SIM_FIRST_FD + h->node_limit;
    out->rlim_max = (rlim_t)WEIR_SIM_FIRST_FD + (1 << 20);
    return 0;
}

int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    host *h = here();
    if (!h || resource != RLIMIT_NOFILE) return __real_setrlimit(resource, limit);
    h->node_limit =
        limit->rlim_cur > WEIR_SIM_FIRST_FD ? (uint32_t)(limit->rlim_cur - WEIR_SIM_FIRST_FD) : 0;
    return 0;
}

int __wrap_test_fd_count(void)
{
    return __real_test_fd_count() + sim_kernel_open_count();
}

/* Files ------------------------------------------------------------------------------------- */

int __wrap_open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    host *h = here();
    return h ? open_path(h, AT_FDCWD, path, flags, mode) : __real_open(path, flags, mode);
}

int __wrap_openat(int directory, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    host *h = here();
    return h ? open_path(h, directory, path, flags, mode)
             : __real_openat(directory, path, flags, mode);
}

static int stat_path(host *h, int fd, const char *path, struct stat *out)
{
    weir_file_status status;
    static const mode_t kinds[] = {[WEIR_FILE_OTHER] = S_IFIFO,
                                   [WEIR_FILE_SOCKET] = S_IFSOCK,
                                   [WEIR_FILE_REGULAR] = S_IFREG,
                                   [WEIR_FILE_DIRECTORY] = S_IFDIR,
                                   [WEIR_FILE_LINK] = S_IFLNK};
    weir_op op = {.code = WEIR_OP_STAT, .fd = fd};
    op.args.stat.path = path;
    op.args.stat.out = &status;
    const int result = (int)try_op(h, &op);
    if (result < 0) return result;
    *out = (struct stat){.st_ino = status.inode,
                         .st_dev = status.device,
                         .st_size = (off_t)status.size,
                         .st_uid = geteuid(),
                         .st_gid = getegid(),
                         .st_mode = status.permissions | kinds[status.kind]};
    /* What is no file has a number all the same: that of its node. */
    if (!path && status.inode == 0) out->st_ino = (ino_t)(uintptr_t)weir_sim_node_at(h, fd);
    return 0;
}

ssize_t __wrap_pread(int fd, void *data, size_t len, off_t offset)
{
    host *h = host_at(fd);
    if (!h) return __real_pread(fd, data, len, offset);
    sim_node *n = weir_sim_node_at(h, fd);
    return n ? tell(weir_sim_disk_read(n, (uint64_t)offset, data, len)) : tell(WEIR_EBADF);
}

int __wrap_ftruncate(int fd, off_t size)
{
    host *h = host_at(fd);
    char zero = 0;
    if (!h) return __real_ftruncate(fd, size);
    /* Only ever to make it longer. */
    const struct iovec last = {&zero, 1};
    weir_op op = {.code = WEIR_OP_WRITE_AT, .fd = fd};
    op.args.at.data = &last;
    op.args.at.count = 1;
    op.args.at.offset = (uint64_t)size - 1;
    return try_op(h, &op) < 0 ? -1 : 0;
}

int __wrap_flock(int fd, int operation)
{
    host *h = host_at(fd);
    if (!h) return __real_flock(fd, operation);
    weir_op op = {.code = WEIR_OP_LOCK, .fd = fd};
    op.args.lock = operation & LOCK_EX   ? WEIR_LOCK_EXCLUSIVE
                   : operation & LOCK_SH ? WEIR_LOCK_SHARED
                                         : WEIR_LOCK_NONE;
    return (int)try_op(h, &op);
}

int __wrap_faccessat(int directory, const char *path, int mode, int flags)
{
    host *h = host_at(directory);
    struct stat status;
    return h ? stat_path(h, directory, path, &status)
             : __real_faccessat(directory, path, mode, flags);
}

int __wrap_unlinkat(int directory, const char *path, int flags)
{
    host *h = host_at(directory);
    if (!h) return __real_unlinkat(directory, path, flags);
    sim_walk walk = {.base = weir_sim_disk_directory(weir_sim_node_at(h, directory))};
    if (!walk.base || weir_sim_walk(h->disk, &walk, path, strlen(path)) < 0 || !walk.found)
        return (int)tell(WEIR_ENOENT);
    weir_sim_inode_unlink(walk.found, sim_real_time(h));
    return 0;
}

int __wrap_unlink(const char *path)
{
    host *h = here();
    return h ? (int)tell(weir_sim_disk_remove(h, path, false)) : __real_unlink(path);
}

int __wrap_rmdir(const char *path)
{
    host *h = here();
    return h ? (int)tell(weir_sim_disk_remove(h, path, true)) : __real_rmdir(path);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    host *h = here();
    return h ? (int)tell(weir_sim_disk_mkdir(h, path, mode)) : __real_mkdir(path, mode);
}

int __wrap_mkfifo(const char *path, mode_t mode)
{
    host *h = here();
    return h ? (int)tell(weir_sim_disk_fifo(h, path, mode)) : __real_mkfifo(path, mode);
}

int __wrap_symlink(const char *target, const char *path)
{
    host *h = here();
    return h ? (int)tell(weir_sim_disk_symlink(h, target, path)) : __real_symlink(target, path);
}

int __wrap_chmod(const char *path, mode_t mode)
{
    host *h = here();
    return h ? (int)tell(weir_sim_disk_change(h, path, mode, -1)) : __real_chmod(path, mode);
}

int __wrap_utimes(const char *path, const struct timeval times[2])
{
    host *h = here();
    if (!h) return __real_utimes(path, times);
    const int64_t when = (int64_t)times[1].tv_sec * 1000000000 + (int64_t)times[1].tv_usec * 1000;
    return (int)tell(weir_sim_disk_change(h, path, -1, when));
}

int __wrap_stat(const char *path, struct stat *out)
{
    host *h = here();
    return h ? stat_path(h, AT_FDCWD, path, out) : __real_stat(path, out);
}

int __wrap_lstat(const char *path, struct stat *out)
{
    host *h = here();
    return h ? stat_path(h, AT_FDCWD, path, out) : __real_lstat(path, out);
}

int __wrap_fstat(int fd, struct stat *out)
{
    host *h = host_at(fd);
    return h ? stat_path(h, fd, NULL, out) : __real_fstat(fd, out);
}

char *__wrap_mkdtemp(char *pattern)
{
    static unsigned made;
    host *h = here();
    if (!h) return __real_mkdtemp(pattern);
    snprintf(pattern + strlen(pattern) - 6, 7, "%06u", made++ % 1000000);
    return weir_sim_disk_mkdir(h, pattern, 0700) == 0 ? pattern : NULL;
}

static void remove_all(sim_inode *inode, int64_t now)
{
    while (inode->first) remove_all(inode->first, now);
    weir_sim_inode_unlink(inode, now);
}

void __wrap_contract_remove_directory(const char *path)
{
    host *h = here();
    if (!h) {
        __real_contract_remove_directory(path);
        return;
    }
    sim_walk walk = {.base = h->disk->root};
    if (weir_sim_walk(h->disk, &walk, path, strlen(path)) == 0 && walk.found)
        remove_all(walk.found, sim_real_time(h));
}

pid_t __wrap_getpid(void)
{
    const host *h = here();
    return h ? 1000 + (pid_t)h->index : __real_getpid();
}

uid_t __wrap_geteuid(void)
{
    return here() ? 1000 : __real_geteuid();
}

gid_t __wrap_getegid(void)
{
    return here() ? 1000 : __real_getegid();
}
