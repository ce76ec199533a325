/* SPDX-License-Identifier: MIT
 *
 * Links: when what is sent arrives, if it does.
 */
#include <weir/base/time.h>

#include "io/sim/net.h"

bool weir_sim_link_is_cut(const host *from, const host *to, const sim_link *link)
{
    return from->net->down || to->net->down || link->cut;
}

static bool drawn(world *w, uint32_t of_a_million)
{
    return of_a_million && weir_prng_below(&w->network, 1000000) < of_a_million;
}

int64_t weir_sim_link_pass(host *from, sim_link *link, size_t bytes)
{
    world *w = from->world;
    const weir_sim_link *is = &link->is;
    int64_t leaves = w->now;
    if (drawn(w, is->loss)) return -1;
    if (is->bandwidth) {
        const int64_t takes = (int64_t)((__uint128_t)bytes * 1000000000 / is->bandwidth);
        if (link->busy > leaves) leaves = link->busy;
        if (is->queue.ns && leaves - w->now > is->queue.ns) return -1;
        leaves += takes;
        link->busy = leaves;
    }
    int64_t arrives = leaves + is->latency.ns;
    if (is->jitter.ns > 0)
        arrives += (int64_t)weir_prng_below(&w->network, (uint64_t)is->jitter.ns);
    /* Packets of a link stay in order, unless they are reordered on purpose. */
    if (arrives < link->latest && !drawn(w, is->reorder)) arrives = link->latest;
    if (arrives > link->latest) link->latest = arrives;
    return arrives;
}
