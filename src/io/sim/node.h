/* SPDX-License-Identifier: MIT
 *
 * Open sockets, pipes and files: what a descriptor of a host stands for.
 *
 * A kind of node is a table of functions in its own file.  They never wait: SIM_WAIT says that
 * there is nothing to do now; the op then stands in the node's list and is tried again after the
 * node was stirred.  A function is NULL where the kind cannot do it.
 */
#ifndef IO_SIM_NODE_H
#define IO_SIM_NODE_H

#include <sys/socket.h>
#include <sys/uio.h>

#include <weir/io/socket.h>

#include "io/sim/world.h"

/* An outcome that is no result: no error code is that small. */
#define SIM_WAIT INT64_MIN

/* Bytes on their way between a caller's slices and a node. */
typedef struct sim_transfer {
    const struct iovec *data;
    size_t count;          /* slices */
    size_t skip;           /* bytes of the first slice that have gone already */
    size_t length;         /* bytes in all, without those skipped */
    weir_message *message; /* of SEND and RECEIVE, else NULL */
    bool peek;
} sim_transfer;

typedef struct sim_node_kind {
    const char *name;
    bool is_socket, is_stream; /* a stream has no borders between its writes */

    int64_t (*receive)(sim_node *n, sim_transfer *t); /* bytes, 0 at the end */
    int64_t (*send)(sim_node *n, sim_transfer *t);    /* bytes taken, > 0 unless t->length is 0 */
    uint32_t (*ready)(sim_node *n);                   /* a set of WEIR_POLL_… */
    int64_t (*bind)(sim_node *n, const weir_address *address);
    int64_t (*listen)(sim_node *n, int backlog);
    int64_t (*accept)(sim_node *n, sim_node **out);
    int64_t (*connect)(sim_node *n, weir_op *op); /* own[5] is the op's, 0 at first */
    int64_t (*shutdown)(sim_node *n, int how);
    int64_t (*local)(sim_node *n, weir_address *out);
    int64_t (*peer)(sim_node *n, weir_address *out);
    int64_t (*get_option)(sim_node *n, int level, int name, void *value, uint32_t *size);
    int64_t (*set_option)(sim_node *n, int level, int name, const void *value, uint32_t size);

    /* The last descriptor was closed: ends what goes on.  The node's memory is freed after it,
     * unless it returns false: then the kind frees it later, by weir_sim_node_free. */
    bool (*close)(sim_node *n);
} sim_node_kind;

struct sim_node {
    const sim_node_kind *kind;
    host *host;
    weir_wait_list waiting; /* ops that wait here */
    sim_node *stirred_next;
    sim_node *next, **link;        /* of the world's */
    uint32_t references;           /* descriptors, and messages under way that carry it */
    int32_t error;                 /* SO_ERROR: told once */
    struct sim_settings *settings; /* what options were set (option.c) */
    uint16_t family, type, protocol;
    bool stirred;
    bool gone;           /* to be freed when it leaves the stirred list */
    bool descriptor_set; /* FD_CLOEXEC and O_NONBLOCK are told of it; false: made outside */
};

/* The table of descriptors of a host. */
int weir_sim_nodes_open(host *h, uint32_t limit);
void weir_sim_nodes_close_all(host *h);
void weir_sim_nodes_close(host *h);

/* Frees the nodes of a world whose hosts have none any more: those that lie in each other's
 * messages. */
void weir_sim_nodes_end(world *w);

/* The node of a descriptor, or NULL. */
sim_node *weir_sim_node_at(const host *h, int fd);

/* Gives a node (one more reference) the lowest free descriptor.  Returns it, WEIR_EMFILE or
 * WEIR_ENOMEM. */
int weir_sim_node_open(host *h, sim_node *n);

/* Takes a descriptor away.  Returns 0 or WEIR_EBADF. */
int weir_sim_node_close(host *h, int fd);

/* Makes a node of `size` bytes, zeroed, without references; NULL: no memory. */
void *weir_sim_node_make(host *h, const sim_node_kind *kind, size_t size);

/* Frees a node that nobody knows any more. */
void weir_sim_node_free(sim_node *n);

/* Takes a reference away, and closes the node with the last one. */
void weir_sim_node_release(sim_node *n);

/* Something has changed in the node: the ops that wait there are to be tried again. */
void weir_sim_stir(sim_node *n);

/* Tries the ops again that wait at stirred nodes. */
void weir_sim_nodes_retry(world *w);

/* Puts an op that has to wait into the list of its node, and takes it out. */
void weir_sim_node_enter(weir_op *op);
void weir_sim_node_leave(weir_op *op);

/* Copies from a transfer's slices to `to`, and from `from` into them, `length` bytes; and moves the
 * transfer on by as many. */
void weir_sim_transfer_out(sim_transfer *t, void *to, size_t length);
void weir_sim_transfer_in(sim_transfer *t, const void *from, size_t length);

/* Takes the node's error, to be told: it is 0 then. */
static inline int sim_take_error(sim_node *n)
{
    int error = n->error;
    n->error = 0;
    return error;
}

/* route.c: who is where. */
int weir_sim_routes_open(world *w);
void weir_sim_routes_close(world *w);
int weir_sim_routes_add(host *h, const char *address);

/* lent.c */
int64_t weir_sim_read_lent(host *h, weir_op *op, sim_node *n);
void weir_sim_give_back(weir_io *io, weir_lent *lent);

#endif
