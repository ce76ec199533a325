/* SPDX-License-Identifier: MIT
 *
 * One file of the system: whether it has changed since it was read, and what it holds.
 */
#ifndef DNS_FILES_H
#define DNS_FILES_H

#include <stdbool.h>

#include <weir/base/bytes.h>
#include <weir/io/file.h>

/* Which state of a file was read.  The zero value is none yet. */
typedef struct dns_files_mark {
    bool known, present;
    bool fresh; /* it was changed so lately that another change may bear the same time */
    uint64_t device, inode, size;
    weir_instant modified;
} dns_files_mark;

/* A file's bytes.  The zero value is an empty file. */
typedef struct dns_files_content {
    char *data; /* malloc; NULL if empty */
    size_t len;
} dns_files_content;

/* Looks at the file that `mark` is of, and reads it if it may have changed, or if `force`.
 *
 * Returns 0: unchanged; 1: read, with *mark and *content, which the caller frees; a missing file
 * and the path "" are read as empty.  Errors of open, stat and read, of a scope, WEIR_ENOMEM,
 * WEIR_ELIMIT (more than `max` bytes): nothing has changed. */
int dns_files_read(weir_io *io, const char *path, size_t max, bool force, dns_files_mark *mark,
                   dns_files_content *content);

#endif
