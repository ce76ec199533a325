/* SPDX-License-Identifier: MIT
 *
 * The address value: reading and writing its text, comparing, and the kernel's form.
 *
 *      address   = ipv4 ":" port  /  "[" ipv6 "]:" port  /  "unix:" path  /  "unix:@" name
 *      ipv4      = byte "." byte "." byte "." byte        decimal, no leading zeros
 *      ipv6      = groups [ "%" zone ]                    RFC 4291 2.2, RFC 4007 11.2
 *      port,zone = decimal, no leading zeros
 *      path,name = bytes; "\xHH" is the byte HH, and the only use of a backslash
 */
#include <weir/io/addr.h>

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include <weir/base/error.h>
#include <weir/base/num.h>

enum {
    GROUPS = 8,         /* an IPv6 address is 8 groups of 16 bits */
    NAME_LIMIT = 107,   /* bytes of a path (a NUL follows) or of an abstract name (one precedes) */
    NO_GAP = GROUPS + 1 /* where the "::" stands when there is none */
};

static const char unix_prefix[] = "unix:";
enum { UNIX_PREFIX = sizeof unix_prefix - 1, UNIX_HEAD = offsetof(struct sockaddr_un, sun_path) };

/* Reading ----------------------------------------------------------------------------------- */

static weir_bytes slice(weir_bytes text, size_t from, size_t to)
{
    return weir_bytes_of(text.data + from, to - from);
}

/* Where `c` stands first at or after `from`; text.len when it does not. */
static size_t find(weir_bytes text, size_t from, char c)
{
    while (from < text.len && text.data[from] != c) from++;
    return from;
}

/* A decimal number in its one form: no leading zeros. */
static bool parse_plain(weir_bytes text, uint64_t max, uint64_t *out)
{
    if (text.len > 1 && text.data[0] == '0') return false;
    return weir_decimal_parse(text, max, out) == 0;
}

/* RFC 6943 3.1.1: the strict form; inet_aton's octal, hexadecimal and short forms are refused. */
static bool parse_ipv4(weir_bytes text, uint8_t out[4])
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        size_t end = find(text, at, '.');
        uint64_t value;
        if ((end == text.len) != (i == 3)) return false;
        if (!parse_plain(slice(text, at, end), UINT8_MAX, &value)) return false;
        out[i] = (uint8_t)value;
        at = end + 1;
    }
    return true;
}

/* Reads one piece between colons into groups[*count...]: a group, or as the last piece a dotted
 * quad, which is two. */
static bool parse_piece(weir_bytes piece, bool last, uint16_t groups[GROUPS], size_t *count)
{
    uint8_t quad[4];
    uint64_t value;
    if (last && *count + 2 <= GROUPS && parse_ipv4(piece, quad)) {
        groups[(*count)++] = (uint16_t)(quad[0] << 8 | quad[1]);
        groups[(*count)++] = (uint16_t)(quad[2] << 8 | quad[3]);
        return true;
    }
    if (*count == GROUPS || piece.len > 4) return false;
    if (weir_hex_parse(piece, UINT16_MAX, &value) < 0) return false;
    groups[(*count)++] = (uint16_t)value;
    return true;
}

/* Reads the pieces of an address; *gap is the number of groups before the "::". */
static bool parse_groups(weir_bytes text, uint16_t groups[GROUPS], size_t *count, size_t *gap)
{
    size_t at = 0;
    *count = 0;
    *gap = NO_GAP;
    if (text.len >= 2 && text.data[0] == ':' && text.data[1] == ':') {
        *gap = 0;
        at = 2;
    }
    while (at < text.len) {
        size_t end = find(text, at, ':');
        if (!parse_piece(slice(text, at, end), end == text.len, groups, count)) return false;
        if (end == text.len) break;
        at = end + 1;
        if (at == text.len) return false; /* ends in one colon */
        if (text.data[at] != ':') continue;
        if (*gap != NO_GAP) return false;
        *gap = *count;
        at++;
    }
    return true;
}

/* RFC 4291 2.2: eight groups, or fewer and one "::" for at least one group of zeros. */
static bool parse_ipv6(weir_bytes text, uint8_t out[16])
{
    uint16_t groups[GROUPS];
    size_t count, gap;
    if (!parse_groups(text, groups, &count, &gap)) return false;
    if (gap == NO_GAP ? count != GROUPS : count >= GROUPS) return false;
    memset(out, 0, 16);
    for (size_t i = 0; i < count; i++) {
        size_t place = i < gap ? i : GROUPS - count + i;
        out[2 * place] = (uint8_t)(groups[i] >> 8);
        out[2 * place + 1] = (uint8_t)groups[i];
    }
    return true;
}

/* An IPv6 address with or without zone.  RFC 4007 11.2: zone 0 is the default zone, as if absent.
 */
static int parse_ipv6_zone(weir_bytes text, uint16_t port, weir_address *out)
{
    weir_address address = {.kind = WEIR_ADDRESS_IPV6, .port = port};
    size_t percent = find(text, 0, '%');
    if (!parse_ipv6(slice(text, 0, percent), address.at.ipv6)) return WEIR_EADDRTEXT;
    if (percent < text.len) {
        uint64_t zone;
        if (!parse_plain(slice(text, percent + 1, text.len), UINT32_MAX, &zone))
            return WEIR_EZONETEXT;
        address.zone = (uint32_t)zone;
    }
    *out = address;
    return 0;
}

static int parse_ipv4_port(weir_bytes text, uint16_t port, weir_address *out)
{
    weir_address address = {.kind = WEIR_ADDRESS_IPV4, .port = port};
    if (!parse_ipv4(text, address.at.ipv4)) return WEIR_EADDRTEXT;
    *out = address;
    return 0;
}

/* Reads one byte of a Unix name at *at, resolving an escape. */
static bool parse_name_byte(weir_bytes text, size_t *at, char *out)
{
    *out = text.data[(*at)++];
    if (*out != '\\') return true;
    uint64_t value;
    if (text.len - *at < 3 || text.data[*at] != 'x') return false;
    if (weir_hex_parse(slice(text, *at + 1, *at + 3), UINT8_MAX, &value) < 0) return false;
    *out = (char)(unsigned char)value;
    *at += 3;
    return true;
}

/* A NUL would end a path early, for the kernel only: it is refused there, and is an ordinary byte
 * in an abstract name. */
static int parse_unix(weir_bytes text, weir_address *out)
{
    weir_address address = {.kind = WEIR_ADDRESS_UNIX};
    if (text.len == 0) return WEIR_EADDRTEXT;
    bool abstract = text.data[0] == '@';
    size_t len = 0, head = abstract;
    for (size_t at = head; at < text.len;) {
        char c;
        if (!parse_name_byte(text, &at, &c) || (!abstract && c == '\0')) return WEIR_EADDRTEXT;
        if (len < NAME_LIMIT) address.at.path[head + len] = c;
        len++;
    }
    if (len == 0) return WEIR_EADDRTEXT;
    if (len > NAME_LIMIT) return WEIR_ENAMETOOLONG;
    address.path_len = (uint8_t)(head + len);
    *out = address;
    return 0;
}

int weir_address_parse(weir_bytes text, weir_address *out)
{
    if (text.len >= UNIX_PREFIX && memcmp(text.data, unix_prefix, UNIX_PREFIX) == 0)
        return parse_unix(slice(text, UNIX_PREFIX, text.len), out);
    bool bracket = text.len > 0 && text.data[0] == '[';
    size_t end = find(text, 0, bracket ? ']' : ':');
    size_t colon = end + bracket;
    if (colon >= text.len || text.data[colon] != ':') return WEIR_EADDRTEXT;

    weir_address address;
    int result = bracket ? parse_ipv6_zone(slice(text, 1, end), 0, &address)
                         : parse_ipv4_port(slice(text, 0, end), 0, &address);
    if (result < 0) return result;
    uint64_t port;
    if (!parse_plain(slice(text, colon + 1, text.len), UINT16_MAX, &port)) return WEIR_EPORTTEXT;
    address.port = (uint16_t)port;
    *out = address;
    return 0;
}

int weir_address_parse_ip(weir_bytes text, uint16_t port, weir_address *out)
{
    bool colon = find(text, 0, ':') < text.len;
    return colon ? parse_ipv6_zone(text, port, out) : parse_ipv4_port(text, port, out);
}

/* Writing ----------------------------------------------------------------------------------- */

static char *put_ipv4(char *out, const uint8_t ipv4[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) *out++ = '.';
        out += weir_decimal_print(ipv4[i], out);
    }
    return out;
}

/* RFC 5952 4.2: finds the longest run of two or more groups of zeros, the first of equals.  Its
 * length is 0 when there is none. */
static void longest_zeros(const uint16_t groups[GROUPS], int *start, int *length)
{
    *start = GROUPS;
    *length = 0;
    for (int i = 0; i < GROUPS; i++) {
        int end = i;
        while (end < GROUPS && groups[end] == 0) end++;
        if (end - i >= 2 && end - i > *length) {
            *start = i;
            *length = end - i;
        }
        if (end > i) i = end;
    }
}

static char *put_ipv6(char *out, const uint8_t ipv6[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(ipv6, mapped, sizeof mapped) == 0) { /* RFC 5952 5 */
        memcpy(out, "::ffff:", 7);
        return put_ipv4(out + 7, ipv6 + 12);
    }
    uint16_t groups[GROUPS];
    int start, length;
    for (int i = 0; i < GROUPS; i++) groups[i] = (uint16_t)(ipv6[2 * i] << 8 | ipv6[2 * i + 1]);
    longest_zeros(groups, &start, &length);
    for (int i = 0; i < GROUPS; i++) {
        if (i == start) {
            *out++ = ':';
            *out++ = ':';
            i += length - 1;
            continue;
        }
        if (i > 0 && i != start + length) *out++ = ':';
        out += weir_hex_print(groups[i], out);
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
    *out++ = "0123456789abcdef"[byte >> 4];
    *out++ = "0123456789abcdef"[byte & 15];
    return out;
}

/* The bytes of a Unix name; a value that somebody filled wrongly is not read past its end. */
static size_t name_length(const weir_address *address)
{
    size_t room = sizeof address->at.path;
    return address->path_len < room ? address->path_len : room;
}

static char *put_unix(char *out, const weir_address *address)
{
    size_t len = name_length(address);
    memcpy(out, unix_prefix, UNIX_PREFIX);
    out += UNIX_PREFIX;
    if (len == 0) return out;
    bool abstract = address->at.path[0] == '\0';
    if (abstract) *out++ = '@';
    /* A path that begins with '@' would read as an abstract name. */
    for (size_t i = abstract; i < len; i++)
        out = put_name_byte(out, address->at.path[i], i == 0 && address->at.path[0] == '@');
    return out;
}

size_t weir_address_print(const weir_address *address, char *out)
{
    char *end = out;
    switch (address->kind) {
    case WEIR_ADDRESS_IPV4: end = put_ipv4(end, address->at.ipv4); break;
    case WEIR_ADDRESS_IPV6:
        *end++ = '[';
        end = put_ipv6(end, address->at.ipv6);
        if (address->zone != 0) {
            *end++ = '%';
            end += weir_decimal_print(address->zone, end);
        }
        *end++ = ']';
        break;
    case WEIR_ADDRESS_UNIX:
        end = put_unix(end, address);
        *end = '\0';
        return (size_t)(end - out);
    default: memcpy(out, "none", 5); return 4;
    }
    *end++ = ':';
    end += weir_decimal_print(address->port, end);
    return (size_t)(end - out);
}

/* Values ------------------------------------------------------------------------------------ */

bool weir_address_equal(const weir_address *a, const weir_address *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case WEIR_ADDRESS_IPV4:
        return a->port == b->port && memcmp(a->at.ipv4, b->at.ipv4, sizeof a->at.ipv4) == 0;
    case WEIR_ADDRESS_IPV6:
        return a->port == b->port && a->zone == b->zone &&
               memcmp(a->at.ipv6, b->at.ipv6, sizeof a->at.ipv6) == 0;
    case WEIR_ADDRESS_UNIX:
        return a->path_len == b->path_len && memcmp(a->at.path, b->at.path, name_length(a)) == 0;
    default: return true;
    }
}

weir_address weir_address_any4(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV4, .port = port};
}

weir_address weir_address_any6(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV6, .port = port};
}

weir_address weir_address_loopback4(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV4, .port = port, .at.ipv4 = {[0] = 127, [3] = 1}};
}

weir_address weir_address_loopback6(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV6, .port = port, .at.ipv6 = {[15] = 1}};
}

/* The kernel's form ------------------------------------------------------------------------- */

/* A path is handed over with its NUL, which is what unix(7) counts; an abstract name is all the
 * bytes that the length covers, so padding would be part of it. */
static socklen_t unix_to_sockaddr(const weir_address *address, struct sockaddr_storage *out)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = name_length(address);
    memcpy(un.sun_path, address->at.path, len);
    memcpy(out, &un, sizeof un);
    bool path = len > 0 && un.sun_path[0] != '\0';
    return (socklen_t)(UNIX_HEAD + len + (path && len < sizeof un.sun_path));
}

socklen_t weir_address_to_sockaddr(const weir_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->kind == WEIR_ADDRESS_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->at.ipv4, sizeof in.sin_addr);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (address->kind == WEIR_ADDRESS_IPV6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                   .sin6_port = htons(address->port),
                                   .sin6_flowinfo = htonl(address->flow),
                                   .sin6_scope_id = address->zone};
        memcpy(&in6.sin6_addr, address->at.ipv6, sizeof in6.sin6_addr);
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    return address->kind == WEIR_ADDRESS_UNIX ? unix_to_sockaddr(address, out) : 0;
}

/* The kernel may count the NUL of a path or not, and counts one byte more than there is room for
 * when a path fills all of it. */
static void unix_from_sockaddr(const struct sockaddr *from, size_t len, weir_address *out)
{
    struct sockaddr_un un = {0};
    memcpy(&un, from, len < sizeof un ? len : sizeof un);
    size_t name = (len < sizeof un ? len : sizeof un) - UNIX_HEAD;
    if (un.sun_path[0] != '\0') name = strnlen(un.sun_path, name);
    *out = (weir_address){.kind = WEIR_ADDRESS_UNIX, .path_len = (uint8_t)name};
    memcpy(out->at.path, un.sun_path, name);
}

int weir_address_from_sockaddr(const struct sockaddr *from, socklen_t len, weir_address *out)
{
    if (len == 0) {
        *out = (weir_address){.kind = WEIR_ADDRESS_UNIX};
        return 0;
    }
    sa_family_t family;
    if (len < sizeof family) return WEIR_EAFNOSUPPORT;
    memcpy(&family, from, sizeof family);
    if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        *out = weir_address_any4(ntohs(in.sin_port));
        memcpy(out->at.ipv4, &in.sin_addr, sizeof in.sin_addr);
        return 0;
    }
    if (family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        *out = weir_address_any6(ntohs(in6.sin6_port));
        out->zone = in6.sin6_scope_id;
        out->flow = ntohl(in6.sin6_flowinfo);
        memcpy(out->at.ipv6, &in6.sin6_addr, sizeof in6.sin6_addr);
        return 0;
    }
    if (family != AF_UNIX) return WEIR_EAFNOSUPPORT;
    unix_from_sockaddr(from, len, out);
    return 0;
}
