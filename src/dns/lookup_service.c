/* SPDX-License-Identifier: MIT
 *
 * Services and mail exchangers: SRV and MX records in the order to try them.
 */
#include <weir/dns/lookup.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/name.h>
#include <weir/io/random.h>

#include "dns/host.h"

enum { RECORDS_MAX = 256 };

/* What SRV and MX have in common. */
typedef struct place {
    weir_dns_name host;
    uint16_t rank; /* the lowest first */
    uint16_t weight, port;
} place;

static int by_rank(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return (int)x->rank - (int)y->rank;
}

static void swap(place *a, place *b)
{
    place kept = *a;
    *a = *b;
    *b = kept;
}

/* Draws the order of places of one rank: each next one with a chance in proportion to its weight;
 * those of weight 0 have a very small one while others are there (RFC 2782, "Weight"). */
static void draw(weir_io *io, place *places, size_t count)
{
    for (size_t at = 0; at + 1 < count; at++) {
        uint64_t sum = 0;
        for (size_t i = at; i < count; i++) sum += places[i].weight;
        size_t pick = at;
        if (sum == 0) {
            pick = at + weir_random_below(io, count - at);
        } else {
            /* Zero weights first, as that text has it, so that only the number 0 picks one; without
             * any the numbers begin at 1, as else the first place would have one more than due. */
            for (size_t i = at, zeros = at; i < count; i++)
                if (places[i].weight == 0) swap(&places[i], &places[zeros++]);
            bool zero = places[at].weight == 0;
            uint64_t number = weir_random_below(io, sum + zero) + !zero;
            uint64_t passed = places[at].weight;
            while (passed < number) passed += places[++pick].weight;
        }
        swap(&places[at], &places[pick]);
    }
}

static void order(weir_io *io, place *places, size_t count)
{
    qsort(places, count, sizeof *places, by_rank);
    for (size_t from = 0; from < count;) {
        size_t to = from + 1;
        while (to < count && places[to].rank == places[from].rank) to++;
        draw(io, places + from, to - from);
        from = to;
    }
}

static place place_of(const weir_dns_data *data)
{
    if (data->type == WEIR_DNS_MX)
        return (place){.host = data->as.mx.exchange, .rank = data->as.mx.preference};
    return (place){.host = data->as.srv.target,
                   .rank = data->as.srv.priority,
                   .weight = data->as.srv.weight,
                   .port = data->as.srv.port};
}

/* Whether a host that a server named may be handed on: what is no legal name can hold anything. */
static bool is_taken(const weir_dns_name *host, unsigned flags)
{
    return flags & WEIR_DNS_RAW || weir_dns_name_is_host(host, weir_dns_host_rules(flags));
}

/* Reads and orders the places of an answer.  Returns how many; WEIR_EDNS_SERVICE: its one place is
 * the root, which says that there is none; WEIR_EDNS_ANSWER: none can be read, or none is legal. */
static int read_places(weir_io *io, const weir_dns_answer *answer, unsigned flags, place *places)
{
    size_t count = 0, at = 0;
    weir_dns_data data;
    int got;
    bool none = false;
    while ((got = weir_dns_answer_next(answer, &at, &data)) != 0 && count < RECORDS_MAX) {
        if (got < 0) continue;
        place p = place_of(&data);
        if (p.host.len == 1)
            none = true;
        else if (is_taken(&p.host, flags))
            places[count++] = p;
    }
    if (count == 0) return none ? WEIR_EDNS_SERVICE : WEIR_EDNS_ANSWER;
    order(io, places, count);
    return (int)count;
}

/* Looks up records of `type` of a name that is one of hosts but for underscores; *out is the
 * caller's to free. */
static int find_places(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t type,
                       const weir_dns_lookup_options *options, place **out)
{
    weir_dns_answer answer;
    if (weir_dns_host_check(name, WEIR_DNS_HOST_UNDERSCORE, NULL)) return WEIR_EDNS_NAME;
    int result = weir_dns_lookup(io, resolver, name, type, options, &answer);
    place *places = NULL;
    if (result == 0) {
        places = malloc(RECORDS_MAX * sizeof *places);
        result =
            places ? read_places(io, &answer, options ? options->flags : 0, places) : WEIR_ENOMEM;
    }
    weir_dns_answer_free(&answer);
    if (result < 0) {
        free(places);
        return result;
    }
    *out = places;
    return result;
}

/* Appends "_label." to a text.  False if it is not one label, whatever it consists of. */
static bool append_label(char *out, size_t *len, weir_bytes label)
{
    bool bare = label.len == 0 || label.data[0] != '_';
    if (label.len + bare < 2 || label.len + bare > WEIR_DNS_LABEL_MAX) return false;
    if (memchr(label.data, '.', label.len)) return false;
    if (bare) out[(*len)++] = '_';
    memcpy(out + *len, label.data, label.len);
    *len += label.len;
    out[(*len)++] = '.';
    return true;
}

int weir_dns_lookup_service(weir_io *io, weir_dns_resolver *resolver, weir_bytes service,
                            weir_bytes protocol, weir_bytes name,
                            const weir_dns_lookup_options *options, weir_dns_service *out,
                            size_t room)
{
    if (room == 0) return WEIR_EINVAL;
    char text[2 * WEIR_DNS_NAME_TEXT];
    size_t len = 0;
    if (!append_label(text, &len, service) || !append_label(text, &len, protocol) ||
        name.len > WEIR_DNS_NAME_TEXT)
        return WEIR_EDNS_NAME;
    bool root = name.len == 1 && name.data[0] == '.';
    if (name.len && !root) memcpy(text + len, name.data, name.len);
    if (!root) len += name.len;
    place *places;
    int count = find_places(io, resolver, weir_bytes_of(text, len), WEIR_DNS_SRV, options, &places);
    if (count < 0) return count;
    if ((size_t)count > room) count = (int)room;
    for (int i = 0; i < count; i++)
        out[i] = (weir_dns_service){.target = places[i].host,
                                    .port = places[i].port,
                                    .priority = places[i].rank,
                                    .weight = places[i].weight};
    free(places);
    return count;
}

int weir_dns_lookup_mail(weir_io *io, weir_dns_resolver *resolver, weir_bytes domain,
                         const weir_dns_lookup_options *options, weir_dns_exchanger *out,
                         size_t room)
{
    if (room == 0) return WEIR_EINVAL;
    place *places;
    int count = find_places(io, resolver, domain, WEIR_DNS_MX, options, &places);
    if (count < 0) return count;
    if ((size_t)count > room) count = (int)room;
    for (int i = 0; i < count; i++)
        out[i] = (weir_dns_exchanger){.host = places[i].host, .preference = places[i].rank};
    free(places);
    return count;
}
