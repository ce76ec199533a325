/* SPDX-License-Identifier: MIT
 *
 * Names and addresses as people write them, and why nothing came of asking for one.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/endpoint.h>

#include "dns.h"

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 127) return false;
    return true;
}

/* Turns Unicode into ASCII that keeps these rules (weir_dns_host_flags). */
static bool from_unicode(const char *text, unsigned rules, const char *kind,
                         char out[WEIR_DNS_ASCII_TEXT])
{
    char ascii[WEIR_DNS_ASCII_TEXT];
    const char *reason = "";
    const int error = weir_dns_idna_to_ascii(weir_bytes_text(text), rules, ascii, &reason);
    if (error >= 0) strcpy(out, ascii);
    if (error == WEIR_EDNS_NAME)
        cli_complain("\"%s\" is no %s: %s", text, kind, reason);
    else if (error < 0)
        cli_complain("\"%s\": %s", text, weir_strerror(error));
    return error >= 0;
}

bool dns_ascii(const char *text, char out[WEIR_DNS_NAME_TEXT])
{
    weir_dns_name name;
    weir_dns_name_why why;
    const weir_bytes bytes = weir_bytes_text(text);
    if (!is_ascii(text)) return from_unicode(text, WEIR_DNS_HOST_UNDERSCORE, "domain name", out);
    if (weir_dns_name_parse_why(bytes, &name, &why) < 0) {
        cli_complain("\"%s\" is no domain name: %s", text, weir_dns_name_fault_text(why.fault));
        cli_point(text, why.at);
        return false;
    }
    if (bytes.len >= WEIR_DNS_NAME_TEXT) /* escapes that need not be */
        weir_dns_name_print(&name, out);
    else
        memcpy(out, text, bytes.len + 1);
    return true;
}

bool dns_host_ascii(const char *text, unsigned rules, char out[WEIR_DNS_ASCII_TEXT])
{
    const char *kind = rules & WEIR_DNS_HOST_UNDERSCORE ? "domain name" : "host name";
    weir_dns_name_why why;
    if (!is_ascii(text)) return from_unicode(text, rules, kind, out);
    if (weir_dns_host_check(weir_bytes_text(text), rules, &why) == 0) {
        strcpy(out, text);
        return true;
    }
    cli_complain("\"%s\" is no %s: %s", text, kind, weir_dns_name_fault_text(why.fault));
    cli_point(text, why.at);
    return false;
}

void dns_unicode(const weir_dns_name *name, char out[WEIR_DNS_UNICODE_TEXT])
{
    char text[WEIR_DNS_NAME_TEXT];
    const size_t len = weir_dns_name_print_host(name, text);
    const int error = weir_dns_idna_to_unicode(weir_bytes_of(text, len), out);
    if (error < 0 || is_ascii(out)) out[0] = '\0';
}

bool dns_read_address(const char *text, weir_address *out)
{
    weir_address_why why;
    if (weir_endpoint_parse_address(weir_bytes_text(text), WEIR_ADDRESS_AS_IP, 0, out, &why) == 0) {
        weir_address_unmap(out);
        return true;
    }
    cli_complain("\"%s\" is no IP address: %s", text, weir_address_fault_text(why.fault));
    cli_point(text, why.at);
    return false;
}

/* Why nothing came --------------------------------------------------------------------------- */

static bool was_refused_connection(const weir_dns_report *report)
{
    for (uint32_t i = 0; i < report->kept; i++)
        if (report->attempts[i].error == WEIR_ECONNREFUSED) return true;
    return false;
}

static const char *hint_for(const dns_asker *asker, int error)
{
    const bool named = asker->servers.count > 0;
    switch (error) {
    case WEIR_EDNS_TIMEOUT:
        if (named && asker->command == &cli_talk) return " (is that a name server?)";
        return named ? " (is that a name server? a firewall may drop what is sent there; --tcp and "
                       "--timeout may help)"
                     : " (a firewall may drop what is sent there; --server asks another one)";
    case WEIR_EDNS_UNREACHABLE:
        if (was_refused_connection(&asker->report)) return " (is a name server running there?)";
        return " (weir ifaces shows the networks of this machine)";
    case WEIR_EDNS_SERVFAIL:
        return " (servers of the zone that do not answer, or signatures that are not valid; weir "
               "dig shows the server's message)";
    case WEIR_EDNS_REFUSED:
        return " (the server does not serve us, or not this name; --server asks another one)";
    case WEIR_EDNS_TRUNCATED: return " (TCP port 53 may be closed on the way there)";
    case WEIR_EDNS_SPECIAL: return " (.onion and .local names belong to other systems)";
    case WEIR_EZONETEXT: return " (weir ifaces lists the interfaces)";
    case WEIR_EAFNOSUPPORT: return " (-4 and -6 exclude it)";
    default: return "";
    }
}

void dns_complain(const dns_asker *asker, const char *name, const char *type, int error)
{
    char report[1024] = "";
    if (asker->report.total > 0) weir_dns_report_print(&asker->report, report, sizeof report);
    /* The answer that there is nothing needs no list of who said so. */
    const bool empty =
        error == WEIR_EDNS_NOTFOUND || error == WEIR_EDNS_NODATA || error == WEIR_EDNS_SERVICE;
    const bool asked = report[0] && !empty;
    cli_complain("cannot look up %s%s%s: %s%s%s%s", name, type[0] ? " " : "", type,
                 weir_strerror(error), asked ? ": " : "", asked ? report : "",
                 hint_for(asker, error));
}
