/* SPDX-License-Identifier: MIT
 *
 * Reports of lookups: written while asking, printed for people.
 */
#include <weir/dns/report.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/record.h>

#include "dns/ask_report.h"

int weir_dns_report_begin(weir_dns_report *report, const weir_address *server,
                          const dns_attempt *attempt, const weir_dns_name *name, uint16_t type,
                          bool edns)
{
    if (!report) return -1;
    report->total++;
    if (report->kept == WEIR_DNS_ATTEMPTS) return -1;
    report->attempts[report->kept] = (weir_dns_attempt){
        .server = *server,
        .transport = attempt->how.tcp ? WEIR_DNS_TCP : WEIR_DNS_UDP,
        .edns = edns,
        .type = type,
        .name = *name,
        .started = attempt->started,
        .error = WEIR_ECANCELED,
    };
    return (int)report->kept++;
}

void weir_dns_report_end(weir_dns_report *report, int entry, const dns_attempt *attempt,
                         weir_instant now, int error)
{
    if (!report || entry < 0) return;
    weir_dns_attempt *kept = &report->attempts[entry];
    kept->took = weir_instant_since(now, attempt->started);
    kept->error = error;
    kept->ignored = (uint16_t)attempt->ignored;
    kept->reused = attempt->how.tcp && attempt->link.serial != 0 &&
                   attempt->link.serial != attempt->link.opened;
}

static void keep_text(char *out, size_t size, weir_bytes text)
{
    const size_t len = text.len < size - 1 ? text.len : size - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '?';
    out[len] = '\0';
}

void weir_dns_report_message(weir_dns_report *report, int entry, weir_bytes message,
                             const dns_judgement *judgement)
{
    if (!report || entry < 0) return;
    weir_dns_attempt *kept = &report->attempts[entry];
    kept->truncated = judgement->header.truncated;
    kept->authentic = judgement->header.authentic;
    kept->rcode = (uint16_t)judgement->rcode;
    kept->bytes = (uint32_t)message.len;
    kept->answers = judgement->header.answers;
    kept->has_extended = judgement->has_extended;
    if (!judgement->has_extended) return;
    kept->extended_code = judgement->extended.code;
    keep_text(kept->extended_text, sizeof kept->extended_text, judgement->extended.text);
}

/* For people --------------------------------------------------------------------------------- */

typedef struct text_out {
    char *out;
    size_t size, len; /* len: the whole, also what did not fit */
} text_out;

__attribute__((format(printf, 2, 3))) static void add(text_out *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t at = text->len < text->size ? text->len : text->size - 1;
    const int n = vsnprintf(text->out + at, text->size - at, format, arguments);
    va_end(arguments);
    if (n > 0) text->len += (size_t)n;
}

static void add_rcode(text_out *text, unsigned rcode)
{
    const char *name = weir_dns_rcode_name(rcode);
    if (name)
        add(text, " answered %s", name);
    else
        add(text, " answered with error %u", rcode);
}

static void add_outcome(text_out *text, const weir_dns_attempt *a)
{
    char took[WEIR_DURATION_ROOM];
    switch (a->error) {
    case 0: add(text, " answered"); break;
    case WEIR_EDNS_TIMEOUT:
        /* It ends a little after the time that was set. */
        weir_duration_print(weir_milliseconds(weir_duration_to_milliseconds(a->took) / 10 * 10),
                            took, sizeof took);
        add(text, " did not answer within %s", took);
        break;
    case WEIR_EDNS_SERVFAIL: add(text, " failed"); break;
    case WEIR_EDNS_REFUSED: add(text, " refused"); break;
    case WEIR_EDNS_NOTIMP: add(text, " does not know this kind of question"); break;
    case WEIR_EDNS_RCODE: add_rcode(text, a->rcode); break;
    case WEIR_EDNS_ANSWER: add(text, " answered nonsense"); break;
    case WEIR_EDNS_TRUNCATED: add(text, " cut its answer off"); break;
    case WEIR_ECANCELED: add(text, " was not waited for"); break;
    default: add(text, ": %s", weir_strerror(a->error)); break;
    }
    if (a->transport == WEIR_DNS_TCP) add(text, " over TCP");
    if (!a->has_extended) return;
    const char *why = weir_dns_extended_error_name(a->extended_code);
    if (why)
        add(text, ", \"%s\"", why);
    else
        add(text, ", extended error %u", (unsigned)a->extended_code);
    if (a->extended_text[0]) add(text, " (%s)", a->extended_text);
}

/* Whether two are told as one. */
static bool alike(const weir_dns_attempt *a, const weir_dns_attempt *b)
{
    const bool both_waited =
        a->error == WEIR_EDNS_TIMEOUT && weir_duration_to_milliseconds(a->took) / 100 ==
                                             weir_duration_to_milliseconds(b->took) / 100;
    return weir_address_equal(&a->server, &b->server) && a->transport == b->transport &&
           a->error == b->error && a->rcode == b->rcode &&
           (a->error != WEIR_EDNS_TIMEOUT || both_waited) && a->has_extended == b->has_extended &&
           (!a->has_extended || (a->extended_code == b->extended_code &&
                                 strcmp(a->extended_text, b->extended_text) == 0));
}

size_t weir_dns_report_print(const weir_dns_report *report, char *out, size_t size)
{
    text_out text = {out, size, 0};
    out[0] = '\0';
    if (report->total == 0) add(&text, "no server was asked");
    uint32_t told = 0; /* a bit for each */
    for (uint32_t i = 0; i < report->kept; i++) {
        if (told & 1U << i) continue;
        const weir_dns_attempt *a = &report->attempts[i];
        unsigned times = 0;
        for (uint32_t k = i; k < report->kept; k++) {
            if (!alike(a, &report->attempts[k])) continue;
            told |= 1U << k;
            times++;
        }
        char server[WEIR_ADDRESS_TEXT];
        weir_address_print(&a->server, server);
        add(&text, "%s%s", i > 0 ? "; " : "", server);
        add_outcome(&text, a);
        if (times > 1) add(&text, " (%u times)", times);
    }
    if (report->total > report->kept) add(&text, "; %u more", report->total - report->kept);
    return text.len;
}
