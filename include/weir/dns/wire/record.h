/* SPDX-License-Identifier: MIT
 *
 * What records say: types, and their data decoded, encoded and printed (RFC 1035 3.3 and the RFCs
 * named at each type).  A type that is not known is raw octets (RFC 3597), never an error.
 *
 * Any thread; nothing here waits or allocates.
 */
#ifndef WEIR_DNS_WIRE_RECORD_H
#define WEIR_DNS_WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/dns/wire/message.h>
#include <weir/dns/wire/name.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_dns_type {
    WEIR_DNS_A = 1,
    WEIR_DNS_NS = 2,
    WEIR_DNS_MD = 3,
    WEIR_DNS_MF = 4,
    WEIR_DNS_CNAME = 5,
    WEIR_DNS_SOA = 6,
    WEIR_DNS_MB = 7,
    WEIR_DNS_MG = 8,
    WEIR_DNS_MR = 9,
    WEIR_DNS_PTR = 12,
    WEIR_DNS_HINFO = 13,
    WEIR_DNS_MINFO = 14,
    WEIR_DNS_MX = 15,
    WEIR_DNS_TXT = 16,
    WEIR_DNS_RP = 17,    /* RFC 1183 */
    WEIR_DNS_AFSDB = 18, /* RFC 1183 */
    WEIR_DNS_RT = 21,    /* RFC 1183 */
    WEIR_DNS_SIG = 24,   /* RFC 2535 */
    WEIR_DNS_KEY = 25,   /* RFC 2535 */
    WEIR_DNS_PX = 26,    /* RFC 2163 */
    WEIR_DNS_AAAA = 28,
    WEIR_DNS_NXT = 30,        /* RFC 2535 */
    WEIR_DNS_SRV = 33,        /* RFC 2782 */
    WEIR_DNS_NAPTR = 35,      /* RFC 3403 */
    WEIR_DNS_KX = 36,         /* RFC 2230 */
    WEIR_DNS_DNAME = 39,      /* RFC 6672 */
    WEIR_DNS_OPT = 41,        /* RFC 6891; edns.h */
    WEIR_DNS_DS = 43,         /* RFC 4034 */
    WEIR_DNS_SSHFP = 44,      /* RFC 4255 */
    WEIR_DNS_RRSIG = 46,      /* RFC 4034 */
    WEIR_DNS_NSEC = 47,       /* RFC 4034 */
    WEIR_DNS_DNSKEY = 48,     /* RFC 4034 */
    WEIR_DNS_NSEC3 = 50,      /* RFC 5155 */
    WEIR_DNS_NSEC3PARAM = 51, /* RFC 5155 */
    WEIR_DNS_TLSA = 52,       /* RFC 6698 */
    WEIR_DNS_SMIMEA = 53,     /* RFC 8162 */
    WEIR_DNS_CDS = 59,        /* RFC 7344 */
    WEIR_DNS_CDNSKEY = 60,    /* RFC 7344 */
    WEIR_DNS_OPENPGPKEY = 61, /* RFC 7929 */
    WEIR_DNS_SVCB = 64,       /* RFC 9460 */
    WEIR_DNS_HTTPS = 65,      /* RFC 9460 */
    WEIR_DNS_SPF = 99,        /* RFC 4408, given up in RFC 7208 */
    WEIR_DNS_IXFR = 251,
    WEIR_DNS_AXFR = 252,
    WEIR_DNS_ANY = 255,
    WEIR_DNS_URI = 256, /* RFC 7553 */
    WEIR_DNS_CAA = 257, /* RFC 8659 */
} weir_dns_type;

#define WEIR_DNS_TYPE_TEXT 12 /* room for any name of a type, "NSEC3PARAM", and its NUL */

/* Writes a type's name, "AAAA" or "TYPE4711" (RFC 3597 5), NUL-terminated; returns its length.
 * `out` has room for WEIR_DNS_TYPE_TEXT bytes. */
size_t weir_dns_type_print(uint16_t type, char *out);

/* Reads a type's name, in any case; also "TYPE4711".  Returns it, or WEIR_EINVAL. */
int weir_dns_type_parse(weir_bytes text);

/* The name of a response code, "NXDOMAIN", in capitals as dig says it; NULL for an unknown one, and
 * for those that only TSIG has.  Static. */
const char *weir_dns_rcode_name(unsigned rcode);

/* Data -------------------------------------------------------------------------------------- */

typedef struct weir_dns_soa {
    weir_dns_name primary, mailbox;
    uint32_t serial, refresh, retry, expire, minimum;
} weir_dns_soa;

/* The data of a record, decoded.  Octets point into what was decoded.  Strings are without their
 * length octet. */
typedef struct weir_dns_data {
    uint16_t type; /* which member is set */
    union {
        uint8_t a[4];
        uint8_t aaaa[16];
        weir_dns_name name; /* NS, CNAME, PTR, DNAME; MD, MF, MB, MG, MR */
        weir_dns_soa soa;
        struct {
            uint16_t preference;
            weir_dns_name exchange; /* "." alone: no mail is taken (RFC 7505) */
        } mx;                       /* MX; AFSDB, RT, KX */
        struct {
            weir_dns_name mailbox, other; /* RP: where texts are; MINFO: where errors go */
        } rp;                             /* RP, MINFO */
        struct {
            uint16_t preference;
            weir_dns_name map822, mapx400;
        } px;
        weir_bytes txt; /* TXT, SPF: character-strings, at least one: weir_dns_txt_next */
        struct {
            weir_bytes cpu, os;
        } hinfo;
        struct {
            uint16_t priority, weight, port;
            weir_dns_name target; /* "." alone: there is no such service here */
        } srv;
        struct {
            uint16_t priority, weight;
            weir_bytes target;
        } uri;
        struct {
            uint16_t order, preference;
            weir_bytes flags, services, regexp;
            weir_dns_name replacement;
        } naptr;
        struct {
            uint16_t priority; /* 0: alias mode */
            weir_dns_name target;
            weir_bytes parameters; /* weir_dns_svcb_next */
        } svcb;                    /* SVCB, HTTPS */
        struct {
            uint8_t flags; /* 128: critical */
            weir_bytes tag, value;
        } caa;
        struct {
            uint16_t key_tag;
            uint8_t algorithm, digest_type;
            weir_bytes digest;
        } ds; /* DS, CDS, DLV */
        struct {
            uint16_t flags;
            uint8_t protocol, algorithm;
            weir_bytes key;
        } dnskey; /* DNSKEY, CDNSKEY, KEY */
        struct {
            uint16_t covered;
            uint8_t algorithm, labels;
            uint32_t original_ttl, expiration,
                inception; /* seconds since 1970, serial arithmetic */
            uint16_t key_tag;
            weir_dns_name signer;
            weir_bytes signature;
        } rrsig; /* RRSIG, SIG */
        struct {
            weir_dns_name next;
            weir_bytes types; /* windows of bits: weir_dns_types_next; of NXT plain bits */
        } nsec;               /* NSEC, NXT */
        struct {
            uint8_t algorithm, flags;
            uint16_t iterations;
            weir_bytes salt, next, types;
        } nsec3; /* NSEC3; NSEC3PARAM: without next and types */
        struct {
            uint8_t usage, selector, matching;
            weir_bytes data;
        } tlsa; /* TLSA, SMIMEA */
        struct {
            uint8_t algorithm, hash;
            weir_bytes fingerprint;
        } sshfp;
        weir_bytes raw; /* OPENPGPKEY; every type that weir_dns_type_known says no to */
    } as;
} weir_dns_data;

/* Whether this library knows the data of a type: of any other, OPT among them, `as.raw` is set. */
bool weir_dns_type_known(uint16_t type);

/* Decodes the data of a record of the message that `reader` reads (it need not stand anywhere
 * special).  It is taken as of class IN: look at record->class_ first.
 *
 * The whole of the data has to be used, and names in it to end within it.  They may be compressed
 * in the types of RFC 1035, and in those of later RFCs where receivers are asked to bear it (RFC
 * 3597 4: RP, AFSDB, RT, SIG, PX, NXT, NAPTR, SRV); elsewhere a pointer is an error.  What the RFCs
 * forbid is an error, too: a TXT without a string, an NSEC whose windows are out of order, a CAA
 * whose tag is empty or has other than letters and digits, an SVCB whose parameters are out of
 * order, whose known parameters have values of a wrong form, or which lacks a parameter that it
 * calls mandatory (RFC 9460 2.2 and 8; in alias mode parameters are to be ignored, so there only
 * their order and lengths count).
 *
 * Returns 0 and *out; WEIR_EDNS_MESSAGE: *out has no meaning then. */
int weir_dns_record_data(const weir_dns_reader *reader, const weir_dns_record *record,
                         weir_dns_data *out);

/* Decodes data that stands by itself, without compression, as weir_dns_record_flatten makes it.
 * Returns as weir_dns_record_data. */
int weir_dns_data_decode(uint16_t type, weir_bytes data, weir_dns_data *out);

/* Writes a record's data with its names decompressed, letter case kept: for keeping it outside its
 * message.  The data is checked as in weir_dns_record_data.
 * Returns its length, at most 65,535; WEIR_EDNS_MESSAGE; WEIR_EDNS_SPACE: room too small, or more
 * than 65,535 octets: `out` may have been written to. */
int weir_dns_record_flatten(const weir_dns_reader *reader, const weir_dns_record *record,
                            uint8_t *out, size_t room);

/* Writes data as octets that stand by themselves, as weir_dns_data_decode reads them.
 * Returns as weir_dns_record_flatten; WEIR_EINVAL for data that cannot be encoded: a name that is
 * none, a string over 255 octets, and whatever weir_dns_data_decode would refuse. */
int weir_dns_data_encode(const weir_dns_data *data, uint8_t *out, size_t room);

/* Adds a record with this data to a message; the type is data->type, the class IN.  Names in data
 * are compressed in the types of RFC 1035 alone (RFC 3597 4).
 * Returns as weir_dns_writer_record; WEIR_EINVAL as weir_dns_data_encode. */
int weir_dns_writer_data(weir_dns_writer *writer, weir_dns_section section,
                         const weir_dns_name *name, uint32_t ttl, const weir_dns_data *data);

/* Takes the next character-string from `strings` (TXT) and moves it on.  Returns 1 and *out; 0:
 * none left; WEIR_EDNS_MESSAGE. */
int weir_dns_txt_next(weir_bytes *strings, weir_bytes *out);

/* Joins character-strings without anything between them, as SPF and DKIM read them (RFC 7208 3.3).
 * Returns the whole length; at most `room` octets are written.  No NUL. */
size_t weir_dns_txt_join(weir_bytes strings, char *out, size_t room);

/* A parameter of SVCB and HTTPS records (RFC 9460 7, IANA registry). */
typedef enum weir_dns_svcb_key {
    WEIR_DNS_SVCB_MANDATORY,
    WEIR_DNS_SVCB_ALPN,
    WEIR_DNS_SVCB_NO_DEFAULT_ALPN,
    WEIR_DNS_SVCB_PORT,
    WEIR_DNS_SVCB_IPV4HINT,
    WEIR_DNS_SVCB_ECH,
    WEIR_DNS_SVCB_IPV6HINT,
    WEIR_DNS_SVCB_DOHPATH,
} weir_dns_svcb_key;

/* Takes the next parameter.  Returns 1, *key and *value; 0; WEIR_EDNS_MESSAGE. */
int weir_dns_svcb_next(weir_bytes *parameters, uint16_t *key, weir_bytes *value);

/* The first type above `after` in the bit map of NSEC and NSEC3; begin with -1.  -1: none left. */
int weir_dns_types_next(weir_bytes types, int after);

/* Writes data as dig has it, which zone files read: on one line (RFC 1035 5.1, RFC 3597 5, RFC 9460
 * 2.1 …), long digits in groups of 56; data of a type that is not known as "\# LENGTH HEX".  Bytes
 * that are not printable ASCII are escaped: the text is fit for a terminal.  NUL-terminated and cut
 * to `room`.  Returns the whole length, as snprintf.  `room` may be 0. */
size_t weir_dns_data_print(const weir_dns_data *data, char *out, size_t room);

#ifdef __cplusplus
}
#endif
#endif
