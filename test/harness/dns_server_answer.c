/* SPDX-License-Identifier: MIT
 *
 * The messages of the scripted name server.
 */
#include "test/harness/dns_server_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/io/addr.h>

bool dns_server_read(weir_bytes message, dns_server_question *out, weir_dns_cookie *cookie)
{
    weir_dns_reader reader;
    if (weir_dns_reader_init(&reader, message, &out->header) != 0) return false;
    if (out->header.response || weir_dns_reader_question(&reader, &out->question) != 1)
        return false;
    weir_dns_record record;
    while (weir_dns_reader_record(&reader, &record) > 0) {
        weir_dns_edns edns;
        if (record.type != WEIR_DNS_OPT || weir_dns_edns_decode(&reader, &record, &edns) != 0)
            continue;
        out->edns = true;
        out->udp_size = edns.udp_size;
        out->dnssec_ok = edns.dnssec_ok;
        uint16_t code;
        weir_bytes value;
        while (weir_dns_edns_next(&edns.options, &code, &value) > 0)
            if (code == WEIR_DNS_EDNS_COOKIE) out->cookie = !weir_dns_cookie_decode(value, cookie);
        if (out->cookie) memcpy(out->client, cookie->client, sizeof out->client);
    }
    return true;
}

/* The server's part: ours for this client, which a test can know. */
static void server_cookie(const uint8_t client[8], uint8_t out[8])
{
    for (int i = 0; i < 8; i++) out[i] = client[i] ^ 0x5a;
}

bool dns_server_cookie_is_good(const weir_dns_cookie *cookie)
{
    uint8_t good[8];
    server_cookie(cookie->client, good);
    return cookie->server_len == 8 && memcmp(cookie->server, good, 8) == 0;
}

/* Records ------------------------------------------------------------------------------------ */

static void parse_name(const char *text, weir_dns_name *out)
{
    if (weir_dns_name_parse(weir_bytes_text(text), out) < 0) {
        fprintf(stderr, "dns_server: \"%s\" is no name\n", text);
        abort();
    }
}

static void put16(weir_dns_writer *writer, weir_dns_writer_mark *mark, unsigned value)
{
    const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    weir_dns_writer_octets(writer, mark, weir_bytes_of(octets, 2));
}

static void put32(weir_dns_writer *writer, weir_dns_writer_mark *mark, unsigned long value)
{
    put16(writer, mark, (unsigned)(value >> 16));
    put16(writer, mark, (unsigned)value & 0xffff);
}

static void put_name(weir_dns_writer *writer, weir_dns_writer_mark *mark, const char *text,
                     bool compress)
{
    weir_dns_name name;
    parse_name(text, &name);
    weir_dns_writer_name(writer, mark, &name, compress);
}

static void put_address(weir_dns_writer *writer, weir_dns_writer_mark *mark, const char *text)
{
    weir_address address = {0};
    if (weir_address_parse_ip(weir_bytes_text(text), 0, &address) != 0) {
        fprintf(stderr, "dns_server: \"%s\" is no address\n", text);
        abort();
    }
    const bool six = address.kind == WEIR_ADDRESS_IPV6;
    weir_dns_writer_octets(
        writer, mark, six ? weir_bytes_of(address.at.ipv6, 16) : weir_bytes_of(address.at.ipv4, 4));
}

static void put_text(weir_dns_writer *writer, weir_dns_writer_mark *mark, const char *text)
{
    const uint8_t len = (uint8_t)strnlen(text, 255);
    weir_dns_writer_octets(writer, mark, weir_bytes_of(&len, 1));
    weir_dns_writer_octets(writer, mark, weir_bytes_of(text, len));
}

static void put_soa(weir_dns_writer *writer, weir_dns_writer_mark *mark, const char *data)
{
    char primary[256], mailbox[256];
    unsigned long n[5] = {0};
    if (sscanf(data, "%255s %255s %lu %lu %lu %lu %lu", primary, mailbox, &n[0], &n[1], &n[2],
               &n[3], &n[4]) != 7)
        abort();
    put_name(writer, mark, primary, true);
    put_name(writer, mark, mailbox, true);
    for (int i = 0; i < 5; i++) put32(writer, mark, n[i]);
}

/* The data, as a zone file has it. */
static void put_data(weir_dns_writer *writer, weir_dns_writer_mark *mark, unsigned type,
                     const char *data)
{
    unsigned n[3] = {0};
    char name[1024] = "";
    switch (type) {
    case WEIR_DNS_A:
    case WEIR_DNS_AAAA: put_address(writer, mark, data); break;
    case WEIR_DNS_TXT: put_text(writer, mark, data); break;
    case WEIR_DNS_SOA: put_soa(writer, mark, data); break;
    case WEIR_DNS_MX:
    case WEIR_DNS_HTTPS:
    case WEIR_DNS_SVCB:
        if (sscanf(data, "%u %1023s", &n[0], name) != 2) abort();
        put16(writer, mark, n[0]);
        put_name(writer, mark, name, type == WEIR_DNS_MX);
        break;
    case WEIR_DNS_SRV:
        if (sscanf(data, "%u %u %u %1023s", &n[0], &n[1], &n[2], name) != 4) abort();
        for (int i = 0; i < 3; i++) put16(writer, mark, n[i]);
        put_name(writer, mark, name, false);
        break;
    default: put_name(writer, mark, data, type != WEIR_DNS_DNAME); break;
    }
}

static int add_record(weir_dns_writer *writer, weir_dns_section section, const char *text,
                      const weir_dns_name *question)
{
    char owner[1024], type_name[16];
    unsigned long ttl;
    int at = 0;
    if (*text == '!' || *text == '+') text++;
    if (sscanf(text, "%1023s %lu %15s %n", owner, &ttl, type_name, &at) != 3 || at == 0) {
        fprintf(stderr, "dns_server: \"%s\" is no record\n", text);
        abort();
    }
    const int type = weir_dns_type_parse(weir_bytes_text(type_name));
    if (type < 0) abort();
    weir_dns_name name = *question;
    if (strcmp(owner, "@") != 0) parse_name(owner, &name);
    weir_dns_writer_mark mark;
    const int error = weir_dns_writer_begin(writer, section, &name, (uint16_t)type,
                                            WEIR_DNS_CLASS_IN, (uint32_t)ttl, &mark);
    if (error) return error;
    put_data(writer, &mark, (unsigned)type, text + at);
    return weir_dns_writer_end(writer, &mark);
}

/* Adds the rule's records, section by section.  Returns 0 or WEIR_EDNS_SPACE. */
static int add_records(weir_dns_writer *writer, const dns_server_rule *rule,
                       const weir_dns_name *question)
{
    static const char marks[] = {0, '!', '+'};
    int error = 0;
    for (int n = 0; n < 3; n++) {
        const weir_dns_section section = (weir_dns_section)(WEIR_DNS_ANSWER + n);
        for (int i = 0; i < DNS_SERVER_RECORDS && rule->records[i] && !error; i++) {
            const char first = rule->records[i][0];
            const char mark = first == '!' || first == '+' ? first : 0;
            if (mark == marks[n]) error = add_record(writer, section, rule->records[i], question);
        }
        for (unsigned i = 0; n == 0 && i < rule->pad && !error; i++) {
            char text[16 + 200 + 1];
            const int head = snprintf(text, sizeof text, "@ 60 TXT ");
            memset(text + head, 'x', 200);
            text[head + 200] = '\0';
            error = add_record(writer, section, text, question);
        }
    }
    return error;
}

/* Messages ----------------------------------------------------------------------------------- */

static void add_edns(weir_dns_writer *writer, const dns_server_rule *rule, unsigned does,
                     const weir_dns_cookie *cookie, bool has_cookie, unsigned rcode)
{
    uint8_t options[512], value[256];
    int len = 0;
    if (has_cookie && does & (DNS_SERVER_COOKIE | DNS_SERVER_BADCOOKIE)) {
        weir_dns_cookie is = *cookie;
        is.server_len = 8;
        server_cookie(is.client, is.server);
        if (does & DNS_SERVER_FOREIGN_COOKIE) is.client[0] ^= 1;
        const size_t size = weir_dns_cookie_encode(&is, value);
        len = weir_dns_edns_append(options, 0, sizeof options, WEIR_DNS_EDNS_COOKIE,
                                   weir_bytes_of(value, size));
    }
    if (rule->extended) {
        const size_t text = rule->extended_text ? strnlen(rule->extended_text, 250) : 0;
        value[0] = (uint8_t)(rule->extended >> 8);
        value[1] = (uint8_t)rule->extended;
        if (text) memcpy(value + 2, rule->extended_text, text);
        len = weir_dns_edns_append(options, (size_t)len, sizeof options, WEIR_DNS_EDNS_ERROR,
                                   weir_bytes_of(value, 2 + text));
    }
    const weir_dns_edns edns = {.udp_size = 1232,
                                .extended_rcode = (uint8_t)(rcode >> 4),
                                .options = weir_bytes_of(options, (size_t)len)};
    weir_dns_writer_edns(writer, &edns);
}

static void swap_case(weir_dns_name *name)
{
    for (size_t at = 0; at < name->len && name->octets[at];) {
        const size_t len = name->octets[at++];
        for (size_t i = 0; i < len; i++, at++) {
            const uint8_t low = name->octets[at] | 0x20;
            if (low >= 'a' && low <= 'z') name->octets[at] ^= 0x20;
        }
    }
}

/* The code of an answer, after what the tricks say of EDNS and cookies. */
static unsigned rcode_of(const dns_server_rule *rule, unsigned does,
                         const dns_server_question *asked, const weir_dns_cookie *cookie)
{
    if (asked->edns && does & DNS_SERVER_NO_EDNS) return WEIR_DNS_FORMERR;
    if (asked->edns && does & DNS_SERVER_BADVERS) return WEIR_DNS_BADVERS;
    if (does & DNS_SERVER_BADCOOKIE && !asked->tcp && asked->cookie &&
        !dns_server_cookie_is_good(cookie))
        return WEIR_DNS_BADCOOKIE;
    return rule->rcode;
}

static size_t garbage(uint8_t *out, size_t len)
{
    static const uint8_t octets[] = {0x40, 0xff, 0xc0, 0xff, 1, 2, 3};
    out[7] = 3; /* three answers */
    memcpy(out + len, octets, sizeof octets);
    return len + sizeof octets;
}

size_t dns_server_answer(const dns_server_rule *rule, unsigned does,
                         const dns_server_question *asked, const weir_dns_cookie *cookie,
                         uint8_t *out, size_t room)
{
    const unsigned rcode = rcode_of(rule, does, asked, cookie);
    const size_t limit = asked->tcp ? room : asked->udp_size > 512 ? asked->udp_size : 512;
    const weir_dns_header header = {
        .id = (uint16_t)(asked->header.id ^ (does & DNS_SERVER_WRONG_ID ? 0x8001 : 0)),
        .rcode = rcode & 15,
        .response = !(does & DNS_SERVER_NO_QR),
        .recursion_desired = asked->header.recursion_desired,
        .recursion_available = !rule->not_recursive,
        .authentic = rule->authentic,
        .truncated = (does & DNS_SERVER_TRUNCATE) != 0,
    };
    weir_dns_writer writer;
    weir_dns_writer_init(&writer, out, limit < room ? limit : room, &header);
    weir_dns_question question = asked->question;
    if (does & DNS_SERVER_WRONG_QUESTION) parse_name("wrong.example.", &question.name);
    if (does & DNS_SERVER_WRONG_TYPE) question.type ^= 1;
    if (does & DNS_SERVER_WRONG_CASE) swap_case(&question.name);
    if (!(does & DNS_SERVER_NO_QUESTION))
        weir_dns_writer_question(&writer, &question.name, question.type, question.class_);
    const bool bare = does & (DNS_SERVER_TRUNCATE | DNS_SERVER_GARBAGE) || rcode != rule->rcode;
    if (!bare && add_records(&writer, rule, &asked->question.name) != 0)
        weir_dns_writer_truncated(&writer);
    const bool edns = asked->edns && !(does & (DNS_SERVER_PLAIN | DNS_SERVER_NO_EDNS));
    if (edns) add_edns(&writer, rule, does, cookie, asked->cookie, rcode);
    size_t len = weir_dns_writer_message(&writer).len;
    if (does & DNS_SERVER_GARBAGE) len = garbage(out, len);
    return does & DNS_SERVER_SHORT ? 5 : len;
}
