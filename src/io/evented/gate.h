/* SPDX-License-Identifier: MIT
 *
 * Gates that threads pass together, one after the other: the starter learns how many have arrived,
 * and opens.
 */
#ifndef IO_EVENTED_GATE_H
#define IO_EVENTED_GATE_H

#include <pthread.h>
#include <stdbool.h>

enum { GATES = 2 };

/* `lock` guards all members. */
typedef struct weir_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned arrived[GATES];
    bool open[GATES];
} weir_gate;

static inline void weir_gate_init(weir_gate *gate)
{
    *gate = (weir_gate){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
}

/* Arrives at a gate and waits until it opens. */
static inline void weir_gate_pass(weir_gate *gate, unsigned which)
{
    pthread_mutex_lock(&gate->lock);
    gate->arrived[which]++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open[which]) pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

/* Waits until `count` threads have arrived. */
static inline void weir_gate_await(weir_gate *gate, unsigned which, unsigned count)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->arrived[which] < count) pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static inline void weir_gate_open(weir_gate *gate, unsigned which)
{
    pthread_mutex_lock(&gate->lock);
    gate->open[which] = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

#endif
