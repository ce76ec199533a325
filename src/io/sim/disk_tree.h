/* SPDX-License-Identifier: MIT
 *
 * The tree of a host's files, and the walk along a path (path_resolution(7), openat2(2)).
 */
#ifndef IO_SIM_DISK_TREE_H
#define IO_SIM_DISK_TREE_H

#include "io/sim/disk.h"

/* A file, and the one name that it has. */
struct sim_inode {
    sim_inode_kind kind;
    uint32_t mode;
    uint64_t number;
    int64_t modified; /* on the real clock */
    sim_disk *disk;
    sim_inode *parent;
    sim_inode *first, *last; /* DIRECTORY: what is in it, in the order of its making */
    sim_inode *next, *previous;
    uint64_t serial, next_serial; /* place in the parent's order; of the next child */
    uint32_t opened;              /* nodes that have it open */
    bool linked;                  /* it has a name still */
    char *data;                   /* FILE: bytes; LINK: the target */
    size_t size, room;
    sim_node *socket; /* SOCKET: who is bound to it, or NULL */
    uint32_t shared;  /* openings that have locked it together with others, or … */
    bool exclusive;   /* … one that has it alone */
    char name[];
};

struct sim_disk {
    sim_inode *root;
    uint64_t next_number;
    uint64_t used;     /* bytes of all files */
    uint64_t capacity; /* bytes that they may have, any number if 0 */
    uint32_t errors;   /* of a million reads and writes, how many fail */
};

/* An opening of a file. */
typedef struct sim_file {
    sim_node node; /* first */
    sim_inode *inode;
    uint32_t flags;
    uint32_t lock;     /* weir_file_lock */
    uint64_t position; /* READ, WRITE; LIST: the last serial number that was given */
} sim_file;

/* The opening that a node is, or NULL. */
sim_file *weir_sim_file_of(sim_node *n);

/* Where a path that is relative to a descriptor begins. */
int64_t weir_sim_disk_base(host *h, int fd, sim_inode **out);

/* Ends the lock of an opening (disk_change.c). */
void weir_sim_disk_unlock(sim_file *file);

/* How to walk. */
typedef struct sim_walk {
    sim_inode *base; /* where a relative path begins */
    bool beneath, no_links, follow_last;
    bool takes_link;   /* the last part may be a link, whatever `no_links` says */
    bool takes_name;   /* the last part is never followed, also before a slash */
    uint32_t links;    /* that were followed */
    sim_inode *found;  /* what the path names, or NULL … */
    sim_inode *parent; /* … then the directory where it would be … */
    char name[256];    /* … and its name, … */
    bool slashed;      /* … behind which a slash says that it is one, too */
} sim_walk;

/* Walks along a path.  0: `found` is set, or only the last part is missing; else an error. */
int64_t weir_sim_walk(sim_disk *disk, sim_walk *walk, const char *path, size_t length);

/* Adds a file.  NULL: no memory. */
sim_inode *weir_sim_inode_add(sim_disk *disk, sim_inode *parent, const char *name,
                              sim_inode_kind kind, uint32_t mode, int64_t now);

/* Takes its name away, and frees it when nobody has it open. */
void weir_sim_inode_unlink(sim_inode *inode, int64_t now);

/* Frees it if it has no name and nobody has it open. */
void weir_sim_inode_free_if_unused(sim_inode *inode);

#endif
