/* SPDX-License-Identifier: MIT
 *
 * TCP connects: to one address, to several in turn, and the report of what failed.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/op.h>
#include <weir/net/endpoint.h>
#include <weir/net/policy.h>
#include <weir/net/tcp.h>

static int connect_until(weir_io *io, weir_socket socket, const weir_address *address,
                         weir_deadline deadline, weir_tcp_stream *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CONNECT, socket.fd);
    op.deadline = deadline;
    op.args.address = address;
    const int error = (int)weir_do(io, &op);
    if (error < 0) {
        weir_close_socket(io, socket);
        return error;
    }
    weir_tcp_stream_init(out, socket);
    return 0;
}

int weir_tcp_connect_on(weir_io *io, weir_socket socket, const weir_address *address,
                        weir_tcp_stream *out)
{
    return connect_until(io, socket, address, (weir_deadline){0}, out);
}

int weir_tcp_connect_with(weir_io *io, const weir_address *address,
                          const weir_tcp_connect_options *options, weir_tcp_stream *out)
{
    static const weir_tcp_connect_options defaults;
    if (!options) options = &defaults;
    if (address->kind != WEIR_ADDRESS_IPV4 && address->kind != WEIR_ADDRESS_IPV6)
        return WEIR_EAFNOSUPPORT;
    if (options->timeout.ns < 0) return WEIR_EINVAL;
    int error = options->policy ? weir_policy_check(options->policy, address, NULL) : 0;
    /* Nobody can listen on port 0: the kernel would send a packet to find that out. */
    if (!error && address->port == 0) error = WEIR_EADDRNOTAVAIL;
    if (error) return error;

    weir_deadline deadline = {0};
    if (options->timeout.ns > 0) deadline = weir_deadline_after(io, options->timeout);
    weir_socket_options socket_options = {0};
    if (options->socket) socket_options = *options->socket;
    weir_socket socket;
    const weir_address_kind kind = (weir_address_kind)address->kind;
    error = weir_tcp_open(io, kind, &socket_options, &socket);
    if (error) return error;
    /* It saves ports; where there is no such option (qemu-user), binding takes one. */
    if (options->local && options->local->port == 0)
        weir_option_set_bind_without_port(io, socket, true);
    if (options->local) error = weir_bind(io, socket, options->local);
    if (error) {
        weir_close_socket(io, socket);
        return error;
    }
    return connect_until(io, socket, address, deadline, out);
}

int weir_tcp_connect(weir_io *io, const weir_address *address, weir_tcp_stream *out)
{
    return weir_tcp_connect_with(io, address, NULL, out);
}

static void note(weir_connect_report *report, const weir_address *address, int error)
{
    if (!report) return;
    if (report->kept < WEIR_CONNECT_FAILURES)
        report->failures[report->kept++] = (weir_connect_failure){*address, error};
    report->total++;
}

int weir_tcp_connect_any(weir_io *io, const weir_address *addresses, size_t count,
                         const weir_tcp_connect_options *options, weir_connect_report *report,
                         weir_tcp_stream *out)
{
    if (report) report->kept = report->total = 0;
    int error = WEIR_EINVAL;
    for (size_t i = 0; i < count; i++) {
        error = weir_tcp_connect_with(io, &addresses[i], options, out);
        if (error == 0) return 0;
        note(report, &addresses[i], error);
        if (error == WEIR_ECANCELED) break;
        /* A time limit of this address alone lets the next one have its turn. */
        if (error == WEIR_EDEADLINE && weir_cause_of(io).kind != WEIR_CAUSE_DEADLINE) break;
    }
    return error;
}

int weir_tcp_connect_text_with(weir_io *io, const char *text,
                               const weir_tcp_connect_options *options, weir_connect_report *report,
                               weir_tcp_stream *out)
{
    weir_endpoint endpoint;
    if (report) report->kept = report->total = 0;
    int error = weir_endpoint_parse(weir_bytes_text(text), &endpoint);
    if (error) return error;
    return weir_tcp_connect_any(io, endpoint.addresses, endpoint.count, options, report, out);
}

int weir_tcp_connect_text(weir_io *io, const char *text, weir_tcp_stream *out)
{
    return weir_tcp_connect_text_with(io, text, NULL, NULL, out);
}

/* Appends as much of `text` as fits, and counts all of it. */
static void append(char *out, size_t size, size_t *len, const char *text)
{
    const size_t n = strlen(text);
    if (*len + 1 < size) {
        const size_t room = size - 1 - *len;
        memcpy(out + *len, text, n < room ? n : room);
    }
    *len += n;
    out[*len < size ? *len : size - 1] = '\0';
}

size_t weir_connect_report_print(const weir_connect_report *report, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < report->kept; i++) {
        char address[WEIR_ADDRESS_TEXT];
        weir_address_print(&report->failures[i].address, address);
        if (i > 0) append(out, size, &len, "; ");
        append(out, size, &len, address);
        append(out, size, &len, ": ");
        append(out, size, &len, weir_strerror(report->failures[i].error));
    }
    if (report->total > report->kept) {
        char more[32];
        snprintf(more, sizeof more, "; %u more", report->total - report->kept);
        append(out, size, &len, more);
    }
    return len;
}
