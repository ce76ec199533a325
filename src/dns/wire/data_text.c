/* SPDX-License-Identifier: MIT
 *
 * Data written for people and zone files, field by field, as the table of shapes says.
 */
#include <stdio.h>

#include "dns/wire/data.h"
#include "dns/wire/data_text.h"

enum { GROUP = 56 }; /* digits between two spaces, as dig has them */

static void put_name(dns_text *text, const weir_dns_name *name)
{
    char buffer[WEIR_DNS_NAME_TEXT];
    if (name->len == 0) return;
    dns_text_bytes(text, weir_bytes_of(buffer, weir_dns_name_print(name, buffer)));
}

static void put_type(dns_text *text, uint16_t type)
{
    char name[WEIR_DNS_TYPE_TEXT];
    dns_text_bytes(text, weir_bytes_of(name, weir_dns_type_print(type, name)));
}

/* Seconds since 1970, as the calendar of UTC has them (RFC 4034 3.2).  Years are counted from March
 * on, so that the leap day comes last; 1970-01-01 is day 719,468 after 0000-03-01. */
static void put_time(dns_text *text, uint32_t seconds)
{
    const unsigned days = seconds / 86400 + 719468, era = days / 146097, day = days % 146097;
    const unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const unsigned of_year = day - (365 * year + year / 4 - year / 100);
    const unsigned shifted = (5 * of_year + 2) / 153,
                   month = shifted < 10 ? shifted + 3 : shifted - 9;
    char digits[64];
    snprintf(digits, sizeof digits, "%04u%02u%02u%02u%02u%02u", era * 400 + year + (month <= 2),
             month, of_year - (153 * shifted + 2) / 5 + 1, seconds / 3600 % 24, seconds / 60 % 60,
             seconds % 60);
    dns_text_word(text, digits);
}

static void put_strings(dns_text *text, weir_bytes strings)
{
    weir_bytes string;
    while (weir_dns_txt_next(&strings, &string) > 0) {
        dns_text_gap(text);
        dns_text_quoted(text, string);
    }
}

static void put_types(dns_text *text, weir_bytes types)
{
    for (int type = -1; (type = weir_dns_types_next(types, type)) >= 0;) {
        dns_text_gap(text);
        put_type(text, (uint16_t)type);
    }
}

static void put_bits(dns_text *text, weir_bytes bits)
{
    for (size_t i = 0; i < bits.len * 8 && i <= UINT16_MAX; i++) {
        if (!((uint8_t)bits.data[i / 8] & (0x80 >> i % 8))) continue;
        dns_text_gap(text);
        put_type(text, (uint16_t)i);
    }
}

static void put_octets(dns_text *text, dns_look look, weir_bytes octets)
{
    switch (look) {
    case DNS_LOOK_BARE: dns_text_escaped(text, octets); break;
    case DNS_LOOK_HEX: dns_text_hex(text, octets, GROUP); break;
    case DNS_LOOK_BASE64: dns_text_base64(text, octets, GROUP); break;
    case DNS_LOOK_BASE32: dns_text_base32(text, octets); break;
    case DNS_LOOK_SALT:
        if (octets.len > 0)
            dns_text_hex(text, octets, 0);
        else
            dns_text_char(text, '-');
        break;
    default: dns_text_quoted(text, octets); break;
    }
}

/* Lists put a gap before each of their elements; there may be none. */
static void put_list(dns_text *text, dns_look look, weir_bytes list)
{
    switch (look) {
    case DNS_LOOK_STRINGS: put_strings(text, list); break;
    case DNS_LOOK_PARAMETERS: dns_text_parameters(text, list); break;
    case DNS_LOOK_TYPES: put_types(text, list); break;
    case DNS_LOOK_BITS: put_bits(text, list); break;
    default:
        /* Digits of nothing are nothing: a KEY that says that there is none. */
        if (list.len == 0 && (look == DNS_LOOK_BASE64 || look == DNS_LOOK_HEX)) break;
        dns_text_gap(text);
        put_octets(text, look, list);
        break;
    }
}

static void put_number(dns_text *text, dns_look look, uint32_t value)
{
    dns_text_gap(text);
    if (look == DNS_LOOK_TYPE)
        put_type(text, (uint16_t)value);
    else if (look == DNS_LOOK_TIME)
        put_time(text, value);
    else
        dns_text_number(text, value);
}

static void put_field(dns_text *text, const dns_field *field, const void *in)
{
    switch ((dns_wire)field->wire) {
    case DNS_U8: put_number(text, field->look, *(const uint8_t *)in); break;
    case DNS_U16: put_number(text, field->look, *(const uint16_t *)in); break;
    case DNS_U32: put_number(text, field->look, *(const uint32_t *)in); break;
    case DNS_OCTETS4: dns_text_address4(text, in); break;
    case DNS_OCTETS16: dns_text_address6(text, in); break;
    case DNS_NAME:
        dns_text_gap(text);
        put_name(text, in);
        break;
    case DNS_STRING:
    case DNS_REST: put_list(text, field->look, *(const weir_bytes *)in); break;
    case DNS_END: break;
    }
}

/* RFC 3597 5. */
static void put_unknown(dns_text *text, weir_bytes raw)
{
    dns_text_word(text, "\\# ");
    dns_text_number(text, (uint32_t)raw.len);
    if (raw.len == 0) return;
    dns_text_gap(text);
    dns_text_hex(text, raw, GROUP);
}

size_t weir_dns_data_print(const weir_dns_data *data, char *out, size_t room)
{
    const dns_shape *shape = dns_shape_of(data->type);
    dns_text text = {out, room > 0 ? room - 1 : 0, 0};
    if (shape->fields) {
        for (const dns_field *f = shape->fields; f->wire != DNS_END; f++)
            put_field(&text, f, dns_field_in(data, f));
    } else {
        put_unknown(&text, data->as.raw);
    }
    if (room > 0) out[text.len < text.room ? text.len : text.room] = '\0';
    return text.len;
}
