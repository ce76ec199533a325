/* SPDX-License-Identifier: MIT
 *
 * `weir dig`: asks a name server one question and shows its message.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <weir/base/error.h>

#include "dns.h"

enum { WORDS = 5 };

typedef struct dig {
    dns_asker asker;
    weir_dns_query_options query;
    bool reverse, only_data, only_answer;
    char text[WEIR_DNS_NAME_TEXT]; /* the name */
    weir_dns_name name;
    uint16_t type;
    weir_dns_message message;
} dig;

static void print(dig *d, int error)
{
    const dns_asker *asker = &d->asker;
    const bool message = d->message.octets.len > 0;
    char unicode[WEIR_DNS_UNICODE_TEXT];
    if (asker->json) {
        dns_json json = {.to = stdout};
        dns_json_open(&json, NULL, '{');
        if (message) dns_json_message(&json, &d->message);
        if (error) dns_json_error(&json, "error", error);
        dns_json_attempts(&json, asker);
        dns_json_close(&json, '}');
        putchar('\n');
        return;
    }
    if (d->only_data && message) dns_print_short(&d->message);
    if (d->only_answer && message) dns_print_answer(&d->message);
    if (!d->only_data && !d->only_answer && message) {
        dns_unicode(&d->name, unicode);
        if (unicode[0]) printf(";; %s is %s in DNS\n", unicode, d->text);
        dns_print_message(asker, &d->message, !d->query.no_recursion);
    }
    if (!asker->trace) return;
    puts(d->only_data || d->only_answer || !message ? ";; ATTEMPTS:" : "\n;; ATTEMPTS:");
    dns_print_attempts(asker, ";");
}

static int ask(weir_io *io, void *argument)
{
    dig *d = argument;
    char type[WEIR_DNS_TYPE_TEXT];
    int error = WEIR_EINVAL;
    if (dns_open(io, &d->asker)) {
        d->query.report = &d->asker.report;
        error = weir_dns_query(io, d->asker.resolver, &d->name, d->type, &d->query, &d->message);
        print(d, error);
        fflush(stdout);
        weir_dns_type_print(d->type, type);
        if (error) dns_complain(&d->asker, d->text, type, error);
        weir_dns_message_free(&d->message);
    }
    dns_close(io, &d->asker);
    return error ? CLI_FAILED : CLI_OK;
}

/* The command line ------------------------------------------------------------------------- */

static bool take_type(dig *d, const char *word)
{
    const int type = weir_dns_type_parse(weir_bytes_text(word));
    if (type == WEIR_DNS_AXFR || type == WEIR_DNS_IXFR || type == WEIR_DNS_OPT || type == 0) {
        cli_complain("dig asks one question and takes one message, so not for %s", word);
        return false;
    }
    d->type = (uint16_t)type;
    return true;
}

static bool is_type(const char *word)
{
    return weir_dns_type_parse(weir_bytes_text(word)) >= 0;
}

static bool is_other_class(const char *word)
{
    return strcasecmp(word, "CH") == 0 || strcasecmp(word, "CHAOS") == 0 ||
           strcasecmp(word, "HS") == 0;
}

/* Sorts the words out: @SERVER, the class IN, a type, a name.  Where two words can be a type, the
 * second one is. */
static bool take_words(dig *d, const char *const *words, int count)
{
    const char *rest[WORDS];
    int left = 0;
    for (int i = 0; i < count; i++) {
        cli_list *servers = &d->asker.servers;
        if (words[i][0] == '@' && servers->count < CLI_LIST_MAX)
            servers->items[servers->count++] = words[i] + 1;
        else if (left > 0 && strcasecmp(words[i], "IN") == 0)
            continue;
        else
            rest[left++] = words[i];
    }
    for (int i = 0; i < left && left == 3; i++) {
        if (!is_other_class(rest[i])) continue;
        cli_complain("dig asks in the class IN alone, not in %s", rest[i]);
        return false;
    }
    if (left == 0 || left > 2) {
        cli_complain(left ? "dig: \"%s\" is one word too many; weir dig --help shows the form"
                          : "dig needs a name; weir dig --help shows the form",
                     left ? rest[2] : "");
        return false;
    }
    int name = 0;
    if (left == 2 && !is_type(rest[1])) name = 1;
    if (left == 2 && !is_type(rest[1 - name])) {
        cli_complain("dig: neither \"%s\" nor \"%s\" is a type: A, AAAA, MX, TXT, SRV, NS, SOA, "
                     "PTR, CAA, HTTPS …, TYPE65",
                     rest[0], rest[1]);
        return false;
    }
    if (left == 2 && !take_type(d, rest[1 - name])) return false;
    if (!d->reverse)
        return dns_ascii(rest[name], d->text) &&
               weir_dns_name_parse_why(weir_bytes_text(d->text), &d->name, NULL) >= 0;
    weir_address address;
    uint8_t octets[16];
    if (!dns_read_address(rest[name], &address)) return false;
    weir_dns_name_reverse(octets, weir_address_octets(&address, octets), &d->name);
    weir_dns_name_print(&d->name, d->text);
    if (left == 1) d->type = WEIR_DNS_PTR;
    return true;
}

static bool check_options(dig *d)
{
    if (!dns_read_numbers(&d->asker)) return false;
    if (d->query.dnssec && d->query.no_edns) {
        cli_complain("--dnssec needs EDNS; without --no-edns it works");
        return false;
    }
    if (d->only_data + d->only_answer + d->asker.json > 1) {
        cli_complain("one of %s and %s at a time", d->only_data ? "--short" : "--answer",
                     d->asker.json ? "--json" : "--answer");
        return false;
    }
    return true;
}

static int run(int argc, char **argv)
{
    static const dns_alias aliases[] = {
        {"-x", "--reverse", false},
        {"-p", "--port", false},
        {"-q", NULL, false},
        {"-t", NULL, false}, /* the word behind it is seen to be the type */
        {"+noall", "--answer", false},
        {"+answer", NULL, false},
        {"+short", "--short", false},
        {"+tcp", "--tcp", false},
        {"+vc", "--tcp", false},
        {"+dnssec", "--dnssec", false},
        {"+cdflag", "--no-check", false},
        {"+cd", "--no-check", false},
        {"+norecurse", "--no-recursion", false},
        {"+norec", "--no-recursion", false},
        {"+noedns", "--no-edns", false},
        {"+ignore", "--ignore-truncation", false},
        {"+time=", "--timeout", true},
        {"+timeout=", "--timeout", true},
        {"+tries=", "--attempts", true},
        {0},
    };
    dig d = {.type = WEIR_DNS_A, .asker.command = &cli_dig};
    const cli_option options[] = {
        {"server", CLI_LIST, &d.asker.servers},
        {"reverse", CLI_FLAG, &d.reverse},
        {"port", CLI_TEXT, &d.asker.port_text},
        {"short", CLI_FLAG, &d.only_data},
        {"answer", CLI_FLAG, &d.only_answer},
        {"tcp", CLI_FLAG, &d.asker.tcp},
        {"dnssec", CLI_FLAG, &d.query.dnssec},
        {"no-check", CLI_FLAG, &d.query.checking_disabled},
        {"no-recursion", CLI_FLAG, &d.query.no_recursion},
        {"no-edns", CLI_FLAG, &d.query.no_edns},
        {"ignore-truncation", CLI_FLAG, &d.query.ignore_truncation},
        {"timeout", CLI_SECONDS, &d.asker.timeout},
        {"attempts", CLI_TEXT, &d.asker.attempts_text},
        {"trace-attempts", CLI_FLAG, &d.asker.trace},
        {"resolv-conf", CLI_TEXT, &d.asker.files[WEIR_DNS_FILE_RESOLV_CONF]},
        {"json", CLI_FLAG, &d.asker.json},
        {"io", CLI_TEXT, &d.asker.engine},
        {0},
    };
    const char *words[WORDS];
    char **translated = dns_translate(&cli_dig, aliases, &argc, argv);
    if (!translated) return CLI_USAGE;
    const int count = cli_parse(&cli_dig, options, argc, translated, words, WORDS);
    const bool good = count >= 0 && check_options(&d) && take_words(&d, words, count);
    d.query.tcp = d.asker.tcp;
    const int status = good ? dns_run_command(&d.asker, ask, &d) : CLI_USAGE;
    free(translated);
    return status;
}

const cli_command cli_dig = {
    .name = "dig",
    .summary = "ask a name server, and show its message",
    .help =
        "usage: weir dig NAME [TYPE] [@SERVER] [OPTION …]\n"
        "       weir dig -x ADDRESS [@SERVER] [OPTION …]\n\n"
        "Asks one question and shows the message that comes as dig does: what does not begin\n"
        "with \";\" is in the form of zone files.  TYPE is A, AAAA, MX, TXT, SRV, NS, SOA, CAA,\n"
        "HTTPS …, TYPE65; A without it.  SERVER is an address, with a port or without, or a\n"
        "name; without it the servers of /etc/resolv.conf are asked in turn.  The hosts file,\n"
        "the search list and caches have no part in this: see weir resolve.  NAME may be in\n"
        "Unicode.\n\n"
        "  --server ADDR        as @ADDR; may be given several times\n"
        "  -p, --port N         the port of every server, in place of its own\n"
        "  -x, --reverse        NAME is an address: asks for its names\n"
        "  --short              only the data of the answer, a line each\n"
        "  --answer             only the records of the answer, as in a zone file\n"
        "  --json               the whole message as an object, with the data in typed members\n"
        "  --trace-attempts     who was asked, when, over what, and what came\n"
        "  --tcp                not over UDP\n"
        "  --ignore-truncation  takes what came over UDP, cut off or not\n"
        "  --dnssec             with signatures (the DO bit)\n"
        "  --no-check           the server shall not validate signatures (the CD bit)\n"
        "  --no-recursion       the server shall tell what it knows by itself\n"
        "  --no-edns            without EDNS\n"
        "  --timeout S          waits S seconds for each attempt\n"
        "  --attempts N         asks each server N times\n"
        "  --resolv-conf FILE   reads the servers there\n"
        "  --io ENGINE          auto, uring, epoll or threads\n\n"
        "The spellings of dig are taken too: -p N -q NAME -t TYPE +short +noall +answer +tcp\n"
        "+dnssec +cdflag +norecurse +noedns +ignore +time=S +tries=N.  The status is 0 when a\n"
        "server has answered, also that there is no such name or no such record, and 1 when\n"
        "none has, or with an error.\n\n"
        "example: weir dig example.com MX\n"
        "         weir dig @192.0.2.53 www.example.com AAAA --short\n"
        "         weir dig -x 192.0.2.1 --trace-attempts\n"
        "         weir dig example.com TXT --json | jq -r '.answer[].data.strings[]'\n",
    .run = run,
};
