/* SPDX-License-Identifier: MIT
 *
 * Questions over UDP: sent again, with growing patience, until an answer matches.
 */
#include <weir/net/udp.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "net/udp_exchange.h"

static const weir_duration first_patience = {1000000000};
static const weir_duration most_patience = {60000000000};

/* Receives until a datagram of the peer matches. */
static int64_t await_answer(weir_io *io, weir_udp_socket *udp, const weir_udp_question *question,
                            const weir_address *peer, void *answer, size_t room,
                            weir_deadline until)
{
    do {
        weir_message message;
        struct iovec slice;
        net_udp_message(&message, &slice, answer, room);
        int64_t n = net_udp_exchange(io, udp, WEIR_OP_RECEIVE, 0, until, &message, 1);
        if (n < 0) return n;
        /* What came before the socket was connected may be from anybody. */
        const bool matches = weir_address_equal(&message.address, peer) &&
                             (!question->match ||
                              question->match(question->context, weir_bytes_of(answer, (size_t)n)));
        if (matches) return message.came & WEIR_MESSAGE_TRUNCATED ? WEIR_EMSGSIZE : n;
        /* A stranger who sends without pause must not keep the operation from seeing the time. */
    } while (!weir_deadline_passed(until, weir_now(io, WEIR_CLOCK_MONOTONIC)));
    return WEIR_EDEADLINE;
}

static int64_t send_question(weir_io *io, weir_udp_socket *udp, weir_bytes data,
                             weir_deadline deadline)
{
    weir_message message;
    struct iovec slice;
    net_udp_message(&message, &slice, data.data, data.len);
    net_udp_direct(&message, NULL);
    return net_udp_exchange(io, udp, WEIR_OP_SEND, 0, deadline, &message, 1);
}

int64_t weir_udp_ask(weir_io *io, weir_udp_socket *udp, const weir_udp_question *question,
                     void *answer, size_t room, weir_deadline deadline)
{
    weir_address peer;
    int error = weir_udp_peer(io, udp, &peer);
    if (error) return error;
    weir_duration patience = question->patience.ns > 0 ? question->patience : first_patience;
    const weir_duration limit = weir_duration_max(patience, most_patience);
    for (unsigned i = 0; question->attempts == 0 || i < question->attempts; i++) {
        int64_t n = send_question(io, udp, question->data, deadline);
        /* On the first attempt it is about what was sent before this question. */
        if (n == WEIR_ECONNREFUSED && i == 0) n = send_question(io, udp, question->data, deadline);
        if (n < 0) return n;
        const weir_deadline until = weir_instant_min(deadline, weir_deadline_after(io, patience));
        n = await_answer(io, udp, question, &peer, answer, room, until);
        if (n != WEIR_EDEADLINE) return n;
        if (weir_deadline_passed(deadline, weir_now(io, WEIR_CLOCK_MONOTONIC))) break;
        patience = weir_duration_min(weir_duration_scale(patience, 2), limit);
    }
    return WEIR_EDEADLINE;
}
