/* SPDX-License-Identifier: MIT
 *
 * Where things are in a message (RFC 1035 4.1.1, RFC 4035 3).
 *
 *      0     2       4           6         8             10            12
 *     +-----+-------+-----------+---------+-------------+-------------+
 *     | id  | flags | questions | answers | authorities | additionals | questions, records …
 *     +-----+-------+-----------+---------+-------------+-------------+
 *
 *     flags   QR Opcode(4) AA TC RD | RA 0 AD CD Rcode(4)
 *     name    labels: length and octets; then 0, or 11 and 14 bits of where the rest is
 *     record  name type(2) class(2) ttl(4) length(2) data
 */
#ifndef WEIR_DNS_WIRE_HEADER_H
#define WEIR_DNS_WIRE_HEADER_H

enum {
    HEADER_FLAGS = 2,
    HEADER_COUNTS = 4,

    /* Of the first octet of the flags, then of the second. */
    FLAG_QR = 0x80,
    FLAG_AA = 0x04,
    FLAG_TC = 0x02,
    FLAG_RD = 0x01,
    FLAG_RA = 0x80,
    FLAG_AD = 0x20,
    FLAG_CD = 0x10,

    QUESTION_FIXED = 4, /* octets after a question's name */
    RECORD_FIXED = 10,  /* octets between a record's name and its data */

    POINTER = 0xc0, /* in a length: the rest of the name is elsewhere */
    POINTER_MAX = 0x3fff,
};

#endif
