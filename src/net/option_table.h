/* SPDX-License-Identifier: MIT
 *
 * What drives all socket options: one table of them, and the calls that read a
 * row of it.
 *
 * A row says at which level and under which name each family has the option,
 * which kinds of socket have it, in which unit it counts and in which range.
 * The public calls (option.c) are names and types over it.
 */
#ifndef WEIR_NET_OPTION_TABLE_H
#define WEIR_NET_OPTION_TABLE_H

#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/socket.h>

/* The rows. */
typedef enum net_option {
    NET_REUSE_ADDRESS,
    NET_REUSE_PORT,
    NET_ONLY_IPV6,
    NET_DEVICE,
    NET_BIND_WITHOUT_PORT,
    NET_FREE_BIND,
    NET_TRANSPARENT,
    NET_SEND_BUFFER,
    NET_RECEIVE_BUFFER,
    NET_PRIORITY,
    NET_MARK,
    NET_BUSY_POLL,
    NET_INCOMING_CPU,
    NET_ZERO_COPY,
    NET_TTL,
    NET_TRAFFIC_CLASS,
    NET_PATH_MTU_DISCOVERY,
    NET_PATH_MTU,
    NET_NODELAY,
    NET_CORK,
    NET_QUICK_ACK,
    NET_KEEPALIVE,
    NET_KEEPALIVE_IDLE,
    NET_KEEPALIVE_INTERVAL,
    NET_KEEPALIVE_COUNT,
    NET_LINGER,
    NET_USER_TIMEOUT,
    NET_DEFER_ACCEPT,
    NET_FAST_OPEN_QUEUE,
    NET_FAST_OPEN_CONNECT,
    NET_CONGESTION,
    NET_NOT_SENT_LOW,
    NET_MAX_SEGMENT,
    NET_BROADCAST,
    NET_MULTICAST_HOPS,
    NET_MULTICAST_LOOP,
    NET_MULTICAST_INTERFACE,
    NET_RECEIVE_PACKET_INFO,
    NET_RECEIVE_TRAFFIC_CLASS,
    NET_RECEIVE_TTL,
    NET_RECEIVE_TIMESTAMP,
    NET_RECEIVE_ERRORS,
    NET_UDP_GRO,
    NET_UDP_SEGMENT,
    NET_PASS_CREDENTIALS,
    NET_FAMILY,
    NET_TYPE,
    NET_PROTOCOL,
    NET_LISTENING,
    NET_ERROR,
    NET_OPTION_COUNT
} net_option;

/* A socket whose options are set or read, and what is known of it so far. */
typedef struct net_target {
    weir_io *io;
    weir_socket socket;
    int family;   /* -1: not asked yet */
    int protocol; /* -1: not asked yet */
} net_target;

net_target net_target_of(weir_io *io, weir_socket socket);

/* Asks what the socket is, once.  Return 0 or an error. */
int net_target_family(net_target *target);
int net_target_protocol(net_target *target);

/* Whether the socket, whose protocol is known, speaks TCP. */
bool net_target_is_tcp(const net_target *target);

/* Returns 0, or WEIR_EUNSUPPORTED when this kind of socket does not have the
 * option. */
int net_option_check_kind(net_target *target, net_option option);

/* Set and read a number; WEIR_EINVAL outside of the row's range,
 * WEIR_EUNSUPPORTED. */
int net_option_set(net_target *target, net_option option, int64_t value);
int net_option_get(net_target *target, net_option option, int *out);

/* The same for a duration, in the row's unit, rounded up. */
int net_option_set_duration(net_target *target, net_option option, weir_duration value);
int net_option_get_duration(net_target *target, net_option option, weir_duration *out);

/* Set and read bytes of any form at the level of the socket's family. */
int net_option_set_bytes(net_target *target, net_option option, const void *value, uint32_t size);
int net_option_get_bytes(net_target *target, net_option option, void *value, uint32_t *size);

/* A duration in the row's unit, or -1 when it is outside of the row's range. */
int64_t net_option_count(net_option option, weir_duration value);

#endif
