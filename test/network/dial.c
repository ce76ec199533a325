/* SPDX-License-Identifier: MIT
 *
 * When is which address of a host tried, and which connection is kept (RFC 8305)?
 *
 * In the simulator times are exact; elsewhere nothing may be early, and what would be far too late
 * shows by delays of many seconds.
 */
#include "test/network/dial.h"

enum { SHORTLY = 30000 }; /* ms: what is at once on a machine that is busy with other tests */

static bool at_once(weir_io *io, const dial_stage *stage)
{
    return contract_ms_since(io, stage->start) < (stage->simulated ? 1 : SHORTLY);
}

CONTRACT(dial_takes_the_first_that_stands)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    stage.options.attempt_delay = stage.options.resolution_delay = weir_seconds(60);
    if (!dial_listens(io, &stage, 1) || !dial_listens(io, &stage, 2)) return;
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 1));
    check(at_once(io, &stage));
    check_int(stage.report.total, 0);
    dial_end(io, &stage);
}

CONTRACT(dial_tries_the_next_a_quarter_of_a_second_later)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 2)) return;
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 2));
    check(dial_took(io, &stage, 250));
    check_int(stage.report.total, 0);
    dial_end(io, &stage);
}

CONTRACT(dial_delays_are_the_callers_down_to_ten_milliseconds)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_swallows(io, &stage, 2)) return;
    if (!dial_listens(io, &stage, 3)) return;
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 3, 0);
    stage.options.attempt_delay = weir_milliseconds(40);
    check_int(dial_it(io, &stage), 0);
    check(dial_took(io, &stage, 80));
    stage.options.attempt_delay = weir_milliseconds(1);
    check_int(dial_it(io, &stage), 0);
    check(dial_took(io, &stage, 20));
    check(dial_peer_is(&stage, 3));
    stage.options.attempt_delay = weir_milliseconds(-1);
    check_int(dial_it(io, &stage), WEIR_EINVAL);
    dial_end(io, &stage);
}

CONTRACT(dial_goes_on_at_once_after_a_failure)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_listens(io, &stage, 1)) return;
    stage.options.attempt_delay = weir_seconds(60);
    DIAL_ANSWERS(&stage, 0, false, 0, 7, 8, 9, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(at_once(io, &stage));
    check(dial_peer_is(&stage, 1));
    check_int(stage.report.total, 3);
    const weir_address first = dial_address(&stage, 7);
    check(weir_address_equal(&stage.report.failures[0].address, &first));
    check_int(stage.report.failures[0].error, WEIR_ECONNREFUSED);
    dial_end(io, &stage);
}

CONTRACT(dial_tells_when_all_refuse)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    stage.options.attempt_delay = weir_seconds(60);
    DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0);
    check_int(dial_it(io, &stage), WEIR_ECONNREFUSED);
    check(at_once(io, &stage));
    check_int(stage.report.total, 10);
    check_int(stage.report.kept, WEIR_CONNECT_FAILURES);
    dial_end(io, &stage);
}

/* The first address fails last, and its error is the one that counts. */
CONTRACT(dial_tells_the_error_of_the_first_address)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_swallows(io, &stage, 1)) return;
    weir_tcp_connect_options tcp = {0};
    stage.options.tcp = &tcp;
    stage.options.attempt_delay = weir_milliseconds(10);
    int ms = 300;
    /* Longer, where the machine stops until it has failed first. */
    for (;; ms *= 2) {
        tcp.timeout = weir_milliseconds(ms);
        DIAL_ANSWERS(&stage, 0, false, 0, 1, 8, 9, 0);
        check_int(dial_it(io, &stage), WEIR_EDEADLINE);
        check(dial_took(io, &stage, ms));
        if (stage.report.failures[2].error == WEIR_EDEADLINE || ms > 10000) break;
    }
    check_int(stage.report.total, 3);
    check_int(stage.report.failures[0].error, WEIR_ECONNREFUSED);
    check_int(stage.report.failures[2].error, WEIR_EDEADLINE);
    DIAL_ANSWERS(&stage, 0, false, 0, 9, 1, 0);
    check_int(dial_it(io, &stage), WEIR_ECONNREFUSED);
    check(dial_took(io, &stage, ms));
    dial_end(io, &stage);
}

/* More attempts than may be under way: those beyond wait until some have failed. */
CONTRACT(dial_has_eight_attempts_under_way_at_most)
{
    enum { HOLES = 10 };
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    for (unsigned i = 1; i <= HOLES; i++)
        if (!dial_swallows(io, &stage, i)) return;
    if (!dial_listens(io, &stage, 20)) return;
    weir_tcp_connect_options tcp = {0};
    stage.options.tcp = &tcp;
    stage.options.attempt_delay = weir_milliseconds(10);
    int error = WEIR_EDEADLINE, ms = 100;
    /* Longer, where the machine stops for as long as a connect may take. */
    while (error && ms < 20000) {
        ms *= 2;
        tcp.timeout = weir_milliseconds(ms);
        DIAL_ANSWERS(&stage, 0, false, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 0);
        error = dial_it(io, &stage);
    }
    check_int(error, 0);
    check(dial_peer_is(&stage, 20));
    /* The first eight begin at 0, 10 … 70 and fail at 200, 210, 220: one more begins each time. */
    check(dial_took(io, &stage, ms + 20));
    check_int(stage.report.failures[0].error, WEIR_EDEADLINE);
    dial_end(io, &stage);
}

/* Two families ------------------------------------------------------------------------------- */

CONTRACT(dial_waits_a_little_for_ipv6)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_listens(io, &stage, 0) || !dial_listens(io, &stage, 1)) return;
    if (!stage.simulated) stage.options.resolution_delay = weir_seconds(60);
    DIAL_ANSWERS(&stage, 0, true, 45, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 0));
    check(dial_took(io, &stage, 45));
    dial_end(io, &stage);
}

CONTRACT(dial_does_not_wait_long_for_ipv6)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_listens(io, &stage, 0) || !dial_listens(io, &stage, 1)) return;
    DIAL_ANSWERS(&stage, 10, true, 60000, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 1));
    check(dial_took(io, &stage, 60));
    stage.options.resolution_delay = weir_milliseconds(-1);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 1));
    check(dial_took(io, &stage, 10));
    dial_end(io, &stage);
}

CONTRACT(dial_begins_with_ipv6_when_it_is_there_first)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_listens(io, &stage, 0) || !dial_listens(io, &stage, 1)) return;
    DIAL_ANSWERS(&stage, 60000, true, 10, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 0));
    check(dial_took(io, &stage, 10));
    check(contract_ms_since(io, stage.start) < SHORTLY);
    dial_end(io, &stage);
}

/* That there is no IPv6, or that its question fails, ends the waiting for it. */
CONTRACT(dial_does_not_wait_for_ipv6_that_does_not_exist)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, false)) return;
    if (!dial_listens(io, &stage, 1)) return;
    stage.options.resolution_delay = weir_seconds(60);
    DIAL_ANSWERS(&stage, 0, false, 20, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_took(io, &stage, 20));
    check(contract_ms_since(io, stage.start) < SHORTLY);
    DIAL_ANSWERS(&stage, 10, false, 0, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_took(io, &stage, 10));
    check(contract_ms_since(io, stage.start) < SHORTLY);
    DIAL_ANSWERS(&stage, 0, false, -1, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(contract_ms_since(io, stage.start) < SHORTLY);
    check(dial_peer_is(&stage, 1));
    stage.options.lookup.flags |= WEIR_DNS_IPV4_ONLY;
    DIAL_ANSWERS(&stage, 0, true, DIAL_NEVER, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(at_once(io, &stage));
    dial_end(io, &stage);
}

CONTRACT(dial_takes_late_addresses_into_the_race)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_swallows(io, &stage, 1) || !dial_listens(io, &stage, 2)) return;
    if (!dial_listens(io, &stage, 0)) return;
    int delay = 250;
    /* Later, where the machine stops and IPv6 comes before the first attempt, or after the second.
     */
    for (int late = 80; late < 10000; late *= 2) {
        if (!stage.simulated) delay = 520 + 2 * late;
        stage.options.attempt_delay = weir_milliseconds(delay);
        DIAL_ANSWERS(&stage, 0, true, late, 1, 2, 0);
        check_int(dial_it(io, &stage), 0);
        if (dial_peer_is(&stage, 0) && contract_ms_since(io, stage.start) >= 50 + delay) break;
    }
    check(dial_peer_is(&stage, 0)); /* IPv6 has its turn before the second of IPv4 */
    check(dial_took(io, &stage, 50 + delay));
    dial_end(io, &stage);
}

/* All that is known has failed before more comes: it is tried as soon as it is there. */
CONTRACT(dial_goes_on_when_addresses_come_after_a_failure)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_listens(io, &stage, 0)) return;
    stage.options.attempt_delay = weir_seconds(60);
    stage.report.total = 0;
    /* Later, where the machine stops and it comes before the first attempt. */
    for (int late = 200; stage.report.total == 0 && late < 10000; late *= 2) {
        DIAL_ANSWERS(&stage, 0, true, late, 9, 0);
        check_int(dial_it(io, &stage), 0);
        check(dial_peer_is(&stage, 0));
        check(dial_took(io, &stage, late));
    }
    check_int(stage.report.total, 1);
    dial_end(io, &stage);
}

CONTRACT(dial_lets_families_take_turns)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_swallows(io, &stage, 0) || !dial_swallows(io, &stage, 1)) return;
    if (!dial_listens(io, &stage, 2)) return;
    DIAL_ANSWERS(&stage, 0, true, 0, 1, 2, 0);
    stage.options.attempt_delay = weir_milliseconds(30);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 2));
    check(dial_took(io, &stage, 60));
    stage.options.lookup.flags = 0; /* the same by RFC 6724: ::1 before 127.0.0.0/8 */
    DIAL_ANSWERS(&stage, 0, true, 0, 2, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_took(io, &stage, 30));
    dial_end(io, &stage);
}

/* A host of the simulator without an IPv6 address: RFC 6724 prefers what can be reached. */
CONTRACT(dial_begins_with_the_family_that_sorts_first)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!stage.simulated) return dial_end(io, &stage);
    if (!dial_listens(io, &stage, 1)) return;
    DIAL_ANSWERS(&stage, 0, true, 0, 1, 0);
    stage.rules[1].records[0] = "@ 0 AAAA 2001:db8::1";
    dns_server_rules(stage.server, stage.rules, 2);
    stage.options.resolution_delay = weir_milliseconds(100); /* until both are there */
    check_int(dial_it(io, &stage), 0);
    check_int(stage.report.total, 1); /* as they came: IPv6 first */
    stage.options.lookup.flags = 0;
    DIAL_ANSWERS(&stage, 0, true, 20, 1, 0);
    stage.rules[1].records[0] = "@ 0 AAAA 2001:db8::1";
    dns_server_rules(stage.server, stage.rules, 2);
    check_int(dial_it(io, &stage), 0);
    check_int(stage.report.total, 0);
    check(dial_peer_is(&stage, 1));
    dial_end(io, &stage);
}

CONTRACT(dial_tries_the_family_of_the_local_address_alone)
{
    dial_stage stage;
    if (!dial_begin(io, &stage, true)) return;
    if (!dial_listens(io, &stage, 0) || !dial_listens(io, &stage, 1)) return;
    weir_address local = dial_address(&stage, 77);
    local.port = 0;
    const weir_tcp_connect_options tcp = {.local = &local};
    stage.options.tcp = &tcp;
    DIAL_ANSWERS(&stage, 0, true, 0, 1, 0);
    check_int(dial_it(io, &stage), 0);
    check(dial_peer_is(&stage, 1));
    const weir_address both[] = {dial_address(&stage, 0), dial_address(&stage, 1)};
    weir_tcp_stream tcp_stream;
    check_int(weir_dial_addresses(io, both, 2, &stage.options, &tcp_stream), 0);
    check_int(stage.report.failures[0].error, WEIR_EAFNOSUPPORT);
    weir_address from;
    check_int(weir_tcp_local(io, &tcp_stream, &from), 0);
    check_int(from.at.ipv4[3], 77);
    weir_tcp_close(io, &tcp_stream);
    check_int(weir_dial_addresses(io, both, 1, &stage.options, &tcp_stream), WEIR_EAFNOSUPPORT);
    dial_end(io, &stage);
}
