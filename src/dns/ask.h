/* SPDX-License-Identifier: MIT
 *
 * Asking name servers: the questions about one name are put to the servers of a list, again and to
 * the next one, over UDP and TCP, until answers come that can be trusted to be theirs.
 *
 * It knows nothing of caches, search lists and meanings: what it gives is a message of the
 * server's.
 */
#ifndef DNS_ASK_H
#define DNS_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/report.h>
#include <weir/dns/wire/edns.h>
#include <weir/dns/wire/message.h>
#include <weir/io/addr.h>
#include <weir/io/task.h>

enum {
    DNS_ASK_TYPES = 2, /* questions about one name at once: A and AAAA */
    DNS_SERVERS = 8,
};

/* How to ask; all members are set, as weir_dns_config has them. */
typedef struct dns_ask_options {
    weir_duration timeout; /* of an attempt, until the next server is asked; a server that has to be
                              asked again in another way has twice that in all; > 0 */
    unsigned attempts;     /* rounds over all servers; >= 1 */
    bool rotate;           /* begin with another server each time */
    bool parallel;         /* all servers at once: the first good answer counts */
    bool edns;             /* offer EDNS, with a cookie */
    bool mix_case;         /* 0x20: random letter case in the question, which has to come back */
    bool tcp;              /* never UDP */
    bool single_request;   /* A and AAAA one after the other, not at once (single-request) */
    bool single_reopen;    /* A and AAAA from different ports (single-request-reopen) */
    bool fresh_ports;      /* a port of its own for every attempt, however many there are */
    uint16_t udp_size;     /* to offer; 0: WEIR_DNS_EDNS_SIZE */
    weir_duration tcp_idle; /* how long an idle connection is kept; 0: closed after each use */
} dns_ask_options;

/* The servers and what was learned of them: how quick, which fail, which know EDNS and cookies, and
 * their connections and ports.  Shared by all tasks of one engine; it locks by itself. */
typedef struct dns_servers dns_servers;

/* Makes a list of 1 to DNS_SERVERS servers, whose order is kept.
 * Returns 0 and *out, the caller's to destroy; WEIR_EINVAL, WEIR_ENOMEM, errors of
 * weir_random_secure. */
int weir_dns_servers_create(weir_io *io, const weir_address *servers, size_t count,
                            const dns_ask_options *options, dns_servers **out);

/* Closes its connections and frees it.  Nobody may be asking.  From a task of `io`; waits for the
 * tasks that read the connections, shielded from cancellation. */
void weir_dns_servers_destroy(weir_io *io, dns_servers *servers);

/* What to ask. */
typedef struct dns_question {
    const weir_dns_name *name;
    uint16_t types[DNS_ASK_TYPES]; /* IN records of these types */
    unsigned type_count;           /* 1 or 2 */
    bool no_recursion;             /* RD off */
    bool checking_disabled;        /* CD on */
    bool dnssec_ok;                /* DO on (needs EDNS) */
    bool want_authentic;           /* AD on: trust-ad (RFC 6840 5.7) */
    bool ignore_truncation;        /* a UDP answer that was cut off is good enough */
    int only_server;               /* index of the one to ask, or -1 */
    /* After the first of two answers, if it is a positive one: how long to wait for the other; 0:
     * as long as for any (RFC 8305 3 has 50 ms). */
    weir_duration resolution_delay;
} dns_question;

/* The answer to one of the types. */
typedef struct dns_reply {
    int error;              /* 0: the message is an answer with NOERROR or NXDOMAIN; else what the
                               best of all attempts came to; then len may still be > 0, with the
                               message of the server that said so */
    weir_bytes message;     /* whole; in `near` or in `far` */
    weir_dns_header header; /* of it */
    unsigned rcode;         /* of it, all twelve bits */
    weir_address server;    /* whose it is */
    weir_instant came;      /* boot clock: when it came, from which on its TTLs count */
    uint8_t transport;
    uint8_t *far; /* malloc'd, for one that does not fit into `near`; else NULL */
    uint8_t near[WEIR_DNS_EDNS_SIZE];
} dns_reply;

/* Asks.  `replies` has a place for each type; all of it is set, and weir_dns_reply_free is called
 * by the caller for each afterwards, whatever is returned.
 *
 * A message is taken as the answer only if it comes from the server's address and port to the port
 * that the question left from (a random one: a connected socket), has its id, QR set, opcode QUERY
 * and the one question that was asked; with mix_case in the very letters. (One that says FORMERR,
 * NOTIMP, SERVFAIL or REFUSED may lack the question.)  All others are counted and ignored; waiting
 * goes on, until there have been 64 at one port: then over TCP.  So it does with a server that has
 * given a cookie and does not show it (RFC 7873 5.3); a cookie is shown from one address of ours.
 * A server that answers SERVFAIL, REFUSED, NOTIMP, FORMERR or nonsense, or cannot be reached, is
 * passed over at once and tried last for a while; one that answers FORMERR, NOTIMP or BADVERS to
 * EDNS is asked again without (RFC 6891 7); BADCOOKIE is asked again once with the new cookie, then
 * over TCP (RFC 7873 5.3).  TC: the same server over TCP. Sockets of earlier attempts stay open
 * while later ones run: a late answer still counts; four at once (with `parallel` DNS_SERVERS),
 * then the oldest is closed.  So do those that a refusal came to, by ICMP, which anybody can send:
 * asking goes on elsewhere at once.
 *
 * An attempt has a port of its own, a fresh one (RFC 5452 9.2), as long as fewer than eight are
 * under way at the server.  Others go over one of four shared ports at random, each of which is
 * used for at most 256 questions and 2 s, with unpredictable ids, none of them twice, and then
 * makes room for a fresh one: who guesses has to hit one of few ports and one of the ids under way
 * there, and has 64 guesses for a port.  With `fresh_ports` no port is ever shared.
 *
 * Returns 0 if every reply is without error, or the first of their errors: WEIR_EDNS_TIMEOUT,
 * WEIR_EDNS_UNREACHABLE, WEIR_EDNS_SERVFAIL, WEIR_EDNS_REFUSED, WEIR_EDNS_NOTIMP, WEIR_EDNS_RCODE,
 * WEIR_EDNS_ANSWER (malformed), WEIR_EDNS_TRUNCATED (TCP failed, too); WEIR_ENOMEM, WEIR_EMFILE,
 * WEIR_ENFILE, WEIR_ENOBUFS; WEIR_ECANCELED, WEIR_EDEADLINE (the caller's scope).  `report` may be
 * NULL.  A cancellation point.  From a task of the servers' engine. */
int weir_dns_ask(weir_io *io, dns_servers *servers, const dns_question *question,
                 dns_reply replies[DNS_ASK_TYPES], weir_dns_report *report);

/* Frees what a reply holds. */
void weir_dns_reply_free(dns_reply *reply);

#endif
