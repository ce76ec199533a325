/* SPDX-License-Identifier: MIT
 *
 * Writing addresses: the one text that each has (RFC 5952), and the faults in words.
 */
#include <weir/io/addr.h>

#include <string.h>

#include <weir/base/num.h>

enum { GROUPS = 8 };

static const char lower_digits[] = "0123456789abcdef";

/* The bytes of a Unix name; a value that somebody filled wrongly is not read past its end. */
static size_t name_length(const weir_address *address)
{
    size_t room = sizeof address->at.path;
    return address->path_len < room ? address->path_len : room;
}

static inline char *put_byte(char *out, unsigned value)
{
    if (value >= 100) {
        *out++ = (char)('0' + value / 100);
        value %= 100;
        *out++ = (char)('0' + value / 10);
    } else if (value >= 10) {
        *out++ = (char)('0' + value / 10);
    }
    *out++ = (char)('0' + value % 10);
    return out;
}

static char *put_ipv4(char *out, const uint8_t ipv4[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) *out++ = '.';
        out = put_byte(out, ipv4[i]);
    }
    return out;
}

static inline char *put_group(char *out, unsigned group)
{
    if (group >= 0x1000) *out++ = lower_digits[group >> 12];
    if (group >= 0x100) *out++ = lower_digits[group >> 8 & 15];
    if (group >= 0x10) *out++ = lower_digits[group >> 4 & 15];
    *out++ = lower_digits[group & 15];
    return out;
}

/* RFC 5952 4.2: the longest run of two or more zeros, the first of equals, in a set of groups: bit
 * i of `zeros` is group i.  Each step shortens every run by one; the longest is left over last. */
static void longest_run(unsigned zeros, int *start, int *length)
{
    *start = GROUPS;
    *length = 0;
    if (!(zeros & zeros >> 1)) return;
    for (*length = 1; zeros & zeros >> 1; ++*length) zeros &= zeros >> 1;
    *start = __builtin_ctz(zeros);
}

/* Whether the last 32 bits are written dotted: RFC 5952 5 for ::ffff:0:0/96; the others on request,
 * of ::/96 those which are not "::", "::1" and their like (RFC 4291 2.5.5.1). */
static bool is_dotted(const uint8_t ipv6[16], unsigned form)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b}, compatible[12] = {0};
    if (memcmp(ipv6, mapped, sizeof mapped) == 0) return true;
    if (!(form & WEIR_ADDRESS_DOTTED)) return false;
    if (memcmp(ipv6, translated, sizeof translated) == 0) return true;
    return memcmp(ipv6, compatible, sizeof compatible) == 0 && (ipv6[12] || ipv6[13]);
}

static char *put_ipv6(char *out, const uint8_t ipv6[16], unsigned form)
{
    uint16_t groups[GROUPS];
    unsigned zeros = 0;
    int start, length, count = GROUPS;
    if (is_dotted(ipv6, form)) count -= 2;
    for (int i = 0; i < count; i++) {
        groups[i] = (uint16_t)(ipv6[2 * i] << 8 | ipv6[2 * i + 1]);
        zeros |= (unsigned)(groups[i] == 0) << i;
    }
    longest_run(zeros, &start, &length);
    for (int i = 0; i < count; i++) {
        if (i == start) {
            *out++ = ':';
            *out++ = ':';
            i += length - 1;
            continue;
        }
        if (i > 0 && i != start + length) *out++ = ':';
        out = put_group(out, groups[i]);
    }
    if (count == GROUPS) return out;
    if (start + length != count) *out++ = ':';
    return put_ipv4(out, ipv6 + 12);
}

/* Writes "%HH". */
static char *put_percent(char *out, unsigned char byte)
{
    *out++ = '%';
    *out++ = "0123456789ABCDEF"[byte >> 4];
    *out++ = "0123456789ABCDEF"[byte & 15];
    return out;
}

/* A name beyond the longest that there is is cut. */
static char *put_zone(char *out, uint32_t index, const char *name, unsigned form)
{
    const bool url = form & WEIR_ADDRESS_ZONE_URL;
    *out++ = '%';
    if (url) {
        *out++ = '2';
        *out++ = '5';
    }
    if (!name) return out + weir_decimal_print(index, out);
    for (int i = 0; i < WEIR_ZONE_NAME_MAX && name[i]; i++) {
        const unsigned char c = (unsigned char)name[i];
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
        if (url && !plain)
            out = put_percent(out, c);
        else
            *out++ = (char)c;
    }
    return out;
}

static char *put_name_byte(char *out, char c, bool escape)
{
    unsigned char byte = (unsigned char)c;
    if (!escape && byte >= 0x20 && byte < 0x7f && byte != '\\') {
        *out++ = c;
        return out;
    }
    *out++ = '\\';
    *out++ = 'x';
    *out++ = lower_digits[byte >> 4];
    *out++ = lower_digits[byte & 15];
    return out;
}

static char *put_unix(char *out, const weir_address *address)
{
    size_t len = name_length(address);
    memcpy(out, "unix:", 5);
    out += 5;
    if (len == 0) return out;
    bool abstract = address->at.path[0] == '\0';
    if (abstract) *out++ = '@';
    /* A path that begins with '@' would read as an abstract name. */
    for (size_t i = abstract; i < len; i++)
        out = put_name_byte(out, address->at.path[i], i == 0 && address->at.path[0] == '@');
    return out;
}

/* Writes into WEIR_ADDRESS_TEXT bytes; `zone_given`: a name stands for a zone that is no number. */
static size_t put_address(char *out, const weir_address *address, unsigned form, const char *zone,
                          bool zone_given)
{
    const unsigned shape = form & WEIR_ADDRESS_FORMS;
    const bool port =
        shape == WEIR_ADDRESS_AS_SOCKET || (shape != WEIR_ADDRESS_AS_IP && address->port != 0);
    char *end = out;
    if (address->kind == WEIR_ADDRESS_IPV4) {
        end = put_ipv4(end, address->at.ipv4);
    } else if (address->kind == WEIR_ADDRESS_IPV6) {
        const bool named = (address->zone != 0 || zone_given) && !(form & WEIR_ADDRESS_ZONE_NONE);
        const bool url = named && shape == WEIR_ADDRESS_AS_HOST && (form & WEIR_ADDRESS_ZONE_URL);
        const bool brackets = port || shape == WEIR_ADDRESS_AS_LITERAL || url;
        if (!brackets) form &= ~(unsigned)WEIR_ADDRESS_ZONE_URL;
        if (brackets) *end++ = '[';
        end = put_ipv6(end, address->at.ipv6, form);
        if (named) end = put_zone(end, address->zone, zone, form);
        if (brackets) *end++ = ']';
    } else {
        if (address->kind == WEIR_ADDRESS_UNIX)
            end = put_unix(end, address);
        else
            end = (char *)memcpy(end, "none", 4) + 4;
        *end = '\0';
        return (size_t)(end - out);
    }
    if (port) {
        *end++ = ':';
        end += weir_decimal_print(address->port, end);
    }
    *end = '\0';
    return (size_t)(end - out);
}

size_t weir_address_print(const weir_address *address, char *out)
{
    return put_address(out, address, WEIR_ADDRESS_AS_SOCKET, NULL, false);
}

static size_t cut(const char *text, size_t len, char *out, size_t room)
{
    if (room == 0) return len;
    const size_t part = len < room ? len : room - 1;
    memcpy(out, text, part);
    out[part] = '\0';
    return len;
}

size_t weir_address_print_as(const weir_address *address, unsigned form, const char *zone,
                             char *out, size_t room)
{
    char text[WEIR_ADDRESS_TEXT];
    if (room >= sizeof text) return put_address(out, address, form, zone, false);
    return cut(text, put_address(text, address, form, zone, false), out, room);
}

int64_t weir_address_canonical(weir_bytes text, unsigned form, char *out, size_t room)
{
    char whole[WEIR_ADDRESS_TEXT];
    weir_address address;
    weir_address_why why;
    const int error = weir_address_parse_as(text, form | WEIR_ADDRESS_ZONE_NAME, 0, &address, &why);
    if (error) return error;
    const bool named = why.zone_len > 0;
    const char *name = named ? why.zone : NULL;
    return (int64_t)cut(whole, put_address(whole, &address, form, name, named), out, room);
}

bool weir_address_same_text(weir_bytes a, weir_bytes b)
{
    const unsigned form = WEIR_ADDRESS_AS_HOST | WEIR_ADDRESS_ZONE_NAME;
    weir_address first, second;
    weir_address_why of_first, of_second;
    if (weir_address_parse_as(a, form, 0, &first, &of_first) < 0) return false;
    if (weir_address_parse_as(b, form, 0, &second, &of_second) < 0) return false;
    return weir_address_equal(&first, &second) && strcmp(of_first.zone, of_second.zone) == 0;
}

const char *weir_address_fault_text(weir_address_fault fault)
{
    switch (fault) {
    case WEIR_ADDRESS_GOOD: return "nothing is wrong";
    case WEIR_ADDRESS_INCOMPLETE: return "the text ends too early";
    case WEIR_ADDRESS_EXCESS: return "more follows than an address has";
    case WEIR_ADDRESS_CHARACTER: return "this character cannot stand here";
    case WEIR_ADDRESS_OVERFLOW: return "the number is too large";
    case WEIR_ADDRESS_LEADING_ZERO: return "the number has a leading zero";
    case WEIR_ADDRESS_BAD_TAIL: return "the IPv4 address within is wrong or in a wrong place";
    case WEIR_ADDRESS_NO_BRACKETS: return "an IPv6 address needs brackets here";
    case WEIR_ADDRESS_EMPTY_ZONE: return "the zone is missing after the percent sign";
    case WEIR_ADDRESS_NAMED_ZONE: return "the zone is a name and not a known one";
    case WEIR_ADDRESS_LONG_ZONE: return "no interface has a name this long";
    case WEIR_ADDRESS_IDLE_ZONE: return "a zone means nothing on this address";
    }
    return "unknown fault";
}
