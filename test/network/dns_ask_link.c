/* SPDX-License-Identifier: MIT
 *
 * Connections to a name server, seen by one who enlists by himself: whose place is it when a
 * question was withdrawn, and which connection does one get who wants a newer one?
 */
#include "test/network/dns_ask.h"

#include "dns/servers.h"
#include "dns/tcp_read.h"

enum { LINKS_FULL = DNS_LINKS * DNS_LINK_SLOTS };

/* A query over TCP, without an ask. */
typedef struct raw {
    weir_op op;
    dns_link_query query;
    bool over;
    uint8_t near[WEIR_DNS_EDNS_SIZE];
} raw;

typedef struct raws {
    weir_io *io;
    dns_server *server;
    dns_servers *servers;
    weir_queue queue;
    unsigned count;
    raw all[LINKS_FULL + DNS_LINK_LOST + 100];
} raws;

static raws *begin_raws(weir_io *io, const dns_server_rule *rules, size_t count)
{
    raws *r = calloc(1, sizeof *r);
    r->io = io;
    dns_ask_options options = ask_patiently();
    options.tcp = true;
    options.tcp_idle = weir_seconds(3600);
    if (!one_server(io, rules, count, &options, &r->server, &r->servers)) abort();
    weir_queue_init(io, &r->queue);
    return r;
}

/* Enlists a question for a name, with the id if that is free. */
static raw *put(raws *r, const char *name, uint16_t id, uint64_t after)
{
    raw *q = &r->all[r->count++];
    weir_dns_name wire = ask_name(name);
    const dns_query query = {.name = &wire, .id = id, .type = WEIR_DNS_A};
    const dns_question question = {.type_count = 1};
    dns_outgoing *outgoing = malloc(sizeof *outgoing + 2 + DNS_QUERY_ROOM);
    const size_t len = weir_dns_query_write(&query, &question, 1232, outgoing->octets + 2);
    outgoing->octets[0] = 0;
    outgoing->octets[1] = (uint8_t)len;
    outgoing->len = 2 + len;
    q->query = (dns_link_query){
        .servers = r->servers, .outgoing = outgoing, .near = q->near, .after = after, .id = id};
    weir_dns_link_op(&q->op, &q->query);
    q->op.user = q;
    weir_submit(r->io, &q->op, &r->queue);
    return q;
}

/* Makes connections for those who want some, and waits until one is over.  Returns it. */
static raw *next_over(raws *r)
{
    for (;;) {
        weir_op *op;
        if (!check_int(weir_queue_next(r->io, &r->queue, weir_never(), &op), 0)) abort();
        raw *q = op->user;
        if (op->result != WEIR_EAGAIN) {
            q->over = true;
            return q;
        }
        check_int(weir_dns_link_open(r->io, &q->query), 0);
        weir_dns_link_op(&q->op, &q->query);
        weir_submit(r->io, &q->op, &r->queue);
    }
}

/* Puts a question that is answered, and waits for that: all before it are enlisted. */
static raw *put_and_wait(raws *r, const char *name, uint16_t id)
{
    raw *q = put(r, name, id, 0);
    check(next_over(r) == q);
    check(q->op.result > 0);
    return q;
}

static void withdraw(raws *r, raw *q)
{
    weir_op_cancel(r->io, &q->op);
    check(next_over(r) == q);
    check_int(q->op.result, WEIR_ECANCELED);
}

static void end_raws(raws *r)
{
    for (unsigned i = 0; i < r->count; i++)
        if (!r->all[i].over) withdraw(r, &r->all[i]);
    for (unsigned i = 0; i < r->count; i++) {
        free(r->all[i].query.outgoing);
        free(r->all[i].query.far);
    }
    end_both(r->io, r->server, r->servers);
    free(r);
}

#define RAW_RULES \
    RULES({.name = "never.example.", .does = DNS_SERVER_DROP}, {.records = {A_RECORD}})

CONTRACT(dns_ask_link_does_not_use_the_id_of_a_withdrawn_question)
{
    raws *r = begin_raws(io, RAW_RULES);
    put_and_wait(r, "host.example.", 1);
    raw *gone = put(r, "never.example.", 7, 0);
    check_int(gone->query.id, 7);
    withdraw(r, gone);
    check_int(put_and_wait(r, "host.example.", 7)->query.id, 8);
    /* One that was answered is free again. */
    check_int(put_and_wait(r, "host.example.", 8)->query.id, 8);
    check_int(dns_server_seen(r->server).connections, 1);
    end_raws(r);
}

/* An answer that comes late goes to nobody, and frees its place. */
CONTRACT(dns_ask_link_has_room_after_late_answers)
{
    raws *r = begin_raws(
        io, RULES({.name = "late.example.", .delay = {20000000}, .records = {"@ 300 A 192.0.2.9"}},
                  {.records = {A_RECORD}}));
    put_and_wait(r, "host.example.", 1);
    dns_link *link = r->servers->peers[0].links[0];
    for (uint16_t i = 0; i < DNS_LINK_LOST - 1; i++)
        withdraw(r, put(r, "late.example.", (uint16_t)(100 + i), 0));
    for (bool empty = false; !empty;) {
        check_int(weir_sleep(io, weir_milliseconds(1)), 0);
        weir_wait_lock(io, &r->servers->lock);
        empty = link->taken == 0;
        weir_wait_unlock(io, &r->servers->lock);
    }
    for (uint16_t i = 0; i < 10; i++) {
        raw *q = put(r, "late.example.", (uint16_t)(100 + i), 0);
        check_int(q->query.id, 100 + i);
        withdraw(r, q);
    }
    raw *good = put_and_wait(r, "host.example.", 100);
    check_int(good->query.id, 110);
    check_int(good->near[good->op.result - 1], 1); /* not the late one's */
    check_int(dns_server_seen(r->server).connections, 1);
    end_raws(r);
}

/* Withdrawn questions that are never answered do not fill the connections for good. */
CONTRACT(dns_ask_link_goes_when_too_many_were_withdrawn)
{
    raws *r = begin_raws(io, RAW_RULES);
    for (unsigned n = 0; n < LINKS_FULL; n++) {
        if (n % DNS_LINK_SLOTS == 0) put_and_wait(r, "host.example.", 1);
        withdraw(r, put(r, "never.example.", (uint16_t)n, 0));
    }
    put_and_wait(r, "host.example.", 1);
    check(dns_server_seen(r->server).connections > 1);
    end_raws(r);
}

static raw *find_on(raws *r, uint64_t serial)
{
    for (unsigned i = 0; i < r->count; i++)
        if (!r->all[i].over && r->all[i].query.serial == serial) return &r->all[i];
    return NULL;
}

/* All connections are full.  Who wants one newer than the third waits until there is room on the
 * fourth, and lets those go before him who take any. */
CONTRACT(dns_ask_link_that_is_newer_is_waited_for)
{
    raws *r = begin_raws(io, RAW_RULES);
    for (unsigned n = 0; n < LINKS_FULL; n++) {
        if (n % DNS_LINK_SLOTS == 0) put_and_wait(r, "host.example.", 1);
        put(r, "never.example.", (uint16_t)n, 0);
    }
    for (uint64_t serial = 1; serial <= DNS_LINKS; serial++) check(find_on(r, serial) != NULL);
    raw *choosy = put(r, "never.example.", 2000, DNS_LINKS - 1);
    raw *any = put(r, "never.example.", 2001, 0);
    check(!choosy->query.link && !any->query.link);
    withdraw(r, find_on(r, 1));
    check(!choosy->query.link);
    check_int(any->query.serial, 1);
    withdraw(r, find_on(r, 2)); /* nobody takes it */
    check(!choosy->query.link);
    withdraw(r, find_on(r, DNS_LINKS));
    check_int(choosy->query.serial, DNS_LINKS);
    /* One that waits may be withdrawn, too. */
    put(r, "never.example.", 2002, 0);
    raw *last = put(r, "never.example.", 2003, DNS_LINKS - 1);
    check(!last->query.link);
    withdraw(r, last);
    check_int(dns_server_seen(r->server).connections, DNS_LINKS);
    end_raws(r);
}
