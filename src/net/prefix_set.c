/* SPDX-License-Identifier: MIT
 *
 * The set of prefixes: two binary tries over bits, without the nodes that would decide nothing.
 *
 *                 10.0.0.0/8 *
 *                 /          \
 *       10.0.0.0/16 *     10.128.0.0/10        * has a value; the /10 is there to branch only
 *                         /           \
 *             10.128.1.0/24 *     10.160.0.0/11 *
 *
 * A node is a prefix; its children are longer prefixes within it, told apart by the first bit after
 * its own.  Invariant: a node without a value has both children, so n prefixes need at most 2n - 1
 * nodes in each trie.  Nodes stand in one array and name each other by index; 0 is none.  Those not
 * in use hang in a list by child[0].
 *
 * From left to right, parents first, the nodes stand in the order of weir_prefix_compare: going
 * through the set needs no stack, only the prefix it is at.
 */
#include <weir/net/prefix_set.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "net/prefix_bits.h"

typedef struct node {
    weir_prefix prefix;
    bool has_value;
    uint32_t child[2];
    void *value;
} node;

struct weir_prefix_set {
    node *nodes;    /* [0] is not used */
    uint32_t room;  /* of the array */
    uint32_t taken; /* nodes of the array that were ever in use, [0] too */
    uint32_t spare; /* the first of the list of unused ones */
    uint32_t roots[2];
    size_t count, limit;
};

enum { FIRST_ROOM = 16 };

/* Both bounds keep indexes in 32 bits: two nodes for each prefix. */
static const size_t most_prefixes = UINT32_MAX / 4;

int weir_prefix_set_create(size_t limit, weir_prefix_set **out)
{
    weir_prefix_set *set = calloc(1, sizeof *set);
    if (!set) return WEIR_ENOMEM;
    set->limit = limit == 0 || limit > most_prefixes ? most_prefixes : limit;
    set->taken = 1;
    *out = set;
    return 0;
}

void weir_prefix_set_destroy(weir_prefix_set *set)
{
    if (!set) return;
    free(set->nodes);
    free(set);
}

size_t weir_prefix_set_count(const weir_prefix_set *set)
{
    return set->count;
}

/* Nodes ------------------------------------------------------------------------------------- */

/* Makes room for two more nodes, what an insertion takes at most. */
static int reserve(weir_prefix_set *set)
{
    if (set->taken + 2 <= set->room) return 0;
    const uint32_t room = set->room ? set->room * 2 : FIRST_ROOM;
    node *nodes = realloc(set->nodes, room * sizeof *nodes);
    if (!nodes) return WEIR_ENOMEM;
    set->nodes = nodes;
    set->room = room;
    return 0;
}

/* A node out of those reserved. */
static uint32_t take(weir_prefix_set *set, const weir_prefix *prefix)
{
    uint32_t index = set->spare;
    if (index)
        set->spare = set->nodes[index].child[0];
    else
        index = set->taken++;
    set->nodes[index] = (node){.prefix = *prefix};
    return index;
}

static void give_back(weir_prefix_set *set, uint32_t index)
{
    set->nodes[index].child[0] = set->spare;
    set->spare = index;
}

static unsigned root_of(const weir_prefix *prefix)
{
    return prefix->kind == WEIR_ADDRESS_IPV6;
}

static bool is_ip(const weir_prefix *prefix)
{
    return prefix->kind == WEIR_ADDRESS_IPV4 || prefix->kind == WEIR_ADDRESS_IPV6;
}

/* Which child of `parent` a longer prefix within it belongs to. */
static unsigned side(const weir_prefix *parent, const weir_prefix *inner)
{
    return net_bit(inner->bytes, parent->len);
}

/* Changing ---------------------------------------------------------------------------------- */

/* The longest prefix that covers both; of the kind of both. */
static weir_prefix common(const weir_prefix *a, const weir_prefix *b)
{
    unsigned len = net_bits_common(a->bytes, b->bytes, sizeof a->bytes);
    if (len > a->len) len = a->len;
    if (len > b->len) len = b->len;
    const weir_address network = weir_prefix_network(a);
    weir_prefix out = {0};
    weir_prefix_of(&network, len, &out);
    return out;
}

static void set_value(weir_prefix_set *set, uint32_t index, void *value)
{
    set->nodes[index].has_value = true;
    set->nodes[index].value = value;
    set->count++;
}

/* Puts a node for `prefix` at *link, where a node stands that does not cover it: above that one, or
 * beside it under a new branch. */
static void split(weir_prefix_set *set, uint32_t *link, const weir_prefix *prefix, void *value)
{
    const uint32_t below = *link;
    const weir_prefix is = set->nodes[below].prefix;
    const weir_prefix both = common(&is, prefix);
    const uint32_t added = take(set, prefix);
    uint32_t top = added;
    if (!weir_prefix_equal(&both, prefix)) {
        top = take(set, &both);
        set->nodes[top].child[side(&both, prefix)] = added;
    }
    set->nodes[top].child[side(&both, &is)] = below;
    *link = top;
    set_value(set, added, value);
}

int weir_prefix_set_insert(weir_prefix_set *set, const weir_prefix *prefix, void *value)
{
    if (!is_ip(prefix)) return WEIR_EINVAL;
    if (weir_prefix_set_find(set, prefix)) return WEIR_EEXIST;
    if (set->count == set->limit) return WEIR_ELIMIT;
    int result = reserve(set);
    if (result < 0) return result;

    uint32_t *link = &set->roots[root_of(prefix)];
    while (*link) {
        node *at = &set->nodes[*link];
        if (weir_prefix_equal(&at->prefix, prefix)) { /* a branch only, up to now */
            set_value(set, *link, value);
            return 0;
        }
        if (!weir_prefix_covers(&at->prefix, prefix)) {
            split(set, link, prefix, value);
            return 0;
        }
        link = &at->child[side(&at->prefix, prefix)];
    }
    *link = take(set, prefix);
    set_value(set, *link, value);
    return 0;
}

/* Takes the node at *link out if it has no value and not two children. */
static void prune(weir_prefix_set *set, uint32_t *link)
{
    const uint32_t index = *link;
    const node *at = &set->nodes[index];
    if (at->has_value || (at->child[0] && at->child[1])) return;
    *link = at->child[0] ? at->child[0] : at->child[1];
    give_back(set, index);
}

bool weir_prefix_set_remove(weir_prefix_set *set, const weir_prefix *prefix, void **value)
{
    if (!is_ip(prefix)) return false;
    uint32_t *above = NULL, *link = &set->roots[root_of(prefix)];
    while (*link && !weir_prefix_equal(&set->nodes[*link].prefix, prefix)) {
        node *at = &set->nodes[*link];
        if (!weir_prefix_covers(&at->prefix, prefix)) return false;
        above = link;
        link = &at->child[side(&at->prefix, prefix)];
    }
    if (!*link || !set->nodes[*link].has_value) return false;
    if (value) *value = set->nodes[*link].value;
    set->nodes[*link].has_value = false;
    set->count--;
    prune(set, link);
    if (above) prune(set, above); /* it may have branched to this one alone */
    return true;
}

/* Finding ----------------------------------------------------------------------------------- */

void **weir_prefix_set_find(const weir_prefix_set *set, const weir_prefix *prefix)
{
    if (!is_ip(prefix)) return NULL;
    uint32_t index = set->roots[root_of(prefix)];
    while (index) {
        node *at = &set->nodes[index];
        if (weir_prefix_equal(&at->prefix, prefix)) return at->has_value ? &at->value : NULL;
        if (!weir_prefix_covers(&at->prefix, prefix)) return NULL;
        index = at->child[side(&at->prefix, prefix)];
    }
    return NULL;
}

bool weir_prefix_set_lookup(const weir_prefix_set *set, const weir_address *address,
                            weir_prefix *prefix, void **value)
{
    if (address->kind != WEIR_ADDRESS_IPV4 && address->kind != WEIR_ADDRESS_IPV6) return false;
    const bool ipv6 = address->kind == WEIR_ADDRESS_IPV6;
    const uint8_t *bytes = ipv6 ? address->at.ipv6 : address->at.ipv4;
    const unsigned bits = ipv6 ? 128 : 32;
    const node *best = NULL;
    for (uint32_t index = set->roots[ipv6]; index;) {
        const node *at = &set->nodes[index];
        if (net_bits_common(at->prefix.bytes, bytes, bits / 8) < at->prefix.len) break;
        if (at->has_value) best = at;
        if (at->prefix.len == bits) break;
        index = at->child[net_bit(bytes, at->prefix.len)];
    }
    if (!best) return false;
    if (prefix) *prefix = best->prefix;
    if (value) *value = best->value;
    return true;
}

/* The first node with a value at or below `index`; without one of its own it has both children. */
static uint32_t first_value(const weir_prefix_set *set, uint32_t index)
{
    while (index && !set->nodes[index].has_value) index = set->nodes[index].child[0];
    return index;
}

/* The first node with a value after `at` in a trie; 0 when there is none.  `right` is the nearest
 * subtree that stands wholly after `at`. */
static uint32_t after(const weir_prefix_set *set, uint32_t index, const weir_prefix *at)
{
    uint32_t right = 0;
    while (index) {
        const node *here = &set->nodes[index];
        if (weir_prefix_compare(&here->prefix, at) > 0) return first_value(set, index);
        if (!weir_prefix_covers(&here->prefix, at)) break;
        const bool same = here->prefix.len == at->len;
        const unsigned bit = same ? 0 : side(&here->prefix, at);
        if (bit == 0 && here->child[1]) right = here->child[1];
        index = here->child[bit];
    }
    return first_value(set, right);
}

bool weir_prefix_set_next(const weir_prefix_set *set, weir_prefix *at, void **value)
{
    uint32_t index = 0;
    if (at->kind != WEIR_ADDRESS_IPV6) index = after(set, set->roots[0], at);
    if (!index) index = after(set, set->roots[1], at);
    if (!index) return false;
    *at = set->nodes[index].prefix;
    if (value) *value = set->nodes[index].value;
    return true;
}
