/* SPDX-License-Identifier: MIT
 *
 * Dialing: a text, a host, or addresses, until one connection stands.
 */
#include <weir/dns/dial.h>

#include <stdlib.h>

#include <weir/base/error.h>

#include "dns/dial_run.h"
#include "dns/host.h"

static void clear(const weir_dial_options *options)
{
    if (options && options->report) options->report->kept = options->report->total = 0;
}

/* A run until the first connection. */
static int run_to_first(weir_io *io, dial_run *run, const weir_dial_options *options,
                        weir_tcp_stream *out, bool *stopped)
{
    weir_dial_outcome outcome;
    const int error = weir_dial_run(io, run, &outcome);
    *stopped = run->stopped;
    if (error) return error;
    *out = outcome.tcp;
    if (options && options->peer) *options->peer = outcome.address;
    return 0;
}

/* The one address that there is: no run, and no memory for it. */
static int dial_one(weir_io *io, const weir_address *address, const weir_dial_options *options,
                    weir_tcp_stream *out, bool *stopped)
{
    const weir_tcp_connect_options *tcp = options ? options->tcp : NULL;
    int error = weir_dial_refuse(tcp, address);
    if (!error) error = weir_tcp_connect_with(io, address, tcp, out);
    *stopped = error == WEIR_ECANCELED ||
               (error == WEIR_EDEADLINE && weir_cause_of(io).kind != WEIR_CAUSE_DEADLINE);
    if (error && !*stopped && options) weir_dial_note(options->report, address, error);
    if (!error && options && options->peer) *options->peer = *address;
    return error;
}

static int dial_known(weir_io *io, const weir_address *addresses, size_t count,
                      const weir_dial_options *options, weir_tcp_stream *out, bool *stopped)
{
    const int error = weir_dial_check(options);
    if (error) return error;
    if (count == 0) return WEIR_EINVAL;
    if (count == 1) return dial_one(io, addresses, options, out, stopped);
    dial_run *run = malloc(sizeof *run);
    if (!run) return WEIR_ENOMEM;
    weir_dial_run_init(run, options);
    if (options && options->first_family) {
        run->order.first_count = options->first_family;
        run->order.ipv4_first = addresses[0].kind == WEIR_ADDRESS_IPV4;
    }
    for (size_t i = 0; i < count; i++) weir_dial_order_add(&run->order, &addresses[i]);
    const int result = run_to_first(io, run, options, out, stopped);
    free(run);
    return result;
}

int weir_dial_addresses(weir_io *io, const weir_address *addresses, size_t count,
                        const weir_dial_options *options, weir_tcp_stream *out)
{
    bool stopped;
    clear(options);
    return dial_known(io, addresses, count, options, out, &stopped);
}

/* Hosts --------------------------------------------------------------------------------------- */

int weir_dial_host_more(weir_io *io, weir_dns_resolver *resolver, weir_bytes host, uint16_t port,
                        const weir_dial_options *options, weir_tcp_stream *out, bool *stopped)
{
    weir_address address;
    *stopped = false;
    int result = weir_dns_literal(host, port, options ? options->lookup.flags : 0, &address);
    if (result < 0) return result;
    if (result > 0) return dial_known(io, &address, 1, options, out, stopped);
    result = weir_dial_check(options);
    if (result) return result;
    dial_run *run = malloc(sizeof *run);
    if (!run) return WEIR_ENOMEM;
    weir_dial_run_init(run, options);
    result = weir_dial_run_look(io, run, resolver, host, port, options);
    if (!result) result = run_to_first(io, run, options, out, stopped);
    free(run);
    return result;
}

int weir_dial_host(weir_io *io, weir_dns_resolver *resolver, weir_bytes host, uint16_t port,
                   const weir_dial_options *options, weir_tcp_stream *out)
{
    bool stopped;
    clear(options);
    return weir_dial_host_more(io, resolver, host, port, options, out, &stopped);
}

/* Texts --------------------------------------------------------------------------------------- */

int weir_dial(weir_io *io, weir_dns_resolver *resolver, weir_bytes text,
              const weir_dial_options *options, weir_tcp_stream *out)
{
    clear(options);
    weir_address addresses[WEIR_ENDPOINT_ADDRESSES];
    weir_host_port parts;
    const unsigned families = weir_dns_families(options ? options->lookup.flags : 0);
    const int count = weir_dns_endpoint(text, families, addresses, &parts);
    if (count < 0) return count;
    if (count > 0) return weir_dial_addresses(io, addresses, (size_t)count, options, out);
    return weir_dial_host(io, resolver, parts.host, parts.port, options, out);
}
