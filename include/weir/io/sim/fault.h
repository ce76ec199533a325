/* SPDX-License-Identifier: MIT
 *
 * What goes wrong in a simulated world: profiles of networks, and faults at their instants.
 *
 *     weir_sim_use(sim, WEIR_SIM_LOSSY);
 *     const weir_sim_fault script[] = {
 *         {.at = weir_seconds(2), .kind = WEIR_SIM_UNPLUG, .host = server},
 *         {.at = weir_seconds(5), .kind = WEIR_SIM_PLUG, .host = server},
 *     };
 *     weir_sim_plan_faults(sim, script, 2);
 *
 * What is done and undone by pairs is counted: a host that two faults have unplugged is back when
 * it was plugged twice.  Of faults with a value the last one holds.
 *
 * A script is an array, drawn or written by hand: who searches for the cause of a failure takes
 * faults out of it and runs the same seed again.
 */
#ifndef WEIR_IO_SIM_FAULT_H
#define WEIR_IO_SIM_FAULT_H

#include <weir/io/sim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a world treats its programs. */
typedef enum weir_sim_profile {
    WEIR_SIM_CALM,    /* a good local network; tasks take turns */
    WEIR_SIM_LOSSY,   /* a bad mobile network; short reads and writes; tasks in random order */
    WEIR_SIM_HOSTILE, /* losses, little bandwidth, many short reads and writes; and faults */
    WEIR_SIM_PROFILES
} weir_sim_profile;

typedef enum weir_sim_fault_kind {
    WEIR_SIM_CUT,         /* nothing gets from `host` to `other` any more … */
    WEIR_SIM_JOIN,        /* … and does again */
    WEIR_SIM_UNPLUG,      /* `host` is cut off from all … */
    WEIR_SIM_PLUG,        /* … and is back */
    WEIR_SIM_RESET,       /* of the TCP connections of `host`, one that is drawn is reset */
    WEIR_SIM_SKEW,        /* the real clock of `host` is set: `value` ns ahead of the world's */
    WEIR_SIM_DESCRIPTORS, /* `host` may have `value` descriptors, as many as at first if 0 */
    WEIR_SIM_SLOW,        /* `host` sends `value` bytes per second, as its links have it if 0 */
    WEIR_SIM_CRASH,       /* `host` stops: its peers hear nothing, its programs are ended … */
    WEIR_SIM_RESTART,     /* … and begin anew; its files are what they were.  What it had open is
                             closed, and who sends to it on an old connection is reset */
    WEIR_SIM_FORGET,     /* `host` forgets a TCP connection that is drawn; its peer hears of it by a
                            reset when it sends something */
    WEIR_SIM_DRIFT,      /* the real clock of `host` gains `value` ns per second from now on */
    WEIR_SIM_DISK_ERROR, /* of a million reads and writes of files `value` fail (WEIR_EIO) */
    WEIR_SIM_DISK_FULL,  /* the files of `host` may have `value` bytes, any number if 0 */
    WEIR_SIM_MEMORY,     /* of a million ops of `host` that need memory, and of spawns, `value` fail
                            (WEIR_ENOMEM; WEIR_ENOBUFS of a lent read) */
    WEIR_SIM_SLOW_READER, /* `host` reads `value` bytes per second of its TCP connections, all of
                             them together, and any number if 0.  What it does not read stays where
                             it is: peers' writes wait, and they probe */
    WEIR_SIM_FAULTS
} weir_sim_fault_kind;

typedef struct weir_sim_fault {
    weir_duration at; /* after the world's beginning */
    weir_sim_fault_kind kind;
    weir_sim_host *host, *other;
    int64_t value;
} weir_sim_fault;

/* The word for a profile: "calm", "lossy", "hostile"; -1 for another word.  And back. */
int weir_sim_profile_parse(const char *word);
const char *weir_sim_profile_name(weir_sim_profile profile);

/* Gives a world the links, the order of tasks and the short reads and writes of a profile. */
void weir_sim_use(weir_sim *sim, weir_sim_profile profile);

/* Has the faults happen at their instants; those that have passed happen at once.
 * Returns 0 or WEIR_ENOMEM: none is planned.  The array may be gone afterwards. */
int weir_sim_plan_faults(weir_sim *sim, const weir_sim_fault *faults, size_t count);

/* Draws up to `room` faults of a profile, which end within `duration`; what is cut is joined and
 * what has crashed is restarted among them.  `victims` are the hosts that may be hit.
 * Returns how many; of a profile without faults 0. */
size_t weir_sim_draw_faults(weir_sim *sim, weir_sim_profile profile, weir_duration duration,
                            weir_sim_host *const victims[], size_t victim_count,
                            weir_sim_fault *out, size_t room);

/* What a fault is called. */
const char *weir_sim_fault_name(weir_sim_fault_kind kind);

/* Draws whether an allocation of the running task fails (WEIR_SIM_MEMORY).  For a program whose
 * allocator asks: what the libraries allocate without the engine fails then, too.  Outside of tasks
 * false. */
bool weir_sim_memory_fails(void);

/* How many descriptors a host has open. */
size_t weir_sim_open_descriptors(const weir_sim_host *host);

#ifdef __cplusplus
}
#endif
#endif
