/* SPDX-License-Identifier: MIT
 *
 * Endpoint texts: the short forms that people type, around the strict address parser of `io`.
 */
#include <weir/net/endpoint.h>

#include <net/if.h>
#include <string.h>

#include <weir/base/error.h>

static bool all_digits(weir_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return text.len > 0;
}

int weir_endpoint_parse_address(weir_bytes text, unsigned form, uint16_t port, weir_address *out,
                                weir_address_why *why)
{
    weir_address address;
    weir_address_why reason;
    int error = weir_address_parse_as(text, form | WEIR_ADDRESS_ZONE_NAME, port, &address, &reason);
    if (!error && reason.zone_len > 0) {
        address.zone = if_nametoindex(reason.zone);
        if (address.zone == 0) {
            error = WEIR_EZONETEXT;
            reason.fault = WEIR_ADDRESS_NAMED_ZONE;
            reason.at = reason.zone_at;
        }
    }
    if (!error) *out = address;
    if (why) *why = reason;
    return error;
}

/* Fills in the addresses of a host that is one of the words known here. */
static bool parse_word(weir_bytes host, uint16_t port, weir_endpoint *out)
{
    if (host.len == 0 || weir_bytes_equal(host, weir_bytes_text("*"))) {
        *out = (weir_endpoint){.addresses = {weir_address_any4(port), weir_address_any6(port)},
                               .everywhere = true};
    } else if (weir_bytes_equal_nocase(host, weir_bytes_text("localhost"))) {
        *out = (weir_endpoint){
            .addresses = {weir_address_loopback4(port), weir_address_loopback6(port)}};
    } else {
        return false;
    }
    out->count = 2;
    return true;
}

static int parse_one(weir_bytes text, unsigned form, uint16_t port, weir_endpoint *out,
                     weir_address_why *why)
{
    weir_address address;
    const int error = weir_endpoint_parse_address(text, form, port, &address, why);
    if (!error) *out = (weir_endpoint){.addresses = {address}, .count = 1};
    return error;
}

int weir_endpoint_parse_host(weir_bytes host, uint16_t port, weir_endpoint *out,
                             weir_address_why *why)
{
    if (parse_word(host, port, out)) {
        if (why) *why = (weir_address_why){.at = host.len};
        return 0;
    }
    /* What ends in its bracket has no port of its own. */
    const bool brackets = host.data[0] == '[' && host.data[host.len - 1] == ']';
    return parse_one(host, brackets ? WEIR_ADDRESS_AS_LITERAL : WEIR_ADDRESS_AS_IP, port, out, why);
}

int weir_endpoint_parse_why(weir_bytes text, weir_endpoint *out, weir_address_why *why)
{
    weir_host_port parts;
    if (all_digits(text)) {
        const int port = weir_port_parse(text, why);
        if (port < 0) return port;
        *out = (weir_endpoint){.addresses = {weir_address_loopback4((uint16_t)port)}, .count = 1};
        return 0;
    }
    if (text.len < 5 || memcmp(text.data, "unix:", 5) != 0) {
        const unsigned form = WEIR_ADDRESS_AS_SOCKET | WEIR_ADDRESS_HOST_EMPTY;
        const int error = weir_address_split(text, form, 0, &parts, why);
        if (!error && !parts.bracketed && parse_word(parts.host, parts.port, out)) return 0;
        if (error == WEIR_EPORTTEXT) return error;
    }
    return parse_one(text, WEIR_ADDRESS_AS_SOCKET, 0, out, why);
}

int weir_endpoint_parse(weir_bytes text, weir_endpoint *out)
{
    return weir_endpoint_parse_why(text, out, NULL);
}
