/* SPDX-License-Identifier: MIT
 *
 * Shared UDP ports: choosing and making links, the slots of one, and the task that reads.
 *
 * A message is judged by the reader, under the link's lock: what is no answer leaves the slot as it
 * was, and the answer that follows at once finds it.
 *
 * Invariant: a link lives as long as it has references: one of its reader, one of its place in the
 * peer's array, one of each question from join to leave.  The last one closes the socket, so that
 * nobody sends over a number that means something else by then.  An id is in the table from its
 * question on for the life of the link.  Once `ended` there are no questions in the table.
 */
#include "dns/udp_link.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/socket.h>

#include "dns/servers.h"

/* How long a link takes new questions, and how often its reader looks whether it is needed. */
static const weir_duration life = {2000000000}, pause_time = {200000000};

enum {
    SLOTS = 2 * DNS_PORT_QUESTIONS, /* open addressing: a power of two, never more than half full */
    BATCH = 8,
};

typedef struct slot {
    dns_udp_query *query; /* NULL: it was answered, or has left */
    uint16_t id;
    bool taken;
} slot;

struct dns_udp_link {
    dns_servers *servers;
    unsigned peer;
    weir_socket socket;
    weir_address source; /* of ours; does not change */
    uint32_t refs;       /* atomic */
    uint32_t lock;       /* guards what follows, up to the reader's own */
    bool ended;
    unsigned used, open; /* questions: all, and those in the table */
    unsigned hints;      /* that came */
    unsigned foreign;    /* messages */
    weir_instant until;  /* takes new questions */
    slot slots[SLOTS];

    /* The reader's own. */
    unsigned used_before;
    weir_instant look; /* whether it is needed */
    weir_message messages[BATCH];
    struct iovec slices[BATCH];
    uint8_t octets[]; /* BATCH times the size that servers may send */
};

/* Slots; under the lock ---------------------------------------------------------------------- */

/* The slot of an id, or the free one where it belongs. */
static slot *find(dns_udp_link *link, uint16_t id)
{
    unsigned i = id % SLOTS;
    while (link->slots[i].taken && link->slots[i].id != id) i = (i + 1) % SLOTS;
    return &link->slots[i];
}

/* Takes a question out of its slot, with what it came to.  Returns its op, to be completed by the
 * caller after the lock, or NULL. */
static weir_op *settle(dns_udp_link *link, slot *s, int64_t result)
{
    dns_udp_query *query = s->query;
    weir_op *op = query->op;
    s->query = NULL;
    link->open--;
    query->result = result;
    query->op = NULL;
    if (op) weir_op_words_of(op)->previous = op;
    return op;
}

static bool takes_questions(const dns_udp_link *link, weir_instant now)
{
    return !link->ended && link->hints == 0 && link->used < DNS_PORT_QUESTIONS &&
           weir_instant_compare(now, link->until) < 0;
}

static bool enlist(weir_io *io, dns_udp_link *link, weir_instant now, dns_udp_query *query)
{
    weir_wait_lock(io, &link->lock);
    const bool takes = takes_questions(link, now);
    if (takes) {
        slot *s = find(link, query->query->id);
        while (s->taken) s = find(link, ++query->query->id);
        *s = (slot){.query = query, .id = query->query->id, .taken = true};
        link->used++;
        link->open++;
        query->link = link;
        query->op = NULL;
        query->result = 0;
        query->hint = 0;
        query->ignored = 0;
    }
    weir_wait_unlock(io, &link->lock);
    return takes;
}

/* Life --------------------------------------------------------------------------------------- */

static void release(weir_io *io, dns_udp_link *link)
{
    /* Whoever is last sees all that the others did. */
    if (__atomic_sub_fetch(&link->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    weir_close_socket(io, link->socket);
    free(link);
}

/* Puts a link, or NULL, into its place if that still has `present`.  Returns whether it had; then
 * the place's reference to `present` is gone. */
static bool replace(weir_io *io, dns_servers *servers, dns_udp_link **place, dns_udp_link *present,
                    dns_udp_link *link)
{
    weir_wait_lock(io, &servers->lock);
    const bool same = *place == present;
    if (same) *place = link;
    weir_wait_unlock(io, &servers->lock);
    if (same && present) release(io, present);
    return same;
}

/* Ends a link for all: with `error`, if questions are left. */
static void end(weir_io *io, dns_udp_link *link, int error)
{
    weir_op *chain = NULL;
    weir_wait_lock(io, &link->lock);
    link->ended = true;
    for (unsigned i = 0; i < SLOTS && link->open > 0; i++) {
        if (!link->slots[i].query) continue;
        weir_op *op = settle(link, &link->slots[i], error);
        if (!op) continue;
        weir_op_words_of(op)->next = chain;
        chain = op;
    }
    weir_wait_unlock(io, &link->lock);
    weir_wait_complete_all(chain, error);
    dns_peer *peer = &link->servers->peers[link->peer];
    for (unsigned i = 0; i < DNS_PORTS; i++)
        replace(io, link->servers, &peer->ports[i], link, NULL);
}

/* Gives a hint to all questions, the first time.  Returns whether there have
 * not been more than could be true: one for each question. */
static bool give_hint(weir_io *io, dns_udp_link *link, int error)
{
    weir_op *chain = NULL;
    weir_wait_lock(io, &link->lock);
    const bool first = link->hints++ == 0;
    for (unsigned i = 0; first && i < SLOTS; i++) {
        dns_udp_query *query = link->slots[i].query;
        if (!query) continue;
        weir_op *op = query->op;
        if (op) {
            query->op = NULL;
            weir_op_words_of(op)->previous = op;
            weir_op_words_of(op)->next = chain;
            chain = op;
        } else {
            query->hint = error;
        }
    }
    const bool good = link->hints <= link->used;
    weir_wait_unlock(io, &link->lock);
    weir_wait_complete_all(chain, error);
    return good;
}

/* Hands a message to the question that it answers.  Returns whether there have not been too many
 * foreign ones. */
static bool deliver(weir_io *io, dns_udp_link *link, const uint8_t *octets, size_t len, bool whole)
{
    weir_op *op = NULL;
    weir_wait_lock(io, &link->lock);
    slot *s = NULL;
    if (len >= WEIR_DNS_HEADER) s = find(link, (uint16_t)(octets[0] << 8 | octets[1]));
    if (!s || !s->taken) {
        link->foreign++;
    } else if (s->query) {
        dns_udp_query *query = s->query;
        memcpy(query->room, octets, len);
        weir_dns_judge(weir_bytes_of(query->room, len), whole, true, query->query,
                       &query->judgement);
        if (query->judgement.verdict == DNS_IGNORED) {
            link->foreign++;
            query->ignored++;
        } else {
            op = settle(link, s, (int64_t)len);
        }
    }
    const bool good = link->foreign < DNS_FOREIGN_MAX;
    weir_wait_unlock(io, &link->lock);
    if (op) weir_wait_complete(op, (int64_t)len);
    return good;
}

/* Waits for messages, for a while, and deals with them.  Returns 0 or an error. */
static int read_some(weir_io *io, dns_udp_link *link)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_RECEIVE_MANY, link->socket.fd);
    op.args.messages.first = link->messages;
    op.args.messages.count = BATCH;
    weir_op_set_deadline(&op, weir_deadline_after(io, pause_time));
    const int64_t n = weir_do(io, &op);
    if (weir_dns_port_is_hint(n)) return give_hint(io, link, (int)n) ? 0 : WEIR_EDNS_MESSAGE;
    if (n < 0) return n == WEIR_EDEADLINE ? 0 : (int)n;
    for (int64_t i = 0; i < n; i++) {
        const weir_message *m = &link->messages[i];
        const bool whole = !(m->came & WEIR_MESSAGE_TRUNCATED);
        if (!deliver(io, link, link->slices[i].iov_base, m->len, whole)) return WEIR_EDNS_MESSAGE;
    }
    return 0;
}

/* Ends a link that nobody needs: it is used up, or was not used for a while. */
static bool is_over(weir_io *io, dns_udp_link *link)
{
    const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const bool looks = weir_instant_compare(now, link->look) >= 0;
    weir_wait_lock(io, &link->lock);
    const bool idle = looks && link->used == link->used_before;
    const bool over = link->open == 0 && (idle || !takes_questions(link, now));
    if (over) link->ended = true;
    if (looks) link->used_before = link->used;
    weir_wait_unlock(io, &link->lock);
    if (looks) link->look = weir_instant_add(now, pause_time);
    return over;
}

static int read_link(weir_io *io, void *argument)
{
    dns_udp_link *link = argument;
    int error = 0;
    while (!error && !is_over(io, link)) error = read_some(io, link);
    end(io, link, error);
    release(io, link);
    return 0;
}

/* Making and choosing ------------------------------------------------------------------------ */

/* A link without a socket, with the reference of its maker. */
static dns_udp_link *new_link(weir_io *io, dns_servers *servers, unsigned peer)
{
    const size_t size = servers->options.udp_size;
    dns_udp_link *link = malloc(sizeof *link + BATCH * size);
    if (!link) return NULL;
    memset(link, 0, sizeof *link);
    link->servers = servers;
    link->peer = peer;
    link->refs = 1;
    const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    link->until = weir_instant_add(now, life);
    link->look = weir_instant_add(now, pause_time);
    for (unsigned i = 0; i < BATCH; i++) {
        link->slices[i] = (struct iovec){link->octets + i * size, size};
        link->messages[i].data = &link->slices[i];
        link->messages[i].count = 1;
    }
    return link;
}

/* Makes a link with a socket and a reader, and puts it where `present` is, unless somebody else has
 * done so meanwhile. */
static int make(weir_io *io, dns_servers *servers, unsigned peer, dns_udp_link **place,
                dns_udp_link *present)
{
    dns_udp_link *link = new_link(io, servers, peer);
    if (!link) return WEIR_ENOMEM;
    const weir_address *server = &servers->peers[peer].address;
    const int family = server->kind == WEIR_ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    int error = weir_socket_open(io, family, SOCK_DGRAM, IPPROTO_UDP, &link->socket);
    if (error) {
        free(link);
        return error;
    }
    error = weir_connect(io, link->socket, server);
    if (!error) error = weir_local_address(io, link->socket, &link->source);
    if (!error) {
        const weir_task_options options = {.name = "DNS answers", .worker = WEIR_WORKER_ANY};
        link->refs = 3; /* ours, the reader's, the place's */
        error = weir_group_concurrent(io, &servers->links, read_link, link, &options);
        if (error) link->refs = 1;
    }
    if (!error && !replace(io, servers, place, present, link)) {
        end(io, link, 0);
        release(io, link);
    }
    release(io, link);
    return error;
}

/* What is in a place, with a reference. */
static dns_udp_link *take(weir_io *io, dns_servers *servers, dns_udp_link **place)
{
    weir_wait_lock(io, &servers->lock);
    dns_udp_link *link = *place;
    if (link) __atomic_add_fetch(&link->refs, 1, __ATOMIC_RELAXED);
    weir_wait_unlock(io, &servers->lock);
    return link;
}

bool weir_dns_port_is_shared(const dns_servers *servers, unsigned peer)
{
    const dns_ask_options *options = &servers->options;
    if (options->fresh_ports || options->single_reopen) return false;
    return __atomic_load_n(&servers->peers[peer].under_way, __ATOMIC_RELAXED) >= DNS_FRESH_PORTS;
}

int weir_dns_port_join(weir_io *io, dns_servers *servers, unsigned peer, unsigned choice,
                       weir_instant now, dns_udp_query *query)
{
    dns_udp_link **place = &servers->peers[peer].ports[choice % DNS_PORTS];
    for (;;) {
        dns_udp_link *link = take(io, servers, place);
        int error = 0;
        if (link && query->query->has_cookie)
            error =
                weir_dns_servers_cookie(io, servers, peer, &link->source, &query->query->cookie);
        if (link && !error && enlist(io, link, now, query)) return 0;
        if (!error) error = make(io, servers, peer, place, link);
        if (link) release(io, link);
        if (error) return error;
    }
}

bool weir_dns_port_is_hint(int64_t error)
{
    switch (error) {
    case WEIR_ECONNREFUSED:
    case WEIR_EHOSTUNREACH:
    case WEIR_ENETUNREACH:
    case WEIR_EHOSTDOWN:
    case WEIR_ENONET:
    case WEIR_ENOPROTOOPT:
    case WEIR_EPROTO:
    case WEIR_EMSGSIZE:
    case WEIR_EACCES: return true;
    default: return false;
    }
}

int weir_dns_port_send(weir_io *io, dns_udp_query *query, weir_bytes message)
{
    /* A plain write: where the engine hands ops to the kernel in batches, those of many tasks go
     * together. */
    const int64_t n = weir_write(io, query->link->socket, message.data, message.len);
    /* What an earlier message met with is told once, to whoever comes first: it is for all. */
    if (weir_dns_port_is_hint(n) && !give_hint(io, query->link, (int)n))
        end(io, query->link, WEIR_EDNS_MESSAGE);
    return n < 0 ? (int)n : 0;
}

/* The op ------------------------------------------------------------------------------------- */

static bool start_waiting(weir_io *io, weir_op *op)
{
    dns_udp_query *query = op->args.wait.value.pointer;
    weir_wait_lock(io, &query->link->lock);
    const bool waits = query->result == 0 && query->hint == 0;
    op->result = query->result ? query->result : query->hint;
    query->hint = 0;
    weir_op_words_of(op)->next = weir_op_words_of(op)->previous = NULL;
    if (waits) query->op = op;
    weir_wait_unlock(io, &query->link->lock);
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    dns_udp_query *query = op->args.wait.value.pointer;
    weir_wait_lock(io, &query->link->lock);
    const bool waits = weir_op_words_of(op)->previous != op;
    if (waits) {
        query->op = NULL;
        weir_op_words_of(op)->previous = op;
    }
    weir_wait_unlock(io, &query->link->lock);
    return waits;
}

static const weir_wait_kind answer_kind = {"DNS answer", start_waiting, stop_waiting};

void weir_dns_port_op(weir_op *op, dns_udp_query *query)
{
    weir_wait_op(op, &answer_kind, query->link, query);
}

void weir_dns_port_leave(weir_io *io, dns_udp_query *query)
{
    dns_udp_link *link = query->link;
    if (!link) return;
    weir_wait_lock(io, &link->lock);
    slot *s = find(link, query->query->id);
    if (s->query == query) settle(link, s, WEIR_ECANCELED);
    weir_wait_unlock(io, &link->lock);
    query->link = NULL;
    release(io, link);
}
