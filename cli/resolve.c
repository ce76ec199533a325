/* SPDX-License-Identifier: MIT
 *
 * `weir resolve`: what a program would get for a name, and why.
 */
#include "resolve.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

static int look_up(weir_io *io, resolving *r)
{
    if (r->config) return resolve_config(io, r);
    if (r->reverse) return resolve_address(io, r);
    if (r->service) return resolve_service(io, r);
    if (r->mail) return resolve_mail(io, r);
    return resolve_host(io, r);
}

/* What was looked up, for the message about its failure. */
static const char *kind_of(const resolving *r)
{
    return r->mail ? "MX" : r->service ? r->service : "";
}

static int resolve(weir_io *io, void *argument)
{
    resolving *r = argument;
    int error = WEIR_EINVAL;
    r->json.to = stdout;
    if (dns_open(io, &r->asker)) {
        if (r->asker.json) dns_json_open(&r->json, NULL, '{');
        error = look_up(io, r);
        if (r->asker.json) {
            if (error) dns_json_error(&r->json, "error", error);
            dns_json_attempts(&r->json, &r->asker);
            dns_json_close(&r->json, '}');
            putchar('\n');
        } else if (r->asker.trace) {
            putchar('\n');
            dns_print_attempts(&r->asker, "");
        }
        fflush(stdout);
        if (error) dns_complain(&r->asker, r->name, kind_of(r), error);
    }
    dns_close(io, &r->asker);
    return error ? CLI_FAILED : CLI_OK;
}

/* The command line ------------------------------------------------------------------------- */

static bool has_only_one_colon(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon && !strchr(colon + 1, ':');
}

/* Splits NAME, NAME:PORT, ADDRESS, [ADDRESS], [ADDRESS]:PORT. */
static bool take_name(resolving *r, const char *word)
{
    const size_t len = strlen(word);
    const char *end = word + len, *colon = NULL;
    if (word[0] == '[') {
        const char *close = strchr(word, ']');
        if (close && close[1] == ':') colon = close + 1;
        if (close && (colon || !close[1])) {
            word++;
            end = close;
        } else {
            weir_address none;
            return dns_read_address(word, &none); /* says what is wrong */
        }
    } else if (has_only_one_colon(word)) {
        end = colon = strchr(word, ':');
    }
    if (colon) {
        const int port = weir_port_parse(weir_bytes_text(colon + 1), NULL);
        if (port < 0) {
            cli_complain("resolve: \"%s\" is no port; it is a number up to 65535", colon + 1);
            return false;
        }
        r->port = (uint16_t)port;
    }
    char *host = strndup(word, (size_t)(end - word));
    bool good = host;
    if (!host) cli_complain("resolve: %s", weir_strerror(WEIR_ENOMEM));
    weir_address address;
    /* An address with a zone is no domain name. */
    if (good && strlen(host) < sizeof r->name &&
        (weir_address_parse_ip(weir_bytes_text(host), 0, &address) == 0 || strchr(host, ':')))
        strcpy(r->name, host);
    else if (good)
        good = dns_host_ascii(host, 0, r->name);
    free(host);
    return good;
}

static bool take_words(resolving *r, const char *const *words, int count)
{
    if (r->config) {
        if (count > 0) cli_complain("resolve --config takes no name");
        return count == 0;
    }
    if (count == 0) {
        cli_complain("resolve needs a name; weir resolve --help shows the forms");
        return false;
    }
    if (r->reverse) {
        snprintf(r->name, sizeof r->name, "%.200s", words[0]);
        return dns_read_address(words[0], &r->address);
    }
    return r->mail || r->service ? dns_host_ascii(words[0], WEIR_DNS_HOST_UNDERSCORE, r->name)
                                 : take_name(r, words[0]);
}

static bool check_options(resolving *r)
{
    if (r->config + r->reverse + r->mail + (r->service != NULL) > 1) {
        cli_complain("one of --config, --reverse, --service and --mail at a time");
        return false;
    }
    if (r->service && (!r->service[0] || r->service[0] == '/')) {
        cli_complain("--service takes the name of a service: imaps, sip/udp");
        return false;
    }
    if (r->libc && (r->config || r->reverse || r->mail || r->service)) {
        cli_complain("--libc is for the addresses of a host");
        return false;
    }
    if (r->ipv4 && r->ipv6) {
        cli_complain("one of -4 and -6 at a time; without them both families are looked up");
        return false;
    }
    if (!dns_read_numbers(&r->asker)) return false;
    r->flags = (r->ipv4 ? WEIR_DNS_IPV4_ONLY : 0U) | (r->ipv6 ? WEIR_DNS_IPV6_ONLY : 0U) |
               (r->no_search ? WEIR_DNS_NO_SEARCH : 0U) | (r->no_hosts ? WEIR_DNS_NO_HOSTS : 0U);
    return true;
}

static int run(int argc, char **argv)
{
    static const dns_alias aliases[] = {
        {"-4", "--ipv4", false}, {"-6", "--ipv6", false}, {"-x", "--reverse", false}, {0}};
    resolving r = {.asker.command = &cli_resolve};
    const cli_option options[] = {
        {"ipv4", CLI_FLAG, &r.ipv4},
        {"ipv6", CLI_FLAG, &r.ipv6},
        {"tcp", CLI_FLAG, &r.asker.tcp},
        {"timeout", CLI_SECONDS, &r.asker.timeout},
        {"attempts", CLI_TEXT, &r.asker.attempts_text},
        DNS_FILE_OPTIONS(&r.asker),
        {"no-search", CLI_FLAG, &r.no_search},
        {"no-hosts", CLI_FLAG, &r.no_hosts},
        {"libc", CLI_FLAG, &r.libc},
        {"config", CLI_FLAG, &r.config},
        {"reverse", CLI_FLAG, &r.reverse},
        {"service", CLI_TEXT, &r.service},
        {"mail", CLI_FLAG, &r.mail},
        {"trace-attempts", CLI_FLAG, &r.asker.trace},
        {"json", CLI_FLAG, &r.asker.json},
        {"io", CLI_TEXT, &r.asker.engine},
        {0},
    };
    const char *words[1];
    char **translated = dns_translate(&cli_resolve, aliases, &argc, argv);
    if (!translated) return CLI_USAGE;
    const int count = cli_parse(&cli_resolve, options, argc, translated, words, 1);
    const bool good = count >= 0 && check_options(&r) && take_words(&r, words, count);
    const int status = good ? dns_run_command(&r.asker, resolve, &r) : CLI_USAGE;
    free(translated);
    return status;
}

const cli_command cli_resolve = {
    .name = "resolve",
    .summary = "look a name up as programs do, and tell why",
    .help =
        "usage: weir resolve NAME[:PORT] [OPTION …]\n"
        "       weir resolve --reverse ADDRESS | --service NAME[/PROTOCOL] DOMAIN |\n"
        "                    --mail DOMAIN | --config [OPTION …]\n\n"
        "Looks a host up by the hosts file and DNS, in the order of nsswitch.conf and with the\n"
        "search list of resolv.conf: where it was looked for and what was found there, and the\n"
        "addresses in the order to try them, each with the address that this machine would come\n"
        "from and the rule of RFC 6724 that has it before the next.  NAME may be in Unicode.\n\n"
        "  -4, -6              addresses of this family alone\n"
        "  --config            the servers, the search list and the options that count, what was\n"
        "                      ignored, and the files that they are from; asks nobody\n"
        "  --reverse, -x       the names of an address, and whether each leads back to it\n"
        "  --service NAME      the hosts of a service (SRV), imaps or sip/udp, in the order to\n"
        "                      try them, drawn anew each time\n"
        "  --mail              the hosts that take a domain's mail (MX), likewise\n"
        "  --server ADDR       asks this server, 192.0.2.53, [2001:db8::53]:5353 or a name; may\n"
        "                      be given several times\n"
        "  --no-search         NAME is whole\n"
        "  --no-hosts          without the hosts file\n"
        "  --libc              besides, what getaddrinfo of the C library says: it has plug-ins, "
        "as\n"
        "                      for .local, and reads the system's files, whatever other options "
        "say\n"
        "  --tcp               asks over TCP\n"
        "  --timeout S         waits S seconds for each attempt\n"
        "  --attempts N        asks each server N times\n"
        "  --trace-attempts    who was asked, when, over what, and what came\n"
        "  --resolv-conf FILE  --hosts FILE  --nsswitch FILE   read instead of the system's\n"
        "  --json              all of it as one object\n"
        "  --io ENGINE         auto, uring, epoll or threads\n\n"
        "RES_OPTIONS is obeyed.  The status is 0 when something was found, 1 when not.\n\n"
        "example: weir resolve www.example.com:443\n"
        "         weir resolve localhost --json | jq -r '.addresses[].address'\n"
        "         weir resolve --service imaps example.com --trace-attempts\n"
        "         weir resolve --config\n",
    .run = run,
};
