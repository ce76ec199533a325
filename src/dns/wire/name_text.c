/* SPDX-License-Identifier: MIT
 *
 * Names read from text and printed (RFC 1035 5.1).
 *
 * The octets of a name are its text moved by one, with the length of what follows in the place of
 * each dot:
 *
 *       a . e x a m p l e .         text
 *     1 a 7 e x a m p l e 0         octets
 *
 * So a text without backslashes is searched for dots and copied whole.  Every other text, and every
 * wrong one, is read octet by octet, which finds the fault.
 */
#include <weir/dns/wire/name.h>

#include <weir/base/error.h>

#include "dns/wire/word.h"

enum { PLAIN_MAX = WEIR_DNS_NAME_MAX - 1 };

/* The dots of a text that is a name without escapes.  Returns how many; -1 for every other text.
 * The length of the last label is left to the caller. */
static int find_dots(const uint8_t *text, size_t len, uint8_t dots[WEIR_DNS_LABELS_MAX + 1])
{
    size_t start = 0;
    int count = 0;
    for (size_t at = 0; at < len; at += 8) {
        const size_t left = len - at;
        const uint64_t word = left < 8 ? word_load_part(text + at, left) : word_load(text + at);
        if (word_find(word, '\\')) return -1;
        for (uint64_t found = word_find(word, '.'); found; found &= found - 1) {
            const size_t dot = at + (size_t)__builtin_ctzll(found) / 8;
            /* An empty label wraps around. */
            if (dot - start - 1 >= WEIR_DNS_LABEL_MAX) return -1;
            dots[count++] = (uint8_t)dot;
            start = dot + 1;
        }
    }
    return count;
}

/* As weir_dns_name_parse; WEIR_EDNS_NAME says no more than that this is not the way to read it. */
static int read_plain(weir_bytes text, weir_dns_name *out)
{
    uint8_t dots[WEIR_DNS_LABELS_MAX + 1];
    if (text.len == 0 || text.len > PLAIN_MAX) return WEIR_EDNS_NAME;
    const int count = find_dots((const uint8_t *)text.data, text.len, dots);
    if (count < 0) return WEIR_EDNS_NAME;
    const size_t last = count ? dots[count - 1] + 1u : 0, last_len = text.len - last;
    const bool absolute = last_len == 0;
    if (last_len > WEIR_DNS_LABEL_MAX || (!absolute && text.len == PLAIN_MAX))
        return WEIR_EDNS_NAME;

    memcpy(out->octets + 1, text.data, text.len);
    unsigned start = 0;
    for (int i = 0; i < count; i++) {
        out->octets[start] = (uint8_t)(dots[i] - start);
        start = dots[i] + 1u;
    }
    out->octets[start] = (uint8_t)last_len;
    if (!absolute) out->octets[text.len + 1] = 0;
    out->len = (uint8_t)(text.len + (absolute ? 1 : 2));
    return absolute;
}

/* A name that is read octet by octet. */
typedef struct name_reader {
    weir_bytes text;
    size_t at;
    size_t label_at; /* in the text: of the label being read */
    size_t label;    /* in the octets: of its length */
    size_t len;      /* octets in use, that length among them */
    uint8_t octets[WEIR_DNS_NAME_MAX];
} name_reader;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The octet that a backslash begins; -1 if it begins none. */
static int read_escape(name_reader *r)
{
    const char *text = r->text.data + r->at;
    const size_t left = r->text.len - r->at;
    if (left < 2) return -1;
    if (!is_digit(text[1])) {
        r->at += 2;
        return (uint8_t)text[1];
    }
    if (left < 4 || !is_digit(text[2]) || !is_digit(text[3])) return -1;
    const int octet = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    if (octet > 255) return -1;
    r->at += 4;
    return octet;
}

static weir_dns_name_fault end_label(name_reader *r)
{
    if (r->len == r->label + 1) return WEIR_DNS_NAME_EMPTY_LABEL;
    r->octets[r->label] = (uint8_t)(r->len - r->label - 1);
    r->label = r->len++;
    r->label_at = ++r->at;
    return WEIR_DNS_NAME_GOOD;
}

static weir_dns_name_fault read_octet(name_reader *r)
{
    const size_t at = r->at;
    int octet = (uint8_t)r->text.data[at];
    if (octet == '\\')
        octet = read_escape(r);
    else
        r->at++;
    if (octet < 0) return WEIR_DNS_NAME_ESCAPE;
    if (r->len - r->label > WEIR_DNS_LABEL_MAX) {
        r->at = r->label_at;
        return WEIR_DNS_NAME_LONG_LABEL;
    }
    /* One is left for the root. */
    if (r->len >= WEIR_DNS_NAME_MAX - 1) {
        r->at = at;
        return WEIR_DNS_NAME_LONG;
    }
    r->octets[r->len++] = (uint8_t)octet;
    return WEIR_DNS_NAME_GOOD;
}

static weir_dns_name_fault read_careful(name_reader *r)
{
    if (r->text.len == 0) return WEIR_DNS_NAME_EMPTY;
    if (r->text.len == 1 && r->text.data[0] == '.') return WEIR_DNS_NAME_GOOD;
    while (r->at < r->text.len) {
        const bool dot = r->text.data[r->at] == '.';
        const weir_dns_name_fault fault = dot ? end_label(r) : read_octet(r);
        if (fault) return fault;
    }
    return WEIR_DNS_NAME_GOOD;
}

int weir_dns_name_parse_why(weir_bytes text, weir_dns_name *out, weir_dns_name_why *why)
{
    if (why) *why = (weir_dns_name_why){WEIR_DNS_NAME_GOOD, 0};
    const int plain = read_plain(text, out);
    if (plain >= 0) return plain;

    name_reader r;
    r.text = text;
    r.at = r.label_at = r.label = 0;
    r.len = 1;
    const weir_dns_name_fault fault = read_careful(&r);
    if (fault) {
        if (why) *why = (weir_dns_name_why){fault, r.at};
        return WEIR_EDNS_NAME;
    }
    const bool absolute = r.len == r.label + 1;
    r.octets[r.label] = (uint8_t)(r.len - r.label - 1);
    if (!absolute) r.octets[r.len++] = 0;
    memcpy(out->octets, r.octets, r.len);
    out->len = (uint8_t)r.len;
    return absolute;
}

int weir_dns_name_parse(weir_bytes text, weir_dns_name *out)
{
    return weir_dns_name_parse_why(text, out, NULL);
}

/* Printing ---------------------------------------------------------------------------------- */

static char *print_octet(char *to, uint8_t octet)
{
    if (octet <= ' ' || octet >= 0x7f) {
        *to++ = '\\';
        *to++ = (char)('0' + octet / 100);
        *to++ = (char)('0' + octet / 10 % 10);
        *to++ = (char)('0' + octet % 10);
        return to;
    }
    switch (octet) {
    case '.':
    case '\\':
    case '"':
    case '(':
    case ')':
    case ';':
    case '@':
    case '$': *to++ = '\\'; break;
    default: break;
    }
    *to++ = (char)octet;
    return to;
}

size_t weir_dns_name_print(const weir_dns_name *name, char *out)
{
    char *to = out;
    if (name->len == 1) *to++ = '.';
    for (unsigned at = 0; at + 1u < name->len;) {
        const unsigned end = at + 1u + name->octets[at];
        while (++at < end) to = print_octet(to, name->octets[at]);
        *to++ = '.';
    }
    *to = '\0';
    return (size_t)(to - out);
}

size_t weir_dns_name_print_host(const weir_dns_name *name, char *out)
{
    size_t len = weir_dns_name_print(name, out);
    if (name->len > 1) out[--len] = '\0';
    return len;
}

const char *weir_dns_name_fault_text(weir_dns_name_fault fault)
{
    switch (fault) {
    case WEIR_DNS_NAME_GOOD: return "nothing is wrong";
    case WEIR_DNS_NAME_EMPTY: return "the name is empty";
    case WEIR_DNS_NAME_EMPTY_LABEL: return "a label is empty";
    case WEIR_DNS_NAME_LONG_LABEL: return "a label is longer than 63 octets";
    case WEIR_DNS_NAME_LONG: return "the name is longer than 253 characters";
    case WEIR_DNS_NAME_ESCAPE: return "a backslash is followed by no character or number";
    case WEIR_DNS_NAME_CHARACTER: return "not a letter, digit or hyphen";
    case WEIR_DNS_NAME_HYPHEN: return "a label begins or ends with a hyphen";
    case WEIR_DNS_NAME_NUMERIC: return "the last label is a number";
    }
    return "unknown fault";
}
