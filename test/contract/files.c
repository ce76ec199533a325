/* SPDX-License-Identifier: MIT
 *
 * Do files open, read, write, list and go to sockets as promised, and does a path never leave the
 * directory that it is to stay in?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

typedef struct tree {
    char path[64];
    weir_file top, inner; /* top/inner is a directory */
} tree;

static void link_to(const tree *t, const char *name, const char *target)
{
    char path[128];
    snprintf(path, sizeof path, "%s/inner/%s", t->path, name);
    check_int(symlink(target, path), 0);
}

static bool tree_begin(weir_io *io, tree *t)
{
    char path[128];
    if (!contract_make_directory(t->path)) return false;
    snprintf(path, sizeof path, "%s/inner", t->path);
    check_int(mkdir(path, 0755), 0);
    contract_make_file(t->path, "outside", "secret", 6);
    contract_make_file(path, "file", "0123456789", 10);
    snprintf(path, sizeof path, "%s/inner/deep", t->path);
    check_int(mkdir(path, 0755), 0);
    contract_make_file(path, "leaf", "leaf", 4);
    link_to(t, "to-outside", "../outside");
    link_to(t, "to-absolute", "/etc/passwd");
    link_to(t, "to-file", "file");
    link_to(t, "to-deep", "deep");
    link_to(t, "loop", "loop");
    uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY;
    return check_int(weir_open(io, WEIR_FILE_CWD, t->path, flags, 0, &t->top), 0) &&
           check_int(weir_open(io, t->top, "inner", flags, 0, &t->inner), 0);
}

static void tree_end(weir_io *io, tree *t)
{
    weir_close_file(io, t->inner);
    weir_close_file(io, t->top);
    contract_remove_directory(t->path);
}

/* Opens and closes; returns what the opening returned. */
static int try_open(weir_io *io, weir_file directory, const char *path, uint32_t flags)
{
    weir_file file = {-1};
    int error = weir_open(io, directory, path, flags, 0600, &file);
    if (error == 0 && check(file.fd >= 0)) weir_close_file(io, file);
    return error;
}

/* Under an emulator without openat2(2) nothing can be promised: says so and ends. */
static bool lacks_openat2(weir_io *io, tree *t)
{
    const uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_BENEATH;
    if (!test_is_emulated() || try_open(io, t->inner, "file", flags) != WEIR_ENOSYS) return false;
    fprintf(stderr, "emulated without openat2: left out\n");
    tree_end(io, t);
    return true;
}

CONTRACT(no_path_leaves_the_directory_it_is_to_stay_beneath)
{
    static const char *const out[] = {"..",
                                      "../outside",
                                      "../inner/file",
                                      "deep/../../outside",
                                      "deep/../../inner/file",
                                      "/etc/passwd",
                                      "/",
                                      "to-outside",
                                      "to-absolute",
                                      "to-deep/../../outside"};
    static const char *const in[] = {"file",         "to-file", "deep/leaf", "to-deep/leaf",
                                     "deep/../file", "./file",  ".",         "deep//leaf"};
    tree t;
    if (!tree_begin(io, &t)) return;
    uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_BENEATH;
    if (lacks_openat2(io, &t)) return;
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        if (!check_int(try_open(io, t.inner, out[i], flags), WEIR_EXDEV))
            fprintf(stderr, "    … %s\n", out[i]);
    }
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
        if (!check_int(try_open(io, t.inner, in[i], flags), 0))
            fprintf(stderr, "    … %s\n", in[i]);
    }
    check_int(
        try_open(io, t.inner, "../made", WEIR_OPEN_WRITE | WEIR_OPEN_CREATE | WEIR_OPEN_BENEATH),
        WEIR_EXDEV);
    /* Without the promise the same paths open. */
    check_int(try_open(io, t.inner, "../outside", WEIR_OPEN_READ), 0);
    check_int(try_open(io, t.inner, "to-outside", WEIR_OPEN_READ), 0);
    tree_end(io, &t);
}

CONTRACT(links_are_refused_where_none_may_be)
{
    tree t;
    if (!tree_begin(io, &t)) return;
    uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_NO_LINKS;
    if (lacks_openat2(io, &t)) return;
    check_int(try_open(io, t.inner, "to-file", flags), WEIR_ELOOP);
    check_int(try_open(io, t.inner, "to-deep/leaf", flags), WEIR_ELOOP);
    check_int(try_open(io, t.inner, "deep/leaf", flags), 0);
    check_int(try_open(io, t.inner, "to-file", flags | WEIR_OPEN_BENEATH), WEIR_ELOOP);
    check_int(try_open(io, t.inner, "loop", WEIR_OPEN_READ), WEIR_ELOOP);
    tree_end(io, &t);
}

CONTRACT(an_open_that_fails_says_why)
{
    tree t;
    char name[300];
    if (!tree_begin(io, &t)) return;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    check_int(try_open(io, t.inner, "absent", WEIR_OPEN_READ), WEIR_ENOENT);
    check_int(try_open(io, t.inner, "", WEIR_OPEN_READ), WEIR_ENOENT);
    check_int(try_open(io, t.inner, "file/x", WEIR_OPEN_READ), WEIR_ENOTDIR);
    check_int(try_open(io, t.inner, "file", WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY), WEIR_ENOTDIR);
    check_int(try_open(io, t.inner, "deep", WEIR_OPEN_WRITE), WEIR_EISDIR);
    check_int(try_open(io, t.inner, name, WEIR_OPEN_READ), WEIR_ENAMETOOLONG);
    check_int(
        try_open(io, t.inner, "file", WEIR_OPEN_WRITE | WEIR_OPEN_CREATE | WEIR_OPEN_EXCLUSIVE),
        -EEXIST);
    tree_end(io, &t);
}

CONTRACT(opening_a_fifo_does_not_wait)
{
    tree t;
    char path[128];
    if (!tree_begin(io, &t)) return;
    snprintf(path, sizeof path, "%s/fifo", t.path);
    check_int(mkfifo(path, 0600), 0);
    check_int(try_open(io, t.top, "fifo", WEIR_OPEN_READ), 0);
    tree_end(io, &t);
}

CONTRACT(a_file_is_made_written_read_and_cut)
{
    tree t;
    weir_file file;
    char got[16] = "";
    weir_file_status status;
    if (!tree_begin(io, &t)) return;
    uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_WRITE | WEIR_OPEN_CREATE | WEIR_OPEN_EXCLUSIVE;
    check_int(weir_open(io, t.inner, "new", flags, 0640, &file), 0);
    check_int(weir_write_at(io, file, "hello world", 11, 0), 11);
    check_int(weir_write_at(io, file, "W", 1, 6), 1);
    check_int(weir_read_at(io, file, got, 5, 6), 5);
    check(memcmp(got, "World", 5) == 0);
    check_int(weir_read_at(io, file, got, sizeof got, 8), 3);
    check_int(weir_read_at(io, file, got, sizeof got, 11), 0);
    check_int(weir_read_at(io, file, got, sizeof got, 1 << 20), 0);
    check_int(weir_read_at(io, file, got, 0, 0), 0);
    check_int(weir_write_at(io, file, "end", 3, 100), 3);
    check_int(weir_stat(io, file, NULL, &status), 0);
    check_int(status.size, 103);
    check_int(status.permissions & ~0640u, 0);
    weir_close_file(io, file);
    check_int(weir_open(io, t.inner, "new", WEIR_OPEN_WRITE | WEIR_OPEN_APPEND, 0, &file), 0);
    check_int(weir_write_at(io, file, "tail", 4, 0), 4);
    weir_close_file(io, file);
    check_int(weir_stat(io, t.inner, "new", &status), 0);
    check_int(status.size, 107);
    check_int(weir_open(io, t.inner, "new", WEIR_OPEN_WRITE | WEIR_OPEN_TRUNCATE, 0, &file), 0);
    check_int(weir_read_at(io, file, got, 1, 0), WEIR_EBADF);
    weir_close_file(io, file);
    check_int(weir_stat(io, t.inner, "new", &status), 0);
    check_int(status.size, 0);
    check_int(weir_read_at(io, t.inner, got, 1, 0), WEIR_EISDIR);
    tree_end(io, &t);
}

CONTRACT(a_status_tells_kind_size_and_times)
{
    tree t;
    weir_file_status status, same;
    struct stat plain;
    char path[128];
    if (!tree_begin(io, &t)) return;
    snprintf(path, sizeof path, "%s/inner/file", t.path);
    struct timeval times[2] = {{1000000000, 0}, {1234567890, 250000}};
    check_int(utimes(path, times), 0);
    check_int(stat(path, &plain), 0);
    check_int(weir_stat(io, t.inner, "file", &status), 0);
    check_int(status.kind, WEIR_FILE_REGULAR);
    check_int(status.size, 10);
    check_int(status.inode, plain.st_ino);
    check_int(status.device, plain.st_dev);
    check_int(status.permissions, plain.st_mode & 07777);
    check_int(status.modified.ns, 1234567890250000000);
    check_int(weir_stat(io, t.inner, "deep", &status), 0);
    check_int(status.kind, WEIR_FILE_DIRECTORY);
    check_int(weir_stat(io, t.inner, "to-file", &status), 0);
    check_int(status.kind, WEIR_FILE_LINK);
    check_int(weir_stat(io, WEIR_FILE_CWD, "/dev/null", &status), 0);
    check_int(status.kind, WEIR_FILE_OTHER);
    check_int(weir_stat(io, t.inner, NULL, &status), 0);
    check_int(weir_stat(io, t.top, "inner", &same), 0);
    check_int(status.inode, same.inode);
    check_int(weir_stat(io, t.inner, "absent", &status), WEIR_ENOENT);
    check_int(weir_stat(io, t.inner, "file/x", &status), WEIR_ENOTDIR);
    check_int(weir_stat(io, t.inner, "loop/x", &status), WEIR_ELOOP);
    tree_end(io, &t);
}

CONTRACT(a_walk_gives_every_entry_once)
{
    enum { FILES = 300 };
    char path[64], name[64];
    unsigned char seen[FILES] = {0};
    weir_file file;
    weir_directory walk;
    weir_directory_entry entry;
    contract_make_directory(path);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "entry-with-a-rather-long-name-%d", i);
        contract_make_file(path, name, "", 0);
    }
    check_int(weir_open(io, WEIR_FILE_CWD, path, WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY, 0, &file),
              0);
    weir_directory_init(&walk, file);
    int error, count = 0;
    while ((error = weir_directory_next(io, &walk, &entry)) == 1) {
        int number = -1;
        check(sscanf(entry.name, "entry-with-a-rather-long-name-%d", &number) == 1);
        check(entry.kind == WEIR_FILE_REGULAR || entry.kind == WEIR_FILE_OTHER);
        check(entry.inode != 0);
        if (!check(number >= 0 && number < FILES)) break;
        check_int(seen[number]++, 0);
        count++;
    }
    check_int(error, 0);
    check_int(count, FILES);
    check_int(weir_directory_next(io, &walk, &entry), 0);
    weir_close_file(io, file);
    contract_remove_directory(path);
}

CONTRACT(a_walk_over_what_is_no_directory_is_an_error)
{
    tree t;
    weir_file file;
    weir_directory walk;
    weir_directory_entry entry;
    if (!tree_begin(io, &t)) return;
    check_int(weir_open(io, t.inner, "file", WEIR_OPEN_READ, 0, &file), 0);
    weir_directory_init(&walk, file);
    check_int(weir_directory_next(io, &walk, &entry), WEIR_ENOTDIR);
    weir_close_file(io, file);
    weir_directory_init(&walk, (weir_file){-1});
    check_int(weir_directory_next(io, &walk, &entry), WEIR_EBADF);
    tree_end(io, &t);
}

typedef struct receiving {
    weir_socket from;
    size_t total;
    uint64_t sum;
} receiving;

static int receive_all(weir_io *io, void *argument)
{
    receiving *r = argument;
    char *buffer = malloc(20000);
    if (!buffer) abort();
    int64_t got;
    while ((got = weir_read(io, r->from, buffer, 20000)) > 0) {
        for (int64_t i = 0; i < got; i++)
            r->sum += (r->total + (size_t)i + 1) * (unsigned char)buffer[i];
        r->total += (size_t)got;
    }
    check_int(got, 0);
    free(buffer);
    return 0;
}

static void send_part(weir_io *io, weir_file file, const char *data, size_t size, uint64_t offset,
                      size_t length)
{
    size_t expected = offset >= size ? 0 : size - offset < length ? size - offset : length;
    uint64_t sum = 0;
    for (size_t i = 0; i < expected; i++) sum += (i + 1) * (unsigned char)data[offset + i];
    weir_socket ends[2];
    weir_task task = {0};
    if (!contract_tcp_pair(io, ends)) return;
    receiving r = {.from = ends[1]};
    check_int(weir_concurrent(io, &task, receive_all, &r, NULL), 0);
    check_int(weir_send_file(io, ends[0], file.fd, offset, length), expected);
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    check_int(weir_await(io, &task, NULL), 0);
    check_int(r.total, expected);
    check(r.sum == sum);
    contract_close(io, ends);
}

CONTRACT(a_file_goes_to_a_socket_whole_in_part_and_when_it_is_short)
{
    enum { SIZE = 1500000 };
    char path[64];
    weir_file directory, file;
    uint64_t seed = test_seed();
    char *data = malloc(SIZE);
    if (!data) abort();
    for (size_t i = 0; i < SIZE; i++) data[i] = (char)test_random(&seed);
    contract_make_directory(path);
    contract_make_file(path, "big", data, SIZE);
    uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_DIRECTORY;
    check_int(weir_open(io, WEIR_FILE_CWD, path, flags, 0, &directory), 0);
    check_int(weir_open(io, directory, "big", WEIR_OPEN_READ, 0, &file), 0);
    send_part(io, file, data, SIZE, 0, SIZE);
    send_part(io, file, data, SIZE, 1, 1);
    send_part(io, file, data, SIZE, 4095, 70000);
    send_part(io, file, data, SIZE, SIZE - 10, 100);
    send_part(io, file, data, SIZE, SIZE, 100);
    send_part(io, file, data, SIZE, SIZE + 100, 100);
    send_part(io, file, data, SIZE, 5, 0);
    weir_close_file(io, file);
    weir_close_file(io, directory);
    contract_remove_directory(path);
    free(data);
}

CONTRACT(sending_what_is_no_open_file_is_an_error)
{
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_send_file(io, ends[0], -1, 0, 10), WEIR_EBADF);
    contract_close(io, ends);
}
