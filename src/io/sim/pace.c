/* SPDX-License-Identifier: MIT
 *
 * The pace at which a host reads.
 */
#include "io/sim/pace.h"

#include "io/sim/net.h"
#include "io/sim/tcp.h"

enum { PARTS = 10 }; /* of a second: of so long a read takes the bytes at most */

/* Has all TCP connections of a host tried again, those of the descriptors from `from` on first. */
static void stir_all(host *h, uint32_t from)
{
    for (uint32_t i = 0; i < h->node_room; i++) {
        sim_node *n = h->nodes[(from + i) % h->node_room];
        if (n && weir_sim_tcp_of(n)) weir_sim_stir(n);
    }
}

static void go_on(void *world_, sim_event *event)
{
    const sim_pace *pace = (const sim_pace *)event;
    (void)world_;
    stir_all(pace->host, pace->next);
}

void weir_sim_pace_set(host *h, uint64_t rate)
{
    sim_pace *pace = &h->net->pace;
    pace->event.run = go_on;
    pace->host = h;
    pace->rate = rate;
    weir_sim_unplan(&h->world->agenda, &pace->event);
    stir_all(h, pace->next);
}

bool weir_sim_pace_waits(const host *h)
{
    return weir_sim_planned(&h->net->pace.event);
}

size_t weir_sim_pace_most(const host *h, size_t wanted)
{
    const uint64_t rate = h->net->pace.rate;
    if (!rate || wanted <= rate / PARTS) return wanted;
    return rate < PARTS ? 1 : (size_t)(rate / PARTS);
}

void weir_sim_pace_took(sim_node *n, size_t bytes)
{
    host *h = n->host;
    sim_pace *pace = &h->net->pace;
    if (!pace->rate) return;
    const int64_t takes = (int64_t)((__uint128_t)bytes * 1000000000 / pace->rate);
    pace->next = 0;
    while (pace->next < h->node_room && h->nodes[pace->next] != n) pace->next++;
    pace->next++;
    /* Without memory for the event the next read is early: none waits for ever. */
    (void)weir_sim_plan(&h->world->agenda, &pace->event, h->world->now + takes);
}
