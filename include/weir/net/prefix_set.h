/* SPDX-License-Identifier: MIT
 *
 * Prefixes with a value each, and the longest one that contains an address: routes, access lists.
 *
 * IPv4 and IPv6 prefixes live side by side and never meet; an IPv4-mapped address is looked up as
 * IPv6 (see weir_prefix_unmap).  A lookup takes at most as many steps as the address has bits, and
 * usually about the logarithm of the number of prefixes.  Memory: one block, which doubles when it
 * is full, with at most two nodes of 40 bytes in use for a prefix.
 *
 * Looking up and iterating may happen on many threads at once; a change needs the set for itself.
 * Nothing here waits.
 */
#ifndef WEIR_NET_PREFIX_SET_H
#define WEIR_NET_PREFIX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/addr.h>
#include <weir/net/prefix.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_prefix_set weir_prefix_set;

/* Makes an empty set of at most `limit` prefixes; 0 is as many as there is memory for.
 * Returns 0 and *out, the caller's to destroy; WEIR_ENOMEM. */
int weir_prefix_set_create(size_t limit, weir_prefix_set **out);

/* Frees a set; its values are the caller's.  Takes NULL. */
void weir_prefix_set_destroy(weir_prefix_set *set);

/* Adds a prefix with a value (NULL is one).
 *
 * Returns 0; WEIR_EEXIST (it is there: its value stays), WEIR_ELIMIT (the set is full),
 * WEIR_ENOMEM, WEIR_EINVAL (no prefix).  On an error the set is as before. */
int weir_prefix_set_insert(weir_prefix_set *set, const weir_prefix *prefix, void *value);

/* Takes exactly this prefix out.
 * Returns whether it was there, and then its value in *value unless that is NULL. */
bool weir_prefix_set_remove(weir_prefix_set *set, const weir_prefix *prefix, void **value);

/* Finds exactly this prefix.
 * Returns where its value is kept, to read or replace, until the next change; NULL without one. */
void **weir_prefix_set_find(const weir_prefix_set *set, const weir_prefix *prefix);

/* Finds the longest prefix that contains the address.
 * Returns whether there is one, and then the prefix in *prefix and its value in *value, unless
 * NULL. */
bool weir_prefix_set_lookup(const weir_prefix_set *set, const weir_address *address,
                            weir_prefix *prefix, void **value);

/* Goes through the set in the order of weir_prefix_compare.
 *
 *     weir_prefix at = {0};
 *     void *value;
 *     while (weir_prefix_set_next(set, &at, &value)) …
 *
 * *at is no prefix to begin with, else any prefix: the next one after it is written there, and its
 * value in *value unless that is NULL.  Taking prefixes out or adding them on the way is fine.
 * Returns false after the last, and leaves *at. */
bool weir_prefix_set_next(const weir_prefix_set *set, weir_prefix *at, void **value);

/* How many prefixes the set has. */
size_t weir_prefix_set_count(const weir_prefix_set *set);

#ifdef __cplusplus
}
#endif
#endif
