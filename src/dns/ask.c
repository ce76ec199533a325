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

#include "dns/ask_report.h"
#include "dns/attempt.h"
#include "dns/servers.h"

enum {
    SOCKETS_MAX = 4,  /* open at once; DNS_SERVERS with `parallel` */
    IGNORED_MAX = 64, /* foreign messages at one port: somebody guesses (RFC 5452 9.2) */
    LINKS_MADE_MAX = 4,
};

/* One of the questions. */
typedef struct line {
    dns_reply *reply;
    bool done;
    unsigned step;      /* how many have begun */
    unsigned live;      /* attempts of the present step that may still answer */
    weir_instant until; /* of the present step */
} line;

typedef struct ask {
    weir_io *io;
    dns_servers *servers;
    const dns_question *question;
    weir_dns_report *report;
    const dns_ask_options *options;
    line lines[DNS_ASK_TYPES];
    unsigned open; /* a bit for each line that is not done */
    unsigned order_count, steps;
    uint8_t order[DNS_SERVERS];
    weir_instant limit; /* of what is left after a positive answer */
    dns_attempt *first, *last;
    bool queued; /* the queue is in use */
    unsigned in_flight;
    weir_queue queue;
    bool own_used;
    dns_attempt own; /* the first attempt needs no memory */
} ask;

/* What is said of a line that is not answered ------------------------------------------------ */

/* The more an error tells, the higher. */
static int weight(int error)
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
static int meaning(int error)
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

static bool is_shortage(int error)
{
    return error == WEIR_EMFILE || error == WEIR_ENFILE || error == WEIR_ENOBUFS ||
           error == WEIR_ENOMEM;
}

/* Keeps a message in a reply.  `far` is where it lies if it was malloc'd: it is taken. */
static int keep_message(dns_reply *reply, weir_bytes message, uint8_t *far)
{
    if (message.len > sizeof reply->near && !far) {
        far = malloc(message.len);
        if (!far) return WEIR_ENOMEM;
        memcpy(far, message.data, message.len);
    }
    free(reply->far);
    reply->far = far;
    if (!far) memcpy(reply->near, message.data, message.len);
    reply->message = weir_bytes_of(far ? far : reply->near, message.len);
    return 0;
}

/* Takes the far message of an attempt over TCP. */
static uint8_t *take_far(dns_attempt *a)
{
    uint8_t *far = a->link.far;
    a->link.far = NULL;
    return far;
}

/* Fills a reply with what a server said. */
static void fill_reply(ask *k, dns_reply *reply, dns_attempt *a, weir_bytes message,
                       const dns_judgement *judgement)
{
    reply->error = judgement->error;
    reply->header = judgement->header;
    reply->rcode = judgement->rcode;
    reply->server = k->servers->peers[a->how.peer].address;
    reply->transport = a->how.tcp ? WEIR_DNS_TCP : WEIR_DNS_UDP;
    const int error = keep_message(reply, message, take_far(a));
    if (error) reply->error = error;
}

static void note_error(line *l, int error)
{
    if (weight(error) > weight(l->reply->error)) l->reply->error = error;
}

/* Attempts ----------------------------------------------------------------------------------- */

static void report_end(ask *k, dns_attempt *a, unsigned i, int error)
{
    if (k->report)
        weir_dns_report_end(k->report, a->entries[i], a, weir_now(k->io, WEIR_CLOCK_MONOTONIC),
                            error);
}

/* Closes an attempt and forgets it. */
static void release(ask *k, dns_attempt *a)
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
static void drop(ask *k, dns_attempt *a)
{
    if (a->dropped) return;
    a->dropped = true;
    a->pending = 0;
    if (a->in_flight) weir_op_cancel(k->io, &a->op);
}

/* A question is no longer pending in an attempt. */
static void leave(ask *k, dns_attempt *a, unsigned i)
{
    line *l = &k->lines[i];
    if (!(a->pending & 1U << i)) return;
    a->pending &= (uint8_t) ~(1U << i);
    if (a->steps[i] == l->step && l->live > 0) l->live--;
}

/* An attempt has failed a question. */
static void fail(ask *k, dns_attempt *a, unsigned i, int error)
{
    note_error(&k->lines[i], meaning(error));
    report_end(k, a, i, error);
    leave(k, a, i);
}

static void blame(ask *k, dns_attempt *a)
{
    if (a->blamed) return;
    a->blamed = true;
    weir_dns_servers_blame(k->io, k->servers, a->how.peer, weir_now(k->io, WEIR_CLOCK_MONOTONIC));
}

/* The oldest socket goes when there are too many. */
static void limit_sockets(ask *k)
{
    const unsigned most = k->options->parallel ? DNS_SERVERS : SOCKETS_MAX;
    unsigned sockets = 0;
    dns_attempt *oldest = NULL;
    for (dns_attempt *a = k->first; a; a = a->next) {
        if (a->how.tcp || a->dropped) continue;
        if (!oldest) oldest = a;
        sockets++;
    }
    if (sockets < most) return;
    for (unsigned i = 0; i < k->question->type_count; i++) leave(k, oldest, i);
    drop(k, oldest);
}

static dns_attempt *new_attempt(ask *k)
{
    if (k->own_used) return malloc(sizeof(dns_attempt));
    k->own_used = true;
    return &k->own;
}

static void enter(ask *k, dns_attempt *a, unsigned questions)
{
    if (k->last)
        k->last->next = a;
    else
        k->first = a;
    k->last = a;
    const weir_instant until = weir_instant_add(a->started, k->options->timeout);
    for (unsigned i = 0; i < k->question->type_count; i++) {
        if (!(questions & 1U << i)) continue;
        line *l = &k->lines[i];
        a->steps[i] = l->step;
        l->live++;
        l->until = until;
    }
}

static void begin_entries(ask *k, dns_attempt *a, unsigned questions)
{
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (questions & 1U << i)
            a->entries[i] =
                weir_dns_report_begin(k->report, &k->servers->peers[a->how.peer].address, a,
                                      k->question->name, k->question->types[i], a->queries[i].edns);
}

/* Starts an attempt for some questions, a bit each.  A failure is one of the attempt.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE: the asking ends. */
static int start(ask *k, unsigned questions, const dns_approach *how)
{
    if (!how->tcp) limit_sockets(k);
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
        if (questions & 1U << i && !ends) note_error(&k->lines[i], meaning(error));
    if (a && k->report && !ends) {
        begin_entries(k, a, questions);
        for (unsigned i = 0; i < k->question->type_count; i++)
            if (questions & 1U << i) report_end(k, a, i, error);
    }
    if (!ends && !is_shortage(error))
        weir_dns_servers_blame(k->io, k->servers, how->peer, weir_now(k->io, WEIR_CLOCK_MONOTONIC));
    if (a == &k->own)
        k->own_used = false;
    else
        free(a);
    return ends ? error : 0;
}

/* Starts attempts so that each connection over TCP, and each port if so wished, has one question.
 */
static int start_each(ask *k, unsigned questions, const dns_approach *how)
{
    const bool apart = how->tcp || k->options->single_reopen;
    if (!apart) return start(k, questions, how);
    int error = 0;
    for (unsigned i = 0; i < k->question->type_count && !error; i++)
        if (questions & 1U << i) error = start(k, 1U << i, how);
    return error;
}

/* Asks the same server again in another way. */
static int again(ask *k, dns_attempt *a, unsigned i, const dns_approach *how, int error)
{
    report_end(k, a, i, error);
    leave(k, a, i);
    return start(k, 1U << i, how);
}

static int again_over_tcp(ask *k, dns_attempt *a, unsigned i, int error)
{
    const dns_approach how = {.peer = a->how.peer, .tcp = true, .plain = a->how.plain};
    return again(k, a, i, &how, error);
}

/* Answers ------------------------------------------------------------------------------------ */

static void finish_line(ask *k, unsigned i, int error)
{
    line *l = &k->lines[i];
    l->done = true;
    k->open &= ~(1U << i);
    if (error) note_error(l, error);
    for (dns_attempt *a = k->first; a; a = a->next) leave(k, a, i);
}

static void take_answer(ask *k, dns_attempt *a, unsigned i, weir_bytes message,
                        const dns_judgement *judgement)
{
    fill_reply(k, k->lines[i].reply, a, message, judgement);
    k->lines[i].reply->error = 0;
    report_end(k, a, i, 0);
    finish_line(k, i, 0);
    weir_dns_servers_praise(k->io, k->servers, a->how.peer);
    const weir_duration delay = k->question->resolution_delay;
    if (k->open && judgement->positive && delay.ns > 0)
        k->limit = weir_deadline_after(k->io, delay);
}

/* What the server tells about itself. */
static void learn(ask *k, const dns_attempt *a, const dns_query *query,
                  const dns_judgement *judgement)
{
    const weir_dns_cookie *is = &judgement->cookie, *sent = &query->cookie;
    if (judgement->has_cookie) {
        if (is->server_len != sent->server_len ||
            memcmp(is->server, sent->server, is->server_len) != 0)
            weir_dns_servers_keep_cookie(k->io, k->servers, a->how.peer, is);
    } else if (a->how.tcp && query->has_cookie && sent->server_len > 0) {
        /* Nobody else can have said this: it has given cookies up. */
        weir_dns_servers_keep_cookie(k->io, k->servers, a->how.peer, NULL);
    }
    if (a->how.plain && judgement->verdict == DNS_GOOD)
        weir_dns_servers_keep_plain(k->io, k->servers, a->how.peer,
                                    weir_now(k->io, WEIR_CLOCK_MONOTONIC));
}

/* Keeps what came if it tells more than what is known. */
static void keep_failure(ask *k, dns_attempt *a, unsigned i, weir_bytes message,
                         const dns_judgement *judgement)
{
    dns_reply *reply = k->lines[i].reply;
    if (weight(judgement->error) > weight(reply->error))
        fill_reply(k, reply, a, message, judgement);
}

/* Does what the verdict on the answer to a question asks for. */
static int act(ask *k, dns_attempt *a, unsigned i, weir_bytes message,
               const dns_judgement *judgement)
{
    learn(k, a, &a->queries[i], judgement);
    weir_dns_report_message(k->report, k->report ? a->entries[i] : -1, message, judgement);
    const bool enough = judgement->verdict == DNS_CUT && k->question->ignore_truncation;
    if (judgement->verdict == DNS_GOOD || enough) {
        take_answer(k, a, i, message, judgement);
        return 0;
    }
    if (judgement->verdict != DNS_UNPROVEN) keep_failure(k, a, i, message, judgement);
    dns_approach how = a->how;
    switch (judgement->verdict) {
    case DNS_CUT:
    case DNS_UNPROVEN: return again_over_tcp(k, a, i, judgement->error);
    case DNS_WANTS_PLAIN: how.plain = true; return again(k, a, i, &how, judgement->error);
    case DNS_BAD_COOKIE:
        if (a->how.tcp) break;
        if (a->how.cookie_again) return again_over_tcp(k, a, i, judgement->error);
        how.cookie_again = true;
        return again(k, a, i, &how, judgement->error);
    default: break;
    }
    blame(k, a);
    report_end(k, a, i, judgement->error);
    leave(k, a, i);
    return 0;
}

/* The question that a message answers, or -1. */
static int find(ask *k, const dns_attempt *a, weir_bytes message, bool whole, dns_judgement *out)
{
    for (unsigned i = 0; i < k->question->type_count; i++) {
        if (!(a->pending & 1U << i)) continue;
        weir_dns_judge(message, whole, !a->how.tcp, &a->queries[i], out);
        if (out->verdict != DNS_IGNORED) return (int)i;
    }
    return -1;
}

static int fail_all(ask *k, dns_attempt *a, int error)
{
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (a->pending & 1U << i) fail(k, a, i, error);
    if (!is_shortage(error)) blame(k, a);
    return 0;
}

/* Something came to a port. */
static int handle_udp(ask *k, dns_attempt *a)
{
    if (a->op.result < 0) return fail_all(k, a, (int)a->op.result);
    bool whole;
    const weir_bytes message = weir_dns_attempt_message(a, &whole);
    dns_judgement judgement;
    const int i = find(k, a, message, whole, &judgement);
    if (i >= 0) return act(k, a, (unsigned)i, message, &judgement);
    if (++a->ignored < IGNORED_MAX) return 0;
    int error = 0;
    for (unsigned n = 0; n < k->question->type_count && !error; n++)
        if (a->pending & 1U << n) error = again_over_tcp(k, a, n, WEIR_EDNS_ANSWER);
    return error;
}

/* The connection was there before, and was lost: by chance at this moment (RFC 7766 6.2.4). */
static bool lost_reused(const dns_attempt *a)
{
    return a->op.result == WEIR_ECONNRESET && a->how.after == 0 && a->link.serial != a->link.opened;
}

/* A query over TCP has ended. */
static int handle_tcp(ask *k, dns_attempt *a)
{
    const unsigned i = a->pending == 1 ? 0 : 1;
    const int64_t result = a->op.result;
    if (result == WEIR_EAGAIN && a->links_made++ < LINKS_MADE_MAX) {
        const int error = weir_dns_link_open(k->io, &a->link);
        return error ? fail_all(k, a, error) : 0;
    }
    if (result < 0 && lost_reused(a)) {
        dns_approach how = a->how;
        how.after = a->link.serial;
        return again(k, a, i, &how, WEIR_ECONNRESET);
    }
    if (result < 0) return fail_all(k, a, (int)result);
    a->queries[i].id = a->link.id;
    bool whole;
    const weir_bytes message = weir_dns_attempt_message(a, &whole);
    dns_judgement judgement;
    if (find(k, a, message, whole, &judgement) < 0) {
        a->ignored++;
        note_error(&k->lines[i], WEIR_EDNS_ANSWER);
        return fail_all(k, a, WEIR_EDNS_ANSWER);
    }
    return act(k, a, i, message, &judgement);
}

/* Steps -------------------------------------------------------------------------------------- */

/* Begins the next step of some lines, whose number it is. */
static int begin_step(ask *k, unsigned questions, unsigned number)
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
static bool is_held(const ask *k, unsigned i)
{
    return i > 0 && k->options->single_request && !k->lines[0].done;
}

/* Begins steps until something can be waited for in every line, or it is done. */
static int advance(ask *k)
{
    for (;;) {
        unsigned questions = 0, number = 0;
        for (unsigned i = 0; i < k->question->type_count; i++) {
            line *l = &k->lines[i];
            if (l->done || l->live > 0 || is_held(k, i)) continue;
            if (l->step == k->steps) {
                finish_line(k, i, WEIR_EDNS_UNREACHABLE);
                continue;
            }
            if (questions && l->step != number) continue;
            number = l->step;
            questions |= 1U << i;
        }
        if (!questions) return 0;
        for (unsigned i = 0; i < k->question->type_count; i++)
            if (questions & 1U << i) k->lines[i].step++;
        const int error = begin_step(k, questions, number);
        if (error) return error;
    }
}

/* A line's step has taken its time. */
static void expire_line(ask *k, unsigned i)
{
    line *l = &k->lines[i];
    note_error(l, WEIR_EDNS_TIMEOUT);
    for (dns_attempt *a = k->first; a; a = a->next) {
        if (!(a->pending & 1U << i) || a->steps[i] != l->step) continue;
        blame(k, a);
        report_end(k, a, i, WEIR_EDNS_TIMEOUT);
        if (a->how.tcp && a->in_flight) weir_dns_link_suspect(k->io, &a->link);
    }
    l->live = 0;
}

static void expire(ask *k)
{
    const weir_instant now = weir_now(k->io, WEIR_CLOCK_MONOTONIC);
    const bool over = weir_deadline_passed(k->limit, now);
    for (unsigned i = 0; i < k->question->type_count; i++) {
        line *l = &k->lines[i];
        if (l->done) continue;
        if (over)
            finish_line(k, i, WEIR_EDNS_TIMEOUT);
        else if (l->live > 0 && weir_deadline_passed(l->until, now))
            expire_line(k, i);
    }
}

/* Waiting ------------------------------------------------------------------------------------ */

static weir_deadline next_deadline(const ask *k)
{
    weir_deadline until = k->limit;
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (!k->lines[i].done && k->lines[i].live > 0)
            until = weir_instant_min(until, k->lines[i].until);
    return until;
}

/* Submits the ops of all attempts that wait. */
static void submit_all(ask *k)
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
static void sweep(ask *k)
{
    for (dns_attempt *a = k->first, *next; a; a = next) {
        next = a->next;
        if (!a->pending) drop(k, a);
        if (a->dropped && !a->in_flight) release(k, a);
    }
}

/* Waits until one attempt has something, or a time is over.  Returns 0 and the attempt or NULL;
 * WEIR_ECANCELED, WEIR_EDEADLINE. */
static int await_event(ask *k, dns_attempt **out)
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
static int run(ask *k)
{
    for (;;) {
        int error = advance(k);
        sweep(k);
        if (error || !k->open) return error;
        dns_attempt *a;
        error = await_event(k, &a);
        if (error) return error;
        if (a && !a->dropped) error = a->how.tcp ? handle_tcp(k, a) : handle_udp(k, a);
        if (!a) expire(k);
        if (error) return error;
    }
}

/* Cancels what waits, lets it settle, closes everything. */
static void clear(ask *k)
{
    for (dns_attempt *a = k->first; a; a = a->next) drop(k, a);
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
    while (k->first) release(k, k->first);
}

static void begin_reply(dns_reply *reply)
{
    reply->error = 0;
    reply->message = weir_bytes_of(NULL, 0);
    reply->header = (weir_dns_header){0};
    reply->rcode = 0;
    reply->server.kind = WEIR_ADDRESS_NONE;
    reply->transport = WEIR_DNS_UDP;
    reply->far = NULL;
}

static void choose_order(ask *k)
{
    if (k->question->only_server >= 0) {
        k->order[0] = (uint8_t)k->question->only_server;
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
    ask k;
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
        k.lines[i] = (line){.reply = &replies[i]};
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
