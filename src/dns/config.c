/* SPDX-License-Identifier: MIT
 *
 * The configuration of a resolver: defaults, the text of resolv.conf, and what a program adds.
 */
#include <weir/dns/config.h>

#include <string.h>

#include <weir/base/error.h>
#include <weir/net/endpoint.h>

#include "dns/config.h"
#include "dns/files_text.h"

void weir_dns_config_init(weir_dns_config *out)
{
    memset(out, 0, sizeof *out);
    out->ndots = 1;
    out->attempts = 2;
    out->timeout = weir_seconds(5);
    out->edns0 = true;
}

void dns_config_ignore(weir_dns_config *config, uint32_t line, weir_dns_config_fault fault,
                       weir_bytes text)
{
    weir_dns_config_ignored *ignored = &config->ignored;
    if (ignored->count < UINT32_MAX) ignored->count++;
    if (ignored->count > 1) return;
    ignored->line = line;
    ignored->fault = fault;
    size_t len = text.len < sizeof ignored->text ? text.len : sizeof ignored->text - 1;
    for (size_t i = 0; i < len; i++) {
        const char c = text.data[i];
        ignored->text[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    ignored->text[len] = '\0';
}

/* Whether the line begins with the keyword and a blank, which are taken off. */
static bool keyword(weir_bytes *line, const char *word)
{
    const size_t len = strlen(word);
    if (line->len <= len || memcmp(line->data, word, len) != 0) return false;
    if (!dns_is_blank(line->data[len])) return false;
    *line = weir_bytes_of(line->data + len, line->len - len);
    return true;
}

static weir_dns_config_fault take_server(weir_dns_config *config, weir_bytes value)
{
    weir_bytes word;
    weir_address address;
    if (!dns_next_word(&value, &word)) return WEIR_DNS_CONFIG_SERVER;
    const int error =
        weir_endpoint_parse_address(word, WEIR_ADDRESS_AS_IP, WEIR_DNS_PORT, &address, NULL);
    if (error == WEIR_EZONETEXT) config->zones_unknown = true;
    if (error) return error == WEIR_EZONETEXT ? WEIR_DNS_CONFIG_ZONE : WEIR_DNS_CONFIG_SERVER;
    if (config->server_count >= WEIR_DNS_FILE_SERVERS_MAX) return WEIR_DNS_CONFIG_SERVERS;
    config->servers[config->server_count++] = address;
    return WEIR_DNS_CONFIG_GOOD;
}

/* A search list takes the place of the one before.  A line without any domain says nothing. */
static void take_search(weir_dns_config *config, uint32_t line, weir_bytes value, bool one)
{
    weir_bytes word;
    if (!dns_next_word(&value, &word)) {
        dns_config_ignore(config, line, WEIR_DNS_CONFIG_DOMAIN, value);
        return;
    }
    config->search_count = 0;
    do {
        const int error = weir_dns_config_add_search(config, word);
        if (error)
            dns_config_ignore(
                config, line,
                error == WEIR_ELIMIT ? WEIR_DNS_CONFIG_DOMAINS : WEIR_DNS_CONFIG_DOMAIN, word);
    } while (!one && dns_next_word(&value, &word));
}

static void take_line(weir_dns_config *config, uint32_t number, weir_bytes line)
{
    weir_bytes value = line, word;
    if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';') return;
    if (keyword(&value, "nameserver")) {
        const weir_dns_config_fault fault = take_server(config, value);
        if (fault) dns_config_ignore(config, number, fault, line);
    } else if (keyword(&value, "search")) {
        take_search(config, number, value, false);
    } else if (keyword(&value, "domain")) {
        take_search(config, number, value, true);
    } else if (keyword(&value, "options")) {
        dns_config_options(config, number, value);
    } else if (keyword(&value, "sortlist")) {
        dns_config_ignore(config, number, WEIR_DNS_CONFIG_UNSUPPORTED, line);
    } else if (dns_next_word(&value, &word)) {
        dns_config_ignore(config, number, WEIR_DNS_CONFIG_KEYWORD, line);
    }
}

void weir_dns_config_parse(weir_bytes resolv_conf, weir_dns_config *out)
{
    weir_bytes line;
    uint32_t number = 0;
    weir_dns_config_init(out);
    while (dns_next_line(&resolv_conf, &line)) take_line(out, ++number, line);
    if (out->server_count > 0) return;
    /* Never a server that nobody named: the machine's own (resolv.conf(5)). */
    out->servers_assumed = true;
    out->servers[0] = weir_address_loopback4(WEIR_DNS_PORT);
    out->servers[1] = weir_address_loopback6(WEIR_DNS_PORT);
    out->server_count = 2;
}

int weir_dns_config_add_server(weir_dns_config *config, weir_bytes text, weir_address_why *why)
{
    weir_address address;
    const int error =
        weir_endpoint_parse_address(text, WEIR_ADDRESS_AS_HOST, WEIR_DNS_PORT, &address, why);
    if (error) return error;
    if (address.port == 0) return WEIR_EPORTTEXT;
    if (config->server_count >= WEIR_DNS_SERVERS_MAX) return WEIR_ELIMIT;
    config->servers[config->server_count++] = address;
    return 0;
}

/* Whether a host may be below it: what is appended to names is asked for as it is. */
static bool is_domain(const weir_dns_name *name)
{
    return name->len == 1 ||
           weir_dns_name_is_host(name, WEIR_DNS_HOST_UNDERSCORE | WEIR_DNS_HOST_NUMERIC);
}

int weir_dns_config_add_search(weir_dns_config *config, weir_bytes domain)
{
    weir_dns_name name;
    if (weir_dns_name_parse(domain, &name) < 0) {
        /* ".example" is what the C library takes for "example". */
        if (domain.len < 2 || domain.data[0] != '.') return WEIR_EDNS_NAME;
        if (weir_dns_name_parse(weir_bytes_of(domain.data + 1, domain.len - 1), &name) < 0)
            return WEIR_EDNS_NAME;
    }
    if (!is_domain(&name)) return WEIR_EDNS_NAME;
    if (config->search_count >= WEIR_DNS_SEARCH_MAX) return WEIR_ELIMIT;
    config->search[config->search_count++] = name;
    return 0;
}

int weir_dns_config_check(const weir_dns_config *config)
{
    if (config->server_count == 0 || config->server_count > WEIR_DNS_SERVERS_MAX)
        return WEIR_EINVAL;
    for (unsigned i = 0; i < config->server_count; i++) {
        const weir_address *server = &config->servers[i];
        if (server->kind != WEIR_ADDRESS_IPV4 && server->kind != WEIR_ADDRESS_IPV6)
            return WEIR_EINVAL;
        if (server->port == 0) return WEIR_EINVAL;
    }
    if (config->search_count > WEIR_DNS_SEARCH_MAX) return WEIR_EINVAL;
    for (unsigned i = 0; i < config->search_count; i++)
        if (!is_domain(&config->search[i])) return WEIR_EINVAL;
    if (config->ndots > WEIR_DNS_NDOTS_MAX) return WEIR_EINVAL;
    return config->attempts > 0 && config->timeout.ns > 0 ? 0 : WEIR_EINVAL;
}

const char *weir_dns_config_fault_text(weir_dns_config_fault fault)
{
    switch (fault) {
    case WEIR_DNS_CONFIG_GOOD: return "good";
    case WEIR_DNS_CONFIG_KEYWORD: return "not a known keyword, at the start of its line";
    case WEIR_DNS_CONFIG_SERVER: return "not an IP address";
    case WEIR_DNS_CONFIG_ZONE: return "no interface has the name of this zone";
    case WEIR_DNS_CONFIG_SERVERS: return "more than 3 name servers";
    case WEIR_DNS_CONFIG_DOMAIN: return "not a domain name";
    case WEIR_DNS_CONFIG_DOMAINS: return "more domains than a search list holds";
    case WEIR_DNS_CONFIG_OPTION: return "not a known option";
    case WEIR_DNS_CONFIG_NUMBER: return "not a number";
    case WEIR_DNS_CONFIG_UNSUPPORTED: return "known, but not supported";
    }
    return "unknown fault";
}
