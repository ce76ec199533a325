/* SPDX-License-Identifier: MIT
 *
 * Binding a Unix socket: mode and owner of its file from the first moment, and whose file it is.
 *
 * The socket is bound in place, not under another name that is renamed afterwards: peers are told
 * the name of the bind (getpeername), and a temporary name would need room in the path.  Instead
 *
 *      fchmod(socket)   Linux makes the file with the permissions of the socket's own inode, less
 *                       the umask; with a new owner to come, those of the user alone
 *      bind             the file exists; a stream cannot be connected to before listen
 *      chown, chmod     of the very file, by a descriptor of it
 *
 * Invariant: the file never has a permission that was not asked for.
 *
 * While a socket is bound the kernel keeps the inode of its file, so device and inode of a removed
 * file are not given to another one: as long as the comparison is made before the socket is closed,
 * it tells whether the file at the path is ours.  Between comparison and unlink(2) lies a moment in
 * which another process may put its own there; no system call closes it.
 *
 * File operations run as work, because a file system may hold its thread.
 */
#include "net/unix_bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/io/work.h>

#include "net/unix_stale.h"

enum { MODE_ALL = 0777, MODE_USER = 0700 };

/* What a job works on. */
typedef struct file_job {
    bool ran;
    int socket;
    const weir_unix_options *options;
    weir_unix_file *file; /* its path is set */
} file_job;

/* Runs a job that has to be done, whatever was asked of the task; on this thread if there is no
 * other. */
static int run_always(weir_io *io, weir_work_fn *run, file_job *job)
{
    weir_scope shield;
    weir_shield(io, &shield);
    int64_t result = weir_work(io, run, job);
    if (!job->ran) result = run(job);
    weir_scope_leave(io, &shield);
    return (int)result;
}

static bool has_owner(const weir_unix_options *options)
{
    return options->set_user || options->set_group;
}

static int64_t limit_mode(void *argument)
{
    file_job *job = argument;
    job->ran = true;
    mode_t mode = job->options->mode;
    if (has_owner(job->options)) mode &= MODE_USER;
    return fchmod(job->socket, mode) < 0 ? -errno : 0;
}

static bool is_file(const struct stat *status, const weir_unix_file *file)
{
    return S_ISSOCK(status->st_mode) && status->st_dev == file->device &&
           status->st_ino == file->inode;
}

static int64_t find(void *argument)
{
    file_job *job = argument;
    job->ran = true;
    struct stat status;
    if (lstat(job->file->path, &status) < 0) return -errno;
    if (!S_ISSOCK(status.st_mode)) return WEIR_EADDRINUSE;
    job->file->device = status.st_dev;
    job->file->inode = status.st_ino;
    return 0;
}

/* Gives the file, which `fd` is open on (O_PATH), the owner and mode that were asked for. */
static int set_owner_and_mode(int fd, const struct stat *status, const weir_unix_options *options)
{
    const uid_t user = options->set_user ? options->user : (uid_t)-1;
    const gid_t group = options->set_group ? options->group : (gid_t)-1;
    if (has_owner(options) && fchownat(fd, "", user, group, AT_EMPTY_PATH) < 0) return -errno;
    if (options->mode == 0 || options->mode == (status->st_mode & MODE_ALL)) return 0;
    /* fchmod(2) refuses a descriptor made with O_PATH; its link in /proc leads to the same file. */
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (chmod(link, options->mode) == 0) return 0;
    return errno == ENOENT || errno == ENOTDIR ? WEIR_EUNSUPPORTED : -errno;
}

static int64_t claim(void *argument)
{
    file_job *job = argument;
    int error = (int)find(job);
    if (error || (job->options->mode == 0 && !has_owner(job->options))) return error;
    const int fd = open(job->file->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct stat status;
    if (fstat(fd, &status) < 0)
        error = -errno;
    else if (!is_file(&status, job->file))
        error = WEIR_EADDRINUSE;
    else
        error = set_owner_and_mode(fd, &status, job->options);
    close(fd);
    return error;
}

static int64_t remove_ours(void *argument)
{
    file_job *job = argument;
    job->ran = true;
    struct stat status;
    if (lstat(job->file->path, &status) < 0) return -errno;
    if (!is_file(&status, job->file)) return 0;
    return unlink(job->file->path) < 0 ? -errno : 0;
}

void net_unix_close_bound(weir_io *io, weir_socket socket, weir_unix_file *file)
{
    file_job job = {.file = file};
    if (file->path[0] != '\0' && file->inode != 0) (void)run_always(io, remove_ours, &job);
    file->path[0] = '\0';
    weir_close_socket(io, socket);
}

static void set_path(weir_unix_file *file, const weir_address *address)
{
    const weir_bytes name = weir_unix_name(address);
    *file = (weir_unix_file){0};
    if (weir_unix_kind_of(address) != WEIR_UNIX_PATH || name.len > WEIR_UNIX_PATH_MAX) return;
    memcpy(file->path, name.data, name.len);
}

void net_unix_file_find(weir_io *io, const weir_address *address, weir_unix_file *file)
{
    set_path(file, address);
    file_job job = {.file = file};
    if (file->path[0] != '\0' && run_always(io, find, &job) < 0) file->path[0] = '\0';
}

static int check(const weir_address *address, const weir_unix_options *options)
{
    weir_address copy;
    switch (weir_unix_kind_of(address)) {
    case WEIR_UNIX_NONE: return WEIR_EINVAL;
    case WEIR_UNIX_PATH:
        if (options->mode & ~MODE_ALL) return WEIR_EINVAL;
        return weir_unix_path(weir_unix_name(address), &copy);
    /* A name without a file has no permissions: nobody shall believe it had. */
    default: return options->mode != 0 || has_owner(options) ? WEIR_EINVAL : 0;
    }
}

static int bind_path(weir_io *io, weir_socket socket, const weir_address *address,
                     const weir_unix_options *options, weir_unix_file *file)
{
    file_job job = {.socket = socket.fd, .options = options, .file = file};
    int error = options->replace_stale ? net_unix_remove_stale(io, address) : 0;
    if (!error && options->mode != 0) error = (int)weir_work(io, limit_mode, &job);
    if (!error) error = weir_bind(io, socket, address);
    if (error) return error;
    job.ran = false;
    return run_always(io, claim, &job);
}

int net_unix_bind(weir_io *io, int type, const weir_address *address,
                  const weir_unix_options *options, weir_socket *out, weir_unix_file *file)
{
    int error = check(address, options);
    if (error) return error;
    weir_socket socket;
    error = weir_socket_open(io, AF_UNIX, type, 0, &socket);
    if (error) return error;
    set_path(file, address);
    if (options->socket) error = weir_socket_options_apply(io, socket, options->socket, NULL);
    if (!error)
        error = file->path[0] != '\0' ? bind_path(io, socket, address, options, file)
                                      : weir_bind(io, socket, address);
    if (error)
        net_unix_close_bound(io, socket, file);
    else
        *out = socket;
    return error;
}
