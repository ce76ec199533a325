/* SPDX-License-Identifier: MIT
 *
 * How else can dialing end: refused by a policy, canceled at any moment, without descriptors, with
 * a bad text; and dialing of known addresses, of services, and to the last address?
 *
 * That no descriptor is left open is checked at the end of each test.
 */
#include "test/network/dial.h"

#include <sys/resource.h>

#include <weir/io/inspect.h>
#include <weir/io/sim/fault.h>
#include <weir/net/policy.h>

CONTRACT(dial_asks_the_policy_about_every_address)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_listens(io, &stage, 1) || !dial_listens(io, &stage, 2)) return;
    weir_prefix_set *denied;
    check_int(weir_prefix_set_create(0, &denied), 0);
    weir_prefix prefix = {.kind = WEIR_ADDRESS_IPV4, .len = 32};
    memcpy(prefix.bytes, dial_address(&stage, 1).at.ipv4, 4);
    check_int(weir_prefix_set_insert(denied, &prefix, &stage), 0);
    const weir_policy one = {.denied = denied}, none = weir_policy_public();
    weir_tcp_connect_options tcp = {.policy = &one};
    stage.options.tcp = &tcp;
    stage.options.attempt_delay = weir_seconds(60);
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 2));
    check_int(stage.report.total, 1);
    check_int(stage.report.failures[0].error, WEIR_EPOLICY);
    /* What was refused does not count when another was tried. */
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 9, 0);
    check_int(dial_it(io, &stage), WEIR_ECONNREFUSED);
    check_int(stage.report.total, 2);

    tcp.policy = &none;
    const uint64_t before = weir_counters_of(io).ops[WEIR_OP_CONNECT];
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 0);
    weir_tcp_stream stream, got;
    weir_address both[2] = {dial_address(&stage, 1), dial_address(&stage, 2)};
    check_int(weir_dial_addresses(io, both, 2, &stage.options, &stream), WEIR_EPOLICY);
    check_int(stage.report.total, 2);
    check_int(weir_dial_addresses(io, both, 1, &stage.options, &stream), WEIR_EPOLICY);
    check_int(stage.report.total, 1);
    check_int(weir_counters_of(io).ops[WEIR_OP_CONNECT], before);
    check_int(dial_it(io, &stage), WEIR_EPOLICY);
    check_int(stage.report.total, 2);
    check_int(weir_tcp_try_accept(io, stage.listeners[0], &got), WEIR_EAGAIN);
    weir_prefix_set_destroy(denied);
    dial_end(io, &stage);
}

/* Stops ------------------------------------------------------------------------------------- */

static int dial_task(weir_io *io, void *argument)
{
    return dial_it(io, argument);
}

/* Scopes that end while the name server is asked, while IPv6 is waited for, between attempts, and
 * when the connection is about to stand; the deadline is the only thing that may be told. */
CONTRACT(dial_ends_with_its_scope_wherever_it_is)
{
    static const int lengths[] = {0, 1, 9, 10, 11, 40, 59, 60, 61, 90, 120, 121, 200};
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_swallows(io, &stage, 0) || !dial_swallows(io, &stage, 1)) return;
    if (!dial_swallows(io, &stage, 2) || !dial_swallows(io, &stage, 3)) return;
    stage.options.attempt_delay = weir_milliseconds(20);
    DIAL_ANSWERS(&stage, 10, true, 100, 1, 9, 2, 3, 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const weir_duration length = weir_milliseconds(lengths[i]);
        check_int(weir_timeout(io, length, dial_task, &stage), WEIR_EDEADLINE);
        check(dial_took(io, &stage, lengths[i]));
    }
    DIAL_ANSWERS(&stage, DIAL_NEVER, false, DIAL_NEVER, 0);
    check_int(weir_timeout(io, weir_milliseconds(30), dial_task, &stage), WEIR_EDEADLINE);
    dial_end(io, &stage);
}

/* A request to stop, and a success that comes at the same moment. */
CONTRACT(dial_is_canceled_wherever_it_is)
{
    static const int lengths[] = {0, 5, 10, 30, 59, 60, 61, 75, 80, 81, 100};
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 0)) return;
    stage.options.attempt_delay = weir_milliseconds(20);
    DIAL_ANSWERS(&stage, 10, true, 70, 1, 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        weir_task task;
        check_int(weir_concurrent(io, &task, dial_task, &stage, NULL), 0);
        weir_sleep(io, weir_milliseconds(lengths[i]));
        const int result = weir_cancel(io, &task);
        check(result == WEIR_ECANCELED || (result == 0 && lengths[i] >= 60) ||
              (result == 0 && !stage.simulated));
    }
    dial_end(io, &stage);
}

/* The simulator goes through every moment of a race. */
CONTRACT(dial_is_canceled_at_every_step)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!stage.simulated) return dial_end(io, &stage);
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 0)) return;
    DIAL_ANSWERS(&stage, 1, true, 2, 9, 1, 0);
    const size_t before = weir_sim_open_descriptors(weir_sim_host_of(io));
    unsigned stood = 0, stopped = 0;
    for (int64_t us = 0; us < 3000; us += us % 1000 < 60 ? 1 : 37) {
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_microseconds(us));
        const int result = dial_it(io, &stage);
        weir_scope_leave(io, &scope);
        if (!check(result == 0 || result == WEIR_EDEADLINE)) break;
        *(result == 0 ? &stood : &stopped) += 1;
        weir_tcp_stream got;
        while (weir_tcp_try_accept(io, stage.listeners[1], &got) == 0) weir_tcp_close(io, &got);
        if (!check_int(weir_sim_open_descriptors(weir_sim_host_of(io)), before)) break;
    }
    check(stood > 0 && stopped > 100);
    dial_end(io, &stage);
}

/* Shortages --------------------------------------------------------------------------------- */

typedef struct few {
    struct rlimit before;
} few;

/* Leaves room for so many descriptors more. */
static void few_begin(few *f, int room)
{
    const int lowest = dup(2);
    close(lowest);
    check_int(getrlimit(RLIMIT_NOFILE, &f->before), 0);
    struct rlimit limit = f->before;
    limit.rlim_cur = (rlim_t)(lowest + room);
    check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void few_end(few *f)
{
    check_int(setrlimit(RLIMIT_NOFILE, &f->before), 0);
}

/* Dials two hosts, of which the first swallows what comes; gives each longer where the machine
 * stops for as long as a connect may take. */
static int dial_two(weir_io *io, dial_stage *stage, const weir_address *hosts,
                    weir_tcp_connect_options *tcp, weir_tcp_stream *stream)
{
    for (;; tcp->timeout.ns *= 2) {
        stage->start = weir_now(io, WEIR_CLOCK_MONOTONIC);
        const int error = weir_dial_addresses(io, hosts, 2, &stage->options, stream);
        if (error != WEIR_EDEADLINE || tcp->timeout.ns > weir_seconds(20).ns) return error;
    }
}

CONTRACT(dial_without_descriptors_fails_and_with_one_goes_on)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 2)) return;
    weir_tcp_connect_options tcp = {.timeout = weir_milliseconds(100)};
    const weir_address hosts[] = {dial_address(&stage, 1), dial_address(&stage, 2)};
    stage.options.tcp = &tcp;
    stage.options.attempt_delay = weir_milliseconds(30);
    weir_tcp_stream stream;
    few f;
    /* What the engine needs for itself when a connect waits for the first time, it has then. */
    if (!check_int(dial_two(io, &stage, hosts, &tcp, &stream), 0)) return;
    weir_tcp_close(io, &stream);
    few_begin(&f, 0);
    check_int(weir_dial_addresses(io, hosts, 2, &stage.options, &stream), WEIR_EMFILE);
    check_int(weir_dial_addresses(io, hosts, 1, &stage.options, &stream), WEIR_EMFILE);
    few_end(&f);
    /* The second address waits until the first gives its descriptor back. */
    few_begin(&f, 1);
    if (check_int(dial_two(io, &stage, hosts, &tcp, &stream), 0)) weir_tcp_close(io, &stream);
    few_end(&f);
    check(dial_took(io, &stage, (int)(tcp.timeout.ns / 1000000)));
    check_int(stage.report.total, 1);
    check_int(stage.report.failures[0].error, WEIR_EDEADLINE);
    dial_end(io, &stage);
}

/* Each allocation fails once, the name server's own among them.  In the simulator, where its
 * silence costs no time. */
CONTRACT(dial_without_memory_leaves_nothing)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!stage.simulated) return dial_end(io, &stage);
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 0)) return;
    DIAL_ANSWERS(&stage, 0, true, 100, 9, 1, 0);
    const size_t before = weir_sim_open_descriptors(weir_sim_host_of(io));
    size_t failed = 1, n = 0;
    for (unsigned stood = 0; failed > 0 || stood == 0; n++) {
        test_alloc_fail_once(n);
        const int error = dial_it(io, &stage);
        failed = test_alloc_failed();
        test_alloc_reset();
        stood += error == 0;
        weir_tcp_stream got;
        while (weir_tcp_try_accept(io, stage.listeners[1], &got) == 0) weir_tcp_close(io, &got);
        weir_sleep(io, weir_seconds(20)); /* connections to servers are kept for 10 s */
        if (!check_int(weir_sim_open_descriptors(weir_sim_host_of(io)), before)) break;
        if (!check(n < 1000)) break;
    }
    check(n > 5);
    dial_end(io, &stage);
}

/* Texts, literals, known addresses ------------------------------------------------------------ */

static int dial_text(weir_io *io, dial_stage *stage, const char *text)
{
    weir_tcp_stream tcp;
    const int error = weir_dial(io, stage->resolver, weir_bytes_text(text), &stage->options, &tcp);
    if (!error) weir_tcp_close(io, &tcp);
    return error;
}

CONTRACT(dial_reads_texts)
{
    dial_stage stage;
    char text[96];
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_listens(io, &stage, 1)) return;
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 0);
    check_int(dial_text(io, &stage, "unix:/nowhere"), WEIR_EAFNOSUPPORT);
    check_int(dial_text(io, &stage, "host.test"), WEIR_EPORTTEXT);
    check_int(dial_text(io, &stage, "host.test:"), WEIR_EPORTTEXT);
    check_int(dial_text(io, &stage, "host.test:65536"), WEIR_EPORTTEXT);
    check_int(dial_text(io, &stage, "[host.test]:80"), WEIR_EADDRTEXT);
    check_int(dial_text(io, &stage, "a..b:80"), WEIR_EDNS_NAME);
    check_int(dial_text(io, &stage, "what.invalid:80"), WEIR_EDNS_NOTFOUND);
    check_int(dial_text(io, &stage, "other.example.:80"), WEIR_ECONNREFUSED);
    snprintf(text, sizeof text, "host.test:%u", stage.port);
    check_int(dial_text(io, &stage, text), 0);
    check(dial_peer_is(&stage, 1));

    /* A mapped address is the one of IPv4 that it is. */
    weir_address mapped = dial_address(&stage, 1);
    mapped = weir_address_map(&mapped);
    weir_address_print(&mapped, text);
    stage.options.lookup.flags = WEIR_DNS_IPV4_ONLY;
    check_int(dial_text(io, &stage, text), 0);
    check(dial_peer_is(&stage, 1));
    stage.options.lookup.flags = WEIR_DNS_IPV4_ONLY | WEIR_DNS_IPV6_ONLY;
    check_int(dial_text(io, &stage, text), WEIR_EINVAL);
    check_int(dial_text(io, &stage, "host.test:80"), WEIR_EINVAL);
    stage.options.lookup.flags = WEIR_DNS_IPV6_ONLY;
    check_int(dial_text(io, &stage, text), WEIR_EAFNOSUPPORT);
    weir_tcp_stream mapped_tcp;
    *strrchr(text, ']') = '\0';
    check_int(weir_dial_host(io, stage.resolver, weir_bytes_text(text + 1), stage.port,
                             &stage.options, &mapped_tcp),
              WEIR_EAFNOSUPPORT);
    stage.options.lookup.flags = 0;

    /* A text that is an address takes no task. */
    const uint64_t spawned = weir_counters_of(io).spawned;
    const weir_address address = dial_address(&stage, 1);
    weir_address_print(&address, text);
    check_int(dial_text(io, &stage, text), 0);
    weir_tcp_stream tcp;
    *strrchr(text, ':') = '\0';
    check_int(weir_dial_host(io, stage.resolver, weir_bytes_text(text), stage.port, NULL, &tcp), 0);
    weir_tcp_close(io, &tcp);
    stage.options.lookup.flags = WEIR_DNS_IPV6_ONLY;
    check_int(
        weir_dial_host(io, stage.resolver, weir_bytes_text(text), stage.port, &stage.options, &tcp),
        WEIR_EAFNOSUPPORT);
    check_int(dial_text(io, &stage, "127.0.0.1:1"), WEIR_EAFNOSUPPORT);
    check_int(
        weir_dial_host(io, stage.resolver, weir_bytes_text("fe80::1%nosuch0"), 80, NULL, &tcp),
        WEIR_EZONETEXT);
    const weir_address none[] = {dial_address(&stage, 8), dial_address(&stage, 9),
                                 dial_address(&stage, 8)};
    check_int(weir_dial_addresses(io, none, 3, &stage.options, &tcp), WEIR_ECONNREFUSED);
    check_int(stage.report.total, 2);
    check_int(weir_dial_addresses(io, none, 0, &stage.options, &tcp), WEIR_EINVAL);
    check_int(weir_counters_of(io).spawned, spawned);
    stage.options.lookup.flags = WEIR_DNS_IPV6_ONLY | WEIR_DNS_IPV4_ONLY;
    check_int(dial_it(io, &stage), WEIR_EINVAL);
    dial_end(io, &stage);
}

CONTRACT(dial_tells_what_the_lookup_says)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    stage.rules[2] = (dns_server_rule){.type = WEIR_DNS_TXT};
    DIAL_ANSWERS(&stage, -1, false, -1, 0);
    check_int(dial_it(io, &stage), WEIR_EDNS_SERVFAIL);
    DIAL_ANSWERS(&stage, 0, false, 0, 0);
    check_int(dial_it(io, &stage), WEIR_EDNS_NODATA);
    check_int(stage.report.total, 0);
    const dns_server_rule nothing = {.rcode = WEIR_DNS_NXDOMAIN};
    dns_server_rules(stage.server, &nothing, 1);
    check_int(dial_it(io, &stage), WEIR_EDNS_NOTFOUND);
    dial_end(io, &stage);
}

CONTRACT(dial_keeps_the_order_of_known_addresses)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_swallows(io, &stage, 2)) return;
    if (!dial_listens(io, &stage, 0)) return;
    const weir_address hosts[] = {dial_address(&stage, 1), dial_address(&stage, 2),
                                  dial_address(&stage, 0)};
    stage.options.attempt_delay = weir_milliseconds(30);
    weir_tcp_stream tcp;
    for (unsigned first = 0; first < 3; first++) {
        static const int took[] = {60, 30, 60};
        stage.options.first_family = first;
        stage.start = weir_now(io, WEIR_CLOCK_MONOTONIC);
        check_int(weir_dial_addresses(io, hosts, 3, &stage.options, &tcp), 0);
        check(dial_took(io, &stage, took[first]));
        check(dial_peer_is(&stage, 0));
        weir_tcp_close(io, &tcp);
    }
    dial_end(io, &stage);
}

/* Services ------------------------------------------------------------------------------------ */

CONTRACT(dial_goes_through_the_places_of_a_service)
{
    dial_stage stage;
    char records[3][96];
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_listens(io, &stage, 1)) return;
    const weir_bytes service = weir_bytes_text("http"), protocol = weir_bytes_text("tcp"),
                     name = weir_bytes_text("example.");
    stage.rules[2] = (dns_server_rule){.name = "_http._tcp.example.", .type = WEIR_DNS_SRV};
    snprintf(records[0], sizeof records[0], "@ 0 SRV 30 0 1 host.test.");
    snprintf(records[1], sizeof records[1], "@ 0 SRV 20 0 %u host.test.", stage.port);
    snprintf(records[2], sizeof records[2], "@ 0 SRV 10 0 %u host.invalid.", stage.port);
    for (int i = 0; i < 3; i++) stage.rules[2].records[i] = records[i];
    weir_tcp_stream tcp;
    DIAL_ANSWERS(&stage, 0, false, 0, 9, 1, 0);
    check_int(weir_dial_service(io, stage.resolver, service, protocol, name, &stage.options, &tcp),
              0);
    check(dial_peer_is(&stage, 1));
    check_int(stage.report.total, 1);
    weir_tcp_close(io, &tcp);
    DIAL_ANSWERS(&stage, 0, false, 0, 8, 9, 0);
    check_int(weir_dial_service(io, stage.resolver, service, protocol, name, &stage.options, &tcp),
              WEIR_EDNS_NOTFOUND);
    check_int(stage.report.total, 4);
    check_int(
        weir_dial_service(io, stage.resolver, weir_bytes_text("ftp"), protocol, name, NULL, &tcp),
        WEIR_EDNS_REFUSED);
    dial_end(io, &stage);
}

/* To the last address ------------------------------------------------------------------------- */

static unsigned last_octet(const weir_dial_outcome *outcome)
{
    return outcome->address.at.ipv4[3];
}

typedef struct told {
    unsigned host;
    int error;
} told;

enum { RACERS = 4 };

/* Races to the last address and notes who came when. */
static void race_to_the_end(weir_io *io, dial_stage *stage, told all[RACERS])
{
    weir_dial_race *race;
    weir_dial_outcome outcome;
    const weir_bytes host = weir_bytes_text("host.test.");
    stage->start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(weir_dial_race_open(io, stage->resolver, host, stage->port, &stage->options, &race),
              0);
    check_int(weir_dial_race_next(io, race, (weir_deadline){0}, &outcome), WEIR_EDEADLINE);
    for (int i = 0; i < RACERS; i++) {
        check_int(weir_dial_race_next(io, race, weir_never(), &outcome), 1);
        all[i] = (told){last_octet(&outcome), outcome.error};
        if (outcome.error == 0) {
            check_int(weir_tcp_write(io, &outcome.tcp, "x", 1), 1);
            weir_tcp_close(io, &outcome.tcp);
        }
    }
    for (int i = 0; i < 2; i++) check_int(weir_dial_race_next(io, race, weir_never(), &outcome), 0);
    weir_dial_race_close(io, race);
}

CONTRACT(dial_race_tells_every_outcome)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 2)) return;
    if (!dial_listens(io, &stage, 3)) return;
    weir_tcp_connect_options tcp = {0};
    stage.options.tcp = &tcp;
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 9, 3, 0);
    static const told expected[RACERS] = {
        {2, 0}, {9, WEIR_ECONNREFUSED}, {3, 0}, {1, WEIR_EDEADLINE}};
    told all[RACERS];
    int ms = 600;
    /* Longer, where the machine stops until one that began later is before others. */
    for (;; ms *= 2) {
        tcp.timeout = weir_milliseconds(ms);
        stage.options.attempt_delay = weir_milliseconds(ms / 30);
        race_to_the_end(io, &stage, all);
        if (memcmp(all, expected, sizeof all) == 0 || ms > 10000) break;
    }
    for (int i = 0; i < RACERS; i++) {
        check_int(all[i].host, expected[i].host);
        check_int(all[i].error, expected[i].error);
    }
    check(dial_took(io, &stage, ms));
    check_int(stage.report.total, 2);
    dial_end(io, &stage);
}

CONTRACT(dial_race_closes_what_nobody_took)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    for (unsigned i = 1; i <= 3; i++)
        if (!dial_listens(io, &stage, i)) return;
    if (!dial_swallows(io, &stage, 4)) return;
    stage.options.attempt_delay = weir_milliseconds(10);
    DIAL_ANSWERS(&stage, 0, false, 0, 4, 1, 2, 3, 0);
    const weir_bytes host = weir_bytes_text("host.test.");
    for (int i = 0; i < 4; i++) {
        weir_dial_race *race;
        weir_dial_outcome outcome;
        if (!check_int(
                weir_dial_race_open(io, stage.resolver, host, stage.port, &stage.options, &race),
                0))
            return;
        for (int k = 0; k < i; k++) {
            check_int(weir_dial_race_next(io, race, weir_never(), &outcome), 1);
            check_int(outcome.error, 0);
            weir_tcp_close(io, &outcome.tcp);
        }
        weir_sleep(io, weir_milliseconds(12));
        weir_dial_race_close(io, race);
    }
    dial_end(io, &stage);
}

CONTRACT(dial_race_tells_why_there_is_no_address)
{
    dial_stage stage;
    weir_dial_race *race;
    weir_dial_outcome outcome;
    if (!dial_begin(io, &stage, false)) return;
    DIAL_ANSWERS(&stage, 0, false, 0, 0);
    check_int(
        weir_dial_race_open(io, stage.resolver, weir_bytes_text("host.test."), 1, NULL, &race), 0);
    for (int i = 0; i < 2; i++)
        check_int(weir_dial_race_next(io, race, weir_never(), &outcome), WEIR_EDNS_NODATA);
    weir_dial_race_close(io, race);
    weir_dial_race_close(io, NULL);
    /* An address in itself is raced, too. */
    const weir_address nobody = dial_address(&stage, 9);
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print(&nobody, text);
    *strrchr(text, ':') = '\0';
    check_int(weir_dial_race_open(io, stage.resolver, weir_bytes_text(text), nobody.port,
                                  &stage.options, &race),
              0);
    check_int(weir_dial_race_next(io, race, weir_never(), &outcome), 1);
    check_int(outcome.error, WEIR_ECONNREFUSED);
    check_int(weir_dial_race_next(io, race, weir_never(), &outcome), 0);
    weir_dial_race_close(io, race);
    dial_end(io, &stage);
}
