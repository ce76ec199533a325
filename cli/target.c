/* SPDX-License-Identifier: MIT
 *
 * Addresses and names with a transport, as people write them.
 */
#include <string.h>

#include <weir/base/error.h>

#include "dns.h"
#include "target.h"

/* Takes "tcp:", "udp:" or what the options say off the front. */
static bool take_transport(const char **text, const cli_transports *transports, cli_transport *out)
{
    const bool local = strncmp(*text, "unix:", 5) == 0;
    if (transports->udp + transports->datagram + transports->seqpacket > 1) {
        cli_complain("one of --udp, --datagram and --seqpacket at a time");
        return false;
    }
    if ((transports->datagram || transports->seqpacket) && !local) {
        cli_complain("--%s is for Unix sockets: unix:/path or unix:@name, not \"%s\"",
                     transports->datagram ? "datagram" : "seqpacket", *text);
        return false;
    }
    if (transports->udp && local) {
        cli_complain("--udp is for IP addresses, not \"%s\" (--datagram is for Unix sockets)",
                     *text);
        return false;
    }
    *out = transports->datagram    ? CLI_UNIX_DATAGRAM
           : transports->seqpacket ? CLI_UNIX_PACKET
           : local                 ? CLI_UNIX_STREAM
           : transports->udp       ? CLI_UDP
                                   : CLI_TCP;
    if (strncmp(*text, "udp:", 4) == 0) *out = CLI_UDP;
    if (strncmp(*text, "udp:", 4) == 0 || strncmp(*text, "tcp:", 4) == 0) *text += 4;
    return true;
}

/* Reads "name:port": 0, WEIR_EADDRTEXT, WEIR_EPORTTEXT where it is missing, or WEIR_EDNS_NAME after
 * a message. */
static int take_name(weir_bytes text, cli_target *out)
{
    weir_host_port parts;
    char typed[WEIR_DNS_NAME_TEXT];
    weir_dns_name_why why;
    const int error = weir_address_split(text, WEIR_ADDRESS_AS_SOCKET, 0, &parts, NULL);
    if (error && weir_address_split(text, WEIR_ADDRESS_AS_LITERAL, 0, &parts, NULL)) return error;
    if (parts.bracketed || parts.host.len >= sizeof typed) return WEIR_EADDRTEXT;
    memcpy(typed, parts.host.data, parts.host.len);
    typed[parts.host.len] = '\0';
    /* Who writes a number at the end means an address. */
    if (weir_dns_host_check(weir_bytes_text(typed), 0, &why) && why.fault == WEIR_DNS_NAME_NUMERIC)
        return WEIR_EADDRTEXT;
    if (!dns_host_ascii(typed, 0, out->host)) return WEIR_EDNS_NAME;
    if (error) return WEIR_EPORTTEXT;
    out->port = parts.port;
    return 0;
}

static bool parse(const cli_command *command, const char *text, const cli_transports *transports,
                  bool names, cli_target *out)
{
    weir_address_why why;
    *out = (cli_target){.text = text};
    const char *rest = text;
    if (!take_transport(&rest, transports, &out->transport)) return false;
    const bool local = out->transport >= CLI_UNIX_STREAM;
    bool no_port = false;
    int error = weir_endpoint_parse_why(weir_bytes_text(rest), &out->endpoint, &why);
    if (!error && !local && out->endpoint.addresses[0].kind == WEIR_ADDRESS_UNIX) {
        error = WEIR_EADDRTEXT; /* udp:unix:… */
    } else if (error == WEIR_EADDRTEXT && names && !local) {
        error = take_name(weir_bytes_text(rest), out);
        if (error == WEIR_EDNS_NAME) return false;
        no_port = error == WEIR_EPORTTEXT;
    }
    if (!error) return true;
    cli_complain("%s: \"%s\": %s; it takes 8080, localhost:8080, %s192.0.2.1:80, [::1]:8080, "
                 "udp:8080, unix:/path or unix:@name",
                 command->name, text, no_port ? "the port is missing" : weir_strerror(error),
                 names ? "example.org:80, " : "");
    return false;
}

bool cli_target_parse(const cli_command *command, const char *text,
                      const cli_transports *transports, cli_target *out)
{
    return parse(command, text, transports, false, out);
}

bool cli_target_parse_peer(const cli_command *command, const char *text,
                           const cli_transports *transports, cli_target *out)
{
    return parse(command, text, transports, true, out);
}

const char *cli_transport_name(cli_transport transport)
{
    static const char *const names[] = {"TCP", "UDP", "Unix stream", "Unix datagram",
                                        "Unix seqpacket"};
    return names[transport];
}

bool cli_is_datagram(cli_transport transport)
{
    return transport == CLI_UDP || transport == CLI_UNIX_DATAGRAM;
}

void cli_target_print(cli_transport transport, const weir_address *address, char *out)
{
    if (weir_unix_kind_of(address) == WEIR_UNIX_UNNAMED || address->kind == WEIR_ADDRESS_NONE) {
        strcpy(out, address->kind ? "an unnamed socket" : "a peer that has left");
        return;
    }
    if (transport == CLI_UDP) {
        memcpy(out, "udp:", 4);
        out += 4;
    }
    weir_address_print(address, out);
}
