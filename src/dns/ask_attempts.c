/* SPDX-License-Identifier: MIT
 *
 * The attempts of an asking: how they begin, fail a question, and go.
 */
#include "dns/ask_state.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "dns/ask_report.h"
#include "dns/servers.h"

/* Sockets open at once; DNS_SERVERS with `parallel`. */
enum { SOCKETS_MAX = 4 };

/* The more an error tells, the higher. */
int weir_dns_ask_weight(int error)
{
    static const int order[] = {WEIR_EDNS_UNREACHABLE, WEIR_EDNS_TIMEOUT,  WEIR_ENOBUFS,
                                WEIR_ENFILE,           WEIR_EMFILE,        WEIR_ENOMEM,
                                WEIR_EDNS_ANSWER,      WEIR_EDNS_RCODE,    WEIR_EDNS_NOTIMP,
                                WEIR_EDNS_REFUSED,     WEIR_EDNS_SERVFAIL, WEIR_EDNS_TRUNCATED};
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++)
        if (order[i] == error) return i + 1;
    return 0;
}

/* The error of a lookup that the failure of an attempt comes to. */
int weir_dns_ask_meaning(int error)
{
    switch (error) {
    case WEIR_EMFILE:
    case WEIR_ENFILE:
    case WEIR_ENOBUFS:
    case WEIR_ENOMEM: return error;
    case WEIR_ETIMEDOUT:
    case WEIR_EDEADLINE: return WEIR_EDNS_TIMEOUT;
    default: return WEIR_EDNS_UNREACHABLE;
    }
}

bool weir_dns_ask_is_shortage(int error)
{
    return error == WEIR_EMFILE || error == WEIR_ENFILE || error == WEIR_ENOBUFS ||
           error == WEIR_ENOMEM;
}

void weir_dns_ask_note(dns_ask_line *l, int error)
{
    if (weir_dns_ask_weight(error) > weir_dns_ask_weight(l->reply->error)) l->reply->error = error;
}

void weir_dns_ask_report_end(dns_ask *k, dns_attempt *a, unsigned i, int error)
{
    if (k->report)
        weir_dns_report_end(k->report, a->entries[i], a, weir_now(k->io, WEIR_CLOCK_MONOTONIC),
                            error);
}

/* Closes an attempt and forgets it. */
void weir_dns_ask_release(dns_ask *k, dns_attempt *a)
{
    dns_attempt **at = &k->first, *before = NULL;
    while (*at != a) {
        before = *at;
        at = &before->next;
    }
    *at = a->next;
    if (k->last == a) k->last = before;
    weir_dns_attempt_close(k->io, a);
    if (a == &k->own)
        k->own_used = false;
    else
        free(a);
}

/* Gives an attempt up: now, or when its op has settled. */
void weir_dns_ask_drop(dns_ask *k, dns_attempt *a)
{
    if (a->dropped) return;
    a->dropped = true;
    a->pending = 0;
    if (a->in_flight) weir_op_cancel(k->io, &a->op);
}

void weir_dns_ask_leave_step(dns_ask *k, dns_attempt *a, unsigned i)
{
    dns_ask_line *l = &k->lines[i];
    if (a->steps[i] == l->step && l->live > 0) l->live--;
    a->steps[i] = 0;
}

/* A question is no longer pending in an attempt. */
void weir_dns_ask_leave(dns_ask *k, dns_attempt *a, unsigned i)
{
    if (!(a->pending & 1U << i)) return;
    a->pending &= (uint8_t) ~(1U << i);
    weir_dns_ask_leave_step(k, a, i);
}

void weir_dns_ask_blame(dns_ask *k, dns_attempt *a)
{
    if (a->blamed) return;
    a->blamed = true;
    weir_dns_servers_blame(k->io, k->servers, a->how.peer, weir_now(k->io, WEIR_CLOCK_MONOTONIC));
}

/* The oldest socket goes when there are too many. */
static void limit_sockets(dns_ask *k)
{
    const unsigned most = k->options->parallel ? DNS_SERVERS : SOCKETS_MAX;
    unsigned sockets = 0;
    dns_attempt *oldest = NULL;
    for (dns_attempt *a = k->first; a; a = a->next) {
        if (a->how.tcp || a->how.shared || a->dropped) continue;
        if (!oldest) oldest = a;
        sockets++;
    }
    if (sockets < most) return;
    for (unsigned i = 0; i < k->question->type_count; i++) weir_dns_ask_leave(k, oldest, i);
    weir_dns_ask_drop(k, oldest);
}

static dns_attempt *new_attempt(dns_ask *k)
{
    if (k->own_used) return malloc(sizeof(dns_attempt));
    k->own_used = true;
    return &k->own;
}

static void enter(dns_ask *k, dns_attempt *a, unsigned questions)
{
    if (k->last)
        k->last->next = a;
    else
        k->first = a;
    k->last = a;
    const weir_instant until = weir_instant_add(a->started, k->options->timeout);
    for (unsigned i = 0; i < k->question->type_count; i++) {
        if (!(questions & 1U << i)) continue;
        dns_ask_line *l = &k->lines[i];
        a->steps[i] = l->step;
        l->live++;
        if (l->latest.ns == 0) l->latest = weir_instant_add(until, k->options->timeout);
        l->until = weir_instant_min(until, l->latest);
    }
}

static void begin_entries(dns_ask *k, dns_attempt *a, unsigned questions)
{
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (questions & 1U << i)
            a->entries[i] =
                weir_dns_report_begin(k->report, &k->servers->peers[a->how.peer].address, a,
                                      k->question->name, k->question->types[i], a->queries[i].edns);
}

/* Starts an attempt for some questions, a bit each.  A failure is one of the attempt.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE: the asking ends. */
int weir_dns_ask_start(dns_ask *k, unsigned questions, const dns_approach *how)
{
    if (!how->tcp && !how->shared) limit_sockets(k);
    dns_attempt *a = new_attempt(k);
    int error = WEIR_ENOMEM;
    if (a) error = weir_dns_attempt_start(k->io, k->servers, k->question, questions, how, a);
    if (!error) {
        enter(k, a, questions);
        if (k->report) begin_entries(k, a, questions);
        return 0;
    }
    const bool ends = error == WEIR_ECANCELED || error == WEIR_EDEADLINE;
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (questions & 1U << i && !ends)
            weir_dns_ask_note(&k->lines[i], weir_dns_ask_meaning(error));
    if (a && k->report && !ends) {
        begin_entries(k, a, questions);
        for (unsigned i = 0; i < k->question->type_count; i++)
            if (questions & 1U << i) weir_dns_ask_report_end(k, a, i, error);
    }
    if (!ends && !weir_dns_ask_is_shortage(error))
        weir_dns_servers_blame(k->io, k->servers, how->peer, weir_now(k->io, WEIR_CLOCK_MONOTONIC));
    if (a == &k->own)
        k->own_used = false;
    else
        free(a);
    return ends ? error : 0;
}

/* Asks the same server again in another way. */
int weir_dns_ask_again(dns_ask *k, dns_attempt *a, unsigned i, const dns_approach *how, int error)
{
    weir_dns_ask_report_end(k, a, i, error);
    weir_dns_ask_leave(k, a, i);
    return weir_dns_ask_start(k, 1U << i, how);
}

int weir_dns_ask_again_over_tcp(dns_ask *k, dns_attempt *a, unsigned i, int error)
{
    const dns_approach how = {.peer = a->how.peer, .tcp = true, .plain = a->how.plain};
    return weir_dns_ask_again(k, a, i, &how, error);
}

void weir_dns_ask_finish_line(dns_ask *k, unsigned i, int error)
{
    dns_ask_line *l = &k->lines[i];
    l->done = true;
    k->open &= ~(1U << i);
    if (error) weir_dns_ask_note(l, error);
    for (dns_attempt *a = k->first; a; a = a->next) weir_dns_ask_leave(k, a, i);
}
