/* SPDX-License-Identifier: MIT
 *
 * Files in memory: a tree of directories, files, symbolic links and names of Unix sockets, one per
 * host.
 */
#ifndef IO_SIM_DISK_H
#define IO_SIM_DISK_H

#include "io/sim/node.h"

typedef struct sim_disk sim_disk;
typedef struct sim_inode sim_inode;

typedef enum sim_inode_kind {
    INODE_FILE,
    INODE_DIRECTORY,
    INODE_LINK,
    INODE_SOCKET,
    INODE_FIFO,
} sim_inode_kind;

sim_disk *weir_sim_disk_make(void);
void weir_sim_disk_free(sim_disk *disk);

/* Reads at an offset of an open file.  Returns bytes, 0 at the end, or an error. */
int64_t weir_sim_disk_read(sim_node *file, uint64_t offset, void *to, size_t length);

/* Gives a Unix socket a name, with permissions `mode` less the umask.  0; WEIR_EADDRINUSE,
 * WEIR_ENOENT, WEIR_ENOTDIR, WEIR_ENOMEM. */
int64_t weir_sim_disk_bind(host *h, const char *path, size_t length, uint32_t mode,
                           sim_node *socket, sim_inode **out);

/* The socket is closed; its name stays. */
void weir_sim_disk_unbind(sim_inode *inode);

/* The socket of a name.  0 and *out; WEIR_ECONNREFUSED: nobody is there, or it is no socket. */
int64_t weir_sim_disk_socket(host *h, const char *path, size_t length, sim_node **out);

/* The directory that a node has open, or NULL. */
sim_inode *weir_sim_disk_directory(sim_node *n);

/* For the test suite and world scripts: what programs do beside their io.  Each returns 0 or an
 * error, and takes a path of the host. */
int64_t weir_sim_disk_mkdir(host *h, const char *path, uint32_t mode);
int64_t weir_sim_disk_remove(host *h, const char *path, bool directory);
int64_t weir_sim_disk_symlink(host *h, const char *target, const char *path);
int64_t weir_sim_disk_fifo(host *h, const char *path, uint32_t mode);

/* Sets permissions and the time of the last change; a negative number leaves them. */
int64_t weir_sim_disk_change(host *h, const char *path, int64_t mode, int64_t modified);

#endif
