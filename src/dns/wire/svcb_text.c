/* SPDX-License-Identifier: MIT
 *
 * Parameters of SVCB and HTTPS records written for people (RFC 9460 2.1, 7, 8 and A.1): "alpn=h2",
 * "port=53", "key667=…".
 */
#include "dns/wire/data.h"
#include "dns/wire/data_text.h"
#include "dns/wire/octets.h"

static const char *const key_names[] = {
    [WEIR_DNS_SVCB_MANDATORY] = "mandatory",
    [WEIR_DNS_SVCB_ALPN] = "alpn",
    [WEIR_DNS_SVCB_NO_DEFAULT_ALPN] = "no-default-alpn",
    [WEIR_DNS_SVCB_PORT] = "port",
    [WEIR_DNS_SVCB_IPV4HINT] = "ipv4hint",
    [WEIR_DNS_SVCB_ECH] = "ech",
    [WEIR_DNS_SVCB_IPV6HINT] = "ipv6hint",
    [WEIR_DNS_SVCB_DOHPATH] = "dohpath",
};

static void put_key(dns_text *text, uint16_t key)
{
    if (key < sizeof key_names / sizeof key_names[0]) {
        dns_text_word(text, key_names[key]);
    } else {
        dns_text_word(text, "key");
        dns_text_number(text, key);
    }
}

static void put_keys(dns_text *text, weir_bytes keys)
{
    for (size_t i = 0; i + 2 <= keys.len; i += 2) {
        if (i > 0) dns_text_char(text, ',');
        put_key(text, octets_get16((const uint8_t *)keys.data + i));
    }
}

/* A list of values within a string: a comma and a backslash in a value are escaped for the list,
 * and the backslashes of that for the string (RFC 9460 A.1). */
static void put_alpn(dns_text *text, weir_bytes names)
{
    weir_bytes name;
    bool first = true;
    dns_text_char(text, '"');
    while (weir_dns_txt_next(&names, &name) > 0) {
        if (!first) dns_text_char(text, ',');
        first = false;
        for (size_t i = 0; i < name.len; i++) {
            const char c = name.data[i];
            if (c == ',' || c == '\\') dns_text_word(text, "\\\\");
            dns_text_escaped(text, weir_bytes_of(&c, 1));
        }
    }
    dns_text_char(text, '"');
}

static void put_addresses(dns_text *text, weir_bytes value, size_t size)
{
    for (size_t i = 0; i + size <= value.len; i += size) {
        const uint8_t *at = (const uint8_t *)value.data + i;
        if (i > 0) dns_text_char(text, ',');
        if (size == 4)
            dns_text_address4(text, at);
        else
            dns_text_address6(text, at);
    }
}

static void put_value(dns_text *text, uint16_t key, weir_bytes value)
{
    switch (key) {
    case WEIR_DNS_SVCB_MANDATORY: put_keys(text, value); break;
    case WEIR_DNS_SVCB_ALPN: put_alpn(text, value); break;
    case WEIR_DNS_SVCB_PORT:
        if (value.len == 2) dns_text_number(text, octets_get16((const uint8_t *)value.data));
        break;
    case WEIR_DNS_SVCB_IPV4HINT: put_addresses(text, value, 4); break;
    case WEIR_DNS_SVCB_ECH: dns_text_base64(text, value, 0); break;
    case WEIR_DNS_SVCB_IPV6HINT: put_addresses(text, value, 16); break;
    default: dns_text_quoted(text, value); break;
    }
}

void dns_text_parameters(dns_text *text, weir_bytes parameters)
{
    uint16_t key;
    weir_bytes value;
    while (weir_dns_svcb_next(&parameters, &key, &value) > 0) {
        dns_text_gap(text);
        put_key(text, key);
        if (value.len == 0) continue;
        dns_text_char(text, '=');
        put_value(text, key, value);
    }
}
