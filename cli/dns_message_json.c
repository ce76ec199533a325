/* SPDX-License-Identifier: MIT
 *
 * A message as members of a JSON object: header, question, sections, EDNS.
 */
#include <stdlib.h>

#include <weir/dns/wire/edns.h>

#include "dns.h"

static void put_status(dns_json *json, unsigned rcode)
{
    const char *name = weir_dns_rcode_name(rcode);
    char number[24];
    snprintf(number, sizeof number, "RESERVED%u", rcode);
    dns_json_text(json, "status", name ? name : number);
    dns_json_number(json, "rcode", rcode);
}

static void put_flags(dns_json *json, const weir_dns_header *h)
{
    dns_json_open(json, "flags", '{');
    dns_json_bool(json, "qr", h->response);
    dns_json_bool(json, "aa", h->authoritative);
    dns_json_bool(json, "tc", h->truncated);
    dns_json_bool(json, "rd", h->recursion_desired);
    dns_json_bool(json, "ra", h->recursion_available);
    dns_json_bool(json, "ad", h->authentic);
    dns_json_bool(json, "cd", h->checking_disabled);
    dns_json_close(json, '}');
}

static void put_type(dns_json *json, uint16_t type, uint16_t class_)
{
    char text[WEIR_DNS_TYPE_TEXT];
    weir_dns_type_print(type, text);
    dns_json_text(json, "type", text);
    if (class_ == WEIR_DNS_CLASS_IN)
        dns_json_text(json, "class", "IN");
    else
        dns_json_number(json, "class", class_);
}

static void put_questions(dns_json *json, weir_dns_reader *reader)
{
    weir_dns_question question;
    dns_json_open(json, "question", '[');
    while (weir_dns_reader_question(reader, &question) > 0) {
        dns_json_open(json, NULL, '{');
        dns_json_name(json, "name", &question.name);
        put_type(json, question.type, question.class_);
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
}

/* The text as in a zone file. */
static void put_text(dns_json *json, const weir_dns_data *data)
{
    const size_t len = weir_dns_data_print(data, NULL, 0);
    char *text = malloc(len + 1);
    if (!text) return;
    weir_dns_data_print(data, text, len + 1);
    dns_json_text(json, "text", text);
    free(text);
}

static void put_record(dns_json *json, const weir_dns_reader *reader, const weir_dns_record *record)
{
    weir_dns_name name;
    weir_dns_data data;
    dns_json_open(json, NULL, '{');
    if (weir_dns_reader_name(reader, record->name_at, &name) > 0)
        dns_json_name(json, "name", &name);
    dns_json_number(json, "ttl", record->ttl);
    put_type(json, record->type, record->class_);
    if (weir_dns_record_data(reader, record, &data) == 0) {
        dns_json_data(json, "data", &data);
        put_text(json, &data);
    } else {
        dns_json_bool(json, "malformed", true);
        dns_json_hex(json, "octets", record->data);
    }
    dns_json_close(json, '}');
}

static void put_sections(dns_json *json, weir_dns_reader *reader)
{
    static const char *const names[] = {"", "answer", "authority", "additional"};
    weir_dns_record record;
    int more = weir_dns_reader_record(reader, &record);
    for (unsigned section = WEIR_DNS_ANSWER; section < WEIR_DNS_SECTIONS; section++) {
        dns_json_open(json, names[section], '[');
        for (; more > 0 && record.section == section;
             more = weir_dns_reader_record(reader, &record))
            if (record.type != WEIR_DNS_OPT) put_record(json, reader, &record);
        dns_json_close(json, ']');
    }
    if (more < 0) dns_json_number(json, "malformed_at", reader->at);
}

static void put_extended_errors(dns_json *json, weir_bytes options)
{
    weir_bytes value;
    uint16_t code;
    weir_dns_extended_error extended;
    dns_json_open(json, "extended_errors", '[');
    while (weir_dns_edns_next(&options, &code, &value) > 0) {
        if (code != WEIR_DNS_EDNS_ERROR || weir_dns_extended_error_decode(value, &extended))
            continue;
        const char *name = weir_dns_extended_error_name(extended.code);
        dns_json_open(json, NULL, '{');
        dns_json_number(json, "code", extended.code);
        if (name) dns_json_text(json, "name", name);
        dns_json_bytes(json, "text", extended.text);
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
}

static void put_edns(dns_json *json, weir_dns_reader reader)
{
    weir_dns_record record;
    weir_dns_edns edns;
    weir_bytes value;
    uint16_t code;
    int more;
    while ((more = weir_dns_reader_record(&reader, &record)) > 0 && record.type != WEIR_DNS_OPT)
        ;
    if (more <= 0 || weir_dns_edns_decode(&reader, &record, &edns)) return;
    dns_json_open(json, "edns", '{');
    dns_json_number(json, "version", edns.version);
    dns_json_number(json, "udp_size", edns.udp_size);
    dns_json_bool(json, "dnssec_ok", edns.dnssec_ok);
    put_extended_errors(json, edns.options);
    dns_json_open(json, "options", '[');
    while (weir_dns_edns_next(&edns.options, &code, &value) > 0) {
        dns_json_open(json, NULL, '{');
        dns_json_number(json, "code", code);
        dns_json_hex(json, "octets", value);
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
    dns_json_close(json, '}');
}

void dns_json_message(dns_json *json, const weir_dns_message *message)
{
    weir_dns_reader reader;
    weir_dns_header header;
    if (weir_dns_reader_init(&reader, message->octets, &header)) return;
    dns_json_number(json, "id", header.id);
    dns_json_number(json, "opcode", header.opcode);
    put_status(json, message->rcode);
    put_flags(json, &header);
    put_questions(json, &reader);
    put_sections(json, &reader);
    weir_dns_reader_init(&reader, message->octets, &header);
    put_edns(json, reader);
    dns_json_address(json, "server", &message->server);
    dns_json_text(json, "transport", dns_transport(message->transport));
    dns_json_number(json, "bytes", message->octets.len);
}
