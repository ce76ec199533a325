/* SPDX-License-Identifier: MIT
 *
 * What comes for an attempt, and what is done about it.
 */
#include "dns/ask_state.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "dns/ask_report.h"
#include "dns/servers.h"

enum {
    LINKS_MADE_MAX = 4,
    DOUBTS_MAX = 2, /* a port may be chosen just before it is told what concerns others */
};

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

/* Fills a reply with what a server said; `error` is what it means, unless there is no memory. */
static void fill_reply(dns_ask *k, dns_reply *reply, dns_attempt *a, weir_bytes message,
                       const dns_judgement *judgement, int error)
{
    reply->error = error;
    reply->header = judgement->header;
    reply->rcode = judgement->rcode;
    reply->server = k->servers->peers[a->how.peer].address;
    reply->transport = a->how.tcp ? WEIR_DNS_TCP : WEIR_DNS_UDP;
    reply->came = weir_now(k->io, WEIR_CLOCK_BOOT);
    const int kept = keep_message(reply, message, take_far(a));
    if (kept) reply->error = kept;
}

/* An attempt has failed a question. */
static void fail(dns_ask *k, dns_attempt *a, unsigned i, int error)
{
    weir_dns_ask_note(&k->lines[i], weir_dns_ask_meaning(error));
    weir_dns_ask_report_end(k, a, i, error);
    weir_dns_ask_leave(k, a, i);
}

static void take_answer(dns_ask *k, dns_attempt *a, unsigned i, weir_bytes message,
                        const dns_judgement *judgement)
{
    fill_reply(k, k->lines[i].reply, a, message, judgement, 0);
    const int error = k->lines[i].reply->error;
    weir_dns_ask_report_end(k, a, i, error);
    weir_dns_ask_finish_line(k, i, error);
    weir_dns_servers_praise(k->io, k->servers, a->how.peer);
    const weir_duration delay = k->question->resolution_delay;
    if (k->open && judgement->positive && delay.ns > 0)
        k->limit = weir_deadline_after(k->io, delay);
}

/* What the server tells about itself. */
static void learn(dns_ask *k, const dns_attempt *a, const dns_query *query,
                  const dns_judgement *judgement)
{
    const weir_dns_cookie *is = &judgement->cookie, *sent = &query->cookie;
    if (judgement->has_cookie) {
        if (is->server_len != sent->server_len ||
            memcmp(is->server, sent->server, is->server_len) != 0)
            weir_dns_servers_keep_cookie(k->io, k->servers, a->how.peer, is);
    } else if (a->how.tcp && query->has_cookie && sent->server_len > 0) {
        /* Nobody else can have said this: it has given cookies up. */
        weir_dns_cookie forgotten = *sent;
        forgotten.server_len = 0;
        weir_dns_servers_keep_cookie(k->io, k->servers, a->how.peer, &forgotten);
    }
    if (a->how.plain && judgement->verdict == DNS_GOOD)
        weir_dns_servers_keep_plain(k->io, k->servers, a->how.peer,
                                    weir_now(k->io, WEIR_CLOCK_MONOTONIC));
}

/* Keeps what came if it tells more than what is known. */
static void keep_failure(dns_ask *k, dns_attempt *a, unsigned i, weir_bytes message,
                         const dns_judgement *judgement)
{
    dns_reply *reply = k->lines[i].reply;
    if (weir_dns_ask_weight(judgement->error) > weir_dns_ask_weight(reply->error))
        fill_reply(k, reply, a, message, judgement, judgement->error);
}

/* Does what the verdict on the answer to a question asks for. */
static int act(dns_ask *k, dns_attempt *a, unsigned i, weir_bytes message,
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
    case DNS_UNPROVEN: return weir_dns_ask_again_over_tcp(k, a, i, judgement->error);
    case DNS_WANTS_PLAIN:
        how.plain = true;
        return weir_dns_ask_again(k, a, i, &how, judgement->error);
    case DNS_BAD_COOKIE:
        if (a->how.tcp) break;
        if (a->how.cookie_again) return weir_dns_ask_again_over_tcp(k, a, i, judgement->error);
        how.cookie_again = true;
        return weir_dns_ask_again(k, a, i, &how, judgement->error);
    default: break;
    }
    weir_dns_ask_blame(k, a);
    weir_dns_ask_report_end(k, a, i, judgement->error);
    weir_dns_ask_leave(k, a, i);
    return 0;
}

/* The question that a message answers, or -1. */
static int find(dns_ask *k, const dns_attempt *a, weir_bytes message, bool whole,
                dns_judgement *out)
{
    for (unsigned i = 0; i < k->question->type_count; i++) {
        if (!(a->pending & 1U << i)) continue;
        weir_dns_judge(message, whole, !a->how.tcp, &a->queries[i], out);
        if (out->verdict != DNS_IGNORED) return (int)i;
    }
    return -1;
}

static int fail_all(dns_ask *k, dns_attempt *a, int error)
{
    for (unsigned i = 0; i < k->question->type_count; i++)
        if (a->pending & 1U << i) fail(k, a, i, error);
    if (!weir_dns_ask_is_shortage(error)) weir_dns_ask_blame(k, a);
    return 0;
}

/* Too many foreign messages: somebody guesses. */
static int flee(dns_ask *k, dns_attempt *a)
{
    int error = 0;
    for (unsigned i = 0; i < k->question->type_count && !error; i++)
        if (a->pending & 1U << i) error = weir_dns_ask_again_over_tcp(k, a, i, WEIR_EDNS_ANSWER);
    return error;
}

/* It is hinted that no answer will come.  The attempt goes on to listen, as one whose time is over;
 * it is asked elsewhere at once: where many share a port it was another's message, perhaps, and the
 * same server has another chance. */
static int doubt(dns_ask *k, dns_attempt *a, int hint)
{
    if (a->doubtful) return ++a->ignored < DNS_FOREIGN_MAX ? 0 : flee(k, a);
    a->doubtful = true;
    const bool again = a->how.shared && a->how.doubts < DOUBTS_MAX;
    if (!again) weir_dns_ask_blame(k, a);
    dns_approach how = a->how;
    how.doubts++;
    int error = 0;
    for (unsigned i = 0; i < k->question->type_count && !error; i++) {
        if (!(a->pending & 1U << i)) continue;
        const bool counted = a->steps[i] == k->lines[i].step;
        weir_dns_ask_note(&k->lines[i], weir_dns_ask_meaning(hint));
        weir_dns_ask_report_end(k, a, i, hint);
        weir_dns_ask_leave_step(k, a, i);
        if (again && counted) error = weir_dns_ask_start(k, 1U << i, &how);
    }
    return error;
}

/* Something came to a port. */
static int handle_udp(dns_ask *k, dns_attempt *a)
{
    if (weir_dns_port_is_hint(a->op.result)) return doubt(k, a, (int)a->op.result);
    if (a->op.result < 0) return fail_all(k, a, (int)a->op.result);
    bool whole;
    const weir_bytes message = weir_dns_attempt_message(a, &whole);
    dns_judgement judgement;
    const int i = find(k, a, message, whole, &judgement);
    if (i >= 0) return act(k, a, (unsigned)i, message, &judgement);
    return ++a->ignored < DNS_FOREIGN_MAX ? 0 : flee(k, a);
}

/* A shared port has an answer, or has failed. */
static int handle_shared(dns_ask *k, dns_attempt *a)
{
    const unsigned i = a->pending == 1 ? 0 : 1;
    a->ignored = a->port.ignored;
    if (weir_dns_port_is_hint(a->op.result)) return doubt(k, a, (int)a->op.result);
    if (a->op.result == WEIR_EDNS_MESSAGE)
        return weir_dns_ask_again_over_tcp(k, a, i, WEIR_EDNS_ANSWER);
    if (a->op.result < 0) return fail_all(k, a, (int)a->op.result);
    bool whole;
    return act(k, a, i, weir_dns_attempt_message(a, &whole), &a->port.judgement);
}

/* The connection was there before, and was lost: by chance at this moment (RFC 7766 6.2.4). */
static bool lost_reused(const dns_attempt *a)
{
    return a->op.result == WEIR_ECONNRESET && a->how.after == 0 && a->link.serial != a->link.opened;
}

/* A query over TCP has ended. */
static int handle_tcp(dns_ask *k, dns_attempt *a)
{
    const unsigned i = a->pending == 1 ? 0 : 1;
    const int64_t result = a->op.result;
    if (result == WEIR_EAGAIN && a->links_made++ < LINKS_MADE_MAX) {
        const int error = weir_dns_link_open(k->io, &a->link);
        return error ? fail_all(k, a, error) : 0;
    }
    if (result == WEIR_EADDRNOTAVAIL && !a->how.moved) {
        dns_approach how = a->how;
        how.moved = true;
        return weir_dns_ask_again(k, a, i, &how, (int)result);
    }
    if (result < 0 && lost_reused(a)) {
        dns_approach how = a->how;
        how.after = a->link.serial;
        return weir_dns_ask_again(k, a, i, &how, WEIR_ECONNRESET);
    }
    if (result < 0) return fail_all(k, a, (int)result);
    a->queries[i].id = a->link.id;
    bool whole;
    const weir_bytes message = weir_dns_attempt_message(a, &whole);
    dns_judgement judgement;
    if (find(k, a, message, whole, &judgement) < 0) {
        a->ignored++;
        weir_dns_ask_note(&k->lines[i], WEIR_EDNS_ANSWER);
        return fail_all(k, a, WEIR_EDNS_ANSWER);
    }
    return act(k, a, i, message, &judgement);
}

int weir_dns_ask_handle(dns_ask *k, dns_attempt *a)
{
    if (a->how.tcp) return handle_tcp(k, a);
    return a->how.shared ? handle_shared(k, a) : handle_udp(k, a);
}
