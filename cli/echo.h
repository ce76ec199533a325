/* SPDX-License-Identifier: MIT
 *
 * `weir echo`: what its parts share.
 */
#ifndef CLI_ECHO_H
#define CLI_ECHO_H

#include <weir/base/time.h>
#include <weir/io/group.h>
#include <weir/io/io.h>
#include <weir/io/signal.h>
#include <weir/sync/mutex.h>
#include <weir/sync/semaphore.h>

#include "target.h"

enum { ECHO_TARGETS = 16, ECHO_LISTENERS = ECHO_TARGETS * WEIR_ENDPOINT_ADDRESSES };

/* What has happened; each member is an atomic counter. */
typedef struct echo_counts {
    uint64_t connections; /* taken */
    uint64_t open;        /* of them, now */
    uint64_t failed;      /* ended by an error, or for being idle */
    uint64_t messages;    /* datagrams, packets, pieces of a stream that came in one read */
    uint64_t bytes;       /* sent back */
    uint64_t dropped;     /* datagrams and packets that could not be sent back */
} echo_counts;

typedef struct echo_connection echo_connection;

typedef struct echo {
    weir_io *io;
    bool json, stats;
    uint32_t max_connections; /* 0: no limit */
    weir_duration idle, grace;
    const char *engine;
    uint32_t workers;
    cli_target targets[ECHO_TARGETS];
    unsigned target_count;

    cli_listener listeners[ECHO_LISTENERS];
    unsigned listener_count;
    weir_signals signals;
    weir_instant began;
    echo_counts counts;

    weir_group listening;   /* a task for each listener */
    weir_group connected;   /* a task for each connection */
    weir_semaphore permits; /* one for each connection that may be, with max_connections */
    weir_mutex lock;        /* guards the list of connections, to end their reading */
    echo_connection *first;
} echo;

/* The argument of a task that serves one listener. */
typedef struct echo_listening {
    echo *echo;
    cli_listener *listener;
} echo_listening;

/* Tasks: accept connections and serve each in a task of its own; answer datagrams.  They end when
 * they are canceled. */
weir_task_fn echo_accept, echo_datagrams;

/* Lets each connection read what has come, and then the end. */
void echo_end_reading(echo *e);

/* Prints the counters, with rates since the last call, each second until it is canceled. */
weir_task_fn echo_stats;

/* Prints what happened in all. */
void echo_total(echo *e);

static inline void echo_count(uint64_t *counter, uint64_t n)
{
    /* Only the sums matter; the other parties are the tasks that count and print. */
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

#endif
