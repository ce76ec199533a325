/* SPDX-License-Identifier: MIT
 *
 * Who was asked, when, over what, and what came, as a table:
 *
 *         AT     TOOK  SERVER        OVER  QUESTION        RESULT
 *       0 ms   1.2 ms  127.0.0.1:53  UDP   www.example. A  NOERROR, 1 record, 60 bytes
 */
#include <inttypes.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>
#include <weir/dns/wire/record.h>

#include "dns.h"

const char *dns_transport(unsigned transport)
{
    return transport == WEIR_DNS_TCP ? "TCP" : "UDP";
}

/* The cells of a line that are of any width. */
typedef struct cells {
    char server[WEIR_ADDRESS_TEXT], over[32], question[WEIR_DNS_NAME_TEXT + WEIR_DNS_TYPE_TEXT];
} cells;

static void fill(const weir_dns_attempt *attempt, cells *out)
{
    weir_address_print(&attempt->server, out->server);
    snprintf(out->over, sizeof out->over, "%s%s%s", dns_transport(attempt->transport),
             attempt->reused ? " again" : "", attempt->edns ? "" : ", no EDNS");
    size_t len = weir_dns_name_print(&attempt->name, out->question);
    out->question[len++] = ' ';
    weir_dns_type_print(attempt->type, out->question + len);
}

static const char *words_for(int error)
{
    switch (error) {
    case WEIR_EDNS_TIMEOUT: return "no answer in time";
    case WEIR_EDNS_UNREACHABLE: return "cannot be reached";
    case WEIR_EDNS_ANSWER: return "an answer that makes no sense";
    case WEIR_ECANCELED: return "not waited for";
    default: return weir_strerror(error);
    }
}

static void print_result(const weir_dns_attempt *a)
{
    const char *rcode = weir_dns_rcode_name(a->rcode);
    if (a->error && a->bytes == 0)
        fputs(words_for(a->error), stdout);
    else if (a->error == WEIR_EDNS_ANSWER)
        printf("%s, %" PRIu32 " bytes", words_for(a->error), a->bytes);
    else if (rcode)
        fputs(rcode, stdout);
    else
        printf("error %u", a->rcode);
    if (a->bytes > 0 && a->error != WEIR_EDNS_ANSWER)
        printf(", %u record%s, %" PRIu32 " bytes", a->answers, a->answers == 1 ? "" : "s",
               a->bytes);
    if (a->truncated) fputs(", cut off (TC)", stdout);
    if (a->authentic) fputs(", validated (AD)", stdout);
    if (a->ignored)
        printf(", after %u message%s that answered nothing", a->ignored,
               a->ignored == 1 ? "" : "s");
    if (!a->has_extended) return;
    const char *why = weir_dns_extended_error_name(a->extended_code);
    printf(", EDE %u%s%s", a->extended_code, why ? " " : "", why ? why : "");
    if (a->extended_text[0]) printf(": %s", a->extended_text);
}

static void widen(int *width, const char *text)
{
    const int len = (int)strlen(text);
    if (len > *width) *width = len;
}

void dns_print_attempts(const dns_asker *asker, const char *margin)
{
    const weir_dns_report *report = &asker->report;
    int servers = 6, overs = 4, questions = 8; /* the titles */
    cells c;
    for (uint32_t i = 0; i < report->kept; i++) {
        fill(&report->attempts[i], &c);
        widen(&servers, c.server);
        widen(&overs, c.over);
        widen(&questions, c.question);
    }
    if (questions > 64) questions = 64;
    dns_paint(asker, DNS_DIM);
    printf("%s%9s  %9s  %-*s  %-*s  %-*s  %s", margin, "AT", "TOOK", servers, "SERVER", overs,
           "OVER", questions, "QUESTION", "RESULT");
    dns_paint(asker, DNS_PLAIN);
    putchar('\n');
    for (uint32_t i = 0; i < report->kept; i++) {
        const weir_dns_attempt *a = &report->attempts[i];
        fill(a, &c);
        printf("%s%6.1f ms  %6.1f ms  %-*s  %-*s  %-*s  ", margin,
               (double)weir_instant_since(a->started, asker->started).ns / 1e6,
               (double)a->took.ns / 1e6, servers, c.server, overs, c.over, questions, c.question);
        if (a->error) dns_paint(asker, DNS_RED);
        print_result(a);
        dns_paint(asker, DNS_PLAIN);
        putchar('\n');
    }
    if (report->kept == 0) printf("%snobody was asked\n", margin);
    if (report->total > report->kept)
        printf("%s… and %" PRIu32 " more\n", margin, report->total - report->kept);
}

void dns_json_attempts(dns_json *json, const dns_asker *asker)
{
    const weir_dns_report *report = &asker->report;
    char type[WEIR_DNS_TYPE_TEXT];
    dns_json_open(json, "attempts", '[');
    for (uint32_t i = 0; i < report->kept; i++) {
        const weir_dns_attempt *a = &report->attempts[i];
        dns_json_open(json, NULL, '{');
        dns_json_address(json, "server", &a->server);
        dns_json_text(json, "transport", dns_transport(a->transport));
        dns_json_bool(json, "edns", a->edns);
        dns_json_bool(json, "reused", a->reused);
        dns_json_name(json, "name", &a->name);
        weir_dns_type_print(a->type, type);
        dns_json_text(json, "type", type);
        dns_json_milliseconds(json, "at_ms", weir_instant_since(a->started, asker->started));
        dns_json_milliseconds(json, "took_ms", a->took);
        if (a->error) dns_json_error(json, "error", a->error);
        if (a->bytes > 0) {
            dns_json_number(json, "rcode", a->rcode);
            dns_json_number(json, "bytes", a->bytes);
            dns_json_number(json, "answers", a->answers);
            dns_json_bool(json, "truncated", a->truncated);
        }
        if (a->has_extended) dns_json_number(json, "extended_error", a->extended_code);
        if (a->ignored) dns_json_number(json, "ignored", a->ignored);
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
    dns_json_number(json, "attempts_total", report->total);
}
