/* SPDX-License-Identifier: MIT
 *
 * Asking: questions go through steps, each an attempt at the next server, until they are answered.
 *
 *                ┌── step over: timeout, or the server failed ──┐
 *                v                                              │
 *     question ── step: attempt at a server ── message ── judged ── good: done
 *                                                       └─ again: TCP, plain, with the cookie:
 *                                                          another attempt in the same step
 *
 * Both questions of a lookup take their steps by themselves; those which begin a step at the same
 * moment share an attempt.  All waiting is done here, by the asking task: one op for each attempt.
 * An attempt whose time is over stays open: its answer still counts.
 */
#include "dns/ask.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>

#include "dns/ask_state.h"
#include "dns/servers.h"

/* Starts attempts so that each query over TCP or a shared port, and each port if so wished, has one
 * question. */
static int start_each(dns_ask *k, unsigned questions, dns_approach *how)
{
    how->shared = !how->tcp && weir_dns_port_is_shared(k->servers, how->peer);
    const bool apart = how->tcp || how->shared || k->options->single_reopen;
    if (!apart) return weir_dns_ask_start(k, questions, how);
    int error = 0;
    for (unsigned i = 0; i < k->question->type_count && !error; i++)
        if (questions & 1U << i) error = weir_dns_ask_start(k, 1U << i, how);
    return error;
}

/* Steps -------------------------------------------------------------------------------------- */

/* Begins the next step of some lines, whose number it is. */
static int begin_step(dns_ask *k, unsigned questions, unsigned number)
{
    dns_approach how = {.tcp = k->options->tcp};
    if (!k->options->parallel) {
        how.peer = k->order[number % k->order_count];
        return start_each(k, questions, &how);
    }
    int error = 0;
    for (unsigned i = 0; i < k->order_count && !error; i++) {
        how.peer = k->order[i];
        error = start_each(k, questions, &how);
    }
    return error;
}

/* Whether a line waits for its turn. */
static bool is_held(const dns_ask *k, unsigned i)
{
    return i > 0 && k->options->single_request && !k->lines[0].done;
}

static void begin_line(dns_ask_line *l)
{
    l->step++;
    l->latest.ns = 0;
}

/* Begins steps until something can be waited for in every line, or it is done. */
static int advance(dns_ask *k)
{
    for (;;) {
        unsigned questions = 0, number = 0;
        for (unsigned i = 0; i < k->question->type_count; i++) {
            dns_ask_line *l = &k->lines[i];
            if (l->done || l->live > 0 || is_held(k, i)) continue;
            if (l->step == k->steps) {
                weir_dns_ask_finish_line(k, i, WEIR_EDNS_UNREACHABLE);
                continue;
            }
            if (questions && l->step != number) continue;
            number = l->step;
            questions |= 1U << i;
        }
        if (!questions) return 0;
        for (unsigned i = 0; i < k->question->type_count; i++)
            if (questions & 1U << i) begin_line(&k->lines[i]);
        const int error = begin_step(k, questions, number);
        if (error) return error;
    }
}

/* A line's step has taken its time. */
static void expire_line(dns_ask *k, unsigned i)
{
    dns_ask_line *l = &k->lines[i];
    weir_dns_ask_note(l, WEIR_EDNS_TIMEOUT);
    for (dns_attempt *a = k->first; a; a = a->next) {
        if (!(a->pending & 1U << i) || a->steps[i] != l->step) continue;
        weir_dns_ask_blame(k, a);
        weir_dns_ask_report_end(k, a, i, WEIR_EDNS_TIMEOUT);
        if (a->how.tcp && a->in_flight) weir_dns_link_suspect(k->io, &a->link);
    }
    l->live = 0;
}

static void expire(dns_ask *k)
{
    const weir_instant now = weir_now(k->io, WEIR_CLOCK_MONOTONIC);
    const bool over = weir_deadline_passed(k->limit, now);
    for (unsigned i = 0; i < k->question->type_count; i++) {
        dns_ask_line *l = &k->lines[i];
        if (l->done) continue;
        if (over)
            weir_dns_ask_finish_line(k, i, WEIR_EDNS_TIMEOUT);
        else if (l->live > 0 && weir_deadline_passed(l->until, now))
            expire_line(k, i);
    }
}

/* Waiting ------------------------------------------------------------------------------------ */

static weir_deadline next_deadline(const dns_ask *k)
{
    weir_deadline until = k->limit;
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (!k->lines[i].done && k->lines[i].live > 0)
            until = weir_instant_min(until, k->lines[i].until);
    return until;
}

/* Submits the ops of all attempts that wait. */
static void submit_all(dns_ask *k)
{
    if (!k->queued) weir_queue_init(k->io, &k->queue);
    k->queued = true;
    for (dns_attempt *a = k->first; a; a = a->next) {
        if (a->in_flight || a->dropped) continue;
        weir_dns_attempt_wait(a);
        a->in_flight = true;
        k->in_flight++;
        weir_submit(k->io, &a->op, &k->queue);
    }
}

/* Closes what was dropped and has settled. */
static void sweep(dns_ask *k)
{
    for (dns_attempt *a = k->first, *next; a; a = next) {
        next = a->next;
        if (!a->pending) weir_dns_ask_drop(k, a);
        if (a->dropped && !a->in_flight) weir_dns_ask_release(k, a);
    }
}

/* Waits until one attempt has something, or a time is over.  Returns 0 and the attempt or NULL;
 * WEIR_ECANCELED, WEIR_EDEADLINE. */
static int await_event(dns_ask *k, dns_attempt **out)
{
    const weir_deadline until = next_deadline(k);
    dns_attempt *only = k->first;
    int error = 0;
    *out = NULL;
    if (only && !only->next && !only->in_flight && !only->how.tcp) {
        /* Most often: one socket, and no need for a queue. */
        weir_dns_attempt_wait(only);
        weir_op_set_deadline(&only->op, until);
        const int64_t n = weir_do(k->io, &only->op);
        if (n == WEIR_ECANCELED || n == WEIR_EDEADLINE)
            error = (int)n;
        else
            *out = only;
    } else {
        submit_all(k);
        weir_op *op;
        error = weir_queue_next(k->io, &k->queue, until, &op);
        if (!error) {
            *out = op->user;
            (*out)->in_flight = false;
            k->in_flight--;
        }
    }
    if (error != WEIR_EDEADLINE) return error;
    /* Whose time was it? */
    const weir_instant now = weir_now(k->io, WEIR_CLOCK_MONOTONIC);
    return weir_deadline_passed(weir_scope_deadline(k->io), now) ? WEIR_EDEADLINE : 0;
}

/* Asks until all lines are done.  Returns 0 or what ended it. */
static int run(dns_ask *k)
{
    for (;;) {
        int error = advance(k);
        sweep(k);
        if (error || !k->open) return error;
        dns_attempt *a;
        error = await_event(k, &a);
        if (error) return error;
        if (a && !a->dropped) error = weir_dns_ask_handle(k, a);
        if (!a) expire(k);
        if (error) return error;
    }
}

/* Cancels what waits, lets it settle, closes everything. */
static void clear(dns_ask *k)
{
    for (dns_attempt *a = k->first; a; a = a->next) weir_dns_ask_drop(k, a);
    if (k->in_flight > 0) {
        weir_scope shield;
        weir_shield(k->io, &shield);
        while (k->in_flight > 0) {
            weir_op *op;
            if (weir_queue_next(k->io, &k->queue, weir_never(), &op) != 0) continue;
            ((dns_attempt *)op->user)->in_flight = false;
            k->in_flight--;
        }
        weir_scope_leave(k->io, &shield);
    }
    while (k->first) weir_dns_ask_release(k, k->first);
}

static void begin_reply(dns_reply *reply)
{
    reply->error = 0;
    reply->message = weir_bytes_of(NULL, 0);
    reply->header = (weir_dns_header){0};
    reply->rcode = 0;
    reply->server.kind = WEIR_ADDRESS_NONE;
    reply->transport = WEIR_DNS_UDP;
    reply->came = (weir_instant){0};
    reply->far = NULL;
}

static void choose_order(dns_ask *k)
{
    const int only = k->servers->count == 1 ? 0 : k->question->only_server;
    if (only >= 0) {
        k->order[0] = (uint8_t)only;
        k->order_count = 1;
    } else {
        const weir_instant now = weir_now(k->io, WEIR_CLOCK_MONOTONIC);
        k->order_count = weir_dns_servers_order(k->io, k->servers, now, k->order);
    }
    k->steps = k->options->attempts * (k->options->parallel ? 1 : k->order_count);
}

int weir_dns_ask(weir_io *io, dns_servers *servers, const dns_question *question,
                 dns_reply replies[DNS_ASK_TYPES], weir_dns_report *report)
{
    dns_ask k;
    k.io = io;
    k.servers = servers;
    k.question = question;
    k.report = report;
    k.options = &servers->options;
    k.limit = weir_never();
    k.first = k.last = NULL;
    k.in_flight = 0;
    k.queued = k.own_used = false;
    k.open = (1U << question->type_count) - 1;
    for (unsigned i = 0; i < question->type_count; i++) {
        begin_reply(&replies[i]);
        k.lines[i] = (dns_ask_line){.reply = &replies[i]};
    }
    choose_order(&k);
    const int ended = run(&k);
    clear(&k);
    int first = 0;
    for (unsigned i = 0; i < question->type_count; i++) {
        if (!k.lines[i].done) replies[i].error = ended;
        if (!first) first = replies[i].error;
    }
    return first;
}

void weir_dns_reply_free(dns_reply *reply)
{
    free(reply->far);
    reply->far = NULL;
}
