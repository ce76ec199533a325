/* SPDX-License-Identifier: MIT
 *
 * `weir talk`: from addresses and names to a connection, and why there is none.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/dial.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>

#include "talk.h"

/* What became of one target. */
typedef struct trial {
    talk_targets *all;
    const cli_target *target;
    talk_call *call;
    weir_connect_report failures;
    bool explained; /* what went wrong was told already */
} trial;

static const char *hint_for(const trial *t, int error)
{
    const bool source = t->all->source.kind != WEIR_ADDRESS_NONE;
    switch (error) {
    case WEIR_ECONNREFUSED: return " (is the server running?)";
    case WEIR_ENOENT: return " (no socket has that name: is the server running?)";
    case WEIR_EDEADLINE: return " (--timeout; a firewall may drop what is sent there)";
    case WEIR_ETIMEDOUT: return " (nobody answers; a firewall may drop what is sent there)";
    case WEIR_EPROTOTYPE:
        return t->target->transport == CLI_UNIX_STREAM
                   ? " (the socket is of another type: try --datagram or --seqpacket)"
                   : " (the socket is of another type)";
    case WEIR_ENETUNREACH:
    case WEIR_EHOSTUNREACH: return " (weir ifaces shows the networks of this machine)";
    case WEIR_EAFNOSUPPORT: return source ? " (--source is of another family)" : "";
    case WEIR_EADDRNOTAVAIL:
        return source ? " (no interface of this machine has the address of --source)" : "";
    case WEIR_EADDRINUSE: return source ? " (the address of --source is taken)" : "";
    default: return "";
    }
}

/* Names ------------------------------------------------------------------------------------- */

/* The resolver is made for the first name: addresses need none. */
static int open_resolver(trial *t)
{
    dns_asker *asker = &t->all->asker;
    memset(&asker->report, 0, sizeof asker->report);
    if (asker->resolver) return 0;
    if (dns_open(t->call->talk->io, asker)) return 0;
    dns_close(t->call->talk->io, asker);
    t->explained = true;
    return WEIR_EINVAL;
}

/* With a source, only addresses of its family are looked for. */
static weir_dns_lookup_options lookup_options(trial *t)
{
    const weir_address_kind source = t->all->source.kind;
    return (weir_dns_lookup_options){.flags = source == WEIR_ADDRESS_IPV4   ? WEIR_DNS_IPV4_ONLY
                                              : source == WEIR_ADDRESS_IPV6 ? WEIR_DNS_IPV6_ONLY
                                                                            : 0U,
                                     .report = &t->all->asker.report};
}

/* TCP --------------------------------------------------------------------------------------- */

static int connect_tcp(trial *t)
{
    weir_io *io = t->call->talk->io;
    const weir_address *source = &t->all->source;
    const cli_target *target = t->target;
    const weir_socket_options socket = {.reuse_address = source->port != 0};
    const weir_tcp_connect_options tcp = {.local = source->kind ? source : NULL, .socket = &socket};
    const weir_dial_options options = {
        .tcp = &tcp, .lookup = lookup_options(t), .report = &t->failures, .peer = &t->call->peer};
    weir_tcp_stream stream;
    int error = target->host[0] ? open_resolver(t) : 0;
    if (!error && target->host[0])
        error = weir_dial_host(io, t->all->asker.resolver, weir_bytes_text(target->host),
                               target->port, &options, &stream);
    else if (!error)
        error = weir_dial_addresses(io, target->endpoint.addresses, target->endpoint.count,
                                    &options, &stream);
    if (!error) t->call->socket = weir_tcp_socket(&stream);
    return error;
}

/* Other transports -------------------------------------------------------------------------- */

static int connect_udp(trial *t, const weir_address *to)
{
    weir_io *io = t->call->talk->io;
    weir_udp_socket *out = &t->call->udp;
    static const weir_socket_options options = {.broadcast = false};
    if (!t->all->source.kind) return weir_udp_dial(io, to, &options, out);
    int error = weir_udp_bind(io, &t->all->source, &options, out);
    if (error) return error;
    error = weir_udp_connect(io, out, to);
    if (error) weir_udp_close(io, out);
    return error;
}

/* A name of our own, so that we can be answered. */
static int connect_datagram(trial *t, const weir_address *to)
{
    weir_io *io = t->call->talk->io;
    weir_unix_datagram *out = &t->call->name;
    static const weir_unix_options options = {.replace_stale = true};
    const weir_address own = t->all->source.kind ? t->all->source : weir_unix_unnamed();
    int error = weir_unix_datagram_bind(io, &own, &options, out);
    if (error) return error;
    error = weir_unix_datagram_connect(io, out, to);
    if (error) weir_unix_datagram_close(io, out);
    return error;
}

static int connect_to(trial *t, const weir_address *to)
{
    weir_io *io = t->call->talk->io;
    weir_unix_stream stream;
    int error;
    if (t->all->source.kind && t->all->source.kind != to->kind) return WEIR_EAFNOSUPPORT;
    switch (t->target->transport) {
    case CLI_UDP: return connect_udp(t, to);
    case CLI_UNIX_DATAGRAM: return connect_datagram(t, to);
    case CLI_UNIX_PACKET: return weir_unix_connect_packets(io, to, &t->call->socket);
    case CLI_UNIX_STREAM:
        error = weir_unix_connect(io, to, &stream);
        if (!error) t->call->socket = weir_unix_socket(&stream);
        return error;
    default: return WEIR_EINVAL;
    }
}

/* The addresses in turn: how many there are, or an error. */
static int addresses_of(trial *t, weir_address out[WEIR_DNS_HOST_ADDRESSES])
{
    const cli_target *target = t->target;
    const weir_dns_lookup_options options = lookup_options(t);
    if (!target->host[0]) {
        memcpy(out, target->endpoint.addresses, sizeof target->endpoint.addresses);
        return (int)target->endpoint.count;
    }
    const int error = open_resolver(t);
    if (error) return error;
    return weir_dns_lookup_host(t->call->talk->io, t->all->asker.resolver,
                                weir_bytes_text(target->host), target->port, &options, out,
                                WEIR_DNS_HOST_ADDRESSES, NULL);
}

/* Nobody answers a connect of datagrams: the first address is taken to which there is a way. */
static int connect_in_turn(trial *t)
{
    weir_address addresses[WEIR_DNS_HOST_ADDRESSES];
    weir_connect_report *report = &t->failures;
    int first = WEIR_EINVAL;
    const int count = addresses_of(t, addresses);
    if (count < 0) return count;
    for (int i = 0; i < count; i++) {
        const int error = connect_to(t, &addresses[i]);
        t->call->peer = addresses[i];
        if (!error) return 0;
        if (i == 0) first = error;
        if (report->kept < WEIR_CONNECT_FAILURES)
            report->failures[report->kept++] = (weir_connect_failure){addresses[i], error};
        report->total++;
        if (error == WEIR_EDEADLINE || error == WEIR_ECANCELED) return error;
    }
    return first;
}

/* Telling ----------------------------------------------------------------------------------- */

/* The target as it was given, or its one address in full. */
static void print_target(const cli_target *target, char *out, size_t size)
{
    char text[CLI_TARGET_TEXT];
    if (target->endpoint.count == 1)
        cli_target_print(target->transport, target->endpoint.addresses, text);
    snprintf(out, size, "%s", target->endpoint.count == 1 ? text : target->text);
}

static void tell_events(const trial *t, int error)
{
    const weir_connect_report *report = &t->failures;
    char text[1024];
    for (uint32_t i = 0; i < report->kept; i++) {
        cli_target_print(t->target->transport, &report->failures[i].address, text);
        talk_event_failed(text, t->target->transport, report->failures[i].error);
    }
    if (!error || report->kept > 0) return;
    print_target(t->target, text, sizeof text);
    talk_event_failed(text, t->target->transport, error);
}

static bool is_about_names(int error)
{
    return error <= WEIR_EDNS_NAME && error >= WEIR_EDNS_SERVICE;
}

static void tell_failure(const trial *t, int error)
{
    const cli_target *target = t->target;
    char text[1024], addresses[1024] = "";
    if (t->explained) return;
    if (t->call->talk->json) {
        tell_events(t, error);
        return;
    }
    if (is_about_names(error)) {
        dns_complain(&t->all->asker, target->host, "", error);
        return;
    }
    print_target(target, text, sizeof text);
    const bool several = target->endpoint.count != 1 && t->failures.total > 0;
    if (several) weir_connect_report_print(&t->failures, addresses, sizeof addresses);
    cli_complain("cannot connect to %s: %s%s", text, several ? addresses : weir_strerror(error),
                 hint_for(t, error));
}

/* The address that answers, where that is not plain. */
static void tell_success(const trial *t, bool after_others)
{
    char failed[1024] = "", after[1040] = "";
    if (t->call->talk->json) tell_events(t, 0);
    if (t->failures.total > 0) {
        weir_connect_report_print(&t->failures, failed, sizeof failed);
        snprintf(after, sizeof after, "; %s", failed);
    }
    if (after_others || t->failures.total > 0 || t->call->talk->json)
        talk_tell(t->call->talk, "connected", "connected to ", after, t->call->transport,
                  &t->call->peer);
}

/* All of it --------------------------------------------------------------------------------- */

bool talk_connect(talk_targets *all, talk_call *call)
{
    weir_io *io = all->talk.io;
    for (unsigned i = 0; i < all->count; i++) {
        const cli_target *target = &all->targets[i];
        trial t = {.all = all, .target = target, .call = call};
        weir_scope scope;
        *call = (talk_call){.talk = &all->talk, .transport = target->transport};
        if (all->talk.timeout.ns) weir_scope_enter_for(io, &scope, all->talk.timeout);
        const int error = target->transport == CLI_TCP ? connect_tcp(&t) : connect_in_turn(&t);
        if (all->talk.timeout.ns) weir_scope_leave(io, &scope);
        if (!error) {
            tell_success(&t, i > 0);
            return true;
        }
        tell_failure(&t, error);
        if (all->asker.misused) return false;
    }
    return false;
}

void talk_hang_up(talk_call *call)
{
    weir_io *io = call->talk->io;
    if (call->transport == CLI_UDP)
        weir_udp_close(io, &call->udp);
    else if (call->transport == CLI_UNIX_DATAGRAM)
        weir_unix_datagram_close(io, &call->name);
    else
        weir_close_socket(io, call->socket);
}
