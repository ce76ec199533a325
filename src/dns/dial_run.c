/* SPDX-License-Identifier: MIT
 *
 * The run: one task that collects what comes, addresses from the lookup and outcomes of attempts,
 * from one queue, and starts the next attempt when it is due (RFC 8305 3, 5).
 *
 *      first address ──┬─ IPv6, or both families told ───────────────── attempt 1
 *                      └─ IPv4 alone ── at most resolution_delay ────── attempt 1
 *      attempt n ──┬─ attempt_delay ─────────────────────────────────── attempt n + 1
 *                  ├─ a failure ── at once ──────────────────────────── attempt n + 1
 *                  └─ stands ── all others are canceled and closed
 */
#include "dns/dial_run.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/net/order.h>
#include <weir/net/policy.h>

#include "dns/resolver.h"

static weir_duration attempt_delay(weir_duration wanted)
{
    /* "250 milliseconds", and "MUST NOT be less than 10 milliseconds" (RFC 8305 5, 8). */
    if (wanted.ns == 0) return weir_milliseconds(250);
    const weir_duration least = weir_milliseconds(10);
    return wanted.ns < least.ns ? least : wanted;
}

static weir_duration resolution_delay(weir_duration wanted)
{
    if (wanted.ns == 0) return weir_milliseconds(50); /* RFC 8305 3 */
    return wanted.ns < 0 ? (weir_duration){0} : wanted;
}

int weir_dial_check(const weir_dial_options *options)
{
    if (!options) return 0;
    if (options->attempt_delay.ns < 0) return WEIR_EINVAL;
    return options->tcp && options->tcp->timeout.ns < 0 ? WEIR_EINVAL : 0;
}

void weir_dial_run_init(dial_run *run, const weir_dial_options *options)
{
    static const weir_dial_options defaults;
    if (!options) options = &defaults;
    memset(run, 0, sizeof *run);
    if (options->tcp) run->tcp = *options->tcp;
    run->attempt_delay = attempt_delay(options->attempt_delay);
    run->resolution_delay = resolution_delay(options->resolution_delay);
    run->report = options->report;
    run->resolved = true;
    run->first_number = UINT32_MAX;
}

int weir_dial_run_look(weir_io *io, dial_run *run, weir_dns_resolver *resolver, weir_bytes host,
                       uint16_t port, const weir_dial_options *options)
{
    weir_dns_lookup_options lookup = {0};
    if (options) lookup = options->lookup;
    if (run->tcp.local)
        lookup.flags |=
            run->tcp.local->kind == WEIR_ADDRESS_IPV6 ? WEIR_DNS_IPV6_ONLY : WEIR_DNS_IPV4_ONLY;
    run->resolver = resolver;
    run->lookup_flags = lookup.flags;
    run->order.first_count = options && options->first_family ? options->first_family : 1;
    run->resolved = false;
    run->ipv6_told = (lookup.flags & WEIR_DNS_IPV4_ONLY) != 0;
    return weir_dns_stream_open(io, resolver, host, port, &lookup, &run->stream);
}

int weir_dial_refuse(const weir_tcp_connect_options *tcp, const weir_address *address)
{
    if (address->kind != WEIR_ADDRESS_IPV4 && address->kind != WEIR_ADDRESS_IPV6)
        return WEIR_EAFNOSUPPORT;
    if (tcp && tcp->local && tcp->local->kind != address->kind) return WEIR_EAFNOSUPPORT;
    return tcp && tcp->policy ? weir_policy_check(tcp->policy, address, NULL) : 0;
}

void weir_dial_note(weir_connect_report *report, const weir_address *address, int error)
{
    if (!report) return;
    if (report->kept < WEIR_CONNECT_FAILURES)
        report->failures[report->kept++] = (weir_connect_failure){*address, error};
    report->total++;
}

/* Addresses ----------------------------------------------------------------------------------- */

/* Takes what the lookup has found, and sees to it that the queue tells of more. */
static void take_addresses(weir_io *io, dial_run *run)
{
    while (!run->resolved && !run->looking) {
        weir_dns_event event;
        const int result = weir_dns_stream_try(io, run->stream, &event);
        if (result == WEIR_EAGAIN) {
            weir_dns_stream_op(&run->look, run->stream);
            run->looking = true;
            weir_submit(io, &run->look, &run->queue);
        } else if (result <= 0) {
            run->resolved = true;
            run->lookup_error = result;
        } else if (event.kind == WEIR_DNS_EVENT_ADDRESS) {
            weir_dial_order_add(&run->order, &event.address);
            if (event.address.kind == WEIR_ADDRESS_IPV4 && run->ipv4_alone.ns == 0)
                run->ipv4_alone = weir_deadline_after(io, run->resolution_delay);
        } else if (event.kind == WEIR_DNS_EVENT_FAMILY && event.family == WEIR_ADDRESS_IPV6) {
            run->ipv6_told = true;
        }
    }
}

/* Lets the family begin that has the better address (RFC 8305 4, RFC 6724), when both are there;
 * else it is IPv6.  Returns 0, WEIR_ECANCELED, WEIR_EDEADLINE. */
static int choose_family(weir_io *io, dial_run *run)
{
    const weir_address *heads[2] = {weir_dial_order_head(&run->order, false),
                                    weir_dial_order_head(&run->order, true)};
    if (!run->stream || !heads[0] || !heads[1]) return 0;
    if (run->lookup_flags & WEIR_DNS_UNSORTED) return 0;
    const weir_address pair[2] = {*heads[0], *heads[1]};
    uint8_t order[2];
    const int error = weir_dns_sources_order(io, &run->resolver->sources, pair, 2,
                                             weir_now(io, WEIR_CLOCK_BOOT), order);
    /* That it cannot be found out does no harm. */
    if (error) return error == WEIR_ECANCELED || error == WEIR_EDEADLINE ? error : 0;
    run->order.ipv4_first = pair[order[0]].kind == WEIR_ADDRESS_IPV4;
    return 0;
}

/* Attempts ------------------------------------------------------------------------------------ */

static void failed(weir_io *io, dial_run *run, const weir_address *address, unsigned number,
                   int error)
{
    weir_dial_note(run->report, address, error);
    if (number < run->first_number) {
        run->first_number = number;
        run->first_error = error;
    }
    const weir_dial_outcome outcome = {.address = *address, .error = error};
    if (run->sink) run->sink(io, run->argument, &outcome);
}

static void refused(weir_io *io, dial_run *run, const weir_address *address, int error)
{
    weir_dial_note(run->report, address, error);
    if (run->refusal == 0) run->refusal = error;
    const weir_dial_outcome outcome = {.address = *address, .error = error};
    if (run->sink) run->sink(io, run->argument, &outcome);
}

/* Makes the socket of an attempt.  Returns 0 or its error. */
static int open_socket(weir_io *io, const weir_tcp_connect_options *tcp,
                       const weir_address *address, weir_socket *out)
{
    weir_socket_options options = {0};
    if (tcp->socket) options = *tcp->socket;
    int error = weir_tcp_open(io, (weir_address_kind)address->kind, &options, out);
    if (error || !tcp->local) return error;
    /* As weir_tcp_connect_with: it saves ports, and is not there in every emulator. */
    if (tcp->local->port == 0) weir_option_set_bind_without_port(io, *out, true);
    error = weir_bind(io, *out, tcp->local);
    if (error) weir_close_socket(io, *out);
    return error;
}

static bool is_shortage(int error)
{
    return error == WEIR_EMFILE || error == WEIR_ENFILE || error == WEIR_ENOBUFS ||
           error == WEIR_ENOMEM;
}

/* Tries the next address.  Returns 0, WEIR_ECANCELED, WEIR_EDEADLINE. */
static int try_next(weir_io *io, dial_run *run, weir_instant now)
{
    const weir_address *address = weir_dial_order_peek(&run->order);
    int error = weir_dial_refuse(&run->tcp, address);
    if (error) {
        weir_dial_order_take(&run->order);
        refused(io, run, address, error);
        return 0;
    }
    weir_socket socket;
    error = open_socket(io, &run->tcp, address, &socket);
    if (error == WEIR_ECANCELED || error == WEIR_EDEADLINE) return error;
    run->next_start = weir_deadline_after(io, run->attempt_delay);
    /* A shortage while others are under way says nothing about the address: they give back what it
     * needs, and it has its turn again. */
    if (is_shortage(error) && run->under_way > 0) return 0;
    weir_dial_order_take(&run->order);
    const unsigned number = run->numbers++;
    if (error) {
        run->next_start = now;
        failed(io, run, address, number, error);
        return 0;
    }
    dial_attempt *attempt = run->attempts;
    while (attempt->address.kind != WEIR_ADDRESS_NONE) attempt++;
    attempt->address = *address;
    attempt->number = number;
    weir_op_set(&attempt->op, WEIR_OP_CONNECT, socket.fd);
    attempt->op.args.address = &attempt->address;
    if (run->tcp.timeout.ns > 0) attempt->op.deadline = weir_deadline_after(io, run->tcp.timeout);
    run->under_way++;
    weir_submit(io, &attempt->op, &run->queue);
    return 0;
}

/* When the next attempt is due, as things are; never: when something has come. */
static weir_deadline due(const dial_run *run)
{
    if (!weir_dial_order_peek(&run->order) || run->under_way == WEIR_DIAL_ATTEMPTS)
        return weir_never();
    const bool alone = !run->ipv6_told && !run->resolved && run->ipv4_alone.ns != 0 &&
                       !weir_dial_order_head(&run->order, false);
    if (!run->begun && alone) return run->ipv4_alone;
    return run->next_start;
}

static int try_due(weir_io *io, dial_run *run)
{
    for (;;) {
        const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
        const weir_deadline when = due(run);
        if (weir_is_never(when) || when.ns > now.ns) return 0;
        int error = run->begun ? 0 : choose_family(io, run);
        run->begun = true;
        if (!error) error = try_next(io, run, now);
        if (error) return error;
    }
}

/* An attempt has ended.  True: it stands, and is the one that was wanted. */
static bool settle(weir_io *io, dial_run *run, dial_attempt *attempt, weir_dial_outcome *out)
{
    const weir_address address = attempt->address;
    const weir_socket socket = {attempt->op.fd};
    const int error = (int)attempt->op.result;
    attempt->address.kind = WEIR_ADDRESS_NONE;
    run->under_way--;
    if (error < 0) {
        weir_close_socket(io, socket);
        run->next_start.ns = 0; /* "at once": now is later than this */
        failed(io, run, &address, attempt->number, error);
        return false;
    }
    out->address = address;
    out->error = 0;
    weir_tcp_stream_init(&out->tcp, socket);
    if (!run->sink) return true;
    run->sink(io, run->argument, out);
    return false;
}

/* What a run comes to in which no address is left. */
static int verdict(const dial_run *run)
{
    if (run->order.count == 0) return run->lookup_error ? run->lookup_error : WEIR_EINVAL;
    if (run->sink) return 0;
    return run->first_error ? run->first_error : run->refusal;
}

/* Cancels all that is under way, and waits until nothing is. */
static void clean_up(weir_io *io, dial_run *run)
{
    weir_scope shield;
    weir_shield(io, &shield);
    if (run->looking) weir_op_cancel(io, &run->look);
    for (unsigned i = 0; i < WEIR_DIAL_ATTEMPTS; i++)
        if (run->attempts[i].address.kind != WEIR_ADDRESS_NONE)
            weir_op_cancel(io, &run->attempts[i].op);
    while (run->looking || run->under_way > 0) {
        weir_op *op;
        if (weir_queue_next(io, &run->queue, weir_never(), &op)) continue;
        if (op == &run->look) {
            run->looking = false;
        } else {
            weir_close_socket(io, (weir_socket){op->fd});
            run->under_way--;
        }
    }
    weir_dns_stream_close(io, run->stream);
    weir_scope_leave(io, &shield);
}

/* Takes note of what has come.  True: the connection that was wanted. */
static bool take(weir_io *io, dial_run *run, weir_op *op, weir_dial_outcome *out)
{
    if (op != &run->look) return settle(io, run, (dial_attempt *)(void *)op, out);
    run->looking = false;
    return false;
}

static int collect(weir_io *io, dial_run *run, weir_dial_outcome *out)
{
    weir_op *op;
    for (;;) {
        /* Before anything is begun: what is there may make it needless. */
        while ((op = weir_queue_try(io, &run->queue)))
            if (take(io, run, op, out)) return 0;
        take_addresses(io, run);
        int error = try_due(io, run);
        run->stopped = error != 0;
        if (error) return error;
        if (run->resolved && run->under_way == 0 && !weir_dial_order_peek(&run->order))
            return verdict(run);
        error = weir_queue_next(io, &run->queue, due(run), &op);
        if (error == WEIR_EDEADLINE && weir_cause_of(io).kind == WEIR_CAUSE_DEADLINE) continue;
        run->stopped = error != 0;
        if (error) return error;
        if (take(io, run, op, out)) return 0;
    }
}

int weir_dial_run(weir_io *io, dial_run *run, weir_dial_outcome *out)
{
    weir_queue_init(io, &run->queue);
    const int error = collect(io, run, out);
    clean_up(io, run);
    return error;
}
