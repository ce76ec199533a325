/* SPDX-License-Identifier: MIT
 *
 * A port is told that a datagram did not arrive: whom does that concern, and what is still heard?
 */
#include "test/network/dns_ask.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include <weir/io/group.h>
#include <weir/io/sim/sim.h>
#include <weir/net/udp.h>

#include "dns/servers.h"

enum { MANY = 120, HELD = 4 * MANY };

/* A server that keeps what it is asked, until it is told to answer. */
typedef struct holder {
    weir_udp_socket udp;
    weir_address address;
    weir_task task;
    uint32_t count;
    struct {
        weir_address from;
        size_t len;
        uint8_t octets[DNS_QUERY_ROOM];
    } held[HELD];
} holder;

static int hold(weir_io *io, void *argument)
{
    holder *h = argument;
    for (;;) {
        const uint32_t n = __atomic_load_n(&h->count, __ATOMIC_RELAXED);
        if (!check(n < HELD)) return 0;
        const int64_t len = weir_udp_receive_from(io, &h->udp, h->held[n].octets,
                                                  sizeof h->held[n].octets, &h->held[n].from);
        if (len == WEIR_ECANCELED) return 0;
        if (len < WEIR_DNS_HEADER) continue;
        h->held[n].len = (size_t)len;
        contract_raise(io, &h->count);
    }
}

static holder *start_holder(weir_io *io)
{
    holder *h = calloc(1, sizeof *h);
    /* A port that was asked for by its number: a free one would be lost with the peer. */
    for (int error = WEIR_EADDRINUSE; error == WEIR_EADDRINUSE;) {
        h->address = weir_address_loopback4(0);
        check_int(weir_udp_bind(io, &h->address, NULL, &h->udp), 0);
        check_int(weir_udp_local(io, &h->udp, &h->address), 0);
        weir_udp_close(io, &h->udp);
        error = weir_udp_bind(io, &h->address, NULL, &h->udp);
        check(error == 0 || error == WEIR_EADDRINUSE);
    }
    check_int(weir_concurrent(io, &h->task, hold, h, NULL), 0);
    return h;
}

static void stop_holder(weir_io *io, holder *h)
{
    weir_cancel(io, &h->task);
    weir_udp_close(io, &h->udp);
    free(h);
}

/* From now on what comes is refused by the kernel: the socket hears one peer alone, itself. */
static void refuse(weir_io *io, holder *h)
{
    check_int(weir_connect(io, h->udp.socket, &h->address), 0);
}

static void refuse_no_more(weir_io *io, holder *h)
{
    const weir_address nobody = {.kind = WEIR_ADDRESS_NONE};
    check_int(weir_connect(io, h->udp.socket, &nobody), 0);
}

/* Says that the first so many names do not exist. */
static void answer(weir_io *io, holder *h, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        h->held[i].octets[2] |= 0x80;
        h->held[i].octets[3] = 0x83;
        check(weir_udp_send_to(io, &h->udp, h->held[i].octets, h->held[i].len, &h->held[i].from) >
              0);
    }
}

/* Lookups that run at once. */
typedef struct burst {
    weir_group group;
    lookup many[MANY];
} burst;

static burst *begin(weir_io *io, dns_servers *servers, int only_server)
{
    burst *b = calloc(1, sizeof *b);
    for (int i = 0; i < MANY; i++) {
        char text[64];
        snprintf(text, sizeof text, "h%d.host.example.", i);
        lookup_init(&b->many[i], servers, text);
        b->many[i].question.only_server = only_server;
        check_int(weir_group_concurrent(io, &b->group, lookup_task, &b->many[i], NULL), 0);
    }
    return b;
}

static void finish(weir_io *io, burst *b, int expected)
{
    check_int(weir_group_wait(io, &b->group), 0);
    for (int i = 0; i < MANY; i++) {
        check_int(b->many[i].result, expected);
        lookup_free(&b->many[i]);
    }
    free(b);
}

/* Questions that share ports with others, which are refused, are asked of the next server, and
 * answered by the first one all the same. */
CONTRACT(dns_ask_hint_leaves_the_others_listening)
{
    holder *first = start_holder(io), *second = start_holder(io);
    const weir_address addresses[] = {first->address, second->address};
    const dns_ask_options options = ask_patiently();
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, addresses, 2, &options, &servers), 0);
    burst *waiting = begin(io, servers, -1);
    check_int(contract_reached(io, &first->count, MANY), 0);
    refuse(io, first);
    finish(io, begin(io, servers, 0), WEIR_EDNS_UNREACHABLE);
    refuse_no_more(io, first);
    /* Those whose ports were refused have gone on to the second. */
    check_int(contract_reached(io, &second->count, 1), 0);
    answer(io, first, MANY);
    check_int(weir_group_wait(io, &waiting->group), 0);
    unsigned hinted = 0;
    for (int i = 0; i < MANY; i++) {
        const lookup *l = &waiting->many[i];
        check_int(l->result, 0);
        check(weir_address_equal(&l->replies[0].server, &first->address));
        check_int(l->report.attempts[0].error, 0);
        hinted += l->report.kept > 1;
    }
    check(hinted > 0);
    finish(io, waiting, 0);
    weir_dns_servers_destroy(io, servers);
    stop_holder(io, first);
    stop_holder(io, second);
}

/* What is true is found out at once, and a port that has had a hint takes no more questions: the
 * second hint would not be given to them. */
CONTRACT(dns_ask_hint_that_is_true_costs_no_time)
{
    const dns_ask_options options = ask_patiently();
    dns_server_keeper keeper;
    const weir_address nobody = dns_server_nobody(io, &keeper);
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &nobody, 1, &options, &servers), 0);
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    for (int i = 0; i < 3; i++) finish(io, begin(io, servers, -1), WEIR_EDNS_UNREACHABLE);
    check(contract_ms_since(io, start) < 20000);
    weir_dns_servers_destroy(io, servers);
    dns_server_nobody_end(io, &keeper);
}

/* The descriptor of a port from which the server is asked. */
static int socket_of(const holder *h, uint16_t port)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in local, peer;
        socklen_t len = sizeof local, peer_len = sizeof peer;
        if (getsockname(fd, (struct sockaddr *)&local, &len) != 0) continue;
        if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0) continue;
        if (local.sin_family == AF_INET && ntohs(local.sin_port) == port &&
            ntohs(peer.sin_port) == h->address.port)
            return fd;
    }
    return -1;
}

static unsigned questions_of(const holder *h, uint16_t port)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MANY; i++) count += h->held[i].from.port == port;
    return count;
}

/* Gives each port of the first questions a stray hint, or the shared ones alone: something else
 * that leaves it is refused.  Without a word to the engine, so that nothing happens in between.
 * Returns how many questions are concerned. */
static unsigned hint(const holder *h, bool shared_only)
{
    const struct sockaddr_in other = {.sin_family = AF_INET,
                                      .sin_port = htons(h->address.port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    unsigned concerned = 0;
    bool sent[1024] = {0};
    check_int(connect(h->udp.socket.fd, (const struct sockaddr *)&other, sizeof other), 0);
    for (unsigned i = 0; i < MANY; i++) {
        if (shared_only && questions_of(h, h->held[i].from.port) == 1) continue;
        concerned++;
        const int fd = socket_of(h, h->held[i].from.port);
        /* One that has its hint would give it away. */
        bool *given = &sent[fd % 1024];
        if (check(fd >= 0) && !*given) check_int(send(fd, "", 1, 0), 1);
        *given = true;
    }
    check_int(connect(h->udp.socket.fd, &none, sizeof none), 0);
    return concerned;
}

/* Where other threads go on meanwhile, they would ask again while the server still refuses; and a
 * simulated port has no descriptor. */
static bool can_hint(weir_io *io)
{
    return io->one_thread && !weir_sim_of(io);
}

/* A stray hint: whoever was asked answers as if nothing had happened. */
CONTRACT(dns_ask_hint_that_is_false_does_no_harm)
{
    if (!can_hint(io)) return;
    holder *h = start_holder(io);
    const dns_ask_options options = ask_patiently();
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &h->address, 1, &options, &servers), 0);
    burst *b = begin(io, servers, -1);
    check_int(contract_reached(io, &h->count, MANY), 0);
    check_int(hint(h, false), MANY);
    /* Asked once more; not all of them: a hint is lost if something is sent before it is read. */
    check_int(contract_reached(io, &h->count, MANY + DNS_FRESH_PORTS), 0);
    answer(io, h, MANY);
    check_int(weir_group_wait(io, &b->group), 0);
    for (int i = 0; i < MANY; i++) check_int(b->many[i].report.attempts[0].error, 0);
    finish(io, b, 0);
    weir_dns_servers_destroy(io, servers);
    stop_holder(io, h);
}

/* Where many share a port, a hint to it is no attempt of theirs that has failed: the only one is
 * made at another port. */
CONTRACT(dns_ask_hint_to_a_shared_port_takes_no_attempt)
{
    if (!can_hint(io)) return;
    holder *h = start_holder(io);
    dns_ask_options options = ask_patiently();
    options.attempts = 1;
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &h->address, 1, &options, &servers), 0);
    burst *b = begin(io, servers, -1);
    check_int(contract_reached(io, &h->count, MANY), 0);
    check(hint(h, true) > MANY / 2);
    check_int(contract_reached(io, &h->count, MANY + 1), 0);
    check_int(servers->peers[0].failures, 0);
    answer(io, h, MANY);
    finish(io, b, 0);
    weir_dns_servers_destroy(io, servers);
    stop_holder(io, h);
}
