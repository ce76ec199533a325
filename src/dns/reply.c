/* SPDX-License-Identifier: MIT
 *
 * Judges messages (RFC 5452 9.1, RFC 6891 7, RFC 7873 5.3).
 *
 * Until id, QR, opcode and question fit it may be anybody's, and is ignored; after that it is the
 * server's word, and what is wrong with it is the server's fault.
 */
#include "dns/reply.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/record.h>

static bool same_question(const weir_dns_question *is, const dns_query *query)
{
    if (is->type != query->type || is->class_ != WEIR_DNS_CLASS_IN) return false;
    if (is->name.len != query->name->len) return false;
    if (memcmp(is->name.octets, query->name->octets, is->name.len) == 0) return true;
    return !query->exact && weir_dns_name_equal(&is->name, query->name);
}

/* A server that could not read the question, or does not want to, may leave it out. */
static bool may_lack_question(const weir_dns_header *header)
{
    return header->rcode == WEIR_DNS_FORMERR || header->rcode == WEIR_DNS_NOTIMP ||
           header->rcode == WEIR_DNS_SERVFAIL || header->rcode == WEIR_DNS_REFUSED;
}

/* Whether the message is the answer to this query, whatever it says. */
static bool belongs(weir_dns_reader *reader, weir_bytes message, const dns_query *query,
                    weir_dns_header *header)
{
    if (weir_dns_reader_init(reader, message, header) != 0) return false;
    if (header->id != query->id || !header->response || header->opcode != 0) return false;
    if (header->questions == 0) return may_lack_question(header);
    weir_dns_question question;
    return header->questions == 1 && weir_dns_reader_question(reader, &question) > 0 &&
           same_question(&question, query);
}

/* Reads the options.  False: the cookie is not ours: somebody else's message (RFC 7873 5.3). */
static bool read_options(const weir_dns_edns *edns, const dns_query *query, dns_judgement *out)
{
    weir_bytes options = edns->options, value;
    uint16_t code;
    while (weir_dns_edns_next(&options, &code, &value) > 0) {
        if (code == WEIR_DNS_EDNS_COOKIE && query->has_cookie) {
            if (weir_dns_cookie_decode(value, &out->cookie) != 0 ||
                memcmp(out->cookie.client, query->cookie.client, sizeof out->cookie.client) != 0)
                return false;
            out->has_cookie = out->cookie.server_len > 0;
        } else if (code == WEIR_DNS_EDNS_ERROR && !out->has_extended) {
            out->has_extended = weir_dns_extended_error_decode(value, &out->extended) == 0;
        }
    }
    return true;
}

/* Reads all records for the OPT among them.  Returns 0; WEIR_EDNS_MESSAGE: malformed;
 * WEIR_EDNS_ANSWER: somebody else's. */
static int read_records(weir_dns_reader *reader, const dns_query *query, dns_judgement *out)
{
    weir_dns_record record;
    int more;
    while ((more = weir_dns_reader_record(reader, &record)) > 0) {
        if (record.type != WEIR_DNS_OPT || record.section != WEIR_DNS_ADDITIONAL) continue;
        weir_dns_edns edns;
        /* More than one OPT record is an error (RFC 6891 6.1.1). */
        if (out->has_edns || weir_dns_edns_decode(reader, &record, &edns) != 0)
            return WEIR_EDNS_MESSAGE;
        out->has_edns = true;
        out->rcode = weir_dns_edns_rcode(&out->header, &edns);
        if (!read_options(&edns, query, out)) return WEIR_EDNS_ANSWER;
    }
    return more;
}

static int error_of(unsigned rcode)
{
    switch (rcode) {
    case WEIR_DNS_SERVFAIL: return WEIR_EDNS_SERVFAIL;
    case WEIR_DNS_REFUSED: return WEIR_EDNS_REFUSED;
    case WEIR_DNS_NOTIMP: return WEIR_EDNS_NOTIMP;
    default: return WEIR_EDNS_RCODE;
    }
}

static dns_verdict failed(dns_judgement *out, int error)
{
    out->error = error;
    return DNS_FAILED;
}

/* What a whole message says. */
static dns_verdict weigh(const dns_query *query, dns_judgement *out)
{
    switch (out->rcode) {
    case WEIR_DNS_NOERROR:
    case WEIR_DNS_NXDOMAIN:
        if (out->header.questions == 0) return failed(out, WEIR_EDNS_ANSWER);
        out->positive = out->rcode == WEIR_DNS_NOERROR && out->header.answers > 0;
        return DNS_GOOD;
    case WEIR_DNS_FORMERR:
    case WEIR_DNS_NOTIMP:
    case WEIR_DNS_BADVERS:
        out->error = error_of(out->rcode);
        return query->edns ? DNS_WANTS_PLAIN : DNS_FAILED;
    case WEIR_DNS_BADCOOKIE:
        out->error = WEIR_EDNS_RCODE;
        return out->has_cookie ? DNS_BAD_COOKIE : DNS_FAILED;
    default: return failed(out, error_of(out->rcode));
    }
}

static dns_verdict judge(weir_bytes message, bool whole, bool udp, const dns_query *query,
                         dns_judgement *out)
{
    weir_dns_reader reader;
    if (!belongs(&reader, message, query, &out->header)) return DNS_IGNORED;
    out->rcode = out->header.rcode;
    const bool cut = out->header.truncated || !whole;
    const int bad = read_records(&reader, query, out);
    if (bad == WEIR_EDNS_ANSWER) return DNS_IGNORED;
    if (cut) {
        out->error = WEIR_EDNS_TRUNCATED;
        /* There is nothing beyond TCP. */
        return udp ? DNS_CUT : DNS_FAILED;
    }
    if (bad) return failed(out, WEIR_EDNS_ANSWER);
    if (udp && query->has_cookie && query->cookie.server_len > 0 && !out->has_cookie) {
        out->error = WEIR_EDNS_ANSWER;
        return DNS_UNPROVEN;
    }
    return weigh(query, out);
}

void weir_dns_judge(weir_bytes message, bool whole, bool udp, const dns_query *query,
                    dns_judgement *out)
{
    out->error = 0;
    out->rcode = 0;
    out->positive = out->has_edns = out->has_cookie = out->has_extended = false;
    out->verdict = judge(message, whole, udp, query, out);
}
