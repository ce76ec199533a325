/* SPDX-License-Identifier: MIT
 *
 * Names as values: compared, hashed, taken apart and put together.
 */
#include <weir/dns/wire/name.h>

#include <weir/base/error.h>

#include "dns/wire/word.h"

bool weir_dns_name_equal(const weir_dns_name *a, const weir_dns_name *b)
{
    return a->len == b->len && octets_same(a->octets, b->octets, a->len);
}

/* Where each label begins, and last the root; returns how many there are without the root. */
static unsigned label_offsets(const weir_dns_name *name, uint8_t offsets[WEIR_DNS_LABELS_MAX + 1])
{
    unsigned count = 0;
    for (unsigned at = 0; at + 1u < name->len; at += 1u + name->octets[at]) {
        if (count == WEIR_DNS_LABELS_MAX) break;
        offsets[count++] = (uint8_t)at;
    }
    return count;
}

/* RFC 4034 6.1: as strings of octets, of which the shorter comes first. */
static int compare_labels(const uint8_t *a, const uint8_t *b)
{
    const unsigned shorter = a[0] < b[0] ? a[0] : b[0];
    for (unsigned i = 1; i <= shorter; i++) {
        const int difference = octet_lower(a[i]) - octet_lower(b[i]);
        if (difference) return difference;
    }
    return a[0] - b[0];
}

int weir_dns_name_compare(const weir_dns_name *a, const weir_dns_name *b)
{
    uint8_t of_a[WEIR_DNS_LABELS_MAX + 1], of_b[WEIR_DNS_LABELS_MAX + 1];
    unsigned left_a = label_offsets(a, of_a), left_b = label_offsets(b, of_b);
    while (left_a && left_b) {
        const int order = compare_labels(a->octets + of_a[--left_a], b->octets + of_b[--left_b]);
        if (order) return order;
    }
    return (int)left_a - (int)left_b;
}

uint64_t weir_dns_name_hash(const weir_dns_name *name, const weir_hash_key *key)
{
    uint8_t lowered[WEIR_DNS_NAME_MAX];
    octets_lower(lowered, name->octets, name->len);
    return weir_hash(key, weir_bytes_of(lowered, name->len));
}

void weir_dns_name_lower(weir_dns_name *name)
{
    octets_lower(name->octets, name->octets, name->len);
}

void weir_dns_name_mix_case(weir_dns_name *name, const uint8_t *bits)
{
    unsigned letters = 0;
    for (unsigned at = 0; at < name->len; at++) {
        const uint8_t small = octet_lower(name->octets[at]);
        if ((uint8_t)(small - 'a') >= 26) continue;
        const bool capital = bits[letters / 8] >> letters % 8 & 1;
        name->octets[at] = capital ? small & ~0x20 : small;
        letters++;
    }
}

unsigned weir_dns_name_labels(const weir_dns_name *name)
{
    unsigned count = 0;
    for (unsigned at = 0; at + 1u < name->len; at += 1u + name->octets[at]) count++;
    return count;
}

weir_bytes weir_dns_name_label(const weir_dns_name *name, unsigned index)
{
    unsigned at = 0;
    for (; at + 1u < name->len; at += 1u + name->octets[at])
        if (index-- == 0) return weir_bytes_of(name->octets + at + 1, name->octets[at]);
    return weir_bytes_of(NULL, 0);
}

bool weir_dns_name_within(const weir_dns_name *name, const weir_dns_name *ancestor)
{
    if (ancestor->len == 0 || name->len < ancestor->len) return false;
    const unsigned above = name->len - ancestor->len;
    unsigned at = 0;
    while (at < above) at += 1u + name->octets[at];
    return at == above && octets_same(name->octets + at, ancestor->octets, ancestor->len);
}

bool weir_dns_name_parent(const weir_dns_name *name, weir_dns_name *out)
{
    if (name->len <= 1) return false;
    const unsigned first = 1u + name->octets[0], rest = name->len - first;
    memmove(out->octets, name->octets + first, rest);
    out->len = (uint8_t)rest;
    return true;
}

int weir_dns_name_append(const weir_dns_name *name, const weir_dns_name *suffix, weir_dns_name *out)
{
    if (name->len == 0 || suffix->len == 0) return WEIR_EDNS_NAME;
    const unsigned own = name->len - 1u, more = suffix->len;
    if (own + more > WEIR_DNS_NAME_MAX) return WEIR_EDNS_NAME;
    /* The suffix first: `out` may be either of both. */
    memmove(out->octets + own, suffix->octets, more);
    if (out != name) memmove(out->octets, name->octets, own);
    out->len = (uint8_t)(own + more);
    return 0;
}
