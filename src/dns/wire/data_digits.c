/* SPDX-License-Identifier: MIT
 *
 * Octets written as text: hexadecimal, base 64 and base 32 (RFC 4648), strings with escapes (RFC
 * 1035 5.1), addresses (RFC 5952).
 */
#include <stdio.h>

#include "dns/wire/data_text.h"

void dns_text_bytes(dns_text *text, weir_bytes bytes)
{
    if (bytes.len > 0 && text->len < text->room) {
        const size_t left = text->room - text->len;
        memcpy(text->out + text->len, bytes.data, bytes.len < left ? bytes.len : left);
    }
    text->len += bytes.len;
}

void dns_text_word(dns_text *text, const char *word)
{
    dns_text_bytes(text, weir_bytes_text(word));
}

void dns_text_number(dns_text *text, uint32_t value)
{
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    dns_text_bytes(text, weir_bytes_of(digits + at, sizeof digits - at));
}

void dns_text_gap(dns_text *text)
{
    if (text->len > 0) dns_text_char(text, ' ');
}

static const char hex_digits[] = "0123456789ABCDEF";

static void put_digit(dns_text *text, char digit, size_t *count, size_t group)
{
    if (group > 0 && *count > 0 && *count % group == 0) dns_text_char(text, ' ');
    dns_text_char(text, digit);
    (*count)++;
}

/* Writes octets as digits of `bits` bits, from the front, the last one filled up with zeros; pads
 * with "=" to a multiple of `whole` digits. */
static void put_digits(dns_text *text, weir_bytes octets, unsigned bits, const char *alphabet,
                       size_t group, size_t whole)
{
    const unsigned mask = (1U << bits) - 1;
    unsigned value = 0, held = 0;
    size_t count = 0;
    for (size_t i = 0; i < octets.len; i++) {
        value = (value << 8 | (uint8_t)octets.data[i]) & 0xffff;
        for (held += 8; held >= bits; held -= bits)
            put_digit(text, alphabet[value >> (held - bits) & mask], &count, group);
    }
    if (held > 0) put_digit(text, alphabet[value << (bits - held) & mask], &count, group);
    while (count % whole != 0) put_digit(text, '=', &count, group);
}

void dns_text_hex(dns_text *text, weir_bytes octets, size_t group)
{
    put_digits(text, octets, 4, hex_digits, group, 1);
}

void dns_text_base64(dns_text *text, weir_bytes octets, size_t group)
{
    put_digits(text, octets, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
               group, 4);
}

void dns_text_base32(dns_text *text, weir_bytes octets)
{
    put_digits(text, octets, 5, "0123456789ABCDEFGHIJKLMNOPQRSTUV", 0, 1);
}

void dns_text_escaped(dns_text *text, weir_bytes octets)
{
    for (size_t i = 0; i < octets.len; i++) {
        const uint8_t c = (uint8_t)octets.data[i];
        if (c >= ' ' && c < 0x7f) {
            if (c == '"' || c == '\\') dns_text_char(text, '\\');
            dns_text_char(text, (char)c);
        } else {
            dns_text_char(text, '\\');
            dns_text_char(text, (char)('0' + c / 100));
            dns_text_char(text, (char)('0' + c / 10 % 10));
            dns_text_char(text, (char)('0' + c % 10));
        }
    }
}

void dns_text_quoted(dns_text *text, weir_bytes octets)
{
    dns_text_char(text, '"');
    dns_text_escaped(text, octets);
    dns_text_char(text, '"');
}

void dns_text_address4(dns_text *text, const uint8_t *octets)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) dns_text_char(text, '.');
        dns_text_number(text, octets[i]);
    }
}

/* The first of the longest runs of zero words; a single one is none (RFC 5952 4.2). */
static int longest_zeros(const uint16_t *words, int *len)
{
    int best = -1, run = 0;
    *len = 1;
    for (int i = 0; i < 8; i++) {
        run = words[i] == 0 ? run + 1 : 0;
        if (run > *len) {
            *len = run;
            best = i - run + 1;
        }
    }
    return best;
}

void dns_text_address6(dns_text *text, const uint8_t *octets)
{
    uint16_t words[8];
    for (int i = 0; i < 8; i++) words[i] = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
    int len;
    const int zeros = longest_zeros(words, &len);
    /* What holds an IPv4 address is written so (RFC 5952 5; inet_ntop, which dig follows). */
    const bool mixed = zeros == 0 && (len == 6 || (len == 5 && words[5] == 0xffff));
    for (int i = 0; i < 8; i++) {
        if (i == zeros) {
            dns_text_word(text, i + len == 8 ? "::" : ":");
            i += len - 1;
            continue;
        }
        if (i > 0) dns_text_char(text, ':');
        if (mixed && i == 6) {
            dns_text_address4(text, octets + 12);
            return;
        }
        char digits[8];
        snprintf(digits, sizeof digits, "%x", words[i]);
        dns_text_word(text, digits);
    }
}
