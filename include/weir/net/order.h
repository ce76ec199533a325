/* SPDX-License-Identifier: MIT
 *
 * In which order to try the addresses of a host: RFC 6724.
 *
 * The rules compare pairs of a destination and the source address that the machine would use for
 * it.  weir_order_sort is the pure part, which is handed the pairs; weir_order_addresses asks the
 * kernel for the sources first.
 */
#ifndef WEIR_NET_ORDER_H
#define WEIR_NET_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/addr.h>
#include <weir/io/task.h>
#include <weir/net/prefix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A line of the policy table (RFC 6724 2.1).  IPv4 is in it as ::ffff:0:0/96. */
typedef struct weir_order_policy {
    weir_prefix prefix; /* of IPv6 */
    uint8_t precedence; /* higher is tried first */
    uint8_t label;      /* sources and destinations of one label belong together */
} weir_order_policy;

/* The default policy table of RFC 6724 2.1.  Static; *count is set. */
const weir_order_policy *weir_order_default_policy(size_t *count);

/* The line with the longest prefix that contains the address; IPv4 is looked up as mapped.  NULL
 * when none does, or the address is not IP.  Any thread; never waits. */
const weir_order_policy *weir_order_policy_of(const weir_order_policy *table, size_t count,
                                              const weir_address *address);

/* A destination and what is known about reaching it.  Zero what is not known. */
typedef struct weir_order_candidate {
    weir_address destination;
    weir_address source; /* what would be used; NONE: none, it cannot be reached */
    bool unreachable;    /* rule 1: known to be so although there is a source */
    bool deprecated;     /* rule 3: the source is deprecated (RFC 4862 5.5.4) */
    bool home;           /* rule 4: the source is a home address of Mobile IPv6 */
    bool care_of;        /* rule 4: the source is a care-of address */
    bool encapsulated;   /* rule 7: reached through a tunnel (6to4, IPv6 in IPv4) */
    uint8_t source_len;  /* rule 9: bits of the source's prefix.  0, not known: 64 for IPv6; IPv4
                            pairs are then equal in this rule, which keeps the order that a name
                            server gave to spread its load */
} weir_order_candidate;

/* What the rules ask of a candidate, found out once: enough to sort by, a tenth of the size, and
 * good for as long as what is known of the candidate.  The members are the rules' own; of numbers
 * that can be compared the higher one is preferred. */
typedef struct weir_order_rank {
    int8_t usable, scope_matches, not_deprecated, home, label_matches, native, narrow;
    uint8_t precedence;
    uint8_t family; /* rule 9 asks for the same one */
    uint8_t common; /* rule 9: bits that source and destination share */
} weir_order_rank;

/* How many candidates are sorted; those after them stay at the end. */
#define WEIR_ORDER_ADDRESSES 64

/* Sorts candidates by RFC 6724 6, rules 1 to 10, best first; equal ones stay in their order.
 * `table` is NULL for the default.  What is not IP goes to the end of the first
 * WEIR_ORDER_ADDRESSES, which alone are looked at.  Any thread; never waits. */
void weir_order_sort(weir_order_candidate *candidates, size_t count, const weir_order_policy *table,
                     size_t table_count);

/* The two steps of weir_order_sort, for who keeps ranks.  The second one sets order[0] to the index
 * of the best candidate, order[1] to that of the next one, and so on: `count` numbers, at most
 * WEIR_ORDER_ADDRESSES.  Any thread; neither waits. */
weir_order_rank weir_order_rank_of(const weir_order_candidate *candidate,
                                   const weir_order_policy *table, size_t table_count);
void weir_order_sort_ranks(const weir_order_rank *ranks, size_t count, uint8_t *order);

/* Finds the address that this machine would use as the source to a destination, by connecting a UDP
 * socket, which sends nothing; its port means nothing.
 *
 * Returns 0 and *source, which is NONE when there is none (no route, no such family here, no IP
 * address); WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOBUFS, WEIR_ENOMEM, WEIR_ECANCELED, WEIR_EDEADLINE.  A
 * cancellation point.  From a task of `io`. */
int weir_order_source(weir_io *io, const weir_address *destination, weir_address *source);

/* Sorts addresses in the order to try them.  The source for each is found by connecting a UDP
 * socket, which sends nothing, and asking for its local address; without one (no route, no such
 * family here) an address goes to the end.  Two addresses without a source stay in their order.
 *
 * Returns 0; WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOBUFS, WEIR_ENOMEM (no socket or no memory to find
 * out), WEIR_ECANCELED, WEIR_EDEADLINE: the order is as it was.  A cancellation point.  From a task
 * of `io`. */
int weir_order_addresses(weir_io *io, weir_address *addresses, size_t count);

#ifdef __cplusplus
}
#endif
#endif
