/* SPDX-License-Identifier: MIT
 *
 * The worlds: scenarios for the simulator, each with what must hold in it whatever the seed.
 *
 * They see public headers alone, so `weir sim` has them, too.
 */
#ifndef WEIR_TEST_WORLDS_WORLDS_H
#define WEIR_TEST_WORLDS_WORLDS_H

#include <weir/io/sim/runner.h>

extern const weir_sim_scenario worlds[];
extern const size_t worlds_count;

/* http_scenarios.c: a server and its clients. */
weir_sim_scenario_fn world_http, world_http_partition, world_http_drain, world_http_renew,
    world_http_limit, world_http_slow_reader, world_http_slow_host, world_http_reconnect,
    world_http_descriptors, world_http_memory, world_http_files, world_http_clock;

/* dns_scenarios.c: resolvers, name servers, and servers to dial. */
weir_sim_scenario_fn world_dns, world_dns_liar, world_dns_together, world_dns_dial,
    world_dns_reload, world_dns_shortage;

/* memory.c, where that is in the program: from here on allocations are the world's. */
__attribute__((weak)) void worlds_memory_begin(void);

#endif
