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
 */
#include "net/unix_bind.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/io/file.h>
#include <weir/io/scope.h>

#include "net/unix_stale.h"

enum { MODE_ALL = 0777, MODE_USER = 0700 };

static bool has_owner(const weir_unix_options *options)
{
    return options->set_user || options->set_group;
}

/* Gives the file that will be made the permissions that it may have at first. */
static int limit_mode(weir_io *io, weir_socket socket, const weir_unix_options *options)
{
    const uint32_t mode = options->mode;
    return weir_change_mode(io, (weir_file){socket.fd},
                            has_owner(options) ? mode & MODE_USER : mode);
}

static bool is_file(const weir_file_status *status, const weir_unix_file *file)
{
    return status->kind == WEIR_FILE_SOCKET && status->device == file->device &&
           status->inode == file->inode;
}

/* Notes what stands at file->path. */
static int find(weir_io *io, weir_unix_file *file)
{
    weir_file_status status;
    const int error = weir_stat(io, WEIR_FILE_CWD, file->path, &status);
    if (error) return error;
    if (status.kind != WEIR_FILE_SOCKET) return WEIR_EADDRINUSE;
    file->device = status.device;
    file->inode = status.inode;
    return 0;
}

/* Gives the file, of which `held` is a handle, the owner and mode that were asked for. */
static int set_owner_and_mode(weir_io *io, weir_file held, const weir_file_status *status,
                              const weir_unix_options *options)
{
    const uint32_t user = options->set_user ? options->user : UINT32_MAX;
    const uint32_t group = options->set_group ? options->group : UINT32_MAX;
    if (has_owner(options)) {
        const int error = weir_change_owner(io, held, user, group);
        if (error) return error;
    }
    if (options->mode == 0 || options->mode == (status->permissions & MODE_ALL)) return 0;
    return weir_change_mode(io, held, options->mode);
}

static int claim(weir_io *io, const weir_unix_options *options, weir_unix_file *file)
{
    weir_file held;
    weir_file_status status;
    int error = find(io, file);
    if (error || (options->mode == 0 && !has_owner(options))) return error;
    error = weir_open(io, WEIR_FILE_CWD, file->path, WEIR_OPEN_HANDLE, 0, &held);
    if (error) return error;
    error = weir_stat(io, held, NULL, &status);
    if (!error && !is_file(&status, file)) error = WEIR_EADDRINUSE;
    if (!error) error = set_owner_and_mode(io, held, &status, options);
    weir_close_file(io, held);
    return error;
}

static void remove_ours(weir_io *io, const weir_unix_file *file)
{
    weir_file_status status;
    if (weir_stat(io, WEIR_FILE_CWD, file->path, &status) < 0) return;
    if (is_file(&status, file)) (void)weir_unlink(io, WEIR_FILE_CWD, file->path);
}

void net_unix_close_bound(weir_io *io, weir_socket socket, weir_unix_file *file)
{
    weir_scope shield;
    weir_shield(io, &shield);
    if (file->path[0] != '\0' && file->inode != 0) remove_ours(io, file);
    weir_scope_leave(io, &shield);
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
    weir_scope shield;
    weir_shield(io, &shield);
    if (file->path[0] != '\0' && find(io, file) < 0) file->path[0] = '\0';
    weir_scope_leave(io, &shield);
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
    int error = options->replace_stale ? net_unix_remove_stale(io, address) : 0;
    if (!error && options->mode != 0) error = limit_mode(io, socket, options);
    if (!error) error = weir_bind(io, socket, address);
    if (error) return error;
    /* The file is there: it is made right or removed, whatever is asked of the task. */
    weir_scope shield;
    weir_shield(io, &shield);
    error = claim(io, options, file);
    weir_scope_leave(io, &shield);
    return error;
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
