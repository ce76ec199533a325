/* SPDX-License-Identifier: MIT
 *
 * Links: when what is sent arrives, if it does.
 */
#include <weir/base/time.h>

#include "io/sim/net.h"

enum { TAIL_OCTAVES = 6 };

static bool is_off(const host *h)
{
    return h->net->down || h->net->unplugged || h->crashed;
}

bool weir_sim_link_is_cut(const host *from, const host *to, const sim_link *link)
{
    return is_off(from) || is_off(to) || link->cut || link->cuts;
}

static bool drawn(world *w, uint32_t of_a_million)
{
    return of_a_million && weir_prng_below(&w->network, 1000000) < of_a_million;
}

/* A Pareto distribution with the exponent 2, less its least value: 2^k times the scale is reached
 * by one packet of 4^k.  Within an octave it is uniform, so that integers do. */
static int64_t long_tail(world *w, uint64_t scale)
{
    const uint64_t bits = weir_prng_next(&w->network) | UINT64_C(1) << (2 * TAIL_OCTAVES);
    const uint64_t least = scale << (__builtin_ctzll(bits) / 2);
    return (int64_t)(least - scale + weir_prng_below(&w->network, least));
}

int64_t weir_sim_link_pass(host *from, sim_link *link, size_t bytes)
{
    world *w = from->world;
    const weir_sim_link *is = &link->is;
    int64_t leaves = w->now;
    if (drawn(w, is->loss)) return -1;
    const uint64_t bandwidth = link->slowed ? link->slowed : is->bandwidth;
    if (bandwidth) {
        const int64_t takes = (int64_t)((__uint128_t)bytes * 1000000000 / bandwidth);
        if (link->busy > leaves) leaves = link->busy;
        if (is->queue.ns && leaves - w->now > is->queue.ns) return -1;
        leaves += takes;
        link->busy = leaves;
    }
    int64_t arrives = leaves + is->latency.ns;
    if (is->jitter.ns > 0)
        arrives += (int64_t)weir_prng_below(&w->network, (uint64_t)is->jitter.ns);
    if (is->tail.ns > 0) arrives += long_tail(w, (uint64_t)is->tail.ns);
    /* Packets of a link stay in order, unless they are reordered on purpose. */
    if (arrives < link->latest && !drawn(w, is->reorder)) arrives = link->latest;
    if (arrives > link->latest) link->latest = arrives;
    return arrives;
}
