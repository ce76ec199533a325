/* SPDX-License-Identifier: MIT
 *
 * Do a host's addresses come one by one, as soon as they are there, and does the end say why?
 */
#include "test/network/dns_lookup.h"

#include <weir/dns/hosts.h>

/* The events of a stream as text: "c" canonical, "4" and "6" addresses, "(4)" the end of a family,
 * "(4!)" for an error. */
static int run(weir_io *io, house *h, const char *name, unsigned flags, char *out, int errors[2])
{
    const weir_dns_lookup_options options = {
        .flags = flags, .report = &h->report, .steps = &h->steps};
    h->report.kept = h->report.total = h->steps.kept = h->steps.total = 0;
    weir_dns_stream *stream = NULL;
    weir_dns_event event;
    int result =
        weir_dns_stream_open(io, h->resolver, weir_bytes_text(name), 80, &options, &stream);
    *out = '\0';
    if (!check_int(result, 0)) return result;
    while ((result = weir_dns_stream_next(io, stream, weir_never(), &event)) > 0) {
        const char *text = "c";
        if (event.kind == WEIR_DNS_EVENT_CANONICAL) h->host = event.host;
        if (event.kind == WEIR_DNS_EVENT_ADDRESS) {
            text = event.address.kind == WEIR_ADDRESS_IPV4 ? "4" : "6";
            check_int(event.address.port, 80);
        }
        if (event.kind == WEIR_DNS_EVENT_FAMILY) {
            const bool four = event.family == WEIR_ADDRESS_IPV4;
            errors[four] = event.error;
            text = four ? event.error ? "(4!)" : "(4)" : event.error ? "(6!)" : "(6)";
        }
        strcat(out, text);
    }
    check_int(weir_dns_stream_next(io, stream, weir_never(), &event), result);
    weir_dns_stream_close(io, stream);
    return result;
}

static void expect(weir_io *io, house *h, const char *name, int result, const char *events)
{
    char is[128];
    int errors[2];
    const int got = run(io, h, name, 0, is, errors);
    bool good = check_int(got, result);
    good &= check(strcmp(is, events) == 0);
    if (!good) fprintf(stderr, "    … of %s: `%s`\n", name, is);
}

/* The other family of the names below late comes so much later. */
static house *with_late(weir_io *io, int64_t late_ns)
{
    house *h = house_new(
        io, RULES({.name = "a.late.example.",
                   .type = WEIR_DNS_AAAA,
                   .delay = {late_ns},
                   .records = {"@ 200 AAAA 2001:db8::1", "@ 200 AAAA 2001:db8::2"}},
                  {.name = "b.late.example.",
                   .type = WEIR_DNS_A,
                   .delay = {late_ns},
                   .records = {"@ 300 A 192.0.2.1"}},
                  {.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1", "@ 300 A 192.0.2.2"}},
                  {.records = {"@ 200 AAAA 2001:db8::1"}}));
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.7 db\n2001:db8::7 db\n192.0.2.8 four\n");
    house_open(io, h);
    return h;
}

/* Whether the events come in the order of the answers. */
static bool comes_in_order(weir_io *io, house *h)
{
    char a[64], b[64];
    int errors[2];
    check_int(run(io, h, "b.late.example", 0, b, errors), 0);
    check_int(run(io, h, "a.late.example", 0, a, errors), 0);
    return strcmp(a, "c44(4)66(6)") == 0 && strcmp(b, "c6(6)4(4)") == 0;
}

CONTRACT(dns_stream_gives_each_family_as_it_comes)
{
    int64_t late_ns = 60000000;
    house *h = with_late(io, late_ns);
    bool in_order = comes_in_order(io, h);
    /* Later, where the machine stops until both are there. */
    for (int tries = 0; !in_order && tries < 4; tries++) {
        house_end(io, h);
        h = with_late(io, late_ns *= 2);
        in_order = comes_in_order(io, h);
    }
    check(in_order);
    check_int(h->host.origin, WEIR_DNS_FROM_SERVER);
    check(house_name_is(&h->host.canonical, "a.late.example."));
    check_int(h->report.kept, 2);
    check_int(h->steps.kept, 2);
    check_int(h->steps.steps[1].result, 4);
    expect(io, h, "db", 0, "c6(6)4(4)");
    check_int(h->host.origin, WEIR_DNS_FROM_HOSTS);
    expect(io, h, "four", 0, "(6!)c4(4)");
    expect(io, h, "localhost", 0, "c6(6)4(4)");
    expect(io, h, "192.0.2.1", 0, "(6!)c4(4)");
    char events[64];
    int errors[2];
    check_int(run(io, h, "c.example", WEIR_DNS_IPV4_ONLY, events, errors), 0);
    check(strcmp(events, "c44(4)") == 0);
    house_end(io, h);
}

CONTRACT(dns_stream_says_why_a_family_has_no_address)
{
    house *h = house_begin(
        io, RULES({.name = "a.example.", .type = WEIR_DNS_AAAA, .rcode = WEIR_DNS_SERVFAIL},
                  {.name = "b.example.", .type = WEIR_DNS_A, .rcode = WEIR_DNS_REFUSED},
                  {.name = "c.example.", .type = WEIR_DNS_AAAA},
                  {.name = "gone.example.", .rcode = WEIR_DNS_NXDOMAIN},
                  {.name = "down.example.", .rcode = WEIR_DNS_SERVFAIL},
                  {.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}},
                  {.records = {"@ 200 AAAA 2001:db8::1"}}));
    char events[64];
    int errors[2];
    check_int(run(io, h, "a.example", 0, events, errors), 0);
    check(strcmp(events, "c4(4)(6!)") == 0);
    check_int(errors[0], WEIR_EDNS_SERVFAIL);
    check_int(run(io, h, "b.example", 0, events, errors), 0);
    check(strcmp(events, "c6(6)(4!)") == 0);
    check_int(errors[1], WEIR_EDNS_REFUSED);
    check_int(run(io, h, "c.example", 0, events, errors), 0);
    check_int(errors[0], WEIR_EDNS_NODATA);
    check_int(run(io, h, "gone.example", 0, events, errors), WEIR_EDNS_NOTFOUND);
    check_int(run(io, h, "down.example", 0, events, errors), WEIR_EDNS_SERVFAIL);
    check_int(run(io, h, "x.onion", 0, events, errors), WEIR_EDNS_SPECIAL);
    check_int(run(io, h, "a..b", 0, events, errors), WEIR_EDNS_NAME);
    house_end(io, h);
}

CONTRACT(dns_stream_can_be_closed_at_any_time)
{
    house *h = house_begin(io, RULES({.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}},
                                     {.does = DNS_SERVER_DROP}));
    for (int events = 0; events < 4; events++) {
        weir_dns_stream *stream;
        weir_dns_event event;
        check_int(
            weir_dns_stream_open(io, h->resolver, weir_bytes_text("x.example"), 80, NULL, &stream),
            0);
        for (int i = 0; i < events; i++)
            check_int(weir_dns_stream_next(io, stream, weir_never(), &event), 1);
        if (events == 3) {
            const weir_instant soon =
                weir_instant_add(weir_now(io, WEIR_CLOCK_MONOTONIC), weir_milliseconds(20));
            check_int(weir_dns_stream_next(io, stream, soon, &event), WEIR_EDEADLINE);
        }
        weir_dns_stream_close(io, stream);
    }
    weir_dns_stream_close(io, NULL);
    house_end(io, h);
}

CONTRACT(dns_stream_goes_through_the_search_list)
{
    house *h = house_new(
        io,
        RULES({.name = "www.two.example.", .type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}},
              {.name = "www.two.example."}, {.rcode = WEIR_DNS_NXDOMAIN}));
    weir_dns_config_add_search(&h->config, weir_bytes_text("one.example"));
    weir_dns_config_add_search(&h->config, weir_bytes_text("two.example"));
    house_open(io, h);
    expect(io, h, "www", 0, "c4(4)(6!)");
    check(house_name_is(&h->host.name, "www.two.example."));
    house_end(io, h);
}

/* A stream whose task is canceled while it waits. */
static int wait_for_events(weir_io *io, void *argument)
{
    house *h = argument;
    weir_dns_stream *stream;
    weir_dns_event event;
    int result =
        weir_dns_stream_open(io, h->resolver, weir_bytes_text("x.example"), 80, NULL, &stream);
    if (result) return result;
    while ((result = weir_dns_stream_next(io, stream, weir_never(), &event)) > 0) continue;
    weir_dns_stream_close(io, stream);
    return result;
}

CONTRACT(dns_stream_ends_with_its_task)
{
    house *h = house_begin(io, RULES({.does = DNS_SERVER_DROP}));
    weir_task task;
    check_int(weir_concurrent(io, &task, wait_for_events, h, NULL), 0);
    check_int(dns_server_wait(io, h->server, 2), 0);
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    house_end(io, h);
}
