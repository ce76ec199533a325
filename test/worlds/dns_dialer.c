/* SPDX-License-Identifier: MIT
 *
 * Connections by name: the one that is given works and leads to an address that the name has; all
 * others are closed, which the servers see (dns_echo.c), and the end of the world.
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>

#include "dns_world.h"

/* Whether a name has had this address lately, as this client was told. */
static bool has_address(const dns_client *c, unsigned name, const weir_address *peer)
{
    for (unsigned version = 0; version < DNS_VERSIONS; version++) {
        if (!c->told[name][DNS_SLOT_A][version] && !c->told_tcp[name][DNS_SLOT_A][version])
            continue;
        const unsigned count = dns_count(c->world, name, DNS_SLOT_A, version);
        for (unsigned j = 0; j < count; j++) {
            weir_address a = dns_address(c->world, name, DNS_SLOT_A, version, j);
            a.port = DNS_ECHO_PORT;
            if (weir_address_equal(&a, peer)) return true;
        }
    }
    return false;
}

/* Talks with the server, which says who it is.  Returns 0 or an error, which faults excuse. */
static int talk(weir_io *io, dns_client *c, weir_tcp_stream *tcp, const weir_address *address)
{
    uint8_t token[8], back[8] = {0};
    weir_address peer;
    weir_random(io, token, sizeof token);
    /* A server that has lost the connection may never say so. */
    weir_tcp_set_read_timeout(tcp, weir_seconds(60));
    int error = weir_tcp_peer(io, tcp, &peer);
    if (error) return error;
    if (address && !weir_address_equal(address, &peer))
        weir_sim_fail(c->world->trial, "client %u is connected to another address", c->index);
    int64_t n = weir_tcp_write_all(io, tcp, token, sizeof token);
    if (n == (int64_t)sizeof token) n = weir_stream_read_full(io, &tcp->stream, back, sizeof back);
    if (n != (int64_t)sizeof token) return n < 0 ? (int)n : WEIR_EEOF;
    if (memcmp(token + 1, back + 1, 7) != 0 || back[0] + 1 != peer.at.ipv4[3])
        weir_sim_fail(c->world->trial, "client %u hears another than %u.%u", c->index,
                      peer.at.ipv4[2], peer.at.ipv4[3]);
    dns_count_of(c->world, "found", 1);
    return 0;
}

static bool is_of_network(int error)
{
    switch (error) {
    case WEIR_ECONNREFUSED:
    case WEIR_ECONNRESET:
    case WEIR_ETIMEDOUT:
    case WEIR_EDEADLINE: /* of the attempt */
    case WEIR_EHOSTUNREACH:
    case WEIR_ENETUNREACH:
    case WEIR_ENETDOWN: /* its own host has crashed */
    case WEIR_EPIPE:
    case WEIR_EEOF: return true;
    default: return false;
    }
}

static int fail(dns_client *c, const char *what, unsigned name, int error, int64_t limit)
{
    const bool there = dns_kind_of(name) != DNS_MISSING && dns_kind_of(name) != DNS_FLAPPING;
    if (error == WEIR_EDNS_NOTFOUND || error == WEIR_EDNS_NODATA) {
        if (there)
            weir_sim_fail(c->world->trial, "client %u finds no %s of n%u: %s", c->index, what, name,
                          weir_errname(error));
        return 0;
    }
    /* One of the servers of each name can be reached. */
    if (is_of_network(error) && (!there || !dns_is_calm(c->world))) {
        dns_count_of(c->world, "not connected", 1);
        return error;
    }
    dns_check_error(c, what, name, error, limit > 0);
    return error;
}

/* Goes on with a connection that was given. */
static int use(weir_io *io, dns_client *c, unsigned name, weir_tcp_stream *tcp,
               const weir_address *peer, int64_t limit)
{
    if (!has_address(c, name, peer))
        weir_sim_fail(c->world->trial, "client %u: n%u has no such address", c->index, name);
    int error = talk(io, c, tcp, peer);
    if (error == WEIR_EDEADLINE && limit) {
        error = 0;
    } else if (error && error != WEIR_ECANCELED && dns_is_calm(c->world) &&
               peer->at.ipv4[3] != DNS_ECHOES) {
        /* The last server hangs up at times. */
        weir_sim_fail(c->world->trial, "client %u: the connection does not work: %s", c->index,
                      weir_errname(error));
    }
    if (!error) error = weir_sleep(io, weir_milliseconds((int64_t)weir_random_below(io, 500)));
    if (c->world->plan.bug == DNS_BUG_LEAK && weir_random_below(io, 50) == 0) return 0;
    weir_tcp_close(io, tcp);
    return error == WEIR_EDEADLINE && limit ? 0 : error;
}

static int dial_host(weir_io *io, dns_client *c, unsigned name, int64_t limit, bool service)
{
    char text[64];
    weir_tcp_stream tcp;
    weir_address peer;
    weir_connect_report report;
    const weir_tcp_connect_options connect = {.timeout = weir_seconds(20)};
    const weir_dial_options options = {
        .tcp = &connect, .peer = &peer, .report = &report, .first_family = 1};
    const int64_t began = dns_now(c->world);
    int error;
    if (service) {
        snprintf(text, sizeof text, "n%u.world", name);
        error = weir_dial_service(io, c->resolver, weir_bytes_text("svc"), weir_bytes_text("tcp"),
                                  weir_bytes_text(text), &options, &tcp);
    } else {
        snprintf(text, sizeof text, "n%u.world:%u", name, DNS_ECHO_PORT);
        error = weir_dial(io, c->resolver, weir_bytes_text(text), &options, &tcp);
    }
    const bool quick = dns_is_calm(c->world) && !c->world->plan.moods;
    if (limit || quick)
        dns_check_time(c, "dial", 1, began, limit ? limit : weir_milliseconds(DNS_DIAL_MS).ns);
    if (error) return fail(c, service ? "service" : "host", name, error, limit);
    dns_count_of(c->world, service ? "services" : "dialed", 1);
    /* The address of a service is one of its targets', of which the first that has any counts. */
    unsigned target = name;
    for (unsigned j = 0; service && j < DNS_LIST_SIZE && !has_address(c, target, &peer); j++)
        target = (name + j) % DNS_NAMES;
    return use(io, c, target, &tcp, &peer, limit);
}

static int race(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    char text[64];
    weir_dial_race *r;
    weir_dial_outcome outcome;
    const weir_tcp_connect_options connect = {.timeout = weir_seconds(20)};
    const weir_dial_options options = {.tcp = &connect};
    const unsigned enough = 1 + (unsigned)weir_random_below(io, 4);
    unsigned outcomes = 0;
    snprintf(text, sizeof text, "n%u.world", name);
    int error =
        weir_dial_race_open(io, c->resolver, weir_bytes_text(text), DNS_ECHO_PORT, &options, &r);
    if (error) return fail(c, "race", name, error, limit);
    int got = 0;
    while (outcomes < enough && (got = weir_dial_race_next(io, r, weir_never(), &outcome)) > 0) {
        outcomes++;
        if (outcome.error == 0)
            error = use(io, c, name, &outcome.tcp, &outcome.address, limit);
        else if (!is_of_network(outcome.error) && !c->world->trial->fault_count)
            weir_sim_fail(c->world->trial, "client %u, a race: %s", c->index,
                          weir_errname(outcome.error));
        if (error == WEIR_ECANCELED) break;
    }
    weir_dial_race_close(io, r);
    dns_count_of(c->world, "races", 1);
    return got < 0 ? fail(c, "race", name, got, limit) : error;
}

int dns_dial(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    const uint64_t how = weir_random_below(io, 4);
    if (how == 0) return race(io, c, name, limit);
    return dial_host(io, c, name, limit, how == 1);
}
