/* SPDX-License-Identifier: MIT
 *
 * Does only what may be the name of a host go to servers, from lookups and dials of hosts, and do
 * only such names come back, unless somebody asks for others?
 */
#include "test/network/dns_lookup.h"

#include <weir/dns/dial.h>
#include <weir/dns/idna.h>

#define TEXT(literal_)                           \
    {                                            \
        (char *)(literal_), sizeof(literal_) - 1 \
    }

/* As the rules of test servers have it: any name has an address. */
#define ANY_HOST RULES({.records = {"@ 300 A 192.0.2.99"}})

static const weir_bytes no_hosts[] = {
    TEXT("b\xc3\xbc.example"),
    TEXT("\xff.example"),
    TEXT("a\xe3\x80\x82"
         "example"), /* an ideographic full stop */
    TEXT("-a.example"),
    TEXT("a-.example"),
    TEXT("a.-"),
    TEXT("a b.example"),
    TEXT("a\tb"),
    TEXT("a\nb"),
    TEXT(" a"),
    TEXT("a "),
    TEXT("a/b.example"),
    TEXT("a@b.example"),
    TEXT("a%lo"),
    TEXT("*.example"),
    TEXT("*"),
    TEXT("$.example"),
    TEXT("a\\.b.example"),
    TEXT("x\\000y.example"),
    TEXT("\\097.example"), /* an escape of a letter is none of a host's, either */
    TEXT("a\0b.example"),
    TEXT("a.example\0"),
    TEXT("\x01"),
    TEXT("a\x7f"),
    TEXT("a b.localhost"),
    TEXT("."),
    TEXT("a.."),
    TEXT("0X7F000001"),
    TEXT("1.0x7f"),
    TEXT("a.123"),
};

static int find(weir_io *io, house *h, weir_bytes name, unsigned flags)
{
    const weir_dns_lookup_options options = {
        .flags = flags, .report = &h->report, .steps = &h->steps};
    return weir_dns_lookup_host(io, h->resolver, name, 80, &options, h->addresses, LOOKUP_ROOM,
                                NULL);
}

/* An endpoint's text of a host. */
static weir_bytes with_port(weir_bytes host, char out[400])
{
    memcpy(out, host.data, host.len);
    memcpy(out + host.len, ":80", 3);
    return weir_bytes_of(out, host.len + 3);
}

static void expect_refused(weir_io *io, house *h, weir_bytes name, unsigned flags)
{
    char text[400];
    weir_tcp_stream tcp;
    weir_dns_stream *stream;
    weir_dns_event event;
    const weir_dns_lookup_options lookup = {.flags = flags};
    const weir_dial_options dial = {.lookup = lookup};
    const weir_bytes endpoint = with_port(name, text);
    check_int(find(io, h, name, flags), WEIR_EDNS_NAME);
    check_int(weir_dial_host(io, h->resolver, name, 80, &dial, &tcp), WEIR_EDNS_NAME);
    if (check_int(weir_dns_stream_open(io, h->resolver, name, 80, &lookup, &stream), 0)) {
        check_int(weir_dns_stream_next(io, stream, weir_never(), &event), WEIR_EDNS_NAME);
        weir_dns_stream_close(io, stream);
    }
    weir_dial_race *race;
    weir_dial_outcome outcome;
    if (check_int(weir_dial_race_open(io, h->resolver, name, 80, &dial, &race), 0)) {
        check_int(weir_dial_race_next(io, race, weir_never(), &outcome), WEIR_EDNS_NAME);
        weir_dial_race_close(io, race);
    }
    /* In an endpoint's text some are no host at all, and these two are all addresses. */
    if (name.len == 0 || (name.len == 1 && name.data[0] == '*')) return;
    const int dialed = weir_dial(io, h->resolver, endpoint, &dial, &tcp);
    check(dialed == WEIR_EDNS_NAME || dialed == WEIR_EADDRTEXT || dialed == WEIR_EPORTTEXT);
    check_int(weir_dns_resolve(io, h->resolver, endpoint, &lookup, h->addresses, LOOKUP_ROOM),
              dialed);
}

CONTRACT(dns_a_name_that_no_host_can_have_goes_to_nobody)
{
    house *h = house_new(io, ANY_HOST);
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a@b.example *.example a_b.example\n");
    if (!house_open(io, h)) return;
    for (size_t i = 0; i < sizeof no_hosts / sizeof *no_hosts; i++) {
        contract_at("name", i);
        expect_refused(io, h, no_hosts[i], 0);
        expect_refused(io, h, no_hosts[i], WEIR_DNS_UNDERSCORE | WEIR_DNS_NO_SEARCH);
    }
    check_int(house_asked(h), 0);
    check_int(house_statistics(h).lookups, 0);
    check_int(h->report.total, 0);
    check_int(h->steps.total, 0);
    house_end(io, h);
}

CONTRACT(dns_names_of_hosts_are_as_long_as_they_may_be)
{
    house *h = house_begin(io, ANY_HOST);
    char text[300];
    memset(text, 'a', sizeof text);
    for (size_t at = 63; at < sizeof text; at += 64) text[at] = '.';
    check_int(find(io, h, weir_bytes_of(text, 253), 0), 1);
    text[253] = '.';
    check_int(find(io, h, weir_bytes_of(text, 254), 0), 1);
    check(house_asked(h) > 0);
    const unsigned asked = house_asked(h);
    text[253] = 'a';
    expect_refused(io, h, weir_bytes_of(text, 254), 0);
    text[63] = 'a';
    expect_refused(io, h, weir_bytes_of(text, 64), 0);
    expect_refused(io, h, weir_bytes_of(text, 0), 0);
    check_int(house_asked(h), asked);
    house_end(io, h);
}

CONTRACT(dns_an_underscore_is_a_letter_of_hosts_only_where_that_is_said)
{
    house *h = house_new(io, ANY_HOST);
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 in_file\n");
    if (!house_open(io, h)) return;
    expect_refused(io, h, weir_bytes_text("a_b.example"), 0);
    expect_refused(io, h, weir_bytes_text("_a.example"), 0);
    expect_refused(io, h, weir_bytes_text("in_file"), 0);
    check_int(house_asked(h), 0);
    check_int(find(io, h, weir_bytes_text("in_file"), WEIR_DNS_UNDERSCORE), 1);
    check(house_has(h, 1, "192.0.2.1"));
    check_int(find(io, h, weir_bytes_text("a_b.example"), WEIR_DNS_UNDERSCORE), 1);
    check(house_has(h, 1, "192.0.2.99"));
    check(house_asked(h) > 0);
    house_end(io, h);
}

/* Those go through a function of their own, and then are names like others. */
CONTRACT(dns_unicode_that_was_made_ascii_is_looked_up)
{
    house *h = house_begin(
        io, RULES({.name = "xn--bcher-kva.example.", .records = {"@ 300 A 192.0.2.7"}}));
    char ascii[WEIR_DNS_ASCII_TEXT];
    const int len = weir_dns_idna_to_ascii(weir_bytes_text("b\xc3\xbc"
                                                           "cher.example"),
                                           0, ascii, NULL);
    if (len != WEIR_EUNSUPPORTED) house_expect(io, h, ascii, "192.0.2.7", 0);
    house_end(io, h);
}

CONTRACT(dns_records_have_names_that_no_host_has)
{
    static const char *const names[] = {"a_b.example", "b\xc3\xbc.example", "a\\.b.example",
                                        "*.example",   "a b.example",       "."};
    house *h = house_begin(io, ANY_HOST);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        weir_dns_answer answer;
        contract_at("name", i);
        check_int(house_lookup(io, h, names[i], WEIR_DNS_A, 0, &answer), 0);
        weir_dns_answer_free(&answer);
    }
    check_int(house_asked(h), sizeof names / sizeof *names);
    house_end(io, h);
}

/* Services and mail -------------------------------------------------------------------------- */

static int service_of(weir_io *io, house *h, const char *service, const char *name, unsigned flags,
                      weir_dns_service *out, size_t room)
{
    const weir_dns_lookup_options options = {.flags = flags};
    return weir_dns_lookup_service(io, h->resolver, weir_bytes_text(service),
                                   weir_bytes_text("tcp"), weir_bytes_text(name), &options, out,
                                   room);
}

CONTRACT(dns_services_and_mail_are_those_of_legal_names)
{
    house *h = house_begin(io, ANY_HOST);
    weir_dns_service places[4];
    weir_dns_exchanger mail[4];
    weir_tcp_stream tcp;
    for (size_t i = 0; i < sizeof no_hosts / sizeof *no_hosts; i++) {
        const weir_bytes name = no_hosts[i];
        contract_at("name", i);
        if (weir_dns_host_check(name, 0, NULL) == 0) continue; /* only an address in C's notation */
        check_int(weir_dns_lookup_mail(io, h->resolver, name, NULL, mail, 4), WEIR_EDNS_NAME);
        if (name.len == 1 && name.data[0] == '.') continue; /* the root may have services */
        check_int(weir_dns_lookup_service(io, h->resolver, weir_bytes_text("sip"),
                                          weir_bytes_text("tcp"), name, NULL, places, 4),
                  WEIR_EDNS_NAME);
        check_int(weir_dial_service(io, h->resolver, weir_bytes_text("sip"), weir_bytes_text("tcp"),
                                    name, NULL, &tcp),
                  WEIR_EDNS_NAME);
    }
    static const char *const services[] = {"s\xc3\xbcp", "s p", "sip-", "s.p", "s\\.p", "*"};
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        check_int(service_of(io, h, services[i], "example", 0, places, 4), WEIR_EDNS_NAME);
    check_int(house_asked(h), 0);
    check_int(service_of(io, h, "_sip", "a_b.example.", 0, places, 4), WEIR_EDNS_NODATA);
    check_int(service_of(io, h, "sip", ".", 0, places, 4), WEIR_EDNS_NODATA);
    check_int(house_asked(h), 2);
    house_end(io, h);
}

CONTRACT(dns_places_that_no_host_can_have_are_left_out)
{
    house *h = house_begin(
        io,
        RULES({.name = "_sip._tcp.a.example.",
               .records = {"@ 300 SRV 1 0 1 a\\032b.example.", "@ 300 SRV 2 0 2 good.example.",
                           "@ 300 SRV 3 0 3 under_score.example.", "@ 300 SRV 4 0 4 192.0.2.1."}},
              {.name = "_sip._tcp.bad.example.",
               .records = {"@ 300 SRV 1 0 1 \\001.example.", "@ 300 SRV 1 0 1 \\252.example."}},
              {.name = "a.example.",
               .records = {"@ 300 MX 1 a\\010b.example.", "@ 300 MX 2 mail.example."}},
              {.name = "good.example.", .rcode = WEIR_DNS_SERVFAIL}));
    weir_dns_service places[4];
    weir_dns_exchanger mail[4];
    weir_tcp_stream tcp;
    check_int(service_of(io, h, "sip", "a.example", 0, places, 4), 1);
    check(house_name_is(&places[0].target, "good.example."));
    check_int(service_of(io, h, "sip", "a.example", WEIR_DNS_UNDERSCORE, places, 4), 2);
    check_int(service_of(io, h, "sip", "a.example", WEIR_DNS_RAW, places, 4), 4);
    check_int(service_of(io, h, "sip", "bad.example", 0, places, 4), WEIR_EDNS_ANSWER);
    check_int(weir_dns_lookup_mail(io, h->resolver, weir_bytes_text("a.example"), NULL, mail, 4),
              1);
    check(house_name_is(&mail[0].host, "mail.example."));
    const unsigned asked = house_asked(h);
    check_int(asked, 3);
    /* Raw, they are dialed as little as any other. */
    const weir_dial_options raw = {.lookup.flags = WEIR_DNS_RAW};
    check_int(weir_dial_service(io, h->resolver, weir_bytes_text("sip"), weir_bytes_text("tcp"),
                                weir_bytes_text("bad.example"), &raw, &tcp),
              WEIR_EDNS_NAME);
    check_int(house_asked(h), asked);
    house_end(io, h);
}
