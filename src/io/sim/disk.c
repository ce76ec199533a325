/* SPDX-License-Identifier: MIT
 *
 * Open files of the simulated disk: open, status, read, write, list; and what names Unix sockets.
 *
 * Whoever asks may do all: there are no users on a simulated host.
 */
#include "io/sim/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <weir/io/file.h>

#include "io/open_flags.h"
#include "io/sim/attempt.h"
#include "io/sim/disk_tree.h"
#include "io/sim/socket.h"

enum {
    MAX_SLICES = 1024,
    UMASK = 022,
};

static const uint64_t largest_file = UINT64_C(1) << 32;

typedef sim_file open_file;

static const sim_node_kind file_kind;

static int64_t clock_of(const host *h)
{
    return sim_real_time(h);
}

static open_file *file_of(sim_node *n)
{
    return n && n->kind == &file_kind ? (open_file *)n : NULL;
}

sim_file *weir_sim_file_of(sim_node *n)
{
    return file_of(n);
}

int64_t weir_sim_disk_base(host *h, int fd, sim_inode **out)
{
    *out = h->disk->root;
    if (fd == AT_FDCWD) return 0;
    const open_file *file = file_of(weir_sim_node_at(h, fd));
    if (!file) return weir_sim_node_at(h, fd) ? WEIR_ENOTDIR : WEIR_EBADF;
    *out = file->inode;
    return file->inode->kind == INODE_DIRECTORY ? 0 : WEIR_ENOTDIR;
}

/* The file that a walk has found or that is to be made. */
static int64_t take(host *h, const weir_op *op, const sim_walk *walk, sim_inode **out)
{
    const uint32_t flags = op->args.open.flags;
    *out = walk->found;
    if (*out && flags & WEIR_OPEN_CREATE && flags & WEIR_OPEN_EXCLUSIVE) return -EEXIST;
    if (!*out && !(flags & WEIR_OPEN_CREATE)) return WEIR_ENOENT;
    if (!*out && walk->slashed) return WEIR_EISDIR; /* a file is made, not a directory */
    if (!*out)
        *out = weir_sim_inode_add(h->disk, walk->parent, walk->name, INODE_FILE,
                                  op->args.open.mode & 07777, clock_of(h));
    if (!*out) return WEIR_ENOMEM;
    const bool directory = (*out)->kind == INODE_DIRECTORY;
    if (flags & WEIR_OPEN_DIRECTORY && !directory) return WEIR_ENOTDIR;
    if (directory && flags & (WEIR_OPEN_WRITE | WEIR_OPEN_CREATE)) return WEIR_EISDIR;
    return (*out)->kind == INODE_SOCKET && !(flags & WEIR_OPEN_HANDLE) ? -ENXIO : 0;
}

int64_t weir_sim_attempt_open(host *h, weir_op *op)
{
    const uint32_t flags = op->args.open.flags;
    if (!weir_open_flags_fit(flags)) return WEIR_EINVAL;
    const bool handle = flags & WEIR_OPEN_HANDLE;
    sim_walk walk = {.beneath = flags & WEIR_OPEN_BENEATH,
                     .no_links = flags & WEIR_OPEN_NO_LINKS,
                     .takes_link = handle,
                     .follow_last = !handle && !(flags & WEIR_OPEN_EXCLUSIVE)};
    sim_inode *inode;
    int64_t error = weir_sim_disk_base(h, op->fd, &walk.base);
    const char *path = op->args.open.path;
    if (error && path[0] != '/') return error;
    error = weir_sim_walk(h->disk, &walk, path, strlen(path));
    if (error) return error;
    /* The descriptor first: a file is made or cut when nothing can fail any more. */
    open_file *file = weir_sim_node_make(h, &file_kind, sizeof *file);
    if (!file) return WEIR_ENOMEM;
    file->flags = flags;
    const int64_t result = weir_sim_node_open(h, &file->node);
    if (result < 0) {
        weir_sim_node_free(&file->node);
        return result;
    }
    error = take(h, op, &walk, &inode);
    if (error) {
        weir_sim_node_close(h, (int)result);
        return error;
    }
    if (flags & WEIR_OPEN_TRUNCATE && flags & WEIR_OPEN_WRITE && inode->kind == INODE_FILE) {
        h->disk->used -= inode->size;
        inode->size = 0;
        inode->modified = clock_of(h);
    }
    file->inode = inode;
    inode->opened++;
    return result;
}

static bool close_file(sim_node *n)
{
    open_file *file = (open_file *)n;
    if (!file->inode) return true;
    weir_sim_disk_unlock(file);
    file->inode->opened--;
    weir_sim_inode_free_if_unused(file->inode);
    return true;
}

static void tell_status(const sim_inode *inode, weir_file_status *out)
{
    static const uint32_t kinds[] = {[INODE_FILE] = WEIR_FILE_REGULAR,
                                     [INODE_DIRECTORY] = WEIR_FILE_DIRECTORY,
                                     [INODE_LINK] = WEIR_FILE_LINK,
                                     [INODE_SOCKET] = WEIR_FILE_SOCKET,
                                     [INODE_FIFO] = WEIR_FILE_OTHER};
    *out = (weir_file_status){.size = inode->size,
                              .inode = inode->number,
                              .device = 1,
                              .modified = {inode->modified},
                              .permissions = inode->mode,
                              .kind = kinds[inode->kind]};
}

int64_t weir_sim_attempt_stat(host *h, weir_op *op)
{
    const char *path = op->args.stat.path;
    sim_walk walk = {0};
    if (!path) {
        const open_file *file = file_of(weir_sim_node_at(h, op->fd));
        if (!file && op->fd != AT_FDCWD) {
            const sim_node *n = weir_sim_node_at(h, op->fd);
            if (!n) return WEIR_EBADF;
            const uint32_t kind = n->kind->is_socket ? WEIR_FILE_SOCKET : WEIR_FILE_OTHER;
            *op->args.stat.out = (weir_file_status){.kind = kind};
            return 0;
        }
        tell_status(file ? file->inode : h->disk->root, op->args.stat.out);
        return 0;
    }
    int64_t error = weir_sim_disk_base(h, op->fd, &walk.base);
    if (error && path[0] != '/') return error;
    error = weir_sim_walk(h->disk, &walk, path, strlen(path));
    if (error) return error;
    if (!walk.found) return WEIR_ENOENT;
    tell_status(walk.found, op->args.stat.out);
    return 0;
}

static bool fails(host *h)
{
    return sim_fails(&h->files, h->disk->errors);
}

int64_t weir_sim_disk_read(sim_node *n, uint64_t offset, void *to, size_t length)
{
    const open_file *file = file_of(n);
    if (!file) return WEIR_EINVAL;
    if (!(file->flags & WEIR_OPEN_READ)) return WEIR_EBADF;
    const sim_inode *inode = file->inode;
    if (inode->kind == INODE_DIRECTORY) return WEIR_EISDIR;
    if (inode->kind == INODE_FILE && fails(n->host)) return WEIR_EIO;
    if (inode->kind != INODE_FILE || offset >= inode->size) return 0;
    const size_t left = inode->size - (size_t)offset, part = left < length ? left : length;
    if (part > 0) memcpy(to, inode->data + offset, part);
    return (int64_t)part;
}

/* Makes the file at least so long; what was not written is 0. */
static int64_t extend(sim_inode *inode, uint64_t size)
{
    if (size <= inode->size) return 0;
    if (size > largest_file) return -EFBIG;
    if (size > inode->room) {
        size_t room = inode->room ? inode->room : 256;
        while (room < size) room *= 2;
        char *data = realloc(inode->data, room);
        if (!data) return WEIR_ENOSPC;
        inode->data = data;
        inode->room = room;
    }
    memset(inode->data + inode->size, 0, (size_t)size - inode->size);
    inode->disk->used += size - inode->size;
    inode->size = (size_t)size;
    return 0;
}

/* How many of the bytes the disk has room for; a gap before them takes room, too. */
static size_t fitting(const sim_inode *inode, uint64_t offset, size_t length)
{
    const sim_disk *disk = inode->disk;
    if (!disk->capacity || offset + length <= inode->size) return length;
    const uint64_t left = disk->capacity > disk->used ? disk->capacity - disk->used : 0;
    const uint64_t end = inode->size + left;
    return end <= offset ? 0 : end - offset < length ? (size_t)(end - offset) : length;
}

static int64_t write_to(open_file *file, uint64_t offset, const void *from, size_t length)
{
    sim_inode *inode = file->inode;
    if (!(file->flags & WEIR_OPEN_WRITE)) return WEIR_EBADF;
    if (inode->kind != INODE_FILE) return (int64_t)length;
    if (fails(file->node.host)) return WEIR_EIO;
    if (file->flags & WEIR_OPEN_APPEND) offset = inode->size;
    const size_t fits = fitting(inode, offset, length);
    if (fits == 0 && length > 0) return WEIR_ENOSPC;
    length = fits;
    const int64_t error = extend(inode, offset + length);
    if (error) return error;
    if (length > 0) memcpy(inode->data + offset, from, length);
    inode->modified = clock_of(file->node.host);
    return (int64_t)length;
}

typedef int64_t part_fn(open_file *file, uint64_t offset, void *data, size_t length);

static int64_t read_part(open_file *file, uint64_t offset, void *data, size_t length)
{
    return weir_sim_disk_read(&file->node, offset, data, length);
}

static int64_t write_part(open_file *file, uint64_t offset, void *data, size_t length)
{
    return write_to(file, offset, data, length);
}

static int64_t each_slice(host *h, const weir_op *op, part_fn *part)
{
    open_file *file = file_of(weir_sim_node_at(h, op->fd));
    if (op->args.at.offset > INT64_MAX) return WEIR_EINVAL;
    size_t left = 0;
    for (uint32_t i = 0; i < op->args.at.count; i++)
        if (__builtin_add_overflow(left, op->args.at.data[i].iov_len, &left)) left = SIZE_MAX;
    left = weir_sim_shorten(h->world, left);
    uint32_t used = 0;
    int64_t done = 0;
    for (uint32_t i = 0; i < op->args.at.count && used < MAX_SLICES && left > 0; i++) {
        const struct iovec *slice = &op->args.at.data[i];
        if (slice->iov_len == 0) continue;
        used++;
        if (!file) return -ESPIPE;
        const size_t want = slice->iov_len < left ? slice->iov_len : left;
        const int64_t n = part(file, op->args.at.offset + (uint64_t)done, slice->iov_base, want);
        if (n < 0) return done > 0 ? done : n;
        done += n;
        left -= (size_t)n;
        if ((size_t)n < slice->iov_len) break;
    }
    return done;
}

int64_t weir_sim_attempt_read_at(host *h, weir_op *op)
{
    return each_slice(h, op, read_part);
}

int64_t weir_sim_attempt_write_at(host *h, weir_op *op)
{
    return each_slice(h, op, write_part);
}

/* An entry as getdents64(2) writes it. */
static size_t put_entry(char *to, size_t room, const sim_inode *inode)
{
    static const uint8_t types[] = {[INODE_FILE] = DT_REG,
                                    [INODE_DIRECTORY] = DT_DIR,
                                    [INODE_LINK] = DT_LNK,
                                    [INODE_SOCKET] = DT_SOCK,
                                    [INODE_FIFO] = DT_FIFO};
    const size_t name = strlen(inode->name);
    const size_t size = (offsetof(struct dirent64, d_name) + name + 1 + 7) & ~(size_t)7;
    if (size > room) return 0;
    /* The caller's buffer may stand anywhere. */
    const struct dirent64 head = {.d_ino = inode->number,
                                  .d_off = (int64_t)inode->serial,
                                  .d_reclen = (uint16_t)size,
                                  .d_type = types[inode->kind]};
    memcpy(to, &head, offsetof(struct dirent64, d_name));
    memcpy(to + offsetof(struct dirent64, d_name), inode->name, name + 1);
    return size;
}

int64_t weir_sim_attempt_list(host *h, weir_op *op)
{
    open_file *file = file_of(weir_sim_node_at(h, op->fd));
    if (!file || file->inode->kind != INODE_DIRECTORY) return WEIR_ENOTDIR;
    if (file->flags & WEIR_OPEN_HANDLE) return WEIR_EBADF;
    size_t used = 0;
    for (const sim_inode *i = file->inode->first; i; i = i->next) {
        if (i->serial <= file->position) continue;
        const size_t size =
            put_entry((char *)op->args.list.buffer + used, op->args.list.size - used, i);
        if (size == 0) return used > 0 ? (int64_t)used : WEIR_EINVAL;
        used += size;
        file->position = i->serial;
    }
    return (int64_t)used;
}

static int64_t receive(sim_node *n, sim_transfer *t)
{
    open_file *file = (open_file *)n;
    int64_t done = 0;
    size_t left = weir_sim_shorten(n->host->world, t->length);
    while (left > 0) {
        char chunk[1024];
        const size_t want = left < sizeof chunk ? left : sizeof chunk;
        const int64_t got = weir_sim_disk_read(n, file->position, chunk, want);
        if (got <= 0) return done > 0 ? done : got;
        weir_sim_transfer_in(t, chunk, (size_t)got);
        file->position += (uint64_t)got;
        done += got;
        left -= (size_t)got;
    }
    return done;
}

static int64_t send_bytes(sim_node *n, sim_transfer *t)
{
    open_file *file = (open_file *)n;
    int64_t done = 0;
    size_t left = weir_sim_shorten(n->host->world, t->length);
    while (left > 0) {
        char chunk[1024];
        const size_t part = left < sizeof chunk ? left : sizeof chunk;
        sim_transfer before = *t;
        weir_sim_transfer_out(t, chunk, part);
        if (file->flags & WEIR_OPEN_APPEND) file->position = file->inode->size;
        const int64_t put = write_to(file, file->position, chunk, part);
        if (put != (int64_t)part) *t = before; /* only what was taken is gone */
        if (put < 0) return done > 0 ? done : put;
        if ((size_t)put < part) weir_sim_transfer_out(t, chunk, (size_t)put);
        file->position += (uint64_t)put;
        done += put;
        left -= (size_t)put;
        if ((size_t)put < part) break;
    }
    return done;
}

static uint32_t ready(sim_node *n)
{
    (void)n;
    return WEIR_POLL_READ | WEIR_POLL_WRITE;
}

static const sim_node_kind file_kind = {
    .name = "file",
    .is_stream = true,
    .receive = receive,
    .send = send_bytes,
    .ready = ready,
    .close = close_file,
};

/* Names of Unix sockets, and what programs do beside their io ------------------------------- */

static int64_t walk_to(host *h, const char *path, size_t length, bool follow, sim_walk *walk)
{
    *walk = (sim_walk){.base = h->disk->root, .follow_last = follow};
    return weir_sim_walk(h->disk, walk, path, length);
}

/* Makes what a path names, which must not be there yet. */
static int64_t make(host *h, const char *path, size_t length, sim_inode_kind kind, uint32_t mode,
                    sim_inode **out)
{
    sim_walk walk;
    const int64_t error = walk_to(h, path, length, false, &walk);
    if (error) return error;
    if (walk.found) return -EEXIST;
    if (walk.slashed && kind != INODE_DIRECTORY) return WEIR_ENOENT;
    *out = weir_sim_inode_add(h->disk, walk.parent, walk.name, kind, mode, clock_of(h));
    return *out ? 0 : WEIR_ENOMEM;
}

int64_t weir_sim_disk_bind(host *h, const char *path, size_t length, uint32_t mode,
                           sim_node *socket, sim_inode **out)
{
    const int64_t error = make(h, path, length, INODE_SOCKET, mode & ~(uint32_t)UMASK, out);
    if (error) return error == -EEXIST ? WEIR_EADDRINUSE : error;
    (*out)->socket = socket;
    return 0;
}

void weir_sim_disk_unbind(sim_inode *inode)
{
    inode->socket = NULL;
    weir_sim_inode_free_if_unused(inode);
}

int64_t weir_sim_disk_socket(host *h, const char *path, size_t length, sim_node **out)
{
    sim_walk walk;
    *out = NULL;
    const int64_t error = walk_to(h, path, length, true, &walk);
    if (error) return error;
    if (!walk.found) return WEIR_ENOENT;
    *out = walk.found->socket;
    return *out ? 0 : WEIR_ECONNREFUSED;
}

sim_inode *weir_sim_disk_directory(sim_node *n)
{
    const open_file *file = file_of(n);
    return file && file->inode->kind == INODE_DIRECTORY ? file->inode : NULL;
}

int64_t weir_sim_disk_mkdir(host *h, const char *path, uint32_t mode)
{
    sim_inode *made;
    return make(h, path, strlen(path), INODE_DIRECTORY, mode, &made);
}

int64_t weir_sim_disk_fifo(host *h, const char *path, uint32_t mode)
{
    sim_inode *made;
    return make(h, path, strlen(path), INODE_FIFO, mode, &made);
}

int64_t weir_sim_disk_remove(host *h, const char *path, bool directory)
{
    sim_walk walk;
    const int64_t error = walk_to(h, path, strlen(path), false, &walk);
    if (error) return error;
    if (!walk.found) return WEIR_ENOENT;
    const bool is = walk.found->kind == INODE_DIRECTORY;
    if (is != directory) return is ? WEIR_EISDIR : WEIR_ENOTDIR;
    if (walk.found->first) return -ENOTEMPTY;
    weir_sim_inode_unlink(walk.found, clock_of(h));
    return 0;
}

int64_t weir_sim_disk_symlink(host *h, const char *target, const char *path)
{
    sim_inode *link;
    const size_t size = strlen(target);
    char *copy = malloc(size + 1);
    if (!copy) return WEIR_ENOMEM;
    const int64_t error = make(h, path, strlen(path), INODE_LINK, 0777, &link);
    if (error) {
        free(copy);
        return error;
    }
    memcpy(copy, target, size + 1);
    link->data = copy;
    link->size = size;
    return 0;
}

int64_t weir_sim_disk_change(host *h, const char *path, int64_t mode, int64_t modified)
{
    sim_walk walk;
    const int64_t error = walk_to(h, path, strlen(path), true, &walk);
    if (error) return error;
    if (!walk.found) return WEIR_ENOENT;
    if (mode >= 0) walk.found->mode = (uint32_t)mode;
    if (modified >= 0) walk.found->modified = modified;
    return 0;
}
