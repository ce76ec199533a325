/* SPDX-License-Identifier: MIT
 *
 * Names of Unix sockets: abstract ones in a list of the host, paths in its files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/disk.h"
#include "io/sim/local.h"
#include "io/sim/net.h"

static bool is_abstract(const weir_address *address)
{
    return address->path_len > 0 && address->at.path[0] == 0;
}

/* Each type of socket has its own abstract names. */
static local *find_abstract(const host *h, int type, const weir_address *address)
{
    local *l = h->net->names;
    while (l && (l->node.type != type || !weir_address_equal(l->name, address))) l = l->next;
    return l;
}

local *weir_sim_local_find(host *h, int type, const weir_address *address, int64_t *error)
{
    *error = WEIR_ECONNREFUSED;
    if (is_abstract(address)) return find_abstract(h, type, address);
    sim_node *n = NULL;
    *error = weir_sim_disk_socket(h, address->at.path, address->path_len, &n);
    return (local *)n;
}

static int64_t bind_path(local *l, const weir_address *address)
{
    return weir_sim_disk_bind(l->node.host, address->at.path, address->path_len, l->mode, &l->node,
                              &l->inode);
}

void weir_sim_local_set_mode(sim_node *n, uint32_t mode)
{
    if (n->kind->is_socket && n->family == AF_UNIX) ((local *)n)->mode = mode;
}

static int64_t bind_abstract(local *l, const weir_address *address)
{
    sim_net *net = l->node.host->net;
    if (find_abstract(l->node.host, l->node.type, address)) return WEIR_EADDRINUSE;
    l->next = net->names;
    net->names = l;
    return 0;
}

/* unix(7), autobind: a byte 0 and five hexadecimal digits. */
static void draw_name(host *h, int type, weir_address *out)
{
    char digits[8];
    do {
        snprintf(digits, sizeof digits, "%05x", h->net->next_name++ & 0xfffff);
        *out = (weir_address){.kind = WEIR_ADDRESS_UNIX, .path_len = 6};
        memcpy(out->at.path + 1, digits, 5);
    } while (find_abstract(h, type, out));
}

int64_t weir_sim_local_bind(sim_node *n, const weir_address *address)
{
    local *l = (local *)n;
    if (address->kind != WEIR_ADDRESS_UNIX) return WEIR_EINVAL;
    if (address->path_len == 0 && l->name) return 0;
    if (l->name) return WEIR_EINVAL;
    weir_address *name = malloc(sizeof *name);
    if (!name) return WEIR_ENOMEM;
    *name = *address;
    if (address->path_len == 0) draw_name(n->host, n->type, name);
    const int64_t error = is_abstract(name) ? bind_abstract(l, name) : bind_path(l, name);
    if (error) {
        free(name);
        return error;
    }
    l->name = name;
    return 0;
}

void weir_sim_local_unbind(local *l)
{
    if (l->inode) weir_sim_disk_unbind(l->inode);
    l->inode = NULL;
    local **link = &l->node.host->net->names;
    while (*link && *link != l) link = &(*link)->next;
    if (*link) *link = l->next;
    free(l->name);
    l->name = NULL;
}
