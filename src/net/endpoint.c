/* SPDX-License-Identifier: MIT
 *
 * Endpoint texts: the short forms that people type, around the strict address parser of `io`.
 */
#include <weir/net/endpoint.h>

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/base/num.h>

/* Reads a decimal port: 0 to 65535, or WEIR_EPORTTEXT. */
static int parse_port(weir_bytes text)
{
    uint64_t port;
    if (text.len > 5 || weir_decimal_parse(text, 65535, &port)) return WEIR_EPORTTEXT;
    return (int)port;
}

static bool all_digits(weir_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return text.len > 0;
}

/* Reads "[address%name]:port", whose zone is an interface's name. */
static int parse_zone(weir_bytes text, weir_address *out)
{
    const char *percent = memchr(text.data, '%', text.len);
    const char *close = memchr(text.data, ']', text.len);
    if (!percent || !close || close < percent) return WEIR_EADDRTEXT;
    char name[IF_NAMESIZE];
    const size_t len = (size_t)(close - percent) - 1;
    if (len == 0 || len >= sizeof name) return WEIR_EZONETEXT;
    memcpy(name, percent + 1, len);
    name[len] = '\0';
    const unsigned index = if_nametoindex(name);
    if (index == 0) return WEIR_EZONETEXT;

    char plain[WEIR_ADDRESS_TEXT];
    const int n = snprintf(plain, sizeof plain, "%.*s%.*s", (int)(percent - text.data), text.data,
                           (int)(text.len - (size_t)(close - text.data)), close);
    if (n < 0 || (size_t)n >= sizeof plain) return WEIR_EADDRTEXT;
    int error = weir_address_parse(weir_bytes_of(plain, (size_t)n), out);
    if (!error) out->zone = index;
    return error;
}

/* Reads the host of "host:port" if it is one of the words known here. */
static int parse_word(weir_bytes host, uint16_t port, weir_endpoint *out)
{
    if (host.len == 0 || weir_bytes_equal(host, weir_bytes_text("*"))) {
        out->addresses[0] = weir_address_any4(port);
        out->addresses[1] = weir_address_any6(port);
    } else if (weir_bytes_equal_nocase(host, weir_bytes_text("localhost"))) {
        out->addresses[0] = weir_address_loopback4(port);
        out->addresses[1] = weir_address_loopback6(port);
    } else {
        return WEIR_EADDRTEXT;
    }
    out->count = 2;
    return 0;
}

int weir_endpoint_parse(weir_bytes text, weir_endpoint *out)
{
    weir_endpoint parsed = {.count = 1};
    int error;
    if (all_digits(text)) {
        const int port = parse_port(text);
        if (port < 0) return port;
        parsed.addresses[0] = weir_address_loopback4((uint16_t)port);
        *out = parsed;
        return 0;
    }
    const char *colon = memchr(text.data, ':', text.len);
    const bool word = colon && text.len > 0 && text.data[0] != '[' &&
                      !memchr(colon + 1, ':', text.len - (size_t)(colon + 1 - text.data));
    const weir_bytes host = weir_bytes_of(text.data, word ? (size_t)(colon - text.data) : 0);
    if (word && (host.len == 0 || weir_bytes_equal(host, weir_bytes_text("*")) ||
                 weir_bytes_equal_nocase(host, weir_bytes_text("localhost")))) {
        const int port = parse_port(weir_bytes_of(colon + 1, text.len - host.len - 1));
        if (port < 0) return port;
        error = parse_word(host, (uint16_t)port, &parsed);
    } else {
        error = weir_address_parse(text, &parsed.addresses[0]);
        if (error == WEIR_EZONETEXT) error = parse_zone(text, &parsed.addresses[0]);
    }
    if (!error) *out = parsed;
    return error;
}
