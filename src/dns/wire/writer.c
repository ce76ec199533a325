/* SPDX-License-Identifier: MIT
 *
 * Messages written to memory of the caller (RFC 1035 4.1), names compressed (4.1.4).
 *
 * Names are compared with those already written octet for octet: what is read back has the letter
 * case that was written, also where two names differ in nothing else.
 */
#include <weir/dns/wire/message.h>

#include <weir/base/error.h>

#include "dns/wire/header.h"
#include "dns/wire/octets.h"

void weir_dns_writer_init(weir_dns_writer *writer, uint8_t *out, size_t room,
                          const weir_dns_header *header)
{
    *writer = (weir_dns_writer){.out = out};
    if (room < WEIR_DNS_HEADER) return;
    writer->room = room < WEIR_DNS_MESSAGE_MAX ? room : WEIR_DNS_MESSAGE_MAX;
    writer->len = WEIR_DNS_HEADER;
    memset(out, 0, WEIR_DNS_HEADER);
    octets_put16(out, header->id);
    out[HEADER_FLAGS] =
        (uint8_t)((header->response ? FLAG_QR : 0) | (header->opcode & 15) << 3 |
                  (header->authoritative ? FLAG_AA : 0) | (header->truncated ? FLAG_TC : 0) |
                  (header->recursion_desired ? FLAG_RD : 0));
    out[HEADER_FLAGS + 1] =
        (uint8_t)((header->recursion_available ? FLAG_RA : 0) | (header->authentic ? FLAG_AD : 0) |
                  (header->checking_disabled ? FLAG_CD : 0) | (header->rcode & 15));
}

/* Names ------------------------------------------------------------------------------------- */

/* Whether what was written at `at` is this name, in wire form and `len` long. */
static bool is_written_at(const weir_dns_writer *writer, size_t at, const uint8_t *name, size_t len)
{
    for (;;) {
        const uint8_t *label = writer->out + at;
        if (label[0] >= POINTER) {
            at = octets_get16(label) & POINTER_MAX;
            continue;
        }
        const size_t take = 1u + label[0];
        if (take > len || memcmp(label, name, take) != 0) return false;
        if (take == 1) return true;
        name += take;
        len -= take;
        at += take;
    }
}

/* Where the name was written before; 0 if it was not.  Only names of its length are looked at: of
 * one that was written, no two parents have the same, so names made to be alike for long cost
 * little. */
static size_t find_written(const weir_dns_writer *writer, const uint8_t *name, size_t len)
{
    for (unsigned i = 0; i < writer->name_count; i++)
        if (writer->lengths[i] == len && is_written_at(writer, writer->names[i], name, len))
            return writer->names[i];
    return 0;
}

/* How much of a name has to be written in full, and in *target where the rest is, 0 for none. */
static size_t compress_name(const weir_dns_writer *writer, const weir_dns_name *name,
                            size_t *target)
{
    size_t own = 0;
    *target = 0;
    while (own + 1u < name->len) {
        *target = find_written(writer, name->octets + own, name->len - own);
        if (*target) break;
        own += 1u + name->octets[own];
    }
    return own;
}

/* Remembers the first `own` octets of a name, which stand at `at`, label by label, so that names to
 * come can point to them. */
static void remember_labels(weir_dns_writer *writer, size_t at, const weir_dns_name *name,
                            size_t own)
{
    for (size_t i = 0; i < own; i += 1u + name->octets[i]) {
        if (at + i > POINTER_MAX || writer->name_count == WEIR_DNS_WRITER_NAMES) return;
        writer->names[writer->name_count] = (uint16_t)(at + i);
        writer->lengths[writer->name_count++] = (uint8_t)(name->len - i);
    }
}

static int write_name(weir_dns_writer *writer, const weir_dns_name *name, bool compress)
{
    if (name->len == 0) return WEIR_EINVAL;
    size_t target = 0, own = name->len - 1u;
    if (compress) own = compress_name(writer, name, &target);
    if (writer->room - writer->len < own + (target ? 2 : 1)) return WEIR_EDNS_SPACE;
    const size_t at = writer->len;
    uint8_t *to = writer->out + at;
    memcpy(to, name->octets, own);
    if (target)
        octets_put16(to + own, (uint16_t)(POINTER << 8 | target));
    else
        to[own] = 0;
    writer->len += own + (target ? 2 : 1);
    if (compress) remember_labels(writer, at, name, own);
    return 0;
}

/* Questions and records --------------------------------------------------------------------- */

static void count_one(weir_dns_writer *writer, unsigned section)
{
    uint8_t *count = writer->out + HEADER_COUNTS + 2 * section;
    octets_put16(count, (uint16_t)(octets_get16(count) + 1));
}

int weir_dns_writer_question(weir_dns_writer *writer, const weir_dns_name *name, uint16_t type,
                             uint16_t class_)
{
    const size_t start = writer->len;
    const uint8_t names = writer->name_count;
    if (writer->section != WEIR_DNS_QUESTION) return WEIR_EINVAL;
    int error = write_name(writer, name, true);
    if (error == 0 && writer->room - writer->len < QUESTION_FIXED) error = WEIR_EDNS_SPACE;
    if (error < 0) {
        writer->len = start;
        writer->name_count = names;
        return error;
    }
    octets_put16(writer->out + writer->len, type);
    octets_put16(writer->out + writer->len + 2, class_);
    writer->len += QUESTION_FIXED;
    count_one(writer, WEIR_DNS_QUESTION);
    return 0;
}

/* Takes the record back. */
static int give_up(weir_dns_writer *writer, const weir_dns_writer_mark *mark)
{
    writer->len = mark->start;
    writer->name_count = mark->names;
    writer->section = mark->section;
    return mark->error;
}

int weir_dns_writer_begin(weir_dns_writer *writer, weir_dns_section section,
                          const weir_dns_name *name, uint16_t type, uint16_t class_, uint32_t ttl,
                          weir_dns_writer_mark *mark)
{
    *mark = (weir_dns_writer_mark){
        .start = writer->len, .names = writer->name_count, .section = writer->section};
    const bool in_order = section > WEIR_DNS_QUESTION && section < WEIR_DNS_SECTIONS &&
                          (unsigned)section >= writer->section;
    mark->error = in_order ? write_name(writer, name, true) : WEIR_EINVAL;
    if (mark->error == 0 && writer->room - writer->len < RECORD_FIXED)
        mark->error = WEIR_EDNS_SPACE;
    if (mark->error < 0) return give_up(writer, mark);
    uint8_t *fixed = writer->out + writer->len;
    octets_put16(fixed, type);
    octets_put16(fixed + 2, class_);
    octets_put32(fixed + 4, ttl);
    writer->len += RECORD_FIXED;
    writer->section = (uint8_t)section;
    mark->data = writer->len;
    return 0;
}

void weir_dns_writer_octets(weir_dns_writer *writer, weir_dns_writer_mark *mark, weir_bytes octets)
{
    if (mark->error < 0 || octets.len == 0) return;
    if (writer->room - writer->len < octets.len) {
        mark->error = WEIR_EDNS_SPACE;
        return;
    }
    memcpy(writer->out + writer->len, octets.data, octets.len);
    writer->len += octets.len;
}

void weir_dns_writer_name(weir_dns_writer *writer, weir_dns_writer_mark *mark,
                          const weir_dns_name *name, bool compress)
{
    if (mark->error == 0) mark->error = write_name(writer, name, compress);
}

int weir_dns_writer_end(weir_dns_writer *writer, weir_dns_writer_mark *mark)
{
    if (mark->error < 0) return give_up(writer, mark);
    /* It fits: a whole message is not longer than 65,535 octets. */
    octets_put16(writer->out + mark->data - 2, (uint16_t)(writer->len - mark->data));
    count_one(writer, writer->section);
    return 0;
}

int weir_dns_writer_record(weir_dns_writer *writer, weir_dns_section section,
                           const weir_dns_name *name, uint16_t type, uint16_t class_, uint32_t ttl,
                           weir_bytes data)
{
    weir_dns_writer_mark mark;
    if (data.len > UINT16_MAX) return WEIR_EINVAL;
    const int error = weir_dns_writer_begin(writer, section, name, type, class_, ttl, &mark);
    if (error < 0) return error;
    weir_dns_writer_octets(writer, &mark, data);
    return weir_dns_writer_end(writer, &mark);
}

void weir_dns_writer_truncated(weir_dns_writer *writer)
{
    if (writer->len >= WEIR_DNS_HEADER) writer->out[HEADER_FLAGS] |= FLAG_TC;
}

weir_bytes weir_dns_writer_message(const weir_dns_writer *writer)
{
    return weir_bytes_of(writer->out, writer->len);
}
