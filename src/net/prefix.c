/* SPDX-License-Identifier: MIT
 *
 * Prefixes: reading and writing their text, and what lies in which.
 *
 *      prefix = ipv4 "/" 0…32  /  ipv6 "/" 0…128        length in decimal, no leading zeros
 */
#include <weir/net/prefix.h>

#include <string.h>

#include <weir/base/error.h>
#include <weir/base/num.h>

#include "net/prefix_bits.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
enum { MAPPED_BITS = 96 };

/* Reading ----------------------------------------------------------------------------------- */

static int fault(weir_prefix_error *error, size_t offset, const char *message, int code)
{
    if (error) *error = (weir_prefix_error){offset, message};
    return code;
}

/* The address before the slash. */
static int parse_address(weir_bytes text, weir_address *out, weir_prefix_error *error)
{
    const char *percent = text.len ? memchr(text.data, '%', text.len) : NULL;
    if (percent)
        return fault(error, (size_t)(percent - text.data), "a prefix has no zone", WEIR_EZONETEXT);
    weir_address_why why;
    int result = weir_address_parse_as(text, WEIR_ADDRESS_AS_IP, 0, out, &why);
    return result == 0 ? 0 : fault(error, why.at, weir_address_fault_text(why.fault), result);
}

/* The length after the slash, which stands at `slash`. */
static int parse_length(weir_bytes text, size_t slash, unsigned bits, unsigned *out,
                        weir_prefix_error *error)
{
    const size_t from = slash + 1;
    const weir_bytes digits = weir_bytes_of(text.data + from, text.len - from);
    if (digits.len == 0) return fault(error, from, "a length is missing", WEIR_EPREFIXTEXT);
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] >= '0' && digits.data[i] <= '9') continue;
        return fault(error, from + i, "not a digit of a length", WEIR_EPREFIXTEXT);
    }
    if (digits.len > 1 && digits.data[0] == '0')
        return fault(error, from, "a length with a leading zero", WEIR_EPREFIXTEXT);
    uint64_t value;
    if (weir_decimal_parse(digits, bits, &value) < 0)
        return fault(error, from, bits == 32 ? "a length above 32" : "a length above 128",
                     WEIR_EPREFIXTEXT);
    *out = (unsigned)value;
    return 0;
}

int weir_prefix_parse(weir_bytes text, weir_prefix_mode mode, weir_prefix *out,
                      weir_prefix_error *error)
{
    const char *found = text.len ? memchr(text.data, '/', text.len) : NULL;
    const size_t slash = found ? (size_t)(found - text.data) : text.len;
    weir_address address;
    int result = parse_address(weir_bytes_of(text.data, slash), &address, error);
    if (result < 0) return result;

    const unsigned bits = address.kind == WEIR_ADDRESS_IPV4 ? 32 : 128;
    unsigned len = bits;
    if (!found && mode != WEIR_PREFIX_LENIENT)
        return fault(error, slash, "a length as in /24 is missing", WEIR_EPREFIXTEXT);
    if (found) result = parse_length(text, slash, bits, &len, error);
    if (result < 0) return result;

    weir_prefix prefix;
    weir_prefix_of(&address, len, &prefix);
    const uint8_t *is = bits == 32 ? address.at.ipv4 : address.at.ipv6;
    if (mode == WEIR_PREFIX_STRICT && memcmp(is, prefix.bytes, bits / 8) != 0)
        return fault(error, 0, "an address with bits set after the length", WEIR_EADDRTEXT);
    *out = prefix;
    return 0;
}

/* Writing ----------------------------------------------------------------------------------- */

size_t weir_prefix_print(const weir_prefix *prefix, char *out)
{
    if (prefix->kind == WEIR_ADDRESS_NONE) {
        memcpy(out, "none", 5);
        return 4;
    }
    const weir_address network = weir_prefix_network(prefix);
    size_t len = weir_address_print_as(&network, WEIR_ADDRESS_AS_IP, NULL, out, WEIR_PREFIX_TEXT);
    out[len++] = '/';
    return len + weir_decimal_print(prefix->len, out + len);
}

/* Values ------------------------------------------------------------------------------------ */

/* Clears the bits of `bytes` from `len` on. */
static void clear_after(uint8_t bytes[16], unsigned len)
{
    unsigned whole = len / 8;
    if (len % 8 != 0) {
        bytes[whole] &= (uint8_t)(0xff00 >> len % 8);
        whole++;
    }
    memset(bytes + whole, 0, 16 - whole);
}

int weir_prefix_of(const weir_address *address, unsigned len, weir_prefix *out)
{
    weir_prefix prefix = {.kind = address->kind, .len = (uint8_t)len};
    if (len > weir_prefix_bits(&prefix) || weir_prefix_bits(&prefix) == 0) return WEIR_EINVAL;
    if (address->kind == WEIR_ADDRESS_IPV4)
        memcpy(prefix.bytes, address->at.ipv4, 4);
    else
        memcpy(prefix.bytes, address->at.ipv6, 16);
    clear_after(prefix.bytes, len);
    *out = prefix;
    return 0;
}

unsigned weir_prefix_bits(const weir_prefix *prefix)
{
    if (prefix->kind == WEIR_ADDRESS_IPV4) return 32;
    return prefix->kind == WEIR_ADDRESS_IPV6 ? 128 : 0;
}

bool weir_prefix_equal(const weir_prefix *a, const weir_prefix *b)
{
    return weir_prefix_compare(a, b) == 0;
}

int weir_prefix_compare(const weir_prefix *a, const weir_prefix *b)
{
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    const int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);
    if (order != 0) return order < 0 ? -1 : 1;
    return (a->len > b->len) - (a->len < b->len);
}

bool weir_prefix_contains(const weir_prefix *prefix, const weir_address *address)
{
    if (prefix->kind != address->kind || prefix->kind == WEIR_ADDRESS_NONE) return false;
    return net_prefix_has(prefix, net_words_of(address));
}

bool weir_prefix_covers(const weir_prefix *outer, const weir_prefix *inner)
{
    return outer->kind == inner->kind && outer->kind != WEIR_ADDRESS_NONE &&
           outer->len <= inner->len &&
           net_bits_common(outer->bytes, inner->bytes, sizeof outer->bytes) >= outer->len;
}

/* Two blocks are apart, or one covers the other. */
bool weir_prefix_overlaps(const weir_prefix *a, const weir_prefix *b)
{
    return weir_prefix_covers(a, b) || weir_prefix_covers(b, a);
}

/* The address of `bytes`. */
static weir_address address_of(uint8_t kind, const uint8_t bytes[16])
{
    weir_address address = {.kind = kind};
    if (kind == WEIR_ADDRESS_IPV4) memcpy(address.at.ipv4, bytes, 4);
    if (kind == WEIR_ADDRESS_IPV6) memcpy(address.at.ipv6, bytes, 16);
    return address;
}

weir_address weir_prefix_network(const weir_prefix *prefix)
{
    return address_of(prefix->kind, prefix->bytes);
}

weir_address weir_prefix_last(const weir_prefix *prefix)
{
    uint8_t bytes[16];
    const unsigned bits = weir_prefix_bits(prefix);
    memcpy(bytes, prefix->bytes, sizeof bytes);
    for (unsigned i = prefix->len; i < bits; i++) bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
    return address_of(prefix->kind, bytes);
}

bool weir_prefix_broadcast(const weir_prefix *prefix, weir_address *out)
{
    if (prefix->kind != WEIR_ADDRESS_IPV4 || prefix->len > 30) return false;
    *out = weir_prefix_last(prefix);
    return true;
}

uint64_t weir_prefix_count(const weir_prefix *prefix)
{
    if (prefix->kind == WEIR_ADDRESS_NONE) return 0;
    const unsigned free_bits = weir_prefix_bits(prefix) - prefix->len;
    return free_bits < 64 ? (uint64_t)1 << free_bits : UINT64_MAX;
}

/* Adds 1 to a number in network order. */
static void increment(uint8_t *bytes, size_t len)
{
    while (len > 0 && ++bytes[len - 1] == 0) len--;
}

bool weir_prefix_next_host(const weir_prefix *prefix, weir_address *host)
{
    const unsigned bits = weir_prefix_bits(prefix);
    const bool ipv4 = prefix->kind == WEIR_ADDRESS_IPV4;
    if (bits == 0) return false;
    const bool plain = prefix->len + 2U > bits; /* /31, /32, /127, /128: every address is a host */
    const weir_address last = weir_prefix_last(prefix);
    weir_address next = *host;
    if (host->kind == WEIR_ADDRESS_NONE) {
        next = weir_prefix_network(prefix);
        if (!plain) increment(ipv4 ? next.at.ipv4 : next.at.ipv6, bits / 8);
        *host = next;
        return true;
    }
    if (!weir_prefix_contains(prefix, host)) return false;
    const uint8_t *end = ipv4 ? last.at.ipv4 : last.at.ipv6;
    uint8_t *at = ipv4 ? next.at.ipv4 : next.at.ipv6;
    if (memcmp(at, end, bits / 8) == 0) return false;
    increment(at, bits / 8);
    if (ipv4 && !plain && memcmp(at, end, bits / 8) == 0) return false;
    *host = next;
    return true;
}

weir_prefix weir_prefix_map(const weir_prefix *prefix)
{
    if (prefix->kind != WEIR_ADDRESS_IPV4) return *prefix;
    weir_prefix out = {.kind = WEIR_ADDRESS_IPV6, .len = (uint8_t)(MAPPED_BITS + prefix->len)};
    memcpy(out.bytes, mapped, sizeof mapped);
    memcpy(out.bytes + sizeof mapped, prefix->bytes, 4);
    return out;
}

weir_prefix weir_prefix_unmap(const weir_prefix *prefix)
{
    if (prefix->kind != WEIR_ADDRESS_IPV6 || prefix->len < MAPPED_BITS ||
        memcmp(prefix->bytes, mapped, sizeof mapped) != 0)
        return *prefix;
    weir_prefix out = {.kind = WEIR_ADDRESS_IPV4, .len = (uint8_t)(prefix->len - MAPPED_BITS)};
    memcpy(out.bytes, prefix->bytes + sizeof mapped, 4);
    return out;
}
