/* SPDX-License-Identifier: MIT
 *
 * Text of data being written: cut to its room, counted whole.
 */
#ifndef DNS_WIRE_DATA_TEXT_H
#define DNS_WIRE_DATA_TEXT_H

#include <weir/dns/wire/record.h>

typedef struct dns_text {
    char *out;
    size_t room; /* without that of the final NUL */
    size_t len;
} dns_text;

static inline void dns_text_char(dns_text *text, char c)
{
    if (text->len < text->room) text->out[text->len] = c;
    text->len++;
}

void dns_text_bytes(dns_text *text, weir_bytes bytes);
void dns_text_word(dns_text *text, const char *word);
void dns_text_number(dns_text *text, uint32_t value);

/* A space between what is there and what follows. */
void dns_text_gap(dns_text *text);

/* The ways to write octets.  `group`: a space after so many digits; 0: never. */
void dns_text_hex(dns_text *text, weir_bytes octets, size_t group);
void dns_text_base64(dns_text *text, weir_bytes octets, size_t group);
void dns_text_base32(dns_text *text, weir_bytes octets);
void dns_text_quoted(dns_text *text, weir_bytes octets);
void dns_text_escaped(dns_text *text, weir_bytes octets); /* what stands between quotes */
void dns_text_address4(dns_text *text, const uint8_t *octets);
void dns_text_address6(dns_text *text, const uint8_t *octets);

/* Parameters of SVCB and HTTPS, each after a gap. */
void dns_text_parameters(dns_text *text, weir_bytes parameters);

#endif
