/* SPDX-License-Identifier: MIT
 *
 * A resolver: where names are looked up, and what was learned by doing so.
 *
 * It reads the system's resolv.conf, hosts and nsswitch.conf, and again when they change, or asks
 * the servers that the program names; it keeps answers in a cache, and lets tasks that ask the same
 * at the same time share one question.  The calls that look up are in lookup.h.
 *
 *     weir_dns_resolver *resolver;
 *     int error = weir_dns_resolver_create(io, NULL, &resolver);
 *     …
 *     weir_dns_resolver_destroy(io, resolver);
 *
 * One resolver serves all tasks of one engine, on all its workers.
 */
#ifndef WEIR_DNS_RESOLVER_H
#define WEIR_DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/config.h>
#include <weir/dns/view.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_dns_resolver weir_dns_resolver;

#define WEIR_DNS_CACHE_BYTES (4u << 20) /* the default size of the cache: some 40,000 names */

/* How to resolve; zero is the default of each member.  Copied. */
typedef struct weir_dns_resolver_options {
    weir_dns_files_options files; /* which files to read; `files.config` to read no resolv.conf and
                                     ask its servers */
    bool parallel;                /* ask all servers at once: quicker, and a load on all of them */
    bool mix_case;    /* 0x20: random letter case in questions, which makes answers harder to forge;
                         not with servers that do not give it back */
    bool fresh_ports; /* a UDP port of its own for every question; else, when many are under way at
                         a server, they share a few ports, which change: a third of the work */
    bool no_cache;    /* keep nothing */
    bool prefetch;    /* ask again for names in use shortly before their time is over */
    size_t cache_bytes;             /* 0: WEIR_DNS_CACHE_BYTES */
    weir_duration ttl_max;          /* 0: a day */
    weir_duration negative_ttl_max; /* 0: an hour */
    weir_duration stale;            /* how long past its time an answer may be given when no server
                                       answers (RFC 8767); 0: never */
    weir_duration tcp_idle;         /* how long a TCP connection to a server is kept; 0: 10 s */
} weir_dns_resolver_options;

/* Makes a resolver.  `options` may be NULL.  No file is read and nobody asked yet.
 *
 * Returns 0 and *out; WEIR_ENOMEM; WEIR_EINVAL (a negative duration, a config that
 * weir_dns_config_check refuses); errors of weir_random_secure.
 * Ownership: given; weir_dns_resolver_destroy.  From a task of `io`; never waits. */
int weir_dns_resolver_create(weir_io *io, const weir_dns_resolver_options *options,
                             weir_dns_resolver **out);

/* Ends it, when no task looks anything up with it: cancels its own questions (prefetch), waits for
 * them, closes its connections.  Not a cancellation point.  NULL is nothing.  From a task of its
 * engine. */
void weir_dns_resolver_destroy(weir_io *io, weir_dns_resolver *resolver);

/* Forgets what the cache has of a name and all names below it; NULL: forgets everything, what was
 * learned about the servers included, and reads the files again.  Answers to questions that are
 * under way go to who waits for them, and are not kept.  The work is that of a look at all that the
 * cache has: weir_dns_resolver_forget is for one name.  Any task of its engine; never waits. */
void weir_dns_resolver_flush(weir_dns_resolver *resolver, const weir_dns_name *name);

/* Forgets what the cache has of one name, all types of it, e.g. when its addresses turn out to be
 * of no use; names below it stay.  Otherwise as weir_dns_resolver_flush, but little work however
 * much there is in the cache.  Of other names it may keep an answer or two less that are under way
 * now. */
void weir_dns_resolver_forget(weir_dns_resolver *resolver, const weir_dns_name *name);

/* What happened since the resolver was made. */
typedef struct weir_dns_statistics {
    uint64_t lookups;    /* questions of the program, one for each name and type asked of DNS */
    uint64_t hits;       /* of them, answered from the cache */
    uint64_t stale;      /* answered past their time */
    uint64_t merged;     /* shared the question of another task */
    uint64_t questions;  /* put to servers: names with one or two types */
    uint64_t failures;   /* of them, without an answer; not those that were canceled */
    uint64_t prefetched; /* asked again before their time was over */
    uint64_t entries;    /* in the cache now */
    uint64_t bytes;      /* that the cache takes now */
    uint64_t evicted;    /* entries that had to go before their time */
} weir_dns_statistics;

/* Counters of the resolver, each exact, not all of the same moment.  Any thread; never waits. */
void weir_dns_resolver_statistics(weir_dns_resolver *resolver, weir_dns_statistics *out);

/* Takes the present view of the files, e.g. to tell which servers would be asked; as
 * weir_dns_view_take. */
int weir_dns_resolver_view(weir_io *io, weir_dns_resolver *resolver, const weir_dns_view **out);

/* What became of a file at the last look: weir_dns_files_state. */
void weir_dns_resolver_file(weir_dns_resolver *resolver, weir_dns_file file,
                            weir_dns_file_state *out);

#ifdef __cplusplus
}
#endif
#endif
