/* SPDX-License-Identifier: MIT
 *
 * Files: each public call fills an op on its stack and does it; and the walk over directory
 * entries.
 */
#include <weir/io/file.h>

#include <dirent.h>
#include <string.h>

#include <weir/io/io.h>

/* What getdents64(2) writes: struct linux_dirent64, which the C library does not declare. */
typedef struct kernel_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length; /* of this entry, name and padding included */
    uint8_t type;    /* DT_… */
    char name[];
} kernel_entry;

int weir_open(weir_io *io, weir_file directory, const char *path, uint32_t flags, uint32_t mode,
              weir_file *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_OPEN, directory.fd);
    op.args.open = (__typeof__(op.args.open)){path, flags, mode};
    int64_t result = weir_do(io, &op);
    out->fd = result < 0 ? -1 : (int)result;
    return result < 0 ? (int)result : 0;
}

int weir_stat(weir_io *io, weir_file file, const char *path, weir_file_status *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_STAT, file.fd);
    op.args.stat = (__typeof__(op.args.stat)){path, out};
    return (int)weir_do(io, &op);
}

int64_t weir_read_at(weir_io *io, weir_file file, void *data, size_t len, uint64_t offset)
{
    struct iovec slice = {data, len};
    weir_op op;
    weir_op_set(&op, WEIR_OP_READ_AT, file.fd);
    op.args.at = (__typeof__(op.args.at)){&slice, offset, 1};
    return weir_do(io, &op);
}

int64_t weir_write_at(weir_io *io, weir_file file, const void *data, size_t len, uint64_t offset)
{
    struct iovec slice = {(void *)data, len};
    weir_op op;
    weir_op_set(&op, WEIR_OP_WRITE_AT, file.fd);
    op.args.at = (__typeof__(op.args.at)){&slice, offset, 1};
    return weir_do(io, &op);
}

void weir_close_file(weir_io *io, weir_file file)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CLOSE, file.fd);
    weir_do(io, &op);
}

int weir_unlink(weir_io *io, weir_file directory, const char *path)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_UNLINK, directory.fd);
    op.args.path = path;
    return (int)weir_do(io, &op);
}

int weir_change_mode(weir_io *io, weir_file file, uint32_t mode)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CHANGE_MODE, file.fd);
    op.args.mode = mode;
    return (int)weir_do(io, &op);
}

int weir_change_owner(weir_io *io, weir_file file, uint32_t user, uint32_t group)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CHANGE_OWNER, file.fd);
    op.args.owner = (__typeof__(op.args.owner)){user, group};
    return (int)weir_do(io, &op);
}

int weir_lock_file(weir_io *io, weir_file file, weir_file_lock lock)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_LOCK, file.fd);
    op.args.lock = lock;
    return (int)weir_do(io, &op);
}

void weir_directory_init(weir_directory *directory, weir_file file)
{
    directory->file = file;
    directory->at = directory->end = 0;
}

static int refill(weir_io *io, weir_directory *directory)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_LIST, directory->file.fd);
    op.args.list = (__typeof__(op.args.list)){directory->buffer, sizeof directory->buffer};
    int64_t result = weir_do(io, &op);
    if (result <= 0) return (int)result;
    directory->at = 0;
    directory->end = (uint32_t)result;
    return 1;
}

static uint32_t kind_of(uint8_t type)
{
    switch (type) {
    case DT_REG: return WEIR_FILE_REGULAR;
    case DT_DIR: return WEIR_FILE_DIRECTORY;
    case DT_LNK: return WEIR_FILE_LINK;
    case DT_SOCK: return WEIR_FILE_SOCKET;
    default: return WEIR_FILE_OTHER;
    }
}

int weir_directory_next(weir_io *io, weir_directory *directory, weir_directory_entry *out)
{
    for (;;) {
        if (directory->at >= directory->end) {
            int more = refill(io, directory);
            if (more <= 0) return more;
        }
        const kernel_entry *entry = (const void *)(directory->buffer + directory->at);
        directory->at += entry->length;
        if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
        *out = (weir_directory_entry){
            .name = entry->name, .inode = entry->inode, .kind = kind_of(entry->type)};
        return 1;
    }
}
