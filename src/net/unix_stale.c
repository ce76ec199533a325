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

#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/net/unix.h>

#include "net/shortage.h"

enum { LOCK_TRIES = 8 }; /* with pauses of 1, 2, 4 … 128 ms after them */

typedef struct suspect {
    char path[WEIR_UNIX_PATH_MAX + 1];
    weir_file directory; /* open and locked, or none */
    weir_file held;      /* a handle of the file, or none */
} suspect;

static bool is_stop(int error)
{
    return error == WEIR_ECANCELED || error == WEIR_EDEADLINE;
}

static int open_directory(weir_io *io, suspect *s)
{
    char name[WEIR_UNIX_PATH_MAX + 1];
    const char *slash = strrchr(s->path, '/');
    const size_t len = slash ? (size_t)(slash - s->path) : 0;
    memcpy(name, s->path, len);
    name[len] = '\0';
    const char *directory = len > 0 ? name : slash ? "/" : ".";
    return weir_open(io, WEIR_FILE_CWD, directory, WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY, 0,
                     &s->directory);
}

static int lock(weir_io *io, suspect *s)
{
    int error = open_directory(io, s);
    if (is_stop(error) || net_is_shortage(error)) return error;
    /* One that may not be read cannot be locked; binding will tell what else is wrong with it. */
    if (error) return 0;
    for (int i = 0; i < LOCK_TRIES; i++) {
        error = weir_lock_file(io, s->directory, WEIR_LOCK_EXCLUSIVE);
        if (error != WEIR_EAGAIN) return is_stop(error) ? error : 0;
        error = weir_sleep(io, weir_milliseconds(1 << i));
        if (error) return error;
    }
    return 0;
}

static int hold_file(weir_io *io, suspect *s)
{
    weir_file_status status;
    int error = weir_open(io, WEIR_FILE_CWD, s->path, WEIR_OPEN_HANDLE, 0, &s->held);
    if (error) return error == WEIR_ENOENT ? 0 : error;
    error = weir_stat(io, s->held, NULL, &status);
    if (error) return error;
    return status.kind == WEIR_FILE_SOCKET ? 0 : WEIR_EADDRINUSE;
}

static int remove_held(weir_io *io, const suspect *s)
{
    weir_file_status held, there;
    int error = weir_stat(io, s->held, NULL, &held);
    if (error) return error;
    error = weir_stat(io, WEIR_FILE_CWD, s->path, &there);
    if (error) return error == WEIR_ENOENT ? 0 : error;
    if (held.device != there.device || held.inode != there.inode) return WEIR_EADDRINUSE;
    error = weir_unlink(io, WEIR_FILE_CWD, s->path);
    return error == WEIR_ENOENT ? 0 : error;
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
    suspect s = {.directory = {-1}, .held = {-1}};
    const weir_bytes path = weir_unix_name(address);
    memcpy(s.path, path.data, path.len);
    int result = lock(io, &s);
    if (result == 0) result = hold_file(io, &s);
    if (result == 0 && s.held.fd >= 0) result = test(io, address);
    /* What was found out is done, also when the task is asked to stop now. */
    weir_scope shield;
    weir_shield(io, &shield);
    if (result == 1) result = remove_held(io, &s);
    weir_scope_leave(io, &shield);
    if (s.held.fd >= 0) weir_close_file(io, s.held);
    if (s.directory.fd >= 0) weir_close_file(io, s.directory);
    return result;
}
