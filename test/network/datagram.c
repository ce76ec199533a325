/* SPDX-License-Identifier: MIT
 *
 * Do datagrams keep their promises over a real path: a size that it takes or refuses, a loss that
 * asking again survives, the address that an answer comes from?
 */
#include "test/network/network.h"
#include "test/network/wire.h"

#include <weir/net/udp.h>

enum {
    SMALL_MTU = 1300,
    TIME_S = 20,
};

/* A socket of far's, bound to an address, and a question to it: near's. */
typedef struct udp_pair {
    weir_udp_socket near, far;
    weir_address far_address;
} udp_pair;

static void set_port(weir_io *io, weir_udp_socket *udp, weir_address *address)
{
    weir_address local;
    check_int(weir_udp_local(io, udp, &local), 0);
    address->port = local.port;
}

/* Binds a socket on far. */
static bool bind_far(weir_io *io, network *net, const weir_address *address,
                     const weir_socket_options *options, weir_udp_socket *out)
{
    weir_socket socket;
    int family = address->kind == WEIR_ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    if (!check_int(network_socket(io, net, NETWORK_FAR, family, SOCK_DGRAM, &socket), 0))
        return false;
    return check_int(weir_udp_from_socket(io, socket, out), 0) &&
           check_int(weir_socket_options_apply(io, socket, options, NULL), 0) &&
           check_int(weir_bind(io, socket, address), 0);
}

static bool open_pair(weir_io *io, network *net, const char *far, const weir_socket_options *near,
                      udp_pair *out)
{
    out->far_address = network_address(far);
    if (!bind_far(io, net, &out->far_address, NULL, &out->far)) return false;
    set_port(io, &out->far, &out->far_address);
    return check_int(weir_udp_dial(io, &out->far_address, near, &out->near), 0);
}

static void close_pair(weir_io *io, udp_pair *pair)
{
    weir_udp_close(io, &pair->near);
    weir_udp_close(io, &pair->far);
}

static char large[WEIR_UDP_MAX], got[WEIR_UDP_MAX];

static void fill_large(void)
{
    uint64_t state = test_seed();
    for (size_t i = 0; i < sizeof large; i++) large[i] = (char)test_random(&state);
}

static weir_deadline soon(weir_io *io)
{
    return weir_instant_add(weir_now(io, WEIR_CLOCK_MONOTONIC), weir_seconds(TIME_S));
}

/* A datagram of `len` bytes goes through whole. */
static bool passes(weir_io *io, udp_pair *pair, size_t len)
{
    memset(got, 0, sizeof got);
    return check_int(weir_udp_send(io, &pair->near, large, len), len) &&
           check_int(weir_udp_receive_until(io, &pair->far, got, sizeof got, soon(io), NULL),
                     len) &&
           check(memcmp(got, large, len) == 0);
}

typedef struct error_wait {
    udp_pair *pair;
    weir_udp_error *error;
} error_wait;

static int receive_error(weir_io *io, void *argument)
{
    error_wait *ask = argument;
    return (int)weir_udp_receive_error(io, &ask->pair->near, got, sizeof got, ask->error);
}

/* The interface itself takes no more. */
NETWORK(a_datagram_above_the_mtu_is_refused_or_fragmented, NETWORK_DIRECT)
{
    fill_large();
    network_ip(net, NETWORK_NEAR, "link set net0 mtu 1300\n");
    const weir_socket_options whole = {.dont_fragment = true};
    udp_pair pair;
    if (!open_pair(io, net, "192.0.2.2:0", &whole, &pair)) return;
    check_int(weir_udp_send(io, &pair.near, large, SMALL_MTU - 28 + 1), WEIR_EMSGSIZE);
    passes(io, &pair, SMALL_MTU - 28);
    int mtu = 0;
    check_int(weir_option_get_path_mtu(io, pair.near.socket, &mtu), 0);
    check_int(mtu, SMALL_MTU);
    check_int(weir_option_set_dont_fragment(io, pair.near.socket, false), 0);
    passes(io, &pair, SMALL_MTU - 28 + 1);
    passes(io, &pair, WEIR_UDP_MAX);
    close_pair(io, &pair);
}

/* A router in the middle takes no more, and says so (RFC 1191, RFC 8201). */
static void learn_path_mtu(weir_io *io, network *net, const char *far, const char *router,
                           size_t headers)
{
    fill_large();
    network_ip(net, NETWORK_MIDDLE, "link set port1 mtu 1300\n");
    network_ip(net, NETWORK_FAR, "link set net0 mtu 1300\n");
    const weir_socket_options whole = {.dont_fragment = true, .receive_errors = true};
    const size_t fits = SMALL_MTU - headers;
    udp_pair pair;
    if (!open_pair(io, net, far, &whole, &pair)) return;
    check_int(weir_udp_send(io, &pair.near, large, fits + 1), fits + 1);
    weir_udp_error error = {0};
    error_wait ask = {&pair, &error};
    check(weir_timeout(io, weir_seconds(TIME_S), receive_error, &ask) >= 0);
    check_int(error.about.error, WEIR_EMSGSIZE);
    check_int(error.path_mtu, SMALL_MTU);
    weir_address complained = network_address(router);
    complained.port = error.about.offender.port;
    check(weir_address_equal(&error.about.offender, &complained));
    check(weir_address_equal(&error.destination, &pair.far_address));

    check_int(weir_udp_send(io, &pair.near, large, fits + 1), WEIR_EMSGSIZE);
    while (weir_udp_try_receive_error(io, &pair.near, got, sizeof got, &error) >= 0) continue;
    int mtu = 0;
    check_int(weir_option_get_path_mtu(io, pair.near.socket, &mtu), 0);
    check_int(mtu, SMALL_MTU);
    passes(io, &pair, fits);
    check_int(weir_option_set_dont_fragment(io, pair.near.socket, false), 0);
    passes(io, &pair, fits + 1);
    passes(io, &pair, 20000);
    close_pair(io, &pair);
}

NETWORK(a_router_tells_the_mtu_of_the_path, NETWORK_ROUTER)
{
    learn_path_mtu(io, net, "198.51.100.2:0", "192.0.2.254:0", 28);
}

NETWORK(an_ipv6_router_tells_the_mtu_of_the_path, NETWORK_ROUTER)
{
    if (network_needs_ipv6(net))
        learn_path_mtu(io, net, "[2001:db8:1::2]:0", "[2001:db8::fe]:0", 48);
}

/* ICMP says that nobody listens: to a connected socket as an error of the next call, to one with
 * many peers in the queue of errors. */
NETWORK(a_refused_datagram_is_told, NETWORK_DIRECT)
{
    (void)net;
    weir_address nobody = network_address("192.0.2.2:9"), any = network_address("0.0.0.0:0");
    weir_udp_socket udp;
    if (!check_int(weir_udp_dial(io, &nobody, NULL, &udp), 0)) return;
    check_int(weir_udp_send(io, &udp, "x", 1), 1);
    check_int(weir_udp_receive_until(io, &udp, got, sizeof got, soon(io), NULL), WEIR_ECONNREFUSED);
    weir_udp_close(io, &udp);

    const weir_socket_options errors = {.receive_errors = true};
    if (!check_int(weir_udp_bind(io, &any, &errors, &udp), 0)) return;
    check_int(weir_udp_send_to(io, &udp, "hello", 5, &nobody), 5);
    weir_udp_error error = {0};
    check_int(weir_udp_receive_error(io, &udp, got, sizeof got, &error), 5);
    check_int(error.about.error, WEIR_ECONNREFUSED);
    check(weir_address_equal(&error.destination, &nobody));
    check(memcmp(got, "hello", 5) == 0);
    weir_udp_close(io, &udp);
}

NETWORK(a_datagram_that_does_not_fit_is_told, NETWORK_DIRECT)
{
    fill_large();
    udp_pair pair;
    if (!open_pair(io, net, "192.0.2.2:0", NULL, &pair)) return;
    weir_datagram datagram = {0};
    check_int(weir_udp_send(io, &pair.near, large, 1000), 1000);
    check_int(weir_udp_send(io, &pair.near, large, 100), 100);
    check_int(weir_udp_send(io, &pair.near, large, 101), 101);
    check_int(weir_udp_receive_datagram(io, &pair.far, got, 100, soon(io), &datagram), 100);
    check(datagram.truncated);
    check_int(datagram.whole, 1000);
    check_int(weir_udp_receive_datagram(io, &pair.far, got, 100, soon(io), &datagram), 100);
    check(!datagram.truncated);
    check_int(weir_udp_receive_until(io, &pair.far, got, 100, soon(io), NULL), WEIR_EMSGSIZE);
    close_pair(io, &pair);
}

/* One send that the kernel cuts; what arrives may have been put together again. */
NETWORK(segments_arrive_as_datagrams, NETWORK_DIRECT)
{
    enum { SEGMENT = 1200, TOTAL = 40 * SEGMENT + 77 };
    fill_large();
    udp_pair pair;
    if (!open_pair(io, net, "192.0.2.2:0", NULL, &pair)) return;
    check_int(weir_option_set_receive_buffer(io, pair.far.socket, 1 << 20), 0);
    for (int gro = 0; gro < 2; gro++) {
        check_int(weir_option_set_udp_gro(io, pair.far.socket, gro), 0);
        check_int(weir_udp_send_segments(io, &pair.near, large, TOTAL, SEGMENT, NULL), TOTAL);
        size_t total = 0;
        unsigned received = 0;
        while (total < TOTAL) {
            weir_datagram datagram = {0};
            int64_t n =
                weir_udp_receive_datagram(io, &pair.far, got, sizeof got, soon(io), &datagram);
            if (!check(n > 0)) break;
            received++;
            uint32_t segment =
                datagram.about.has & WEIR_ANCILLARY_SEGMENT ? datagram.about.segment : 0;
            weir_bytes rest = {got, (size_t)n}, one;
            while (weir_udp_next_segment(&rest, segment, &one)) {
                size_t left = TOTAL - total;
                check_int(one.len, left < SEGMENT ? left : SEGMENT);
                check(memcmp(one.data, large + total, one.len) == 0);
                total += one.len;
            }
        }
        check(gro ? received < TOTAL / SEGMENT : received == TOTAL / SEGMENT + 1);
    }
    close_pair(io, &pair);
}

typedef struct echo_server {
    weir_udp_socket udp;
    weir_address address;
} echo_server;

static int open_echo(weir_io *io, void *argument)
{
    echo_server *server = argument;
    int error = weir_udp_bind(io, &server->address, NULL, &server->udp);
    if (!error) set_port(io, &server->udp, &server->address);
    return error;
}

/* Answers until a datagram without bytes comes, or for so long that the test has failed. */
static int run_echo(weir_io *io, void *argument)
{
    echo_server *server = argument;
    for (;;) {
        char data[64];
        weir_address from;
        int64_t n = weir_udp_receive_until(io, &server->udp, data, sizeof data, soon(io), &from);
        if (n <= 0) break;
        check_int(weir_udp_send_to(io, &server->udp, data, (size_t)n, &from), n);
    }
    weir_udp_close(io, &server->udp);
    return 0;
}

static bool has_number(void *context, weir_bytes answer)
{
    return answer.len == sizeof(uint32_t) && memcmp(answer.data, context, answer.len) == 0;
}

NETWORK(questions_are_answered_though_datagrams_are_lost, NETWORK_WIRE)
{
    enum { QUESTIONS = 40 };
    echo_server server = {.address = network_address("192.0.2.2:0")};
    if (!check_int(network_far(io, net, open_echo, &server), 0)) return;
    network_job job;
    network_start(io, net, &job, run_echo, &server);
    weir_udp_socket udp;
    if (!check_int(weir_udp_dial(io, &server.address, NULL, &udp), 0)) return;
    wire_set(network_wire(net), &(wire_faults){.lost = 200, .duplicated = 200, .reordered = 200});
    for (uint32_t number = 0; number < QUESTIONS; number++) {
        const weir_udp_question question = {.data = {(const char *)&number, sizeof number},
                                            .match = has_number,
                                            .context = &number,
                                            .patience = weir_milliseconds(10)};
        uint32_t answer = 0;
        check_int(weir_udp_ask(io, &udp, &question, &answer, sizeof answer, soon(io)),
                  sizeof answer);
        check_int(answer, number);
    }
    wire_counts counts = wire_count(network_wire(net));
    check(counts.lost > 0 && counts.duplicated > 0 && counts.reordered > 0);
    wire_set(network_wire(net), &(wire_faults){0});
    check_int(weir_udp_send(io, &udp, "", 0), 0);
    network_join(io, &job);
    weir_udp_close(io, &udp);
}

/* A connected client hears only the address that it asked. */
static void ask_each_address(weir_io *io, network *net, const char *wildcard, bool dual,
                             const char *const *addresses, size_t count)
{
    weir_address any = network_address(wildcard);
    const weir_socket_options options = {.receive_packet_info = true, .dual_stack = dual};
    weir_udp_socket server;
    if (!bind_far(io, net, &any, &options, &server)) return;
    set_port(io, &server, &any);
    for (size_t i = 0; i < count; i++) {
        weir_address peer = network_address(addresses[i]);
        peer.port = any.port;
        weir_udp_socket client;
        if (!check_int(weir_udp_dial(io, &peer, NULL, &client), 0)) continue;
        check_int(weir_udp_send(io, &client, "ask", 3), 3);
        weir_datagram request = {0};
        char data[8];
        check_int(weir_udp_receive_datagram(io, &server, data, sizeof data, soon(io), &request), 3);
        check_int(weir_udp_reply(io, &server, &request, "answer", 6), 6);
        weir_address from = {0};
        check_int(weir_udp_receive_until(io, &client, data, sizeof data, soon(io), &from), 6);
        check(weir_address_equal(&from, &peer));
        weir_udp_close(io, &client);
    }
    weir_udp_close(io, &server);
}

NETWORK(an_answer_comes_from_the_address_that_was_asked, NETWORK_DIRECT)
{
    network_ip(net, NETWORK_FAR,
               "addr add 192.0.2.3/24 dev net0\n"
               "addr add 192.0.2.4/32 dev lo\n"
               "addr add 198.51.100.3/24 dev net1\n");
    static const char *const ipv4[] = {"192.0.2.2:0", "192.0.2.3:0", "192.0.2.4:0",
                                       "198.51.100.2:0", "198.51.100.3:0"};
    ask_each_address(io, net, "0.0.0.0:0", false, ipv4, 5);
    if (!network_needs_ipv6(net)) return;
    network_ip(net, NETWORK_FAR,
               "addr add 2001:db8::3/64 dev net0 nodad\n"
               "addr add 2001:db8:1::3/64 dev net1 nodad\n");
    static const char *const ipv6[] = {"[2001:db8::2]:0",   "[2001:db8::3]:0", "[2001:db8:1::2]:0",
                                       "[2001:db8:1::3]:0", "[fe80::2%10]:0",  "[fe80::2%11]:0"};
    ask_each_address(io, net, "[::]:0", false, ipv6, 6);
    ask_each_address(io, net, "[::]:0", true, ipv6, 6);
    ask_each_address(io, net, "[::]:0", true, ipv4, 5);
}

/* Hops and the traffic class with its ECN bits, as they are after a router. */
NETWORK(what_goes_with_a_datagram_crosses_a_router, NETWORK_ROUTER)
{
    static const char *const far[] = {"198.51.100.2:0", "[2001:db8:1::2]:0"};
    for (int i = 0; i < 2; i++) {
        if (i == 1 && !network_needs_ipv6(net)) return;
        const weir_socket_options options = {.ttl = 9, .traffic_class = 0xb8 | WEIR_ECN_CAPABLE_0};
        udp_pair pair;
        if (!open_pair(io, net, far[i], &options, &pair)) return;
        check_int(weir_option_set_receive_ttl(io, pair.far.socket, true), 0);
        check_int(weir_option_set_receive_traffic_class(io, pair.far.socket, true), 0);
        check_int(weir_udp_send(io, &pair.near, "x", 1), 1);
        weir_datagram datagram = {0};
        check_int(weir_udp_receive_datagram(io, &pair.far, got, 1, soon(io), &datagram), 1);
        check_int(datagram.about.ttl, 8);
        check_int(datagram.about.traffic_class, 0xba);
        close_pair(io, &pair);
    }
}
