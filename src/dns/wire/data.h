/* SPDX-License-Identifier: MIT
 *
 * The shape of each type's data: which fields it has, in the order of the wire, which is also the
 * order of its text.  Decoding, encoding and printing walk the same table (data_table.c), so that
 * they cannot disagree.
 */
#ifndef DNS_WIRE_DATA_H
#define DNS_WIRE_DATA_H

#include <weir/dns/wire/record.h>

/* How a field lies on the wire, and what holds it in weir_dns_data. */
typedef enum dns_wire {
    DNS_END,      /* the last entry of a list of fields */
    DNS_U8,       /* uint8_t */
    DNS_U16,      /* uint16_t */
    DNS_U32,      /* uint32_t */
    DNS_OCTETS4,  /* uint8_t[4] */
    DNS_OCTETS16, /* uint8_t[16] */
    DNS_NAME,     /* weir_dns_name */
    DNS_STRING,   /* weir_bytes, after an octet that counts it */
    DNS_REST,     /* weir_bytes, up to the end of the data */
} dns_wire;

/* How a field is written for people. */
typedef enum dns_look {
    DNS_LOOK_PLAIN, /* numbers in decimal, addresses and names as usual */
    DNS_LOOK_TYPE,
    DNS_LOOK_TIME, /* YYYYMMDDHHMMSS (RFC 4034 3.2) */
    DNS_LOOK_BARE, /* a word that needs no quotes */
    DNS_LOOK_QUOTED,
    DNS_LOOK_HEX,  /* in groups */
    DNS_LOOK_SALT, /* hexadecimal in one piece, "-" for none (RFC 5155 3.3) */
    DNS_LOOK_BASE64,
    DNS_LOOK_BASE32, /* "extended hex", without padding (RFC 5155 3.3) */
    DNS_LOOK_STRINGS,
    DNS_LOOK_PARAMETERS,
    DNS_LOOK_TYPES,
    DNS_LOOK_BITS, /* types 0 to 127 as single bits (RFC 2535 5.2) */
} dns_look;

/* What octets have to keep to. */
typedef enum dns_rule {
    DNS_RULE_ANY,
    DNS_RULE_SOME,     /* at least one */
    DNS_RULE_WORD,     /* at least one, all letters and digits */
    DNS_RULE_STRINGS,  /* at least one whole character-string */
    DNS_RULE_TYPES,    /* windows as RFC 4034 4.1.2 wants them, at least one */
    DNS_RULE_NO_TYPES, /* the same, or none */
} dns_rule;

typedef struct dns_field {
    uint8_t wire, look, rule;
    uint16_t at; /* in weir_dns_data */
} dns_field;

/* Where names in data may be compressed. */
typedef enum dns_compression {
    DNS_COMPRESS_NEVER,
    DNS_COMPRESS_READ, /* borne, never written */
    DNS_COMPRESS_BOTH, /* the types of RFC 1035 */
} dns_compression;

typedef struct dns_shape {
    const dns_field *fields;                  /* NULL: the type is not known */
    bool (*check)(const weir_dns_data *data); /* what no single field tells; NULL: nothing */
    uint8_t compression;
} dns_shape;

/* The shape of a type's data; one of raw octets for a type that is not known.  Static. */
const dns_shape *dns_shape_of(uint16_t type);

/* Whether octets keep to a rule. */
bool dns_rule_holds(dns_rule rule, weir_bytes octets);

/* Whether the parameters of SVCB data are in order. */
bool dns_svcb_check(const weir_dns_data *data);

static inline const void *dns_field_in(const weir_dns_data *data, const dns_field *field)
{
    return (const char *)data + field->at;
}

#endif
