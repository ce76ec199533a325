/* SPDX-License-Identifier: MIT
 *
 * Messages of a liar, who writes the name server's address and port into them, and is one guess
 * away from being believed: all but one thing is right.
 */
#include <string.h>

#include <weir/dns/wire/edns.h>
#include <weir/io/random.h>

#include "dns_world.h"

/* What is wrong with it. */
typedef enum lie {
    LIE_ID,
    LIE_NAME,
    LIE_TYPE,
    LIE_CLASS,
    LIE_QUERY, /* QR is 0 */
    LIE_OPCODE,
    LIE_NO_QUESTION,
    LIE_TWO_QUESTIONS,
    LIE_LETTERS,   /* where the query mixes them */
    LIE_COOKIE,    /* where the query has one */
    LIE_NO_COOKIE, /* where it shows one of the server */
    LIES
} lie;

/* The query, taken apart. */
typedef struct query {
    weir_dns_header header;
    weir_dns_question question;
    bool mixed;
    uint8_t cookie[40];
    size_t cookie_len;
} query;

static bool read_query(weir_bytes message, query *out)
{
    weir_dns_reader reader;
    weir_dns_record record;
    memset(out, 0, sizeof *out);
    if (weir_dns_reader_init(&reader, message, &out->header) != 0) return false;
    if (weir_dns_reader_question(&reader, &out->question) <= 0) return false;
    for (unsigned i = 0; i < out->question.name.len; i++)
        out->mixed |= out->question.name.octets[i] >= 'A' && out->question.name.octets[i] <= 'Z';
    while (weir_dns_reader_record(&reader, &record) > 0) {
        weir_dns_edns edns;
        uint16_t code;
        weir_bytes value;
        if (record.type != WEIR_DNS_OPT || weir_dns_edns_decode(&reader, &record, &edns)) continue;
        while (weir_dns_edns_next(&edns.options, &code, &value) > 0)
            if (code == WEIR_DNS_EDNS_COOKIE && value.len <= sizeof out->cookie) {
                memcpy(out->cookie, value.data, value.len);
                out->cookie_len = value.len;
            }
    }
    return true;
}

static lie draw(weir_io *io, const query *q, const dns_world *world)
{
    if (world->plan.bug == DNS_BUG_GUESSED) return LIES;
    for (;;) {
        const lie drawn = (lie)weir_random_below(io, LIES);
        if (drawn == LIE_LETTERS && !q->mixed) continue;
        if (drawn == LIE_COOKIE && q->cookie_len < 8) continue;
        if (drawn == LIE_NO_COOKIE && q->cookie_len < 16) continue;
        return drawn;
    }
}

/* Turns one letter that is there. */
static void turn_letter(weir_dns_name *name)
{
    for (unsigned i = 0; i < name->len; i++) {
        const uint8_t small = name->octets[i] | 0x20;
        if (small < 'a' || small > 'z') continue;
        name->octets[i] ^= 0x20;
        return;
    }
}

static void write_question(weir_dns_writer *writer, const query *q, lie what)
{
    weir_dns_question question = q->question;
    if (what == LIE_NO_QUESTION) return;
    if (what == LIE_NAME) question.name.octets[question.name.len / 2] ^= 1;
    if (what == LIE_TYPE) question.type ^= 0x100;
    if (what == LIE_CLASS) question.class_ = WEIR_DNS_CLASS_CH;
    if (what == LIE_LETTERS) turn_letter(&question.name);
    weir_dns_writer_question(writer, &question.name, question.type, question.class_);
    if (what == LIE_TWO_QUESTIONS)
        weir_dns_writer_question(writer, &question.name, question.type, question.class_);
}

static void write_edns(weir_dns_writer *writer, query *q, lie what)
{
    uint8_t options[64];
    size_t len = 0;
    if (what == LIE_COOKIE) q->cookie[3] ^= 1;
    /* Eight octets that the server would add. */
    if (q->cookie_len == 8) q->cookie_len = 16;
    if (q->cookie_len >= 16 && what != LIE_NO_COOKIE)
        len = (size_t)weir_dns_edns_append(options, 0, sizeof options, WEIR_DNS_EDNS_COOKIE,
                                           weir_bytes_of(q->cookie, q->cookie_len));
    const weir_dns_edns edns = {.udp_size = WEIR_DNS_EDNS_SIZE,
                                .options = weir_bytes_of(options, len)};
    weir_dns_writer_edns(writer, &edns);
}

size_t dns_forge(weir_io *io, const dns_world *world, weir_bytes message, uint8_t *out, size_t room)
{
    query q;
    weir_dns_writer writer;
    if (!read_query(message, &q)) return 0;
    const bool edns = q.cookie_len > 0;
    const lie what = draw(io, &q, world);
    const bool no_name = weir_random_below(io, 3) == 0;
    weir_dns_header header = q.header;
    header.response = what != LIE_QUERY;
    header.opcode = what == LIE_OPCODE ? 2 : 0;
    header.rcode = no_name ? WEIR_DNS_NXDOMAIN : WEIR_DNS_NOERROR;
    header.recursion_available = true;
    if (what == LIE_ID) header.id ^= (uint16_t)(1 + weir_random_below(io, 65535));
    weir_dns_writer_init(&writer, out, room, &header);
    write_question(&writer, &q, what);
    const dns_asked asked = dns_asked_of(&q.question);
    if (!no_name && asked.ours)
        dns_write_answer(world, &writer, &q.question, &asked, DNS_FORGED, false);
    if (edns) write_edns(&writer, &q, what);
    return weir_dns_writer_message(&writer).len;
}
