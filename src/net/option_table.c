/* SPDX-License-Identifier: MIT
 *
 * The table of socket options, and setting and reading by it.
 */
#include "net/option_table.h"

#include <limits.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <weir/base/error.h>

/* Kinds of socket that have an option; none of them: the kernel knows best. */
enum {
    IP = 1,       /* IPv4 and IPv6 */
    IPV6 = 2,     /* IPv6 alone */
    UNIX = 4,     /* Unix sockets alone */
    TCP = 8,      /* with IP: TCP alone */
    DATAGRAM = 16 /* with IP: everything but TCP */
};

/* Where an IPv6 socket has an option which has a level for each family. */
enum {
    OWN,  /* at its own level */
    BOTH, /* at both: what it sends and gets as IPv4 obeys the IPv4 one */
};

enum { MAX_SECONDS = 32767 }; /* MAX_TCP_KEEPIDLE of the kernel; none other is smaller */

/* A row: level and name for IPv4 and everything else, and for IPv6 where they
 * differ (level6 not 0); kinds; BOTH; the unit of a duration in nanoseconds;
 * the range. */
typedef struct row {
    int level, name;
    int level6, name6;
    uint8_t kinds, reach;
    int64_t unit, least, most;
} row;

#define SWITCH    .most = 1
#define READ_ONLY .least = 1, .most = 0

static const row rows[NET_OPTION_COUNT] = {
    [NET_REUSE_ADDRESS] = {SOL_SOCKET, SO_REUSEADDR, .kinds = IP, SWITCH},
    [NET_REUSE_PORT] = {SOL_SOCKET, SO_REUSEPORT, .kinds = IP, SWITCH},
    [NET_ONLY_IPV6] = {IPPROTO_IPV6, IPV6_V6ONLY, .kinds = IP | IPV6, SWITCH},
    [NET_DEVICE] = {SOL_SOCKET, SO_BINDTOIFINDEX, .kinds = IP, .most = INT_MAX},
    [NET_BIND_WITHOUT_PORT] = {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, .kinds = IP, SWITCH},
    [NET_FREE_BIND] = {IPPROTO_IP, IP_FREEBIND, IPPROTO_IPV6, IPV6_FREEBIND, .kinds = IP, SWITCH},
    [NET_TRANSPARENT] = {IPPROTO_IP, IP_TRANSPARENT, IPPROTO_IPV6, IPV6_TRANSPARENT, .kinds = IP,
                         SWITCH},
    [NET_SEND_BUFFER] = {SOL_SOCKET, SO_SNDBUF, .least = 1, .most = INT_MAX / 2},
    [NET_RECEIVE_BUFFER] = {SOL_SOCKET, SO_RCVBUF, .least = 1, .most = INT_MAX / 2},
    [NET_PRIORITY] = {SOL_SOCKET, SO_PRIORITY, .most = INT_MAX},
    [NET_MARK] = {SOL_SOCKET, SO_MARK, .most = UINT32_MAX},
    [NET_BUSY_POLL] = {SOL_SOCKET, SO_BUSY_POLL, .unit = 1000, .most = 1000000},
    [NET_INCOMING_CPU] = {SOL_SOCKET, SO_INCOMING_CPU, .most = INT_MAX},
    [NET_ZERO_COPY] = {SOL_SOCKET, SO_ZEROCOPY, .kinds = IP, SWITCH},

    [NET_TTL] = {IPPROTO_IP, IP_TTL, IPPROTO_IPV6, IPV6_UNICAST_HOPS, IP, BOTH, .least = -1,
                 .most = 255},
    [NET_TRAFFIC_CLASS] = {IPPROTO_IP, IP_TOS, IPPROTO_IPV6, IPV6_TCLASS, IP, BOTH, .most = 255},
    [NET_PATH_MTU_DISCOVERY] = {IPPROTO_IP, IP_MTU_DISCOVER, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP,
                                BOTH, .most = IP_PMTUDISC_OMIT},
    [NET_PATH_MTU] = {IPPROTO_IP, IP_MTU, IPPROTO_IPV6, IPV6_MTU, .kinds = IP, READ_ONLY},

    [NET_NODELAY] = {IPPROTO_TCP, TCP_NODELAY, SWITCH},
    [NET_CORK] = {IPPROTO_TCP, TCP_CORK, SWITCH},
    [NET_QUICK_ACK] = {IPPROTO_TCP, TCP_QUICKACK, SWITCH},
    [NET_KEEPALIVE] = {SOL_SOCKET, SO_KEEPALIVE, .kinds = IP | TCP, SWITCH},
    [NET_KEEPALIVE_IDLE] = {IPPROTO_TCP, TCP_KEEPIDLE, .unit = 1000000000, .least = 1,
                            .most = MAX_SECONDS},
    [NET_KEEPALIVE_INTERVAL] = {IPPROTO_TCP, TCP_KEEPINTVL, .unit = 1000000000, .least = 1,
                                .most = MAX_SECONDS},
    [NET_KEEPALIVE_COUNT] = {IPPROTO_TCP, TCP_KEEPCNT, .least = 1, .most = 127},
    [NET_LINGER] = {SOL_SOCKET, SO_LINGER, .kinds = IP | TCP, .unit = 1000000000, .least = 1,
                    .most = MAX_SECONDS},
    [NET_USER_TIMEOUT] = {IPPROTO_TCP, TCP_USER_TIMEOUT, .unit = 1000000, .most = INT_MAX},
    [NET_DEFER_ACCEPT] = {IPPROTO_TCP, TCP_DEFER_ACCEPT, .unit = 1000000000, .most = MAX_SECONDS},
    [NET_FAST_OPEN_QUEUE] = {IPPROTO_TCP, TCP_FASTOPEN, .most = 65535},
    [NET_FAST_OPEN_CONNECT] = {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, SWITCH},
    [NET_CONGESTION] = {.level = IPPROTO_TCP, .name = TCP_CONGESTION},
    [NET_NOT_SENT_LOW] = {IPPROTO_TCP, TCP_NOTSENT_LOWAT, .most = INT_MAX},
    [NET_MAX_SEGMENT] = {IPPROTO_TCP, TCP_MAXSEG, .most = 32767},

    [NET_BROADCAST] = {SOL_SOCKET, SO_BROADCAST, .kinds = IP | DATAGRAM, SWITCH},
    [NET_MULTICAST_HOPS] = {IPPROTO_IP, IP_MULTICAST_TTL, IPPROTO_IPV6, IPV6_MULTICAST_HOPS,
                            IP | DATAGRAM, BOTH, .least = -1, .most = 255},
    [NET_MULTICAST_LOOP] = {IPPROTO_IP, IP_MULTICAST_LOOP, IPPROTO_IPV6, IPV6_MULTICAST_LOOP,
                            IP | DATAGRAM, BOTH, SWITCH},
    [NET_MULTICAST_INTERFACE] = {IPPROTO_IP, IP_MULTICAST_IF, IPPROTO_IPV6, IPV6_MULTICAST_IF,
                                 .kinds = IP | DATAGRAM, .most = INT_MAX},
    /* At both: of an IPv4 datagram only the IPv4 item tells which address can answer. */
    [NET_RECEIVE_PACKET_INFO] = {IPPROTO_IP, IP_PKTINFO, IPPROTO_IPV6, IPV6_RECVPKTINFO,
                                 IP | DATAGRAM, BOTH, SWITCH},
    [NET_RECEIVE_TRAFFIC_CLASS] = {IPPROTO_IP, IP_RECVTOS, IPPROTO_IPV6, IPV6_RECVTCLASS,
                                   IP | DATAGRAM, BOTH, SWITCH},
    [NET_RECEIVE_TTL] = {IPPROTO_IP, IP_RECVTTL, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, IP | DATAGRAM,
                         BOTH, SWITCH},
    [NET_RECEIVE_TIMESTAMP] = {SOL_SOCKET, SO_TIMESTAMPNS, SWITCH},
    [NET_RECEIVE_ERRORS] = {IPPROTO_IP, IP_RECVERR, IPPROTO_IPV6, IPV6_RECVERR, IP | DATAGRAM, BOTH,
                            SWITCH},
    [NET_UDP_GRO] = {IPPROTO_UDP, UDP_GRO, SWITCH},
    [NET_UDP_SEGMENT] = {IPPROTO_UDP, UDP_SEGMENT, .most = 65535},
    [NET_PASS_CREDENTIALS] = {SOL_SOCKET, SO_PASSCRED, .kinds = UNIX, SWITCH},

    [NET_FAMILY] = {SOL_SOCKET, SO_DOMAIN, READ_ONLY},
    [NET_TYPE] = {SOL_SOCKET, SO_TYPE, READ_ONLY},
    [NET_PROTOCOL] = {SOL_SOCKET, SO_PROTOCOL, READ_ONLY},
    [NET_LISTENING] = {SOL_SOCKET, SO_ACCEPTCONN, READ_ONLY},
    [NET_ERROR] = {SOL_SOCKET, SO_ERROR, READ_ONLY},
};

/* One plain outcome for the many ways in which the kernel says that it has no
 * such option here. */
static int outcome(net_option option, int error)
{
    const int enotsupp = 524; /* the kernel's own, which escapes from SO_ZEROCOPY */
    if (error == WEIR_ENOPROTOOPT || error == WEIR_EOPNOTSUPP || error == -enotsupp)
        return WEIR_EUNSUPPORTED;
    if (option == NET_DEVICE && error == WEIR_ENODEV) return WEIR_EINTERFACE;
    if (option == NET_CONGESTION && error == WEIR_ENOENT) return WEIR_EUNSUPPORTED;
    return error;
}

static int read_number(net_target *target, int level, int name, int *out)
{
    int value = 0;
    uint32_t size = sizeof value;
    int error = weir_get_option(target->io, target->socket, level, name, &value, &size);
    if (!error) *out = value;
    return error;
}

net_target net_target_of(weir_io *io, weir_socket socket)
{
    return (net_target){io, socket, -1, -1};
}

int net_target_family(net_target *target)
{
    if (target->family >= 0) return 0;
    return read_number(target, SOL_SOCKET, SO_DOMAIN, &target->family);
}

int net_target_protocol(net_target *target)
{
    if (target->protocol >= 0) return 0;
    return read_number(target, SOL_SOCKET, SO_PROTOCOL, &target->protocol);
}

bool net_target_is_tcp(const net_target *target)
{
    return target->protocol == IPPROTO_TCP || target->protocol == IPPROTO_MPTCP;
}

int net_option_check_kind(net_target *target, net_option option)
{
    const uint8_t kinds = rows[option].kinds;
    if (kinds == 0) return 0;
    int error = net_target_family(target);
    if (error) return error;
    const int family = target->family;
    if ((kinds & UNIX) && family != AF_UNIX) return WEIR_EUNSUPPORTED;
    if ((kinds & IP) && family != AF_INET && family != AF_INET6) return WEIR_EUNSUPPORTED;
    if ((kinds & IPV6) && family != AF_INET6) return WEIR_EUNSUPPORTED;
    if (!(kinds & (TCP | DATAGRAM))) return 0;
    error = net_target_protocol(target);
    if (error) return error;
    return net_target_is_tcp(target) == !!(kinds & TCP) ? 0 : WEIR_EUNSUPPORTED;
}

/* Whether the option is at the row's second level.  After
 * net_option_check_kind. */
static bool is_at_level6(const net_target *target, const row *at)
{
    return at->level6 != 0 && target->family == AF_INET6;
}

int net_option_set_bytes(net_target *target, net_option option, const void *value, uint32_t size)
{
    const row *at = &rows[option];
    int error = net_option_check_kind(target, option);
    if (error) return error;
    const bool six = is_at_level6(target, at);
    if (six)
        error = weir_set_option(target->io, target->socket, at->level6, at->name6, value, size);
    if (!error && (!six || at->reach == BOTH))
        error = weir_set_option(target->io, target->socket, at->level, at->name, value, size);
    return outcome(option, error);
}

int net_option_get_bytes(net_target *target, net_option option, void *value, uint32_t *size)
{
    const row *at = &rows[option];
    int error = net_option_check_kind(target, option);
    if (error) return error;
    const bool six = is_at_level6(target, at);
    return outcome(option, weir_get_option(target->io, target->socket, six ? at->level6 : at->level,
                                           six ? at->name6 : at->name, value, size));
}

int net_option_set(net_target *target, net_option option, int64_t value)
{
    const row *at = &rows[option];
    if (value < at->least || value > at->most) return WEIR_EINVAL;
    const int number = (int)value; /* a mark above INT_MAX keeps its bits */
    return net_option_set_bytes(target, option, &number, sizeof number);
}

int net_option_get(net_target *target, net_option option, int *out)
{
    int number = 0;
    uint32_t size = sizeof number;
    int error = net_option_get_bytes(target, option, &number, &size);
    if (!error) *out = number;
    return error;
}

int64_t net_option_count(net_option option, weir_duration value)
{
    const row *at = &rows[option];
    if (value.ns < 0) return -1;
    const int64_t count = weir_time_quotient_up(value.ns, at->unit);
    return count < at->least || count > at->most ? -1 : count;
}

int net_option_set_duration(net_target *target, net_option option, weir_duration value)
{
    const int64_t count = net_option_count(option, value);
    return count < 0 ? WEIR_EINVAL : net_option_set(target, option, count);
}

int net_option_get_duration(net_target *target, net_option option, weir_duration *out)
{
    int count = 0;
    int error = net_option_get(target, option, &count);
    if (!error) *out = weir_nanoseconds(weir_time_scale(count, rows[option].unit));
    return error;
}
