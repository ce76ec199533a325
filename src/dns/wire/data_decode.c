/* SPDX-License-Identifier: MIT
 *
 * Data read from octets, field by field, as the table of shapes says.
 *
 * Invariant: nothing outside [at, end) is looked at, but for what a compression pointer, where one
 * is allowed, leads the message's reader to.
 */
#include <weir/base/error.h>

#include "dns/wire/data.h"
#include "dns/wire/octets.h"

typedef struct source {
    const uint8_t *at, *end;
    const weir_dns_reader *reader; /* NULL: names are not compressed */
} source;

/* The next n octets; NULL if there are fewer. */
static const uint8_t *take(source *from, size_t n)
{
    const uint8_t *at = from->at;
    if ((size_t)(from->end - at) < n) return NULL;
    from->at += n;
    return at;
}

/* A name without pointers. */
static bool take_plain_name(source *from, weir_dns_name *out)
{
    const size_t left = (size_t)(from->end - from->at);
    const size_t limit = left < WEIR_DNS_NAME_MAX ? left : WEIR_DNS_NAME_MAX;
    size_t len = 0;
    uint8_t label;
    /* Only the last label, of one octet, ends the loop: what is within the limit then. */
    do {
        if (len >= limit) return false;
        label = from->at[len];
        if (label > WEIR_DNS_LABEL_MAX) return false;
        len += label + 1U;
    } while (label != 0);
    memcpy(out->octets, from->at, len);
    out->len = (uint8_t)len;
    from->at += len;
    return true;
}

static bool take_name(source *from, weir_dns_name *out)
{
    if (!from->reader) return take_plain_name(from, out);
    const size_t at = (size_t)(from->at - (const uint8_t *)from->reader->message.data);
    const int used = weir_dns_reader_name(from->reader, at, out);
    return used > 0 && take(from, (size_t)used) != NULL;
}

static bool take_string(source *from, weir_bytes *out)
{
    const uint8_t *len = take(from, 1);
    const uint8_t *octets = len ? take(from, *len) : NULL;
    if (!octets) return false;
    *out = weir_bytes_of(octets, *len);
    return true;
}

static bool take_number(source *from, size_t octets, void *out)
{
    const uint8_t *at = take(from, octets);
    if (!at) return false;
    if (octets == 1)
        *(uint8_t *)out = *at;
    else if (octets == 2)
        *(uint16_t *)out = octets_get16(at);
    else
        *(uint32_t *)out = octets_get32(at);
    return true;
}

static bool take_octets(source *from, size_t n, void *out)
{
    const uint8_t *at = take(from, n);
    if (at) memcpy(out, at, n);
    return at != NULL;
}

static bool take_field(source *from, const dns_field *field, void *out)
{
    switch ((dns_wire)field->wire) {
    case DNS_U8: return take_number(from, 1, out);
    case DNS_U16: return take_number(from, 2, out);
    case DNS_U32: return take_number(from, 4, out);
    case DNS_OCTETS4: return take_octets(from, 4, out);
    case DNS_OCTETS16: return take_octets(from, 16, out);
    case DNS_NAME: return take_name(from, out);
    case DNS_STRING:
        return take_string(from, out) && dns_rule_holds(field->rule, *(weir_bytes *)out);
    case DNS_REST:
        *(weir_bytes *)out = weir_bytes_of(from->at, (size_t)(from->end - from->at));
        from->at = from->end;
        return dns_rule_holds(field->rule, *(weir_bytes *)out);
    case DNS_END: break;
    }
    return false;
}

static int decode(uint16_t type, source *from, weir_dns_data *out)
{
    static const dns_field raw[] = {
        {DNS_REST, DNS_LOOK_HEX, DNS_RULE_ANY, offsetof(weir_dns_data, as.raw)},
        {DNS_END, 0, 0, 0},
    };
    const dns_shape *shape = dns_shape_of(type);
    if (shape->compression == DNS_COMPRESS_NEVER) from->reader = NULL;
    out->type = type;
    for (const dns_field *f = shape->fields ? shape->fields : raw; f->wire != DNS_END; f++) {
        if (!take_field(from, f, (char *)out + f->at)) return WEIR_EDNS_MESSAGE;
    }
    const bool good = from->at == from->end && (!shape->check || shape->check(out));
    return good ? 0 : WEIR_EDNS_MESSAGE;
}

int weir_dns_record_data(const weir_dns_reader *reader, const weir_dns_record *record,
                         weir_dns_data *out)
{
    const uint8_t *data = (const uint8_t *)record->data.data;
    source from = {data, data + record->data.len, reader};
    return decode(record->type, &from, out);
}

int weir_dns_data_decode(uint16_t type, weir_bytes data, weir_dns_data *out)
{
    static const uint8_t nothing[1];
    const uint8_t *at = data.len > 0 ? (const uint8_t *)data.data : nothing;
    source from = {at, at + data.len, NULL};
    return decode(type, &from, out);
}
