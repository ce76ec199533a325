/* SPDX-License-Identifier: MIT
 *
 * Destination address selection (RFC 6724 6): the policy table and the rules, as comparisons.
 *
 * IPv4 addresses take part as IPv4-mapped ones (RFC 6724 3.2).
 */
#include <weir/net/order.h>

#include <weir/net/ip_class.h>

#include "net/prefix_bits.h"

/* The policy table -------------------------------------------------------------------------- */

/* RFC 6724 2.1. */
static const weir_order_policy default_policy[] = {
    {{WEIR_ADDRESS_IPV6, 128, {[15] = 1}}, 50, 0},
    {{WEIR_ADDRESS_IPV6, 0, {0}}, 40, 1},
    {{WEIR_ADDRESS_IPV6, 96, {[10] = 0xff, [11] = 0xff}}, 35, 4},
    {{WEIR_ADDRESS_IPV6, 16, {0x20, 0x02}}, 30, 2},
    {{WEIR_ADDRESS_IPV6, 32, {0x20, 0x01}}, 5, 5},
    {{WEIR_ADDRESS_IPV6, 7, {0xfc}}, 3, 13},
    {{WEIR_ADDRESS_IPV6, 96, {0}}, 1, 3},
    {{WEIR_ADDRESS_IPV6, 10, {0xfe, 0xc0}}, 1, 11},
    {{WEIR_ADDRESS_IPV6, 16, {0x3f, 0xfe}}, 1, 12},
};

const weir_order_policy *weir_order_default_policy(size_t *count)
{
    *count = sizeof default_policy / sizeof *default_policy;
    return default_policy;
}

const weir_order_policy *weir_order_policy_of(const weir_order_policy *table, size_t count,
                                              const weir_address *address)
{
    const weir_address ipv6 = weir_address_map(address);
    const weir_order_policy *best = NULL;
    if (ipv6.kind != WEIR_ADDRESS_IPV6) return NULL;
    const net_words words = net_words_of(&ipv6);
    for (size_t i = 0; i < count; i++) {
        const weir_prefix *prefix = &table[i].prefix;
        if (prefix->kind != WEIR_ADDRESS_IPV6 || !net_prefix_has(prefix, words)) continue;
        if (!best || table[i].prefix.len > best->prefix.len) best = &table[i];
    }
    return best;
}

/* The rules --------------------------------------------------------------------------------- */

static bool is_ip(const weir_address *address)
{
    return address->kind == WEIR_ADDRESS_IPV4 || address->kind == WEIR_ADDRESS_IPV6;
}

/* Rule 9, CommonPrefixLen of 2.2: no further than the prefix of the source. */
static uint8_t common_bits(const weir_order_candidate *candidate)
{
    const weir_address *source = &candidate->source, *destination = &candidate->destination;
    if (source->kind != destination->kind) return 0;
    const bool ipv6 = source->kind == WEIR_ADDRESS_IPV6;
    const unsigned known = candidate->source_len;
    const unsigned most = known ? known : ipv6 ? 64 : 0;
    const unsigned shared = ipv6 ? net_bits_common(source->at.ipv6, destination->at.ipv6, 16)
                                 : net_bits_common(source->at.ipv4, destination->at.ipv4, 4);
    return (uint8_t)(shared < most ? shared : most);
}

weir_order_rank weir_order_rank_of(const weir_order_candidate *candidate,
                                   const weir_order_policy *table, size_t count)
{
    const weir_address *source = &candidate->source, *destination = &candidate->destination;
    if (!table) table = weir_order_default_policy(&count);
    weir_order_rank r = {.family = destination->kind};
    if (!is_ip(destination)) {
        r.usable = -1;
        return r;
    }
    const weir_order_policy *to = weir_order_policy_of(table, count, destination);
    r.precedence = to ? to->precedence : 0;
    r.narrow = (int8_t) - (int)weir_ip_scope_of(destination);
    r.native = !candidate->encapsulated;
    if (!is_ip(source)) return r; /* nothing is known of a source: rules 3 to 5 and 9 are even */
    const weir_order_policy *from = weir_order_policy_of(table, count, source);
    r.usable = !candidate->unreachable;
    r.scope_matches = weir_ip_scope_of(source) == weir_ip_scope_of(destination);
    r.not_deprecated = !candidate->deprecated;
    /* Both at once, then home alone, then neither, then care-of alone. */
    r.home = (int8_t)(candidate->home ? 1 + candidate->care_of : -(int)candidate->care_of);
    r.label_matches = from && to && from->label == to->label;
    r.common = common_bits(candidate);
    return r;
}

/* Rules 1 to 8: above 0 when `b` is preferred to `a`, below 0 when `a` is. */
static int preferred(const weir_order_rank *b, const weir_order_rank *a)
{
    if (b->usable != a->usable) return b->usable - a->usable; /* rule 1 */
    if (b->usable <= 0) return 0;                             /* neither can be used */
    if (b->scope_matches != a->scope_matches) return b->scope_matches - a->scope_matches;
    if (b->not_deprecated != a->not_deprecated) return b->not_deprecated - a->not_deprecated;
    if (b->home != a->home) return b->home - a->home;
    if (b->label_matches != a->label_matches) return b->label_matches - a->label_matches;
    if (b->precedence != a->precedence) return b->precedence - a->precedence;
    if (b->native != a->native) return b->native - a->native;
    return b->narrow - a->narrow;
}

/* Where a candidate stands before sorting, and its rank: what is moved about. */
typedef struct ranked {
    weir_order_rank rank;
    uint8_t index;
} ranked;

/* Rule 9 for candidates that are equal up to there.  It is silent between families, so those of one
 * family are put in order among the places that they have. */
static void sort_by_common(ranked *all, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t at = i;
        const ranked mine = all[i];
        for (size_t before = i; before-- > 0 && mine.rank.usable > 0;) {
            const ranked other = all[before];
            if (preferred(&mine.rank, &other.rank) != 0) break;
            if (other.rank.family != mine.rank.family) continue;
            if (mine.rank.common <= other.rank.common) break;
            all[before] = all[at];
            all[at] = other;
            at = before;
        }
    }
}

/* By insertion, which is stable: what the rules leave equal stays in its order (rule 10). */
static void sort_by_rules(ranked *all, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const ranked moved = all[i];
        size_t to = i;
        for (; to > 0 && preferred(&moved.rank, &all[to - 1].rank) > 0; to--) all[to] = all[to - 1];
        all[to] = moved;
    }
}

void weir_order_sort_ranks(const weir_order_rank *ranks, size_t count, uint8_t *order)
{
    ranked all[WEIR_ORDER_ADDRESSES];
    if (count > WEIR_ORDER_ADDRESSES) count = WEIR_ORDER_ADDRESSES;
    for (size_t i = 0; i < count; i++) all[i] = (ranked){ranks[i], (uint8_t)i};
    sort_by_rules(all, count);
    sort_by_common(all, count);
    for (size_t i = 0; i < count; i++) order[i] = all[i].index;
}

/* Puts candidates into the places that sorting has found, along the cycles of the permutation. */
static void rearrange(weir_order_candidate *candidates, uint8_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (order[i] == i) continue;
        const weir_order_candidate first = candidates[i];
        size_t to = i;
        while (order[to] != i) {
            const size_t from = order[to];
            candidates[to] = candidates[from];
            order[to] = (uint8_t)to;
            to = from;
        }
        candidates[to] = first;
        order[to] = (uint8_t)to;
    }
}

void weir_order_sort(weir_order_candidate *candidates, size_t count, const weir_order_policy *table,
                     size_t table_count)
{
    weir_order_rank ranks[WEIR_ORDER_ADDRESSES];
    uint8_t order[WEIR_ORDER_ADDRESSES];
    if (count < 2) return;
    if (count > WEIR_ORDER_ADDRESSES) count = WEIR_ORDER_ADDRESSES;
    for (size_t i = 0; i < count; i++)
        ranks[i] = weir_order_rank_of(&candidates[i], table, table_count);
    weir_order_sort_ranks(ranks, count, order);
    rearrange(candidates, order, count);
}
