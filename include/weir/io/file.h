/* SPDX-License-Identifier: MIT
 *
 * Files: open beneath a directory, stat, read and write at an offset, list a directory; unlink,
 * change mode and owner, lock.
 *
 * Paths are relative to a directory handle; with WEIR_OPEN_BENEATH the kernel refuses every way out
 * of it: "..", absolute paths, symbolic links and magic links (openat2(2), RESOLVE_BENEATH).
 * What the kernel cannot wait for is done by the engine's offload threads, so a slow disk does
 * not hold a worker (but weir_send_file may, for a part of the file that is not in memory).
 */
#ifndef WEIR_IO_FILE_H
#define WEIR_IO_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/io/op.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open file or directory.  A plain value; the holder closes it.  {-1} is none. */
typedef struct weir_file {
    int fd;
} weir_file;

/* The directory in which the process runs, as a starting point for weir_open. */
#define WEIR_FILE_CWD ((weir_file){AT_FDCWD})

/* How to open; combine with |. */
enum {
    WEIR_OPEN_READ = 1,
    WEIR_OPEN_WRITE = 2,
    WEIR_OPEN_CREATE = 4,     /* make it if it is not there */
    WEIR_OPEN_EXCLUSIVE = 8,  /* with CREATE: fail with -EEXIST if it is there */
    WEIR_OPEN_TRUNCATE = 16,  /* drop what it holds */
    WEIR_OPEN_APPEND = 32,    /* every write goes to the end */
    WEIR_OPEN_DIRECTORY = 64, /* WEIR_ENOTDIR unless it is a directory */
    WEIR_OPEN_BENEATH = 128,  /* WEIR_EXDEV when the path leaves the directory */
    WEIR_OPEN_NO_LINKS = 256, /* WEIR_ELOOP when any part is a symbolic link */
    WEIR_OPEN_HANDLE = 512,   /* instead of READ and WRITE: hold on to what stands at the path, a
                                 symbolic link or a socket too, without opening it (O_PATH); for
                                 weir_stat, weir_change_mode, weir_change_owner.  Only DIRECTORY,
                                 BENEATH and NO_LINKS may go with it; the last part may be a link */
};

typedef enum weir_file_kind {
    WEIR_FILE_OTHER,
    WEIR_FILE_REGULAR,
    WEIR_FILE_DIRECTORY,
    WEIR_FILE_LINK,
    WEIR_FILE_SOCKET,
} weir_file_kind;

/* What a lock is to be; see weir_lock_file. */
typedef enum weir_file_lock {
    WEIR_LOCK_NONE,
    WEIR_LOCK_SHARED,
    WEIR_LOCK_EXCLUSIVE,
} weir_file_lock;

/* What weir_stat tells. */
struct weir_file_status {
    uint64_t size; /* bytes */
    uint64_t inode;
    uint64_t device;
    weir_instant modified; /* on WEIR_CLOCK_REAL */
    uint32_t permissions;  /* the low 12 bits of st_mode */
    uint32_t kind;         /* weir_file_kind */
};

/* Opens `path` relative to `directory`.  Never waits on a FIFO (O_NONBLOCK is set); close-on-exec.
 *
 * Returns 0 and *out; WEIR_ENOENT, WEIR_EACCES, WEIR_ENOTDIR, WEIR_EISDIR, WEIR_ELOOP, WEIR_EXDEV,
 * WEIR_ENAMETOOLONG, WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM, WEIR_ENOSPC.
 * `mode`: permissions of a created file, before the umask.  A cancellation point.  From a task. */
int weir_open(weir_io *io, weir_file directory, const char *path, uint32_t flags, uint32_t mode,
              weir_file *out);

/* Tells size, kind and times of `path` relative to `directory`, or of `file` itself (path NULL).
 * A symbolic link as the last part is reported as such.
 * Returns 0; WEIR_ENOENT, WEIR_EACCES, WEIR_ENOTDIR, WEIR_ELOOP.  A cancellation point. */
int weir_stat(weir_io *io, weir_file file, const char *path, weir_file_status *out);

/* Reads at `offset`.  Returns bytes, 0 at the end of the file; WEIR_EIO, WEIR_EISDIR, WEIR_EBADF.
 * A cancellation point.  From any task. */
int64_t weir_read_at(weir_io *io, weir_file file, void *data, size_t len, uint64_t offset);

/* Writes at `offset` (at the end if opened with APPEND).  Returns bytes; WEIR_EIO, WEIR_ENOSPC,
 * WEIR_EBADF.  A cancellation point.  From any task. */
int64_t weir_write_at(weir_io *io, weir_file file, const void *data, size_t len, uint64_t offset);

/* Closes the file.  Not a cancellation point. */
void weir_close_file(weir_io *io, weir_file file);

/* Takes the name `path`, relative to `directory`, away from what it names; that is freed when
 * nobody has it open.  Not from a directory.  A symbolic link as the last part goes itself.
 * Returns 0; WEIR_ENOENT, WEIR_EISDIR, WEIR_EACCES, WEIR_EPERM, WEIR_ENOTDIR, WEIR_ELOOP,
 * WEIR_EROFS, WEIR_EBUSY.  A cancellation point.  From a task.  Source: unlinkat(2). */
int weir_unlink(weir_io *io, weir_file directory, const char *path);

/* Gives a file exactly the permissions `mode`, the low 12 bits of st_mode; also one that is open as
 * a HANDLE (that needs /proc).  On a Unix socket that is to be bound to a path: what its file will
 * have at once, less the umask.
 * Returns 0; WEIR_EINVAL (other bits), WEIR_EPERM (it is not ours), WEIR_EROFS, WEIR_EBADF,
 * WEIR_EUNSUPPORTED (a HANDLE without /proc, or a HANDLE of a symbolic link).
 * A cancellation point.  From a task.  Source: fchmod(2). */
int weir_change_mode(weir_io *io, weir_file file, uint32_t mode);

/* Gives a file, which may be open as a HANDLE, another owner; UINT32_MAX leaves one as it is.
 * Returns 0; WEIR_EPERM (it needs a privilege), WEIR_EROFS, WEIR_EBADF.
 * A cancellation point.  From a task.  Source: fchownat(2). */
int weir_change_owner(weir_io *io, weir_file file, uint32_t user, uint32_t group);

/* Locks an open file or directory for this opening of it, or unlocks it (WEIR_LOCK_NONE); a lock
 * that is there is changed.  Others are kept out only if they lock, too.  It ends with the last
 * descriptor of the opening.  Never waits for a lock.
 * Returns 0; WEIR_EAGAIN: another has a lock that excludes this one; a lock that was to be changed
 * is lost then; WEIR_EINVAL, WEIR_EBADF (also a HANDLE), WEIR_EUNSUPPORTED, -ENOLCK.
 * A cancellation point.  From a task.  Source: flock(2). */
int weir_lock_file(weir_io *io, weir_file file, weir_file_lock lock);

/* A walk over a directory's entries, in the kernel's order, "." and ".." left out. */
typedef struct weir_directory {
    weir_file file; /* borrowed: opened with WEIR_OPEN_DIRECTORY | WEIR_OPEN_READ */
    uint32_t at, end;
    __attribute__((aligned(8))) char buffer[4096]; /* getdents64 entries */
} weir_directory;

typedef struct weir_directory_entry {
    const char *name; /* NUL-terminated; lent until the next call */
    uint64_t inode;
    uint32_t kind; /* weir_file_kind; OTHER when the file system does not say */
} weir_directory_entry;

/* Starts a walk.  Never waits. */
void weir_directory_init(weir_directory *directory, weir_file file);

/* Gives the next entry.
 * Returns 1 and *out; 0 after the last; WEIR_ENOTDIR, WEIR_EIO, WEIR_EBADF.
 * A cancellation point.  From one task. */
int weir_directory_next(weir_io *io, weir_directory *directory, weir_directory_entry *out);

#ifdef __cplusplus
}
#endif
#endif
