/* SPDX-License-Identifier: MIT
 *
 * Unix sockets: bytes and packets between two sockets of a host, and how they end.
 */
#include "io/sim/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_PART = 32768, /* of a stream's write, as the kernel cuts it */
    QUEUE_MESSAGES = 10,  /* net.unix.max_dgram_qlen */
    OVERHEAD = 32,        /* that the kernel keeps back of the send buffer */
};

static local *local_of(sim_node *n)
{
    return (local *)n;
}

static uint32_t send_limit(const sim_node *n)
{
    return (uint32_t)weir_sim_option(n, SOL_SOCKET, SO_SNDBUF);
}

/* Streams and sequences: one writer per queue, whose send buffer is the limit. */
static uint32_t space_at_peer(const local *l)
{
    const uint32_t limit = send_limit(&l->node);
    return l->peer->bytes < limit ? limit - l->peer->bytes : 0;
}

static int64_t may_send(local *l)
{
    if (l->node.error) return sim_take_error(&l->node);
    if (l->shut_out) return WEIR_EPIPE;
    if (l->state != LOCAL_CONNECTED) return WEIR_ENOTCONN;
    return l->peer && !l->peer->shut_in ? 0 : WEIR_EPIPE;
}

int64_t weir_sim_local_room(sim_node *n)
{
    local *l = local_of(n);
    const int64_t error = may_send(l);
    return error ? error : space_at_peer(l);
}

static int64_t send_stream(sim_node *n, sim_transfer *t)
{
    local *l = local_of(n);
    const int64_t error = may_send(l);
    if (t->message && t->message->address.kind != WEIR_ADDRESS_NONE)
        return l->state == LOCAL_CONNECTED ? WEIR_EISCONN : WEIR_EOPNOTSUPP;
    if (error) return error;
    int64_t sent = 0;
    do {
        size_t part = t->length < LARGEST_PART ? t->length : LARGEST_PART;
        const uint32_t space = space_at_peer(l);
        if (space == 0 && t->length > 0) return sent > 0 ? sent : SIM_WAIT;
        if (part > space) part = space;
        int failed;
        sim_packet *packet = weir_sim_packet_make(l, t, part, &failed);
        if (!packet) return sent > 0 ? sent : failed;
        weir_sim_packet_append(l->peer, packet);
        sent += (int64_t)part;
        if (t->message) break; /* the control data goes with the first part */
    } while (t->length > 0);
    return sent;
}

/* The end, an error, or that there is nothing yet. */
static int64_t nothing(local *l)
{
    if (l->node.error) return sim_take_error(&l->node);
    if (l->shut_in || (l->state == LOCAL_CONNECTED && (!l->peer || l->peer->shut_out))) return 0;
    return SIM_WAIT;
}

static void begin_message(sim_transfer *t)
{
    if (!t->message) return;
    t->message->came = 0;
    t->message->len = 0;
}

static bool has_control(const sim_packet *packet)
{
    return packet->right_count > 0 || packet->credentials;
}

static int64_t receive_stream(sim_node *n, sim_transfer *t)
{
    local *l = local_of(n);
    int64_t got = 0;
    bool told = false;
    if (l->state != LOCAL_CONNECTED) return WEIR_EINVAL;
    begin_message(t);
    const uint32_t control_room = t->message ? t->message->control_len : 0;
    if (!l->first && !(t->length == 0 && !t->message)) {
        const int64_t result = nothing(l);
        if (result == 0 && t->message) {
            t->message->control_len = 0;
            t->message->address.kind = WEIR_ADDRESS_NONE;
        }
        return result;
    }
    for (sim_packet *packet = l->first, *next; packet && (t->length > 0 || !told); packet = next) {
        next = packet->next;
        /* Bytes run on into a packet with control data, and end with it. */
        if (t->message && (!told || has_control(packet))) {
            t->message->control_len = control_room;
            weir_sim_packet_tell(l, packet, t);
        }
        told = true;
        const bool last = has_control(packet);
        const uint32_t left = packet->length - packet->taken;
        const uint32_t part = left < t->length ? left : (uint32_t)t->length;
        weir_sim_transfer_in(t, packet->data + packet->taken, part);
        got += part;
        if (!t->peek) {
            packet->taken += part;
            l->bytes -= part;
            if (packet->taken == packet->length) {
                weir_sim_packet_drop(l);
            } else if (has_control(packet)) {
                /* The descriptors went with the first byte. */
                for (uint32_t i = 0; i < packet->right_count; i++)
                    weir_sim_node_release(packet->rights[i]);
                packet->right_count = 0;
            }
        }
        if (last || (part < left && !t->peek)) break;
    }
    if (l->peer && !t->peek) weir_sim_stir(&l->peer->node);
    if (t->message) t->message->len = (uint32_t)got;
    return got;
}

/* To whom a datagram goes; NULL and *error. */
static local *target_of(local *l, const sim_transfer *t, int64_t *error)
{
    const weir_message *message = t->message;
    if (!message || message->address.kind == WEIR_ADDRESS_NONE) {
        *error = l->state == LOCAL_CONNECTED ? WEIR_ECONNREFUSED : WEIR_ENOTCONN;
        return l->peer;
    }
    *error = WEIR_EINVAL;
    if (message->address.kind != WEIR_ADDRESS_UNIX || message->address.path_len == 0) return NULL;
    local *to = weir_sim_local_find(l->node.host, SOCK_DGRAM, &message->address, error);
    if (to && to->node.type != SOCK_DGRAM) {
        *error = -EPROTOTYPE;
        return NULL;
    }
    return to;
}

static int64_t send_datagram(sim_node *n, sim_transfer *t)
{
    local *l = local_of(n);
    int64_t error = 0;
    if (t->length > send_limit(n) - OVERHEAD) return WEIR_EMSGSIZE;
    if (l->node.error) return sim_take_error(&l->node);
    if (l->shut_out) return WEIR_EPIPE;
    local *to = target_of(l, t, &error);
    if (!to) return error;
    if (to->peer && to->peer != l) return WEIR_EPERM;
    if (to->shut_in) return WEIR_EPIPE;
    if (to->packets > QUEUE_MESSAGES && to->peer != l) {
        weir_sim_local_block(l, to);
        return SIM_WAIT;
    }
    if (to->bytes + t->length > send_limit(n)) {
        weir_sim_local_block(l, to);
        return SIM_WAIT;
    }
    const int64_t length = (int64_t)t->length;
    int failed;
    sim_packet *packet = weir_sim_packet_make(l, t, t->length, &failed);
    if (!packet) return failed;
    weir_sim_packet_append(to, packet);
    return length;
}

static int64_t send_sequence(sim_node *n, sim_transfer *t)
{
    local *l = local_of(n);
    const int64_t error = may_send(l);
    if (error) return error;
    if (t->length > send_limit(n) - OVERHEAD) return WEIR_EMSGSIZE;
    if (t->length > 0 && space_at_peer(l) < t->length) return SIM_WAIT;
    const int64_t length = (int64_t)t->length;
    int failed;
    sim_packet *packet = weir_sim_packet_make(l, t, t->length, &failed);
    if (!packet) return failed;
    weir_sim_packet_append(l->peer, packet);
    return length;
}

static int64_t receive_packet(sim_node *n, sim_transfer *t)
{
    local *l = local_of(n);
    if (n->type == SOCK_SEQPACKET && l->state != LOCAL_CONNECTED) return WEIR_ENOTCONN;
    begin_message(t);
    sim_packet *packet = l->first;
    if (!packet) {
        int64_t result = nothing(l);
        if (n->type == SOCK_DGRAM && result == 0 && !l->shut_in) result = SIM_WAIT;
        if (result == 0 && t->message) {
            t->message->control_len = 0;
            t->message->address.kind = WEIR_ADDRESS_NONE;
        }
        return result;
    }
    const uint32_t length = packet->length;
    const uint32_t part = length < t->length ? length : (uint32_t)t->length;
    if (t->message) {
        weir_sim_packet_tell(l, packet, t);
        if (part < length) t->message->came |= WEIR_MESSAGE_TRUNCATED;
        if (n->type == SOCK_SEQPACKET) t->message->came |= WEIR_MESSAGE_RECORD_END;
        t->message->len = t->message->flags & WEIR_MESSAGE_LENGTH ? length : part;
    }
    weir_sim_transfer_in(t, packet->data, part);
    if (t->peek) return part;
    weir_sim_packet_drop(l);
    weir_sim_local_unblock_all(l);
    if (l->peer) weir_sim_stir(&l->peer->node);
    return part;
}

static uint32_t ready(sim_node *n)
{
    local *l = local_of(n);
    uint32_t set = 0;
    if (l->state == LOCAL_LISTENING) return l->backlog ? WEIR_POLL_READ : 0;
    const bool connection = n->type != SOCK_DGRAM;
    const bool ended = connection && l->state == LOCAL_CONNECTED && !l->peer;
    const bool no_more = l->shut_in || ended || (connection && l->peer && l->peer->shut_out);
    if (l->first || no_more) set |= WEIR_POLL_READ;
    if (n->error || ended || (l->shut_in && l->shut_out)) set |= WEIR_POLL_ERROR;
    if (connection && l->state == LOCAL_NEW) return set | WEIR_POLL_WRITE | WEIR_POLL_ERROR;
    const bool full = l->peer && (connection ? space_at_peer(l) < send_limit(n) / 2
                                             : l->peer->packets > QUEUE_MESSAGES);
    return full ? set : set | WEIR_POLL_WRITE;
}

static int64_t shut_down(sim_node *n, int how)
{
    local *l = local_of(n);
    if (l->state == LOCAL_NEW && n->type != SOCK_DGRAM) return WEIR_ENOTCONN;
    if (how == SHUT_RD || how == SHUT_RDWR) l->shut_in = true;
    if (how == SHUT_WR || how == SHUT_RDWR) l->shut_out = true;
    weir_sim_stir(n);
    if (l->peer) weir_sim_stir(&l->peer->node);
    weir_sim_local_unblock_all(l);
    return 0;
}

static int64_t local_name(sim_node *n, weir_address *out)
{
    const local *l = local_of(n);
    *out = l->name ? *l->name : (weir_address){.kind = WEIR_ADDRESS_UNIX};
    return 0;
}

static int64_t peer_name(sim_node *n, weir_address *out)
{
    local *l = local_of(n);
    if (!l->peer) return WEIR_ENOTCONN;
    return local_name(&l->peer->node, out);
}

static int64_t get_option(sim_node *n, int level, int name, void *value, uint32_t *size)
{
    const local *l = local_of(n);
    if (level != SOL_SOCKET) return SIM_WAIT;
    const int listening = l->state == LOCAL_LISTENING;
    if (name == SO_ACCEPTCONN) {
        *size = *size < sizeof listening ? *size : (uint32_t)sizeof listening;
        memcpy(value, &listening, *size);
        return 0;
    }
    if (name != SO_PEERCRED) return SIM_WAIT;
    struct ucred peer = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    if (l->state != LOCAL_NEW)
        peer = (struct ucred){.pid = 1000 + (pid_t)n->host->index, .uid = 1000, .gid = 1000};
    *size = *size < sizeof peer ? *size : (uint32_t)sizeof peer;
    memcpy(value, &peer, *size);
    return 0;
}

/* The peers of a connection hear that it is over; those that had it as a receiver lose it. */
static void leave_peers(local *l)
{
    const bool unread = l->first != NULL;
    while (l->pointing) {
        local *other = l->pointing;
        weir_sim_local_point(other, NULL);
        if (other->node.type != SOCK_DGRAM && unread) other->node.error = WEIR_ECONNRESET;
        weir_sim_stir(&other->node);
    }
    weir_sim_local_point(l, NULL);
}

static bool close_socket(sim_node *n)
{
    local *l = local_of(n);
    weir_sim_local_unbind(l);
    leave_peers(l);
    while (l->first) weir_sim_packet_drop(l);
    weir_sim_local_unblock_all(l);
    weir_sim_local_unblock(l);
    while (l->backlog) {
        local *child = l->backlog;
        l->backlog = child->next;
        child->next = NULL;
        /* Nobody has accepted it: a reset, as if something had been left unread. */
        if (child->peer) child->peer->node.error = WEIR_ECONNRESET;
        weir_sim_node_release(&child->node);
    }
    return true;
}

#define LOCAL_KIND(name_, stream_, receive_, send_)                                    \
    {                                                                                  \
        .name = name_, .is_socket = true, .is_stream = stream_, .receive = receive_,   \
        .send = send_, .ready = ready, .bind = weir_sim_local_bind,                    \
        .listen = weir_sim_local_listen, .accept = weir_sim_local_accept,              \
        .connect = weir_sim_local_connect, .shutdown = shut_down, .local = local_name, \
        .peer = peer_name, .get_option = get_option, .close = close_socket             \
    }

const sim_node_kind weir_sim_local_kind[3] = {
    LOCAL_KIND("Unix stream", true, receive_stream, send_stream),
    LOCAL_KIND("Unix datagrams", false, receive_packet, send_datagram),
    LOCAL_KIND("Unix packets", false, receive_packet, send_sequence),
};

sim_node *weir_sim_local_make(host *h, int type)
{
    const int kind = type == SOCK_STREAM ? 0 : type == SOCK_DGRAM ? 1 : 2;
    sim_node *n = weir_sim_node_make(h, &weir_sim_local_kind[kind], sizeof(local));
    if (n) ((local *)n)->mode = 0777;
    return n;
}
