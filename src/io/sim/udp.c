/* SPDX-License-Identifier: MIT
 *
 * UDP sockets: names, polling, options (udp(7), ip(7), ipv6(7)).
 */
#include "io/sim/udp.h"

#include <netinet/in.h>
#include <string.h>

static bool is_six(const sim_node *n)
{
    return n->family == AF_INET6;
}

bool weir_sim_udp_has(const udp *u, bool four, int name4, int name6)
{
    return four ? weir_sim_option(&u->node, IPPROTO_IP, name4)
                : weir_sim_option(&u->node, IPPROTO_IPV6, name6);
}

static void read_options(udp *u)
{
    sim_binding *b = &u->binding;
    b->reuse_address = weir_sim_option(&u->node, SOL_SOCKET, SO_REUSEADDR);
    b->reuse_port = weir_sim_option(&u->node, SOL_SOCKET, SO_REUSEPORT);
    b->six_only = weir_sim_option(&u->node, IPPROTO_IPV6, IPV6_V6ONLY);
}

static int64_t bind_socket(sim_node *n, const weir_address *address)
{
    udp *u = (udp *)n;
    sim_name name;
    const int64_t error = weir_sim_name_fits(n, address, &name);
    if (error) return error;
    if (u->binding.bound) return WEIR_EINVAL;
    const bool special = weir_sim_is_any(name.ip) || weir_sim_is_for_many(name.ip);
    if (!special && !weir_sim_is_own(n->host, name.ip) &&
        !weir_sim_option(n, IPPROTO_IP, IP_FREEBIND))
        return WEIR_EADDRNOTAVAIL;
    const sim_name before = u->binding.local;
    u->binding.local = name;
    read_options(u);
    const int64_t failed = weir_sim_port_bind(n->host, &u->binding);
    if (failed) u->binding.local = before;
    return failed;
}

int64_t weir_sim_udp_autobind(udp *u)
{
    if (u->binding.bound) return 0;
    read_options(u);
    return weir_sim_port_bind(u->node.host, &u->binding);
}

static int64_t disconnect(udp *u)
{
    u->binding.connected = false;
    u->binding.remote = (sim_name){0};
    return 0;
}

static int64_t connect_socket(sim_node *n, weir_op *op)
{
    udp *u = (udp *)n;
    sim_name name;
    host *there;
    sim_link *link;
    if (op->args.address->kind == WEIR_ADDRESS_NONE) return disconnect(u);
    int64_t error = weir_sim_name_fits(n, op->args.address, &name);
    if (error) return error;
    if (weir_sim_is_broadcast(name.ip) && !weir_sim_option(n, SOL_SOCKET, SO_BROADCAST))
        return WEIR_EACCES;
    if (weir_sim_is_any(name.ip)) weir_sim_source(n->host, name.ip, name.ip);
    error = weir_sim_is_for_many(name.ip) ? 0 : weir_sim_route(n->host, name.ip, &there, &link);
    if (!error) error = weir_sim_udp_autobind(u);
    if (error) return error;
    u->binding.remote = name;
    u->binding.connected = true;
    if (weir_sim_is_any(u->binding.local.ip))
        weir_sim_source(n->host, name.ip, u->binding.local.ip);
    return 0;
}

static uint32_t ready(sim_node *n)
{
    const udp *u = (const udp *)n;
    uint32_t set = WEIR_POLL_WRITE;
    if (u->first || u->shut_in || n->error) set |= WEIR_POLL_READ;
    if (n->error || u->errors || (u->shut_in && u->shut_out)) set |= WEIR_POLL_ERROR;
    return set;
}

static int64_t shut_down(sim_node *n, int how)
{
    udp *u = (udp *)n;
    if (!u->binding.connected) return WEIR_ENOTCONN;
    if (how != SHUT_WR) u->shut_in = true;
    if (how != SHUT_RD) u->shut_out = true;
    weir_sim_stir(n);
    return 0;
}

static int64_t local_name(sim_node *n, weir_address *out)
{
    weir_sim_name_to(&((const udp *)n)->binding.local, is_six(n), out);
    return 0;
}

static int64_t peer_name(sim_node *n, weir_address *out)
{
    const udp *u = (const udp *)n;
    if (!u->binding.connected) return WEIR_ENOTCONN;
    weir_sim_name_to(&u->binding.remote, is_six(n), out);
    return 0;
}

static int64_t get_option(sim_node *n, int level, int name, void *value, uint32_t *size)
{
    udp *u = (udp *)n;
    const bool asked = (level == IPPROTO_IP && name == IP_MTU) ||
                       (level == IPPROTO_IPV6 && name == IPV6_MTU && is_six(n));
    if (!asked) return weir_sim_group_get(u, level, name, value, size);
    if (!u->binding.connected) return WEIR_ENOTCONN;
    const bool own = weir_sim_is_own(n->host, u->binding.remote.ip);
    const int mtu = weir_sim_device_mtu(own ? DEVICE_LO : DEVICE_NET);
    *size = *size < sizeof mtu ? *size : (uint32_t)sizeof mtu;
    memcpy(value, &mtu, *size);
    return 0;
}

static int64_t set_option(sim_node *n, int level, int name, const void *value, uint32_t size)
{
    return weir_sim_group_set((udp *)n, level, name, value, size);
}

static bool close_socket(sim_node *n)
{
    udp *u = (udp *)n;
    weir_sim_group_leave_all(u);
    weir_sim_port_free(n->host, &u->binding);
    weir_sim_udp_drop_all(u);
    return true;
}

static const sim_node_kind udp_kind = {
    .name = "UDP",
    .is_socket = true,
    .receive = weir_sim_udp_receive,
    .send = weir_sim_udp_send,
    .ready = ready,
    .bind = bind_socket,
    .connect = connect_socket,
    .shutdown = shut_down,
    .local = local_name,
    .peer = peer_name,
    .get_option = get_option,
    .set_option = set_option,
    .close = close_socket,
};

sim_node *weir_sim_udp_make(host *h, int family)
{
    udp *u = weir_sim_node_make(h, &udp_kind, sizeof *u);
    if (!u) return NULL;
    u->binding.node = &u->node;
    u->binding.protocol = SIM_UDP;
    if (family == AF_INET) u->binding.local.ip[10] = u->binding.local.ip[11] = 0xff;
    return &u->node;
}
