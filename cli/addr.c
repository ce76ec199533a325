/* SPDX-License-Identifier: MIT
 *
 * `weir addr`: explains addresses, prefixes and endpoints.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/addr.h>
#include <weir/net/ip_class.h>
#include <weir/net/policy.h>
#include <weir/net/prefix.h>

#include "cli.h"

enum { TEXTS = 64 };

/* How the facts about one text are written: a line each, or the members of one JSON object. */
typedef struct report {
    bool json;
    unsigned count; /* facts so far */
} report;

/* Of any length, as an argument has: what does not fit would leave a hole. */
static void put_json(const char *text)
{
    const size_t room = 6 * strlen(text) + 16;
    char *out = malloc(room);
    const size_t len = out ? cli_json_string(text, strlen(text), out, room) : 0;
    if (len > 0)
        fwrite(out, 1, len, stdout);
    else
        fputs("null", stdout);
    free(out);
}

/* Writes a fact; `bare` is for numbers and truth values, which JSON does not quote. */
static void fact_as(report *r, const char *name, const char *value, bool bare)
{
    if (!r->json) {
        printf("%s%-12s %s\n", r->count ? "  " : "", name, value);
    } else {
        fputs(r->count ? "," : "{", stdout);
        put_json(name);
        putchar(':');
        bare ? (void)fputs(value, stdout) : put_json(value);
    }
    r->count++;
}

static void fact(report *r, const char *name, const char *value)
{
    fact_as(r, name, value, false);
}

static void fact_number(report *r, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    fact_as(r, name, text, true);
}

static void fact_bool(report *r, const char *name, bool value)
{
    if (r->json)
        fact_as(r, name, value ? "true" : "false", true);
    else
        fact(r, name, value ? "yes" : "no");
}

static void fact_answer(report *r, const char *name, uint8_t answer)
{
    if (answer == WEIR_IP_UNSAID && r->json)
        fact_as(r, name, "null", true);
    else if (answer == WEIR_IP_UNSAID)
        fact(r, name, "not said");
    else
        fact_bool(r, name, answer == WEIR_IP_YES);
}

static void fact_ip(report *r, const char *name, const weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print_as(address, WEIR_ADDRESS_AS_IP, NULL, text, sizeof text);
    fact(r, name, text);
}

/* The name in the reverse zone: RFC 1035 3.5, RFC 3596 2.5. */
static void fact_reverse(report *r, const weir_address *address)
{
    char text[80];
    uint8_t octets[16];
    size_t used = 0;
    if (weir_address_octets(address, octets) == 4) {
        snprintf(text, sizeof text, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2], octets[1],
                 octets[0]);
    } else {
        for (int i = 15; i >= 0; i--)
            used += (size_t)snprintf(text + used, sizeof text - used, "%x.%x.", octets[i] & 15U,
                                     octets[i] >> 4U);
        snprintf(text + used, sizeof text - used, "ip6.arpa");
    }
    fact(r, "reverse", text);
}

static void fact_hex(report *r, const weir_address *address)
{
    char text[40] = "0x";
    uint8_t octets[16];
    const size_t len = weir_address_octets(address, octets);
    for (size_t i = 0; i < len; i++) snprintf(text + 2 + 2 * i, 3, "%02x", octets[i]);
    fact(r, "hex", text);
    if (address->kind == WEIR_ADDRESS_IPV4) fact_number(r, "u32", weir_address_u32(address));
}

/* The smallest block that covers all of a prefix. */
static const weir_ip_block *block_around(const weir_prefix *prefix)
{
    size_t count;
    const weir_ip_block *blocks = weir_ip_blocks(&count), *around = NULL;
    for (size_t i = 0; i < count; i++)
        if (weir_prefix_covers(&blocks[i].prefix, prefix)) around = &blocks[i];
    return around;
}

static void facts_of_block(report *r, const weir_ip_block *block)
{
    char text[WEIR_PREFIX_TEXT];
    weir_prefix_print(&block->prefix, text);
    fact(r, "class", weir_ip_class_name((weir_ip_class)block->ip_class));
    fact(r, "block", text);
    fact(r, "name", block->name);
    fact(r, "rfc", block->rfc);
    fact_answer(r, "source", block->source);
    fact_answer(r, "destination", block->destination);
    fact_answer(r, "forwardable", block->forwardable);
    fact_answer(r, "global", block->global);
}

/* The forms of the address in the other family. */
static void facts_of_relatives(report *r, const weir_address *address)
{
    if (address->kind == WEIR_ADDRESS_IPV4) {
        const weir_address mapped = weir_address_map(address);
        fact_ip(r, "mapped", &mapped);
        return;
    }
    static const char *const names[] = {
        [WEIR_EMBEDDED_MAPPED] = "mapped", [WEIR_EMBEDDED_COMPATIBLE] = "compatible",
        [WEIR_EMBEDDED_NAT64] = "nat64",   [WEIR_EMBEDDED_6TO4] = "6to4",
        [WEIR_EMBEDDED_TEREDO] = "teredo", [WEIR_EMBEDDED_ISATAP] = "isatap",
    };
    static const char *const places[] = {"ipv4", "ipv4_second"};
    weir_address inside[WEIR_EMBEDDED_ADDRESSES];
    size_t count;
    const weir_ip_embedding how = weir_ip_embedded(address, inside, &count);
    if (count > 0) fact(r, "holds", names[how]);
    for (size_t i = 0; i < count; i++) fact_ip(r, places[i], &inside[i]);
}

static void explain_ip(report *r, const weir_address *address)
{
    const weir_policy policy = weir_policy_public();
    weir_policy_reason reason;
    char why[WEIR_POLICY_TEXT];
    fact_ip(r, "address", address);
    fact(r, "family", address->kind == WEIR_ADDRESS_IPV4 ? "IPv4" : "IPv6");
    if (address->port) fact_number(r, "port", address->port);
    if (address->zone) fact_number(r, "zone", address->zone);
    facts_of_block(r, weir_ip_block_of(address));
    fact(r, "scope", weir_ip_scope_name(weir_ip_scope_of(address)));
    facts_of_relatives(r, address);
    fact_hex(r, address);
    fact_reverse(r, address);
    const bool public = weir_policy_check(&policy, address, &reason) == 0;
    fact_bool(r, "public", public);
    weir_policy_reason_print(&reason, why);
    if (!public) fact(r, "why_not", why);
}

static void explain_prefix(report *r, const weir_prefix *prefix, const weir_address *address)
{
    char text[WEIR_PREFIX_TEXT];
    const weir_address network = weir_prefix_network(prefix), last = weir_prefix_last(prefix);
    weir_address broadcast, host = {0};
    weir_prefix_print(prefix, text);
    fact(r, "prefix", text);
    fact(r, "family", prefix->kind == WEIR_ADDRESS_IPV4 ? "IPv4" : "IPv6");
    if (!weir_address_equal(address, &network)) fact_ip(r, "given", address);
    fact_ip(r, "network", &network);
    if (weir_prefix_next_host(prefix, &host)) fact_ip(r, "first_host", &host);
    fact_ip(r, "last", &last);
    if (weir_prefix_broadcast(prefix, &broadcast)) fact_ip(r, "broadcast", &broadcast);
    const uint64_t count = weir_prefix_count(prefix);
    const unsigned free_bits = weir_prefix_bits(prefix) - prefix->len;
    if (count < UINT64_MAX) {
        fact_number(r, "count", count);
    } else {
        snprintf(text, sizeof text, "2^%u", free_bits);
        fact(r, "count", text);
    }
    facts_of_block(r, block_around(prefix));
}

static void explain_unix(report *r, const weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print(address, text);
    fact(r, "address", text);
    fact(r, "family", "Unix");
    fact(r, "kind", address->at.path[0] ? "path" : "abstract name");
    fact_number(r, "length", address->path_len);
}

/* Says what is wrong with a text and points at the byte. */
static void complain(report *r, const char *text, size_t at, const char *message)
{
    if (r->json) {
        fact(r, "error", message);
        fact_number(r, "offset", at);
        return;
    }
    cli_complain("\"%s\" is no address: %s", text, message);
    cli_point(text, at);
}

static bool explain_as_prefix(report *r, const char *text)
{
    weir_prefix prefix;
    weir_prefix_error error;
    weir_address address;
    const weir_bytes bytes = weir_bytes_text(text);
    if (weir_prefix_parse(bytes, WEIR_PREFIX_NORMALISE, &prefix, &error) < 0) {
        complain(r, text, error.offset, error.message);
        return false;
    }
    weir_address_parse_ip(weir_bytes_of(text, strcspn(text, "/")), 0, &address);
    explain_prefix(r, &prefix, &address);
    return true;
}

/* Explains one text.  Returns whether it is an address, a prefix or an endpoint. */
static bool explain(report *r, const char *text)
{
    const weir_bytes bytes = weir_bytes_text(text);
    const bool is_unix = strncmp(text, "unix:", 5) == 0;
    weir_address address;
    weir_address_why why;
    if (r->json) fact(r, "text", text);
    if (!is_unix && strchr(text, '/')) return explain_as_prefix(r, text);
    const unsigned form =
        is_unix ? WEIR_ADDRESS_AS_SOCKET : WEIR_ADDRESS_AS_HOST | WEIR_ADDRESS_ZONE_NAME;
    if (weir_address_parse_as(bytes, form, 0, &address, &why) < 0) {
        complain(r, text, why.at, weir_address_fault_text(why.fault));
        return false;
    }
    if (is_unix)
        explain_unix(r, &address);
    else
        explain_ip(r, &address);
    if (!is_unix && why.zone[0]) fact(r, "zone_name", why.zone);
    return true;
}

static int run(int argc, char **argv)
{
    bool json = false;
    const char *texts[TEXTS];
    const cli_option options[] = {{"json", CLI_FLAG, &json}, {0}};
    const int count = cli_parse(&cli_addr, options, argc, argv, texts, TEXTS);
    if (count < 0) return CLI_USAGE;
    if (count == 0) {
        cli_complain("addr needs an address; weir addr --help shows the forms");
        return CLI_USAGE;
    }
    bool good = true;
    if (json && count > 1) putchar('[');
    for (int i = 0; i < count; i++) {
        report r = {.json = json};
        if (i > 0) fputs(json ? "," : "\n", stdout);
        if (!explain(&r, texts[i])) good = false;
        if (json) putchar('}');
    }
    if (json) fputs(count > 1 ? "]\n" : "\n", stdout);
    return good ? CLI_OK : CLI_FAILED;
}

const cli_command cli_addr = {
    .name = "addr",
    .summary = "explain an address, a prefix or an endpoint",
    .help = "usage: weir addr [--json] TEXT …\n\n"
            "Reads each TEXT strictly and tells its one canonical form, its other forms, what the\n"
            "registries of IANA say about it, and whether weir's policy \"public internet only\"\n"
            "lets it pass.  Nothing is looked up and nothing is sent.  A text that is no address\n"
            "gets a message which points at the byte at fault, and the status 1.\n\n"
            "  192.0.2.1  2001:db8::1  fe80::1%2  fe80::1%eth0   an address\n"
            "  192.0.2.1:80  [2001:db8::1]:443                   with a port\n"
            "  192.0.2.0/24  2001:db8::/32                       a prefix\n"
            "  unix:/run/x.sock  unix:@name                      a Unix name\n\n"
            "  --json   as one JSON object, or an array of them for several texts\n\n"
            "example: weir addr 64:ff9b::7f00:1          NAT64, with a loopback address inside\n"
            "         weir addr 10.1.2.3/12              network, last, broadcast and count\n"
            "         weir addr --json '[::1]:80' 8.8.8.8\n",
    .run = run,
};
