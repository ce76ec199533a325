/* SPDX-License-Identifier: MIT
 *
 * Why one address is tried before another: the first rule of RFC 6724 6 that tells them apart.
 */
#include <weir/net/ip_class.h>
#include <weir/net/order.h>

#include "resolve.h"

/* What the rules see of an address and its source. */
typedef struct sight {
    bool reachable, same_scope, same_label;
    unsigned precedence, label;
    weir_ip_scope scope;
    unsigned common; /* rule 9: bits that both share, of the 64 that name a network */
} sight;

static unsigned common_bits(const weir_address *a, const weir_address *b)
{
    uint8_t left[16], right[16];
    if (weir_address_octets(a, left) != 16 || weir_address_octets(b, right) != 16) return 0;
    for (unsigned bit = 0; bit < 64; bit++)
        if ((left[bit / 8] ^ right[bit / 8]) & (0x80U >> bit % 8)) return bit;
    return 64;
}

static sight look(const weir_address *to, const weir_address *from)
{
    size_t count;
    const weir_order_policy *table = weir_order_default_policy(&count);
    const weir_order_policy *theirs = weir_order_policy_of(table, count, to);
    sight s = {.reachable = from->kind != WEIR_ADDRESS_NONE, .scope = weir_ip_scope_of(to)};
    if (theirs) s.precedence = theirs->precedence;
    if (theirs) s.label = theirs->label;
    if (!s.reachable) return s;
    const weir_order_policy *ours = weir_order_policy_of(table, count, from);
    s.same_scope = weir_ip_scope_of(from) == s.scope;
    s.same_label = theirs && ours && theirs->label == ours->label;
    s.common = common_bits(to, from);
    return s;
}

void resolve_why(const weir_address *first, const weir_address *first_source,
                 const weir_address *next, const weir_address *next_source, char out[RESOLVE_WHY])
{
    const sight a = look(first, first_source), b = look(next, next_source);
    if (!a.reachable && !b.reachable)
        snprintf(out, RESOLVE_WHY, "neither has a route: as they came");
    else if (!b.reachable)
        snprintf(out, RESOLVE_WHY, "rule 1: the next has no route");
    else if (a.same_scope && !b.same_scope)
        snprintf(out, RESOLVE_WHY, "rule 2: the scope of its source, %s",
                 weir_ip_scope_name(a.scope));
    else if (a.same_label && !b.same_label)
        snprintf(out, RESOLVE_WHY, "rule 5: the label of its source, %u", a.label);
    else if (a.precedence > b.precedence)
        snprintf(out, RESOLVE_WHY, "rule 6: precedence %u over %u", a.precedence, b.precedence);
    else if (a.scope < b.scope)
        snprintf(out, RESOLVE_WHY, "rule 8: scope %s before %s", weir_ip_scope_name(a.scope),
                 weir_ip_scope_name(b.scope));
    else if (first->kind == next->kind && a.common > b.common)
        snprintf(out, RESOLVE_WHY, "rule 9: %u bits as its source, the next %u", a.common,
                 b.common);
    else
        snprintf(out, RESOLVE_WHY, "rule 10: as they came");
}
