/* SPDX-License-Identifier: MIT
 *
 * The exact reader of addresses: one pass over the text, which stops at the first byte that is
 * wrong.  Most good texts do not come here: addr_quick.c reads them by the same grammar.
 *
 *      socket    = ipv4 ":" port  /  "[" ipv6 [ zone ] "]:" port  /  "unix:" path  /  "unix:@" name
 *      ip        = ipv4  /  ipv6 [ zone ]
 *      literal   = ipv4 [ ":" port ]  /  "[" ipv6 [ zone ] "]" [ ":" port ]
 *      host      = literal  /  ipv6 [ zone ]
 *      ipv4      = byte "." byte "." byte "." byte        RFC 6943 3.1.1
 *      ipv6      = groups                                 RFC 4291 2.2
 *      zone      = "%" ( number / name )                  RFC 4007 11.2; in a URL "%25", RFC 6874 2
 *      byte, port, number = decimal, no leading zeros
 *      path, name         = bytes; "\xHH" is the byte HH, and the only use of a backslash
 */
#include "io/addr_read.h"

#include <endian.h>
#include <string.h>

#include <weir/base/error.h>

enum {
    GROUPS = 8,      /* an IPv6 address is 8 groups of 16 bits */
    NAME_LIMIT = 107 /* bytes of a path (a NUL follows) or of an abstract name (one precedes) */
};

typedef unsigned __int128 uint128;

/* The values of hexadecimal digits; NONE for what is none. */
enum { NONE = 0xff };
#define NONE_8  NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE
#define NONE_32 NONE_8, NONE_8, NONE_8, NONE_8
#define A_TO_F  NONE, 10, 11, 12, 13, 14, 15, NONE, NONE_8, NONE_8, NONE_8
#define DIGITS  NONE_8, NONE_8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NONE, NONE, NONE, NONE, NONE, NONE
static const uint8_t hex_digits[256] = {NONE_32, DIGITS,  A_TO_F,  A_TO_F,
                                        NONE_32, NONE_32, NONE_32, NONE_32};

/* Where reading stands.  After a failure `at` is the wrong byte and `fault` says what it is. */
typedef struct reader {
    const uint8_t *begin, *at, *end;
    unsigned form;
    char close; /* ends an IPv6 address besides the end of the text: ']', or NUL for nothing */
    weir_address_fault fault;
    const uint8_t *zone_at; /* the name of the zone, as written and decoded */
    size_t zone_len;
    char zone[WEIR_ZONE_NAME_MAX + 1];
} reader;

/* What is read of an IP address. */
typedef struct ip {
    uint8_t kind;
    uint16_t port;
    uint32_t zone;
    uint128 bits; /* the number that an IPv6 address is; of an IPv4 address the highest 32 bits */
} ip;

__attribute__((cold, noinline)) static void note(reader *r, const uint8_t *at,
                                                 weir_address_fault fault)
{
    r->at = at;
    r->fault = fault;
}

/* Notes what is wrong.  Returns false, for its callers to return. */
__attribute__((always_inline)) static inline bool fail(reader *r, const uint8_t *at,
                                                       weir_address_fault fault)
{
    note(r, at, fault);
    return false;
}

/* The text ends too early, or goes on with a byte that cannot stand there. */
__attribute__((always_inline)) static inline bool fail_here(reader *r, const uint8_t *at)
{
    const bool ends = at == r->end || (r->close && *at == (uint8_t)r->close);
    return fail(r, at, ends ? WEIR_ADDRESS_INCOMPLETE : WEIR_ADDRESS_CHARACTER);
}

/* Numbers and IPv4 ---------------------------------------------------------------------------- */

/* Reads a decimal number in its one form.  `max` is below 2^32. */
static inline bool read_number(reader *r, uint64_t max, uint64_t *out)
{
    const uint8_t *start = r->at, *p = start, *end = r->end;
    if (p == end) return fail_here(r, p);
    uint64_t value = (unsigned)*p - '0';
    if (value > 9) return fail_here(r, p);
    for (p++; p < end; p++) {
        const unsigned digit = (unsigned)*p - '0';
        if (digit > 9) break;
        if (value == 0) return fail(r, start, WEIR_ADDRESS_LEADING_ZERO);
        value = value * 10 + digit;
        if (value > max) return fail(r, start, WEIR_ADDRESS_OVERFLOW);
    }
    r->at = p;
    *out = value;
    return true;
}

/* Reads a part of an IPv4 address at p.  Returns its end, or NULL. */
static inline const uint8_t *read_part(reader *r, const uint8_t *p, const uint8_t *end,
                                       unsigned *out)
{
    const uint8_t *start = p;
    unsigned value, digit;
    if (p == end || (value = (unsigned)*p - '0') > 9) return fail_here(r, p), NULL;
    if (++p < end && (digit = (unsigned)*p - '0') <= 9) {
        if (value == 0) return fail(r, start, WEIR_ADDRESS_LEADING_ZERO), NULL;
        value = value * 10 + digit;
        if (++p < end && (digit = (unsigned)*p - '0') <= 9) {
            value = value * 10 + digit;
            p++;
            if (value > UINT8_MAX || (p < end && (unsigned)*p - '0' <= 9))
                return fail(r, start, WEIR_ADDRESS_OVERFLOW), NULL;
        }
    }
    *out = value;
    return p;
}

/* Reads an IPv4 address into the number that it is. */
static inline bool read_ipv4(reader *r, uint32_t *out)
{
    const uint8_t *p = r->at, *end = r->end;
    unsigned value = 0;
    uint32_t bits = 0;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            if (p == end || *p != '.') return fail_here(r, p);
            p++;
        }
        p = read_part(r, p, end, &value);
        if (!p) return false;
        bits = bits << 8 | value;
    }
    r->at = p;
    *out = bits;
    return true;
}

/* IPv6 ---------------------------------------------------------------------------------------- */

/* The groups read so far.  Each is shifted into `bits`; at the "::" those before it are put away.
 */
typedef struct groups {
    uint128 bits, head;
    int count;
    int gap;  /* groups before the "::", or -1 */
    int most; /* groups that there may be: 8, or 7 beside a "::", which stands for at least one */
} groups;

/* Reads the dotted quad that takes the place of the last two groups. */
static bool read_tail(reader *r, const uint8_t *start, groups *g)
{
    uint32_t quad;
    r->at = start;
    const bool fits = g->gap < 0 ? g->count + 2 == GROUPS : g->count + 2 <= g->most;
    if (!fits) return fail(r, start, WEIR_ADDRESS_BAD_TAIL);
    bool good = read_ipv4(r, &quad);
    if (good && r->at < r->end && *r->at != '%' && *r->at != (uint8_t)r->close) good = false;
    if (!good) return fail(r, r->at, WEIR_ADDRESS_BAD_TAIL);
    g->bits = g->bits << 32 | quad;
    g->count += 2;
    return true;
}

/* Reads hexadecimal digits.  Returns their end; a fifth digit is taken, too, and no further one. */
static inline const uint8_t *read_group(const uint8_t *p, const uint8_t *end, unsigned *out)
{
    unsigned value = 0;
    if (end - p > 4 && p[4] == ':') { /* most groups have four digits */
        const unsigned a = hex_digits[p[0]], b = hex_digits[p[1]];
        const unsigned c = hex_digits[p[2]], d = hex_digits[p[3]];
        if ((a | b | c | d) < NONE) {
            *out = a << 12 | b << 8 | c << 4 | d;
            return p + 4;
        }
    }
    const uint8_t *limit = end - p > 5 ? p + 5 : end;
    for (unsigned digit; p < limit && (digit = hex_digits[*p]) < NONE; p++)
        value = value << 4 | digit;
    *out = value;
    return p;
}

/* Reads groups up to the first byte after them. */
static inline bool read_groups(reader *r, groups *out)
{
    const uint8_t *p = r->at, *end = r->end;
    groups g = {.gap = -1, .most = GROUPS};
    if (p < end && *p == ':') {
        if (++p == end || *p != ':') return fail_here(r, p);
        g.gap = 0;
        g.most--;
        p++;
    }
    for (;;) {
        unsigned value;
        const uint8_t *start = p;
        p = read_group(p, end, &value);
        if (p - start > 4) return fail(r, start, WEIR_ADDRESS_OVERFLOW);
        if (p == start) {
            if (g.gap != g.count) return fail_here(r, p);
            break; /* ends in "::" */
        }
        if (p < end && *p == '.') {
            *out = g;
            return read_tail(r, start, out);
        }
        if (g.count == g.most) return fail(r, start, WEIR_ADDRESS_EXCESS);
        g.bits = g.bits << 16 | value;
        g.count++;
        if (p == end || *p != ':') break;
        if (g.count == g.most) return fail(r, p, WEIR_ADDRESS_EXCESS);
        p++;
        if (p < end && *p == ':') {
            if (g.gap >= 0) return fail(r, p, WEIR_ADDRESS_CHARACTER);
            g.gap = g.count;
            g.most--;
            g.head = g.bits;
            g.bits = 0;
            p++;
        }
    }
    r->at = p;
    *out = g;
    return true;
}

static bool read_ipv6(reader *r, uint128 *out)
{
    groups g;
    if (!read_groups(r, &g)) return false;
    const bool ends = r->at == r->end || *r->at == '%' || (r->close && *r->at == (uint8_t)r->close);
    if (!ends) return fail(r, r->at, WEIR_ADDRESS_CHARACTER);
    if (g.gap < 0 && g.count < GROUPS) return fail(r, r->at, WEIR_ADDRESS_INCOMPLETE);
    if (g.gap > 0) g.bits |= g.head << 16 * (GROUPS - g.gap);
    *out = g.bits;
    return true;
}

/* Zones --------------------------------------------------------------------------------------- */

/* RFC 3986 2.3. */
static bool is_unreserved(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* What an interface may be called: the kernel refuses '/', ':' and blanks; brackets and percent
 * signs could not be told from those around the zone. */
static bool is_name_byte(uint8_t c)
{
    return c > ' ' && c != 0x7f && !strchr("/:%[]", c);
}

/* Decodes "%HH" at p, which no byte needs that may stand there itself. */
static bool read_percent(reader *r, const uint8_t *p, const uint8_t *end, uint8_t *out)
{
    if (end - p < 3) return fail(r, p, WEIR_ADDRESS_CHARACTER);
    const unsigned high = hex_digits[p[1]], low = hex_digits[p[2]];
    if ((high | low) == NONE) return fail(r, p, WEIR_ADDRESS_CHARACTER);
    *out = (uint8_t)(high << 4 | low);
    return !is_unreserved(*out) || fail(r, p, WEIR_ADDRESS_CHARACTER);
}

/* Keeps the name of a zone, which ends at `end`. */
static bool read_zone_name(reader *r, const uint8_t *end)
{
    const uint8_t *start = r->at;
    const bool url = r->form & WEIR_ADDRESS_ZONE_URL;
    size_t len = 0;
    for (const uint8_t *p = start; p < end; p++) {
        uint8_t c = *p;
        if (url && c == '%') {
            if (!read_percent(r, p, end, &c)) return false;
            if (is_name_byte(c)) p += 2;
        } else if (url && !is_unreserved(c)) {
            return fail(r, p, WEIR_ADDRESS_CHARACTER);
        }
        if (!is_name_byte(c)) return fail(r, p, WEIR_ADDRESS_CHARACTER);
        if (len == WEIR_ZONE_NAME_MAX) return fail(r, start, WEIR_ADDRESS_LONG_ZONE);
        r->zone[len++] = (char)c;
    }
    r->zone[len] = '\0';
    r->zone_at = start;
    r->zone_len = (size_t)(end - start);
    r->at = end;
    return (r->form & WEIR_ADDRESS_ZONE_NAME) || fail(r, start, WEIR_ADDRESS_NAMED_ZONE);
}

/* Whether the kernel looks at the zone: link-local, and multicast within an interface or link. */
static bool has_zones(uint128 bits)
{
    const unsigned first = (unsigned)(bits >> 112), scope = first & 0x0f;
    return first >> 8 == 0xff ? scope == 1 || scope == 2 : first >> 6 == 0xfe80 >> 6;
}

/* Reads the zone, at its percent sign.  An address whose bracket is not closed has other troubles.
 */
static int read_zone(reader *r, ip *out)
{
    const uint8_t *percent = r->at, *end = r->end, *p;
    if (r->close) end = memchr(percent, r->close, (size_t)(r->end - percent));
    if (!end) return fail(r, r->end, WEIR_ADDRESS_INCOMPLETE), WEIR_EADDRTEXT;
    r->at++;
    if (r->form & WEIR_ADDRESS_ZONE_URL) {
        if (!r->close) return fail(r, percent, WEIR_ADDRESS_CHARACTER), WEIR_EZONETEXT;
        for (const char *sign = "25"; *sign; sign++)
            if (*r->at++ != (uint8_t)*sign) return fail_here(r, r->at - 1), WEIR_EZONETEXT;
    }
    if (r->at == end) return fail(r, end, WEIR_ADDRESS_EMPTY_ZONE), WEIR_EZONETEXT;
    for (p = r->at; p < end && *p >= '0' && *p <= '9';) p++;
    if (p < end) {
        if (!read_zone_name(r, end)) return WEIR_EZONETEXT;
    } else {
        uint64_t zone;
        if (!read_number(r, UINT32_MAX, &zone)) return WEIR_EZONETEXT;
        out->zone = (uint32_t)zone;
    }
    if ((r->form & WEIR_ADDRESS_ZONE_STRICT) && !has_zones(out->bits))
        return fail(r, percent, WEIR_ADDRESS_IDLE_ZONE), WEIR_EZONETEXT;
    return 0;
}

/* The parts together -------------------------------------------------------------------------- */

static inline unsigned shape(const reader *r)
{
    return r->form & WEIR_ADDRESS_FORMS;
}

/* Reads what follows the host: a colon and the port, where the form has one. */
static int read_port(reader *r, uint16_t *out)
{
    if (r->at == r->end && shape(r) != WEIR_ADDRESS_AS_SOCKET) return 0;
    if (r->at == r->end || *r->at != ':') return fail_here(r, r->at), WEIR_EADDRTEXT;
    uint64_t port;
    r->at++;
    if (!read_number(r, UINT16_MAX, &port)) return WEIR_EPORTTEXT;
    if (r->at != r->end) return fail_here(r, r->at), WEIR_EPORTTEXT;
    *out = (uint16_t)port;
    return 0;
}

/* Reads "[ipv6%zone]". */
static int read_bracketed(reader *r, ip *out)
{
    r->at++;
    r->close = ']';
    out->kind = WEIR_ADDRESS_IPV6;
    if (!read_ipv6(r, &out->bits)) return WEIR_EADDRTEXT;
    if (r->at < r->end && *r->at == '%') {
        const int error = read_zone(r, out);
        if (error) return error;
    }
    if (r->at == r->end) return fail(r, r->at, WEIR_ADDRESS_INCOMPLETE), WEIR_EADDRTEXT;
    r->at++;
    r->close = '\0';
    return 0;
}

static int read_bare_ipv6(reader *r, ip *out)
{
    out->kind = WEIR_ADDRESS_IPV6;
    if (!read_ipv6(r, &out->bits)) return WEIR_EADDRTEXT;
    return r->at == r->end ? 0 : read_zone(r, out);
}

/* Whether the whole text is an IPv6 address that lacks its brackets. */
__attribute__((cold)) static bool lacks_brackets(const reader *r)
{
    reader again = {.begin = r->begin, .at = r->begin, .end = r->end};
    ip ignored = {0};
    again.form = WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_ZONE_NAME;
    return read_bare_ipv6(&again, &ignored) == 0;
}

/* Whether an address without brackets is IPv6: a colon comes before any dot. */
static inline bool starts_ipv6(const reader *r)
{
    const uint8_t *p = r->at, *end = r->end;
    if (shape(r) != WEIR_ADDRESS_AS_IP && shape(r) != WEIR_ADDRESS_AS_HOST) return false;
    while (p < end && *p != ':' && *p != '.') p++;
    return p < end && *p == ':';
}

static inline int read_ip(reader *r, ip *out)
{
    if (shape(r) != WEIR_ADDRESS_AS_IP && r->at < r->end && *r->at == '[') {
        const int error = read_bracketed(r, out);
        return error ? error : read_port(r, &out->port);
    }
    if (starts_ipv6(r)) return read_bare_ipv6(r, out);
    uint32_t number;
    if (!read_ipv4(r, &number)) {
        if (shape(r) != WEIR_ADDRESS_AS_IP && lacks_brackets(r))
            fail(r, r->begin, WEIR_ADDRESS_NO_BRACKETS);
        return WEIR_EADDRTEXT;
    }
    out->kind = WEIR_ADDRESS_IPV4;
    out->bits = (uint128)number << 96;
    if (r->at < r->end && *r->at == '.') return fail(r, r->at, WEIR_ADDRESS_EXCESS), WEIR_EADDRTEXT;
    if (shape(r) != WEIR_ADDRESS_AS_IP) return read_port(r, &out->port);
    return r->at == r->end ? 0 : (fail_here(r, r->at), WEIR_EADDRTEXT);
}

/* Unix names ---------------------------------------------------------------------------------- */

/* Reads one byte of a Unix name, resolving an escape. */
static bool read_name_byte(reader *r, uint8_t *out)
{
    const uint8_t *p = r->at;
    *out = *p;
    r->at++;
    if (*out != '\\') return true;
    for (int i = 1; i <= 3; i++) {
        if (p + i == r->end) return fail(r, r->end, WEIR_ADDRESS_INCOMPLETE);
        if (i == 1 ? p[i] != 'x' : hex_digits[p[i]] == NONE)
            return fail(r, p + i, WEIR_ADDRESS_CHARACTER);
    }
    *out = (uint8_t)(hex_digits[p[2]] << 4 | hex_digits[p[3]]);
    r->at = p + 4;
    return true;
}

/* A NUL would end a path early, for the kernel only: it is refused there, and is an ordinary byte
 * in an abstract name. */
static int read_unix(reader *r, weir_address *out)
{
    const bool abstract = r->at < r->end && *r->at == '@';
    const uint8_t *over = NULL;
    size_t len = 0, head = abstract;
    for (r->at += head; r->at < r->end;) {
        const uint8_t *start = r->at;
        uint8_t c;
        if (!read_name_byte(r, &c)) return WEIR_EADDRTEXT;
        if (!abstract && c == '\0') return fail(r, start, WEIR_ADDRESS_CHARACTER), WEIR_EADDRTEXT;
        if (len < NAME_LIMIT)
            out->at.path[head + len++] = (char)c;
        else if (!over)
            over = start;
    }
    if (len == 0) return fail(r, r->at, WEIR_ADDRESS_INCOMPLETE), WEIR_EADDRTEXT;
    if (over) return fail(r, over, WEIR_ADDRESS_EXCESS), WEIR_ENAMETOOLONG;
    out->kind = WEIR_ADDRESS_UNIX;
    out->path_len = (uint8_t)(head + len);
    return 0;
}

/* Public -------------------------------------------------------------------------------------- */

static inline reader reader_of(weir_bytes text, unsigned form)
{
    /* The empty text has a place, too: where its end is. */
    const uint8_t *begin = (const uint8_t *)(text.data ? text.data : "");
    reader r;
    r.begin = r.at = begin;
    r.end = begin + text.len;
    r.form = form;
    r.close = '\0';
    r.fault = WEIR_ADDRESS_GOOD;
    r.zone_at = begin;
    r.zone_len = 0;
    r.zone[0] = '\0';
    return r;
}

static void fill(weir_address_why *why, const reader *r, int error)
{
    *why = (weir_address_why){.fault = error < 0 ? r->fault : WEIR_ADDRESS_GOOD,
                              .at = (size_t)(r->at - r->begin),
                              .zone_at = (size_t)(r->zone_at - r->begin),
                              .zone_len = r->zone_len};
    if (r->zone_len) memcpy(why->zone, r->zone, strlen(r->zone) + 1);
}

static inline int explain(const reader *r, int error, weir_address_why *why)
{
    if (why) fill(why, r, error);
    return error;
}

/* In two words, each stored as it was computed: one of twice the size would have to wait until
 * both have left the store buffer. */
static inline void put_octets(uint8_t out[16], uint128 bits)
{
    const uint64_t high = htobe64((uint64_t)(bits >> 64)), low = htobe64((uint64_t)bits);
    memcpy(out, &high, sizeof high);
    memcpy(out + 8, &low, sizeof low);
}

int weir_address_read_exact(weir_bytes text, unsigned form, uint16_t port, weir_address *out,
                            weir_address_why *why)
{
    reader r = reader_of(text, form);
    int error;
    if (shape(&r) == WEIR_ADDRESS_AS_SOCKET && text.len >= 5 && memcmp(r.at, "unix:", 5) == 0) {
        weir_address address = {0};
        r.at += 5;
        error = read_unix(&r, &address);
        if (!error) *out = address;
    } else {
        ip read = {.port = port};
        error = read_ip(&r, &read);
        if (!error) {
            /* Without the rest of the union: clearing it costs as much as reading does. */
            out->kind = read.kind;
            out->path_len = 0;
            out->port = read.port;
            out->zone = read.zone;
            out->flow = 0;
            put_octets(out->at.ipv6, read.bits);
        }
    }
    return explain(&r, error, why);
}

int weir_address_parse(weir_bytes text, weir_address *out)
{
    return weir_address_parse_as(text, WEIR_ADDRESS_AS_SOCKET, 0, out, NULL);
}

int weir_address_parse_ip(weir_bytes text, uint16_t port, weir_address *out)
{
    return weir_address_parse_as(text, WEIR_ADDRESS_AS_IP, port, out, NULL);
}

int weir_port_parse(weir_bytes text, weir_address_why *why)
{
    reader r = reader_of(text, WEIR_ADDRESS_AS_SOCKET);
    uint64_t port = 0;
    bool good = read_number(&r, UINT16_MAX, &port);
    if (good && r.at != r.end) good = fail_here(&r, r.at);
    const int error = explain(&r, good ? 0 : WEIR_EPORTTEXT, why);
    return error ? error : (int)port;
}

/* Reads a host up to its colon or the end; an address in brackets is looked at, a name is not. */
static int read_host(reader *r, weir_host_port *out)
{
    if (r->at < r->end && *r->at == '[') {
        ip ignored = {0};
        const int error = read_bracketed(r, &ignored);
        if (error) return error;
        out->host = weir_bytes_of(r->begin + 1, (size_t)(r->at - r->begin) - 2);
        out->bracketed = true;
        return 0;
    }
    if (lacks_brackets(r)) return fail(r, r->begin, WEIR_ADDRESS_NO_BRACKETS), WEIR_EADDRTEXT;
    while (r->at < r->end && *r->at != ':') {
        const uint8_t c = *r->at;
        if (c <= ' ' || c == 0x7f || c == '[' || c == ']')
            return fail(r, r->at, WEIR_ADDRESS_CHARACTER), WEIR_EADDRTEXT;
        r->at++;
    }
    if (r->at == r->begin && !(r->form & WEIR_ADDRESS_HOST_EMPTY))
        return fail(r, r->at, WEIR_ADDRESS_INCOMPLETE), WEIR_EADDRTEXT;
    out->host = weir_bytes_of(r->begin, (size_t)(r->at - r->begin));
    return 0;
}

int weir_address_split(weir_bytes text, unsigned form, uint16_t port, weir_host_port *out,
                       weir_address_why *why)
{
    reader r = reader_of(text, form | WEIR_ADDRESS_ZONE_NAME);
    weir_host_port parts = {.port = port};
    int error = read_host(&r, &parts);
    if (!error) error = read_port(&r, &parts.port);
    if (!error) *out = parts;
    return explain(&r, error, why);
}
