/* SPDX-License-Identifier: MIT
 *
 * The stage for tests of dialing.
 */
#include "test/network/dial.h"

#include <weir/dns/config.h>

weir_address dial_address(const dial_stage *stage, unsigned host)
{
    weir_address address = {.kind = WEIR_ADDRESS_IPV6, .port = stage->port};
    if (host == 0) {
        address.at.ipv6[15] = 1;
        return address;
    }
    address.kind = WEIR_ADDRESS_IPV4;
    const uint8_t ip[4] = {127, stage->net[0], stage->net[1], (uint8_t)host};
    memcpy(address.at.ipv4, ip, 4);
    return address;
}

enum { KEEPER = 254 };

/* Kept at one host, the port is no other test's for all hosts of this machine. */
static int keep_port(weir_io *io, dial_stage *stage)
{
    const weir_address address = dial_address(stage, KEEPER);
    int error = weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &stage->keeper);
    if (error) return error;
    error = weir_bind(io, stage->keeper, &address);
    if (error) weir_close_socket(io, stage->keeper);
    return error;
}

/* Finds a port that host 1 and, if wanted, host 0 have free.  Returns 0 or the error. */
static int find_port(weir_io *io, dial_stage *stage, bool ipv6)
{
    int error = 0;
    for (int tries = 0; tries < 20; tries++) {
        weir_tcp_listener four, six;
        stage->port = 0;
        weir_address address = dial_address(stage, 1);
        error = weir_tcp_listen(io, &address, NULL, &four);
        if (error) return error;
        weir_tcp_listener_address(io, four, &address);
        stage->port = address.port;
        error = keep_port(io, stage);
        if (!error && ipv6) {
            address = dial_address(stage, 0);
            error = weir_tcp_listen(io, &address, NULL, &six);
            if (!error) weir_tcp_listener_close(io, six);
            if (error) weir_close_socket(io, stage->keeper);
        }
        weir_tcp_listener_close(io, four);
        if (error != WEIR_EADDRINUSE) return error;
    }
    return error;
}

bool dial_begin(weir_io *io, dial_stage *stage, bool ipv6)
{
    memset(stage, 0, sizeof *stage);
    stage->simulated = weir_sim_of(io) != NULL;
    stage->net[0] = (uint8_t)(1 + weir_random_below(io, 250));
    stage->net[1] = (uint8_t)weir_random_below(io, 250);
    const int error = find_port(io, stage, ipv6);
    if (error == WEIR_EADDRNOTAVAIL || error == WEIR_EAFNOSUPPORT) {
        fprintf(stderr, "left out: there is no ::1 here\n");
        return false;
    }
    if (!check_int(error, 0)) return false;
    if (!check_int(dns_server_start(io, stage->rules, 0, &stage->server), 0)) return false;
    weir_dns_config config;
    weir_dns_config_init(&config);
    config.servers[config.server_count++] = dns_server_address(stage->server);
    const weir_dns_resolver_options options = {
        .files = {.config = &config, .paths = {NULL, "", ""}}};
    if (!check_int(weir_dns_resolver_create(io, &options, &stage->resolver), 0)) return false;
    stage->options.report = &stage->report;
    stage->options.peer = &stage->peer;
    stage->options.lookup.flags = WEIR_DNS_UNSORTED;
    stage->start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    return true;
}

/* The records of an answer. */
typedef struct dial_texts {
    struct dial_texts *next;
    char records[DNS_SERVER_RECORDS][DIAL_NAME_TEXT];
} dial_texts;

void dial_end(weir_io *io, dial_stage *stage)
{
    weir_dns_resolver_destroy(io, stage->resolver);
    dns_server_stop(io, stage->server);
    weir_close_socket(io, stage->keeper);
    while (stage->texts) {
        dial_texts *texts = stage->texts;
        stage->texts = texts->next;
        free(texts);
    }
    for (size_t i = 0; i < stage->used; i++) {
        if (stage->swallows[i]) weir_tcp_close(io, &stage->fillers[i]);
        weir_tcp_listener_close(io, stage->listeners[i]);
    }
}

static bool listens(weir_io *io, dial_stage *stage, unsigned host, int backlog)
{
    const weir_address address = dial_address(stage, host);
    const weir_tcp_listen_options options = {.backlog = backlog};
    if (!check_int(weir_tcp_listen(io, &address, &options, &stage->listeners[stage->used]), 0))
        return false;
    stage->used++;
    return true;
}

bool dial_listens(weir_io *io, dial_stage *stage, unsigned host)
{
    return listens(io, stage, host, 0);
}

/* A queue for one connection, which has one: what comes for it is dropped. */
bool dial_swallows(weir_io *io, dial_stage *stage, unsigned host)
{
    const size_t index = stage->used;
    const weir_address address = dial_address(stage, host);
    if (!listens(io, stage, host, WEIR_OPTION_ZERO)) return false;
    if (!check_int(weir_tcp_connect(io, &address, &stage->fillers[index]), 0)) return false;
    return stage->swallows[index] = true;
}

static void set_answer(dns_server_rule *rule, uint16_t type, int ms)
{
    rule->type = type;
    if (ms < 0) {
        rule->rcode = WEIR_DNS_SERVFAIL;
    } else if (ms == DIAL_NEVER) {
        rule->does = DNS_SERVER_DROP;
    } else {
        rule->delay = weir_milliseconds(ms);
    }
}

void dial_answers(dial_stage *stage, const unsigned *ipv4, int ms4, bool ipv6, int ms6)
{
    dial_texts *texts = malloc(sizeof *texts);
    if (!check(texts != NULL)) return;
    texts->next = stage->texts;
    stage->texts = texts;
    memset(stage->rules, 0, 2 * sizeof *stage->rules);
    for (unsigned i = 0; ipv4[i]; i++) {
        snprintf(texts->records[i], DIAL_NAME_TEXT, "@ 0 A 127.%u.%u.%u", stage->net[0],
                 stage->net[1], ipv4[i]);
        stage->rules[0].records[i] = texts->records[i];
    }
    set_answer(&stage->rules[0], WEIR_DNS_A, ms4);
    if (ipv6) stage->rules[1].records[0] = "@ 0 AAAA ::1";
    set_answer(&stage->rules[1], WEIR_DNS_AAAA, ms6);
    size_t count = 2;
    while (count < 4 && stage->rules[count].type) count++;
    dns_server_rules(stage->server, stage->rules, count);
}

int dial_it(weir_io *io, dial_stage *stage)
{
    weir_tcp_stream tcp;
    stage->peer.kind = WEIR_ADDRESS_NONE;
    stage->start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const int error = weir_dial_host(io, stage->resolver, weir_bytes_text("host.test."),
                                     stage->port, &stage->options, &tcp);
    if (error) return error;
    weir_address peer;
    weir_scope shield; /* a request that came too late for the dialing is not about this */
    weir_shield(io, &shield);
    check_int(weir_tcp_peer(io, &tcp, &peer), 0);
    check(weir_address_equal(&peer, &stage->peer));
    weir_scope_leave(io, &shield);
    weir_tcp_close(io, &tcp);
    return 0;
}

bool dial_peer_is(const dial_stage *stage, unsigned host)
{
    const weir_address address = dial_address(stage, host);
    return weir_address_equal(&stage->peer, &address);
}

bool dial_took(weir_io *io, const dial_stage *stage, int ms)
{
    const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const int64_t took = now.ns - stage->start.ns, expected = (int64_t)ms * 1000000;
    const bool good = took >= expected && (!stage->simulated || took < expected + 1000000);
    if (!good) fprintf(stderr, "    took %.3f ms, expected %d\n", (double)took / 1e6, ms);
    return good;
}
