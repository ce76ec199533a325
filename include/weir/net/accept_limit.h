/* SPDX-License-Identifier: MIT
 *
 * How many connections one neighbourhood of addresses may have, and how fast it may open them.
 *
 * A server asks for each connection it takes, and says when the connection has ended:
 *
 *     weir_accept_verdict verdict;
 *     if (weir_accept_limit_admit(limit, &peer, now, &verdict) < 0) → close it
 *     …
 *     weir_accept_limit_release(limit, &peer);
 *
 * A level is a length of prefix and what one prefix of it may do.  By default there is one, an
 * IPv4 address or an IPv6 /64: what one customer has.  A second one of, say, /24 and /48 keeps
 * somebody with many customers' worth of addresses from taking all there is.  Each connection has
 * to be within every level, and within the total.
 *
 * The rate is a token bucket in whole nanoseconds: a connection costs `per / connections`
 * nanoseconds (rounded up), time pays them back one for one, and at most `burst` connections' worth
 * can be saved.  Nothing is lost to rounding however often one asks, refused connections cost
 * nothing, and `retry_after` is exact.
 *
 * Memory is allocated once, when the limit is made: one entry for each prefix that has connections
 * or owes time.  When all are in use, the entry without connections that was not asked about for
 * the longest time is forgotten, which gives its prefix a fresh bucket.  A prefix with connections
 * is never forgotten, and there is always an entry for a newcomer, since the total is at most the
 * capacity: many prefixes of one stranger can neither fill the memory nor turn others away but by
 * the total, against which the levels stand.  Prefixes are hashed with a secret key.
 *
 * No clock is read: the caller hands the time in, which makes every verdict repeatable.
 */
#ifndef WEIR_NET_ACCEPT_LIMIT_H
#define WEIR_NET_ACCEPT_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/hash.h>
#include <weir/base/time.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_ACCEPT_LEVELS 3

/* What one prefix may do; 0 stands for what is said at each. */
typedef struct weir_accept_level {
    uint8_t ipv4_len;     /* bits of the prefix; 0: 32 */
    uint8_t ipv6_len;     /* 0: 64 */
    uint32_t connections; /* at the same time; 0: no limit */
    uint32_t rate;        /* new ones in each `per`; 0: no limit */
    uint32_t burst;       /* that may come at once; 0: as many as `rate` */
    weir_duration per;    /* at most a day; 0: a second */
} weir_accept_level;

/* What the limit does.  Levels after the first that are all zero are not there. */
typedef struct weir_accept_limit_options {
    uint32_t total;    /* connections at the same time; 0: 16,384 */
    uint32_t capacity; /* prefixes that are remembered on each level, at least `total`; 0: `total`.
                          About 60 bytes each, at once */
    weir_accept_level levels[WEIR_ACCEPT_LEVELS];
} weir_accept_limit_options;

/* What stood in the way. */
typedef enum weir_accept_reason {
    WEIR_ACCEPT_ADMITTED,
    WEIR_ACCEPT_TOTAL,       /* too many connections altogether */
    WEIR_ACCEPT_CONNECTIONS, /* too many from this prefix */
    WEIR_ACCEPT_RATE,        /* too many in a short time from this prefix */
} weir_accept_reason;

typedef struct weir_accept_verdict {
    weir_accept_reason reason;
    unsigned level;            /* CONNECTIONS, RATE: which one */
    weir_duration retry_after; /* RATE: until one may be admitted; else 0 */
} weir_accept_verdict;

typedef struct weir_accept_limit weir_accept_limit;

/* Makes a limit.  `key` is from weir_random_secure, or fixed where runs have to be repeatable; it
 * is copied, as the options are.
 *
 * Returns 0 and *out, the caller's to destroy; WEIR_EINVAL (a length above 32 or 128, a capacity
 * below the total, a negative or longer `per`, a total above 16,777,216), WEIR_ENOMEM.  Any thread;
 * never waits. */
int weir_accept_limit_create(const weir_accept_limit_options *options, const weir_hash_key *key,
                             weir_accept_limit **out);

/* Frees a limit.  Takes NULL.  No connection has to be released first. */
void weir_accept_limit_destroy(weir_accept_limit *limit);

/* Counts a new connection of a peer at the time `now`, on any clock that is always the same one.
 * A mapped peer counts as IPv4; ports do not matter; the zone does.  Peers that are not IP count
 * into the total alone.  A clock that goes back gives nobody time, and locks nobody out.
 *
 * Returns 0; WEIR_ELIMIT, and nothing is counted.  *verdict is set in both cases, unless NULL.  Any
 * thread; holds a spin lock for some hundred instructions. */
int weir_accept_limit_admit(weir_accept_limit *limit, const weir_address *peer, weir_instant now,
                            weir_accept_verdict *verdict);

/* Says that an admitted connection of this peer has ended.  One that was not admitted is ignored as
 * far as that can be seen.  Any thread, as above. */
void weir_accept_limit_release(weir_accept_limit *limit, const weir_address *peer);

/* How many connections there are: altogether, and of the prefix of `peer` on a level (0 on one that
 * limits nothing). */
uint32_t weir_accept_limit_total(weir_accept_limit *limit);
uint32_t weir_accept_limit_connections(weir_accept_limit *limit, const weir_address *peer,
                                       unsigned level);

#ifdef __cplusplus
}
#endif
#endif
