/* SPDX-License-Identifier: MIT
 *
 * Socket options, each as a typed pair of calls, and as one value for a socket that is being made.
 *
 *      weir_option_set_nodelay(io, socket, true);
 *
 *      const weir_socket_options options = {.reuse_address = true, .receive_buffer = 1 << 20};
 *      const char *failed;
 *      int error = weir_socket_options_apply(io, socket, &options, &failed);
 *
 * The family of the socket decides the level (IPPROTO_IP, IPPROTO_IPV6).  What an IPv6 socket has
 * at both levels is set at both, so that a dual-stack socket treats its IPv4 traffic alike; it is
 * read at the IPv6 level.  Durations are rounded up to what the kernel counts in, so that a
 * positive one never becomes 0.
 *
 * All calls return 0 (and *out) or
 *
 *      WEIR_EINVAL                the value is outside of the range that stands at the call, or the
 *                                 kernel refuses it in the socket's state; nothing was set
 *      WEIR_EUNSUPPORTED          this kind of socket, or this kernel, does not have the option
 *      WEIR_EPERM, WEIR_EACCES    it needs a privilege (said at the call)
 *      WEIR_EBADF, WEIR_ENOTSOCK  not an open socket
 *      WEIR_ECANCELED, WEIR_EDEADLINE
 *
 * Each is a cancellation point.  From a task of `io`; calls on one socket may come from several
 * tasks.  Sources: socket(7), ip(7), ipv6(7), tcp(7), udp(7), unix(7).
 */
#ifndef WEIR_NET_OPTION_H
#define WEIR_NET_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/io/addr.h>
#include <weir/io/socket.h>
#include <weir/net/interface.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For weir_option_set_ttl, _traffic_class and _multicast_hops: the system's default again. */
#define WEIR_OPTION_DEFAULT (-1)

/* For members of weir_socket_options whose 0 means "leave it": a real 0. */
#define WEIR_OPTION_ZERO (-2)

/* Room for the name of a congestion control algorithm, with its NUL (TCP_CA_NAME_MAX). */
#define WEIR_CONGESTION_NAME 16

/* Probing of a silent TCP connection. */
typedef struct weir_keepalive {
    bool on;
    int count; /* probes without answer until the connection is dead: 1 to 127; 0 leaves it as is */
    weir_duration idle;     /* silence before the first probe: up to 32,767 s; 0 leaves it */
    weir_duration interval; /* between probes: up to 32,767 s; 0 leaves it */
} weir_keepalive;

/* What closing a TCP connection does with unsent bytes. */
typedef struct weir_linger {
    bool on;            /* false: the kernel sends them in the background, the default */
    weir_duration time; /* on: close waits so long, up to 32,767 s */
} weir_linger;

/* Whether packets may be fragmented, and whether the path's MTU is obeyed (IP_MTU_DISCOVER). */
typedef enum weir_path_mtu_discovery {
    WEIR_PATH_MTU_FRAGMENT,  /* no discovery: routers (IPv4) or the sender fragment */
    WEIR_PATH_MTU_WANT,      /* by the route's setting: the system's default */
    WEIR_PATH_MTU_DO,        /* never fragment: larger datagrams fail with WEIR_EMSGSIZE */
    WEIR_PATH_MTU_PROBE,     /* never fragment, ignore the known path MTU: for probing it */
    WEIR_PATH_MTU_INTERFACE, /* no discovery, the interface's MTU; forged ICMP has no effect */
    WEIR_PATH_MTU_OMIT,      /* as INTERFACE, but larger packets are fragmented */
} weir_path_mtu_discovery;

/* What to set on a socket between making it and bind, connect or listen.
 *
 * A plain value.  The zero of each member leaves the system's default; where a real 0 makes sense,
 * WEIR_OPTION_ZERO asks for it.  (The one default of Weir's own: TCP sockets get TCP_NODELAY unless
 * `delay`.)  The ranges are those of the calls below.  Members that the kind of socket does not
 * have fail with WEIR_EUNSUPPORTED; only_ipv6 and dual_stack are ignored on other families. */
typedef struct weir_socket_options {
    /* Binding */
    bool reuse_address;     /* SO_REUSEADDR alone */
    bool reuse_port;        /* SO_REUSEPORT alone */
    bool only_ipv6;         /* IPv6: no IPv4 traffic, whatever the system's setting */
    bool dual_stack;        /* IPv6: IPv4 traffic too, as ::ffff:a.b.c.d; not with only_ipv6 */
    bool strict;            /* only_ipv6, dual_stack on another family: WEIR_EUNSUPPORTED */
    bool bind_without_port; /* bind to an address takes no port; connect does */
    bool free_bind;         /* bind to addresses that no interface has (yet) */
    bool transparent;       /* bind to and accept for foreign addresses; CAP_NET_ADMIN */
    weir_interface device;  /* only traffic of this interface */

    /* Any IP socket */
    size_t send_buffer, receive_buffer; /* bytes */
    int ttl;                            /* 1 to 255 */
    int traffic_class;                  /* 1 to 255, or WEIR_OPTION_ZERO */
    int priority;                       /* from 1, or WEIR_OPTION_ZERO */
    uint32_t mark;                      /* CAP_NET_ADMIN */
    bool zero_copy;                     /* allow sends that lend their pages */

    /* TCP */
    bool delay;                 /* keep Nagle's delay: Weir sets TCP_NODELAY otherwise */
    bool cork;                  /* full segments only, until it is taken off */
    bool fast_open_connect;     /* client: the first bytes go with the SYN */
    int fast_open_queue;        /* listener: requests with data in the SYN that may wait */
    weir_keepalive keepalive;   /* applied when `on` or one of its numbers is set */
    weir_linger linger;         /* applied when `on` */
    weir_duration user_timeout; /* unacknowledged for so long: WEIR_ETIMEDOUT */
    weir_duration defer_accept; /* listener: accept only when bytes have come, or after this */
    const char *congestion;     /* algorithm, NUL-terminated; borrowed; NULL leaves it */
    uint32_t not_sent_low;      /* writable only while fewer unsent bytes wait */
    int max_segment;            /* 88 to 32,767 */

    /* Datagrams */
    bool broadcast;                     /* may send to broadcast addresses */
    bool dont_fragment;                 /* WEIR_PATH_MTU_DO */
    bool no_multicast_loop;             /* what is sent does not come to this host's members */
    int multicast_hops;                 /* 1 to 255, or WEIR_OPTION_ZERO: stays on the host */
    weir_interface multicast_interface; /* where multicast goes out */
    bool receive_packet_info;           /* with each datagram: destination and interface */
    bool receive_traffic_class;         /* … TOS or traffic class, ECN among it */
    bool receive_ttl;                   /* … TTL or hop limit */
    bool receive_timestamp;             /* … when the kernel got it */
    bool receive_errors;                /* keep ICMP errors in the error queue */
    bool udp_gro;                       /* take several datagrams as one large */
    int udp_segment;                    /* send large buffers as datagrams of this size */

    /* Unix */
    bool pass_credentials; /* with each message: who sent it */
} weir_socket_options;

/* Sets what `options` asks for, in the order in which the kernel needs it; NULL means none, which
 * still is TCP_NODELAY on a TCP socket.  Before bind, connect and listen.
 *
 * Stops at the first error.  Returns 0, or that error, and *failed (unless `failed` is NULL) is the
 * name of the member, "receive_buffer", or NULL when no member is to blame (the socket is none);
 * what came before it stays set. Ownership: the name is static text; `options` is borrowed. */
int weir_socket_options_apply(weir_io *io, weir_socket socket, const weir_socket_options *options,
                              const char **failed);

/* What a socket is ------------------------------------------------------------------------- */

/* AF_INET, AF_INET6, AF_UNIX … (SO_DOMAIN). */
int weir_option_get_family(weir_io *io, weir_socket socket, int *out);

/* SOCK_STREAM, SOCK_DGRAM … (SO_TYPE). */
int weir_option_get_type(weir_io *io, weir_socket socket, int *out);

/* IPPROTO_TCP, IPPROTO_UDP …; 0 for a Unix socket (SO_PROTOCOL). */
int weir_option_get_protocol(weir_io *io, weir_socket socket, int *out);

/* Whether it listens (SO_ACCEPTCONN). */
int weir_option_get_listening(weir_io *io, weir_socket socket, bool *out);

/* Takes the error that waits on the socket, and clears it (SO_ERROR). Returns 0 and *out: 0, or a
 * negative error such as WEIR_ECONNREFUSED. */
int weir_option_take_error(weir_io *io, weir_socket socket, int *out);

/* Binding: before bind --------------------------------------------------------------------- */

/* SO_REUSEADDR: bind although old connections of the port linger in TIME_WAIT. It never lets two
 * listeners share a port; for UDP on Linux it does let two sockets share one.  IP sockets. */
int weir_option_set_reuse_address(weir_io *io, weir_socket socket, bool on);
int weir_option_get_reuse_address(weir_io *io, weir_socket socket, bool *out);

/* SO_REUSEPORT: several sockets, all with this option and of the same user, share a port and the
 * kernel spreads the clients over them.  IP sockets. */
int weir_option_set_reuse_port(weir_io *io, weir_socket socket, bool on);
int weir_option_get_reuse_port(weir_io *io, weir_socket socket, bool *out);

/* IPV6_V6ONLY: true, the socket leaves the port's IPv4 side to others; false, it takes both.
 * WEIR_EINVAL when it is bound.  IPv6 sockets. */
int weir_option_set_only_ipv6(weir_io *io, weir_socket socket, bool on);
int weir_option_get_only_ipv6(weir_io *io, weir_socket socket, bool *out);

/* SO_BINDTOIFINDEX: only traffic of this interface; none takes the binding off. WEIR_EINTERFACE
 * when there is none of this index; WEIR_EPERM to change a binding without CAP_NET_RAW. IP sockets.
 */
int weir_option_set_device(weir_io *io, weir_socket socket, weir_interface device);
int weir_option_get_device(weir_io *io, weir_socket socket, weir_interface *out);

/* IP_BIND_ADDRESS_NO_PORT: binding to an address and port 0 takes no port before connect, so that
 * more connections than there are ports can go out to different peers.  IP sockets. */
int weir_option_set_bind_without_port(weir_io *io, weir_socket socket, bool on);
int weir_option_get_bind_without_port(weir_io *io, weir_socket socket, bool *out);

/* IP_FREEBIND, IPV6_FREEBIND: bind to an address that no interface has yet.  IP sockets. */
int weir_option_set_free_bind(weir_io *io, weir_socket socket, bool on);
int weir_option_get_free_bind(weir_io *io, weir_socket socket, bool *out);

/* IP_TRANSPARENT, IPV6_TRANSPARENT: bind to foreign addresses and accept for them; WEIR_EPERM
 * without CAP_NET_ADMIN or CAP_NET_RAW.  IP sockets. */
int weir_option_set_transparent(weir_io *io, weir_socket socket, bool on);
int weir_option_get_transparent(weir_io *io, weir_socket socket, bool *out);

/* Any socket ------------------------------------------------------------------------------- */

/* SO_SNDBUF, SO_RCVBUF: bytes, 1 to INT_MAX / 2.  The kernel caps what is asked for
 * (net.core.wmem_max, rmem_max) and doubles it for its bookkeeping; it has a minimum of some
 * thousand.  Getting gives the doubled size, which is the one that counts.  On TCP it ends the
 * kernel's own tuning, and only before connect or listen does it have its part in the window scale.
 */
int weir_option_set_send_buffer(weir_io *io, weir_socket socket, size_t bytes);
int weir_option_get_send_buffer(weir_io *io, weir_socket socket, size_t *out);
int weir_option_set_receive_buffer(weir_io *io, weir_socket socket, size_t bytes);
int weir_option_get_receive_buffer(weir_io *io, weir_socket socket, size_t *out);

/* SO_PRIORITY: queueing class, 0 to INT_MAX; above 6 WEIR_EPERM without CAP_NET_ADMIN.  Setting the
 * traffic class sets it too. */
int weir_option_set_priority(weir_io *io, weir_socket socket, int priority);
int weir_option_get_priority(weir_io *io, weir_socket socket, int *out);

/* SO_MARK: for routing and filters; WEIR_EPERM without CAP_NET_ADMIN or CAP_NET_RAW. */
int weir_option_set_mark(weir_io *io, weir_socket socket, uint32_t mark);
int weir_option_get_mark(weir_io *io, weir_socket socket, uint32_t *out);

/* SO_BUSY_POLL: how long a receive spins at the network card, whole microseconds, 0 (off) to 1 s;
 * WEIR_EPERM to raise it without CAP_NET_ADMIN. */
int weir_option_set_busy_poll(weir_io *io, weir_socket socket, weir_duration time);
int weir_option_get_busy_poll(weir_io *io, weir_socket socket, weir_duration *out);

/* SO_INCOMING_CPU: with SO_REUSEPORT, prefer this socket for packets that processor handled, from
 * 0; getting gives the one that handled the last packet, or -1. */
int weir_option_set_incoming_cpu(weir_io *io, weir_socket socket, int cpu);
int weir_option_get_incoming_cpu(weir_io *io, weir_socket socket, int *out);

/* SO_ZEROCOPY: permits sends that lend their pages to the kernel.  TCP and UDP. */
int weir_option_set_zero_copy(weir_io *io, weir_socket socket, bool on);
int weir_option_get_zero_copy(weir_io *io, weir_socket socket, bool *out);

/* IP --------------------------------------------------------------------------------------- */

/* IP_TTL, IPV6_UNICAST_HOPS: routers that a packet may cross, 1 to 255, or WEIR_OPTION_DEFAULT. */
int weir_option_set_ttl(weir_io *io, weir_socket socket, int ttl);
int weir_option_get_ttl(weir_io *io, weir_socket socket, int *out);

/* IP_TOS, IPV6_TCLASS: 0 to 255, or WEIR_OPTION_DEFAULT (0).  The low two bits are ECN (RFC 3168
 * 5); on TCP they are the kernel's and stay as they are. */
int weir_option_set_traffic_class(weir_io *io, weir_socket socket, int traffic_class);
int weir_option_get_traffic_class(weir_io *io, weir_socket socket, int *out);

/* IP_MTU_DISCOVER, IPV6_MTU_DISCOVER. */
int weir_option_set_path_mtu_discovery(weir_io *io, weir_socket socket,
                                       weir_path_mtu_discovery how);
int weir_option_get_path_mtu_discovery(weir_io *io, weir_socket socket,
                                       weir_path_mtu_discovery *out);

/* Whether packets are never fragmented: WEIR_PATH_MTU_DO, or WEIR_PATH_MTU_FRAGMENT when off.
 * Getting is true for WEIR_PATH_MTU_DO and _PROBE. */
int weir_option_set_dont_fragment(weir_io *io, weir_socket socket, bool on);
int weir_option_get_dont_fragment(weir_io *io, weir_socket socket, bool *out);

/* IP_MTU, IPV6_MTU: the known MTU of the path, bytes; WEIR_ENOTCONN unless connected. */
int weir_option_get_path_mtu(weir_io *io, weir_socket socket, int *out);

/* TCP -------------------------------------------------------------------------------------- */

/* TCP_NODELAY: send at once, without Nagle's delay (RFC 896).  Accepted sockets inherit it. */
int weir_option_set_nodelay(weir_io *io, weir_socket socket, bool on);
int weir_option_get_nodelay(weir_io *io, weir_socket socket, bool *out);

/* TCP_CORK: only full segments go out; taking it off sends the rest.  At most 200 ms. */
int weir_option_set_cork(weir_io *io, weir_socket socket, bool on);
int weir_option_get_cork(weir_io *io, weir_socket socket, bool *out);

/* TCP_QUICKACK: acknowledge at once, or not.  Lasts until the kernel decides anew, often with the
 * next bytes: set it again after each read where it matters. */
int weir_option_set_quick_ack(weir_io *io, weir_socket socket, bool on);
int weir_option_get_quick_ack(weir_io *io, weir_socket socket, bool *out);

/* SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT (RFC 9293 3.8.4): whole seconds, rounded
 * up.  Its numbers are set before it is switched on; a negative duration is WEIR_EINVAL. */
int weir_option_set_keepalive(weir_io *io, weir_socket socket, const weir_keepalive *keepalive);
int weir_option_get_keepalive(weir_io *io, weir_socket socket, weir_keepalive *out);

/* SO_LINGER: whole seconds, rounded up, 1 to 32,767; with `on` a time of 0 is WEIR_EINVAL: that is
 * weir_option_set_reset_on_close.  With it on, closing waits on Linux, also a non-blocking socket:
 * it holds a thread; shutting down and reading to the end is the better way.  Getting gives `on`
 * with a time of 0 for a socket that resets on close. */
int weir_option_set_linger(weir_io *io, weir_socket socket, const weir_linger *linger);
int weir_option_get_linger(weir_io *io, weir_socket socket, weir_linger *out);

/* Closing discards what is unsent and sends RST: the abort of RFC 9293 3.10.5. Taken back by
 * weir_option_set_linger with `on` false. */
int weir_option_set_reset_on_close(weir_io *io, weir_socket socket);

/* TCP_USER_TIMEOUT (RFC 5482): sent bytes unacknowledged for so long end the connection with
 * WEIR_ETIMEDOUT; whole milliseconds, rounded up, to INT_MAX; 0: the system's. */
int weir_option_set_user_timeout(weir_io *io, weir_socket socket, weir_duration time);
int weir_option_get_user_timeout(weir_io *io, weir_socket socket, weir_duration *out);

/* TCP_DEFER_ACCEPT: a connection is accepted when its first bytes have come, or when about this
 * time is over; 0 (off) to 32,767 s, rounded up.  The kernel counts in retransmissions, getting
 * gives the time of these.  Listeners. */
int weir_option_set_defer_accept(weir_io *io, weir_socket socket, weir_duration time);
int weir_option_get_defer_accept(weir_io *io, weir_socket socket, weir_duration *out);

/* TCP_FASTOPEN (RFC 7413): how many connections with data in their SYN may be pending, 0 (off) to
 * 65,535.  Needs bit 2 of net.ipv4.tcp_fastopen to have an effect.  Listeners. */
int weir_option_set_fast_open_queue(weir_io *io, weir_socket socket, int count);
int weir_option_get_fast_open_queue(weir_io *io, weir_socket socket, int *out);

/* TCP_FASTOPEN_CONNECT: connect returns at once and the first bytes written go with the SYN, when a
 * cookie is known.  Data in a SYN may arrive twice. Before connect; WEIR_EUNSUPPORTED when
 * net.ipv4.tcp_fastopen forbids it. */
int weir_option_set_fast_open_connect(weir_io *io, weir_socket socket, bool on);
int weir_option_get_fast_open_connect(weir_io *io, weir_socket socket, bool *out);

/* TCP_CONGESTION: the algorithm by name, 1 to 15 bytes without NUL; WEIR_ENAMETOOLONG,
 * WEIR_EUNSUPPORTED when the kernel has none of the name, WEIR_EPERM when it is not for everybody.
 * `out` has room for WEIR_CONGESTION_NAME bytes. */
int weir_option_set_congestion(weir_io *io, weir_socket socket, weir_bytes name);
int weir_option_get_congestion(weir_io *io, weir_socket socket, char *out);

/* TCP_NOTSENT_LOWAT: the socket is writable only while fewer than so many bytes wait unsent; 0: the
 * system's; to INT_MAX. */
int weir_option_set_not_sent_low(weir_io *io, weir_socket socket, uint32_t bytes);
int weir_option_get_not_sent_low(weir_io *io, weir_socket socket, uint32_t *out);

/* TCP_MAXSEG: the largest segment, 88 to 32,767 bytes, or 0 for the path's. Before connect or
 * listen; getting on a connection gives the one in use. */
int weir_option_set_max_segment(weir_io *io, weir_socket socket, int bytes);
int weir_option_get_max_segment(weir_io *io, weir_socket socket, int *out);

/* Datagrams -------------------------------------------------------------------------------- */

/* SO_BROADCAST: may send to broadcast addresses (WEIR_EACCES else).  IPv4 and dual-stack UDP. */
int weir_option_set_broadcast(weir_io *io, weir_socket socket, bool on);
int weir_option_get_broadcast(weir_io *io, weir_socket socket, bool *out);

/* IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS: 0 (stays on the host) to 255, or WEIR_OPTION_DEFAULT,
 * which is 1. */
int weir_option_set_multicast_hops(weir_io *io, weir_socket socket, int hops);
int weir_option_get_multicast_hops(weir_io *io, weir_socket socket, int *out);

/* IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP: whether members on this host get what this socket sends.
 * On Linux the sender's choice.  The default is yes. */
int weir_option_set_multicast_loop(weir_io *io, weir_socket socket, bool on);
int weir_option_get_multicast_loop(weir_io *io, weir_socket socket, bool *out);

/* IP_MULTICAST_IF, IPV6_MULTICAST_IF: where multicast goes out; none: by the routes.
 * WEIR_EINTERFACE when there is none of this index.  Getting: IPv6 sockets alone, as Linux does not
 * tell it for IPv4. */
int weir_option_set_multicast_interface(weir_io *io, weir_socket socket, weir_interface out);
int weir_option_get_multicast_interface(weir_io *io, weir_socket socket, weir_interface *out);

/* IP_MULTICAST_IF by an IPv4 address: the interface that has it, and the source address of what is
 * sent; the wildcard address takes it off. WEIR_EADDRNOTAVAIL when no interface has it, WEIR_EINVAL
 * for another kind of address.  IPv4 sockets. */
int weir_option_set_multicast_address(weir_io *io, weir_socket socket, const weir_address *address);
int weir_option_get_multicast_address(weir_io *io, weir_socket socket, weir_address *out);

/* What comes with each datagram, as control data: IP_PKTINFO, IPV6_RECVPKTINFO (on an IPv6 socket
 * IPv4 datagrams come with mapped addresses). */
int weir_option_set_receive_packet_info(weir_io *io, weir_socket socket, bool on);
int weir_option_get_receive_packet_info(weir_io *io, weir_socket socket, bool *out);

/* IP_RECVTOS, IPV6_RECVTCLASS: the TOS or traffic class, whose low two bits are ECN. */
int weir_option_set_receive_traffic_class(weir_io *io, weir_socket socket, bool on);
int weir_option_get_receive_traffic_class(weir_io *io, weir_socket socket, bool *out);

/* IP_RECVTTL, IPV6_RECVHOPLIMIT: the TTL or hop limit that it arrived with. */
int weir_option_set_receive_ttl(weir_io *io, weir_socket socket, bool on);
int weir_option_get_receive_ttl(weir_io *io, weir_socket socket, bool *out);

/* SO_TIMESTAMPNS: when the kernel got it, nanoseconds of the real-time clock. */
int weir_option_set_receive_timestamp(weir_io *io, weir_socket socket, bool on);
int weir_option_get_receive_timestamp(weir_io *io, weir_socket socket, bool *out);

/* IP_RECVERR, IPV6_RECVERR: ICMP errors are kept in the error queue, with the destination they are
 * about, and fail the next call. */
int weir_option_set_receive_errors(weir_io *io, weir_socket socket, bool on);
int weir_option_get_receive_errors(weir_io *io, weir_socket socket, bool *out);

/* UDP_GRO: datagrams of one sender and size may be received as one large. */
int weir_option_set_udp_gro(weir_io *io, weir_socket socket, bool on);
int weir_option_get_udp_gro(weir_io *io, weir_socket socket, bool *out);

/* UDP_SEGMENT: what is sent is cut into datagrams of so many bytes, 0 (off) to 65,535. */
int weir_option_set_udp_segment(weir_io *io, weir_socket socket, int bytes);
int weir_option_get_udp_segment(weir_io *io, weir_socket socket, int *out);

/* Unix ------------------------------------------------------------------------------------- */

/* SO_PASSCRED: messages come with the process, user and group of who sent them; an unbound socket
 * that connects or sends gets an abstract name. */
int weir_option_set_pass_credentials(weir_io *io, weir_socket socket, bool on);
int weir_option_get_pass_credentials(weir_io *io, weir_socket socket, bool *out);

#ifdef __cplusplus
}
#endif
#endif
