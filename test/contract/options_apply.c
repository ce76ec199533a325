/* SPDX-License-Identifier: MIT
 *
 * Does a value of options set what it asks for and nothing else, and name what
 * failed?
 */
#include "test/contract/contract.h"

#include <netinet/in.h>

#include <weir/net/option.h>

static bool opened(weir_io *io, int family, int type, weir_socket *out)
{
    return weir_socket_open(io, family, type, 0, out) == 0;
}

/* Applies and checks the outcome and the name of the member that failed. */
static void check_apply(weir_io *io, int family, int type, const weir_socket_options *options,
                        int expected, const char *expected_name)
{
    weir_socket socket;
    const char *failed = "?";
    if (!opened(io, family, type, &socket)) {
        check(family == AF_INET6); /* a machine may be without */
        return;
    }
    check_int(weir_socket_options_apply(io, socket, options, &failed), expected);
    if (expected_name)
        check(failed && strcmp(failed, expected_name) == 0);
    else
        check(failed == NULL);
    weir_close_socket(io, socket);
}

CONTRACT(no_options_leave_everything_but_the_delay)
{
    weir_socket tcp, udp;
    bool on = false;
    check(opened(io, AF_INET, SOCK_STREAM, &tcp));
    check(opened(io, AF_INET, SOCK_DGRAM, &udp));
    check_int(weir_socket_options_apply(io, udp, NULL, NULL), 0);
    check_int(weir_socket_options_apply(io, tcp, NULL, NULL), 0);
    check_int(weir_option_get_nodelay(io, tcp, &on), 0);
    check(on);
    check_int(weir_option_get_reuse_address(io, tcp, &on), 0);
    check(!on);
    check_int(weir_option_get_reuse_port(io, tcp, &on), 0);
    check(!on);
    weir_close_socket(io, tcp);
    weir_close_socket(io, udp);
}

CONTRACT(reusing_an_address_does_not_share_the_port)
{
    weir_socket first, second;
    weir_address address = weir_address_loopback4(0);
    const weir_socket_options options = {.reuse_address = true, .delay = true};
    bool on = true;
    check(opened(io, AF_INET, SOCK_STREAM, &first));
    check(opened(io, AF_INET, SOCK_STREAM, &second));
    check_int(weir_socket_options_apply(io, first, &options, NULL), 0);
    check_int(weir_socket_options_apply(io, second, &options, NULL), 0);
    check_int(weir_option_get_reuse_port(io, first, &on), 0);
    check(!on);
    check_int(weir_option_get_nodelay(io, first, &on), 0);
    check(!on);
    check_int(weir_bind(io, first, &address), 0);
    check_int(weir_listen(io, first, 1), 0);
    check_int(weir_local_address(io, first, &address), 0);
    int error = weir_bind(io, second, &address);
    if (!error) error = weir_listen(io, second, 1);
    check_int(error, WEIR_EADDRINUSE);
    weir_close_socket(io, first);
    weir_close_socket(io, second);
}

CONTRACT(reusing_a_port_shares_it)
{
    weir_socket first, second;
    weir_address address = weir_address_loopback4(0);
    const weir_socket_options options = {.reuse_port = true};
    check(opened(io, AF_INET, SOCK_STREAM, &first));
    check(opened(io, AF_INET, SOCK_STREAM, &second));
    check_int(weir_socket_options_apply(io, first, &options, NULL), 0);
    check_int(weir_socket_options_apply(io, second, &options, NULL), 0);
    check_int(weir_bind(io, first, &address), 0);
    check_int(weir_listen(io, first, 1), 0);
    check_int(weir_local_address(io, first, &address), 0);
    check_int(weir_bind(io, second, &address), 0);
    check_int(weir_listen(io, second, 1), 0);
    weir_close_socket(io, first);
    weir_close_socket(io, second);
}

/* Binds an IPv6 wildcard socket and then an IPv4 one to the same port.  Returns
 * the outcome of the second bind, or 1 when there is no IPv6 here. */
static int bind_neighbour(weir_io *io, const weir_socket_options *options)
{
    weir_socket six, four;
    weir_address address = weir_address_any6(0);
    if (!opened(io, AF_INET6, SOCK_DGRAM, &six)) return 1;
    check_int(weir_socket_options_apply(io, six, options, NULL), 0);
    int error = weir_bind(io, six, &address);
    if (!error) {
        check_int(weir_local_address(io, six, &address), 0);
        address = weir_address_any4(address.port);
        check(opened(io, AF_INET, SOCK_DGRAM, &four));
        error = weir_bind(io, four, &address);
        weir_close_socket(io, four);
    } else {
        error = 1;
    }
    weir_close_socket(io, six);
    return error;
}

CONTRACT(an_ipv6_only_socket_has_an_ipv4_neighbour_and_a_dual_one_has_not)
{
    const weir_socket_options only = {.only_ipv6 = true}, dual = {.dual_stack = true};
    /* Another test may hold the IPv4 port by chance: rarely, and never so often.
     */
    int error = WEIR_EADDRINUSE;
    for (int tries = 0; error == WEIR_EADDRINUSE && tries < 8; tries++)
        error = bind_neighbour(io, &only);
    check(error == 0 || error == 1);
    error = bind_neighbour(io, &dual);
    check(error == WEIR_EADDRINUSE || error == 1);
}

CONTRACT(the_ipv6_choice_is_ignored_on_ipv4_unless_strict)
{
    weir_socket_options options = {.only_ipv6 = true};
    check_apply(io, AF_INET, SOCK_DGRAM, &options, 0, NULL);
    options.strict = true;
    check_apply(io, AF_INET, SOCK_DGRAM, &options, WEIR_EUNSUPPORTED, "only_ipv6");
    options = (weir_socket_options){.dual_stack = true};
    check_apply(io, AF_UNIX, SOCK_DGRAM, &options, 0, NULL);
    options.strict = true;
    check_apply(io, AF_INET, SOCK_STREAM, &options, WEIR_EUNSUPPORTED, "dual_stack");
    options = (weir_socket_options){.dual_stack = true, .only_ipv6 = true};
    check_apply(io, AF_INET6, SOCK_STREAM, &options, WEIR_EINVAL, "dual_stack");
}

CONTRACT(the_option_that_failed_is_named)
{
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.ttl = 256}, WEIR_EINVAL, "ttl");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.ttl = -1}, WEIR_EINVAL, "ttl");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.send_buffer = SIZE_MAX},
                WEIR_EINVAL, "send_buffer");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.broadcast = true},
                WEIR_EUNSUPPORTED, "broadcast");
    check_apply(io, AF_INET, SOCK_DGRAM, &(weir_socket_options){.delay = true}, WEIR_EUNSUPPORTED,
                "delay");
    check_apply(io, AF_INET, SOCK_DGRAM, &(weir_socket_options){.keepalive = {.on = true}},
                WEIR_EUNSUPPORTED, "keepalive");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.linger = {.on = true}},
                WEIR_EINVAL, "linger");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.congestion = "noSuchOne"},
                WEIR_EUNSUPPORTED, "congestion");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.max_segment = 87}, WEIR_EINVAL,
                "max_segment");
    check_apply(io, AF_INET, SOCK_DGRAM, &(weir_socket_options){.multicast_hops = -1}, WEIR_EINVAL,
                "multicast_hops");
    check_apply(io, AF_INET, SOCK_DGRAM, &(weir_socket_options){.device = {INT32_MAX}},
                WEIR_EINTERFACE, "device");
    check_apply(io, AF_INET, SOCK_STREAM, &(weir_socket_options){.user_timeout = {-1}}, WEIR_EINVAL,
                "user_timeout");
    check_apply(io, AF_UNIX, SOCK_STREAM, &(weir_socket_options){.reuse_port = true},
                WEIR_EUNSUPPORTED, "reuse_port");
    check_apply(io, AF_UNIX, SOCK_STREAM, &(weir_socket_options){.pass_credentials = true}, 0,
                NULL);
}

CONTRACT(all_options_of_a_tcp_socket_are_applied)
{
    const weir_socket_options options = {.reuse_address = true,
                                         .bind_without_port = true,
                                         .free_bind = true,
                                         .send_buffer = 20000,
                                         .receive_buffer = 30000,
                                         .ttl = 9,
                                         .traffic_class = 0x20,
                                         .priority = 3,
                                         .zero_copy = true,
                                         .cork = true,
                                         .fast_open_queue = 4,
                                         .keepalive = {true, 4, weir_seconds(7), weir_seconds(3)},
                                         .linger = {true, weir_seconds(2)},
                                         .user_timeout = weir_seconds(8),
                                         .defer_accept = weir_seconds(1),
                                         .congestion = "reno",
                                         .not_sent_low = 4096,
                                         .max_segment = 1000};
    weir_socket socket;
    const char *failed;
    check(opened(io, AF_INET, SOCK_STREAM, &socket));
    check_int(weir_socket_options_apply(io, socket, &options, &failed), 0);
    bool on;
    int number;
    size_t size;
    uint32_t bits;
    weir_duration time;
    weir_keepalive keepalive;
    weir_linger linger;
    check(weir_option_get_reuse_address(io, socket, &on) == 0 && on);
    check(weir_option_get_bind_without_port(io, socket, &on) == 0 && on);
    check(weir_option_get_free_bind(io, socket, &on) == 0 && on);
    check(weir_option_get_zero_copy(io, socket, &on) == 0 && on);
    check(weir_option_get_nodelay(io, socket, &on) == 0 && on);
    check(weir_option_get_cork(io, socket, &on) == 0 && on);
    check(weir_option_get_send_buffer(io, socket, &size) == 0 && size == 40000);
    check(weir_option_get_receive_buffer(io, socket, &size) == 0 && size == 60000);
    check(weir_option_get_ttl(io, socket, &number) == 0 && number == 9);
    check(weir_option_get_traffic_class(io, socket, &number) == 0 && number == 0x20);
    check(weir_option_get_priority(io, socket, &number) == 0 && number == 3);
    check(weir_option_get_fast_open_queue(io, socket, &number) == 0 && number == 4);
    check(weir_option_get_keepalive(io, socket, &keepalive) == 0 && keepalive.on);
    check(keepalive.count == 4 && keepalive.idle.ns == weir_seconds(7).ns);
    check(weir_option_get_linger(io, socket, &linger) == 0 && linger.on);
    check(weir_option_get_user_timeout(io, socket, &time) == 0 && time.ns == weir_seconds(8).ns);
    check(weir_option_get_not_sent_low(io, socket, &bits) == 0 && bits == 4096);
    weir_close_socket(io, socket);
}

CONTRACT(all_options_of_a_udp_socket_are_applied)
{
    const weir_socket_options options = {.broadcast = true,
                                         .dont_fragment = true,
                                         .no_multicast_loop = true,
                                         .multicast_hops = WEIR_OPTION_ZERO,
                                         .multicast_interface = {1},
                                         .receive_packet_info = true,
                                         .receive_traffic_class = true,
                                         .receive_ttl = true,
                                         .receive_timestamp = true,
                                         .receive_errors = true,
                                         .udp_gro = true,
                                         .udp_segment = 1200};
    static const int families[] = {AF_INET, AF_INET6};
    for (int f = 0; f < 2; f++) {
        weir_socket socket;
        const char *failed;
        bool on = false;
        int number = -1;
        if (!opened(io, families[f], SOCK_DGRAM, &socket)) continue;
        check_int(weir_socket_options_apply(io, socket, &options, &failed), 0);
        check(weir_option_get_broadcast(io, socket, &on) == 0 && on);
        check(weir_option_get_dont_fragment(io, socket, &on) == 0 && on);
        check(weir_option_get_multicast_loop(io, socket, &on) == 0 && !on);
        check(weir_option_get_multicast_hops(io, socket, &number) == 0 && number == 0);
        check(weir_option_get_receive_packet_info(io, socket, &on) == 0 && on);
        check(weir_option_get_receive_traffic_class(io, socket, &on) == 0 && on);
        check(weir_option_get_receive_ttl(io, socket, &on) == 0 && on);
        check(weir_option_get_receive_timestamp(io, socket, &on) == 0 && on);
        check(weir_option_get_receive_errors(io, socket, &on) == 0 && on);
        check(weir_option_get_udp_gro(io, socket, &on) == 0 && on);
        check(weir_option_get_udp_segment(io, socket, &number) == 0 && number == 1200);
        weir_close_socket(io, socket);
    }
}
