/* SPDX-License-Identifier: MIT
 *
 * One attempt: what it sends, what it waits for, what it leaves.
 *
 * Who wants to forge an answer has to guess the id, and the port, which the kernel draws for each
 * new socket (RFC 5452 9.2).  The socket is connected before anything is sent: the kernel lets
 * nothing through but what comes from the server's address and port.  When many questions are under
 * way the attempt goes over a port that others use, too (udp_link.h).
 */
#include "dns/attempt.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "dns/servers.h"

enum { CASE_BITS = 32 };

/* Draws ids, which port to share, and the letters' case: one draw for all. */
static int draw(weir_io *io, dns_servers *servers, const dns_question *question,
                dns_attempt *attempt, bool mix, unsigned *choice)
{
    uint8_t drawn[2 * DNS_ASK_TYPES + 1 + CASE_BITS];
    const size_t ids = 2 * question->type_count + 1;
    const int error = weir_dns_servers_random(io, servers, drawn, ids + (mix ? CASE_BITS : 0));
    if (error) return error;
    for (unsigned i = 0; i < question->type_count; i++)
        attempt->queries[i].id = (uint16_t)(drawn[2 * i] << 8 | drawn[2 * i + 1]);
    *choice = drawn[ids - 1];
    if (mix) {
        attempt->name = *question->name;
        weir_dns_name_mix_case(&attempt->name, drawn + ids);
    }
    return 0;
}

/* Says what each query has to be. */
static int prepare(weir_io *io, dns_servers *servers, const dns_question *question,
                   dns_attempt *attempt, unsigned *choice)
{
    dns_manner manner;
    weir_dns_servers_manner(io, servers, attempt->how.peer, attempt->started, &manner);
    const bool edns =
        (servers->options.edns || question->dnssec_ok) && !manner.plain && !attempt->how.plain;
    const bool mix = servers->options.mix_case && !attempt->how.tcp;
    const int error = draw(io, servers, question, attempt, mix, choice);
    if (error) return error;
    for (unsigned i = 0; i < question->type_count; i++) {
        dns_query *query = &attempt->queries[i];
        query->name = mix ? &attempt->name : question->name;
        query->type = question->types[i];
        query->edns = edns;
        query->exact = mix;
        query->has_cookie = edns && servers->options.edns;
        if (query->has_cookie) query->cookie = manner.cookie;
    }
    return 0;
}

static int send_queries(weir_io *io, dns_servers *servers, const dns_question *question,
                        dns_attempt *attempt)
{
    for (unsigned i = 0; i < question->type_count; i++) {
        if (!(attempt->pending & 1U << i)) continue;
        uint8_t octets[DNS_QUERY_ROOM];
        const size_t len =
            weir_dns_query_write(&attempt->queries[i], question, servers->options.udp_size, octets);
        struct iovec slice = {octets, len};
        weir_message message;
        message.data = &slice;
        message.count = 1;
        message.flags = 0;
        message.control = NULL;
        message.control_len = 0;
        message.address.kind = WEIR_ADDRESS_NONE;
        const int64_t n = weir_send(io, attempt->socket, &message);
        if (n < 0) return (int)n;
    }
    return 0;
}

static unsigned only_question(const dns_attempt *attempt)
{
    return attempt->pending == 1 ? 0 : 1;
}

/* Puts the one question over a port that others use, too. */
static int start_shared(weir_io *io, dns_servers *servers, const dns_question *question,
                        dns_attempt *attempt, unsigned choice)
{
    dns_query *query = &attempt->queries[only_question(attempt)];
    attempt->port.query = query;
    attempt->port.room = attempt->far ? attempt->far : attempt->near;
    for (bool again = false;; again = true) {
        int error = weir_dns_port_join(io, servers, attempt->how.peer, choice, attempt->started,
                                       &attempt->port);
        if (error) return error;
        uint8_t octets[DNS_QUERY_ROOM];
        const size_t len = weir_dns_query_write(query, question, servers->options.udp_size, octets);
        error = weir_dns_port_send(io, &attempt->port, weir_bytes_of(octets, len));
        if (again || !weir_dns_port_is_hint(error)) return error;
        /* It was about somebody else's, and that port takes no more. */
        weir_dns_port_leave(io, &attempt->port);
    }
}

/* Takes the cookies for the address that the kernel has chosen for the socket. */
static int show_cookie(weir_io *io, dns_servers *servers, dns_attempt *attempt)
{
    dns_query *queries = attempt->queries;
    const unsigned some = only_question(attempt);
    if (!queries[some].has_cookie) return 0;
    weir_address source;
    int error = weir_local_address(io, attempt->socket, &source);
    weir_dns_cookie cookie;
    if (!error) error = weir_dns_servers_cookie(io, servers, attempt->how.peer, &source, &cookie);
    for (unsigned i = 0; i < DNS_ASK_TYPES && !error; i++) queries[i].cookie = cookie;
    return error;
}

static int start_alone(weir_io *io, dns_servers *servers, const dns_question *question,
                       dns_attempt *attempt)
{
    const weir_address *server = &servers->peers[attempt->how.peer].address;
    const int family = server->kind == WEIR_ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    int error = weir_socket_open(io, family, SOCK_DGRAM, IPPROTO_UDP, &attempt->socket);
    if (!error) error = weir_connect(io, attempt->socket, server);
    if (!error) error = show_cookie(io, servers, attempt);
    return error ? error : send_queries(io, servers, question, attempt);
}

static int start_udp(weir_io *io, dns_servers *servers, const dns_question *question,
                     dns_attempt *attempt, unsigned choice)
{
    __atomic_add_fetch(&servers->peers[attempt->how.peer].under_way, 1, __ATOMIC_RELAXED);
    attempt->under_way = &servers->peers[attempt->how.peer].under_way;
    attempt->room = WEIR_DNS_EDNS_SIZE;
    if (servers->options.udp_size > WEIR_DNS_EDNS_SIZE) {
        attempt->room = servers->options.udp_size;
        attempt->far = malloc(attempt->room + 1);
        if (!attempt->far) return WEIR_ENOMEM;
    }
    if (attempt->how.shared) {
        const int error = start_shared(io, servers, question, attempt, choice);
        if (attempt->port.link || !error || error == WEIR_ECANCELED || error == WEIR_EDEADLINE)
            return error;
        attempt->how.shared = false;
    }
    return start_alone(io, servers, question, attempt);
}

static int start_tcp(dns_servers *servers, const dns_question *question, dns_attempt *attempt)
{
    const unsigned i = only_question(attempt);
    dns_outgoing *outgoing = malloc(sizeof *outgoing + 2 + DNS_QUERY_ROOM);
    if (!outgoing) return WEIR_ENOMEM;
    const size_t len = weir_dns_query_write(&attempt->queries[i], question,
                                            servers->options.udp_size, outgoing->octets + 2);
    outgoing->octets[0] = (uint8_t)(len >> 8);
    outgoing->octets[1] = (uint8_t)len;
    outgoing->len = 2 + len;
    attempt->link = (dns_link_query){
        .servers = servers,
        .peer = attempt->how.peer,
        .outgoing = outgoing,
        .near = attempt->near,
        .cookie = attempt->queries[i].has_cookie ? &attempt->queries[i].cookie : NULL,
        .after = attempt->how.after,
        .id = attempt->queries[i].id,
    };
    return 0;
}

int weir_dns_attempt_start(weir_io *io, dns_servers *servers, const dns_question *question,
                           unsigned pending, const dns_approach *how, dns_attempt *attempt)
{
    attempt->next = NULL;
    attempt->how = *how;
    attempt->in_flight = attempt->dropped = attempt->blamed = attempt->doubtful = false;
    attempt->pending = (uint8_t)pending;
    attempt->links_made = 0;
    attempt->ignored = 0;
    attempt->started = weir_now(io, WEIR_CLOCK_MONOTONIC);
    attempt->socket.fd = -1;
    attempt->far = attempt->link.far = NULL;
    attempt->link.outgoing = NULL;
    attempt->under_way = NULL;
    attempt->port.link = NULL;
    unsigned choice;
    int error = prepare(io, servers, question, attempt, &choice);
    if (!error)
        error = how->tcp ? start_tcp(servers, question, attempt)
                         : start_udp(io, servers, question, attempt, choice);
    if (error) weir_dns_attempt_close(io, attempt);
    return error;
}

void weir_dns_attempt_wait(dns_attempt *attempt)
{
    if (attempt->how.tcp) {
        weir_dns_link_op(&attempt->op, &attempt->link);
    } else if (attempt->how.shared) {
        weir_dns_port_op(&attempt->op, &attempt->port);
    } else {
        /* A plain read: the socket is connected, and the sender known. */
        attempt->slice.iov_base = attempt->far ? attempt->far : attempt->near;
        attempt->slice.iov_len = attempt->room + 1;
        weir_op_set(&attempt->op, WEIR_OP_READ, attempt->socket.fd);
        attempt->op.args.vector.data = &attempt->slice;
        attempt->op.args.vector.count = 1;
        attempt->op.args.vector.repeat = 1;
    }
    attempt->op.user = attempt;
}

weir_bytes weir_dns_attempt_message(const dns_attempt *attempt, bool *whole)
{
    const size_t len = (size_t)attempt->op.result;
    *whole = true;
    if (attempt->how.tcp) {
        const uint8_t *far = attempt->link.far;
        return weir_bytes_of(far ? far : attempt->near, len);
    }
    if (attempt->how.shared) return weir_bytes_of(attempt->port.room, len);
    *whole = len <= attempt->room;
    return weir_bytes_of(attempt->slice.iov_base, *whole ? len : attempt->room);
}

void weir_dns_attempt_close(weir_io *io, dns_attempt *attempt)
{
    if (attempt->socket.fd >= 0) weir_close_socket(io, attempt->socket);
    attempt->socket.fd = -1;
    weir_dns_port_leave(io, &attempt->port);
    if (attempt->under_way) __atomic_sub_fetch(attempt->under_way, 1, __ATOMIC_RELAXED);
    attempt->under_way = NULL;
    free(attempt->far);
    free(attempt->link.far);
    free(attempt->link.outgoing);
    attempt->far = attempt->link.far = NULL;
    attempt->link.outgoing = NULL;
}
