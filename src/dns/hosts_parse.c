/* SPDX-License-Identifier: MIT
 *
 * Makes the table of a hosts file: counts, allocates once, fills, and links from the end backwards,
 * so that every chain is in the order of the file.
 */
#include "dns/hosts.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/endpoint.h>

#include "dns/files_text.h"

#define TEXT_MAX ((size_t)1 << 30)

/* What a text may hold at most. */
typedef struct extent {
    size_t lines, uses, name_bytes;
} extent;

static extent measure(weir_bytes text)
{
    extent most = {0};
    weir_bytes line, word;
    while (dns_next_line(&text, &line)) {
        line = dns_without_comment(line);
        if (!dns_next_word(&line, &word)) continue;
        const size_t before = most.uses;
        while (dns_next_word(&line, &word)) {
            /* Longer ones are no names. */
            if (word.len > WEIR_DNS_NAME_MAX) continue;
            most.uses++;
            most.name_bytes += word.len + 3; /* the length, the first label's length, the root */
        }
        if (most.uses > before) most.lines++;
    }
    return most;
}

static size_t slots_for(size_t count)
{
    size_t slots = 8;
    while (slots < count) slots *= 2;
    return slots;
}

/* Allocates the table with its parts behind it, in the order of their alignment. */
static weir_dns_hosts *allocate(const extent *most, size_t *memory)
{
    const size_t name_slots = slots_for(most->uses), address_slots = slots_for(most->lines);
    const size_t slots = (name_slots + address_slots) * sizeof(uint32_t);
    const size_t lines = most->lines * sizeof(dns_hosts_line);
    const size_t uses = most->uses * sizeof(dns_hosts_use);
    *memory = sizeof(weir_dns_hosts) + lines + uses + slots + most->name_bytes;
    weir_dns_hosts *hosts = malloc(*memory);
    if (!hosts) return NULL;
    char *at = (char *)(hosts + 1);
    *hosts = (weir_dns_hosts){
        .name_mask = name_slots - 1,
        .address_mask = address_slots - 1,
        .lines = (dns_hosts_line *)(void *)at,
        .uses = (dns_hosts_use *)(void *)(at + lines),
        .name_slots = (uint32_t *)(void *)(at + lines + uses),
        .address_slots = (uint32_t *)(void *)(at + lines + uses) + name_slots,
        .names = (uint8_t *)(at + lines + uses + slots),
    };
    memset(hosts->name_slots, 0xff, slots);
    return hosts;
}

/* Whether the word may name a host in this file: no controls, no escapes, no Unicode. */
static bool read_name(weir_bytes word, weir_dns_name *out)
{
    if (word.len > WEIR_DNS_NAME_MAX) return false;
    for (size_t i = 0; i < word.len; i++) {
        const unsigned char c = (unsigned char)word.data[i];
        if (c <= ' ' || c > '~' || c == '\\') return false;
    }
    return weir_dns_name_parse(word, out) >= 0 && out->len > 1;
}

/* The parts of the table that are filled. */
typedef struct filling {
    weir_dns_hosts *hosts;
    uint32_t names_len;
    weir_dns_hosts_counts *counts;
} filling;

static void add_use(filling *f, const weir_dns_name *name, uint32_t line)
{
    weir_dns_hosts *hosts = f->hosts;
    uint8_t *stored = hosts->names + f->names_len;
    stored[0] = name->len;
    memcpy(stored + 1, name->octets, name->len);
    hosts->uses[hosts->use_count++] = (dns_hosts_use){.name = f->names_len, .line = line};
    hosts->lengths[name->len >> 5] |= 1u << (name->len & 31);
    f->names_len += 1u + name->len;
}

/* Takes a line without its comment.  Returns whether all of it was good. */
static bool take_line(filling *f, weir_bytes text)
{
    weir_dns_hosts *hosts = f->hosts;
    weir_dns_hosts_counts *counts = f->counts;
    weir_bytes word;
    weir_address address;
    weir_dns_name name;
    if (!dns_next_word(&text, &word)) return true;
    const int error = weir_endpoint_parse_address(word, WEIR_ADDRESS_AS_IP, 0, &address, NULL);
    if (error) {
        counts->bad_lines++;
        if (error == WEIR_EZONETEXT) counts->zones_absent++;
        return false;
    }
    const uint32_t first = hosts->use_count, first_name = f->names_len, bad = counts->bad_names;
    while (dns_next_word(&text, &word)) {
        if (read_name(word, &name))
            add_use(f, &name, hosts->line_count);
        else
            counts->bad_names++;
    }
    if (hosts->use_count == first) {
        counts->bad_names = bad;
        counts->bad_lines++;
        return false;
    }
    address = weir_address_unmap(&address);
    dns_hosts_line *line = &hosts->lines[hosts->line_count++];
    *line = (dns_hosts_line){.zone = address.zone, .name = first_name};
    line->len = (uint8_t)weir_address_octets(&address, line->octets);
    return counts->bad_names == bad;
}

/* Puts use `i` before the others of its name, or at the head of its slot. */
static void link_use(weir_dns_hosts *hosts, uint32_t i)
{
    dns_hosts_use *use = &hosts->uses[i];
    weir_dns_name name;
    name.len = hosts->names[use->name];
    memcpy(name.octets, hosts->names + use->name + 1, name.len);
    const uint64_t hash = dns_hosts_name_hash(&hosts->key, name.octets, name.len);
    uint32_t *head = &hosts->name_slots[hash & hosts->name_mask];
    uint32_t *link = head;
    use->tag = (uint32_t)(hash >> 32);
    for (; *link != DNS_HOSTS_NONE; link = &hosts->uses[*link].next_hash) {
        const dns_hosts_use *other = &hosts->uses[*link];
        if (other->tag != use->tag || !dns_hosts_name_is(hosts->names + other->name, &name))
            continue;
        use->next_same = *link;
        use->next_hash = other->next_hash;
        *link = i;
        return;
    }
    use->next_same = DNS_HOSTS_NONE;
    use->next_hash = *head;
    *head = i;
}

/* The same for a line and its address. */
static void link_line(weir_dns_hosts *hosts, uint32_t i)
{
    dns_hosts_line *line = &hosts->lines[i];
    const uint64_t hash = dns_hosts_address_hash(hosts, line->octets, line->len);
    uint32_t *head = &hosts->address_slots[hash & hosts->address_mask];
    uint32_t *link = head;
    for (; *link != DNS_HOSTS_NONE; link = &hosts->lines[*link].next_hash) {
        const dns_hosts_line *other = &hosts->lines[*link];
        if (other->len != line->len || memcmp(other->octets, line->octets, line->len) != 0)
            continue;
        line->next_same = *link;
        line->next_hash = other->next_hash;
        *link = i;
        return;
    }
    line->next_same = DNS_HOSTS_NONE;
    line->next_hash = *head;
    *head = i;
}

int weir_dns_hosts_parse(weir_bytes text, const weir_hash_key *key, weir_dns_hosts **out,
                         weir_dns_hosts_counts *counts)
{
    weir_dns_hosts_counts counted = {0};
    weir_bytes line;
    uint32_t number = 0;
    if (text.len >= TEXT_MAX) return WEIR_ELIMIT;
    const extent most = measure(text);
    weir_dns_hosts *hosts = allocate(&most, &counted.memory);
    if (!hosts) return WEIR_ENOMEM;
    if (key) hosts->key = *key;
    filling f = {.hosts = hosts, .counts = &counted};
    while (dns_next_line(&text, &line)) {
        number++;
        if (!take_line(&f, dns_without_comment(line)) && counted.first_bad == 0)
            counted.first_bad = number;
    }
    for (uint32_t i = hosts->use_count; i-- > 0;) link_use(hosts, i);
    for (uint32_t i = hosts->line_count; i-- > 0;) link_line(hosts, i);
    counted.lines = hosts->line_count;
    counted.names = hosts->use_count;
    if (counts) *counts = counted;
    *out = hosts;
    return 0;
}
