/* SPDX-License-Identifier: MIT
 *
 * Lists inside data: character-strings (RFC 1035 3.3.14) and bit maps of types (RFC 4034 4.1.2);
 * and the rules that octets in data keep to.
 *
 *     strings   ( length octet, so many octets )+
 *     types     ( window octet, length octet 1 to 32, so many octets of bits )*, windows ascending
 */
#include <weir/base/error.h>

#include "dns/wire/data.h"

static const uint8_t *octets_of(weir_bytes view)
{
    return (const uint8_t *)view.data;
}

int weir_dns_txt_next(weir_bytes *strings, weir_bytes *out)
{
    if (strings->len == 0) return 0;
    const size_t len = octets_of(*strings)[0];
    if (len > strings->len - 1) return WEIR_EDNS_MESSAGE;
    *out = weir_bytes_of(strings->data + 1, len);
    *strings = weir_bytes_of(strings->data + 1 + len, strings->len - 1 - len);
    return 1;
}

size_t weir_dns_txt_join(weir_bytes strings, char *out, size_t room)
{
    weir_bytes string;
    size_t len = 0;
    while (weir_dns_txt_next(&strings, &string) > 0) {
        if (len < room && string.len > 0)
            memcpy(out + len, string.data, string.len < room - len ? string.len : room - len);
        len += string.len;
    }
    return len;
}

int weir_dns_types_next(weir_bytes types, int after)
{
    const uint8_t *at = octets_of(types);
    size_t left = types.len;
    while (left > 2) {
        const int base = at[0] * 256;
        const size_t len = at[1] < left - 2 ? at[1] : left - 2;
        int bit = after < base ? 0 : after - base + 1;
        for (; bit < (int)len * 8; bit++) {
            if (at[2 + bit / 8] & (0x80 >> bit % 8)) return base + bit;
        }
        at += 2 + len;
        left -= 2 + len;
    }
    return -1;
}

static bool good_strings(weir_bytes strings)
{
    weir_bytes string;
    int more = strings.len > 0 ? 1 : WEIR_EDNS_MESSAGE;
    while (more > 0) more = weir_dns_txt_next(&strings, &string);
    return more == 0;
}

static bool good_types(weir_bytes types)
{
    const uint8_t *at = octets_of(types);
    size_t left = types.len;
    int window = -1;
    while (left > 0) {
        if (left < 3 || at[0] <= window || at[1] < 1 || at[1] > 32) return false;
        const size_t len = at[1];
        if (len > left - 2 || at[1 + len] == 0) return false;
        window = at[0];
        at += 2 + len;
        left -= 2 + len;
    }
    return true;
}

static bool good_word(weir_bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        const unsigned c = octets_of(word)[i], letter = c | 0x20;
        if (!(c >= '0' && c <= '9') && !(letter >= 'a' && letter <= 'z')) return false;
    }
    return word.len > 0;
}

bool dns_rule_holds(dns_rule rule, weir_bytes octets)
{
    switch (rule) {
    case DNS_RULE_ANY: return true;
    case DNS_RULE_SOME: return octets.len > 0;
    case DNS_RULE_WORD: return good_word(octets);
    case DNS_RULE_STRINGS: return good_strings(octets);
    case DNS_RULE_TYPES: return octets.len > 0 && good_types(octets);
    case DNS_RULE_NO_TYPES: return good_types(octets);
    }
    return false;
}
