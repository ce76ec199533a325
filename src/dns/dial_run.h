/* SPDX-License-Identifier: MIT
 *
 * A run over the addresses of a host: attempts that are started one after the other and go on side
 * by side, until one stands, or to the last one.  What dial.c and dial_race.c share.
 */
#ifndef DNS_DIAL_RUN_H
#define DNS_DIAL_RUN_H

#include <weir/dns/dial.h>
#include <weir/dns/stream.h>
#include <weir/io/op.h>

#include "dns/dial_order.h"

/* Told of what became of each address; takes the connection of `outcome`.  Must not wait. */
typedef void dial_sink(weir_io *io, void *argument, const weir_dial_outcome *outcome);

/* An attempt; free while `address` has no kind.  Must not move while it is under way. */
typedef struct dial_attempt {
    weir_op op;
    weir_address address;
    unsigned number;
} dial_attempt;

/* Invariant: the run's task alone touches it; each op of `attempts` that has an address, and `look`
 * while `looking`, is in flight on `queue`. */
typedef struct dial_run {
    weir_tcp_connect_options tcp;
    weir_duration attempt_delay, resolution_delay;
    weir_connect_report *report; /* NULL: none */
    dial_sink *sink;             /* of a run that goes on to the last address; NULL: to the first
                                    connection */
    void *argument;

    weir_dns_resolver *resolver;
    weir_dns_stream *stream; /* NULL: all addresses are there */
    unsigned lookup_flags;
    bool looking;   /* `look` waits for the stream */
    bool resolved;  /* all addresses have come, or there are none, by `lookup_error` */
    bool ipv6_told; /* all of IPv6 have come */
    int lookup_error;
    weir_op look;

    dial_order order;
    bool begun;              /* the first address was tried */
    weir_instant ipv4_alone; /* when IPv4 need not wait for IPv6 any longer; 0: none has come */
    weir_instant next_start; /* no attempt before */

    bool stopped;          /* by a request, a token, or the deadline of a scope */
    unsigned numbers;      /* of addresses, in the order in which they were tried */
    int first_error;       /* of the address with the lowest number that failed, which is … */
    unsigned first_number; /* … this one; refused ones are not counted */
    int refusal;           /* why one was not tried at all */

    weir_queue queue;
    unsigned under_way;
    dial_attempt attempts[WEIR_DIAL_ATTEMPTS];
} dial_run;

/* Whether the options, which may be NULL, make sense.  Returns 0 or WEIR_EINVAL. */
int weir_dial_check(const weir_dial_options *options);

/* Begins a run without addresses, by options that make sense. */
void weir_dial_run_init(dial_run *run, const weir_dial_options *options);

/* Adds a lookup as the source of addresses.  Returns as weir_dns_stream_open. */
int weir_dial_run_look(weir_io *io, dial_run *run, weir_dns_resolver *resolver, weir_bytes host,
                       uint16_t port, const weir_dial_options *options);

/* Runs, and leaves nothing behind: no op, no lookup, no connection but the one in *out.
 * Returns 0 and *out, the connection or, with a sink, nothing; else as weir_dial; with a sink
 * errors of the lookup, of a request to stop and of scopes alone. */
int weir_dial_run(weir_io *io, dial_run *run, weir_dial_outcome *out);

/* Why an address is not to be tried with these options: 0, WEIR_EAFNOSUPPORT, WEIR_EPOLICY. */
int weir_dial_refuse(const weir_tcp_connect_options *tcp, const weir_address *address);

/* Notes a failure in a report, which may be NULL. */
void weir_dial_note(weir_connect_report *report, const weir_address *address, int error);

/* As weir_dial_host, but adds to the report.  *stopped: the error is no failure of an address, but
 * a request to stop or the deadline of a scope. */
int weir_dial_host_more(weir_io *io, weir_dns_resolver *resolver, weir_bytes host, uint16_t port,
                        const weir_dial_options *options, weir_tcp_stream *out, bool *stopped);

#endif
