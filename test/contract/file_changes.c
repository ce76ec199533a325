/* SPDX-License-Identifier: MIT
 *
 * Names, permissions, owners and locks of files: is exactly what was named changed, and by a handle
 * that very file, whatever stands at its path by then?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

typedef struct folder {
    char path[64];
    weir_file at;
} folder;

static bool begin(weir_io *io, folder *f)
{
    const uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY;
    return contract_make_directory(f->path) && contract_make_file(f->path, "file", "data", 4) &&
           check_int(weir_open(io, WEIR_FILE_CWD, f->path, flags, 0, &f->at), 0);
}

static void end(weir_io *io, folder *f)
{
    weir_close_file(io, f->at);
    contract_remove_directory(f->path);
}

static void path_of(const folder *f, const char *name, char out[100])
{
    snprintf(out, 100, "%s/%s", f->path, name);
}

static void make_socket(const folder *f, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    path_of(f, name, address.sun_path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check_int(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static int64_t permissions(weir_io *io, const folder *f, const char *name)
{
    weir_file_status status;
    const int error = weir_stat(io, f->at, name, &status);
    return error ? error : (int64_t)status.permissions;
}

CONTRACT(a_name_is_taken_away_and_nothing_else)
{
    folder f;
    char path[100];
    weir_file_status status;
    if (!begin(io, &f)) return;
    path_of(&f, "link", path);
    check_int(symlink("file", path), 0);
    path_of(&f, "inner", path);
    check_int(mkdir(path, 0700), 0);
    make_socket(&f, "socket");
    check_int(weir_stat(io, f.at, "socket", &status), 0);
    check_int(status.kind, WEIR_FILE_SOCKET);
    /* A link goes itself; what it points to stays. */
    check_int(weir_unlink(io, f.at, "link"), 0);
    check_int(weir_stat(io, f.at, "link", &status), WEIR_ENOENT);
    check_int(weir_stat(io, f.at, "file", &status), 0);
    check_int(weir_unlink(io, f.at, "socket"), 0);
    check_int(weir_stat(io, f.at, "socket", &status), WEIR_ENOENT);
    /* POSIX says EPERM of a directory, Linux EISDIR. */
    const int error = weir_unlink(io, f.at, "inner");
    check(error == WEIR_EISDIR || error == WEIR_EPERM);
    check_int(weir_stat(io, f.at, "inner", &status), 0);
    check_int(weir_unlink(io, f.at, "absent"), WEIR_ENOENT);
    check_int(weir_unlink(io, f.at, "file/x"), WEIR_ENOTDIR);
    check_int(weir_unlink(io, (weir_file){-1}, "file"), WEIR_EBADF);
    /* What is open is readable until it is closed. */
    weir_file file;
    char text[4];
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_READ, 0, &file), 0);
    check_int(weir_unlink(io, f.at, "file"), 0);
    check_int(weir_stat(io, f.at, "file", &status), WEIR_ENOENT);
    check_int(weir_read_at(io, file, text, sizeof text, 0), 4);
    weir_close_file(io, file);
    end(io, &f);
}

CONTRACT(a_slash_behind_a_name_says_that_it_is_a_directory)
{
    static const struct {
        const char *path;
        int open, handle, unlink;
    } cases[] = {{"file/", WEIR_ENOTDIR, WEIR_ENOTDIR, WEIR_ENOTDIR},
                 {"to-file/", WEIR_ENOTDIR, WEIR_ENOTDIR, WEIR_ENOTDIR},
                 {"to-inner/", 0, 0, WEIR_ENOTDIR}, /* the link is named: it is no directory */
                 {"inner/", 0, 0, WEIR_EISDIR},
                 {"absent//", WEIR_ENOENT, WEIR_ENOENT, WEIR_ENOENT}};
    static const char *const links[2][2] = {{"file", "to-file"}, {"inner", "to-inner"}};
    folder f;
    weir_file file;
    weir_file_status status;
    char path[100];
    if (!begin(io, &f)) return;
    for (int i = 0; i < 2; i++) {
        path_of(&f, links[i][1], path);
        check_int(symlink(links[i][0], path), 0);
    }
    path_of(&f, "inner", path);
    check_int(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_int(weir_unlink(io, f.at, cases[i].path), cases[i].unlink);
        check_int(weir_stat(io, f.at, cases[i].path, &status), cases[i].open);
        if (cases[i].open == 0) check_int(status.kind, WEIR_FILE_DIRECTORY);
        int error = weir_open(io, f.at, cases[i].path, WEIR_OPEN_READ, 0, &file);
        if (check_int(error, cases[i].open) && !error) weir_close_file(io, file);
        error = weir_open(io, f.at, cases[i].path, WEIR_OPEN_HANDLE, 0, &file);
        if (check_int(error, cases[i].handle) && !error) weir_close_file(io, file);
    }
    const uint32_t create = WEIR_OPEN_WRITE | WEIR_OPEN_CREATE;
    check_int(weir_open(io, f.at, "new/", create, 0600, &file), WEIR_EISDIR);
    check_int(weir_stat(io, f.at, "new", &status), WEIR_ENOENT);
    end(io, &f);
}

CONTRACT(a_handle_holds_the_file_and_not_its_path)
{
    folder f;
    char path[100];
    weir_file handle, none;
    weir_file_status held, there;
    char byte;
    if (!begin(io, &f)) return;
    path_of(&f, "link", path);
    check_int(symlink("nowhere", path), 0);
    make_socket(&f, "socket");
    static const struct {
        const char *name;
        weir_file_kind kind;
    } kinds[] = {
        {"link", WEIR_FILE_LINK}, {"socket", WEIR_FILE_SOCKET}, {"file", WEIR_FILE_REGULAR}};
    for (size_t i = 0; i < 3; i++) {
        if (!check_int(weir_open(io, f.at, kinds[i].name, WEIR_OPEN_HANDLE, 0, &handle), 0))
            continue;
        check_int(weir_stat(io, handle, NULL, &held), 0);
        check_int(held.kind, kinds[i].kind);
        check_int(weir_stat(io, f.at, kinds[i].name, &there), 0);
        check_int((int64_t)held.inode, (int64_t)there.inode);
        check_int((int64_t)held.device, (int64_t)there.device);
        check_int(weir_read_at(io, handle, &byte, 1, 0), WEIR_EBADF);
        check_int(weir_lock_file(io, handle, WEIR_LOCK_SHARED), WEIR_EBADF);
        weir_close_file(io, handle);
    }
    const uint32_t no_links = WEIR_OPEN_HANDLE | WEIR_OPEN_NO_LINKS;
    if (check_int(weir_open(io, f.at, "link", no_links, 0, &handle), 0))
        weir_close_file(io, handle);
    check_int(weir_open(io, f.at, "link/x", no_links, 0, &none), WEIR_ELOOP);
    check_int(weir_open(io, f.at, "absent", WEIR_OPEN_HANDLE, 0, &none), WEIR_ENOENT);
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_HANDLE | WEIR_OPEN_READ, 0, &none),
              WEIR_EINVAL);
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_HANDLE | WEIR_OPEN_CREATE, 0, &none),
              WEIR_EINVAL);
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_HANDLE | WEIR_OPEN_DIRECTORY, 0, &none),
              WEIR_ENOTDIR);
    /* Another file at the path is not touched by what is done to the handle. */
    check_int(weir_open(io, f.at, "socket", WEIR_OPEN_HANDLE, 0, &handle), 0);
    check_int(weir_unlink(io, f.at, "socket"), 0);
    check(contract_make_file(f.path, "socket", "other", 5));
    const int64_t before = permissions(io, &f, "socket");
    check_int(weir_change_mode(io, handle, before == 0600 ? 0400 : 0600), 0);
    check_int(permissions(io, &f, "socket"), before);
    weir_close_file(io, handle);
    end(io, &f);
}

CONTRACT(permissions_and_owner_are_changed)
{
    static const uint32_t modes[] = {0600, 0777, 0020, 0, 0644};
    folder f;
    weir_file file, handle, link;
    char path[100];
    if (!begin(io, &f)) return;
    path_of(&f, "link", path);
    check_int(symlink("file", path), 0);
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_READ, 0, &file), 0);
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_HANDLE, 0, &handle), 0);
    check_int(weir_open(io, f.at, "link", WEIR_OPEN_HANDLE, 0, &link), 0);
    for (size_t i = 0; i < 2 * sizeof modes / sizeof modes[0]; i++) {
        check_int(weir_change_mode(io, i & 1 ? handle : file, modes[i / 2]), 0);
        check_int(permissions(io, &f, "file"), modes[i / 2]);
    }
    check_int(weir_change_mode(io, link, 0600), WEIR_EUNSUPPORTED);
    check_int(weir_change_mode(io, file, 010000), WEIR_EINVAL);
    check_int(weir_change_mode(io, (weir_file){-1}, 0600), WEIR_EBADF);
    check_int(permissions(io, &f, "file"), 0644);
    const uint32_t user = geteuid(), group = getegid();
    check_int(weir_change_owner(io, file, user, group), 0);
    check_int(weir_change_owner(io, handle, UINT32_MAX, group), 0);
    check_int(weir_change_owner(io, handle, UINT32_MAX, UINT32_MAX), 0);
    check_int(weir_change_owner(io, (weir_file){-1}, user, group), WEIR_EBADF);
    check_int(weir_change_owner(io, WEIR_FILE_CWD, UINT32_MAX, UINT32_MAX), WEIR_EBADF);
    const int error = weir_change_owner(io, handle, user + 1, group);
    struct stat status = {0};
    path_of(&f, "file", path);
    check_int(stat(path, &status), 0);
    check(error == 0 || error == WEIR_EPERM);
    check_int(status.st_uid, error ? user : user + 1);
    weir_close_file(io, link);
    weir_close_file(io, handle);
    weir_close_file(io, file);
    end(io, &f);
}

CONTRACT(a_lock_of_a_file_keeps_others_out)
{
    folder f;
    weir_file a, b, c;
    if (!begin(io, &f)) return;
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_READ, 0, &a), 0);
    check_int(weir_open(io, f.at, "file", WEIR_OPEN_READ, 0, &b), 0);
    check_int(weir_lock_file(io, a, WEIR_LOCK_SHARED), 0);
    check_int(weir_lock_file(io, b, WEIR_LOCK_SHARED), 0);
    check_int(weir_lock_file(io, b, WEIR_LOCK_EXCLUSIVE), WEIR_EAGAIN);
    check_int(weir_lock_file(io, a, WEIR_LOCK_NONE), 0);
    check_int(weir_lock_file(io, b, WEIR_LOCK_EXCLUSIVE), 0);
    check_int(weir_lock_file(io, b, WEIR_LOCK_EXCLUSIVE), 0); /* it has it already */
    check_int(weir_lock_file(io, a, WEIR_LOCK_SHARED), WEIR_EAGAIN);
    check_int(weir_lock_file(io, a, WEIR_LOCK_EXCLUSIVE), WEIR_EAGAIN);
    check_int(weir_lock_file(io, a, (weir_file_lock)3), WEIR_EINVAL);
    check_int(weir_lock_file(io, (weir_file){-1}, WEIR_LOCK_SHARED), WEIR_EBADF);
    /* A second descriptor of the same opening keeps the lock until it is closed, too. */
    const int second = dup(b.fd);
    weir_close_file(io, b);
    check_int(weir_lock_file(io, a, WEIR_LOCK_SHARED), WEIR_EAGAIN);
    close(second);
    check_int(weir_lock_file(io, a, WEIR_LOCK_EXCLUSIVE), 0);
    /* A directory is locked as a file is. */
    check_int(weir_lock_file(io, f.at, WEIR_LOCK_EXCLUSIVE), 0);
    check_int(weir_open(io, WEIR_FILE_CWD, f.path, WEIR_OPEN_READ, 0, &c), 0);
    check_int(weir_lock_file(io, c, WEIR_LOCK_EXCLUSIVE), WEIR_EAGAIN);
    weir_close_file(io, c);
    weir_close_file(io, a);
    end(io, &f);
}
