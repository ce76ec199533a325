/* SPDX-License-Identifier: MIT
 *
 * Socket options that are one number or switch: names and types over the table.
 */
#include <weir/net/option.h>

#include <weir/base/error.h>

#include "net/option_table.h"

static int set(weir_io *io, weir_socket socket, net_option option, int64_t value)
{
    net_target target = net_target_of(io, socket);
    return net_option_set(&target, option, value);
}

static int get(weir_io *io, weir_socket socket, net_option option, int *out)
{
    net_target target = net_target_of(io, socket);
    return net_option_get(&target, option, out);
}

static int get_switch(weir_io *io, weir_socket socket, net_option option, bool *out)
{
    int value;
    int error = get(io, socket, option, &value);
    if (!error) *out = value != 0;
    return error;
}

static int get_unsigned(weir_io *io, weir_socket socket, net_option option, uint32_t *out)
{
    int value;
    int error = get(io, socket, option, &value);
    if (!error) *out = (uint32_t)value;
    return error;
}

static int set_size(weir_io *io, weir_socket socket, net_option option, size_t bytes)
{
    return set(io, socket, option, bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes);
}

static int get_size(weir_io *io, weir_socket socket, net_option option, size_t *out)
{
    int value;
    int error = get(io, socket, option, &value);
    if (!error) *out = (size_t)value;
    return error;
}

static int set_duration(weir_io *io, weir_socket socket, net_option option, weir_duration time)
{
    net_target target = net_target_of(io, socket);
    return net_option_set_duration(&target, option, time);
}

static int get_duration(weir_io *io, weir_socket socket, net_option option, weir_duration *out)
{
    net_target target = net_target_of(io, socket);
    return net_option_get_duration(&target, option, out);
}

int weir_option_get_family(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_FAMILY, out);
}

int weir_option_get_type(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_TYPE, out);
}

int weir_option_get_protocol(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_PROTOCOL, out);
}

int weir_option_get_listening(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_LISTENING, out);
}

int weir_option_set_reuse_address(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_REUSE_ADDRESS, on);
}

int weir_option_get_reuse_address(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_REUSE_ADDRESS, out);
}

int weir_option_set_reuse_port(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_REUSE_PORT, on);
}

int weir_option_get_reuse_port(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_REUSE_PORT, out);
}

int weir_option_set_only_ipv6(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_ONLY_IPV6, on);
}

int weir_option_get_only_ipv6(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_ONLY_IPV6, out);
}

int weir_option_set_bind_without_port(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_BIND_WITHOUT_PORT, on);
}

int weir_option_get_bind_without_port(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_BIND_WITHOUT_PORT, out);
}

int weir_option_set_free_bind(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_FREE_BIND, on);
}

int weir_option_get_free_bind(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_FREE_BIND, out);
}

int weir_option_set_transparent(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_TRANSPARENT, on);
}

int weir_option_get_transparent(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_TRANSPARENT, out);
}

int weir_option_set_send_buffer(weir_io *io, weir_socket socket, size_t bytes)
{
    return set_size(io, socket, NET_SEND_BUFFER, bytes);
}

int weir_option_get_send_buffer(weir_io *io, weir_socket socket, size_t *out)
{
    return get_size(io, socket, NET_SEND_BUFFER, out);
}

int weir_option_set_receive_buffer(weir_io *io, weir_socket socket, size_t bytes)
{
    return set_size(io, socket, NET_RECEIVE_BUFFER, bytes);
}

int weir_option_get_receive_buffer(weir_io *io, weir_socket socket, size_t *out)
{
    return get_size(io, socket, NET_RECEIVE_BUFFER, out);
}

int weir_option_set_priority(weir_io *io, weir_socket socket, int priority)
{
    return set(io, socket, NET_PRIORITY, priority);
}

int weir_option_get_priority(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_PRIORITY, out);
}

int weir_option_set_mark(weir_io *io, weir_socket socket, uint32_t mark)
{
    return set(io, socket, NET_MARK, mark);
}

int weir_option_get_mark(weir_io *io, weir_socket socket, uint32_t *out)
{
    return get_unsigned(io, socket, NET_MARK, out);
}

int weir_option_set_busy_poll(weir_io *io, weir_socket socket, weir_duration time)
{
    return set_duration(io, socket, NET_BUSY_POLL, time);
}

int weir_option_get_busy_poll(weir_io *io, weir_socket socket, weir_duration *out)
{
    return get_duration(io, socket, NET_BUSY_POLL, out);
}

int weir_option_set_incoming_cpu(weir_io *io, weir_socket socket, int cpu)
{
    return set(io, socket, NET_INCOMING_CPU, cpu);
}

int weir_option_get_incoming_cpu(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_INCOMING_CPU, out);
}

int weir_option_set_zero_copy(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_ZERO_COPY, on);
}

int weir_option_get_zero_copy(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_ZERO_COPY, out);
}

int weir_option_set_ttl(weir_io *io, weir_socket socket, int ttl)
{
    return ttl == 0 ? WEIR_EINVAL : set(io, socket, NET_TTL, ttl);
}

int weir_option_get_ttl(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_TTL, out);
}

int weir_option_set_traffic_class(weir_io *io, weir_socket socket, int traffic_class)
{
    /* At the IPv4 level -1 would be taken for 255. */
    if (traffic_class == WEIR_OPTION_DEFAULT) traffic_class = 0;
    return set(io, socket, NET_TRAFFIC_CLASS, traffic_class);
}

int weir_option_get_traffic_class(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_TRAFFIC_CLASS, out);
}

int weir_option_set_path_mtu_discovery(weir_io *io, weir_socket socket, weir_path_mtu_discovery how)
{
    return set(io, socket, NET_PATH_MTU_DISCOVERY, how);
}

int weir_option_get_path_mtu_discovery(weir_io *io, weir_socket socket,
                                       weir_path_mtu_discovery *out)
{
    int value;
    int error = get(io, socket, NET_PATH_MTU_DISCOVERY, &value);
    if (!error) *out = (weir_path_mtu_discovery)value;
    return error;
}

int weir_option_set_dont_fragment(weir_io *io, weir_socket socket, bool on)
{
    return weir_option_set_path_mtu_discovery(io, socket,
                                              on ? WEIR_PATH_MTU_DO : WEIR_PATH_MTU_FRAGMENT);
}

int weir_option_get_dont_fragment(weir_io *io, weir_socket socket, bool *out)
{
    weir_path_mtu_discovery how;
    int error = weir_option_get_path_mtu_discovery(io, socket, &how);
    if (!error) *out = how == WEIR_PATH_MTU_DO || how == WEIR_PATH_MTU_PROBE;
    return error;
}

int weir_option_get_path_mtu(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_PATH_MTU, out);
}

int weir_option_set_nodelay(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_NODELAY, on);
}

int weir_option_get_nodelay(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_NODELAY, out);
}

int weir_option_set_cork(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_CORK, on);
}

int weir_option_get_cork(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_CORK, out);
}

int weir_option_set_quick_ack(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_QUICK_ACK, on);
}

int weir_option_get_quick_ack(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_QUICK_ACK, out);
}

int weir_option_set_user_timeout(weir_io *io, weir_socket socket, weir_duration time)
{
    return set_duration(io, socket, NET_USER_TIMEOUT, time);
}

int weir_option_get_user_timeout(weir_io *io, weir_socket socket, weir_duration *out)
{
    return get_duration(io, socket, NET_USER_TIMEOUT, out);
}

int weir_option_set_defer_accept(weir_io *io, weir_socket socket, weir_duration time)
{
    return set_duration(io, socket, NET_DEFER_ACCEPT, time);
}

int weir_option_get_defer_accept(weir_io *io, weir_socket socket, weir_duration *out)
{
    return get_duration(io, socket, NET_DEFER_ACCEPT, out);
}

int weir_option_set_fast_open_queue(weir_io *io, weir_socket socket, int count)
{
    return set(io, socket, NET_FAST_OPEN_QUEUE, count);
}

int weir_option_get_fast_open_queue(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_FAST_OPEN_QUEUE, out);
}

int weir_option_set_fast_open_connect(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_FAST_OPEN_CONNECT, on);
}

int weir_option_get_fast_open_connect(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_FAST_OPEN_CONNECT, out);
}

int weir_option_set_not_sent_low(weir_io *io, weir_socket socket, uint32_t bytes)
{
    return set(io, socket, NET_NOT_SENT_LOW, bytes);
}

int weir_option_get_not_sent_low(weir_io *io, weir_socket socket, uint32_t *out)
{
    return get_unsigned(io, socket, NET_NOT_SENT_LOW, out);
}

int weir_option_set_max_segment(weir_io *io, weir_socket socket, int bytes)
{
    enum { LEAST = 88 }; /* TCP_MIN_MSS of the kernel */
    if (bytes != 0 && bytes < LEAST) return WEIR_EINVAL;
    return set(io, socket, NET_MAX_SEGMENT, bytes);
}

int weir_option_get_max_segment(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_MAX_SEGMENT, out);
}

int weir_option_set_broadcast(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_BROADCAST, on);
}

int weir_option_get_broadcast(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_BROADCAST, out);
}

int weir_option_set_multicast_hops(weir_io *io, weir_socket socket, int hops)
{
    return set(io, socket, NET_MULTICAST_HOPS, hops);
}

int weir_option_get_multicast_hops(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_MULTICAST_HOPS, out);
}

int weir_option_set_multicast_loop(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_MULTICAST_LOOP, on);
}

int weir_option_get_multicast_loop(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_MULTICAST_LOOP, out);
}

int weir_option_set_receive_packet_info(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_RECEIVE_PACKET_INFO, on);
}

int weir_option_get_receive_packet_info(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_RECEIVE_PACKET_INFO, out);
}

int weir_option_set_receive_traffic_class(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_RECEIVE_TRAFFIC_CLASS, on);
}

int weir_option_get_receive_traffic_class(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_RECEIVE_TRAFFIC_CLASS, out);
}

int weir_option_set_receive_ttl(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_RECEIVE_TTL, on);
}

int weir_option_get_receive_ttl(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_RECEIVE_TTL, out);
}

int weir_option_set_receive_timestamp(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_RECEIVE_TIMESTAMP, on);
}

int weir_option_get_receive_timestamp(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_RECEIVE_TIMESTAMP, out);
}

int weir_option_set_receive_errors(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_RECEIVE_ERRORS, on);
}

int weir_option_get_receive_errors(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_RECEIVE_ERRORS, out);
}

int weir_option_set_udp_gro(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_UDP_GRO, on);
}

int weir_option_get_udp_gro(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_UDP_GRO, out);
}

int weir_option_set_udp_segment(weir_io *io, weir_socket socket, int bytes)
{
    return set(io, socket, NET_UDP_SEGMENT, bytes);
}

int weir_option_get_udp_segment(weir_io *io, weir_socket socket, int *out)
{
    return get(io, socket, NET_UDP_SEGMENT, out);
}

int weir_option_set_pass_credentials(weir_io *io, weir_socket socket, bool on)
{
    return set(io, socket, NET_PASS_CREDENTIALS, on);
}

int weir_option_get_pass_credentials(weir_io *io, weir_socket socket, bool *out)
{
    return get_switch(io, socket, NET_PASS_CREDENTIALS, out);
}
