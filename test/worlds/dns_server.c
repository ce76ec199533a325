/* SPDX-License-Identifier: MIT
 *
 * A name server: answers from the zone over UDP and TCP, and has moods.  The last one of the list
 * has none.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/random.h>

#include "dns_world.h"

typedef enum mood {
    MOOD_WELL,
    MOOD_SILENT,
    MOOD_LATE,
    MOOD_SERVFAIL,
    MOOD_REFUSED,
    MOOD_CUT,     /* TC, over UDP */
    MOOD_PLAIN,   /* does not know EDNS */
    MOOD_COOKIE,  /* wants its cookie */
    MOOD_GARBAGE, /* no message behind the question */
    MOOD_SULKS,   /* TC over UDP, and hangs up over TCP */
    MOODS
} mood;

enum {
    QUERY_ROOM = 512,
    ANSWER_ROOM = 4096,
    TCP_IDLE_S = 6,
    CUT_ROOM = 60,
    LIES_MOST = 6,
    LIES_FLOOD = 70
};

/* A question, and the program that has it. */
typedef struct server_life {
    dns_nameserver *server;
    weir_udp_socket udp;
    weir_group late;
} server_life;

typedef struct job {
    server_life *life;
    weir_address peer;
    size_t len;
    uint8_t query[QUERY_ROOM];
} job;

typedef struct answer {
    uint8_t octets[ANSWER_ROOM];
    size_t len;
} answer;

static void *copy_of(const void *what, size_t size)
{
    void *copy = malloc(size);
    return copy ? memcpy(copy, what, size) : NULL;
}

static mood mood_of(weir_io *io, dns_nameserver *s)
{
    static const char *const names[MOODS] = {
        "mood: well", "mood: silent", "mood: late",   "mood: servfail", "mood: refused",
        "mood: cut",  "mood: plain",  "mood: cookie", "mood: garbage",  "mood: sulks"};
    const int64_t now = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    if (!s->world->plan.moods || s->world->healed || s->index == DNS_NAMESERVERS - 1)
        return MOOD_WELL;
    if (now >= s->mood_until) {
        s->mood = (unsigned)weir_random_below(io, MOODS);
        s->mood_until = now + weir_milliseconds(500 + (int64_t)weir_random_below(io, 4000)).ns;
        dns_count_of(s->world, names[s->mood], 1);
    }
    return (mood)s->mood;
}

/* The cookie of a query: how many octets, 0 without one.  *edns: it has an OPT record. */
static size_t cookie_of(weir_dns_reader reader, uint8_t cookie[40], bool *edns)
{
    weir_dns_record record;
    size_t len = 0;
    *edns = false;
    while (weir_dns_reader_record(&reader, &record) > 0) {
        weir_dns_edns opt;
        uint16_t code;
        weir_bytes value;
        if (record.type != WEIR_DNS_OPT || weir_dns_edns_decode(&reader, &record, &opt)) continue;
        *edns = true;
        while (weir_dns_edns_next(&opt.options, &code, &value) > 0)
            if (code == WEIR_DNS_EDNS_COOKIE && value.len >= 8 && value.len <= 40) {
                memcpy(cookie, value.data, value.len);
                len = value.len;
            }
    }
    return len;
}

static void write_edns(weir_dns_writer *writer, const dns_nameserver *s, const uint8_t *client,
                       size_t cookie_len, unsigned rcode)
{
    uint8_t options[64], cookie[16];
    size_t len = 0;
    if (cookie_len) {
        memcpy(cookie, client, 8);
        memset(cookie + 8, 'a' + (int)s->index, 8);
        len = (size_t)weir_dns_edns_append(options, 0, sizeof options, WEIR_DNS_EDNS_COOKIE,
                                           weir_bytes_of(cookie, sizeof cookie));
    }
    const weir_dns_edns edns = {.udp_size = WEIR_DNS_EDNS_SIZE,
                                .extended_rcode = (uint8_t)(rcode >> 4),
                                .options = weir_bytes_of(options, len)};
    weir_dns_writer_edns(writer, &edns);
}

static void write_absence(weir_dns_writer *writer, uint32_t ttl)
{
    weir_dns_name zone;
    weir_dns_data data = {.type = WEIR_DNS_SOA};
    (void)weir_dns_name_parse(weir_bytes_text("world."), &zone);
    data.as.soa = (weir_dns_soa){.primary = zone, .mailbox = zone, .minimum = ttl};
    weir_dns_writer_data(writer, WEIR_DNS_AUTHORITY, &zone, ttl + 5, &data);
}

static unsigned rcode_for(mood m, bool edns, size_t cookie_len)
{
    if (m == MOOD_SERVFAIL) return WEIR_DNS_SERVFAIL;
    if (m == MOOD_REFUSED) return WEIR_DNS_REFUSED;
    if (m == MOOD_PLAIN && edns) return WEIR_DNS_FORMERR;
    if (m == MOOD_COOKIE && cookie_len == 8) return WEIR_DNS_BADCOOKIE;
    return WEIR_DNS_NOERROR;
}

/* Writes what the zone has.  Returns how many records did not fit. */
static unsigned write_zone(weir_io *io, dns_nameserver *s, weir_dns_writer *writer,
                           const weir_dns_question *question, dns_client *c, bool tcp)
{
    dns_world *world = s->world;
    const dns_bug bug = world->plan.bug;
    const dns_asked asked = dns_asked_of(question);
    unsigned version = world->names[asked.name].version;
    if (!asked.ours) {
        write_absence(writer, 3);
        writer->out[3] |= WEIR_DNS_NXDOMAIN;
        return 0;
    }
    if (bug == DNS_BUG_OLD && version > 0) {
        version--;
    } else {
        dns_note_told(world, c, &asked, version, tcp);
    }
    const bool hidden = bug == DNS_BUG_NO_NAME && weir_random_below(io, 20) == 0;
    if (hidden || !dns_has(asked.name, asked.slot, version)) {
        write_absence(writer, dns_ttl(asked.name, version));
        if (hidden || !dns_exists(asked.name, version)) writer->out[3] |= WEIR_DNS_NXDOMAIN;
        return 0;
    }
    return dns_write_answer(world, writer, question, &asked, version,
                            bug == DNS_BUG_MIXED && weir_random_below(io, 4) == 0);
}

/* Answers a query.  The answer has length 0 when there is none. */
static void respond(weir_io *io, dns_nameserver *s, dns_client *c, weir_bytes query, bool tcp,
                    mood m, answer *out)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_writer writer;
    uint8_t cookie[40];
    bool edns;
    out->len = 0;
    if (weir_dns_reader_init(&reader, query, &header) != 0 || header.response ||
        weir_dns_reader_question(&reader, &question) <= 0)
        return;
    const size_t cookie_len = cookie_of(reader, cookie, &edns);
    const unsigned rcode = rcode_for(m, edns, cookie_len);
    header.response = header.recursion_available = true;
    header.rcode = rcode & 15;
    weir_dns_writer_init(&writer, out->octets,
                         tcp    ? ANSWER_ROOM
                         : edns ? WEIR_DNS_EDNS_SIZE
                                : WEIR_DNS_UDP_MAX,
                         &header);
    weir_dns_writer_question(&writer, &question.name, question.type, question.class_);
    const dns_asked asked = dns_asked_of(&question);
    const bool cut = !tcp && (m == MOOD_CUT || m == MOOD_SULKS ||
                              (asked.ours && dns_kind_of(asked.name) == DNS_LARGE));
    /* The half of it that there is must not be taken for the whole. */
    const size_t room = writer.room;
    if (cut) writer.room = writer.len + CUT_ROOM;
    const unsigned missing = rcode ? 0 : write_zone(io, s, &writer, &question, c, tcp);
    writer.room = room;
    if (cut || missing) weir_dns_writer_truncated(&writer);
    if (edns && !(m == MOOD_PLAIN)) write_edns(&writer, s, cookie, cookie_len, rcode);
    out->len = weir_dns_writer_message(&writer).len;
    if (m == MOOD_GARBAGE && out->len > 40) out->octets[out->len - 25] ^= 0xff;
    if (m == MOOD_GARBAGE && out->len > 40) out->len -= 5;
}

/* UDP ----------------------------------------------------------------------------------------- */

static void send_lies(weir_io *io, server_life *life, const job *j)
{
    uint8_t out[ANSWER_ROOM];
    const bool flood = weir_random_below(io, 100) == 0;
    unsigned count = flood ? LIES_FLOOD : (unsigned)weir_random_below(io, LIES_MOST);
    if (flood) dns_count_of(life->server->world, "floods", 1);
    while (count-- > 0) {
        const size_t len = dns_forge(io, life->server->world, weir_bytes_of(j->query, j->len), out,
                                     WEIR_DNS_EDNS_SIZE);
        if (len) weir_udp_send_to(io, &life->udp, out, len, &j->peer);
        dns_count_of(life->server->world, "lies", 1);
    }
}

static void answer_job(weir_io *io, const job *j, mood m)
{
    server_life *life = j->life;
    dns_client *c = dns_client_of(life->server->world, &j->peer);
    answer a;
    if (!c || m == MOOD_SILENT) return;
    respond(io, life->server, c, weir_bytes_of(j->query, j->len), false, m, &a);
    if (a.len) weir_udp_send_to(io, &life->udp, a.octets, a.len, &j->peer);
}

static int answer_late(weir_io *io, void *argument)
{
    job *j = argument;
    if (weir_sleep(io, weir_milliseconds(100 + (int64_t)weir_random_below(io, 3000))) == 0)
        answer_job(io, j, MOOD_WELL);
    free(j);
    return 0;
}

static void take_question(weir_io *io, server_life *life, job *j)
{
    dns_nameserver *s = life->server;
    dns_client *c = dns_client_of(s->world, &j->peer);
    const mood m = mood_of(io, s);
    if (c) c->received++;
    if (c) dns_files_asked(c, s->index);
    s->asked++;
    if (s->world->plan.liar) send_lies(io, life, j);
    if (m != MOOD_LATE) {
        answer_job(io, j, m);
        return;
    }
    job *copy = copy_of(j, sizeof *j);
    if (copy && weir_group_concurrent(io, &life->late, answer_late, copy, NULL) != 0) free(copy);
}

static int serve_udp(weir_io *io, void *argument)
{
    server_life *life = argument;
    job j = {.life = life};
    for (;;) {
        const int64_t n = weir_udp_receive_from(io, &life->udp, j.query, sizeof j.query, &j.peer);
        if (n == WEIR_ECANCELED) return WEIR_ECANCELED;
        if (n < 0) {
            if (weir_sleep(io, weir_milliseconds(10)) != 0) return WEIR_ECANCELED;
            continue;
        }
        j.len = (size_t)n;
        take_question(io, life, &j);
    }
}

/* TCP ----------------------------------------------------------------------------------------- */

typedef struct connection {
    server_life *life;
    weir_tcp_stream tcp;
    weir_address peer;
} connection;

static int converse(weir_io *io, connection *k)
{
    dns_nameserver *s = k->life->server;
    dns_client *c = dns_client_of(s->world, &k->peer);
    uint8_t query[QUERY_ROOM], head[2];
    answer a;
    for (;;) {
        const mood m = mood_of(io, s);
        if (m == MOOD_SULKS || !c) return 0;
        if (weir_stream_read_full(io, &k->tcp.stream, head, 2) != 2) return 0;
        const size_t len = (size_t)head[0] << 8 | head[1];
        if (len > sizeof query) return 0;
        if (weir_stream_read_full(io, &k->tcp.stream, query, len) != (int64_t)len) return 0;
        c->received++;
        dns_count_of(s->world, "questions over TCP", 1);
        dns_files_asked(c, s->index);
        if (m == MOOD_LATE && weir_sleep(io, weir_milliseconds(1500)) != 0) return 0;
        if (m == MOOD_SILENT) continue;
        respond(io, s, c, weir_bytes_of(query, len), true, m, &a);
        if (!a.len) return 0;
        head[0] = (uint8_t)(a.len >> 8);
        head[1] = (uint8_t)a.len;
        if (weir_tcp_write_all(io, &k->tcp, head, 2) != 2 ||
            weir_tcp_write_all(io, &k->tcp, a.octets, a.len) != (int64_t)a.len)
            return 0;
        /* Hangs up between two questions, or while one is under way. */
        if (s->world->plan.moods && weir_random_below(io, 10) == 0) return 0;
    }
}

static int serve_connection(weir_io *io, void *argument)
{
    connection *k = argument;
    weir_tcp_set_read_timeout(&k->tcp, weir_seconds(TCP_IDLE_S));
    const int error = converse(io, k);
    weir_tcp_close(io, &k->tcp);
    free(k);
    return error;
}

static int serve_tcp(weir_io *io, server_life *life, weir_tcp_listener listener)
{
    weir_group group = WEIR_GROUP_INIT;
    int error = 0;
    while (error != WEIR_ECANCELED) {
        connection k = {.life = life};
        error = weir_tcp_accept_peer(io, listener, &k.tcp, &k.peer);
        if (error == WEIR_ECANCELED) break;
        if (error) {
            error = weir_sleep(io, weir_milliseconds(10));
            continue;
        }
        connection *copy = copy_of(&k, sizeof k);
        if (copy && weir_group_concurrent(io, &group, serve_connection, copy, NULL) == 0) continue;
        weir_tcp_close(io, &k.tcp);
        free(copy);
    }
    weir_group_cancel(io, &group);
    return error;
}

static int serve(weir_io *io, dns_nameserver *s)
{
    server_life life = {.server = s, .late = WEIR_GROUP_INIT};
    weir_tcp_listener listener;
    weir_task udp;
    int error = weir_udp_bind(io, &s->address, NULL, &life.udp);
    if (error) return error;
    error = weir_tcp_listen(io, &s->address, NULL, &listener);
    if (!error) {
        error = weir_concurrent(io, &udp, serve_udp, &life, NULL);
        if (!error) {
            error = serve_tcp(io, &life, listener);
            weir_cancel(io, &udp);
        }
        weir_tcp_listener_close(io, listener);
    }
    weir_group_cancel(io, &life.late);
    weir_udp_close(io, &life.udp);
    return error;
}

int dns_run_server(weir_io *io, void *argument)
{
    dns_nameserver *s = argument;
    int error;
    while ((error = serve(io, s)) != WEIR_ECANCELED)
        if (weir_sleep(io, weir_milliseconds(200)) != 0) return WEIR_ECANCELED;
    return error;
}
