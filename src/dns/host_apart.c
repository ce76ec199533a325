/* SPDX-License-Identifier: MIT
 *
 * A and AAAA asked for by two tasks, so that who streams gets each as it comes.
 */
#include "dns/host.h"

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/dns/hosts.h>

/* One of the two. */
typedef struct half {
    dns_request request; /* its one type */
    dns_host host;       /* of its one family; tells the sink of the whole */
    int outcome;
} half;

static void half_init(half *h, const dns_host *host, const dns_request *request, unsigned index,
                      weir_dns_report *report)
{
    h->request = *request;
    h->request.types[0] = request->types[index];
    h->request.type_count = 1;
    h->request.report = report;
    h->host = *host;
    h->host.families = request->types[index] == WEIR_DNS_A ? WEIR_DNS_IPV4 : WEIR_DNS_IPV6;
    h->host.steps = NULL;
    h->host.count = 0;
}

static int ask_half(weir_io *io, void *argument)
{
    half *h = argument;
    h->outcome = weir_dns_host_ask(io, &h->host, &h->request);
    if (h->outcome <= 0) return 0;
    int error = weir_dns_host_sort(io, &h->host, h->host.addresses, h->host.count);
    if (error) {
        h->outcome = error;
        return 0;
    }
    h->host.sink(io, h->host.sink_argument, &h->host.found, h->host.families, h->host.addresses,
                 h->host.count, 0);
    return 0;
}

static void append_report(weir_dns_report *to, const weir_dns_report *from)
{
    for (uint32_t i = 0; i < from->kept && to->kept < WEIR_DNS_ATTEMPTS; i++)
        to->attempts[to->kept++] = from->attempts[i];
    to->total += from->total;
}

/* Adds what a half has found to the whole. */
static void take_half(dns_host *host, const half *h)
{
    if (h->outcome <= 0) return;
    bool first = host->found.origin == WEIR_DNS_FROM_NOWHERE;
    uint32_t ttl = host->found.ttl;
    if (first) host->found = h->host.found;
    if (!first && h->host.found.ttl < ttl) host->found.ttl = h->host.found.ttl;
    for (size_t i = 0; i < h->host.count; i++) weir_dns_host_add(host, &h->host.addresses[i]);
    host->told |= h->host.families;
}

/* The two halves, and the report of the one that is in a task of its own. */
typedef struct halves {
    half here, there;
    weir_dns_report report;
} halves;

int weir_dns_host_ask_apart(weir_io *io, dns_host *host, const dns_request *request)
{
    halves *both = malloc(sizeof *both);
    if (!both) return WEIR_ENOMEM;
    both->report.kept = both->report.total = 0;
    half_init(&both->here, host, request, 1, host->report);
    half_init(&both->there, host, request, 0, host->report ? &both->report : NULL);
    weir_task task;
    if (weir_concurrent(io, &task, ask_half, &both->there, NULL)) {
        free(both);
        return weir_dns_host_ask(io, host, request);
    }
    ask_half(io, &both->here);
    bool stopped = both->here.outcome == WEIR_ECANCELED || both->here.outcome == WEIR_EDEADLINE;
    int result = stopped ? both->here.outcome : weir_await(io, &task, NULL);
    if (result) weir_cancel(io, &task);
    take_half(host, &both->here);
    take_half(host, &both->there);
    if (both->there.outcome < 0) host->why4 = both->there.outcome;
    if (both->here.outcome < 0) host->why6 = both->here.outcome;
    if (result == 0) result = weir_dns_host_combine(both->here.outcome, both->there.outcome);
    if (host->report) append_report(host->report, &both->report);
    weir_dns_origin origin = host->found.origin;
    if (origin == WEIR_DNS_FROM_NOWHERE) origin = WEIR_DNS_FROM_SERVER;
    weir_dns_steps_add(host->steps, origin, request->lower, result);
    free(both);
    return result;
}
