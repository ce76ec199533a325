/* SPDX-License-Identifier: MIT
 *
 * Opening sockets by family, type and protocol.
 */
#include "io/sim/socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "io/sim/netlink.h"

enum { TYPE_MASK = 0xf }; /* SOCK_CLOEXEC and SOCK_NONBLOCK are always so */

static int64_t make_internet(host *h, int family, int type, int protocol, sim_node **out)
{
    const int natural = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (type == SOCK_RAW) return WEIR_EPERM;
    if (type != SOCK_STREAM && type != SOCK_DGRAM) return -ESOCKTNOSUPPORT;
    if (protocol != 0 && protocol != natural) return -EPROTONOSUPPORT;
    *out = type == SOCK_STREAM ? weir_sim_tcp_make(h, family) : weir_sim_udp_make(h, family);
    if (*out) (*out)->protocol = (uint16_t)natural;
    return *out ? 0 : WEIR_ENOMEM;
}

static int64_t make_local(host *h, int type, int protocol, sim_node **out)
{
    if (protocol != 0 && protocol != PF_UNIX) return -EPROTONOSUPPORT;
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    *out = weir_sim_local_make(h, type);
    return *out ? 0 : WEIR_ENOMEM;
}

static int64_t make_netlink(host *h, int type, int protocol, sim_node **out)
{
    if (type != SOCK_RAW && type != SOCK_DGRAM) return -ESOCKTNOSUPPORT;
    if (protocol != NETLINK_ROUTE) return -EPROTONOSUPPORT;
    *out = weir_sim_netlink_make(h);
    return *out ? 0 : WEIR_ENOMEM;
}

static int64_t make(host *h, int family, int type, int protocol, sim_node **out)
{
    int64_t error = WEIR_EAFNOSUPPORT;
    if (family == AF_INET || family == AF_INET6)
        error = make_internet(h, family, type, protocol, out);
    if (family == AF_NETLINK) error = make_netlink(h, type, protocol, out);
    if (family == AF_UNIX) error = make_local(h, type, protocol, out);
    if (error) return error;
    (*out)->family = (uint16_t)family;
    (*out)->type = (uint16_t)type;
    (*out)->references++;
    return 0;
}

int64_t weir_sim_socket_open(host *h, weir_op *op)
{
    sim_node *n = NULL;
    const int family = op->args.socket.family, type = op->args.socket.type & TYPE_MASK;
    int64_t result = make(h, family, type, op->args.socket.protocol, &n);
    if (result < 0) return result;
    result = weir_sim_node_open(h, n);
    weir_sim_node_release(n);
    return result;
}

int64_t weir_sim_two_open(host *h, sim_node *first, sim_node *second, int out[2])
{
    int64_t error = 0;
    int fds[2] = {-1, -1};
    if (first && second) {
        fds[0] = weir_sim_node_open(h, first);
        fds[1] = fds[0] < 0 ? fds[0] : weir_sim_node_open(h, second);
        error = fds[1] < 0 ? fds[1] : 0;
    } else {
        error = WEIR_ENOMEM;
    }
    if (error && fds[0] >= 0) weir_sim_node_close(h, fds[0]);
    if (first) weir_sim_node_release(first);
    if (second) weir_sim_node_release(second);
    if (error) return error;
    out[0] = fds[0];
    out[1] = fds[1];
    return 0;
}

int64_t weir_sim_pair_open(host *h, weir_op *op)
{
    sim_node *ends[2] = {NULL, NULL};
    const int type = op->args.pair.type & TYPE_MASK;
    int64_t error = make(h, AF_UNIX, type, 0, &ends[0]);
    if (error) return error;
    error = make(h, AF_UNIX, type, 0, &ends[1]);
    if (!error) weir_sim_local_join(ends[0], ends[1]);
    return weir_sim_two_open(h, ends[0], ends[1], op->args.pair.out);
}

int64_t weir_sim_node_room(sim_node *n)
{
    if (weir_sim_is_pipe(n)) return weir_sim_pipe_room(n);
    return n->family == AF_UNIX ? weir_sim_local_room(n) : weir_sim_tcp_room(n);
}

size_t weir_sim_shorten(world *w, size_t count)
{
    if (!w->short_counts || count < 2) return count;
    if (weir_prng_below(&w->network, 1000) >= w->short_counts) return count;
    return 1 + (size_t)weir_prng_below(&w->network, count);
}
