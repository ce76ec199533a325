/* SPDX-License-Identifier: MIT
 *
 * The tree of a host's files, and the walk along a path.
 */
#include "io/sim/disk_tree.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_PATH = 4096,
    LONGEST_NAME = 255,
    MOST_LINKS = 40, /* MAXSYMLINKS */
};

static sim_inode *child_of(const sim_inode *directory, const char *name, size_t length)
{
    for (sim_inode *i = directory->first; i; i = i->next)
        if (strlen(i->name) == length && memcmp(i->name, name, length) == 0) return i;
    return NULL;
}

sim_inode *weir_sim_inode_add(sim_disk *disk, sim_inode *parent, const char *name,
                              sim_inode_kind kind, uint32_t mode, int64_t now)
{
    const size_t length = strlen(name);
    sim_inode *i = calloc(1, sizeof *i + length + 1);
    if (!i) return NULL;
    memcpy(i->name, name, length);
    i->kind = kind;
    i->mode = mode;
    i->number = ++disk->next_number;
    i->modified = now;
    i->linked = true;
    i->disk = disk;
    i->parent = parent ? parent : i;
    if (!parent) return i;
    i->serial = ++parent->next_serial;
    i->previous = parent->last;
    if (parent->last) {
        parent->last->next = i;
    } else {
        parent->first = i;
    }
    parent->last = i;
    parent->modified = now;
    return i;
}

void weir_sim_inode_free_if_unused(sim_inode *i)
{
    if (i->linked || i->opened > 0) return;
    if (i->socket) return;
    if (i->kind == INODE_FILE) i->disk->used -= i->size;
    free(i->data);
    free(i);
}

void weir_sim_inode_unlink(sim_inode *i, int64_t now)
{
    sim_inode *parent = i->parent;
    parent->modified = now;
    if (i->previous) {
        i->previous->next = i->next;
    } else {
        parent->first = i->next;
    }
    if (i->next) {
        i->next->previous = i->previous;
    } else {
        parent->last = i->previous;
    }
    i->linked = false;
    weir_sim_inode_free_if_unused(i);
}

/* Puts a link's target before the rest of the path. */
static int64_t follow(sim_disk *disk, sim_walk *walk, const sim_inode *link, char *path,
                      const char *rest, sim_inode **at)
{
    char joined[LONGEST_PATH];
    if (walk->no_links || ++walk->links > MOST_LINKS) return WEIR_ELOOP;
    const size_t left = strlen(rest);
    if (link->size + left + 2 > sizeof joined) return WEIR_ENAMETOOLONG;
    memcpy(joined, link->data, link->size);
    joined[link->size] = '/';
    memcpy(joined + link->size + (left > 0), rest, left + 1);
    memcpy(path, joined, sizeof joined);
    if (path[0] != '/') return 0;
    if (walk->beneath) return WEIR_EXDEV;
    *at = disk->root;
    return 0;
}

/* One part of the path, which ends at `rest`. */
static int64_t step(sim_disk *disk, sim_walk *walk, char *path, char *part, char *rest,
                    sim_inode **at)
{
    const size_t length = strlen(part);
    if ((*at)->kind != INODE_DIRECTORY) return WEIR_ENOTDIR;
    if (length > LONGEST_NAME) return WEIR_ENAMETOOLONG;
    *path = 0;
    if (strcmp(part, ".") == 0) return memmove(path, rest, strlen(rest) + 1), 0;
    if (strcmp(part, "..") == 0) {
        if (walk->beneath && *at == walk->base) return WEIR_EXDEV;
        *at = (*at)->parent;
        return memmove(path, rest, strlen(rest) + 1), 0;
    }
    const bool last = rest[strspn(rest, "/")] == 0, slashed = last && *rest != 0;
    sim_inode *child = child_of(*at, part, length);
    if (!child && !last) return WEIR_ENOENT;
    if (!child) {
        walk->parent = *at;
        walk->slashed = slashed;
        memcpy(walk->name, part, length + 1);
        *at = NULL;
        return 0;
    }
    if (child->kind == INODE_LINK && (!last || walk->follow_last || (slashed && !walk->takes_name)))
        return follow(disk, walk, child, path, rest, at);
    if (child->kind == INODE_LINK && walk->no_links && !walk->takes_link) return WEIR_ELOOP;
    /* path_resolution(7): what stands before a slash at the end has to be a directory. */
    if (slashed && child->kind != INODE_DIRECTORY) return WEIR_ENOTDIR;
    *at = child;
    return memmove(path, rest, strlen(rest) + 1), 0;
}

int64_t weir_sim_walk(sim_disk *disk, sim_walk *walk, const char *path, size_t length)
{
    char left[LONGEST_PATH], part[LONGEST_PATH];
    if (length == 0) return WEIR_ENOENT;
    if (length >= sizeof left) return WEIR_ENAMETOOLONG;
    memcpy(left, path, length);
    left[length] = 0;
    sim_inode *at = walk->base;
    if (left[0] == '/') {
        if (walk->beneath) return WEIR_EXDEV;
        at = disk->root;
    }
    for (;;) {
        char *begin = left + strspn(left, "/");
        const size_t span = strcspn(begin, "/");
        if (span == 0) break;
        memcpy(part, begin, span);
        part[span] = 0;
        const int64_t error = step(disk, walk, left, part, begin + span, &at);
        if (error) return error;
        if (!at) return 0;
    }
    walk->found = at;
    return 0;
}

static void free_all(sim_inode *i)
{
    for (sim_inode *child = i->first, *next; child; child = next) {
        next = child->next;
        free_all(child);
    }
    free(i->data);
    free(i);
}

void weir_sim_disk_free(sim_disk *disk)
{
    if (!disk) return;
    if (disk->root) free_all(disk->root);
    free(disk);
}

sim_disk *weir_sim_disk_make(void)
{
    sim_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    disk->root = weir_sim_inode_add(disk, NULL, "", INODE_DIRECTORY, 0755, SIM_EPOCH_NS);
    sim_inode *device = NULL, *temporary = NULL;
    if (disk->root) {
        temporary =
            weir_sim_inode_add(disk, disk->root, "tmp", INODE_DIRECTORY, 01777, SIM_EPOCH_NS);
        device = weir_sim_inode_add(disk, disk->root, "dev", INODE_DIRECTORY, 0755, SIM_EPOCH_NS);
    }
    if (device && temporary &&
        weir_sim_inode_add(disk, device, "null", INODE_FIFO, 0666, SIM_EPOCH_NS))
        return disk;
    weir_sim_disk_free(disk);
    return NULL;
}
