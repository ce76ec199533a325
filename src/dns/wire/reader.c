/* SPDX-License-Identifier: MIT
 *
 * Messages read in place: header, questions, records (RFC 1035 4.1).
 */
#include <weir/dns/wire/message.h>

#include <weir/base/error.h>

#include "dns/wire/header.h"
#include "dns/wire/octets.h"

int weir_dns_reader_init(weir_dns_reader *reader, weir_bytes message, weir_dns_header *header)
{
    const uint8_t *octets = (const uint8_t *)message.data;
    *reader = (weir_dns_reader){.at = 0};
    *header = (weir_dns_header){.id = 0};
    if (message.len < WEIR_DNS_HEADER || message.len > WEIR_DNS_MESSAGE_MAX)
        return WEIR_EDNS_MESSAGE;

    const uint8_t first = octets[HEADER_FLAGS], second = octets[HEADER_FLAGS + 1];
    header->id = octets_get16(octets);
    header->opcode = first >> 3 & 15;
    header->rcode = second & 15;
    header->response = first & FLAG_QR;
    header->authoritative = first & FLAG_AA;
    header->truncated = first & FLAG_TC;
    header->recursion_desired = first & FLAG_RD;
    header->recursion_available = second & FLAG_RA;
    header->authentic = second & FLAG_AD;
    header->checking_disabled = second & FLAG_CD;
    for (int i = 0; i < WEIR_DNS_SECTIONS; i++)
        reader->left[i] = octets_get16(octets + HEADER_COUNTS + 2 * i);
    header->questions = reader->left[WEIR_DNS_QUESTION];
    header->answers = reader->left[WEIR_DNS_ANSWER];
    header->authorities = reader->left[WEIR_DNS_AUTHORITY];
    header->additionals = reader->left[WEIR_DNS_ADDITIONAL];
    reader->message = message;
    reader->at = WEIR_DNS_HEADER;
    return 0;
}

/* Where a name that begins at `at` ends; 0 if it is cut off or malformed where it stands. */
static size_t skip_name(weir_bytes message, size_t at)
{
    const uint8_t *octets = (const uint8_t *)message.data;
    const size_t start = at;
    while (at < message.len) {
        const uint8_t length = octets[at];
        if (length >= POINTER) {
            if (message.len - at < 2) return 0;
            const size_t target = octets_get16(octets + at) & POINTER_MAX;
            return target < start && target >= WEIR_DNS_HEADER ? at + 2 : 0;
        }
        if (length > WEIR_DNS_LABEL_MAX) return 0;
        at += 1u + length;
        if (at - start > WEIR_DNS_NAME_MAX) return 0;
        if (length == 0) return at;
    }
    return 0;
}

int weir_dns_reader_question(weir_dns_reader *reader, weir_dns_question *out)
{
    if (reader->section > WEIR_DNS_QUESTION || reader->left[WEIR_DNS_QUESTION] == 0) return 0;
    const int name = weir_dns_reader_name(reader, reader->at, &out->name);
    if (name < 0) return name;
    const size_t at = reader->at + (size_t)name;
    if (reader->message.len - at < QUESTION_FIXED) return WEIR_EDNS_MESSAGE;
    const uint8_t *fixed = (const uint8_t *)reader->message.data + at;
    out->type = octets_get16(fixed);
    out->class_ = octets_get16(fixed + 2);
    reader->at = at + QUESTION_FIXED;
    reader->left[WEIR_DNS_QUESTION]--;
    return 1;
}

/* Where the questions end that were not read; 0 if one is cut off or malformed. */
static size_t skip_questions(const weir_dns_reader *reader)
{
    size_t at = reader->at;
    for (unsigned left = reader->left[WEIR_DNS_QUESTION]; left > 0; left--) {
        at = skip_name(reader->message, at);
        if (at == 0 || reader->message.len - at < QUESTION_FIXED) return 0;
        at += QUESTION_FIXED;
    }
    return at;
}

/* Puts the reader before the next item of a section. */
static inline void move_on(weir_dns_reader *reader, unsigned section, size_t at)
{
    reader->section = (uint8_t)section;
    reader->at = at;
    reader->left[WEIR_DNS_QUESTION] = 0;
}

int weir_dns_reader_record(weir_dns_reader *reader, weir_dns_record *out)
{
    const weir_bytes message = reader->message;
    const size_t name_at = reader->left[WEIR_DNS_QUESTION] ? skip_questions(reader) : reader->at;
    unsigned section = reader->section ? reader->section : WEIR_DNS_ANSWER;
    while (section < WEIR_DNS_SECTIONS && reader->left[section] == 0) section++;
    if (name_at > 0 && section == WEIR_DNS_SECTIONS) {
        move_on(reader, WEIR_DNS_ADDITIONAL, name_at);
        return 0;
    }

    const size_t at = name_at ? skip_name(message, name_at) : 0;
    if (at == 0 || message.len - at < RECORD_FIXED) return WEIR_EDNS_MESSAGE;
    const uint8_t *fixed = (const uint8_t *)message.data + at;
    const uint16_t data_len = octets_get16(fixed + 8);
    if (message.len - at - RECORD_FIXED < data_len) return WEIR_EDNS_MESSAGE;
    out->section = (weir_dns_section)section;
    out->type = octets_get16(fixed);
    out->class_ = octets_get16(fixed + 2);
    out->raw_ttl = octets_get32(fixed + 4);
    out->ttl = out->raw_ttl >> 31 ? 0 : out->raw_ttl;
    out->name_at = name_at;
    out->data_at = at + RECORD_FIXED;
    out->data = weir_bytes_of(fixed + RECORD_FIXED, data_len);
    reader->left[section]--;
    move_on(reader, section, out->data_at + data_len);
    return 1;
}
