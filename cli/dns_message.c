/* SPDX-License-Identifier: MIT
 *
 * A message as dig shows it:
 *
 *     ;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4711
 *     ;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
 *     …
 *     ;; ANSWER SECTION:
 *     www.example.            300     IN      A       192.0.2.1
 *
 * Lines that do not begin with ";" are those of a zone file.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>

#include "dns.h"

/* Where columns begin, and tab stops. */
enum { TTL_AT = 24, CLASS_AT = 32, TYPE_AT = 40, DATA_AT = 48, TAB = 8 };

/* Moves to a column by tabs as dig does: at least one blank, and no tab stop is missed. */
static size_t move(size_t from, size_t to)
{
    if (to <= from) to = from + 1;
    const size_t tabs = to / TAB - from / TAB;
    for (size_t i = 0; i < tabs; i++) putchar('\t');
    if (tabs > 0) from = to / TAB * TAB;
    printf("%*s", (int)(to - from), "");
    return to;
}

static size_t put_class(uint16_t class_)
{
    static const char *const names[256] = {
        [1] = "IN", [3] = "CH", [4] = "HS", [254] = "NONE", [255] = "ANY"};
    const char *name = class_ < 256 ? names[class_] : NULL;
    return (size_t)(name ? printf("%s", name) : printf("CLASS%u", class_));
}

void dns_put_data(FILE *to, const weir_dns_data *data)
{
    const size_t len = weir_dns_data_print(data, NULL, 0);
    char *text = malloc(len + 1);
    if (text) weir_dns_data_print(data, text, len + 1);
    fputs(text ? text : "; no memory to print it", to);
    free(text);
}

/* The data, or that it is malformed. */
static void put_data_of(const weir_dns_reader *reader, const weir_dns_record *record)
{
    weir_dns_data data;
    if (weir_dns_record_data(reader, record, &data) == 0) {
        dns_put_data(stdout, &data);
        return;
    }
    printf("\\# %zu ", record->data.len);
    for (size_t i = 0; i < record->data.len; i++)
        printf("%02X", (unsigned)(unsigned char)record->data.data[i]);
    fputs(" ; malformed", stdout);
}

static void print_record(const weir_dns_reader *reader, const weir_dns_record *record)
{
    char text[WEIR_DNS_NAME_TEXT] = "?";
    weir_dns_name name;
    if (weir_dns_reader_name(reader, record->name_at, &name) > 0) weir_dns_name_print(&name, text);
    size_t at = (size_t)printf("%s", text);
    at = move(at, TTL_AT);
    at += (size_t)printf("%" PRIu32, record->ttl);
    at = move(at, CLASS_AT);
    at += put_class(record->class_);
    at = move(at, TYPE_AT);
    weir_dns_type_print(record->type, text);
    at += (size_t)printf("%s", text);
    move(at, DATA_AT);
    put_data_of(reader, record);
    putchar('\n');
}

static void print_question(const weir_dns_question *question)
{
    char text[WEIR_DNS_NAME_TEXT];
    weir_dns_name_print(&question->name, text);
    size_t at = (size_t)printf(";%s", text) - 1;
    at = move(at, CLASS_AT);
    at += put_class(question->class_);
    move(at, TYPE_AT);
    weir_dns_type_print(question->type, text);
    printf("%s\n", text);
}

static void title(const dns_asker *asker, const char *text)
{
    dns_paint(asker, DNS_DIM);
    fputs(text, stdout);
    dns_paint(asker, DNS_PLAIN);
    putchar('\n');
}

/* EDNS ------------------------------------------------------------------------------------- */

static void print_escaped(weir_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        putchar(text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '.');
}

static void print_hex(weir_bytes value, const char *between)
{
    for (size_t i = 0; i < value.len; i++)
        printf("%s%02x", i ? between : "", (unsigned)(unsigned char)value.data[i]);
}

static void print_option(uint16_t code, weir_bytes value)
{
    weir_dns_extended_error extended;
    weir_duration timeout;
    char text[WEIR_DURATION_ROOM];
    if (code == WEIR_DNS_EDNS_ERROR && weir_dns_extended_error_decode(value, &extended) == 0) {
        const char *name = weir_dns_extended_error_name(extended.code);
        printf("; EDE: %u%s%s%s", extended.code, name ? " (" : "", name ? name : "",
               name ? ")" : "");
        if (extended.text.len > 0) fputs(": (", stdout);
        print_escaped(extended.text);
        puts(extended.text.len > 0 ? ")" : "");
    } else if (code == WEIR_DNS_EDNS_COOKIE) {
        fputs("; COOKIE: ", stdout);
        print_hex(value, "");
        putchar('\n');
    } else if (code == WEIR_DNS_EDNS_NSID) {
        fputs("; NSID: ", stdout);
        print_hex(value, " ");
        fputs(" (\"", stdout);
        print_escaped(value);
        puts("\")");
    } else if (code == WEIR_DNS_EDNS_KEEPALIVE && weir_dns_keepalive_decode(value, &timeout) > 0) {
        weir_duration_print(timeout, text, sizeof text);
        printf("; TCP-KEEPALIVE: %s\n", text);
    } else if (code == WEIR_DNS_EDNS_PADDING) {
        printf("; PAD: (%zu bytes)\n", value.len);
    } else {
        printf("; OPT=%u: ", code);
        print_hex(value, " ");
        putchar('\n');
    }
}

static void print_edns(const dns_asker *asker, const weir_dns_edns *edns)
{
    weir_bytes options = edns->options, value;
    uint16_t code;
    title(asker, "\n;; OPT PSEUDOSECTION:");
    printf("; EDNS: version: %u, flags:%s; udp: %u\n", edns->version, edns->dnssec_ok ? " do" : "",
           edns->udp_size);
    while (weir_dns_edns_next(&options, &code, &value) > 0) print_option(code, value);
}

/* Finds the OPT record; returns whether there is one. */
static bool find_edns(weir_dns_reader reader, weir_dns_edns *out)
{
    weir_dns_record record;
    while (weir_dns_reader_record(&reader, &record) > 0)
        if (record.type == WEIR_DNS_OPT && record.section == WEIR_DNS_ADDITIONAL)
            return weir_dns_edns_decode(&reader, &record, out) == 0;
    return false;
}

/* The message ------------------------------------------------------------------------------ */

static void print_header(const dns_asker *asker, const weir_dns_header *h, unsigned rcode)
{
    static const char *const opcodes[16] = {"QUERY",  "IQUERY", "STATUS", "RESERVED3",
                                            "NOTIFY", "UPDATE", "DSO"};
    const char *opcode = opcodes[h->opcode & 15], *status = weir_dns_rcode_name(rcode);
    dns_paint(asker, DNS_DIM);
    fputs(";; ->>HEADER<<- ", stdout);
    dns_paint(asker, DNS_PLAIN);
    opcode ? printf("opcode: %s, status: ", opcode) : printf("opcode: %u, status: ", h->opcode);
    dns_paint(asker, rcode ? DNS_RED : DNS_GREEN);
    status ? printf("%s", status) : printf("RESERVED%u", rcode);
    dns_paint(asker, DNS_PLAIN);
    printf(", id: %u\n;; flags:%s%s%s%s%s%s%s; QUERY: %u, ANSWER: %u, AUTHORITY: %u, "
           "ADDITIONAL: %u\n",
           h->id, h->response ? " qr" : "", h->authoritative ? " aa" : "",
           h->truncated ? " tc" : "", h->recursion_desired ? " rd" : "",
           h->recursion_available ? " ra" : "", h->authentic ? " ad" : "",
           h->checking_disabled ? " cd" : "", h->questions, h->answers, h->authorities,
           h->additionals);
}

static void print_sections(const dns_asker *asker, weir_dns_reader *reader)
{
    static const char *const titles[] = {
        [WEIR_DNS_ANSWER] = "\n;; ANSWER SECTION:",
        [WEIR_DNS_AUTHORITY] = "\n;; AUTHORITY SECTION:",
        [WEIR_DNS_ADDITIONAL] = "\n;; ADDITIONAL SECTION:",
    };
    weir_dns_question question;
    weir_dns_record record;
    unsigned section = 0;
    int more;
    for (bool first = true; weir_dns_reader_question(reader, &question) > 0; first = false) {
        if (first) title(asker, ";; QUESTION SECTION:");
        print_question(&question);
    }
    while ((more = weir_dns_reader_record(reader, &record)) > 0) {
        if (record.type == WEIR_DNS_OPT) continue;
        if (record.section != section) title(asker, titles[section = record.section]);
        print_record(reader, &record);
    }
    if (more < 0)
        printf("\n;; MALFORMED at byte %zu: what follows cannot be read\n", reader->at);
    else if (reader->at < reader->message.len)
        printf("\n;; WARNING: %zu bytes after the last record\n", reader->message.len - reader->at);
}

static void print_end(const dns_asker *asker, const weir_dns_message *message)
{
    const weir_dns_report *report = &asker->report;
    char server[WEIR_ADDRESS_TEXT], when[64] = "";
    const time_t now = time(NULL);
    struct tm local;
    weir_address_print(&message->server, server);
    if (localtime_r(&now, &local)) strftime(when, sizeof when, "%a %b %d %H:%M:%S %Z %Y", &local);
    if (report->kept > 0)
        printf("\n;; Query time: %" PRId64 " msec",
               weir_duration_to_milliseconds(report->attempts[report->kept - 1].took));
    printf("\n;; SERVER: %s (%s)\n;; WHEN: %s\n;; MSG SIZE  rcvd: %zu\n", server,
           dns_transport(message->transport), when, message->octets.len);
}

static bool was_cut_off(const weir_dns_report *report)
{
    for (uint32_t i = 0; i < report->kept; i++)
        if (report->attempts[i].truncated) return true;
    return false;
}

void dns_print_message(const dns_asker *asker, const weir_dns_message *message, bool recursion)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_edns edns;
    if (weir_dns_reader_init(&reader, message->octets, &header)) return;
    if (message->transport == WEIR_DNS_TCP && was_cut_off(&asker->report))
        puts(";; The answer over UDP was cut off: asked again over TCP");
    print_header(asker, &header, message->rcode);
    if (recursion && !header.recursion_available)
        puts(";; WARNING: recursion requested but not available");
    if (find_edns(reader, &edns))
        print_edns(asker, &edns);
    else
        putchar('\n');
    print_sections(asker, &reader);
    print_end(asker, message);
}

void dns_print_answer(const weir_dns_message *message)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    if (weir_dns_reader_init(&reader, message->octets, &header)) return;
    while (weir_dns_reader_record(&reader, &record) > 0 && record.section == WEIR_DNS_ANSWER)
        print_record(&reader, &record);
}

void dns_print_short(const weir_dns_message *message)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    if (weir_dns_reader_init(&reader, message->octets, &header)) return;
    while (weir_dns_reader_record(&reader, &record) > 0) {
        if (record.section != WEIR_DNS_ANSWER) break;
        put_data_of(&reader, &record);
        putchar('\n');
    }
}
