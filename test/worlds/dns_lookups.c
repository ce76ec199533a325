/* SPDX-License-Identifier: MIT
 *
 * Lookups of each kind, and what their records say.
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>

#include "dns_world.h"

enum { ROOM = 40 };

/* What is known of a set of records. */
typedef struct seen {
    unsigned records, version;
    bool mixed, strange;
} seen;

static void see(seen *s, bool ours, unsigned version)
{
    if (!ours) s->strange = true;
    if (s->records && version != s->version) s->mixed = true;
    s->version = version;
    s->records++;
}

static void settle(dns_client *c, const seen *s, dns_outcome *o)
{
    o->version = s->version;
    o->records = s->records;
    if (s->strange)
        weir_sim_fail(c->world->trial, "client %u has records that are not of n%u", c->index,
                      o->name);
    else if (s->mixed)
        weir_sim_fail(c->world->trial, "client %u has records of n%u of two versions", c->index,
                      o->name);
    else
        dns_check_records(c, o);
}

/* What an error of a lookup means for the checks. */
static int fail(dns_client *c, const char *what, const dns_outcome *o, int error, int64_t limit)
{
    if (error == WEIR_EDNS_NOTFOUND || error == WEIR_EDNS_NODATA) {
        dns_check_absent(c, o, error == WEIR_EDNS_NOTFOUND);
        return 0;
    }
    dns_check_error(c, what, o->name, error, limit > 0);
    return error;
}

/* Addresses -------------------------------------------------------------------------------- */

static void see_address(seen families[2], unsigned name, const weir_address *address)
{
    if (address->kind == WEIR_ADDRESS_IPV6) {
        const uint8_t *a = address->at.ipv6;
        see(&families[1], a[0] == 0x20 && a[5] == name, a[7]);
    } else {
        const uint8_t *a = address->at.ipv4;
        see(&families[0], a[0] == 10 && a[1] == 128 + name, a[2]);
    }
}

static void settle_families(dns_client *c, const seen families[2], dns_outcome *o, bool both)
{
    for (unsigned i = 0; i < 2; i++) {
        o->slot = i ? DNS_SLOT_AAAA : DNS_SLOT_A;
        if (families[i].records) settle(c, &families[i], o);
        /* With a stale one of the other family a lookup does not wait for long. */
        if (both && !families[i].records && dns_is_calm(c->world) && !c->options.stale.ns &&
            dns_kind_of(o->name) != 1 && dns_kind_of(o->name) != DNS_FLAPPING)
            weir_sim_fail(c->world->trial, "client %u has no addresses of a family of n%u",
                          c->index, o->name);
    }
    dns_count_of(c->world, "found", 1);
    dns_count_of(c->world, dns_kind_name(dns_kind_of(o->name)), 1);
}

static unsigned draw_flags(weir_io *io)
{
    static const unsigned flags[] = {WEIR_DNS_UNSORTED, 0, WEIR_DNS_NO_CACHE | WEIR_DNS_UNSORTED,
                                     WEIR_DNS_IPV4_ONLY, WEIR_DNS_IPV6_ONLY};
    return flags[weir_random_below(io, sizeof flags / sizeof *flags)];
}

/* With the final dot, without, or by the search list. */
static unsigned write_name(weir_io *io, unsigned name, char text[64])
{
    static const char *const formats[] = {".world.", ".world", ""};
    const unsigned form = (unsigned)weir_random_below(io, 3);
    snprintf(text, 64, "%c%u%s", weir_random_below(io, 4) ? 'n' : 'N', name, formats[form]);
    return form == 0 ? 1 : DNS_CANDIDATES;
}

int dns_look_host(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    char text[64];
    weir_address addresses[ROOM];
    weir_dns_host host = {0};
    seen families[2] = {{0}};
    dns_outcome o = {.name = name, .began = dns_now(c->world)};
    weir_dns_lookup_options options = {.flags = draw_flags(io)};
    if (c->world->plan.together) options.flags = WEIR_DNS_NO_CACHE | WEIR_DNS_UNSORTED;
    unsigned candidates = DNS_CANDIDATES;
    if (c->world->plan.together)
        snprintf(text, sizeof text, "n%u.world.", name);
    else
        candidates = write_name(io, name, text);
    const int n = weir_dns_lookup_host(io, c->resolver, weir_bytes_text(text), 80, &options,
                                       addresses, ROOM, &host);
    dns_check_time(c, "host", candidates, o.began, limit);
    if (n < 0) {
        if (n == WEIR_EDNS_NODATA && options.flags & WEIR_DNS_IPV6_ONLY) o.slot = DNS_SLOT_AAAA;
        return fail(c, "host", &o, n, limit);
    }
    o.origin = host.origin;
    o.ttl = host.ttl;
    for (int i = 0; i < n; i++) see_address(families, name, &addresses[i]);
    settle_families(c, families, &o, !(options.flags & (WEIR_DNS_IPV4_ONLY | WEIR_DNS_IPV6_ONLY)));
    return 0;
}

static int look_stream(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    char text[64];
    weir_dns_stream *stream;
    weir_dns_event event;
    seen families[2] = {{0}};
    int done = 0;
    dns_outcome o = {.name = name, .began = dns_now(c->world)};
    const unsigned candidates = write_name(io, name, text);
    int error = weir_dns_stream_open(io, c->resolver, weir_bytes_text(text), 80, NULL, &stream);
    if (error) return fail(c, "stream", &o, error, limit);
    /* Some are closed while they are under way. */
    const unsigned enough = weir_random_below(io, 4) ? 1000 : (unsigned)weir_random_below(io, 3);
    unsigned events = 0;
    while (events < enough &&
           (error = weir_dns_stream_next(io, stream, weir_never(), &event)) > 0) {
        events++;
        if (event.kind == WEIR_DNS_EVENT_ADDRESS) see_address(families, name, &event.address);
        if (event.kind == WEIR_DNS_EVENT_CANONICAL) o.origin = event.host.origin;
        if (event.kind == WEIR_DNS_EVENT_FAMILY) done++;
    }
    weir_dns_stream_close(io, stream);
    if (events == enough) return 0;
    dns_check_time(c, "stream", candidates, o.began, limit);
    if (error) return fail(c, "stream", &o, error, limit);
    if (done != 2)
        weir_sim_fail(c->world->trial, "client %u: a stream ended with %d families", c->index,
                      done);
    dns_count_of(c->world, "streams", 1);
    settle_families(c, families, &o, true);
    return 0;
}

/* Records ---------------------------------------------------------------------------------- */

static unsigned number_of(weir_bytes label)
{
    unsigned number = 0;
    for (size_t i = 1; i < label.len; i++) number = number * 10 + label.data[i] - '0';
    return number;
}

static void see_data(seen *s, const dns_outcome *o, const weir_dns_data *data)
{
    unsigned name = DNS_NAMES, version = 0, j;
    switch (o->slot) {
    case DNS_SLOT_TXT: {
        char text[64] = "";
        weir_dns_txt_join(data->as.txt, text, sizeof text - 1);
        if (sscanf(text, "n%u v%u j%u", &name, &version, &j) != 3) name = DNS_NAMES;
        break;
    }
    case DNS_SLOT_MX:
        name = number_of(weir_dns_name_label(&data->as.mx.exchange, 2));
        version = number_of(weir_dns_name_label(&data->as.mx.exchange, 1));
        break;
    default:
        name = number_of(weir_dns_name_label(&data->as.name, 1));
        version = number_of(weir_dns_name_label(&data->as.name, 0));
        break;
    }
    see(s, name == o->name, version);
}

static int look_records(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    static const uint16_t types[DNS_SLOTS] = {WEIR_DNS_A,   WEIR_DNS_AAAA, WEIR_DNS_TXT,
                                              WEIR_DNS_SRV, WEIR_DNS_MX,   WEIR_DNS_PTR};
    char text[64];
    weir_dns_answer answer = {0};
    weir_dns_data data;
    size_t at = 0;
    seen s = {0};
    dns_outcome o = {.name = name, .began = dns_now(c->world)};
    o.slot = weir_random_below(io, 2) ? DNS_SLOT_TXT : DNS_SLOT_MX;
    const weir_dns_lookup_options options = {.flags =
                                                 weir_random_below(io, 5) ? 0 : WEIR_DNS_NO_CACHE};
    snprintf(text, sizeof text, "n%u.world", name);
    const int error =
        weir_dns_lookup(io, c->resolver, weir_bytes_text(text), types[o.slot], &options, &answer);
    dns_check_time(c, "records", 1, o.began, limit);
    o.origin = answer.origin;
    o.ttl = answer.ttl;
    if (!error) {
        while (weir_dns_answer_next(&answer, &at, &data) > 0) see_data(&s, &o, &data);
        if (answer.aliases != (dns_kind_of(name) == DNS_ALIAS))
            weir_sim_fail(c->world->trial, "client %u: n%u has %u aliases", c->index, name,
                          answer.aliases);
        weir_dns_name alias;
        size_t from = 0;
        if (answer.aliases && weir_dns_answer_alias(&answer, &from, &alias) > 0 &&
            number_of(weir_dns_name_label(&alias, 0)) != s.version)
            s.mixed = true;
    }
    if (!error && c->world->plan.bug == DNS_BUG_FORGOTTEN) return 0;
    if (!error || error == WEIR_EDNS_NOTFOUND || error == WEIR_EDNS_NODATA)
        weir_dns_answer_free(&answer);
    if (error) return fail(c, "records", &o, error, limit);
    settle(c, &s, &o);
    dns_count_of(c->world, "records", 1);
    return 0;
}

static int look_address(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    const uint8_t octets[4] = {100, 64, 0, (uint8_t)name};
    const weir_address address = weir_address_from_octets(octets, 4, 0);
    weir_dns_name names[4];
    weir_dns_data data = {.type = WEIR_DNS_PTR};
    seen s = {0};
    dns_outcome o = {.name = name, .slot = DNS_SLOT_PTR, .began = dns_now(c->world)};
    const int n = weir_dns_lookup_address(io, c->resolver, &address, NULL, names, 4);
    dns_check_time(c, "address", 1, o.began, limit);
    if (n < 0) return fail(c, "address", &o, n, limit);
    for (int i = 0; i < n; i++) {
        data.as.name = names[i];
        see_data(&s, &o, &data);
    }
    settle(c, &s, &o);
    dns_count_of(c->world, "names of addresses", 1);
    return 0;
}

static int look_service(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    char text[64];
    weir_dns_service places[ROOM];
    seen s = {0};
    dns_outcome o = {.name = name, .slot = DNS_SLOT_SRV, .began = dns_now(c->world)};
    snprintf(text, sizeof text, "n%u.world", name);
    const int n =
        weir_dns_lookup_service(io, c->resolver, weir_bytes_text("svc"), weir_bytes_text("tcp"),
                                weir_bytes_text(text), NULL, places, ROOM);
    dns_check_time(c, "service", 1, o.began, limit);
    if (n < 0) return fail(c, "service", &o, n, limit);
    for (int i = 0; i < n; i++) {
        const unsigned target = number_of(weir_dns_name_label(&places[i].target, 0));
        see(&s,
            target == (name + (unsigned)i) % DNS_NAMES && places[i].priority == i &&
                places[i].port == 1000 + places[i].weight,
            places[i].weight);
    }
    settle(c, &s, &o);
    dns_count_of(c->world, "services", 1);
    return 0;
}

int dns_look(weir_io *io, dns_client *c, unsigned name, int64_t limit)
{
    typedef int look(weir_io * io, dns_client * c, unsigned name, int64_t limit);
    static look *const looks[] = {dns_look_host, dns_look_host, dns_look_host, look_stream,
                                  look_records,  look_records,  look_address,  look_service};
    return looks[weir_random_below(io, sizeof looks / sizeof *looks)](io, c, name, limit);
}
