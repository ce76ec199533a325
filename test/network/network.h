/* SPDX-License-Identifier: MIT
 *
 * Tests across a network: two hosts, each with an engine, joined by cables that can fail.
 *
 *     NETWORK(a_connection_to_nobody_is_refused, NETWORK_DIRECT)
 *     {
 *         weir_address nobody = network_address("192.0.2.2:9");
 *         weir_tcp_stream tcp;
 *         check_int(weir_tcp_connect(io, &nobody, &tcp), WEIR_ECONNREFUSED);
 *     }
 *
 * registers a TEST for each engine; the body is the root task of the near host's engine, its handle
 * is `io`; `net` is the network.  What the far host does is handed to network_start.
 *
 * A test is a process of its own, and each host a network namespace which that process alone holds:
 * whatever becomes of it, the kernel removes them when it ends, and nothing outside is touched.
 * Where namespaces may not be made (a container without privileges) the test is skipped.
 *
 *     NETWORK_DIRECT    near net0 ─────────────────────────── net0 far   192.0.2.0/24
 *                       near net1 ─────────────────────────── net1 far   198.51.100.0/24
 *     NETWORK_WIRE      near net0 ─── port0 [wire.h] port1 ── net0 far   192.0.2.0/24
 *     NETWORK_ROUTER    near net0 ─── port0 [router] port1 ── net0 far   192.0.2.0/24, 198.51.100.0
 *
 * Near is .1, far is .2 in each of them; the router is .254.  IPv6 has 2001:db8::1 and ::2 on net0,
 * 2001:db8:1:: on net1, and fe80::1 and fe80::2 on both, so that only a zone tells them apart.
 */
#ifndef WEIR_TEST_NETWORK_NETWORK_H
#define WEIR_TEST_NETWORK_NETWORK_H

#include "test/contract/contract.h"

typedef enum network_shape {
    NETWORK_DIRECT,
    NETWORK_WIRE,
    NETWORK_ROUTER,
} network_shape;

typedef enum network_host {
    NETWORK_NEAR,
    NETWORK_FAR,
    NETWORK_MIDDLE,
    NETWORK_HOSTS,
} network_host;

typedef struct network network;
typedef void network_body(weir_io *io, network *net);

#define NETWORK(name_, shape_)                \
    static network_body network_body_##name_; \
    NETWORK_ONE_(name_, uring_3, shape_)      \
    NETWORK_ONE_(name_, epoll_3, shape_)      \
    NETWORK_ONE_(name_, threads, shape_)      \
    static void network_body_##name_(weir_io *io, network *net)

#define NETWORK_ONE_(name_, engine_, shape_)                 \
    TEST(name_##_on_##engine_)                               \
    {                                                        \
        network_run(#engine_, shape_, network_body_##name_); \
    }

/* Runs one test on one engine; skips it where the machine does not allow it. */
void network_run(const char *engine, network_shape shape, network_body *body);

/* Says why this machine cannot do the test, which then counts as skipped; the body returns. */
void network_skip(network *net, const char *why);

/* Skips the test when the hosts have no IPv6.  Returns whether they have. */
bool network_needs_ipv6(network *net);

/* The address of a text such as "192.0.2.2:80" or "[fe80::2%3]:0". */
weir_address network_address(const char *text);

/* The index of an interface on a host.  Near's and far's differ. */
uint32_t network_index(network_host host, unsigned cable);

/* Runs `ip -batch` on a host with these lines: "link set net0 down\naddr …". */
bool network_ip(network *net, network_host host, const char *lines);

/* The same of `tc -batch`; quietly.  Returns whether it was done. */
bool network_tc(network *net, network_host host, const char *lines);

/* Writes to a file below /proc/sys/net of a host.  Returns whether it may be done here. */
bool network_sysctl(network *net, network_host host, const char *name, const char *value);

/* A task on the far host. */
typedef struct network_job {
    network *net;
    weir_task_fn *run;
    void *argument;
    weir_task task;
    int result;
} network_job;

/* Starts `run(far, argument)` on the far host's engine; waited for with network_join, which gives
 * its result.  A request to stop does not reach it: give it a deadline. */
void network_start(weir_io *io, network *net, network_job *job, weir_task_fn *run, void *argument);
int network_join(weir_io *io, network_job *job);

/* Both in one. */
int network_far(weir_io *io, network *net, weir_task_fn *run, void *argument);

/* Opens a socket on a host.  It stays there: whichever engine uses it, it sends and receives
 * through that host's interfaces.  Returns as weir_socket_open. */
int network_socket(weir_io *io, network *net, network_host host, int family, int type,
                   weir_socket *out);

/* Connects near to far, which listens on a free port of this address ("192.0.2.2:0").
 * Returns whether both ends, [NETWORK_NEAR] and [NETWORK_FAR], are there. */
bool network_pair(weir_io *io, network *net, const char *far, weir_tcp_stream ends[2]);

/* The wire of NETWORK_WIRE. */
struct wire *network_wire(network *net);

#endif
