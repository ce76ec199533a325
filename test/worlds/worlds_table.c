/* SPDX-License-Identifier: MIT
 *
 * The list of worlds.
 */
#include "worlds.h"

const weir_sim_scenario worlds[] = {
    {"http", "a server and its clients, under the profile's faults", world_http},
    {"http-partition", "the network is cut while bodies are under way", world_http_partition},
    {"http-drain", "the server drains while all clients ask", world_http_drain},
    {"http-renew", "the server drains and begins anew, again and again", world_http_renew},
    {"http-limit", "more clients than the server takes at a time", world_http_limit},
    {"http-slow-reader", "clients that read a large answer slowly", world_http_slow_reader},
    {"http-slow-host", "hosts that read slowly: full buffers, and writes that wait",
     world_http_slow_host},
    {"http-reconnect", "all clients come back at the same instant", world_http_reconnect},
    {"http-descriptors", "the server has far too few descriptors", world_http_descriptors},
    {"http-memory", "memory fails on all hosts", world_http_memory},
    {"http-files", "the server's disk is full, then fails", world_http_files},
    {"http-clock", "the real clock jumps by hours", world_http_clock},
    {"dns", "resolvers, and name servers that misbehave", world_dns},
    {"dns-liar", "forged messages come before the answers", world_dns_liar},
    {"dns-together", "all tasks of a host ask the same at the same instant", world_dns_together},
    {"dns-dial", "connections by name to hosts of which some are away", world_dns_dial},
    {"dns-shortage", "resolvers without memory, or with too few descriptors", world_dns_shortage},
    {"dns-reload", "resolv.conf and hosts change while names are looked up", world_dns_reload},
};

const size_t worlds_count = sizeof worlds / sizeof worlds[0];
