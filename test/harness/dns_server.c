/* SPDX-License-Identifier: MIT
 *
 * A name server that does what a script says: sockets, tasks and tricks.
 *
 *     udp task ─ question ─┐                      ┌─ answered at once
 *                          ├─ rule ── plan ──────┤
 *     connection tasks ────┘                      └─ later, by a task of its own
 *
 * Invariants: `lock` guards the rules and what came; `list_lock`, a lock that may be held across
 * operations, the list of connections.
 */
#include "test/harness/dns_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/scope.h>
#include <weir/io/task.h>
#include <weir/io/word.h>
#include <weir/net/tcp.h>
#include <weir/net/udp.h>
#include <weir/sync/mutex.h>

#include "test/harness/dns_server_answer.h"

enum { RULES_MAX = 32, ROOM = 65535, BIND_TRIES = 50, QUESTION_ROOM = 2048 };

struct dns_server {
    pthread_mutex_t lock;
    dns_server_rule rules[RULES_MAX];
    size_t count;
    unsigned used[RULES_MAX];
    dns_server_counts seen;
    dns_server_question log[DNS_SERVER_LOG];

    uint32_t total;    /* a word: questions that came */
    uint32_t stopping; /* atomic: a request to stop is reported once, by whichever operation */
    weir_address address;
    weir_udp_socket udp, other; /* `other` is a wrong source */
    weir_tcp_listener listener;
    weir_group group;
    weir_mutex list_lock;
    struct connection *connections;
};

typedef struct connection {
    dns_server *server;
    weir_tcp_stream tcp;
    weir_mutex writing;
    weir_group answers; /* the tasks of those that come later */
    unsigned number;
    bool over; /* a trick has ended it */
    struct connection *next;
} connection;

/* A question and what is to be done. */
typedef struct plan {
    dns_server *server;
    connection *connection; /* TCP */
    dns_server_question asked;
    dns_server_rule rule;
    weir_dns_cookie cookie;
} plan;

/* The scripts -------------------------------------------------------------------------------- */

static bool name_fits(const char *wanted, const weir_dns_name *is)
{
    if (!wanted) return true;
    weir_dns_name name;
    if (strncmp(wanted, "*.", 2) != 0)
        return weir_dns_name_parse(weir_bytes_text(wanted), &name) >= 0 &&
               weir_dns_name_equal(&name, is);
    return weir_dns_name_parse(weir_bytes_text(wanted + 2), &name) >= 0 &&
           weir_dns_name_within(is, &name) && !weir_dns_name_equal(is, &name);
}

/* Counts a question and finds its rule. */
static void take_in(weir_io *io, plan *p)
{
    static const dns_server_rule none = {.rcode = WEIR_DNS_REFUSED};
    dns_server *s = p->server;
    const dns_server_question *asked = &p->asked;
    pthread_mutex_lock(&s->lock);
    const unsigned number = s->seen.udp + s->seen.tcp;
    if (number < DNS_SERVER_LOG) s->log[number] = *asked;
    *(asked->tcp ? &s->seen.tcp : &s->seen.udp) += 1;
    s->seen.edns += asked->edns;
    s->seen.cookies += asked->cookie;
    s->seen.good_cookies += p->cookie.server_len == 8 && dns_server_cookie_is_good(&p->cookie);
    p->rule = none;
    for (size_t i = 0; i < s->count; i++) {
        const dns_server_rule *rule = &s->rules[i];
        const unsigned transport = asked->tcp ? DNS_SERVER_TCP : DNS_SERVER_UDP;
        if (rule->type && rule->type != asked->question.type) continue;
        if (rule->transport && !(rule->transport & transport)) continue;
        if (rule->times && s->used[i] >= rule->times) continue;
        if (!name_fits(rule->name, &asked->question.name)) continue;
        s->used[i]++;
        p->rule = *rule;
        break;
    }
    pthread_mutex_unlock(&s->lock);
    __atomic_fetch_add(&s->total, 1, __ATOMIC_RELEASE);
    weir_wake(io, &s->total, UINT32_MAX);
}

/* Sending ------------------------------------------------------------------------------------ */

static void send_datagram(weir_io *io, plan *p, const uint8_t *message, size_t len, bool foreign)
{
    dns_server *s = p->server;
    weir_udp_send_to(io, foreign ? &s->other : &s->udp, message, len, &p->asked.from);
}

/* Sends one message over the connection, or a part of it and ends the connection. */
static void send_frame(weir_io *io, plan *p, uint8_t *message, size_t len)
{
    connection *c = p->connection;
    const unsigned does = p->rule.does;
    uint8_t length[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    if (weir_mutex_lock(io, &c->writing) != 0) return;
    if (c->over) {
        weir_mutex_unlock(io, &c->writing);
        return;
    }
    weir_stream *stream = &c->tcp.stream;
    if (does & DNS_SERVER_SLOW_BYTES) {
        weir_stream_write_all(io, stream, length, 1);
        weir_yield(io);
        weir_stream_write_all(io, stream, length + 1, 1);
        for (size_t at = 0; at < len; at += 7) {
            if (weir_stream_write_all(io, stream, message + at, len - at < 7 ? len - at : 7) < 0)
                break;
            weir_yield(io);
        }
    } else {
        if (does & DNS_SERVER_CUT) len /= 2;
        const struct iovec slices[2] = {{length, 2}, {message, len}};
        const bool only_one = (does & DNS_SERVER_CUT_LENGTH) != 0;
        if (only_one)
            weir_stream_write_all(io, stream, length, 1);
        else
            weir_stream_write_vector(io, stream, slices, 2, 1, true, weir_never());
    }
    if (does & (DNS_SERVER_CUT | DNS_SERVER_CUT_LENGTH | DNS_SERVER_CLOSE_AFTER)) {
        c->over = true;
        weir_tcp_shutdown(io, &c->tcp, SHUT_RDWR);
    }
    weir_mutex_unlock(io, &c->writing);
}

static void send_one(weir_io *io, plan *p, unsigned does, uint8_t *room)
{
    const size_t len = dns_server_answer(&p->rule, does, &p->asked, &p->cookie, room, ROOM);
    if (p->connection)
        send_frame(io, p, room, len);
    else
        send_datagram(io, p, room, len, (does & DNS_SERVER_WRONG_SOURCE) != 0);
}

static void end_connection(weir_io *io, plan *p)
{
    connection *c = p->connection;
    if (weir_mutex_lock(io, &c->writing) != 0) return;
    if (p->rule.does & DNS_SERVER_RESET) {
        const struct linger linger = {.l_onoff = 1};
        weir_set_option(io, weir_tcp_socket(&c->tcp), SOL_SOCKET, SO_LINGER, &linger,
                        sizeof linger);
    }
    c->over = true;
    weir_tcp_shutdown(io, &c->tcp, (p->rule.does & DNS_SERVER_RESET) ? SHUT_RD : SHUT_RDWR);
    weir_mutex_unlock(io, &c->writing);
}

/* Does what the plan says. */
static void respond(weir_io *io, plan *p)
{
    const unsigned does = p->rule.does;
    if (does & DNS_SERVER_DROP) return;
    if (p->connection && does & (DNS_SERVER_CLOSE | DNS_SERVER_RESET)) {
        end_connection(io, p);
        return;
    }
    uint8_t *room = malloc(ROOM);
    if (!room) return;
    for (unsigned i = 0; i < p->rule.flood; i++) {
        p->asked.header.id ^= (uint16_t)(i + 1);
        send_one(io, p, does, room);
        p->asked.header.id ^= (uint16_t)(i + 1);
    }
    send_one(io, p, does, room);
    if (does & DNS_SERVER_THEN_GOOD) send_one(io, p, does & ~DNS_SERVER_LIES, room);
    free(room);
}

static int respond_later(weir_io *io, void *argument)
{
    plan *p = argument;
    if (dns_server_wait(io, p->server, p->rule.until) == 0 && weir_sleep(io, p->rule.delay) == 0)
        respond(io, p);
    free(p);
    return 0;
}

/* Reads a question and answers it, or has it answered. */
static void handle(weir_io *io, dns_server *s, connection *c, weir_bytes message,
                   const weir_address *from)
{
    plan p = {.server = s, .connection = c};
    p.asked.tcp = c != NULL;
    p.asked.connection = c ? c->number : 0;
    if (from) p.asked.from = *from;
    if (!dns_server_read(message, &p.asked, &p.cookie)) return;
    take_in(io, &p);
    if (p.rule.delay.ns <= 0 && p.rule.until == 0) {
        respond(io, &p);
        return;
    }
    plan *later = malloc(sizeof *later);
    if (!later) return;
    *later = p;
    if (weir_group_concurrent(io, c ? &c->answers : &s->group, respond_later, later, NULL) != 0)
        free(later);
}

/* The tasks ---------------------------------------------------------------------------------- */

static bool is_stopping(dns_server *s)
{
    return __atomic_load_n(&s->stopping, __ATOMIC_ACQUIRE) != 0;
}

static int serve_udp(weir_io *io, void *argument)
{
    dns_server *s = argument;
    uint8_t question[QUESTION_ROOM];
    while (!is_stopping(s)) {
        weir_address from;
        const int64_t n = weir_udp_receive_from(io, &s->udp, question, sizeof question, &from);
        if (n > 0) handle(io, s, NULL, weir_bytes_of(question, (size_t)n), &from);
    }
    return 0;
}

static int serve_connection(weir_io *io, void *argument)
{
    connection *c = argument;
    dns_server *s = c->server;
    uint8_t question[QUESTION_ROOM], length[2];
    weir_address from = {0};
    weir_tcp_peer(io, &c->tcp, &from);
    while (!is_stopping(s) && !c->over &&
           weir_stream_read_full(io, &c->tcp.stream, length, 2) == 2) {
        const size_t len = (size_t)length[0] << 8 | length[1];
        if (len > sizeof question) break;
        if (weir_stream_read_full(io, &c->tcp.stream, question, len) != (int64_t)len) break;
        handle(io, s, c, weir_bytes_of(question, len), &from);
    }
    weir_group_cancel(io, &c->answers);
    weir_mutex_lock_uncancelable(io, &s->list_lock);
    connection **at = &s->connections;
    while (*at != c) at = &(*at)->next;
    *at = c->next;
    weir_tcp_close(io, &c->tcp);
    weir_mutex_unlock(io, &s->list_lock);
    pthread_mutex_lock(&s->lock);
    s->seen.open--;
    pthread_mutex_unlock(&s->lock);
    free(c);
    return 0;
}

static int serve_tcp(weir_io *io, void *argument)
{
    dns_server *s = argument;
    for (;;) {
        weir_tcp_stream tcp;
        const int error = weir_tcp_accept_wait(io, s->listener, &tcp);
        if (error == WEIR_ECANCELED) return 0;
        if (error) return error;
        connection *c = calloc(1, sizeof *c);
        if (!c) {
            weir_tcp_close(io, &tcp);
            continue;
        }
        c->server = s;
        c->tcp = tcp;
        pthread_mutex_lock(&s->lock);
        c->number = ++s->seen.connections;
        s->seen.open++;
        pthread_mutex_unlock(&s->lock);
        weir_mutex_lock_uncancelable(io, &s->list_lock);
        c->next = s->connections;
        s->connections = c;
        weir_mutex_unlock(io, &s->list_lock);
        weir_group_async(io, &s->group, serve_connection, c);
    }
}

/* Starting and ending ------------------------------------------------------------------------ */

/* One port for both. */
static int bind_both(weir_io *io, const weir_address *address, dns_server *s)
{
    int error = 0;
    for (int i = 0; i < BIND_TRIES; i++) {
        error = weir_udp_bind(io, address, NULL, &s->udp);
        if (!error) error = weir_udp_local(io, &s->udp, &s->address);
        if (error) return error;
        error = weir_tcp_listen(io, &s->address, NULL, &s->listener);
        if (!error) return 0;
        weir_udp_close(io, &s->udp);
        if (error != WEIR_EADDRINUSE || address->port != 0) return error;
    }
    return error;
}

static void close_all(weir_io *io, dns_server *s)
{
    weir_udp_close(io, &s->udp);
    weir_udp_close(io, &s->other);
    weir_tcp_listener_close(io, s->listener);
}

int dns_server_start_at(weir_io *io, const weir_address *address, const dns_server_rule *rules,
                        size_t count, dns_server **out)
{
    dns_server *s = calloc(1, sizeof *s);
    if (!s) return WEIR_ENOMEM;
    pthread_mutex_init(&s->lock, NULL);
    dns_server_rules(s, rules, count);
    weir_address any = *address;
    any.port = 0;
    int error = bind_both(io, address, s);
    if (!error && (error = weir_udp_bind(io, &any, NULL, &s->other)) != 0) {
        weir_udp_close(io, &s->udp);
        weir_tcp_listener_close(io, s->listener);
    }
    if (error) {
        free(s);
        return error;
    }
    error = weir_group_concurrent(io, &s->group, serve_udp, s, NULL);
    if (!error) error = weir_group_concurrent(io, &s->group, serve_tcp, s, NULL);
    if (error)
        dns_server_stop(io, s);
    else
        *out = s;
    return error;
}

static weir_address loopback(void)
{
    weir_address address = {.kind = WEIR_ADDRESS_IPV4, .at = {.ipv4 = {127, 0, 0, 1}}};
    return address;
}

int dns_server_start(weir_io *io, const dns_server_rule *rules, size_t count, dns_server **out)
{
    const weir_address address = loopback();
    return dns_server_start_at(io, &address, rules, count, out);
}

weir_address dns_server_address(const dns_server *server)
{
    return server->address;
}

dns_server_counts dns_server_seen(dns_server *server)
{
    pthread_mutex_lock(&server->lock);
    const dns_server_counts seen = server->seen;
    pthread_mutex_unlock(&server->lock);
    return seen;
}

bool dns_server_asked(dns_server *server, unsigned index, dns_server_question *out)
{
    pthread_mutex_lock(&server->lock);
    const bool there = index < server->seen.udp + server->seen.tcp && index < DNS_SERVER_LOG;
    if (there) *out = server->log[index];
    pthread_mutex_unlock(&server->lock);
    return there;
}

int dns_server_wait(weir_io *io, dns_server *server, unsigned questions)
{
    for (;;) {
        const uint32_t total = __atomic_load_n(&server->total, __ATOMIC_ACQUIRE);
        if (total >= questions) return 0;
        const int error = weir_wait(io, &server->total, total, weir_never());
        if (error && error != WEIR_EAGAIN) return error;
    }
}

void dns_server_rules(dns_server *server, const dns_server_rule *rules, size_t count)
{
    pthread_mutex_lock(&server->lock);
    server->count = count < RULES_MAX ? count : RULES_MAX;
    if (server->count) memcpy(server->rules, rules, server->count * sizeof *rules);
    memset(server->used, 0, sizeof server->used);
    pthread_mutex_unlock(&server->lock);
}

void dns_server_drop_connections(weir_io *io, dns_server *server)
{
    weir_mutex_lock_uncancelable(io, &server->list_lock);
    for (connection *c = server->connections; c; c = c->next)
        weir_tcp_shutdown(io, &c->tcp, SHUT_RDWR);
    weir_mutex_unlock(io, &server->list_lock);
}

void dns_server_stop(weir_io *io, dns_server *server)
{
    weir_scope shield;
    weir_shield(io, &shield);
    __atomic_store_n(&server->stopping, 1, __ATOMIC_RELEASE);
    weir_group_cancel(io, &server->group);
    close_all(io, server);
    weir_scope_leave(io, &shield);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* A socket that does not listen takes no connection; one that is connected, here to itself, hears
 * no stranger. */
static int keep_port(weir_io *io, dns_server_keeper *keeper, weir_address *address)
{
    const weir_address any = loopback();
    int error = weir_udp_bind(io, &any, NULL, &keeper->udp);
    if (error) return error;
    error = weir_udp_local(io, &keeper->udp, address);
    if (!error) error = weir_udp_connect(io, &keeper->udp, address);
    if (!error) error = weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &keeper->tcp);
    if (!error && (error = weir_bind(io, keeper->tcp, address)) != 0)
        weir_close_socket(io, keeper->tcp);
    if (error) weir_udp_close(io, &keeper->udp);
    return error;
}

weir_address dns_server_nobody(weir_io *io, dns_server_keeper *keeper)
{
    weir_address address = {0};
    int error = WEIR_EADDRINUSE;
    for (int i = 0; error == WEIR_EADDRINUSE && i < BIND_TRIES; i++)
        error = keep_port(io, keeper, &address);
    return error ? (weir_address){0} : address;
}

void dns_server_nobody_end(weir_io *io, dns_server_keeper *keeper)
{
    weir_udp_close(io, &keeper->udp);
    weir_close_socket(io, keeper->tcp);
}
