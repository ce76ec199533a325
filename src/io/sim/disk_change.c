/* SPDX-License-Identifier: MIT
 *
 * What changes files of the simulated disk beside their contents: names, permissions, owners,
 * locks.
 *
 * All files belong to the one user that all programs of a host run as, who has no privilege.
 */
#include <string.h>

#include <weir/io/file.h>

#include "io/sim/attempt.h"
#include "io/sim/disk_tree.h"
#include "io/sim/local.h"

enum { MODE_BITS = 07777, USER = 1000 };

int64_t weir_sim_attempt_unlink(host *h, weir_op *op)
{
    const char *path = op->args.path;
    sim_walk walk = {.takes_name = true};
    int64_t error = weir_sim_disk_base(h, op->fd, &walk.base);
    if (error && path[0] != '/') return error;
    error = weir_sim_walk(h->disk, &walk, path, strlen(path));
    if (error) return error;
    if (!walk.found) return WEIR_ENOENT;
    if (walk.found->kind == INODE_DIRECTORY) return WEIR_EISDIR;
    weir_sim_inode_unlink(walk.found, sim_real_time(h));
    return 0;
}

int64_t weir_sim_attempt_change_mode(host *h, weir_op *op)
{
    sim_node *n = weir_sim_node_at(h, op->fd);
    if (op->args.mode & ~(uint32_t)MODE_BITS) return WEIR_EINVAL;
    if (!n) return WEIR_EBADF;
    sim_file *file = weir_sim_file_of(n);
    if (!file) {
        weir_sim_local_set_mode(n, op->args.mode);
        return 0;
    }
    if (file->inode->kind == INODE_LINK) return WEIR_EUNSUPPORTED;
    file->inode->mode = op->args.mode;
    return 0;
}

int64_t weir_sim_attempt_change_owner(host *h, weir_op *op)
{
    const uint32_t user = op->args.owner.user, group = op->args.owner.group;
    if (!weir_sim_node_at(h, op->fd)) return WEIR_EBADF;
    const bool own = (user == UINT32_MAX || user == USER) && (group == UINT32_MAX || group == USER);
    return own ? 0 : WEIR_EPERM;
}

void weir_sim_disk_unlock(sim_file *file)
{
    if (file->lock == WEIR_LOCK_SHARED) file->inode->shared--;
    if (file->lock == WEIR_LOCK_EXCLUSIVE) file->inode->exclusive = false;
    file->lock = WEIR_LOCK_NONE;
}

int64_t weir_sim_attempt_lock(host *h, weir_op *op)
{
    const uint32_t lock = op->args.lock;
    if (lock > WEIR_LOCK_EXCLUSIVE) return WEIR_EINVAL;
    sim_file *file = weir_sim_file_of(weir_sim_node_at(h, op->fd));
    if (!weir_sim_node_at(h, op->fd)) return WEIR_EBADF;
    if (!file) return 0; /* a socket or a pipe has nobody who would ask */
    if (file->flags & WEIR_OPEN_HANDLE) return WEIR_EBADF;
    sim_inode *inode = file->inode;
    if (lock == file->lock) return 0;
    /* flock(2): changing a lock is giving it up and taking another one. */
    weir_sim_disk_unlock(file);
    if (lock != WEIR_LOCK_NONE && inode->exclusive) return WEIR_EAGAIN;
    if (lock == WEIR_LOCK_EXCLUSIVE && inode->shared) return WEIR_EAGAIN;
    inode->shared += lock == WEIR_LOCK_SHARED;
    inode->exclusive |= lock == WEIR_LOCK_EXCLUSIVE;
    file->lock = lock;
    return 0;
}
