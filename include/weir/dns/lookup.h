/* SPDX-License-Identifier: MIT
 *
 * Looking names up: hosts, records, services, mail exchangers, and the names of addresses.
 *
 * All calls here are cancellation points, are made from a task of the resolver's engine, and obey
 * its scopes: no lookup outlives its caller.  Errors that all of them return, besides those listed:
 *
 *     WEIR_EDNS_NAME         the text is no name of a host or domain: nobody was asked
 *     WEIR_EDNS_NOTFOUND     there is no such name
 *     WEIR_EDNS_NODATA       the name exists, with no record of this kind
 *     WEIR_EDNS_SPECIAL      not asked in DNS: .onion, .local (special.h)
 *     WEIR_EDNS_SERVFAIL, _REFUSED, _NOTIMP, _RCODE, _ANSWER, _TRUNCATED
 *                            what the servers said
 *     WEIR_EDNS_TIMEOUT      no server answered within the configuration's time and attempts
 *     WEIR_EDNS_UNREACHABLE  none could be reached
 *     WEIR_ENOMEM, WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOBUFS
 *     WEIR_ECANCELED, WEIR_EDEADLINE
 *
 * Which server said what is in the report, if one is handed in.
 */
#ifndef WEIR_DNS_LOOKUP_H
#define WEIR_DNS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/dns/answer.h>
#include <weir/dns/hosts.h>
#include <weir/dns/report.h>
#include <weir/dns/resolver.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_STEPS 16

/* One place where a name was looked for: for the explanation of `weir resolve`. */
typedef struct weir_dns_step {
    weir_dns_origin origin; /* HOSTS, SPECIAL, CACHE, STALE, SERVER */
    weir_dns_name name;     /* the search list's suffix included */
    int result;             /* how many addresses or records it has, or the error */
} weir_dns_step;

/* The places, in order.  Begins as zero. */
typedef struct weir_dns_steps {
    weir_dns_step steps[WEIR_DNS_STEPS]; /* the first ones */
    uint32_t kept, total;
} weir_dns_steps;

enum weir_dns_lookup_flags {
    WEIR_DNS_IPV4_ONLY = 1, /* hosts: no question for AAAA */
    WEIR_DNS_IPV6_ONLY = 2, /* hosts: no question for A */
    WEIR_DNS_NO_SEARCH = 4, /* hosts: the name is whole, without the search list */
    WEIR_DNS_SEARCH = 8,    /* records: with the search list, which only hosts have by default */
    WEIR_DNS_NO_HOSTS = 16, /* do not look into the hosts file */
    WEIR_DNS_NO_CACHE = 32, /* ask a server in any case; the answer is kept */
    WEIR_DNS_UNSORTED = 64, /* hosts: addresses as they came, IPv6 first, not by RFC 6724 */
    WEIR_DNS_RAW =
        128, /* addresses, services, mail: also give names that are no legal host names */
    WEIR_DNS_UNDERSCORE = 256, /* hosts: "_" as a letter, in what is asked and in what is given */
};

/* How to look up; zero and NULL are the defaults.  What it points to is borrowed, and written. */
typedef struct weir_dns_lookup_options {
    unsigned flags;          /* weir_dns_lookup_flags */
    weir_dns_report *report; /* added to: which servers were asked, and what came */
    weir_dns_steps *steps;   /* added to: where the name was looked for */
} weir_dns_lookup_options;

/* Hosts ------------------------------------------------------------------------------------- */

/* That are looked at, of a host that has more; each family has at least half of the room. */
#define WEIR_DNS_HOST_ADDRESSES 32

/* What is known of a host besides its addresses. */
typedef struct weir_dns_host {
    weir_dns_origin origin;  /* of the first address */
    uint32_t ttl;            /* seconds that all of it is good for; 0 where it has no such time */
    weir_dns_name name;      /* under which it was found, the search list's suffix included */
    weir_dns_name canonical; /* its real name: the end of the CNAME chain, or the first name of its
                                line in the hosts file */
} weir_dns_host;

/* Looks up the addresses of a host: an address in itself ("192.0.2.1", "::1", "fe80::1%eth0"), a
 * special name, the hosts file, DNS, in the order of nsswitch.conf; with the search list
 * (search.h). A and AAAA are asked at once; if one of them fails, the other's addresses are the
 * answer.
 *
 * The addresses have `port`, are without repetition, never IPv4-mapped, and in the order to try
 * them (RFC 6724, order.h).  `host` and `options` may be NULL.
 *
 * What is neither an address nor a legal name of a host (weir_dns_host_check: letters, digits and
 * hyphens) goes to nobody, not even to the hosts file, and is WEIR_EDNS_NAME at once: "192.0.2.1.",
 * "1.2.3", "0x7f.1" and "1::2::3", "-a", "a b", "*.example", an escape of zone files, a control, a
 * NUL, and Unicode, which weir_dns_idna_to_ascii turns into a name that is legal.
 *
 * "_" is not legal in a host's name (RFC 1123 2.1), and refused as musl does; glibc and Go let it
 * pass.  Where hosts are called like that, as in networks of containers, WEIR_DNS_UNDERSCORE allows
 * it.  Names of services and records have it anyway.
 *
 * `canonical` is what servers say, and may be any name: print it with weir_dns_name_print.
 *
 * Returns how many were written, at least 1, at most `room`; the errors above; WEIR_EAFNOSUPPORT
 * for an address of the family that the flags exclude; WEIR_EZONETEXT; WEIR_EINVAL for room 0 and
 * flags that exclude both families. */
int weir_dns_lookup_host(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t port,
                         const weir_dns_lookup_options *options, weir_address *out, size_t room,
                         weir_dns_host *host);

/* Turns an endpoint into addresses: all forms of net/endpoint.h, and "name:port".  Mapped addresses
 * become those of IPv4 that they are.
 * Returns as weir_dns_lookup_host; WEIR_EPORTTEXT: the port is wrong or missing ("www.example.org":
 * no port is the default); WEIR_EADDRTEXT: neither an address nor "name:port". */
int weir_dns_resolve(weir_io *io, weir_dns_resolver *resolver, weir_bytes text,
                     const weir_dns_lookup_options *options, weir_address *out, size_t room);

/* Looks a host up by the C library's getaddrinfo(3), for what only its plug-ins know
 * (nsswitch.conf: mDNS, LDAP, containers).  It runs on a thread where it may block; a caller that
 * is canceled does not wait for it, weir_dns_resolver_destroy does.  No cache, no report, no steps;
 * of the flags the families and WEIR_DNS_UNDERSCORE count.  What is an address and what is a name
 * is as in weir_dns_lookup_host: the library, which takes "127.1", "0x7f000001" and "010.0.0.1" for
 * addresses, is asked about names alone.  The addresses are without repetition, never IPv4-mapped,
 * in the library's order; special names are what it makes of them.
 *
 * Returns as weir_dns_lookup_host; WEIR_EDNS_RCODE for a failure that will stay; WEIR_ECONCURRENCY;
 * WEIR_EUNSUPPORTED in a simulated world. */
int weir_dns_lookup_libc(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t port,
                         const weir_dns_lookup_options *options, weir_address *out, size_t room);

/* The names of an address: from the hosts file, as they stand there, or PTR records.  Of these only
 * legal names of hosts, unless WEIR_DNS_RAW: what a PTR record says is anybody's choice, and no
 * proof of anything.
 * Returns how many were written, at least 1, at most `room`; WEIR_EINVAL: no IP address, room 0. */
int weir_dns_lookup_address(weir_io *io, weir_dns_resolver *resolver, const weir_address *address,
                            const weir_dns_lookup_options *options, weir_dns_name *out,
                            size_t room);

/* Records ----------------------------------------------------------------------------------- */

/* Looks up the records of a type; the CNAME chain is followed.  The name is any name of DNS in the
 * form of zone files (weir_dns_name_parse), a legal host's or not.  `type` is a weir_dns_type or
 * any other; WEIR_DNS_ANY gives what the server chooses to tell (RFC 8482), and is not kept.  The
 * hosts file has no part in this.
 *
 * Returns 0 and *out, the caller's to free (weir_dns_answer_free, which an error needs not); the
 * errors above: of WEIR_EDNS_NOTFOUND and WEIR_EDNS_NODATA out->ttl, name and aliases are set, and
 * it has to be freed, too; WEIR_EINVAL for OPT, AXFR and other types that cannot be asked for. */
int weir_dns_lookup(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t type,
                    const weir_dns_lookup_options *options, weir_dns_answer *out);

/* The same of a name in wire form. */
int weir_dns_lookup_name(weir_io *io, weir_dns_resolver *resolver, const weir_dns_name *name,
                         uint16_t type, const weir_dns_lookup_options *options,
                         weir_dns_answer *out);

/* A place where a service is. */
typedef struct weir_dns_service {
    weir_dns_name target;
    uint16_t port;
    uint16_t priority, weight;
} weir_dns_service;

/* Looks up a service: the SRV records of "_service._protocol.name", in the order to try them, drawn
 * anew in each call (RFC 2782).  `service` and `protocol` are with or without "_", and what is
 * asked for is legal as a host's name but for "_"; weir_dns_lookup takes others.  Targets that are
 * no legal host names are left out, unless WEIR_DNS_RAW.
 * Returns how many were written, at least 1, at most `room`; the errors above; WEIR_EDNS_SERVICE:
 * the name says that it does not have this service; WEIR_EDNS_ANSWER also if no target is legal. */
int weir_dns_lookup_service(weir_io *io, weir_dns_resolver *resolver, weir_bytes service,
                            weir_bytes protocol, weir_bytes name,
                            const weir_dns_lookup_options *options, weir_dns_service *out,
                            size_t room);

/* A host that takes mail. */
typedef struct weir_dns_exchanger {
    weir_dns_name host;
    uint16_t preference;
} weir_dns_exchanger;

/* Looks up the mail exchangers of a domain in the order to try them, those of one preference
 * shuffled (RFC 5321 5.1).  With WEIR_EDNS_NODATA the domain itself is the host, by that RFC.
 * Which names are legal is as in weir_dns_lookup_service.
 * Returns as weir_dns_lookup_service; WEIR_EDNS_SERVICE: it takes no mail (RFC 7505). */
int weir_dns_lookup_mail(weir_io *io, weir_dns_resolver *resolver, weir_bytes domain,
                         const weir_dns_lookup_options *options, weir_dns_exchanger *out,
                         size_t room);

/* Messages ---------------------------------------------------------------------------------- */

/* What to ask a server in weir_dns_query. */
typedef struct weir_dns_query_options {
    const weir_address *server; /* ask this one alone; NULL: those of the configuration */
    bool tcp;                   /* not over UDP */
    bool no_recursion;          /* RD off */
    bool no_edns;               /* without OPT record; no `dnssec` then */
    bool dnssec;                /* DO: with signatures */
    bool checking_disabled;     /* CD */
    bool ignore_truncation;     /* take what came over UDP */
    weir_dns_report *report;    /* added to; NULL: none */
} weir_dns_query_options;

/* A server's message. */
typedef struct weir_dns_message {
    weir_bytes octets; /* the whole, malloc'd: weir_dns_message_free */
    weir_address server;
    weir_dns_transport transport;
    unsigned rcode; /* all twelve bits */
} weir_dns_message;

/* Asks one question without cache, search list or special names, and gives the message as it came:
 * for tools.  `options` may be NULL.
 *
 * Returns 0 and *out for NOERROR and NXDOMAIN, the caller's to free; WEIR_EINVAL for a type that
 * weir_dns_lookup refuses, a server that is no IP address or has no port, and `dnssec` without
 * EDNS; else an error above, and *out has the server's message if there was one (octets.len > 0),
 * to be freed, too. */
int weir_dns_query(weir_io *io, weir_dns_resolver *resolver, const weir_dns_name *name,
                   uint16_t type, const weir_dns_query_options *options, weir_dns_message *out);

/* Frees a message; takes one that is all zero. */
void weir_dns_message_free(weir_dns_message *message);

#ifdef __cplusplus
}
#endif
#endif
