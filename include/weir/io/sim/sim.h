/* SPDX-License-Identifier: MIT
 *
 * The simulator: an engine whose time, network and order of events are drawn from one seed.
 *
 *      world ── hosts[] ── weir_io, addresses, sockets, files in memory
 *        │         └── links between hosts: latency, bandwidth, loss …
 *        ├─ one virtual clock, which jumps when all tasks wait
 *        └─ one thread: which of the ready tasks runs next is drawn by the seed
 *
 * The same program and the same seed give the same run, decision by decision: weir_sim_hash is a
 * hash over all of them.  What a program does beside its weir_io (a clock of its own, an address as
 * a hash key, a file, a thread) is not simulated and may make runs differ.
 *
 * A world of one host is made by weir_sim_engine_create, or by weir_engine_create with
 * WEIR_ENGINE_SIM, and used as any other engine.  Thread rule of this header: one thread at a time.
 */
#ifndef WEIR_IO_SIM_SIM_H
#define WEIR_IO_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A world, and one of its hosts. */
typedef struct weir_sim weir_sim;
typedef struct weir_sim_host weir_sim_host;

/* Which of the ready tasks goes on. */
typedef enum weir_sim_order {
    WEIR_SIM_RANDOM,  /* drawn; and a task may be stopped after any operation */
    WEIR_SIM_TURNS,   /* the one that is ready longest, as the other engines do */
    WEIR_SIM_ADVERSE, /* the one that was made ready last; others wait as long as is fair at all */
} weir_sim_order;

/* The numbers of a simulated descriptor begin here: none is mixed up with one of the kernel. */
#define WEIR_SIM_FIRST_FD 65536

/* How a world is; the zero value is the default of each member. */
typedef struct weir_sim_options {
    uint64_t seed;
    weir_sim_order order;
    size_t stack_size;   /* bytes per task; 0 = 64 KiB */
    size_t max_tasks;    /* at a time; 0 = as memory allows */
    size_t buffer_size;  /* of a lent buffer; 0 = 17 KiB */
    size_t max_buffers;  /* lent at a time, per host; 0 = 4,096 */
    int max_descriptors; /* open at a time, per host; 0 = 1,048,576 */
    weir_duration cost;  /* virtual time that an operation takes; 0 = 100 ns */
    uint64_t patience;   /* operations between two moments in which all tasks wait, before the run
                            is called livelocked; 0 = 100 million */
    weir_duration limit; /* virtual time that the world may take, from its beginning on; then its
                            run is ended like a deadlock.  0 = any */
    bool all_bytes;      /* the hash is over all bytes that programs read and write; else over
                            their numbers and the first and last eight of each transfer */
    bool quiet;          /* do not write what is wrong (deadlock, livelock) to standard error */
} weir_sim_options;

/* Makes a world without hosts.  `options` may be NULL.
 * Returns 0 and *out, to be freed with weir_sim_destroy; WEIR_EINVAL (absurd options),
 * WEIR_ENOMEM. */
int weir_sim_create(const weir_sim_options *options, weir_sim **out);

/* Frees a world, its hosts and their handles.  Not while it runs.  NULL does nothing. */
void weir_sim_destroy(weir_sim *sim);

/* Makes a world of one host, which has the loopback addresses, as an engine of its own: it is freed
 * with weir_io_destroy.  Returns as weir_sim_create. */
int weir_sim_engine_create(const weir_sim_options *options, weir_io **out);

/* Adds a host with the loopback addresses and `address` (an IPv4 or IPv6 address as text; NULL for
 * none).  `name` is for people and lives as long as the world.
 * Returns 0 and *out, the world's; WEIR_EADDRTEXT, WEIR_EADDRINUSE (another host has it),
 * WEIR_ENOMEM. */
int weir_sim_add_host(weir_sim *sim, const char *name, const char *address, weir_sim_host **out);

/* The world of a handle, or NULL if it is another engine's; the host of a handle; the handle of a
 * host. */
weir_sim *weir_sim_of(weir_io *io);
weir_sim_host *weir_sim_host_of(weir_io *io);
weir_io *weir_sim_io(weir_sim_host *host);
const char *weir_sim_host_name(const weir_sim_host *host);

/* Starts `run(io of the host, argument)` as a program of the host: at once in a running world, else
 * when it runs, and anew when the host is restarted after a crash (fault.h).  When the root of
 * weir_run ends, programs are asked to stop and waited for. Returns 0 or WEIR_ENOMEM. */
int weir_sim_start(weir_sim_host *host, const char *name, weir_task_fn *run, void *argument);

/* What a world holds for its programs.  All are 0 again when the programs have ended and what was
 * under way has come or was given up, which may take a quarter of an hour of virtual time. */
typedef struct weir_sim_usage {
    size_t tasks;       /* that have not ended */
    size_t nodes;       /* sockets, pipes and open files: also those that nobody has accepted, and
                           those that lie in a message */
    size_t connections; /* of TCP */
    size_t buffers;     /* lent */
    size_t events;      /* deadlines, packets under way, ports that rest; and planned faults */
} weir_sim_usage;

/* Counts what a world holds now. */
weir_sim_usage weir_sim_usage_of(const weir_sim *sim);

/* The hash over all decisions and results of operations so far. */
uint64_t weir_sim_hash(const weir_sim *sim);

/* One direction of a link between two hosts.  The zero value is instant and perfect.  What is lost
 * on a link comes later in a TCP connection, and not at all as a datagram.  A TCP connection sends
 * segments of up to 1,448 bytes; where nothing but the latency is set, up to 65,483. */
typedef struct weir_sim_link {
    weir_duration latency;
    weir_duration jitter; /* up to so much more, drawn */
    weir_duration tail;  /* and more: about so much on average, but 2^k times as much for one packet
                            of 4^k, up to 127 times */
    uint64_t bandwidth;  /* bytes per second; 0 = any number */
    weir_duration queue; /* what would wait longer to be sent is lost; 0 = nothing */
    uint32_t loss;       /* of a million packets, how many are lost … */
    uint32_t duplicate;  /* … come twice (datagrams) … */
    uint32_t reorder;    /* … may come before earlier ones … */
    uint32_t corrupt;    /* … come with a byte changed (datagrams) */
} weir_sim_link;

/* Sets all links of a world, those which are not used yet included. */
void weir_sim_set_links(weir_sim *sim, const weir_sim_link *usual);

/* Sets the link from one host to another.  Returns 0 or WEIR_ENOMEM. */
int weir_sim_set_link(weir_sim_host *from, weir_sim_host *to, const weir_sim_link *link);

/* Cuts the link from one host to another, or joins it again: while it is cut nothing gets through.
 * Returns 0 or WEIR_ENOMEM. */
int weir_sim_cut(weir_sim_host *from, weir_sim_host *to, bool cut);

/* Cuts a host off from all others, or joins it again. */
void weir_sim_unplug(weir_sim_host *host, bool down);

/* Sets the virtual time that the world may take, from its beginning on (weir_sim_options.limit). */
void weir_sim_set_limit(weir_sim *sim, weir_duration limit);

/* Sets how far a host's real clock (WEIR_CLOCK_REAL) is ahead of the world's. */
void weir_sim_set_skew(weir_sim_host *host, weir_duration ahead);

#ifdef __cplusplus
}
#endif
#endif
