/* SPDX-License-Identifier: MIT
 *
 * What is known of the servers: order and penalties, EDNS and cookies, connections.
 *
 * Invariant: `lock` guards everything that changes; it is held for a few instructions.
 */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <weir/io/group.h>
#include <weir/io/wait.h>

#include "dns/ask.h"
#include "dns/tcp_link.h"
#include "dns/udp_link.h"

/* One server. */
typedef struct dns_peer {
    weir_address address;
    weir_instant avoid_until; /* tried last until then */
    unsigned failures;        /* in a row */
    weir_instant plain_until; /* does not know EDNS */
    weir_dns_cookie cookie;   /* ours for it, and what it gave … */
    weir_address source;      /* … to this address of ours, port 0; NONE: not shown yet */
    dns_link *links[DNS_LINKS];
    unsigned link_count;
    uint64_t failed_serial;         /* of a connection that ended with an error … */
    int failed_error;               /* … and the error */
    weir_wait_list backlog;         /* ops of queries for which no connection has room … */
    weir_wait_list choosy;          /* … and that want one newer than one they know */
    dns_udp_link *ports[DNS_PORTS]; /* shared by questions over UDP, or NULL */
    uint32_t under_way;             /* attempts over UDP; atomic */
} dns_peer;

struct dns_servers {
    uint32_t lock;
    unsigned count;
    uint32_t turn; /* of `rotate` */
    bool ending;
    dns_ask_options options;
    const dns_transport *transport;
    uint64_t link_serial; /* of the newest connection */
    weir_group links;     /* the tasks of connections and shared ports */
    unsigned random_left;
    uint8_t random[512]; /* secure random bytes, the first random_left ones unused */
    dns_peer peers[DNS_SERVERS];
};

/* What a query to a server begins with. */
typedef struct dns_manner {
    bool plain;             /* EDNS is not known there */
    weir_dns_cookie cookie; /* to show */
} dns_manner;

/* Fills `out` with unguessable bytes, at most 64.  Returns 0 or errors of weir_random_secure. */
int weir_dns_servers_random(weir_io *io, dns_servers *servers, void *out, size_t len);

/* The order in which to ask: indexes, those in disgrace last.  Returns how many. */
unsigned weir_dns_servers_order(weir_io *io, dns_servers *servers, weir_instant now,
                                uint8_t order[DNS_SERVERS]);

void weir_dns_servers_manner(weir_io *io, dns_servers *servers, unsigned peer, weir_instant now,
                             dns_manner *out);

/* It answered; it failed: did not answer, could not be reached, or said so. */
void weir_dns_servers_praise(weir_io *io, dns_servers *servers, unsigned peer);
void weir_dns_servers_blame(weir_io *io, dns_servers *servers, unsigned peer, weir_instant now);

/* It does not know EDNS. */
void weir_dns_servers_keep_plain(weir_io *io, dns_servers *servers, unsigned peer,
                                 weir_instant now);

/* The cookie to show from `source`, an address of ours.  Our part of it is another one for each, so
 * that nobody can tell who has moved, and what the server gave to another address is forgotten
 * (RFC 9018 3).  Returns 0 or errors of weir_random_secure.  Never waits. */
int weir_dns_servers_cookie(weir_io *io, dns_servers *servers, unsigned peer,
                            const weir_address *source, weir_dns_cookie *out);

/* Its cookie, to be shown next time; without a server's part: it has forgotten that it knows any.
 * Does nothing if ours is another one by now. */
void weir_dns_servers_keep_cookie(weir_io *io, dns_servers *servers, unsigned peer,
                                  const weir_dns_cookie *cookie);

#endif
