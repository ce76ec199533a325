/* SPDX-License-Identifier: MIT
 *
 * Are services, mail exchangers and names of addresses found, in the order to try them?
 */
#include "test/network/dns_lookup.h"

static int service(weir_io *io, house *h, const char *name, weir_dns_service *out, size_t room)
{
    return weir_dns_lookup_service(io, h->resolver, weir_bytes_text("sip"), weir_bytes_text("_tcp"),
                                   weir_bytes_text(name), NULL, out, room);
}

CONTRACT(dns_lookup_orders_services_by_priority_and_weight)
{
    house *h = house_begin(
        io, RULES({.name = "_sip._tcp.a.example.",
                   .records = {"@ 300 SRV 20 0 5060 last.example.",
                               "@ 300 SRV 10 30 5061 often.example.",
                               "@ 300 SRV 10 10 5062 seldom.example."}},
                  {.name = "_sip._tcp.even.example.",
                   .records = {"@ 300 SRV 1 1 1 one.example.", "@ 300 SRV 1 1 2 two.example."}},
                  {.name = "_sip._tcp.zero.example.",
                   .records = {"@ 300 SRV 1 0 1 one.example.", "@ 300 SRV 1 0 2 two.example.",
                               "@ 300 SRV 1 0 3 three.example."}},
                  {.name = "_sip._tcp.rare.example.",
                   .records = {"@ 300 SRV 1 99 1 one.example.", "@ 300 SRV 1 0 2 two.example."}}));
    enum { ROUNDS = 1200 };
    weir_dns_service services[4];
    unsigned often = 0, even = 0, zero[4] = {0}, rare = 0;
    for (int i = 0; i < ROUNDS; i++) {
        check_int(service(io, h, "a.example", services, 4), 3);
        often += services[0].port == 5061;
        check_int(services[2].port, 5060);
        check_int(services[2].priority, 20);
        check(services[0].weight + services[1].weight == 40);
        check_int(service(io, h, "even.example", services, 4), 2);
        even += services[0].port == 1;
        check_int(service(io, h, "zero.example", services, 4), 3);
        zero[services[0].port]++;
        check_int(service(io, h, "rare.example", services, 4), 2);
        rare += services[0].port == 2;
    }
    check(house_name_is(&services[0].target,
                        services[0].port == 1 ? "one.example." : "two.example."));
    /* Five standard deviations either way, or more. */
    check(often > ROUNDS * 68 / 100 && often < ROUNDS * 82 / 100);
    check(even > ROUNDS * 42 / 100 && even < ROUNDS * 58 / 100);
    for (int i = 1; i <= 3; i++) check(zero[i] > ROUNDS * 26 / 100 && zero[i] < ROUNDS * 41 / 100);
    check(rare < ROUNDS * 3 / 100);
    check_int(service(io, h, "a.example", services, 1), 1);
    check_int(services[0].priority, 10);
    check_int(house_asked(h), 4);
    house_end(io, h);
}

CONTRACT(dns_lookup_of_services_that_are_not_there)
{
    house *h =
        house_begin(io, RULES({.name = "_sip._tcp.none.example.", .records = {"@ 300 SRV 0 0 0 ."}},
                              {.name = "_sip._tcp.empty.example."},
                              {.name = "_sip._tcp.", .records = {"@ 300 SRV 0 0 1 a."}},
                              {.rcode = WEIR_DNS_NXDOMAIN}));
    weir_dns_service s[2];
    check_int(service(io, h, "none.example", s, 2), WEIR_EDNS_SERVICE);
    check_int(service(io, h, "empty.example", s, 2), WEIR_EDNS_NODATA);
    check_int(service(io, h, "gone.example", s, 2), WEIR_EDNS_NOTFOUND);
    check_int(service(io, h, "a..example", s, 2), WEIR_EDNS_NAME);
    check_int(service(io, h, "a.example", s, 0), WEIR_EINVAL);
    check_int(service(io, h, ".", s, 2), 1);
    static char long_name[3000];
    memset(long_name, 'a', sizeof long_name - 1);
    check_int(service(io, h, long_name, s, 2), WEIR_EDNS_NAME);
    check_int(weir_dns_lookup_service(io, h->resolver, weir_bytes_text(long_name),
                                      weir_bytes_text("tcp"), weir_bytes_text("a"), NULL, s, 2),
              WEIR_EDNS_NAME);
    check_int(weir_dns_lookup_service(io, h->resolver, weir_bytes_text(""), weir_bytes_text("tcp"),
                                      weir_bytes_text("a"), NULL, s, 2),
              WEIR_EDNS_NAME);
    check_int(weir_dns_lookup_service(io, h->resolver, weir_bytes_text("a.b"),
                                      weir_bytes_text("tcp"), weir_bytes_text("a"), NULL, s, 2),
              WEIR_EDNS_NAME);
    house_end(io, h);
}

CONTRACT(dns_lookup_orders_mail_exchangers)
{
    house *h = house_begin(
        io, RULES({.name = "a.example.",
                   .records = {"@ 300 MX 20 c.example.", "@ 300 MX 10 a.example.",
                               "@ 300 MX 10 b.example."}},
                  {.name = "null.example.", .records = {"@ 300 MX 0 ."}},
                  {.name = "odd.example.", .records = {"@ 300 MX 0 .", "@ 300 MX 5 a.example."}},
                  {.rcode = 0}));
    weir_dns_exchanger hosts[4];
    unsigned first = 0;
    for (int i = 0; i < 400; i++) {
        check_int(
            weir_dns_lookup_mail(io, h->resolver, weir_bytes_text("a.example"), NULL, hosts, 4), 3);
        first += hosts[0].host.octets[1] == 'a';
        check_int(hosts[2].preference, 20);
    }
    check(first > 140 && first < 260);
    check_int(
        weir_dns_lookup_mail(io, h->resolver, weir_bytes_text("null.example"), NULL, hosts, 4),
        WEIR_EDNS_SERVICE);
    check_int(weir_dns_lookup_mail(io, h->resolver, weir_bytes_text("odd.example"), NULL, hosts, 4),
              1);
    check_int(weir_dns_lookup_mail(io, h->resolver, weir_bytes_text("no.example"), NULL, hosts, 4),
              WEIR_EDNS_NODATA);
    house_end(io, h);
}

static int names_of(weir_io *io, house *h, const char *text, unsigned flags, weir_dns_name *out,
                    size_t room)
{
    weir_address address;
    check_int(weir_address_parse_ip(weir_bytes_text(text), 0, &address), 0);
    const weir_dns_lookup_options options = {.flags = flags};
    return weir_dns_lookup_address(io, h->resolver, &address, &options, out, room);
}

CONTRACT(dns_lookup_finds_the_names_of_addresses)
{
    house *h = house_new(
        io,
        RULES({.name = "9.2.0.192.in-addr.arpa.",
               .records = {"@ 300 PTR nine.example.", "@ 300 PTR bad\\032name.example.",
                           "@ 300 PTR under_score.example.", "@ 300 PTR also.example."}},
              {.name = "8.2.0.192.in-addr.arpa.",
               .records = {"@ 300 CNAME 8.sub.example.", "8.sub.example. 300 PTR eight.example."}},
              {.name = "7.2.0.192.in-addr.arpa.", .records = {"@ 300 PTR -.example."}},
              {.name = "6.2.0.192.in-addr.arpa.", .rcode = WEIR_DNS_SERVFAIL},
              {.name = "*.8.b.d.0.1.0.0.2.ip6.arpa.", .records = {"@ 300 PTR six.example."}},
              {.rcode = WEIR_DNS_NXDOMAIN, .records = {SOA_300}}));
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 one.example uno\n192.0.2.1 other.example\n");
    house_open(io, h);
    weir_dns_name names[4];
    check_int(names_of(io, h, "192.0.2.1", 0, names, 4), 2);
    check(house_name_is(&names[0], "one.example."));
    check_int(names_of(io, h, "::ffff:192.0.2.1", 0, names, 4), 2);
    check_int(house_asked(h), 0);
    check_int(names_of(io, h, "192.0.2.9", 0, names, 4), 2);
    check(house_name_is(&names[0], "nine.example."));
    check(house_name_is(&names[1], "also.example."));
    check_int(names_of(io, h, "::ffff:192.0.2.9", 0, names, 1), 1);
    check_int(names_of(io, h, "192.0.2.9", WEIR_DNS_RAW, names, 4), 4);
    check_int(names_of(io, h, "192.0.2.8", 0, names, 4), 1);
    check(house_name_is(&names[0], "eight.example."));
    check_int(names_of(io, h, "192.0.2.7", 0, names, 4), WEIR_EDNS_ANSWER);
    check_int(names_of(io, h, "192.0.2.6", 0, names, 4), WEIR_EDNS_SERVFAIL);
    check_int(names_of(io, h, "2001:db8::6", 0, names, 4), 1);
    check_int(names_of(io, h, "192.0.2.5", 0, names, 4), WEIR_EDNS_NOTFOUND);
    check_int(names_of(io, h, "192.0.2.1", WEIR_DNS_NO_HOSTS, names, 4), WEIR_EDNS_NOTFOUND);
    check_int(names_of(io, h, "169.254.1.1", 0, names, 4), WEIR_EDNS_SPECIAL);
    check_int(names_of(io, h, "192.0.2.1", 0, names, 0), WEIR_EINVAL);
    const weir_address none = {0};
    check_int(weir_dns_lookup_address(io, h->resolver, &none, NULL, names, 1), WEIR_EINVAL);
    house_end(io, h);
}
