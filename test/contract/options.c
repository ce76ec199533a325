/* SPDX-License-Identifier: MIT
 *
 * Is every socket option set and read back on each kind of socket that has it,
 * refused outside of its range, and plainly "not supported" elsewhere?
 */
#include "test/contract/contract.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include <weir/net/option.h>

/* Kinds of sockets, as bits. */
enum { TCP4 = 1, TCP6 = 2, UDP4 = 4, UDP6 = 8, LOCAL = 16, KINDS = 5 };
enum { TCP = TCP4 | TCP6, UDP = UDP4 | UDP6, IP = TCP | UDP, ALL = IP | LOCAL };

static int open_kind(weir_io *io, int kind, weir_socket *out)
{
    const int family = kind == LOCAL ? AF_UNIX : kind & (TCP4 | UDP4) ? AF_INET : AF_INET6;
    return weir_socket_open(io, family, kind & UDP ? SOCK_DGRAM : SOCK_STREAM, 0, out);
}

/* Whether the outcome means that this machine does not grant or have it. */
static bool is_withheld(int error)
{
    return error == WEIR_EPERM || error == WEIR_EACCES || error == WEIR_EUNSUPPORTED;
}

typedef int set_switch_fn(weir_io *, weir_socket, bool);
typedef int get_switch_fn(weir_io *, weir_socket, bool *);

static const struct {
    const char *name;
    set_switch_fn *set;
    get_switch_fn *get;
    int kinds;
    bool may_be_withheld;
} switches[] = {
#define SWITCH(name_, kinds_, withheld_)                                            \
    {                                                                               \
#name_, weir_option_set_##name_, weir_option_get_##name_, kinds_, withheld_ \
    }
    SWITCH(reuse_address, IP, false),
    SWITCH(reuse_port, IP, false),
    SWITCH(only_ipv6, TCP6 | UDP6, false),
    SWITCH(bind_without_port, IP, false),
    SWITCH(free_bind, IP, false),
    SWITCH(transparent, IP, true),
    SWITCH(zero_copy, IP, false),
    SWITCH(nodelay, TCP, false),
    SWITCH(cork, TCP, false),
    SWITCH(quick_ack, TCP, false),
    SWITCH(fast_open_connect, TCP, true),
    SWITCH(broadcast, UDP, false),
    SWITCH(multicast_loop, UDP, false),
    SWITCH(dont_fragment, IP, false),
    SWITCH(receive_packet_info, UDP, false),
    SWITCH(receive_traffic_class, UDP, false),
    SWITCH(receive_ttl, UDP, false),
    SWITCH(receive_timestamp, ALL, false),
    SWITCH(receive_errors, UDP, false),
    SWITCH(udp_gro, UDP, false),
    SWITCH(pass_credentials, LOCAL, false),
};

static void check_switch(weir_io *io, size_t i, int kind)
{
    weir_socket socket;
    if (open_kind(io, kind, &socket) == WEIR_EAFNOSUPPORT) return; /* no IPv6 here */
    contract_at(switches[i].name, (size_t)kind);
    bool is = false;
    int error = switches[i].set(io, socket, true);
    if (!(switches[i].kinds & kind)) {
        check_int(error, WEIR_EUNSUPPORTED);
        check_int(switches[i].get(io, socket, &is), WEIR_EUNSUPPORTED);
    } else if (!switches[i].may_be_withheld || !is_withheld(error)) {
        check_int(error, 0);
        check_int(switches[i].get(io, socket, &is), 0);
        check(is);
        check_int(switches[i].set(io, socket, false), 0);
        check_int(switches[i].get(io, socket, &is), 0);
        check(!is);
    }
    if (contract_failed()) fprintf(stderr, "the switch is %s on kind %d\n", switches[i].name, kind);
    weir_close_socket(io, socket);
}

CONTRACT(each_switch_of_a_socket_is_set_and_read_back)
{
    for (size_t i = 0; i < sizeof switches / sizeof *switches && !contract_failed(); i++)
        for (int k = 0; k < KINDS && !contract_failed(); k++) check_switch(io, i, 1 << k);
}

typedef int set_number_fn(weir_io *, weir_socket, int);
typedef int get_number_fn(weir_io *, weir_socket, int *);

static const struct {
    const char *name;
    set_number_fn *set;
    get_number_fn *get;
    int kinds;
    int good[3], bad[3];
    bool may_be_withheld;
} numbers[] = {
#define NUMBER(name_, kinds_, withheld_, good1_, good2_, good3_, bad1_, bad2_, bad3_) \
    {                                                                                 \
#name_, weir_option_set_##name_, weir_option_get_##name_, kinds_,             \
            {good1_, good2_, good3_ }, {bad1_, bad2_, bad3_ }, withheld_              \
    }
    NUMBER(ttl, IP, false, 1, 77, 255, 0, 256, -2),
    NUMBER(traffic_class, UDP, false, 0, 0xb9, 255, 256, -2, INT_MAX),
    NUMBER(traffic_class, TCP, false, 0, 0xb8, 252, 256, -2, INT_MIN),
    NUMBER(priority, ALL, false, 0, 1, 6, -1, -1, INT_MIN),
    NUMBER(incoming_cpu, ALL, true, 0, 0, 0, -1, -2, INT_MIN),
    NUMBER(fast_open_queue, TCP, true, 0, 5, 100, -1, 65536, INT_MAX),
    NUMBER(max_segment, TCP, false, 88, 1000, 32767, 87, 32768, -1),
    NUMBER(multicast_hops, UDP, false, 0, 1, 255, 256, -2, INT_MAX),
    NUMBER(udp_segment, UDP, true, 0, 1200, 65535, -1, 65536, INT_MIN),
};

static void check_number(weir_io *io, size_t i, int kind)
{
    weir_socket socket;
    if (open_kind(io, kind, &socket) == WEIR_EAFNOSUPPORT) return;
    contract_at(numbers[i].name, (size_t)kind);
    for (int v = 0; v < 3; v++) {
        int is = -77;
        int error = numbers[i].set(io, socket, numbers[i].good[v]);
        check_int(numbers[i].set(io, socket, numbers[i].bad[v]), WEIR_EINVAL);
        if (numbers[i].may_be_withheld && is_withheld(error)) continue;
        check_int(error, 0);
        check_int(numbers[i].get(io, socket, &is), 0);
        /* A segment limit shows only on a connection. */
        if (numbers[i].get != weir_option_get_max_segment) check_int(is, numbers[i].good[v]);
    }
    if (contract_failed()) fprintf(stderr, "the number is %s on kind %d\n", numbers[i].name, kind);
    weir_close_socket(io, socket);
}

CONTRACT(each_number_of_a_socket_is_set_and_read_back_within_its_range)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !contract_failed(); i++)
        for (int k = 0; k < KINDS && !contract_failed(); k++)
            if (numbers[i].kinds & 1 << k) check_number(io, i, 1 << k);
}

CONTRACT(options_of_one_kind_are_unsupported_on_another)
{
    weir_socket tcp, udp, local;
    check_int(open_kind(io, TCP4, &tcp), 0);
    check_int(open_kind(io, UDP4, &udp), 0);
    check_int(open_kind(io, LOCAL, &local), 0);
    const weir_keepalive keepalive = {.on = true};
    const weir_linger linger = {.on = true, .time = weir_seconds(1)};
    const weir_address loopback = weir_address_loopback4(0);
    char name[WEIR_CONGESTION_NAME];
    weir_keepalive k;
    weir_linger l;
    weir_interface interface = {1};
    int number;
    check_int(weir_option_set_keepalive(io, udp, &keepalive), WEIR_EUNSUPPORTED);
    check_int(weir_option_get_keepalive(io, local, &k), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_linger(io, udp, &linger), WEIR_EUNSUPPORTED);
    check_int(weir_option_get_linger(io, local, &l), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_reset_on_close(io, local), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_ttl(io, local, 4), WEIR_EUNSUPPORTED);
    check_int(weir_option_get_path_mtu(io, local, &number), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_user_timeout(io, udp, weir_seconds(1)), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_defer_accept(io, local, weir_seconds(1)), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_congestion(io, udp, weir_bytes_text("cubic")), WEIR_EUNSUPPORTED);
    check_int(weir_option_get_congestion(io, local, name), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_not_sent_low(io, udp, 1), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_multicast_interface(io, tcp, interface), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_multicast_address(io, tcp, &loopback), WEIR_EUNSUPPORTED);
    check_int(weir_option_get_multicast_interface(io, udp, &interface), WEIR_EUNSUPPORTED);
    check_int(weir_option_set_device(io, local, interface), WEIR_EUNSUPPORTED);
    weir_close_socket(io, tcp);
    weir_close_socket(io, udp);
    weir_close_socket(io, local);
}

CONTRACT(what_is_no_open_socket_has_no_options)
{
    int ends[2];
    check_int(pipe(ends), 0);
    const weir_socket none = {-1}, pipe_end = {ends[0]};
    bool on;
    int error;
    const char *failed = "?";
    check_int(weir_option_set_nodelay(io, none, true), WEIR_EBADF);
    check_int(weir_option_get_ttl(io, none, &error), WEIR_EBADF);
    check_int(weir_option_set_nodelay(io, pipe_end, true), WEIR_ENOTSOCK);
    check_int(weir_option_get_broadcast(io, pipe_end, &on), WEIR_ENOTSOCK);
    check_int(weir_option_take_error(io, none, &error), WEIR_EBADF);
    check_int(weir_socket_options_apply(io, none, NULL, &failed), WEIR_EBADF);
    check(failed == NULL);
    check_int(weir_option_set_ttl(io, none, 256), WEIR_EINVAL); /* the range comes first */
    close(ends[0]);
    close(ends[1]);
}

CONTRACT(an_option_is_a_cancellation_point)
{
    weir_socket socket;
    check_int(open_kind(io, TCP4, &socket), 0);
    weir_scope scope;
    bool on = true;
    weir_scope_enter(io, &scope, (weir_deadline){1});
    check_int(weir_option_set_nodelay(io, socket, true), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(weir_option_get_nodelay(io, socket, &on), 0);
    check(!on);
    weir_close_socket(io, socket);
}

static int raw(weir_io *io, weir_socket socket, int level, int name)
{
    int value = -1;
    uint32_t size = sizeof value;
    check_int(weir_get_option(io, socket, level, name, &value, &size), 0);
    return value;
}

CONTRACT(an_ipv6_socket_has_options_of_both_levels)
{
    weir_socket socket;
    if (open_kind(io, UDP6, &socket) < 0) return;
    check_int(weir_option_set_ttl(io, socket, 33), 0);
    check_int(raw(io, socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 33);
    check_int(raw(io, socket, IPPROTO_IP, IP_TTL), 33);
    check_int(weir_option_set_ttl(io, socket, WEIR_OPTION_DEFAULT), 0);
    check(raw(io, socket, IPPROTO_IP, IP_TTL) != 33);
    check_int(weir_option_set_traffic_class(io, socket, 0x2e << 2), 0);
    check_int(raw(io, socket, IPPROTO_IPV6, IPV6_TCLASS), 0x2e << 2);
    check_int(raw(io, socket, IPPROTO_IP, IP_TOS), 0x2e << 2);
    check_int(weir_option_set_traffic_class(io, socket, WEIR_OPTION_DEFAULT), 0);
    check_int(raw(io, socket, IPPROTO_IPV6, IPV6_TCLASS), 0);
    check_int(raw(io, socket, IPPROTO_IP, IP_TOS), 0);
    check_int(weir_option_set_multicast_hops(io, socket, 9), 0);
    check_int(raw(io, socket, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 9);
    check_int(raw(io, socket, IPPROTO_IP, IP_MULTICAST_TTL), 9);
    check_int(weir_option_set_multicast_loop(io, socket, false), 0);
    check_int(raw(io, socket, IPPROTO_IP, IP_MULTICAST_LOOP), 0);
    check_int(weir_option_set_path_mtu_discovery(io, socket, WEIR_PATH_MTU_PROBE), 0);
    check_int(raw(io, socket, IPPROTO_IP, IP_MTU_DISCOVER), WEIR_PATH_MTU_PROBE);
    check_int(weir_option_set_receive_errors(io, socket, true), 0);
    check_int(raw(io, socket, IPPROTO_IP, IP_RECVERR), 1);
    weir_close_socket(io, socket);
}

CONTRACT(buffer_sizes_are_the_kernels_effective_ones)
{
    weir_socket socket;
    check_int(open_kind(io, TCP4, &socket), 0);
    size_t bytes = 0;
    check_int(weir_option_set_send_buffer(io, socket, 20000), 0);
    check_int(weir_option_get_send_buffer(io, socket, &bytes), 0);
    check_int(bytes, 40000);
    check_int(weir_option_set_receive_buffer(io, socket, 30000), 0);
    check_int(weir_option_get_receive_buffer(io, socket, &bytes), 0);
    check_int(bytes, 60000);
    check_int(weir_option_set_send_buffer(io, socket, 0), WEIR_EINVAL);
    check_int(weir_option_set_send_buffer(io, socket, (size_t)INT_MAX + 1), WEIR_EINVAL);
    check_int(weir_option_set_receive_buffer(io, socket, SIZE_MAX), WEIR_EINVAL);
    weir_close_socket(io, socket);
}

CONTRACT(keepalive_times_are_rounded_up)
{
    weir_socket socket;
    check_int(open_kind(io, TCP4, &socket), 0);
    weir_keepalive before, is, value = {.on = true};
    check_int(weir_option_get_keepalive(io, socket, &before), 0);
    check(!before.on);
    check_int(weir_option_set_keepalive(io, socket, &value), 0);
    check_int(weir_option_get_keepalive(io, socket, &is), 0);
    check(is.on && is.count == before.count); /* zeros left them */
    check_int(is.idle.ns, before.idle.ns);
    check_int(is.interval.ns, before.interval.ns);
    value = (weir_keepalive){true, 5, weir_milliseconds(59001), weir_nanoseconds(1)};
    check_int(weir_option_set_keepalive(io, socket, &value), 0);
    check_int(weir_option_get_keepalive(io, socket, &is), 0);
    check_int(is.idle.ns, weir_seconds(60).ns);
    check_int(is.interval.ns, weir_seconds(1).ns);
    check_int(is.count, 5);
    const weir_keepalive bad[] = {
        {true, 128, {0}, {0}},
        {true, -1, {0}, {0}},
        {true, 0, weir_seconds(-1), {0}},
        {true, 0, weir_seconds(32768), {0}},
        {true, 0, {0}, weir_nanoseconds(-1)},
        {true, 0, {0}, weir_forever()},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_int(weir_option_set_keepalive(io, socket, &bad[i]), WEIR_EINVAL);
    value = (weir_keepalive){0};
    check_int(weir_option_set_keepalive(io, socket, &value), 0);
    check_int(weir_option_get_keepalive(io, socket, &is), 0);
    check(!is.on && is.count == 5);
    weir_close_socket(io, socket);
}

CONTRACT(lingering_half_a_second_is_not_an_abort)
{
    weir_socket socket;
    check_int(open_kind(io, TCP4, &socket), 0);
    weir_linger is = {0}, value = {.on = true, .time = weir_milliseconds(500)};
    check_int(weir_option_set_linger(io, socket, &value), 0);
    check_int(weir_option_get_linger(io, socket, &is), 0);
    check(is.on);
    check_int(is.time.ns, weir_seconds(1).ns);
    value.time = weir_nanoseconds(0);
    check_int(weir_option_set_linger(io, socket, &value), WEIR_EINVAL);
    value.time = weir_seconds(-1);
    check_int(weir_option_set_linger(io, socket, &value), WEIR_EINVAL);
    value.time = weir_seconds(32768);
    check_int(weir_option_set_linger(io, socket, &value), WEIR_EINVAL);
    check_int(weir_option_set_reset_on_close(io, socket), 0);
    check_int(weir_option_get_linger(io, socket, &is), 0);
    check(is.on && is.time.ns == 0);
    value = (weir_linger){0};
    check_int(weir_option_set_linger(io, socket, &value), 0);
    check_int(weir_option_get_linger(io, socket, &is), 0);
    check(!is.on && is.time.ns == 0);
    weir_close_socket(io, socket);
}

CONTRACT(a_socket_that_resets_on_close_resets)
{
    weir_socket ends[2];
    if (!check(contract_tcp_pair(io, ends))) return;
    char byte;
    check_int(weir_option_set_reset_on_close(io, ends[0]), 0);
    weir_close_socket(io, ends[0]);
    ends[0].fd = -1;
    check_int(weir_read(io, ends[1], &byte, 1), WEIR_ECONNRESET);
    contract_close(io, ends);
}

CONTRACT(times_of_tcp_are_rounded_up_and_bounded)
{
    weir_socket socket;
    weir_duration is;
    check_int(open_kind(io, TCP4, &socket), 0);
    check_int(weir_option_set_user_timeout(io, socket, weir_microseconds(1500)), 0);
    check_int(weir_option_get_user_timeout(io, socket, &is), 0);
    check_int(is.ns, weir_milliseconds(2).ns);
    check_int(weir_option_set_user_timeout(io, socket, weir_seconds(-1)), WEIR_EINVAL);
    check_int(weir_option_set_user_timeout(io, socket, weir_forever()), WEIR_EINVAL);
    check_int(weir_option_set_user_timeout(io, socket, weir_seconds(0)), 0);
    check_int(weir_option_set_defer_accept(io, socket, weir_milliseconds(1)), 0);
    check_int(weir_option_get_defer_accept(io, socket, &is), 0);
    check_int(is.ns, weir_seconds(1).ns);
    check_int(weir_option_set_defer_accept(io, socket, weir_seconds(32768)), WEIR_EINVAL);
    check_int(weir_option_set_busy_poll(io, socket, weir_seconds(2)), WEIR_EINVAL);
    int error = weir_option_set_busy_poll(io, socket, weir_nanoseconds(1));
    check(error == 0 || is_withheld(error));
    if (!error) {
        check_int(weir_option_get_busy_poll(io, socket, &is), 0);
        check_int(is.ns, 1000);
    }
    weir_close_socket(io, socket);
}

CONTRACT(congestion_control_is_chosen_by_name)
{
    weir_socket socket;
    char name[WEIR_CONGESTION_NAME];
    check_int(open_kind(io, TCP4, &socket), 0);
    check_int(weir_option_set_congestion(io, socket, weir_bytes_text("reno")), 0);
    check_int(weir_option_get_congestion(io, socket, name), 0);
    check(strcmp(name, "reno") == 0);
    check_int(weir_option_set_congestion(io, socket, weir_bytes_text("noSuchOne")),
              WEIR_EUNSUPPORTED);
    check_int(weir_option_set_congestion(io, socket, weir_bytes_text("")), WEIR_EINVAL);
    check_int(weir_option_set_congestion(io, socket, weir_bytes_of("re\0o", 4)), WEIR_EINVAL);
    check_int(weir_option_set_congestion(io, socket, weir_bytes_text("sixteen-letters-")),
              WEIR_ENAMETOOLONG);
    weir_close_socket(io, socket);
}

CONTRACT(a_socket_is_bound_to_an_interface_by_index)
{
    weir_socket socket;
    weir_interface is = {77}, none = {0}, absent = {INT_MAX}, absurd = {UINT32_MAX}, first = {1};
    check_int(open_kind(io, UDP4, &socket), 0);
    check_int(weir_option_get_device(io, socket, &is), 0);
    check_int(is.index, 0);
    check_int(weir_option_set_device(io, socket, none), 0);
    check_int(weir_option_set_device(io, socket, absent), WEIR_EINTERFACE);
    check_int(weir_option_set_device(io, socket, absurd), WEIR_EINVAL);
    int error = weir_option_set_device(io, socket, first); /* the loopback is always the first */
    check(error == 0 || is_withheld(error));
    if (!error) {
        check_int(weir_option_get_device(io, socket, &is), 0);
        check_int(is.index, 1);
    }
    weir_close_socket(io, socket);
}

CONTRACT(multicast_goes_out_where_it_is_told)
{
    weir_socket four, six;
    weir_interface first = {1}, absent = {INT_MAX}, is = {0};
    const weir_address loopback = weir_address_loopback4(0), six_any = weir_address_any6(0);
    weir_address address, nowhere = loopback;
    memcpy(nowhere.at.ipv4, (uint8_t[]){192, 0, 2, 55}, 4);
    check_int(open_kind(io, UDP4, &four), 0);
    check_int(weir_option_set_multicast_interface(io, four, first), 0);
    check_int(weir_option_set_multicast_interface(io, four, absent), WEIR_EINTERFACE);
    check_int(weir_option_set_multicast_address(io, four, &loopback), 0);
    check_int(weir_option_get_multicast_address(io, four, &address), 0);
    check(weir_address_equal(&address, &loopback));
    check_int(weir_option_set_multicast_address(io, four, &nowhere), WEIR_EADDRNOTAVAIL);
    check_int(weir_option_set_multicast_address(io, four, &six_any), WEIR_EINVAL);
    weir_close_socket(io, four);
    if (open_kind(io, UDP6, &six) < 0) return;
    check_int(weir_option_set_multicast_interface(io, six, first), 0);
    check_int(weir_option_get_multicast_interface(io, six, &is), 0);
    check_int(is.index, 1);
    check_int(weir_option_set_multicast_interface(io, six, absent), WEIR_EINTERFACE);
    check_int(weir_option_set_multicast_address(io, six, &loopback), WEIR_EUNSUPPORTED);
    weir_close_socket(io, six);
}

CONTRACT(the_error_of_a_socket_is_taken_once)
{
    weir_socket nobody, socket;
    weir_address address;
    if (!contract_nobody(io, SOCK_DGRAM, &nobody, &address)) return;
    check_int(open_kind(io, UDP4, &socket), 0);
    int error = 77;
    check_int(weir_option_take_error(io, socket, &error), 0);
    check_int(error, 0);
    check_int(weir_connect(io, socket, &address), 0);
    check_int(weir_write(io, socket, "x", 1), 1);
    check(weir_poll(io, socket, WEIR_POLL_READ) > 0);
    check_int(weir_option_take_error(io, socket, &error), 0);
    check_int(error, WEIR_ECONNREFUSED);
    check_int(weir_option_take_error(io, socket, &error), 0);
    check_int(error, 0);
    weir_close_socket(io, socket);
    weir_close_socket(io, nobody);
}

CONTRACT(a_socket_says_what_it_is)
{
    weir_socket listener, ends[2];
    weir_address address;
    int is;
    bool listens;
    if (!check(contract_listener(io, 4, &listener, &address))) return;
    check_int(weir_option_get_listening(io, listener, &listens), 0);
    check(listens);
    check_int(weir_option_get_type(io, listener, &is), 0);
    check_int(is, SOCK_STREAM);
    check_int(weir_option_get_family(io, listener, &is), 0);
    check_int(is, AF_INET);
    check_int(weir_option_get_protocol(io, listener, &is), 0);
    check_int(is, IPPROTO_TCP);
    weir_close_socket(io, listener);
    if (!check(contract_pair(SOCK_DGRAM, ends))) return;
    check_int(weir_option_get_listening(io, ends[0], &listens), 0);
    check(!listens);
    check_int(weir_option_get_family(io, ends[0], &is), 0);
    check_int(is, AF_UNIX);
    check_int(weir_option_get_type(io, ends[0], &is), 0);
    check_int(is, SOCK_DGRAM);
    contract_close(io, ends);
}

CONTRACT(the_mtu_of_a_path_is_known_once_connected)
{
    weir_socket socket;
    weir_address address = weir_address_loopback4(9);
    int mtu = 0;
    check_int(open_kind(io, UDP4, &socket), 0);
    check_int(weir_option_get_path_mtu(io, socket, &mtu), WEIR_ENOTCONN);
    check_int(weir_connect(io, socket, &address), 0);
    check_int(weir_option_get_path_mtu(io, socket, &mtu), 0);
    check(mtu >= 1280);
    weir_path_mtu_discovery how;
    check_int(weir_option_set_dont_fragment(io, socket, true), 0);
    check_int(weir_option_get_path_mtu_discovery(io, socket, &how), 0);
    check_int(how, WEIR_PATH_MTU_DO);
    check_int(weir_option_set_path_mtu_discovery(io, socket, (weir_path_mtu_discovery)6),
              WEIR_EINVAL);
    weir_close_socket(io, socket);
}

CONTRACT(mark_and_unsent_limit_are_unsigned)
{
    weir_socket socket;
    uint32_t is = 0;
    check_int(open_kind(io, TCP4, &socket), 0);
    int error = weir_option_set_mark(io, socket, 0xfffffffe);
    check(error == 0 || is_withheld(error));
    if (!error) {
        check_int(weir_option_get_mark(io, socket, &is), 0);
        check_int(is, 0xfffffffe);
    }
    check_int(weir_option_set_not_sent_low(io, socket, 16384), 0);
    check_int(weir_option_get_not_sent_low(io, socket, &is), 0);
    check_int(is, 16384);
    check_int(weir_option_set_not_sent_low(io, socket, 0x80000000), WEIR_EINVAL);
    weir_close_socket(io, socket);
}
