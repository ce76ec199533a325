/* SPDX-License-Identifier: MIT
 *
 * A keeper: the task of one worker that accepts connections, watches those that wait, and starts an
 * exchange when bytes come; and the server that the keepers belong to.
 */
#ifndef HTTP_SERVER_KEEPER_H
#define HTTP_SERVER_KEEPER_H

#include <weir/http/server/server.h>
#include <weir/io/group.h>
#include <weir/net/acceptor.h>

#include "http/server/clock.h"
#include "http/server/connection.h"

enum { WEIR_HTTP_MAX_LISTENERS = 16 };

typedef enum weir_http_stage {
    WEIR_HTTP_SERVING,
    WEIR_HTTP_DRAINING,  /* nothing new; what runs may finish */
    WEIR_HTTP_CANCELING, /* what runs is asked to stop */
} weir_http_stage;

struct weir_http_keeper {
    weir_http_server *server;
    weir_io *io;
    weir_queue queue;
    weir_group exchanges;
    weir_http_list fresh, idle, writing; /* waiting connections, the longest waiting first */
    weir_http_output *outputs;           /* free ones, `spare` of them */
    uint32_t spare;
    weir_http_slab slab;
    weir_http_clock clock;
    weir_acceptor acceptors[WEIR_HTTP_MAX_LISTENERS];
    uint32_t limit;       /* of connections */
    uint32_t connections; /* atomic for readers; written by the keeper */
    uint32_t busy;        /* of them, with an exchange */
    bool accepting;       /* until its acceptors have stopped for good */
    uint32_t stage;       /* weir_http_stage; atomic for exchanges; written by the keeper */
    uint64_t accepted, requests, refused; /* atomic for readers */
    int64_t canceled_at;                  /* when the exchanges were last asked to stop */

    /* The wake-up that drain sends.  `wake_lock` guards `wakeable` (the queue can be submitted to)
     * and `waking` (the op is in flight). */
    weir_op wake;
    uint32_t wake_lock;
    bool wakeable, waking;
} __attribute__((aligned(64)));

struct weir_http_server {
    weir_io *io;
    weir_http_server_options options; /* defaults filled in */
    weir_http_options wire;           /* with our limit on bodies */
    weir_tcp_listener listeners[WEIR_HTTP_MAX_LISTENERS];
    unsigned listener_count;
    weir_http_keeper *keepers;
    unsigned keeper_count;
    uint32_t running;
    uint32_t accepting; /* atomic: keepers that may have an accept in flight */
    bool listeners_closed;
    uint32_t draining;      /* atomic */
    int64_t drain_deadline; /* atomic */
    int error;              /* atomic: the first failure of a listener */
};

/* The keeper's task; the argument is the keeper. */
int weir_http_keeper_main(weir_io *io, void *argument);

/* Closes the listeners; nothing the second time.  When no keeper accepts. */
void weir_http_server_stop_listening(weir_http_server *server);

/* Makes the keeper look at the server's drain flag.  Any task of the engine. */
void weir_http_keeper_wake(weir_http_keeper *keeper);

/* The exchange's task; the argument is a BUSY connection. */
int weir_http_exchange_main(weir_io *io, void *argument);

/* The stage of a keeper, as its exchanges see it. */
static inline weir_http_stage weir_http_keeper_stage(const weir_http_keeper *keeper)
{
    /* Pairs with the store in the keeper: a late look only makes a response keep its connection,
     * which the keeper then closes. */
    return (weir_http_stage)__atomic_load_n(&keeper->stage, __ATOMIC_RELAXED);
}

/* Adds to a counter that others read.  By the keeper, who alone writes it. */
static inline void weir_http_count_add(uint64_t *counter, uint64_t n)
{
    /* Pairs with the loads in weir_http_server_count. */
    if (n > 0) __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

#endif
