/* SPDX-License-Identifier: MIT
 *
 * Binding to paths: is nothing removed that is not ours or stale, has the file its mode from the
 * first moment, and are stale files found out?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <weir/net/unix_message.h>

typedef struct place {
    char directory[64];
    char path[100];
    weir_address address;
} place;

static bool make_place(place *p)
{
    if (!contract_make_directory(p->directory)) return false;
    snprintf(p->path, sizeof p->path, "%s/s", p->directory);
    return check_int(weir_unix_path(weir_bytes_text(p->path), &p->address), 0);
}

/* A socket bound with plain calls, as another program would; its descriptor. */
static int foreign(const place *p, int type)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", p->path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check_int(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void make_stale(const place *p, int type)
{
    close(foreign(p, type));
}

static bool exists(const place *p)
{
    struct stat status;
    return lstat(p->path, &status) == 0;
}

static ino_t inode(const place *p)
{
    struct stat status = {0};
    lstat(p->path, &status);
    return status.st_ino;
}

static const weir_unix_options replace = {.replace_stale = true};

/* Listening must fail with EADDRINUSE, with and without `replace`, and leave what is there. */
static void refused(weir_io *io, const place *p)
{
    const ino_t before = inode(p);
    weir_unix_listener listener;
    weir_unix_datagram datagram;
    check_int(weir_unix_listen(io, &p->address, NULL, &listener), WEIR_EADDRINUSE);
    check_int(weir_unix_listen(io, &p->address, &replace, &listener), WEIR_EADDRINUSE);
    check_int(weir_unix_listen_packets(io, &p->address, &replace, &listener), WEIR_EADDRINUSE);
    check_int(weir_unix_datagram_bind(io, &p->address, &replace, &datagram), WEIR_EADDRINUSE);
    check_int((int64_t)inode(p), (int64_t)before);
}

CONTRACT(a_unix_listener_takes_a_free_path_and_leaves_none)
{
    place p;
    if (!make_place(&p)) return;
    weir_unix_listener listener;
    for (int i = 0; i < 2; i++) {
        if (!check_int(weir_unix_listen(io, &p.address, i ? &replace : NULL, &listener), 0)) break;
        weir_address bound;
        check_int(weir_local_address(io, listener.socket, &bound), 0);
        check(weir_address_equal(&bound, &p.address));
        check(exists(&p));
        weir_unix_listener_close(io, &listener);
        weir_unix_listener_close(io, &listener);
        check(!exists(&p));
    }
    contract_remove_directory(p.directory);
}

CONTRACT(a_stale_unix_path_is_replaced_only_when_asked)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    place p;
    if (!make_place(&p)) return;
    for (size_t i = 0; i < 3; i++) {
        weir_unix_listener listener;
        make_stale(&p, types[i]);
        const ino_t before = inode(&p);
        check_int(weir_unix_listen(io, &p.address, NULL, &listener), WEIR_EADDRINUSE);
        check_int((int64_t)inode(&p), (int64_t)before);
        if (check_int(weir_unix_listen(io, &p.address, &replace, &listener), 0)) {
            weir_unix_stream client;
            if (check_int(weir_unix_connect(io, &p.address, &client), 0))
                weir_unix_close(io, &client);
            weir_unix_listener_close(io, &listener);
        }
        check(!exists(&p));
    }
    contract_remove_directory(p.directory);
}

CONTRACT(a_live_unix_socket_is_neither_replaced_nor_disturbed)
{
    place p;
    if (!make_place(&p)) return;
    int fd = foreign(&p, SOCK_STREAM);
    refused(io, &p); /* bound, and not listening yet */
    check_int(listen(fd, 0), 0);
    refused(io, &p);
    check_int(accept(fd, NULL, NULL), -1); /* nobody has connected */
    int client = contract_client(&p.address);
    refused(io, &p); /* with a full backlog */
    close(client);
    close(fd);
    unlink(p.path);
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < 2; i++) {
        fd = foreign(&p, types[i]);
        refused(io, &p);
        close(fd);
        unlink(p.path);
    }
    contract_remove_directory(p.directory);
}

CONTRACT(what_is_no_socket_is_never_removed_from_a_unix_path)
{
    place p, other;
    if (!make_place(&p) || !make_place(&other)) return;
    check(contract_make_file(p.directory, "s", "data", 4));
    refused(io, &p);
    unlink(p.path);
    check_int(mkdir(p.path, 0700), 0);
    refused(io, &p);
    rmdir(p.path);
    check_int(symlink("nowhere", p.path), 0);
    refused(io, &p);
    unlink(p.path);
    /* A link to a stale socket: neither link nor socket is touched. */
    make_stale(&other, SOCK_STREAM);
    check_int(symlink(other.path, p.path), 0);
    refused(io, &p);
    check(exists(&other));
    unlink(p.path);
    unlink(other.path);
    contract_remove_directory(p.directory);
    contract_remove_directory(other.directory);
}

CONTRACT(errors_of_a_unix_path_are_told)
{
    place p;
    if (!make_place(&p)) return;
    static const struct {
        const char *below;
        int error;
    } cases[] = {{"/none/s", WEIR_ENOENT}, {"/file/s", WEIR_ENOTDIR}, {"/loop/s", WEIR_ELOOP}};
    check(contract_make_file(p.directory, "file", "", 0));
    char loop[100];
    snprintf(loop, sizeof loop, "%s/loop", p.directory);
    check_int(symlink("loop", loop), 0);
    for (size_t i = 0; i < 3; i++) {
        char path[100];
        weir_address address;
        weir_unix_listener listener;
        weir_unix_stream client;
        snprintf(path, sizeof path, "%s%s", p.directory, cases[i].below);
        check_int(weir_unix_path(weir_bytes_text(path), &address), 0);
        check_int(weir_unix_listen(io, &address, NULL, &listener), cases[i].error);
        check_int(weir_unix_listen(io, &address, &replace, &listener), cases[i].error);
        check_int(weir_unix_connect(io, &address, &client), cases[i].error);
    }
    weir_unix_stream client;
    check_int(weir_unix_connect(io, &p.address, &client), WEIR_ENOENT);
    make_stale(&p, SOCK_STREAM);
    check_int(weir_unix_connect(io, &p.address, &client), WEIR_ECONNREFUSED);
    weir_address ip = weir_address_loopback4(1), cut = {.kind = WEIR_ADDRESS_UNIX, .path_len = 108};
    weir_unix_listener listener;
    memset(cut.at.path, 'x', sizeof cut.at.path);
    check_int(weir_unix_connect(io, &ip, &client), WEIR_EAFNOSUPPORT);
    check_int(weir_unix_listen(io, &ip, NULL, &listener), WEIR_EINVAL);
    check_int(weir_unix_listen(io, &cut, NULL, &listener), WEIR_ENAMETOOLONG);
    const weir_unix_options negative = {.backlog = -1}, wide = {.mode = 01777};
    check_int(weir_unix_listen(io, &p.address, &negative, &listener), WEIR_EINVAL);
    check_int(weir_unix_listen(io, &p.address, &wide, &listener), WEIR_EINVAL);
    contract_remove_directory(p.directory);
}

CONTRACT(closing_a_unix_listener_removes_its_own_file_alone)
{
    place p;
    if (!make_place(&p)) return;
    weir_unix_listener listener;
    weir_unix_datagram datagram;
    /* Another server has taken the path over. */
    if (check_int(weir_unix_listen(io, &p.address, NULL, &listener), 0)) {
        unlink(p.path);
        int fd = foreign(&p, SOCK_STREAM);
        weir_unix_listener_close(io, &listener);
        check(exists(&p));
        close(fd);
        unlink(p.path);
    }
    /* A file has. */
    if (check_int(weir_unix_datagram_bind(io, &p.address, NULL, &datagram), 0)) {
        unlink(p.path);
        check(contract_make_file(p.directory, "s", "data", 4));
        weir_unix_datagram_close(io, &datagram);
        check(exists(&p));
        unlink(p.path);
    }
    /* Nobody has. */
    if (check_int(weir_unix_listen(io, &p.address, NULL, &listener), 0)) {
        unlink(p.path);
        weir_unix_listener_close(io, &listener);
    }
    const weir_unix_options keep = {.keep_file = true};
    if (check_int(weir_unix_listen(io, &p.address, &keep, &listener), 0)) {
        weir_unix_listener_close(io, &listener);
        check(exists(&p));
    }
    contract_remove_directory(p.directory);
}

CONTRACT(a_unix_path_has_the_mode_and_owner_that_were_asked_for)
{
    static const uint16_t modes[] = {0600, 0666, 0777, 0660, 0711, 0020};
    place p;
    if (!make_place(&p)) return;
    for (size_t i = 0; i < 2 * sizeof modes / sizeof modes[0]; i++) {
        weir_unix_options options = {.mode = modes[i / 2]};
        if (i & 1) {
            options.set_user = options.set_group = true;
            options.user = geteuid();
            options.group = getegid();
        }
        weir_unix_datagram datagram;
        struct stat status = {0};
        if (!check_int(weir_unix_datagram_bind(io, &p.address, &options, &datagram), 0)) break;
        check_int(lstat(p.path, &status), 0);
        check_int(status.st_mode & 07777, options.mode);
        check_int(status.st_uid, geteuid());
        weir_unix_datagram_close(io, &datagram);
        check(!exists(&p));
    }
    weir_address abstract;
    weir_unix_listener listener;
    const weir_unix_options guarded = {.mode = 0600};
    check_int(weir_unix_abstract(weir_bytes_text(p.path), &abstract), 0);
    check_int(weir_unix_listen(io, &abstract, &guarded, &listener), WEIR_EINVAL);
    contract_remove_directory(p.directory);
}

CONTRACT(a_unix_path_is_made_with_its_mode_and_not_changed_to_it)
{
    place p;
    if (!make_place(&p)) return;
    /* Had the file other permissions at first, its attributes would change afterwards. */
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    check(inotify_add_watch(watch, p.directory, IN_CREATE | IN_ATTRIB) >= 0);
    const mode_t before = umask(0);
    const weir_unix_options options = {.mode = 0600};
    weir_unix_datagram datagram;
    int error = weir_unix_datagram_bind(io, &p.address, &options, &datagram);
    umask(before);
    union {
        struct inotify_event event;
        char data[1024];
    } read_in;
    if (check_int(error, 0)) {
        const ssize_t n = read(watch, &read_in, sizeof read_in);
        check(n > 0 && read_in.event.mask & IN_CREATE);
        check_int(n, (int64_t)(sizeof read_in.event + read_in.event.len)); /* and no other */
        weir_unix_datagram_close(io, &datagram);
    }
    close(watch);
    contract_remove_directory(p.directory);
}

CONTRACT(a_unix_path_is_given_away_or_not_made)
{
    place p;
    if (!make_place(&p)) return;
    const weir_unix_options options = {
        .mode = 0660, .set_user = true, .user = geteuid() + 1, .set_group = true, .group = 12345};
    weir_unix_listener listener;
    struct stat status = {0};
    int error = weir_unix_listen(io, &p.address, &options, &listener);
    if (error) {
        check_int(error, WEIR_EPERM);
        check(!exists(&p));
    } else {
        check_int(lstat(p.path, &status), 0);
        check_int(status.st_uid, options.user);
        check_int(status.st_gid, options.group);
        check_int(status.st_mode & 07777, 0660);
        weir_unix_listener_close(io, &listener);
        check(!exists(&p));
    }
    contract_remove_directory(p.directory);
}

CONTRACT(a_shortage_of_descriptors_leaves_a_unix_path_as_it_was_or_bound)
{
    enum { MODE = 0640 };
    const weir_unix_options options = {.replace_stale = true, .mode = MODE};
    place p;
    if (!make_place(&p)) return;
    struct rlimit limit, low;
    getrlimit(RLIMIT_NOFILE, &limit);
    weir_unix_listener listener = {.socket = {-1}};
    int error = WEIR_EMFILE;
    for (rlim_t free_numbers = 0; error == WEIR_EMFILE && free_numbers < 16; free_numbers++) {
        if (!exists(&p)) make_stale(&p, SOCK_STREAM);
        const int before = test_fd_count();
        int lowest = open("/", O_RDONLY | O_CLOEXEC);
        close(lowest);
        low = limit;
        low.rlim_cur = (rlim_t)lowest + free_numbers;
        setrlimit(RLIMIT_NOFILE, &low);
        error = weir_unix_listen(io, &p.address, &options, &listener);
        setrlimit(RLIMIT_NOFILE, &limit);
        if (error) check_int(test_fd_count(), before);
    }
    if (check_int(error, 0)) weir_unix_listener_close(io, &listener);
    check(!exists(&p));
    contract_remove_directory(p.directory);
}

CONTRACT(a_directory_that_somebody_has_locked_does_not_stop_a_unix_listener)
{
    place p;
    if (!make_place(&p)) return;
    int held = open(p.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check_int(flock(held, LOCK_EX), 0);
    make_stale(&p, SOCK_STREAM);
    weir_unix_listener listener;
    /* One who is asked to stop meanwhile leaves all as it was. */
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(5));
    check_int(weir_unix_listen(io, &p.address, &replace, &listener), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check(exists(&p));
    if (check_int(weir_unix_listen(io, &p.address, &replace, &listener), 0))
        weir_unix_listener_close(io, &listener);
    close(held);
    contract_remove_directory(p.directory);
}

enum { STARTERS = 6 };

typedef struct race {
    place *p;
    int errors[STARTERS];
    weir_unix_listener listeners[STARTERS];
    uint32_t next;
} race;

static int start_server(weir_io *io, void *argument)
{
    race *r = argument;
    const uint32_t i = __atomic_fetch_add(&r->next, 1, __ATOMIC_SEQ_CST);
    r->errors[i] = weir_unix_listen(io, &r->p->address, &replace, &r->listeners[i]);
    return 0;
}

CONTRACT(of_many_who_replace_a_stale_unix_path_one_wins)
{
    place p;
    if (!make_place(&p)) return;
    for (int round = 0; round < 8 && !contract_failed(); round++) {
        make_stale(&p, SOCK_STREAM);
        race r = {.p = &p};
        weir_group group = WEIR_GROUP_INIT;
        for (int i = 0; i < STARTERS; i++)
            check_int(weir_group_concurrent(io, &group, start_server, &r, NULL), 0);
        weir_group_wait(io, &group);
        int winners = 0;
        weir_unix_stream client, accepted;
        check_int(weir_unix_connect(io, &p.address, &client), 0);
        for (int i = 0; i < STARTERS; i++) {
            if (r.errors[i] != 0) {
                check_int(r.errors[i], WEIR_EADDRINUSE);
                continue;
            }
            winners++;
            /* The winner is the one that clients reach. */
            if (check_int(weir_unix_accept_try(io, &r.listeners[i], &accepted), 0))
                weir_unix_close(io, &accepted);
            weir_unix_listener_close(io, &r.listeners[i]);
        }
        weir_unix_close(io, &client);
        check_int(winners, 1);
        check(!exists(&p));
        unlink(p.path);
    }
    contract_remove_directory(p.directory);
}
