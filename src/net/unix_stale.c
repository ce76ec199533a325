/* SPDX-License-Identifier: MIT
 *
 * Is a socket file stale?  And if so, it is removed; no other file ever is.
 *
 *      lock the directory  ->  hold the file (O_PATH)  ->  connect to it  ->  the same still?
 *                                                                             unlink, unlock
 *
 * The test connects a datagram socket: the kernel looks for the socket that is bound to the inode
 * and only then compares the types.  So WEIR_ECONNREFUSED means that no process has it, and a live
 * stream listener answers WEIR_EPROTOTYPE, also one with a full backlog or one that is bound and
 * does not listen yet; it notices nothing.  (A stream would be refused by the latter, and would
 * leave a connection in the backlog of others.)
 *
 * Two starting servers must not both find the file stale, the slower one removing what the faster
 * one has bound meanwhile: between the comparison and unlink(2) the directory is locked with
 * flock(2), which leaves nothing behind.  Anybody who may read the directory can hold that lock,
 * so it is waited for a quarter of a second only; without it, the moment between the two calls is
 * open.  Held open, the file keeps its inode number to itself.
 */
#include "net/unix_stale.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/io/work.h>
#include <weir/net/unix.h>

#include "net/shortage.h"

enum { LOCK_TRIES = 8 }; /* with pauses of 1, 2, 4 … 128 ms after them */

typedef struct stale_job {
    char path[WEIR_UNIX_PATH_MAX + 1];
    int directory; /* open and locked, or -1 */
    int file;      /* open (O_PATH), or -1 */
    bool busy;     /* somebody else has the lock */
    bool remove;   /* what `file` is */
    bool ran;
} stale_job;

static int open_directory(const char *path)
{
    char name[WEIR_UNIX_PATH_MAX + 1];
    const char *slash = strrchr(path, '/');
    const size_t len = slash ? (size_t)(slash - path) : 0;
    memcpy(name, path, len);
    name[len] = '\0';
    const char *directory = len > 0 ? name : slash ? "/" : ".";
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int64_t lock_directory(void *argument)
{
    stale_job *job = argument;
    job->busy = false;
    /* One that may not be read cannot be locked; binding will tell what else is wrong with it. */
    if (job->directory < 0) job->directory = open_directory(job->path);
    if (job->directory < 0) return errno == EMFILE || errno == ENFILE ? -errno : 0;
    int failed;
    do {
        failed = flock(job->directory, LOCK_EX | LOCK_NB);
    } while (failed < 0 && errno == EINTR);
    job->busy = failed < 0 && errno == EWOULDBLOCK;
    return 0;
}

static int64_t hold_file(void *argument)
{
    stale_job *job = argument;
    job->file = open(job->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (job->file < 0) return errno == ENOENT ? 0 : -errno;
    struct stat status;
    if (fstat(job->file, &status) < 0) return -errno;
    return S_ISSOCK(status.st_mode) ? 0 : WEIR_EADDRINUSE;
}

static int remove_held(const stale_job *job)
{
    struct stat held, there;
    if (fstat(job->file, &held) < 0) return -errno;
    if (lstat(job->path, &there) < 0) return errno == ENOENT ? 0 : -errno;
    if (held.st_dev != there.st_dev || held.st_ino != there.st_ino) return WEIR_EADDRINUSE;
    return unlink(job->path) == 0 || errno == ENOENT ? 0 : -errno;
}

static int64_t end_job(void *argument)
{
    stale_job *job = argument;
    job->ran = true;
    const int error = job->remove ? remove_held(job) : 0;
    if (job->file >= 0) close(job->file);
    if (job->directory >= 0) close(job->directory);
    return error;
}

/* Lets go of everything, also when the task was asked to stop. */
static int finish(weir_io *io, stale_job *job)
{
    weir_scope shield;
    weir_shield(io, &shield);
    int64_t result = weir_work(io, end_job, job);
    if (!job->ran) result = end_job(job);
    weir_scope_leave(io, &shield);
    return (int)result;
}

static int lock(weir_io *io, stale_job *job)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        int error = (int)weir_work(io, lock_directory, job);
        if (error || !job->busy) return error;
        error = weir_sleep(io, weir_milliseconds(1 << i));
        if (error) return error;
    }
    return 0;
}

/* Returns 1: no process has the socket; 0: the file is gone; else an error. */
static int test(weir_io *io, const weir_address *address)
{
    weir_socket socket;
    int error = weir_socket_open(io, AF_UNIX, SOCK_DGRAM, 0, &socket);
    if (error) return error;
    error = weir_connect(io, socket, address);
    weir_close_socket(io, socket);
    switch (error) {
    case WEIR_ECONNREFUSED: return 1;
    case WEIR_ENOENT: return 0;
    case WEIR_ECANCELED:
    case WEIR_EDEADLINE: return error;
    default: return net_is_shortage(error) ? error : WEIR_EADDRINUSE;
    }
}

int net_unix_remove_stale(weir_io *io, const weir_address *address)
{
    stale_job job = {.directory = -1, .file = -1};
    const weir_bytes path = weir_unix_name(address);
    memcpy(job.path, path.data, path.len);
    int result = lock(io, &job);
    if (result == 0) result = (int)weir_work(io, hold_file, &job);
    if (result == 0 && job.file >= 0) result = test(io, address);
    job.remove = result == 1;
    const int error = finish(io, &job);
    return result < 0 ? result : error;
}
