/* SPDX-License-Identifier: MIT
 *
 * Unix sockets find each other: connect, listen, accept; and who waits for room at whom.
 */
#include <errno.h>
#include <stdlib.h>

#include "io/sim/local.h"

void weir_sim_local_unblock(local *l)
{
    if (!l->blocked_on) return;
    local **link = &l->blocked_on->blocked;
    while (*link != l) link = &(*link)->blocked_next;
    *link = l->blocked_next;
    l->blocked_on = NULL;
}

void weir_sim_local_block(local *l, local *on)
{
    if (l->blocked_on == on) return;
    /* It may have given up waiting elsewhere. */
    weir_sim_local_unblock(l);
    l->blocked_on = on;
    l->blocked_next = on->blocked;
    on->blocked = l;
}

void weir_sim_local_unblock_all(local *on)
{
    while (on->blocked) {
        local *l = on->blocked;
        on->blocked = l->blocked_next;
        l->blocked_on = NULL;
        weir_sim_stir(&l->node);
    }
}

void weir_sim_local_point(local *l, local *at)
{
    if (l->peer) {
        local **link = &l->peer->pointing;
        while (*link != l) link = &(*link)->point_next;
        *link = l->point_next;
    }
    l->peer = at;
    if (!at) return;
    l->point_next = at->pointing;
    at->pointing = l;
}

void weir_sim_local_join(sim_node *a, sim_node *b)
{
    local *first = (local *)a, *second = (local *)b;
    weir_sim_local_point(first, second);
    weir_sim_local_point(second, first);
    first->state = second->state = LOCAL_CONNECTED;
}

int64_t weir_sim_local_listen(sim_node *n, int backlog)
{
    local *l = (local *)n;
    if (n->type == SOCK_DGRAM) return WEIR_EOPNOTSUPP;
    if (!l->name || l->state == LOCAL_CONNECTED) return WEIR_EINVAL;
    if (l->state == LOCAL_NEW) l->backlog_end = &l->backlog;
    l->state = LOCAL_LISTENING;
    l->backlog_limit = (uint32_t)(backlog < 4096 ? backlog : 4096);
    weir_sim_local_unblock_all(l);
    return 0;
}

int64_t weir_sim_local_accept(sim_node *n, sim_node **out)
{
    local *l = (local *)n;
    if (n->type == SOCK_DGRAM) return WEIR_EOPNOTSUPP;
    if (l->state != LOCAL_LISTENING) return WEIR_EINVAL;
    local *child = l->backlog;
    if (l->shut_in) return WEIR_EINVAL;
    if (!child) return SIM_WAIT;
    l->backlog = child->next;
    if (!l->backlog) l->backlog_end = &l->backlog;
    child->next = NULL;
    l->waiting--;
    weir_sim_local_unblock_all(l);
    *out = &child->node;
    return 0;
}

/* Makes the socket that the listener will accept, joined to the client. */
static int64_t enqueue(local *client, local *listener)
{
    local *child = (local *)weir_sim_local_make(listener->node.host, client->node.type);
    weir_address *name = malloc(sizeof *name);
    if (!child || !name || !weir_sim_options_inherit(&child->node, &listener->node)) {
        if (child) weir_sim_node_free(&child->node);
        free(name);
        return WEIR_ENOMEM;
    }
    *name = *listener->name;
    child->name = name;
    child->node.family = AF_UNIX;
    child->node.type = client->node.type;
    child->node.references = 1;
    weir_sim_local_join(&client->node, &child->node);
    *listener->backlog_end = child;
    listener->backlog_end = &child->next;
    listener->waiting++;
    weir_sim_stir(&listener->node);
    return 0;
}

static int64_t connect_stream(local *client, local *at)
{
    if (client->state == LOCAL_LISTENING) return WEIR_EINVAL;
    if (client->state == LOCAL_CONNECTED) return WEIR_EISCONN;
    if (at->state != LOCAL_LISTENING || at->shut_in) return WEIR_ECONNREFUSED;
    if (at->waiting > at->backlog_limit) {
        weir_sim_local_block(client, at);
        return SIM_WAIT;
    }
    return enqueue(client, at);
}

int64_t weir_sim_local_connect(sim_node *n, weir_op *op)
{
    local *l = (local *)n;
    const weir_address *address = op->args.address;
    int64_t error;
    if (address->kind == WEIR_ADDRESS_NONE) {
        if (n->type != SOCK_DGRAM) return WEIR_EINVAL;
        weir_sim_local_point(l, NULL);
        l->state = LOCAL_NEW;
        return 0;
    }
    if (address->kind != WEIR_ADDRESS_UNIX || address->path_len == 0) return WEIR_EINVAL;
    local *at = weir_sim_local_find(n->host, n->type, address, &error);
    if (!at) return error;
    if (at->node.type != n->type) return -EPROTOTYPE;
    if (n->type != SOCK_DGRAM) return connect_stream(l, at);
    /* A datagram socket with a peer hears only that one. */
    if (at->peer && at->peer != l) return WEIR_EPERM;
    weir_sim_local_point(l, at);
    l->state = LOCAL_CONNECTED;
    return 0;
}
