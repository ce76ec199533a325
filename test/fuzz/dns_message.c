/* SPDX-License-Identifier: MIT
 *
 * Is every message read within its bounds, and does a message that is read and written again say
 * the same, in no more room than names in full need?
 *
 *     input = a message
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/message.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAMES_EVERYWHERE = 300 }; /* the longest message in which a name is read at each offset */

static void require(bool holds)
{
    if (!holds) abort();
}

static bool is_same(const weir_dns_name *a, const weir_dns_name *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

/* Reads the name at an offset; it is well formed in itself, and found where it is. */
static int check_name(const weir_dns_reader *reader, size_t at, weir_dns_name *name)
{
    const int taken = weir_dns_reader_name(reader, at, name);
    if (taken < 0) {
        const weir_dns_name root = {1, {0}};
        require(taken == WEIR_EDNS_MESSAGE && name->len == 0);
        require(!weir_dns_reader_name_is(reader, at, &root));
        return taken;
    }
    size_t len = 0;
    for (uint8_t label; (label = name->octets[len]) > 0; len += 1u + label)
        require(label <= WEIR_DNS_LABEL_MAX && len + 1 + label < name->len);
    require(len + 1 == name->len);
    require(taken >= 1 && at + (size_t)taken <= reader->message.len);
    require(weir_dns_reader_name_is(reader, at, name));
    weir_dns_name other = *name;
    weir_dns_name_lower(&other);
    require(weir_dns_reader_name_is(reader, at, &other));
    if (weir_dns_name_parent(name, &other)) require(!weir_dns_reader_name_is(reader, at, &other));
    return taken;
}

/* Whether octets that are moved to another place may become another name. */
static bool may_point(weir_bytes octets)
{
    for (size_t i = 0; i < octets.len; i++)
        if ((uint8_t)octets.data[i] >= 0xc0) return true;
    return false;
}

/* Returns whether the data means the same in every message. */
static bool write_record(weir_dns_writer *writer, const weir_dns_reader *reader,
                         const weir_dns_record *record, const weir_dns_name *name)
{
    weir_dns_writer_mark mark;
    weir_dns_name inner;
    const int taken = weir_dns_reader_name(reader, record->data_at, &inner);
    const bool is_name = taken > 0 && (size_t)taken == record->data.len;
    const size_t before = writer->len;
    weir_dns_writer_begin(writer, record->section, name, record->type, record->class_,
                          record->raw_ttl, &mark);
    /* Data that is a name is written as one; whose type may be compressed does not matter here. */
    if (is_name)
        weir_dns_writer_name(writer, &mark, &inner, record->type & 1);
    else
        weir_dns_writer_octets(writer, &mark, record->data);
    const int error = weir_dns_writer_end(writer, &mark);
    require(error == 0 || (error == WEIR_EDNS_SPACE && writer->len == before));
    return is_name || !may_point(record->data);
}

/* Reads everything and writes what can be read; true if all of it could be.  *fixed becomes true if
 * some data means something else in another message. */
static bool copy_message(weir_dns_reader *reader, weir_dns_writer *writer, bool *fixed)
{
    weir_dns_question question;
    weir_dns_record record;
    weir_dns_name name;
    int result;
    while ((result = weir_dns_reader_question(reader, &question)) > 0) {
        const int error =
            weir_dns_writer_question(writer, &question.name, question.type, question.class_);
        require(error == 0 || error == WEIR_EDNS_SPACE);
        if (error < 0) return false;
    }
    if (result < 0) return false;
    for (size_t before = reader->at; (result = weir_dns_reader_record(reader, &record)) > 0;
         before = reader->at) {
        require(record.name_at == before && reader->at > before);
        require(record.data_at + record.data.len == reader->at);
        require(record.data.data == reader->message.data + record.data_at);
        require(reader->at <= reader->message.len);
        if (check_name(reader, record.name_at, &name) < 0) return false;
        const size_t room_before = writer->len;
        if (!write_record(writer, reader, &record, &name)) *fixed = true;
        if (writer->len == room_before) return false;
    }
    return result == 0;
}

static void require_same_record(const weir_dns_reader *a, const weir_dns_record *of_a,
                                const weir_dns_reader *b, const weir_dns_record *of_b)
{
    weir_dns_name x, y;
    require(of_a->section == of_b->section && of_a->type == of_b->type);
    require(of_a->class_ == of_b->class_ && of_a->raw_ttl == of_b->raw_ttl);
    require(of_a->ttl == of_b->ttl && of_a->ttl <= INT32_MAX);
    require(weir_dns_reader_name(a, of_a->name_at, &x) > 0);
    require(weir_dns_reader_name(b, of_b->name_at, &y) > 0 && is_same(&x, &y));
    const int taken = weir_dns_reader_name(a, of_a->data_at, &x);
    if (taken < 0 || (size_t)taken != of_a->data.len) {
        require(weir_bytes_equal(of_a->data, of_b->data));
        return;
    }
    require((size_t)weir_dns_reader_name(b, of_b->data_at, &y) == of_b->data.len);
    require(is_same(&x, &y));
}

/* Both messages say the same, as far as the second goes; all of it, if `whole`. */
static void compare_messages(weir_bytes first, weir_bytes second, bool whole)
{
    weir_dns_reader a, b;
    weir_dns_header of_a, of_b;
    weir_dns_question p, q;
    weir_dns_record r, s;
    require(weir_dns_reader_init(&a, first, &of_a) == 0);
    require(weir_dns_reader_init(&b, second, &of_b) == 0);
    require(of_a.id == of_b.id && of_a.opcode == of_b.opcode && of_a.rcode == of_b.rcode);
    require(of_a.response == of_b.response && of_a.truncated == of_b.truncated);
    int result;
    while ((result = weir_dns_reader_question(&b, &q)) > 0) {
        require(weir_dns_reader_question(&a, &p) == 1);
        require(is_same(&p.name, &q.name) && p.type == q.type && p.class_ == q.class_);
    }
    require(result == 0);
    while ((result = weir_dns_reader_record(&b, &s)) > 0) {
        require(weir_dns_reader_record(&a, &r) == 1);
        require_same_record(&a, &r, &b, &s);
    }
    require(result == 0 && b.at == second.len);
    if (whole) require(weir_dns_reader_record(&a, &r) == 0);
}

/* The same, with the questions passed over. */
static void read_records(weir_bytes message)
{
    weir_dns_reader reader, before;
    weir_dns_header header;
    weir_dns_record record;
    int result;
    if (weir_dns_reader_init(&reader, message, &header) < 0) return;
    for (before = reader; (result = weir_dns_reader_record(&reader, &record)) > 0; before = reader)
        require(reader.at > before.at);
    if (result < 0) require(reader.at == before.at && reader.section == before.section);
}

/* What was written needs no more room when it is written once more, and less does not do. */
static void write_again(weir_bytes copy)
{
    static uint8_t out[WEIR_DNS_MESSAGE_MAX];
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_writer writer;
    bool fixed = false;
    require(weir_dns_reader_init(&reader, copy, &header) == 0);
    weir_dns_writer_init(&writer, out, copy.len, &header);
    require(copy_message(&reader, &writer, &fixed));
    require(weir_bytes_equal(weir_dns_writer_message(&writer), copy));
    if (copy.len == WEIR_DNS_HEADER) return;
    require(weir_dns_reader_init(&reader, copy, &header) == 0);
    weir_dns_writer_init(&writer, out, copy.len - 1, &header);
    require(!copy_message(&reader, &writer, &fixed));
    compare_messages(copy, weir_dns_writer_message(&writer), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[WEIR_DNS_MESSAGE_MAX];
    const weir_bytes message = weir_bytes_of(data, size);
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_writer writer;
    weir_dns_name name;
    read_records(message);
    if (weir_dns_reader_init(&reader, message, &header) < 0) return 0;
    for (size_t at = 0; at < size && size <= NAMES_EVERYWHERE; at++) check_name(&reader, at, &name);

    weir_dns_writer_init(&writer, out, sizeof out, &header);
    bool fixed = false;
    const bool whole = copy_message(&reader, &writer, &fixed);
    const weir_bytes copy = weir_dns_writer_message(&writer);
    compare_messages(message, copy, whole);
    if (!fixed) write_again(copy);
    return 0;
}
