/* SPDX-License-Identifier: MIT
 *
 * Boiling a server's message down to what it says of one question.
 */
#include "dns/packed.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/record.h>

enum {
    RECORD_HEAD = 4,
    POINTER_PRICE = 2, /* of a name that begins with a pointer, in looks */
    LABELS_FREE = 4,   /* of a name, that are compared for a look */
};

/* What is looked for, and how far it is. */
typedef struct digest {
    dns_packed *packed;
    weir_dns_reader records; /* stands before the first record */
    uint16_t type;
    weir_dns_name owner; /* whose records count now: the name, or the end of the chain so far */
    dns_packed_head head;
    uint32_t ttl;       /* the least so far */
    unsigned looks;     /* at records, over all owners: the chain may be in any order */
    unsigned price;     /* of a look at a name that is not the one before, by the owner's labels */
    size_t last;        /* where the name before began, after its pointer; 0: none for this owner */
    bool last_is;       /* … the owner */
    unsigned malformed; /* records that were asked for and cannot be read */
} digest;

void weir_dns_packed_init(dns_packed *packed)
{
    packed->octets = packed->near;
    packed->len = 0;
    packed->room = sizeof packed->near;
    packed->ttl = 0;
}

void weir_dns_packed_free(dns_packed *packed)
{
    if (packed->octets != packed->near) free(packed->octets);
    weir_dns_packed_init(packed);
}

dns_packed_head weir_dns_packed_read(const uint8_t *octets)
{
    dns_packed_head head;
    memcpy(&head, octets, sizeof head);
    return head;
}

static int grow(dns_packed *packed, uint32_t need)
{
    if (packed->room - packed->len >= need) return 0;
    uint32_t room = packed->room;
    while (room - packed->len < need) room *= 2;
    if (room > DNS_PACKED_MAX) return WEIR_EDNS_ANSWER;
    uint8_t *octets = malloc(room);
    if (!octets) return WEIR_ENOMEM;
    memcpy(octets, packed->octets, packed->len);
    if (packed->octets != packed->near) free(packed->octets);
    packed->octets = octets;
    packed->room = room;
    return 0;
}

int weir_dns_packed_reserve(dns_packed *packed, uint32_t room)
{
    packed->len = 0;
    return grow(packed, room);
}

int weir_dns_packed_copy(dns_packed *packed, const uint8_t *octets, uint32_t len)
{
    int error = weir_dns_packed_reserve(packed, len);
    if (error) return error;
    memcpy(packed->octets, octets, len);
    packed->len = len;
    return 0;
}

int weir_dns_packed_single(dns_packed *packed, uint16_t type, const uint8_t *data, uint16_t len)
{
    dns_packed_head head = {.outcome = len ? DNS_OUTCOME_RECORDS : DNS_OUTCOME_NODATA,
                            .records = len ? 1 : 0};
    uint16_t words[2] = {type, len};
    int error = weir_dns_packed_reserve(packed, DNS_PACKED_HEAD + RECORD_HEAD + (uint32_t)len);
    if (error) return error;
    memcpy(packed->octets, &head, sizeof head);
    packed->len = DNS_PACKED_HEAD;
    if (len == 0) return 0;
    memcpy(packed->octets + DNS_PACKED_HEAD, words, sizeof words);
    memcpy(packed->octets + DNS_PACKED_HEAD + RECORD_HEAD, data, len);
    packed->len += RECORD_HEAD + (uint32_t)len;
    return 0;
}

static int append_name(dns_packed *packed, const weir_dns_name *name)
{
    int error = grow(packed, name->len);
    if (error) return error;
    memcpy(packed->octets + packed->len, name->octets, name->len);
    packed->len += name->len;
    return 0;
}

/* A record's data after its head.  Its length, WEIR_EDNS_MESSAGE, or an error of grow. */
static int append_data(digest *d, const weir_dns_record *record)
{
    dns_packed *packed = d->packed;
    for (uint32_t need = RECORD_HEAD + (uint32_t)record->data.len;; need *= 2) {
        int error = grow(packed, need);
        if (error) return error;
        uint8_t *out = packed->octets + packed->len + RECORD_HEAD;
        int len = weir_dns_record_flatten(&d->records, record, out,
                                          packed->room - packed->len - RECORD_HEAD);
        if (len != WEIR_EDNS_SPACE) return len;
    }
}

/* Adds a record; one that is malformed is counted instead.  0 or an error of grow. */
static int append_record(digest *d, const weir_dns_record *record)
{
    int len = append_data(d, record);
    if (len == WEIR_EDNS_MESSAGE) {
        d->malformed++;
        return 0;
    }
    if (len < 0) return len;
    uint8_t *at = d->packed->octets + d->packed->len;
    uint16_t words[2] = {record->type, (uint16_t)len};
    memcpy(at, words, sizeof words);
    d->packed->len += RECORD_HEAD + (uint32_t)len;
    d->head.records++;
    if (record->ttl < d->ttl) d->ttl = record->ttl;
    return 0;
}

/* Follows a CNAME record: its target is the owner from now on. */
static int follow(digest *d, const weir_dns_record *record)
{
    weir_dns_data data;
    if (weir_dns_record_data(&d->records, record, &data) < 0) return WEIR_EDNS_ANSWER;
    if (d->head.aliases == DNS_ALIASES) return WEIR_EDNS_ANSWER;
    d->owner = data.as.name;
    d->head.aliases++;
    if (record->ttl < d->ttl) d->ttl = record->ttl;
    uint32_t before = d->packed->len;
    int error = append_name(d->packed, &d->owner);
    d->head.alias_octets = (uint16_t)(d->head.alias_octets + (d->packed->len - before));
    return error;
}

/* Whether a record is the owner's.  Records of one name mostly point to the same place, which is
 * compared once; else it costs the more looks the longer it may take, as pointers may lead from
 * each label of the name to the next. */
static bool is_owners(digest *d, const weir_dns_reader *reader, const weir_dns_record *record)
{
    const uint8_t *at = (const uint8_t *)reader->message.data + record->name_at;
    const size_t target = at[0] < 0xc0 ? 0 : (size_t)(at[0] & 0x3f) << 8 | at[1];
    if (target > 0 && target == d->last) return d->last_is;
    d->looks += d->price + (target > 0 ? POINTER_PRICE : 0);
    d->last = target;
    return d->last_is = weir_dns_reader_name_is(reader, record->name_at, &d->owner);
}

/* Begins with an owner. */
static void begin_owner(digest *d)
{
    unsigned labels = 0;
    for (size_t at = 0; d->owner.octets[at]; at += 1u + d->owner.octets[at]) labels++;
    d->price = labels / LABELS_FREE;
    d->last = 0;
}

/* Takes what stands at the owner: 1 if its CNAME record was followed, 0 if that is all, an error.
 * A circle of CNAME records ends at DNS_ALIASES. */
static int take_owner(digest *d)
{
    weir_dns_reader reader = d->records;
    weir_dns_record record, alias = {0};
    int got;
    begin_owner(d);
    while ((got = weir_dns_reader_record(&reader, &record)) > 0) {
        if (record.section != WEIR_DNS_ANSWER) break;
        if (++d->looks > DNS_LOOKS) return WEIR_EDNS_ANSWER;
        if (record.class_ != WEIR_DNS_CLASS_IN) continue;
        bool wanted = record.type == d->type || d->type == WEIR_DNS_ANY;
        if (!wanted && record.type != WEIR_DNS_CNAME) continue;
        if (!is_owners(d, &reader, &record)) continue;
        if (!wanted) {
            alias = record;
        } else if (d->head.records < DNS_RECORDS) {
            int error = append_record(d, &record);
            if (error) return error;
        }
    }
    if (got < 0) return WEIR_EDNS_ANSWER;
    if (d->head.records > 0 || alias.type == 0) return 0;
    int error = follow(d, &alias);
    return error ? error : 1;
}

/* How long to remember that there is nothing: as the SOA record of a zone that holds the owner says
 * (RFC 2308 5); without one not at all. */
static uint32_t negative_ttl(const digest *d)
{
    weir_dns_reader reader = d->records;
    weir_dns_record record;
    while (weir_dns_reader_record(&reader, &record) > 0) {
        if (record.section != WEIR_DNS_AUTHORITY || record.type != WEIR_DNS_SOA) continue;
        weir_dns_name zone;
        weir_dns_data soa;
        if (weir_dns_reader_name(&reader, record.name_at, &zone) < 0) continue;
        if (!weir_dns_name_within(&d->owner, &zone)) continue;
        if (weir_dns_record_data(&reader, &record, &soa) < 0) continue;
        uint32_t ttl = record.ttl < soa.as.soa.minimum ? record.ttl : soa.as.soa.minimum;
        return ttl < d->ttl ? ttl : d->ttl;
    }
    return 0;
}

static int read_questions(digest *d, weir_bytes message, weir_dns_header *header)
{
    int error = weir_dns_reader_init(&d->records, message, header);
    weir_dns_question question;
    while (error >= 0) {
        error = weir_dns_reader_question(&d->records, &question);
        if (error == 0) return 0;
    }
    return WEIR_EDNS_ANSWER;
}

int weir_dns_packed_digest(dns_packed *packed, weir_bytes message, const weir_dns_name *name,
                           uint16_t type)
{
    digest d = {.packed = packed, .type = type, .owner = *name, .ttl = UINT32_MAX};
    weir_dns_header header;
    int error = read_questions(&d, message, &header);
    if (error) return error;
    packed->len = DNS_PACKED_HEAD;
    int more = 1;
    while (more > 0) more = take_owner(&d);
    if (more < 0) return more;
    if (header.rcode == WEIR_DNS_NXDOMAIN) {
        d.head.outcome = DNS_OUTCOME_NOTFOUND;
        d.head.records = 0;
        packed->len = DNS_PACKED_HEAD + d.head.alias_octets;
    } else if (d.head.records == 0) {
        if (d.malformed > 0) return WEIR_EDNS_ANSWER;
        d.head.outcome = DNS_OUTCOME_NODATA;
    }
    if (header.authentic) d.head.flags |= DNS_PACKED_AUTHENTIC;
    packed->ttl = d.head.outcome == DNS_OUTCOME_RECORDS ? d.ttl : negative_ttl(&d);
    memcpy(packed->octets, &d.head, sizeof d.head);
    return 0;
}
