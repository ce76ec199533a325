/* SPDX-License-Identifier: MIT
 *
 * For tests: data of every known type as octets and as dig 9.18 writes it.
 */
#ifndef DNS_WIRE_DATA_SAMPLES_H
#define DNS_WIRE_DATA_SAMPLES_H

#include <weir/dns/wire/record.h>

#include "dns/wire/testing.h"

typedef struct data_sample {
    uint16_t type;
    const char *octets;
    size_t len;
    size_t least; /* every length below it is refused */
    bool longer;  /* an octet more is legal, too */
    const char *text;
} data_sample;

#define MAIL "\4mail\7example\0"
#define ROOT "\0"

/* What is refused below its whole length and with an octet more; what ends with any octets. */
#define EXACT(type, octets, text)                                         \
    {                                                                     \
        type, octets, sizeof(octets) - 1, sizeof(octets) - 1, false, text \
    }
#define OPEN(type, octets, least, text)                     \
    {                                                       \
        type, octets, sizeof(octets) - 1, least, true, text \
    }

static const data_sample data_samples[] = {
    EXACT(WEIR_DNS_A, "\xc0\0\2\1", "192.0.2.1"),
    EXACT(WEIR_DNS_NS, MAIL, "mail.example."),
    EXACT(WEIR_DNS_NS, ROOT, "."),
    EXACT(WEIR_DNS_MD, MAIL, "mail.example."),
    EXACT(WEIR_DNS_MF, MAIL, "mail.example."),
    EXACT(WEIR_DNS_CNAME, "\3w.w\0", "w\\.w."),
    EXACT(WEIR_DNS_SOA,
          MAIL "\6Host.M" MAIL "\x78\xa3\xfa\x35\0\0\x1c\x20\0\0\x0e\x10\0\x12\x75\0\0\0\1\x2c",
          "mail.example. Host\\.M.mail.example. 2024012341 7200 3600 1209600 300"),
    EXACT(WEIR_DNS_MB, MAIL, "mail.example."),
    EXACT(WEIR_DNS_MG, MAIL, "mail.example."),
    EXACT(WEIR_DNS_MR, MAIL, "mail.example."),
    EXACT(WEIR_DNS_PTR, MAIL, "mail.example."),
    EXACT(WEIR_DNS_HINFO, "\4PC\"x\0", "\"PC\\\"x\" \"\""),
    EXACT(WEIR_DNS_MINFO, MAIL ROOT, "mail.example. ."),
    EXACT(WEIR_DNS_MX, "\0\x0a" MAIL, "10 mail.example."),
    EXACT(WEIR_DNS_MX, "\0\0" ROOT, "0 ."),
    {WEIR_DNS_TXT, "\3abc\0\4\"\\; ", 10, 4, false, "\"abc\" \"\" \"\\\"\\\\; \""},
    {WEIR_DNS_TXT, "\x9\0\t\x1f\x7f\x80\xff~@$", 10, 10, false,
     "\"\\000\\009\\031\\127\\128\\255~@$\""},
    EXACT(WEIR_DNS_RP, MAIL "\1t\0", "mail.example. t."),
    EXACT(WEIR_DNS_AFSDB, "\0\1" MAIL, "1 mail.example."),
    EXACT(WEIR_DNS_RT, "\xff\xff" MAIL, "65535 mail.example."),
    OPEN(WEIR_DNS_SIG, "\0\1\5\2\0\0\x0e\x10\x38\x6d\x43\x80\x38\x6d\x43\x80\0\7" ROOT "abc", 20,
         "A 5 2 3600 20000101000000 20000101000000 7 . YWJj"),
    OPEN(WEIR_DNS_KEY, "\xc0\0\3\5", 4, "49152 3 5"),
    EXACT(WEIR_DNS_PX, "\0\x0a" MAIL ROOT, "10 mail.example. ."),
    EXACT(WEIR_DNS_AAAA, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
    OPEN(WEIR_DNS_NXT, "\1b\0\x40\0\0\x0a", 4, "b. A AAAA NXT"),
    EXACT(WEIR_DNS_SRV, "\0\1\0\2\x13\xc4" MAIL, "1 2 5060 mail.example."),
    EXACT(WEIR_DNS_NAPTR, "\0\x64\0\x0a\1u\7E2U+sip\x08!^.*$!\\!" ROOT,
          "100 10 \"u\" \"E2U+sip\" \"!^.*$!\\\\!\" ."),
    EXACT(WEIR_DNS_KX, "\0\5" MAIL, "5 mail.example."),
    EXACT(WEIR_DNS_DNAME, MAIL, "mail.example."),
    /* RFC 4034 5.4 */
    OPEN(WEIR_DNS_DS,
         "\xec\x45\5\1\x2b\xb1\x83\xaf\x5f\x22\x58\x81\x79\xa5\x3b\x0a\x98\x63\x1f\xad\x1a\x29\x21"
         "\x18",
         5, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    OPEN(WEIR_DNS_SSHFP, "\2\1\x12\x34\x56", 3, "2 1 123456"),
    OPEN(WEIR_DNS_RRSIG, "\1\1\x0d\3\0\1\x51\x80\x3e\x7b\1\x8b\x3e\x53\x74\x8b\x0a\x4d" MAIL "\xff",
         33, "CAA 13 3 86400 20030321121155 20030219121155 2637 mail.example. /w=="),
    /* RFC 4034 4.3 */
    {WEIR_DNS_NSEC,
     "\4host\7example\3com\0\0\6\x40\1\0\0\0\3\4\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
     "\0\0\0\x20",
     55, 26, false, "host.example.com. A MX RRSIG NSEC TYPE1234"},
    OPEN(WEIR_DNS_DNSKEY, "\1\0\3\5\1\3\xd2\x2a", 5, "256 3 5 AQPSKg=="),
    {WEIR_DNS_NSEC3, "\1\1\0\x0c\4\xaa\xbb\xcc\xdd\5\x07\x41\x82\xff\0\0\1\x62", 18, 15, false,
     "1 1 12 AABBCCDD 0T0O5VO0 A NS SOA"},
    {WEIR_DNS_NSEC3, "\1\0\0\0\0\1\xff", 7, 7, false, "1 0 0 - VS"},
    EXACT(WEIR_DNS_NSEC3PARAM, "\1\0\0\x0c\2\xaa\xbb", "1 0 12 AABB"),
    EXACT(WEIR_DNS_NSEC3PARAM, "\1\0\0\0\0", "1 0 0 -"),
    OPEN(WEIR_DNS_TLSA, "\3\1\1\xd2\xab", 4, "3 1 1 D2AB"),
    OPEN(WEIR_DNS_SMIMEA,
         "\3\1\1\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b"
         "\x0c",
         4, "3 1 1 000102030405060708090A0B0C0D0E0F000102030405060708090A0B 0C"),
    OPEN(WEIR_DNS_CDS, "\0\0\0\0\0", 5, "0 0 0 00"),
    OPEN(WEIR_DNS_CDNSKEY, "\0\0\3\0\0", 5, "0 3 0 AA=="),
    OPEN(WEIR_DNS_OPENPGPKEY,
         "\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d"
         "\x0e\x0f\0\1\2\3\4\5\6\7\x08\x09\x0a",
         1, "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8AAQIDBAUGBwgJ Cg=="),
    EXACT(WEIR_DNS_SPF, "\2v=", "\"v=\""),
    OPEN(WEIR_DNS_URI, "\0\x0a\0\1x\"", 5, "10 1 \"x\\\"\""),
    OPEN(WEIR_DNS_CAA,
         "\x80\5Issue"
         "ca; x",
         7, "128 Issue \"ca; x\""),
    OPEN(WEIR_DNS_CAA, "\0\5issue", 7, "0 issue \"\""),
    OPEN(32769, "\0\1\2\3\4", 5, "1 2 3 04"),
    OPEN(4711, "\x0a\0\0\1", 0, "\\# 4 0A000001"),
    OPEN(4711, "", 0, "\\# 0"),
    OPEN(WEIR_DNS_OPT, "\0\x0a\0\0", 0, "\\# 4 000A0000"),
};

enum { DATA_SAMPLES = sizeof data_samples / sizeof data_samples[0] };

#endif
