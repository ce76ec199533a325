/* SPDX-License-Identifier: MIT
 *
 * Lookups in the table of a hosts file.
 */
#include "dns/hosts.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

bool dns_hosts_name_is(const uint8_t *stored, const weir_dns_name *name)
{
    return stored[0] == name->len && octets_same(stored + 1, name->octets, name->len);
}

static void copy_name(const weir_dns_hosts *hosts, uint32_t offset, weir_dns_name *out)
{
    const uint8_t *stored = hosts->names + offset;
    out->len = stored[0];
    memcpy(out->octets, stored + 1, stored[0]);
}

/* The first use of a name, or DNS_HOSTS_NONE. */
static uint32_t first_use(const weir_dns_hosts *hosts, const weir_dns_name *name)
{
    /* Most names that are asked for are not here, and most of these have no length that is. */
    if (!(hosts->lengths[name->len >> 5] & 1u << (name->len & 31))) return DNS_HOSTS_NONE;
    const uint64_t hash = dns_hosts_name_hash(&hosts->key, name->octets, name->len);
    uint32_t at = hosts->name_slots[hash & hosts->name_mask];
    for (; at != DNS_HOSTS_NONE; at = hosts->uses[at].next_hash) {
        const dns_hosts_use *use = &hosts->uses[at];
        if (use->tag == hash >> 32 && dns_hosts_name_is(hosts->names + use->name, name)) break;
    }
    return at;
}

static weir_address address_of(const dns_hosts_line *line)
{
    weir_address address = weir_address_from_octets(line->octets, line->len, 0);
    address.zone = line->zone;
    return address;
}

static bool is_among(const weir_address *address, const weir_address *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (weir_address_equal(address, &others[i])) return true;
    return false;
}

int weir_dns_hosts_find(const weir_dns_hosts *hosts, const weir_dns_name *name, unsigned families,
                        weir_address *out, size_t room, weir_dns_name *canonical)
{
    size_t count = 0;
    uint32_t at = first_use(hosts, name);
    if (at == DNS_HOSTS_NONE) return WEIR_EDNS_NOTFOUND;
    if (room > INT32_MAX) room = INT32_MAX;
    for (; at != DNS_HOSTS_NONE && count < room; at = hosts->uses[at].next_same) {
        const dns_hosts_line *line = &hosts->lines[hosts->uses[at].line];
        if (!(families & (line->len == 4 ? WEIR_DNS_IPV4 : WEIR_DNS_IPV6))) continue;
        const weir_address address = address_of(line);
        if (is_among(&address, out, count)) continue;
        if (count == 0 && canonical) copy_name(hosts, line->name, canonical);
        out[count++] = address;
    }
    return (int)count;
}

/* The first line with these octets, or DNS_HOSTS_NONE. */
static uint32_t first_line(const weir_dns_hosts *hosts, const uint8_t *octets, size_t len)
{
    const uint64_t hash = dns_hosts_address_hash(hosts, octets, len);
    uint32_t at = hosts->address_slots[hash & hosts->address_mask];
    for (; at != DNS_HOSTS_NONE; at = hosts->lines[at].next_hash) {
        const dns_hosts_line *line = &hosts->lines[at];
        if (line->len == len && memcmp(line->octets, octets, len) == 0) break;
    }
    return at;
}

int weir_dns_hosts_reverse(const weir_dns_hosts *hosts, const weir_address *address,
                           weir_dns_name *out, size_t room)
{
    const weir_address plain = weir_address_unmap(address);
    uint8_t octets[16];
    size_t count = 0;
    bool found = false;
    const size_t len = weir_address_octets(&plain, octets);
    if (len == 0) return WEIR_EDNS_NOTFOUND;
    if (room > INT32_MAX) room = INT32_MAX;
    uint32_t at = first_line(hosts, octets, len);
    for (; at != DNS_HOSTS_NONE; at = hosts->lines[at].next_same) {
        const dns_hosts_line *line = &hosts->lines[at];
        if (line->zone != 0 && line->zone != plain.zone) continue;
        found = true;
        if (count >= room) break;
        copy_name(hosts, line->name, &out[count++]);
    }
    return found ? (int)count : WEIR_EDNS_NOTFOUND;
}

void weir_dns_hosts_destroy(weir_dns_hosts *hosts)
{
    free(hosts);
}
