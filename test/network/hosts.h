/* SPDX-License-Identifier: MIT
 *
 * What network.c and hosts.c share: a network, and the making of its hosts and cables.
 */
#ifndef WEIR_TEST_NETWORK_HOSTS_H
#define WEIR_TEST_NETWORK_HOSTS_H

#include "test/network/network.h"
#include "test/network/wire.h"

#include <pthread.h>
#include <semaphore.h>

struct network {
    network_shape shape;
    network_body *body;
    const weir_engine_options *options;
    int space[NETWORK_HOSTS]; /* the hosts' network namespaces */
    wire *wire;
    bool skipped;

    pthread_t far_thread;
    weir_io *far;
    int far_error;
    sem_t far_runs;
    uint32_t far_ends; /* a word of the far engine */
};

/* Makes the namespaces; the calling thread, the only one of its process, is then in near's.
 * Returns false and errno when they are not allowed. */
bool hosts_make(network *net);

/* Moves the calling thread to a host. */
bool hosts_enter(const network *net, network_host host);

/* Makes the veth pairs of the shape.  Returns 0, or the exit status of ip; 127: there is none. */
int hosts_add_cables(const network *net);

/* Gives the interfaces what network.h promises, and starts the wire.  Returns whether all went
 * well; net->skipped says when the machine does not allow it. */
bool hosts_configure(network *net);

#endif
