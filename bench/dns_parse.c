/* SPDX-License-Identifier: MIT
 *
 * What does it cost to decode a response of 500 bytes with ten records, beside c-ares?
 *
 *      bench_dns_parse [--rounds N] [--json]
 *
 * The message has two records each of A, AAAA, MX, TXT and SRV, all of one owner.  Weir reads the
 * owner and the data of all.  c-ares up to 1.27 has a function for each type, which passes over the
 * others, so it is shown with the single ones and with all five.  Weir decodes to structures on the
 * stack; c-ares allocates, and its results are freed in the measured time, as its callers do.
 */
#include <netdb.h>

#include <weir/dns/wire/message.h>
#include <weir/dns/wire/record.h>

#include "turns.h"

#ifdef BENCH_CARES
#include <ares.h>
#endif

static uint8_t message[512];
static size_t message_len;
static volatile unsigned sink;

static weir_dns_name name_of(const char *text)
{
    weir_dns_name name;
    if (weir_dns_name_parse(weir_bytes_text(text), &name) < 0) bench_fail(text, EINVAL);
    return name;
}

static void add(weir_dns_writer *writer, const weir_dns_name *owner, uint16_t type, int i)
{
    static char text[2][200];
    static const char *const hosts[][2] = {{"mail.example.com.", "sip.voice.example.com."},
                                           {"backup.mail.example.com.", "sip.example.com."}};
    weir_dns_data data = {.type = type};
    size_t len = i ? 125 : 107;
    switch (type) {
    case WEIR_DNS_A: data.as.a[0] = 192, data.as.a[3] = (uint8_t)i; break;
    case WEIR_DNS_AAAA: data.as.aaaa[0] = 0x20, data.as.aaaa[15] = (uint8_t)i; break;
    case WEIR_DNS_MX: data.as.mx.exchange = name_of(hosts[i][0]); break;
    case WEIR_DNS_SRV: data.as.srv.target = name_of(hosts[i][1]); break;
    default:
        text[i][0] = (char)len;
        memset(text[i] + 1, 'a' + i, len);
        data.as.txt = weir_bytes_of(text[i], len + 1);
    }
    if (weir_dns_writer_data(writer, WEIR_DNS_ANSWER, owner, 300, &data) < 0)
        bench_fail("the message cannot be written", 0);
}

static void write_message(void)
{
    static const uint16_t types[] = {WEIR_DNS_A, WEIR_DNS_AAAA, WEIR_DNS_MX, WEIR_DNS_TXT,
                                     WEIR_DNS_SRV};
    weir_dns_header header = {.id = 1, .response = true};
    weir_dns_writer writer;
    weir_dns_name owner = name_of("www.example.com.");
    weir_dns_writer_init(&writer, message, sizeof message, &header);
    weir_dns_writer_question(&writer, &owner, WEIR_DNS_ANY, WEIR_DNS_CLASS_IN);
    for (int i = 0; i < 10; i++) add(&writer, &owner, types[i % 5], i / 5);
    message_len = writer.len;
}

static void by_weir(void *context)
{
    (void)context;
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    weir_dns_data data;
    weir_dns_name owner;
    int count = 0;
    if (weir_dns_reader_init(&reader, weir_bytes_of(message, message_len), &header))
        bench_fail("header", 0);
    while (weir_dns_reader_record(&reader, &record) > 0) {
        if (weir_dns_reader_name(&reader, record.name_at, &owner) < 0 ||
            weir_dns_record_data(&reader, &record, &data))
            bench_fail("record", 0);
        sink = sink + owner.len + data.type;
        count++;
    }
    if (count != 10) bench_fail("records are missing", 0);
}

#ifdef BENCH_CARES
static void good(int status)
{
    if (status != ARES_SUCCESS) bench_fail(ares_strerror(status), 0);
}

static void ares_a(void *context)
{
    (void)context;
    struct hostent *host;
    good(ares_parse_a_reply(message, (int)message_len, &host, NULL, NULL));
    ares_free_hostent(host);
}

static void ares_mx(void *context)
{
    (void)context;
    struct ares_mx_reply *reply;
    good(ares_parse_mx_reply(message, (int)message_len, &reply));
    ares_free_data(reply);
}

static void ares_all(void *context)
{
    struct hostent *host;
    struct ares_txt_reply *text;
    struct ares_srv_reply *service;
    ares_a(context);
    good(ares_parse_aaaa_reply(message, (int)message_len, &host, NULL, NULL));
    ares_free_hostent(host);
    ares_mx(context);
    good(ares_parse_txt_reply(message, (int)message_len, &text));
    ares_free_data(text);
    good(ares_parse_srv_reply(message, (int)message_len, &service));
    ares_free_data(service);
}
#endif

int main(int argc, char **argv)
{
    static turns t = {.base = -1};
    char title[100];
    int rounds = 41;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) {
            json = true;
        } else if (!strcmp(argv[i], "--rounds") && i + 1 < argc) {
            rounds = (int)bench_number("--rounds", argv[++i], 1, TURNS_ROUNDS_MAX);
        } else {
            fprintf(stderr, "usage: %s [--rounds N] [--json]\n", argv[0]);
            return 2;
        }
    }
    write_message();
    turns_add(&t, "weir: all ten", by_weir, NULL);
#ifdef BENCH_CARES
    turns_add(&t, "c-ares: the two A", ares_a, NULL);
    turns_add(&t, "c-ares: the two MX", ares_mx, NULL);
    t.base = t.count;
    turns_add(&t, "c-ares: all ten, in five calls", ares_all, NULL);
#endif
    snprintf(title, sizeof title, "ns to decode a response of %zu bytes with ten records",
             message_len);
    t.title = title;
    turns_measure(&t, rounds, json);
    return 0;
}
