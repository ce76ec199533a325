/* SPDX-License-Identifier: MIT
 *
 * Names that stand for addresses, and back (RFC 1035 3.5, RFC 3596 2.5).
 *
 *     192.0.2.1      1.2.0.192.in-addr.arpa.
 *     2001:db8::1    1.0.0.0 … 8.b.d.0.1.0.0.2.ip6.arpa.     32 nibbles, the last one first
 */
#include <weir/dns/wire/name.h>

#include "dns/wire/word.h"

static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa"; /* with the root's zero */
static const uint8_t ip6_arpa[] = "\3ip6\4arpa";
static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

enum { IPV6_NIBBLES = 32 };

static void reverse_ipv4(const uint8_t *address, weir_dns_name *out)
{
    uint8_t *to = out->octets;
    for (int i = 3; i >= 0; i--) {
        const unsigned octet = address[i];
        uint8_t *const label = to++;
        if (octet >= 100) *to++ = (uint8_t)('0' + octet / 100);
        if (octet >= 10) *to++ = (uint8_t)('0' + octet / 10 % 10);
        *to++ = (uint8_t)('0' + octet % 10);
        *label = (uint8_t)(to - label - 1);
    }
    memcpy(to, in_addr_arpa, sizeof in_addr_arpa);
    out->len = (uint8_t)((size_t)(to - out->octets) + sizeof in_addr_arpa);
}

static void reverse_ipv6(const uint8_t *address, weir_dns_name *out)
{
    static const char hex[16] = "0123456789abcdef";
    uint8_t *to = out->octets;
    for (int i = 15; i >= 0; i--) {
        *to++ = 1;
        *to++ = (uint8_t)hex[address[i] & 15];
        *to++ = 1;
        *to++ = (uint8_t)hex[address[i] >> 4];
    }
    memcpy(to, ip6_arpa, sizeof ip6_arpa);
    out->len = (uint8_t)((size_t)(to - out->octets) + sizeof ip6_arpa);
}

void weir_dns_name_reverse(const uint8_t *address, size_t len, weir_dns_name *out)
{
    if (len == 4)
        reverse_ipv4(address, out);
    else if (memcmp(address, mapped, sizeof mapped) == 0)
        reverse_ipv4(address + sizeof mapped, out);
    else
        reverse_ipv6(address, out);
}

/* The decimal number that a label is, as it is printed; -1 for any other label. */
static int read_decimal(const uint8_t *label)
{
    int value = 0;
    if (label[0] == 0 || label[0] > 3 || (label[0] > 1 && label[1] == '0')) return -1;
    for (unsigned i = 1; i <= label[0]; i++) {
        if (label[i] < '0' || label[i] > '9') return -1;
        value = value * 10 + (label[i] - '0');
    }
    return value <= 255 ? value : -1;
}

static int read_nibble(uint8_t digit)
{
    digit = octet_lower(digit);
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static size_t reversed_ipv4(const weir_dns_name *name, uint8_t *out)
{
    uint8_t address[4];
    unsigned at = 0;
    for (int i = 3; i >= 0; i--) {
        if (at + 1u >= name->len) return 0;
        const int octet = read_decimal(name->octets + at);
        if (octet < 0) return 0;
        address[i] = (uint8_t)octet;
        at += 1u + name->octets[at];
    }
    if (name->len - at != sizeof in_addr_arpa) return 0;
    if (!octets_same(name->octets + at, in_addr_arpa, sizeof in_addr_arpa)) return 0;
    memcpy(out, address, sizeof address);
    return sizeof address;
}

static size_t reversed_ipv6(const weir_dns_name *name, uint8_t *out)
{
    const unsigned suffix = 2 * IPV6_NIBBLES;
    uint8_t address[16] = {0};
    if (name->len != suffix + sizeof ip6_arpa) return 0;
    if (!octets_same(name->octets + suffix, ip6_arpa, sizeof ip6_arpa)) return 0;
    for (unsigned i = 0; i < IPV6_NIBBLES; i++) {
        const int nibble = read_nibble(name->octets[2 * i + 1]);
        if (name->octets[2 * i] != 1 || nibble < 0) return 0;
        address[15 - i / 2] |= (uint8_t)(i % 2 ? nibble << 4 : nibble);
    }
    memcpy(out, address, sizeof address);
    return sizeof address;
}

size_t weir_dns_name_reversed(const weir_dns_name *name, uint8_t *out)
{
    const size_t len = reversed_ipv6(name, out);
    return len ? len : reversed_ipv4(name, out);
}
