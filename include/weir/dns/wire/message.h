/* SPDX-License-Identifier: MIT
 *
 * DNS messages read and written in place (RFC 1035 4): a header, questions, and records in three
 * sections.
 *
 * Reading looks at a message that the caller holds, from front to back, without memory of its own;
 * each step's work is bounded by what it passes over, and reading a name by 127 labels and as many
 * pointers: a compression pointer has to point behind the header and strictly backwards, before the
 * labels that led to it.  Nothing is read beyond the message, whatever its counts say.
 *
 *     weir_dns_reader reader;
 *     weir_dns_header header;
 *     int error = weir_dns_reader_init(&reader, message, &header);
 *     weir_dns_question question;
 *     while ((error = weir_dns_reader_question(&reader, &question)) > 0) …
 *     weir_dns_record record;
 *     while ((error = weir_dns_reader_record(&reader, &record)) > 0) …   // record.h: what it says
 *
 * Any thread; nothing here waits or allocates.
 */
#ifndef WEIR_DNS_WIRE_MESSAGE_H
#define WEIR_DNS_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/dns/wire/name.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_HEADER      12    /* octets of the header */
#define WEIR_DNS_MESSAGE_MAX 65535 /* octets of a message over TCP */
#define WEIR_DNS_UDP_MAX     512   /* octets over UDP without EDNS */

#define WEIR_DNS_CLASS_IN  1
#define WEIR_DNS_CLASS_CH  3
#define WEIR_DNS_CLASS_ANY 255

/* Response codes (RFC 1035 4.1.1 and the IANA registry); those above 15 need EDNS. */
typedef enum weir_dns_rcode {
    WEIR_DNS_NOERROR = 0,
    WEIR_DNS_FORMERR = 1,
    WEIR_DNS_SERVFAIL = 2,
    WEIR_DNS_NXDOMAIN = 3,
    WEIR_DNS_NOTIMP = 4,
    WEIR_DNS_REFUSED = 5,
    WEIR_DNS_YXDOMAIN = 6,
    WEIR_DNS_NOTAUTH = 9,
    WEIR_DNS_BADVERS = 16,
    WEIR_DNS_BADCOOKIE = 23,
} weir_dns_rcode;

/* The header of a message.  The counts are what it claims; when writing they are not looked at. */
typedef struct weir_dns_header {
    uint16_t id;
    uint8_t opcode;           /* 0: QUERY */
    uint8_t rcode;            /* the low four bits; edns.h has the rest */
    bool response;            /* QR */
    bool authoritative;       /* AA */
    bool truncated;           /* TC */
    bool recursion_desired;   /* RD */
    bool recursion_available; /* RA */
    bool authentic;           /* AD (RFC 4035) */
    bool checking_disabled;   /* CD (RFC 4035) */
    uint16_t questions, answers, authorities, additionals;
} weir_dns_header;

typedef enum weir_dns_section {
    WEIR_DNS_QUESTION,
    WEIR_DNS_ANSWER,
    WEIR_DNS_AUTHORITY,
    WEIR_DNS_ADDITIONAL,
    WEIR_DNS_SECTIONS,
} weir_dns_section;

typedef struct weir_dns_question {
    weir_dns_name name;
    uint16_t type; /* weir_dns_type (record.h), or any other */
    uint16_t class_;
} weir_dns_question;

/* A record as it lies in a message; record.h decodes `data`. */
typedef struct weir_dns_record {
    weir_dns_section section;
    uint16_t type, class_;
    uint32_t ttl;     /* seconds; one with the highest bit set is read as 0 (RFC 2181 8) */
    uint32_t raw_ttl; /* as on the wire: EDNS keeps other things there */
    size_t name_at;   /* where the owner's name begins, for weir_dns_reader_name */
    size_t data_at;   /* where the data begins */
    weir_bytes data;  /* in the message; names in it may be compressed */
} weir_dns_record;

/* Where reading is.  A plain value: a copy reads on from there. */
typedef struct weir_dns_reader {
    weir_bytes message; /* borrowed */
    size_t at;
    uint8_t section;                  /* of the next item */
    uint16_t left[WEIR_DNS_SECTIONS]; /* items not yet read, as the header claims */
} weir_dns_reader;

/* Reading ----------------------------------------------------------------------------------- */

/* Begins to read a message and gives its header.
 * Returns 0; WEIR_EDNS_MESSAGE: shorter than a header, or longer than 65,535: the reader has
 * nothing then, and *header is zero. */
int weir_dns_reader_init(weir_dns_reader *reader, weir_bytes message, weir_dns_header *header);

/* Reads the next question.
 * Returns 1 and *out; 0: there is none left; WEIR_EDNS_MESSAGE: cut off, or its name is malformed:
 * the reader stays where it is.  Questions come before records: after a record there are none. */
int weir_dns_reader_question(weir_dns_reader *reader, weir_dns_question *out);

/* Reads the next record of any section, passing over questions that were not read.
 * Returns 1 and *out; 0: the end; WEIR_EDNS_MESSAGE: cut off, or a name is malformed: the reader
 * stays where it is.  Names are only passed over: of one, its own labels are checked and that its
 * pointer points backwards; weir_dns_reader_name reads it, and may refuse it.  Octets after the
 * last record are left unread: reader->at tells where. */
int weir_dns_reader_record(weir_dns_reader *reader, weir_dns_record *out);

/* Reads the name at an offset of the message, decompressing it, its case kept.
 * Returns the octets that it takes at that place; WEIR_EDNS_MESSAGE: cut off, a label type that is
 * neither a label nor a pointer, a pointer that does not point backwards, more than 255 octets or
 * 127 pointers: *out is no name then. */
int weir_dns_reader_name(const weir_dns_reader *reader, size_t at, weir_dns_name *out);

/* Whether the name at an offset is `name`, letter case aside, without copying it.  False if it is
 * malformed. */
bool weir_dns_reader_name_is(const weir_dns_reader *reader, size_t at, const weir_dns_name *name);

/* Writing ----------------------------------------------------------------------------------- */

#define WEIR_DNS_WRITER_NAMES 64

/* A message being written to the caller's memory.  Names of owners, and those in data where RFC
 * 3597 4 allows it, are compressed against the first WEIR_DNS_WRITER_NAMES names and parents of
 * names that were written so, of the same letter case: what is read has the case that was written.
 */
typedef struct weir_dns_writer {
    uint8_t *out; /* borrowed */
    size_t room, len;
    uint8_t section;
    uint8_t name_count;
    uint16_t names[WEIR_DNS_WRITER_NAMES];  /* offsets of names to point to */
    uint8_t lengths[WEIR_DNS_WRITER_NAMES]; /* of these names, uncompressed */
} weir_dns_writer;

/* Begins a message.  `room` is at least WEIR_DNS_HEADER, else the message stays empty and nothing
 * fits; what is above 65,535 is not used. */
void weir_dns_writer_init(weir_dns_writer *writer, uint8_t *out, size_t room,
                          const weir_dns_header *header);

/* Adds a question.  Only before records.  Returns 0; WEIR_EDNS_SPACE: nothing was written;
 * WEIR_EINVAL: records were written already, or `name` is none. */
int weir_dns_writer_question(weir_dns_writer *writer, const weir_dns_name *name, uint16_t type,
                             uint16_t class_);

/* Adds a record with data as it is.  Sections in their order.  Returns 0; WEIR_EDNS_SPACE: nothing
 * was written (a server then sets TC with weir_dns_writer_truncated); WEIR_EINVAL: a later section
 * has begun, `name` is none, data over 65,535. */
int weir_dns_writer_record(weir_dns_writer *writer, weir_dns_section section,
                           const weir_dns_name *name, uint16_t type, uint16_t class_, uint32_t ttl,
                           weir_bytes data);

/* A record whose data is being put together: weir_dns_writer_begin, then any number of
 * weir_dns_writer_octets and weir_dns_writer_name, then weir_dns_writer_end.  An error on the way
 * is kept and told at the end, which takes the whole record back.  One at a time. */
typedef struct weir_dns_writer_mark {
    size_t start;    /* of the record */
    size_t data;     /* of its data */
    uint8_t names;   /* name_count before it */
    uint8_t section; /* section before it */
    int error;
} weir_dns_writer_mark;

/* Begins a record; its data is what is added until the end.  Returns as weir_dns_writer_record;
 * after an error, what follows does nothing, and weir_dns_writer_end returns the same. */
int weir_dns_writer_begin(weir_dns_writer *writer, weir_dns_section section,
                          const weir_dns_name *name, uint16_t type, uint16_t class_, uint32_t ttl,
                          weir_dns_writer_mark *mark);

/* Adds octets to the data. */
void weir_dns_writer_octets(weir_dns_writer *writer, weir_dns_writer_mark *mark, weir_bytes octets);

/* Adds a name to the data, compressed if `compress`: only for types of RFC 1035 (RFC 3597 4). */
void weir_dns_writer_name(weir_dns_writer *writer, weir_dns_writer_mark *mark,
                          const weir_dns_name *name, bool compress);

/* Ends the record.  Returns 0; WEIR_EDNS_SPACE, WEIR_EINVAL: nothing of it was written. */
int weir_dns_writer_end(weir_dns_writer *writer, weir_dns_writer_mark *mark);

/* Sets TC in what was written. */
void weir_dns_writer_truncated(weir_dns_writer *writer);

/* The message written so far. */
weir_bytes weir_dns_writer_message(const weir_dns_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
