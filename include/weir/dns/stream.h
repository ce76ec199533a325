/* SPDX-License-Identifier: MIT
 *
 * A host's addresses as they come: a lookup whose A and AAAA answers are given out one by one, for
 * who can begin before both are there (RFC 8305 3).
 *
 *     weir_dns_stream *stream;
 *     weir_dns_event event;
 *     int error = weir_dns_stream_open(io, resolver, name, port, NULL, &stream);
 *     while ((error = weir_dns_stream_next(io, stream, weir_never(), &event)) > 0) …
 *     weir_dns_stream_close(io, stream);
 */
#ifndef WEIR_DNS_STREAM_H
#define WEIR_DNS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/lookup.h>
#include <weir/io/addr.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_dns_stream weir_dns_stream;

/* What came. */
typedef enum weir_dns_event_kind {
    WEIR_DNS_EVENT_ADDRESS,   /* `address` */
    WEIR_DNS_EVENT_CANONICAL, /* `host`: the canonical name and where it is from, before its
                                 addresses */
    WEIR_DNS_EVENT_FAMILY, /* all addresses of `family` have been given, or there are none for the
                              reason `error` */
} weir_dns_event_kind;

typedef struct weir_dns_event {
    weir_dns_event_kind kind;
    weir_address address; /* ADDRESS: with the port; the best one of its family first (RFC 6724) */
    weir_address_kind family; /* FAMILY: WEIR_ADDRESS_IPV4 or _IPV6 */
    int error;                /* FAMILY: 0, or why it has none */
    weir_dns_host host;       /* CANONICAL */
} weir_dns_event;

/* Begins a lookup as weir_dns_lookup_host does, in tasks of its own, with the same options; reports
 * in them are written until the stream is closed.
 *
 * Returns 0 and *out; WEIR_ENOMEM, WEIR_ECONCURRENCY.  Other errors come from next.
 * Ownership: given; weir_dns_stream_close.  From a task of the resolver's engine. */
int weir_dns_stream_open(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t port,
                         const weir_dns_lookup_options *options, weir_dns_stream **out);

/* Waits for the next event.
 *
 * Returns 1 and *out; 0: the end, all was given and there was at least one address; else the error
 * of the lookup (lookup.h), which comes again in every further call; WEIR_EDEADLINE: nothing came
 * until `deadline`; it can be called again; WEIR_ECANCELED, and WEIR_EDEADLINE of a scope.
 * A cancellation point.  From one task at a time. */
int weir_dns_stream_next(weir_io *io, weir_dns_stream *stream, weir_deadline deadline,
                         weir_dns_event *out);

/* The same without waiting: WEIR_EAGAIN when there is nothing yet.  Not a cancellation point. */
int weir_dns_stream_try(weir_io *io, weir_dns_stream *stream, weir_dns_event *out);

/* Fills an op that completes with 0 when weir_dns_stream_try, which has said WEIR_EAGAIN, has more
 * to say, for weir_select or a queue.  No next or try while it is in flight. */
void weir_dns_stream_op(weir_op *op, weir_dns_stream *stream);

/* Ends the lookup, wherever it is, and frees the stream.  Not a cancellation point.  NULL is
 * nothing. */
void weir_dns_stream_close(weir_io *io, weir_dns_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
