/* SPDX-License-Identifier: MIT
 *
 * `weir talk` and `weir listen`: the socket's side of a conversation, for each transport.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "talk.h"

size_t talk_piece(const talk_call *call)
{
    return call->transport == CLI_UDP ? WEIR_UDP_MAX : TALK_PIECE;
}

/* Sending ---------------------------------------------------------------------------------- */

static int64_t give_packet(talk_call *call, const char *data, size_t len)
{
    struct iovec slice = {(char *)data, len};
    const weir_unix_outgoing message = {.data = &slice, .count = 1};
    return weir_unix_send(call->talk->io, call->socket, &message);
}

/* Answers whom was heard. */
static int64_t answer(talk_call *call, const char *data, size_t len)
{
    weir_io *io = call->talk->io;
    int error = weir_mutex_lock(io, &call->lock);
    if (error) return error;
    const weir_datagram request = call->request;
    cli_listener *via = call->via;
    weir_mutex_unlock(io, &call->lock);
    if (call->transport == CLI_UDP) return weir_udp_reply(io, &via->udp, &request, data, len);
    return weir_unix_send_to(io, &via->message, data, len, &request.peer);
}

int64_t talk_give(talk_call *call, const char *data, size_t len)
{
    weir_io *io = call->talk->io;
    if (call->listener_count > 0) return answer(call, data, len);
    switch (call->transport) {
    case CLI_UDP: return weir_udp_send(io, &call->udp, data, len);
    case CLI_UNIX_DATAGRAM: return weir_unix_send_to(io, &call->name, data, len, NULL);
    case CLI_UNIX_PACKET: return give_packet(call, data, len);
    default: return weir_write_all(io, call->socket, data, len);
    }
}

/* Receiving -------------------------------------------------------------------------------- */

static int64_t take_packet(talk_call *call, char *buffer, size_t room)
{
    struct iovec slice = {buffer, room};
    weir_unix_incoming message = {.data = &slice, .count = 1};
    const int64_t n = weir_unix_receive(call->talk->io, call->socket, &message);
    return n >= 0 && message.truncated ? WEIR_EMSGSIZE : n;
}

static int64_t take_name(talk_call *call, const weir_unix_datagram *socket, char *buffer,
                         size_t room, weir_address *from)
{
    const int64_t n = weir_unix_receive_from(call->talk->io, socket, buffer, room, from);
    return n > (int64_t)room ? WEIR_EMSGSIZE : n;
}

/* Notes whom to answer.  Returns whether what came counts: with a peer, only what it sends. */
static bool note(talk_call *call, cli_listener *via, const weir_datagram *from)
{
    talk *t = call->talk;
    const bool known = call->peer.kind != WEIR_ADDRESS_NONE;
    if (known && !t->keep) return via == call->via && weir_address_equal(&call->peer, &from->peer);
    if (weir_unix_kind_of(&from->peer) == WEIR_UNIX_UNNAMED) {
        if (!call->refused_name)
            talk_tell(t, "unnamed", "", " is heard; having no name it cannot be answered",
                      call->transport, &from->peer);
        call->refused_name = true;
        return true;
    }
    if (!known || !weir_address_equal(&call->peer, &from->peer))
        talk_tell(t, "heard", "answering ", "", call->transport, &from->peer);
    weir_mutex_lock_uncancelable(t->io, &call->lock);
    call->peer = from->peer;
    call->request = *from;
    call->via = via;
    weir_mutex_unlock(t->io, &call->lock);
    weir_event_set(t->io, &call->heard);
    return true;
}

/* Waits until a listener has something: its index, or an error. */
static int wait_for_any(talk_call *call)
{
    weir_op ops[WEIR_ENDPOINT_ADDRESSES], *pointers[WEIR_ENDPOINT_ADDRESSES];
    for (unsigned i = 0; i < call->listener_count; i++) {
        weir_op_set(&ops[i], WEIR_OP_POLL, call->listeners[i].socket.fd);
        ops[i].args.poll = WEIR_POLL_READ;
        pointers[i] = &ops[i];
    }
    return weir_select(call->talk->io, pointers, call->listener_count, weir_never());
}

static int64_t take_from_anybody(talk_call *call, char *buffer, size_t room)
{
    weir_io *io = call->talk->io;
    for (;;) {
        weir_datagram from = {0};
        int64_t n;
        const int index = wait_for_any(call);
        if (index < 0) return index;
        cli_listener *via = &call->listeners[index];
        if (call->transport == CLI_UDP)
            n = weir_udp_try_receive_datagram(io, &via->udp, buffer, room, &from);
        else
            n = take_name(call, &via->message, buffer, room, &from.peer);
        if (n == WEIR_EAGAIN || n == WEIR_ECONNREFUSED) continue;
        if (n < 0 || note(call, via, &from)) return n;
    }
}

int64_t talk_take(talk_call *call, char *buffer, size_t room, bool *empty)
{
    weir_io *io = call->talk->io;
    int64_t n;
    if (call->listener_count > 0)
        n = take_from_anybody(call, buffer, room);
    else if (call->transport == CLI_UDP)
        n = weir_udp_receive(io, &call->udp, buffer, room);
    else if (call->transport == CLI_UNIX_DATAGRAM)
        n = take_name(call, &call->name, buffer, room, NULL);
    else if (call->transport == CLI_UNIX_PACKET)
        n = take_packet(call, buffer, room);
    else
        n = weir_read(io, call->socket, buffer, TALK_PIECE);
    *empty = n == 0 && cli_is_datagram(call->transport);
    return n;
}
