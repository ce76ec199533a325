/* SPDX-License-Identifier: MIT
 *
 * TCP sockets as a kind of node: bytes in and out, readiness, shutdown, options, close (tcp(7)).
 */
#include "io/sim/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/socket.h"

static sim_end *end_of(const tcp *t)
{
    return t->connection ? &t->connection->end[t->side] : NULL;
}

static sim_end *other_of(const tcp *t)
{
    return &t->connection->end[!t->side];
}

static void begin_message(sim_transfer *t)
{
    if (!t->message) return;
    t->message->came = 0;
    t->message->len = 0;
    t->message->control_len = 0;
    t->message->address.kind = WEIR_ADDRESS_NONE;
}

/* What a read says when no byte is there. */
static int64_t nothing(tcp *t)
{
    if (t->node.error) return sim_take_error(&t->node);
    if (t->state == TCP_NEW || t->state == TCP_LISTENING) return WEIR_ENOTCONN;
    if (t->state == TCP_ENDED || t->shut_in) return 0;
    return t->state == TCP_CONNECTED && end_of(t)->fin ? 0 : SIM_WAIT;
}

/* Whether what has come is not to be taken now.  Of a connection that has ended, poll has said that
 * a read does not wait. */
static bool is_held_up(const tcp *t)
{
    return t->state == TCP_CONNECTED && !t->shut_in && weir_sim_pace_waits(t->node.host);
}

static int64_t receive(sim_node *n, sim_transfer *transfer)
{
    tcp *t = (tcp *)n;
    sim_end *end = end_of(t);
    begin_message(transfer);
    if (transfer->message && transfer->message->flags & WEIR_MESSAGE_ERRORS) return SIM_WAIT;
    if (!end || end->lane.arrived == 0) return nothing(t);
    if (is_held_up(t)) return SIM_WAIT;
    const size_t wanted = weir_sim_pace_most(n->host, transfer->length);
    const size_t most = weir_sim_shorten(n->host->world, wanted);
    const size_t taken = weir_sim_lane_take(&end->lane, transfer, most);
    sim_end *other = other_of(t);
    if (!transfer->peek) weir_sim_pace_took(n, taken);
    if (other->socket) {
        other->socket->pressed &= transfer->peek;
        weir_sim_stir(&other->socket->node);
    }
    if (transfer->message) transfer->message->len = (uint32_t)taken;
    return (int64_t)taken;
}

static int64_t may_send(tcp *t)
{
    const sim_end *end = end_of(t);
    if (t->node.error) return sim_take_error(&t->node);
    if (t->state == TCP_CONNECTING) return SIM_WAIT;
    return t->state != TCP_CONNECTED || end->fin_sent ? WEIR_EPIPE : 0;
}

int64_t weir_sim_tcp_room(sim_node *n)
{
    tcp *t = (tcp *)n;
    const int64_t error = may_send(t);
    if (error) return error == SIM_WAIT ? 0 : error;
    return sim_lane_space(&other_of(t)->lane);
}

static int64_t send_bytes(sim_node *n, sim_transfer *transfer)
{
    tcp *t = (tcp *)n;
    const int64_t error = may_send(t);
    if (error) return error;
    if (transfer->length == 0) return 0;
    const size_t most = weir_sim_shorten(n->host->world, transfer->length);
    const int64_t sent = weir_sim_lane_put(&other_of(t)->lane, transfer, most);
    if (sent > 0) weir_sim_tcp_push(t->connection, t->side, (uint32_t)sent);
    if (t->state == TCP_CONNECTED && sim_lane_space(&other_of(t)->lane) == 0) weir_sim_tcp_press(t);
    return sent;
}

static uint32_t ready(sim_node *n)
{
    tcp *t = (tcp *)n;
    const sim_end *end = end_of(t);
    uint32_t set = n->error ? WEIR_POLL_ERROR : 0;
    switch (t->state) {
    case TCP_NEW: return set | WEIR_POLL_WRITE | WEIR_POLL_ERROR;
    case TCP_LISTENING: return t->listener->first ? set | WEIR_POLL_READ : set;
    case TCP_CONNECTING: return set;
    case TCP_ENDED: return WEIR_POLL_READ | WEIR_POLL_WRITE | WEIR_POLL_ERROR;
    case TCP_CONNECTED: break;
    }
    if (end->lane.arrived > 0 ? !is_held_up(t) : end->fin || t->shut_in) set |= WEIR_POLL_READ;
    if ((end->fin || t->shut_in) && end->fin_sent) set |= WEIR_POLL_ERROR;
    /* As the kernel: when a third of the room is free. */
    const sim_lane *out = &other_of(t)->lane;
    if (end->fin_sent || sim_lane_space(out) >= out->limit / 3) set |= WEIR_POLL_WRITE;
    return set;
}

static int64_t shut_down(sim_node *n, int how)
{
    tcp *t = (tcp *)n;
    if (t->state == TCP_LISTENING) {
        if (how == SHUT_WR) return 0;
        weir_sim_tcp_unlisten(t);
        t->state = TCP_NEW;
        weir_sim_stir(n);
        return 0;
    }
    if (t->state != TCP_CONNECTED) return WEIR_ENOTCONN;
    if (how != SHUT_WR) t->shut_in = true;
    if (how != SHUT_RD) weir_sim_tcp_finish(t->connection, t->side);
    weir_sim_stir(n);
    return 0;
}

static int64_t local_name(sim_node *n, weir_address *out)
{
    const tcp *t = (const tcp *)n;
    weir_sim_name_to(&t->binding.local, n->family == AF_INET6, out);
    return 0;
}

static int64_t peer_name(sim_node *n, weir_address *out)
{
    const tcp *t = (const tcp *)n;
    if (t->state != TCP_CONNECTED) return WEIR_ENOTCONN;
    weir_sim_name_to(&t->binding.remote, n->family == AF_INET6, out);
    return 0;
}

static int64_t give(void *value, uint32_t *size, const void *from, uint32_t length)
{
    if (*size > length) *size = length;
    memcpy(value, from, *size);
    return 0;
}

static uint8_t kernel_state(const tcp *t)
{
    const sim_end *end = end_of(t);
    switch (t->state) {
    case TCP_LISTENING: return TCP_LISTEN;
    case TCP_CONNECTING: return TCP_SYN_SENT;
    case TCP_CONNECTED: break;
    default: return TCP_CLOSE;
    }
    if (end->fin_sent) return end->fin ? TCP_CLOSING : TCP_FIN_WAIT2;
    return end->fin ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
}

static int64_t get_info(const tcp *t, void *value, uint32_t *size)
{
    struct tcp_info info = {.tcpi_state = kernel_state(t), .tcpi_snd_mss = 1448};
    const sim_end *end = end_of(t);
    info.tcpi_rcv_mss = info.tcpi_advmss = 1448;
    info.tcpi_snd_cwnd = 10;
    info.tcpi_snd_ssthresh = 0x7fffffff;
    info.tcpi_pmtu = 65535;
    info.tcpi_rtt = 50;
    if (t->listener) {
        /* Of a listener these two are its queue and its backlog. */
        info.tcpi_unacked = t->listener->waiting;
        info.tcpi_sacked = t->listener->limit;
    }
    if (end && end->wire)
        info.tcpi_rtt = (uint32_t)(2 * end->wire->link->is.latency.ns / 1000 + 50);
    return give(value, size, &info, sizeof info);
}

static int64_t get_congestion(const tcp *t, void *value, uint32_t *size)
{
    char name[16] = "cubic";
    if (t->reno) memcpy(name, "reno\0", 6);
    return give(value, size, name, sizeof name);
}

static int64_t get_option(sim_node *n, int level, int name, void *value, uint32_t *size)
{
    const tcp *t = (const tcp *)n;
    if (level == SOL_SOCKET && name == SO_ACCEPTCONN) {
        const int listening = t->state == TCP_LISTENING;
        return give(value, size, &listening, sizeof listening);
    }
    if (level == IPPROTO_IP && name == IP_MTU) {
        const int mtu = end_of(t) && !end_of(t)->wire ? 65536 : 1500;
        return t->connection ? give(value, size, &mtu, sizeof mtu) : WEIR_ENOTCONN;
    }
    if (level != IPPROTO_TCP) return SIM_WAIT;
    if (name == TCP_INFO) return get_info(t, value, size);
    if (name == TCP_CONGESTION) return get_congestion(t, value, size);
    return SIM_WAIT;
}

/* What is about to be set counts from now on; what is on already goes on as it was. */
static void set_keepalive(tcp *t, int level, int name, const void *value, uint32_t size)
{
    int on = 0;
    if (level == SOL_SOCKET && name == SO_KEEPALIVE) {
        if (size >= sizeof on) memcpy(&on, value, sizeof on);
        if (on && !weir_sim_option(&t->node, level, name)) weir_sim_tcp_keep(t, true);
    } else if (level == IPPROTO_TCP &&
               (name == TCP_KEEPIDLE || name == TCP_KEEPINTVL || name == TCP_KEEPCNT)) {
        weir_sim_tcp_keep(t, false);
    }
}

static int64_t set_option(sim_node *n, int level, int name, const void *value, uint32_t size)
{
    tcp *t = (tcp *)n;
    set_keepalive(t, level, name, value, size);
    if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && t->binding.bound) return WEIR_EINVAL;
    if (level != IPPROTO_TCP || name != TCP_CONGESTION) return SIM_WAIT;
    char asked[16] = "";
    memcpy(asked, value, size < sizeof asked ? size : sizeof asked - 1);
    if (strcmp(asked, "cubic") != 0 && strcmp(asked, "reno") != 0) return WEIR_ENOENT;
    t->reno = asked[0] == 'r';
    return 0;
}

static bool close_socket(sim_node *n)
{
    tcp *t = (tcp *)n;
    weir_sim_tcp_unplan(t);
    if (t->listener) weir_sim_tcp_unlisten(t);
    free(t->listener);
    /* Off its port before the port begins to rest. */
    weir_sim_port_free(n->host, &t->binding);
    weir_sim_tcp_leave(t, weir_sim_option(n, SOL_SOCKET, SO_LINGER) == 1);
    return true;
}

static const sim_node_kind tcp_kind = {
    .name = "TCP",
    .is_socket = true,
    .is_stream = true,
    .receive = receive,
    .send = send_bytes,
    .ready = ready,
    .bind = weir_sim_tcp_bind,
    .listen = weir_sim_tcp_listen,
    .accept = weir_sim_tcp_accept,
    .connect = weir_sim_tcp_connect,
    .shutdown = shut_down,
    .local = local_name,
    .peer = peer_name,
    .get_option = get_option,
    .set_option = set_option,
    .close = close_socket,
};

tcp *weir_sim_tcp_of(sim_node *n)
{
    return n->kind == &tcp_kind ? (tcp *)n : NULL;
}

sim_node *weir_sim_tcp_make(host *h, int family)
{
    tcp *t = weir_sim_node_make(h, &tcp_kind, sizeof *t);
    if (!t) return NULL;
    t->binding.node = &t->node;
    t->binding.protocol = SIM_TCP;
    if (family == AF_INET) t->binding.local.ip[10] = t->binding.local.ip[11] = 0xff;
    return &t->node;
}
