/* SPDX-License-Identifier: MIT
 *
 * EDNS(0): what rides in the OPT record (RFC 6891): larger UDP messages, extended response codes,
 * cookies (RFC 7873), extended errors (RFC 8914).
 *
 * Any thread; nothing here waits or allocates.
 */
#ifndef WEIR_DNS_WIRE_EDNS_H
#define WEIR_DNS_WIRE_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/dns/wire/message.h>
#include <weir/dns/wire/record.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_EDNS_SIZE \
    1232 /* UDP size to offer: no fragments on any path (DNS flag day 2020) */

typedef enum weir_dns_edns_option {
    WEIR_DNS_EDNS_NSID = 3,
    WEIR_DNS_EDNS_CLIENT_SUBNET = 8,
    WEIR_DNS_EDNS_COOKIE = 10,
    WEIR_DNS_EDNS_KEEPALIVE = 11, /* RFC 7828 */
    WEIR_DNS_EDNS_PADDING = 12,
    WEIR_DNS_EDNS_ERROR = 15,
} weir_dns_edns_option;

/* The OPT record of a message. */
typedef struct weir_dns_edns {
    uint16_t udp_size; /* at least 512 when read (RFC 6891 6.2.3) */
    uint8_t version;
    uint8_t extended_rcode; /* the upper eight bits of the response code */
    bool dnssec_ok;         /* DO */
    weir_bytes options;     /* as on the wire, borrowed: weir_dns_edns_next */
} weir_dns_edns;

/* Reads an OPT record.  Its owner has to be the root, its options whole.  A message with two of
 * them is malformed (RFC 6891 6.1.1): the caller counts. Returns 0 and *out; WEIR_EDNS_MESSAGE. */
int weir_dns_edns_decode(const weir_dns_reader *reader, const weir_dns_record *record,
                         weir_dns_edns *out);

/* The whole response code of a message: the header's four bits and, if `edns` is not NULL, its
 * eight above. */
unsigned weir_dns_edns_rcode(const weir_dns_header *header, const weir_dns_edns *edns);

/* Takes the next option from `options` and moves it on.  Returns 1, *code and *value; 0: none left;
 * WEIR_EDNS_MESSAGE. */
int weir_dns_edns_next(weir_bytes *options, uint16_t *code, weir_bytes *value);

/* Adds an OPT record to the additional section.  Returns as weir_dns_writer_record; WEIR_EINVAL for
 * options that are not whole. */
int weir_dns_writer_edns(weir_dns_writer *writer, const weir_dns_edns *edns);

/* Appends an option to octets that become weir_dns_edns.options.
 * Returns the new length; WEIR_EDNS_SPACE. */
int weir_dns_edns_append(uint8_t *options, size_t len, size_t room, uint16_t code,
                         weir_bytes value);

/* A cookie (RFC 7873 4): ours of 8 octets, the server's of 8 to 32, or none yet. */
typedef struct weir_dns_cookie {
    uint8_t client[8];
    uint8_t server[32];
    uint8_t server_len; /* 0: none, or 8 to 32 */
} weir_dns_cookie;

/* Reads the value of a COOKIE option.  Returns 0 and *out; WEIR_EDNS_MESSAGE: no legal length. */
int weir_dns_cookie_decode(weir_bytes value, weir_dns_cookie *out);

/* Writes the value of a COOKIE option; returns its length, at most 40.  `out` has room for 40.  A
 * server's cookie of an illegal length is left out. */
size_t weir_dns_cookie_encode(const weir_dns_cookie *cookie, uint8_t *out);

/* Reads the value of a KEEPALIVE option (RFC 7828 3): how long the server keeps an idle connection.
 * Returns 1 and *timeout; 0: it is empty, as clients send it; WEIR_EDNS_MESSAGE. */
int weir_dns_keepalive_decode(weir_bytes value, weir_duration *timeout);

/* An extended error (RFC 8914). */
typedef struct weir_dns_extended_error {
    uint16_t code;
    weir_bytes text; /* what the server adds, UTF-8 by promise, not checked */
} weir_dns_extended_error;

/* Reads the value of an ERROR option.  Returns 0 and *out; WEIR_EDNS_MESSAGE. */
int weir_dns_extended_error_decode(weir_bytes value, weir_dns_extended_error *out);

/* The registered purpose of a code, "Stale Answer" (RFC 8914 4 and the IANA registry); NULL for an
 * unknown one.  Static. */
const char *weir_dns_extended_error_name(uint16_t code);

#ifdef __cplusplus
}
#endif
#endif
