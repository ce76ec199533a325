/* SPDX-License-Identifier: MIT
 *
 * Connecting by name: Happy Eyeballs version 2 (RFC 8305).
 *
 * The addresses of a host are tried in the order of RFC 6724, families in turn, the next one a
 * quarter of a second after the one before, or at once when that one has failed; the first
 * connection that stands is kept, all others are closed.  Connecting begins with the first answer
 * of DNS; if that has IPv4 addresses alone, 50 ms later, so that IPv6 has its chance.
 *
 *     weir_tcp_stream tcp;
 *     int error = weir_dial(io, resolver, weir_bytes_text("example.org:443"), NULL, &tcp);
 *
 * One deadline for all of it is a scope (io/scope.h).
 */
#ifndef WEIR_DNS_DIAL_H
#define WEIR_DNS_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/lookup.h>
#include <weir/net/tcp.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DIAL_ADDRESSES 64 /* that are tried, of a host that has more */
#define WEIR_DIAL_ATTEMPTS  8  /* that are under way at a time */

/* How to dial; zero is the default of each member.  What it points to is borrowed until the call
 * returns, or the race is closed. */
typedef struct weir_dial_options {
    const weir_tcp_connect_options *tcp; /* of each connection: policy, socket options, timeout,
                                            local address (the other family is not asked for, and
                                            refused where it is given: WEIR_EAFNOSUPPORT) */
    weir_duration attempt_delay;         /* 0: 250 ms; less than 10 ms is 10 ms (RFC 8305 5) */
    weir_duration resolution_delay;      /* 0: 50 ms; negative: none */
    unsigned first_family; /* addresses of the first family before the other's turn; 0: 1 */
    weir_dns_lookup_options lookup; /* flags, report, steps */
    weir_connect_report *report;    /* which addresses failed, and how, as they did; begun anew by
                                       each call; NULL: none */
    weir_address *peer;             /* set to the address that was connected to; NULL: none */
} weir_dial_options;

/* Connects to an endpoint text: "name:port" and all forms of net/endpoint.h ("[::1]:80", "8080").
 * `options` may be NULL.  No task is started for a text that is an address.
 *
 * An address that the policy refuses fails at once, without a packet.  A shortage of descriptors or
 * memory while attempts are under way puts the next one off until one has failed, or for another
 * delay.  A name that is no host's fails at once, likewise (WEIR_EDNS_NAME; weir_dns_lookup_host).
 *
 * Returns 0 and *out, the caller's to close; WEIR_EADDRTEXT; WEIR_EPORTTEXT: the port is wrong or
 * missing; WEIR_EAFNOSUPPORT: a Unix address, or none of a family that the flags allow; errors of
 * weir_dns_lookup_host;
 * WEIR_EPOLICY: the policy refuses every address; when every address failed, the error of the first
 * one that was tried (the one that should have worked; weir_tcp_connect_with), and `report` tells
 * each; WEIR_EINVAL: a negative delay or timeout, flags without a family; WEIR_ENOMEM;
 * WEIR_ECANCELED, WEIR_EDEADLINE.  Nothing is left open on error.  A cancellation point.  From a
 * task of the resolver's engine. */
int weir_dial(weir_io *io, weir_dns_resolver *resolver, weir_bytes text,
              const weir_dial_options *options, weir_tcp_stream *out);

/* The same for a host and a port. */
int weir_dial_host(weir_io *io, weir_dns_resolver *resolver, weir_bytes host, uint16_t port,
                   const weir_dial_options *options, weir_tcp_stream *out);

/* Races addresses that are known, without a resolver: in their order; with a `first_family`, the
 * families by turns, beginning with that of the first address.  Those that are there twice are
 * tried once.  Starts no task.
 * Returns as weir_dial; WEIR_EINVAL for no address. */
int weir_dial_addresses(weir_io *io, const weir_address *addresses, size_t count,
                        const weir_dial_options *options, weir_tcp_stream *out);

/* Connects to a service (SRV, lookup.h): its places (the first 16) in their order, the addresses of
 * each raced.  A name without such records is an error, whose remedy is the caller's: to dial the
 * name itself, or not.
 * Returns as weir_dns_lookup_service, and as weir_dial_host for the first place. */
int weir_dial_service(weir_io *io, weir_dns_resolver *resolver, weir_bytes service,
                      weir_bytes protocol, weir_bytes name, const weir_dial_options *options,
                      weir_tcp_stream *out);

/* Every outcome, not only the first connection: a race that goes on. */
typedef struct weir_dial_race weir_dial_race;

/* An outcome of an address. */
typedef struct weir_dial_outcome {
    weir_address address;
    int error;           /* 0: `tcp` stands, the receiver's to close */
    weir_tcp_stream tcp; /* not yet used by anybody */
} weir_dial_outcome;

/* Begins a race for a host, which goes on in a task of its own, as weir_dial_host but to the last
 * address, whichever connections stand before.  `peer` of the options is not used.
 * Returns 0 and *out; WEIR_EINVAL (a negative delay or timeout), WEIR_ENOMEM, WEIR_ECONCURRENCY.
 * Ownership: given; weir_dial_race_close.  Not a cancellation point.  From a task of the resolver's
 * engine. */
int weir_dial_race_open(weir_io *io, weir_dns_resolver *resolver, weir_bytes host, uint16_t port,
                        const weir_dial_options *options, weir_dial_race **out);

/* Waits for the next outcome, in the order in which they came.
 * Returns 1 and *out, whose connection is the caller's; 0: every address has had its outcome; an
 * error of the lookup when there was no address, which comes again in every further call;
 * WEIR_EDEADLINE: nothing came until `deadline`; WEIR_ECANCELED, and WEIR_EDEADLINE of a scope.
 * A cancellation point.  From one task at a time, any of the engine. */
int weir_dial_race_next(weir_io *io, weir_dial_race *race, weir_deadline deadline,
                        weir_dial_outcome *out);

/* Ends the race: attempts that run are canceled, connections that nobody took are closed.  Not a
 * cancellation point.  NULL is nothing. */
void weir_dial_race_close(weir_io *io, weir_dial_race *race);

#ifdef __cplusplus
}
#endif
#endif
