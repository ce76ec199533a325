/* SPDX-License-Identifier: MIT
 *
 * What the reader of DNS messages says, written down line by line.
 */
#include <weir/dns/wire/message.h>
#include <weir/dns/wire/record.h>

#include "test/cases/dns_case.h"

enum { DATA_TEXT = 1 << 18 }; /* room for every text of data that a case has */

static void add_name(case_text *events, const weir_dns_name *name)
{
    char text[WEIR_DNS_NAME_TEXT];
    case_text_add(events, text, weir_dns_name_print(name, text));
}

static void add_class(case_text *events, uint16_t class_)
{
    if (class_ == WEIR_DNS_CLASS_IN)
        case_text_print(events, " IN");
    else
        case_text_print(events, " CLASS%u", class_);
}

static void add_type(case_text *events, uint16_t type)
{
    char text[WEIR_DNS_TYPE_TEXT];
    case_text_print(events, " ");
    case_text_add(events, text, weir_dns_type_print(type, text));
}

static void add_header(case_text *events, const weir_dns_header *header)
{
    const struct {
        const char *name;
        bool is;
    } flags[] = {
        {"aa", header->authoritative},     {"tc", header->truncated},
        {"rd", header->recursion_desired}, {"ra", header->recursion_available},
        {"ad", header->authentic},         {"cd", header->checking_disabled},
    };
    case_text_print(events, "%s %u", header->response ? "response" : "query", header->id);
    if (header->opcode) case_text_print(events, " opcode %u", header->opcode);
    if (header->rcode) case_text_print(events, " rcode %u", header->rcode);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].is) case_text_print(events, " %s", flags[i].name);
    case_text_end_line(events);
}

/* The data of a record as a zone file has it.  Returns whether it is well formed. */
static bool add_data(case_text *events, const weir_dns_reader *reader,
                     const weir_dns_record *record)
{
    weir_dns_data data;
    char text[DATA_TEXT];
    if (weir_dns_record_data(reader, record, &data) < 0) return false;
    weir_dns_data_print(&data, text, sizeof text);
    case_text_print(events, " %s", text);
    return true;
}

/* The data as it stands in the message, as RFC 3597 5 writes it. */
static void add_octets(case_text *events, const weir_dns_record *record)
{
    case_text_print(events, " \\# %zu%s", record->data.len, record->data.len ? " " : "");
    for (size_t i = 0; i < record->data.len; i++)
        case_text_print(events, "%02x", (uint8_t)record->data.data[i]);
}

static bool add_record(case_text *events, const weir_dns_reader *reader,
                       const weir_dns_record *record, bool data)
{
    static const char *const sections[] = {"", "answer ", "authority ", "additional "};
    const size_t before = events->len;
    weir_dns_name name;
    if (weir_dns_reader_name(reader, record->name_at, &name) < 0) {
        case_text_print(events, "error name at %zu\n", record->name_at);
        return false;
    }
    case_text_print(events, "%s", sections[record->section]);
    add_name(events, &name);
    case_text_print(events, " %u", record->ttl);
    if (record->ttl != record->raw_ttl) case_text_print(events, "(%u)", record->raw_ttl);
    add_class(events, record->class_);
    add_type(events, record->type);
    if (!data) add_octets(events, record);
    if (data && !add_data(events, reader, record)) {
        events->len = before;
        case_text_print(events, "error data at %zu\n", record->data_at);
        return false;
    }
    case_text_end_line(events);
    return true;
}

static bool add_questions(case_text *events, weir_dns_reader *reader)
{
    weir_dns_question question;
    int result;
    while ((result = weir_dns_reader_question(reader, &question)) > 0) {
        case_text_print(events, "question ");
        add_name(events, &question.name);
        add_class(events, question.class_);
        add_type(events, question.type);
        case_text_end_line(events);
    }
    if (result < 0) case_text_print(events, "error question at %zu\n", reader->at);
    return result == 0;
}

void dns_case_run(weir_bytes message, bool data, bool questions, case_text *events)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    int result;
    if (weir_dns_reader_init(&reader, message, &header) < 0) {
        case_text_print(events, "error header\n");
        return;
    }
    add_header(events, &header);
    if (questions && !add_questions(events, &reader)) return;
    while ((result = weir_dns_reader_record(&reader, &record)) > 0)
        if (!add_record(events, &reader, &record, data)) return;
    if (result < 0)
        case_text_print(events, "error record at %zu\n", reader.at);
    else if (reader.at < message.len)
        case_text_print(events, "left %zu\n", message.len - reader.at);
    else
        case_text_print(events, "end\n");
}
