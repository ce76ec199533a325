/* SPDX-License-Identifier: MIT
 *
 * What a host may be called (RFC 952, RFC 1123 2.1, RFC 3696 2), and how two hosts' names are
 * related.
 */
#include <weir/dns/wire/name.h>

#include <weir/base/error.h>

#include "dns/wire/word.h"

enum { HOST_MAX = 253, DIGIT = 1, LETTER = 2, HYPHEN = 4, UNDERSCORE = 8 };

static unsigned kind_of(uint8_t c)
{
    if ((uint8_t)(octet_lower(c) - 'a') < 26) return LETTER;
    if ((uint8_t)(c - '0') < 10) return DIGIT;
    return c == '-' ? HYPHEN : c == '_' ? UNDERSCORE : 0;
}

/* Checks a label of a host; *at is where the fault is, *digits whether it has nothing else. */
static weir_dns_name_fault check_label(const uint8_t *label, size_t len, unsigned flags, size_t *at,
                                       bool *digits)
{
    const unsigned others = flags & WEIR_DNS_HOST_UNDERSCORE ? 0 : UNDERSCORE;
    unsigned seen = 0;
    *at = 0;
    if (len == 0) return WEIR_DNS_NAME_EMPTY_LABEL;
    for (size_t i = 0; i < len; i++) {
        const unsigned kind = kind_of(label[i]);
        *at = i;
        if (kind == 0 || kind == others) return WEIR_DNS_NAME_CHARACTER;
        if (kind == HYPHEN && (i == 0 || i == len - 1)) return WEIR_DNS_NAME_HYPHEN;
        seen |= kind;
    }
    *at = 0;
    *digits = seen == DIGIT;
    return len > WEIR_DNS_LABEL_MAX ? WEIR_DNS_NAME_LONG_LABEL : WEIR_DNS_NAME_GOOD;
}

/* What is wrong with a text without its final dot; *at is where. */
static weir_dns_name_fault check_labels(const uint8_t *text, size_t len, unsigned flags, size_t *at)
{
    bool digits = false;
    size_t label = 0;
    for (;;) {
        const uint8_t *dot = memchr(text + label, '.', len - label);
        const size_t end = dot ? (size_t)(dot - text) : len;
        const weir_dns_name_fault fault =
            check_label(text + label, end - label, flags, at, &digits);
        *at += label;
        if (fault) return fault;
        if (!dot) break;
        label = end + 1;
    }
    *at = label;
    return digits && !(flags & WEIR_DNS_HOST_NUMERIC) ? WEIR_DNS_NAME_NUMERIC : WEIR_DNS_NAME_GOOD;
}

int weir_dns_host_check(weir_bytes text, unsigned flags, weir_dns_name_why *why)
{
    size_t at = 0, len = text.len;
    weir_dns_name_fault fault = WEIR_DNS_NAME_EMPTY;
    if (len > 1 && text.data[len - 1] == '.') len--;
    if (len > HOST_MAX) {
        fault = WEIR_DNS_NAME_LONG;
        at = HOST_MAX;
    } else if (len > 0) {
        fault = check_labels((const uint8_t *)text.data, len, flags, &at);
    }
    if (why) *why = (weir_dns_name_why){fault, fault ? at : 0};
    return fault ? WEIR_EDNS_NAME : 0;
}

bool weir_dns_name_is_host(const weir_dns_name *name, unsigned flags)
{
    bool digits = false;
    size_t at;
    if (name->len <= 1) return false;
    for (unsigned label = 0; label + 1u < name->len; label += 1u + name->octets[label])
        if (check_label(name->octets + label + 1, name->octets[label], flags, &at, &digits))
            return false;
    return !digits || flags & WEIR_DNS_HOST_NUMERIC;
}

/* The text of a legal host without its final dot; empty for any other. */
static weir_bytes host_of(weir_bytes text)
{
    if (weir_dns_host_check(text, 0, NULL) < 0) return weir_bytes_of(NULL, 0);
    if (text.data[text.len - 1] == '.') text.len--;
    return text;
}

static bool same_text(weir_bytes a, weir_bytes b)
{
    return a.len == b.len && octets_same((const uint8_t *)a.data, (const uint8_t *)b.data, a.len);
}

bool weir_dns_host_same(weir_bytes a, weir_bytes b)
{
    a = host_of(a);
    return a.len > 0 && same_text(a, host_of(b));
}

bool weir_dns_host_same_parent(weir_bytes of, weir_bytes other)
{
    of = host_of(of);
    other = host_of(other);
    if (of.len == 0 || other.len == 0) return false;
    if (same_text(of, other)) return true;
    const char *dot = memchr(of.data, '.', of.len);
    if (!dot) return false;
    const weir_bytes parent = weir_bytes_of(dot + 1, of.len - (size_t)(dot + 1 - of.data));
    if (!memchr(parent.data, '.', parent.len) || other.len < parent.len) return false;
    const size_t above = other.len - parent.len;
    if (above > 0 && other.data[above - 1] != '.') return false;
    return same_text(weir_bytes_of(other.data + above, parent.len), parent);
}
