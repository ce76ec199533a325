/* SPDX-License-Identifier: MIT
 *
 * Connections: enlisting questions, and the life of a link.
 *
 *     open ── connecting ──> running ──> closing ──> gone
 *
 * A question may be enlisted from the beginning on, and is sent when the link runs.  A link that is
 * `retiring` takes no more questions and closes after the last answer; so does one that has been
 * idle long enough.  Who sets `closing` wakes the writer, who ends the reader and closes.
 *
 * Invariant: a link is in its peer's array, from its making until its writer takes it out under the
 * servers' lock; an op in one of its slots, or in the backlog, is completed by who takes it out
 * under that lock.  A slot whose op was withdrawn stays taken until its answer comes, so that its
 * id is not used for another question; when there are too many of them, the link retires.
 */
#include "dns/tcp_link.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>

#include "dns/servers.h"
#include "dns/tcp_read.h"

enum { ALL_SLOTS = DNS_LINK_SLOTS + DNS_LINK_LOST };

/* Frees what was not sent. */
static void drop_outgoing(dns_outgoing *chain)
{
    while (chain) {
        dns_outgoing *next = chain->next;
        free(chain);
        chain = next;
    }
}

/* Who waits; under the lock ------------------------------------------------------------------ */

/* Marks an op that is in a slot as waiting, or as taken; as wait.h does it in lists. */
static void mark_waiting(weir_op *op)
{
    weir_op_words_of(op)->next = weir_op_words_of(op)->previous = NULL;
}

static void mark_taken(weir_op *op)
{
    weir_op_words_of(op)->previous = op;
}

static bool is_taken(weir_op *op)
{
    return weir_op_words_of(op)->previous == op;
}

/* The writer, if there is something to do for it. */
static weir_op *woken_writer(dns_link *link)
{
    return link->outgoing || link->closing ? weir_wait_list_take(&link->writer) : NULL;
}

static bool has_room(const dns_link *link, uint64_t after)
{
    return !link->closing && !link->retiring && link->live < DNS_LINK_SLOTS && link->serial > after;
}

/* The connection for a query, or NULL. */
static dns_link *choose(const dns_peer *peer, uint64_t after)
{
    for (unsigned i = 0; i < peer->link_count; i++)
        if (has_room(peer->links[i], after)) return peer->links[i];
    return NULL;
}

static bool id_is_taken(const dns_link *link, uint16_t id)
{
    for (unsigned i = 0; i < ALL_SLOTS; i++)
        if (link->slots[i].taken && link->slots[i].id == id) return true;
    return false;
}

static unsigned free_slot(const dns_link *link)
{
    unsigned i = 0;
    while (link->slots[i].taken) i++;
    return i;
}

/* Gives a query a slot and its octets to the writer. */
static void enlist(dns_link *link, weir_op *op)
{
    dns_link_query *query = op->args.wait.value.pointer;
    while (id_is_taken(link, query->id)) query->id++;
    query->outgoing->octets[2] = (uint8_t)(query->id >> 8);
    query->outgoing->octets[3] = (uint8_t)query->id;
    query->link = link;
    query->slot = free_slot(link);
    query->serial = link->serial;
    query->heard = link->heard;
    link->slots[query->slot] = (dns_link_slot){.op = op, .id = query->id, .taken = true};
    link->taken++;
    link->live++;
    query->outgoing->next = NULL;
    if (link->outgoing)
        link->last_outgoing->next = query->outgoing;
    else
        link->outgoing = query->outgoing;
    link->last_outgoing = query->outgoing;
    query->outgoing = NULL;
    mark_waiting(op);
}

/* After a query less: whether the link is to go on. */
static void settle_link(weir_io *io, dns_link *link)
{
    if (link->live > 0) return;
    if (link->retiring || link->servers->options.tcp_idle.ns == 0)
        link->closing = true;
    else
        link->idle_since = weir_now(io, WEIR_CLOCK_MONOTONIC);
}

static const dns_link_query *query_of(const weir_op *op)
{
    return op->args.wait.value.pointer;
}

/* Where an op waits for a connection with room. */
static weir_wait_list *backlog_of(dns_peer *peer, const weir_op *op)
{
    return query_of(op)->after > 0 ? &peer->choosy : &peer->backlog;
}

/* Gives what room there is to who has waited for it; those who want a newer connection have waited
 * twice, and their first speaks for all of them. */
static void give_room(dns_link *link)
{
    dns_peer *peer = &link->servers->peers[link->peer];
    while (has_room(link, 0)) {
        weir_op *next = peer->choosy.first;
        if (next && has_room(link, query_of(next)->after))
            weir_wait_list_remove(&peer->choosy, next);
        else
            next = weir_wait_list_take(&peer->backlog);
        if (!next) return;
        enlist(link, next);
    }
}

/* Takes an op out of its slot, for who completes it; NULL: it was withdrawn before. */
static weir_op *release(weir_io *io, dns_link *link, unsigned slot)
{
    weir_op *op = link->slots[slot].op;
    link->slots[slot] = (dns_link_slot){0};
    link->taken--;
    if (op) {
        mark_taken(op);
        link->live--;
    }
    give_room(link);
    settle_link(io, link);
    return op;
}

/* Whether the octets of a query show a cookie that is no longer the one. */
static bool is_outdated(const dns_peer *peer, const weir_op *op)
{
    const weir_dns_cookie *cookie = query_of(op)->cookie;
    return cookie && memcmp(cookie->client, peer->cookie.client, sizeof cookie->client) != 0;
}

static weir_op *chain_on(weir_op *chain, weir_op *op)
{
    mark_taken(op);
    weir_op_words_of(op)->next = chain;
    return op;
}

weir_op *weir_dns_link_moved(dns_servers *servers, unsigned index)
{
    dns_peer *peer = &servers->peers[index];
    for (unsigned i = 0; i < peer->link_count; i++) /* those that connect will see */
        peer->links[i]->retiring |= peer->links[i]->running;
    weir_op *chain = NULL, *op;
    while ((op = weir_wait_list_take(&peer->choosy))) chain = chain_on(chain, op);
    while ((op = weir_wait_list_take(&peer->backlog))) chain = chain_on(chain, op);
    return chain;
}

/* The op ------------------------------------------------------------------------------------- */

static bool start_query(weir_io *io, weir_op *op)
{
    dns_link_query *query = op->args.wait.value.pointer;
    dns_servers *servers = query->servers;
    dns_peer *peer = &servers->peers[query->peer];
    weir_op *writer = NULL;
    bool waits = true;
    weir_wait_lock(io, &servers->lock);
    dns_link *link = choose(peer, query->after);
    query->link = NULL;
    if (is_outdated(peer, op)) {
        op->result = WEIR_EADDRNOTAVAIL;
        waits = false;
    } else if (link) {
        enlist(link, op);
        writer = woken_writer(link);
    } else if (peer->link_count < DNS_LINKS) {
        /* The one that was made for it may have failed already. */
        const bool failed = query->opened > 0 && peer->failed_serial >= query->opened;
        op->result = failed ? peer->failed_error : WEIR_EAGAIN;
        waits = false;
    } else {
        weir_wait_list_append(backlog_of(peer, op), op);
    }
    weir_wait_unlock(io, &servers->lock);
    if (writer) weir_wait_complete(writer, 0);
    return waits;
}

static bool stop_query(weir_io *io, weir_op *op)
{
    dns_link_query *query = op->args.wait.value.pointer;
    dns_servers *servers = query->servers;
    weir_op *writer = NULL;
    weir_wait_lock(io, &servers->lock);
    const bool waits = !is_taken(op);
    if (waits && query->link) {
        dns_link *link = query->link;
        link->slots[query->slot].op = NULL;
        link->live--;
        mark_taken(op);
        if (link->taken - link->live >= DNS_LINK_LOST) link->retiring = true;
        give_room(link);
        settle_link(io, link);
        writer = woken_writer(link);
    } else if (waits) {
        weir_wait_list_remove(backlog_of(&servers->peers[query->peer], op), op);
    }
    weir_wait_unlock(io, &servers->lock);
    if (writer) weir_wait_complete(writer, 0);
    return waits;
}

static const weir_wait_kind query_kind = {"DNS over TCP", start_query, stop_query};

void weir_dns_link_op(weir_op *op, dns_link_query *query)
{
    weir_wait_op(op, &query_kind, query->servers, query);
}

void weir_dns_link_suspect(weir_io *io, dns_link_query *query)
{
    weir_wait_lock(io, &query->servers->lock);
    /* The link is there as long as the slot has our op; after that its pointer is only compared. */
    const dns_peer *peer = &query->servers->peers[query->peer];
    for (unsigned i = 0; i < peer->link_count; i++) {
        dns_link *link = peer->links[i];
        if (link == query->link && link->serial == query->serial && link->heard == query->heard)
            link->retiring = true;
    }
    weir_wait_unlock(io, &query->servers->lock);
}

void weir_dns_link_close(weir_io *io, dns_link *link, int error)
{
    weir_wait_lock(io, &link->servers->lock);
    if (!link->closing) link->error = error;
    link->closing = true;
    weir_op *writer = woken_writer(link);
    weir_wait_unlock(io, &link->servers->lock);
    if (writer) weir_wait_complete(writer, 0);
}

bool weir_dns_link_idle(weir_io *io, dns_link *link, weir_instant now, weir_deadline *look)
{
    const weir_duration idle = link->servers->options.tcp_idle;
    *look = weir_never();
    if (idle.ns == 0) return false; /* it closes when the last question has gone */
    weir_wait_lock(io, &link->servers->lock);
    *look = weir_instant_add(link->live > 0 ? now : link->idle_since, idle);
    const bool over = weir_deadline_passed(*look, now);
    if (over) link->closing = true;
    weir_wait_unlock(io, &link->servers->lock);
    return over;
}

bool weir_dns_link_deliver(weir_io *io, dns_link *link, weir_bytes message, uint8_t *far)
{
    const uint8_t *octets = (const uint8_t *)message.data;
    const uint16_t id = (uint16_t)(octets[0] << 8 | octets[1]);
    weir_wait_lock(io, &link->servers->lock);
    link->heard++;
    unsigned slot = 0;
    while (slot < ALL_SLOTS && !(link->slots[slot].taken && link->slots[slot].id == id)) slot++;
    const bool known = slot < ALL_SLOTS;
    weir_op *op = known ? release(io, link, slot) : NULL;
    int64_t result = (int64_t)message.len;
    if (op) {
        dns_link_query *query = op->args.wait.value.pointer;
        if (message.len <= WEIR_DNS_EDNS_SIZE)
            memcpy(query->near, message.data, message.len);
        else if (!far)
            result = WEIR_ENOMEM;
        query->far = far;
    } else {
        free(far);
    }
    weir_op *writer = woken_writer(link);
    weir_wait_unlock(io, &link->servers->lock);
    if (op) weir_wait_complete(op, result);
    if (writer) weir_wait_complete(writer, 0);
    return known;
}

/* The writer --------------------------------------------------------------------------------- */

static bool start_writer(weir_io *io, weir_op *op)
{
    dns_link *link = op->args.wait.object;
    weir_wait_lock(io, &link->servers->lock);
    const bool waits = !link->outgoing && !link->closing;
    if (waits)
        weir_wait_list_append(&link->writer, op);
    else
        op->result = 0;
    weir_wait_unlock(io, &link->servers->lock);
    return waits;
}

static bool stop_writer(weir_io *io, weir_op *op)
{
    dns_link *link = op->args.wait.object;
    weir_wait_lock(io, &link->servers->lock);
    const bool waits = weir_wait_list_withdraw(&link->writer, op);
    weir_wait_unlock(io, &link->servers->lock);
    return waits;
}

static const weir_wait_kind writer_kind = {"DNS questions to send", start_writer, stop_writer};

/* Sends a chain, as few writes as there can be (RFC 7766 8: length and message together).
 * Frees what went. */
static int send_chain(weir_io *io, dns_link *link, dns_outgoing **chain)
{
    enum { SLICES = 32 };
    while (*chain) {
        struct iovec slices[SLICES];
        size_t count = 0, total = 0;
        for (dns_outgoing *o = *chain; o && count < SLICES; o = o->next) {
            slices[count++] = (struct iovec){o->octets, o->len};
            total += o->len;
        }
        /* A peer that reads nothing for so long is of no use any more. */
        const weir_deadline until = weir_deadline_after(io, link->servers->options.timeout);
        const int64_t n = weir_stream_write_vector(io, link->stream, slices, count, 1, true, until);
        if (n < 0) return (int)n;
        if ((size_t)n < total) return WEIR_EPIPE;
        while (count-- > 0) {
            dns_outgoing *sent = *chain;
            *chain = sent->next;
            free(sent);
        }
    }
    return 0;
}

/* Sends until the link is to end.  Returns why. */
static int write_questions(weir_io *io, dns_link *link)
{
    for (;;) {
        weir_wait_lock(io, &link->servers->lock);
        dns_outgoing *chain = link->outgoing;
        link->outgoing = NULL;
        const bool closing = link->closing;
        weir_wait_unlock(io, &link->servers->lock);
        int error = 0;
        if (closing)
            error = link->error;
        else if (chain)
            error = send_chain(io, link, &chain);
        drop_outgoing(chain);
        if (closing || error) return error;
        weir_op op;
        weir_wait_op(&op, &writer_kind, link, NULL);
        error = (int)weir_do(io, &op);
        if (error) return error;
    }
}

/* Takes the link away from its peer, and completes all who wait for it. */
static void end_link(weir_io *io, dns_link *link, int error)
{
    dns_servers *servers = link->servers;
    dns_peer *peer = &servers->peers[link->peer];
    weir_op *chain = NULL;
    weir_wait_lock(io, &servers->lock);
    for (unsigned i = 0; i < peer->link_count; i++)
        if (peer->links[i] == link) peer->links[i] = peer->links[--peer->link_count];
    for (unsigned i = 0; i < ALL_SLOTS; i++)
        if (link->slots[i].op) chain = chain_on(chain, link->slots[i].op);
    if (error < 0) {
        peer->failed_serial = link->serial;
        peer->failed_error = error;
    }
    weir_op *backlog = servers->ending ? NULL : weir_wait_list_take_all(&peer->backlog);
    weir_op *choosy = servers->ending ? NULL : weir_wait_list_take_all(&peer->choosy);
    weir_wait_unlock(io, &servers->lock);
    weir_wait_complete_all(chain, error < 0 ? error : WEIR_ECONNRESET);
    weir_wait_complete_all(choosy, WEIR_EAGAIN);
    weir_wait_complete_all(backlog, WEIR_EAGAIN);
    drop_outgoing(link->outgoing);
    free(link);
}

/* Learns from which address of ours the link goes out.  If the questions that came meanwhile show
 * the cookie of another, they are given back, before anything was sent.  Returns 0 or an error. */
static int settle_source(weir_io *io, dns_link *link)
{
    dns_servers *servers = link->servers;
    const dns_peer *peer = &servers->peers[link->peer];
    weir_address source;
    weir_dns_cookie cookie;
    int error = weir_tcp_local(io, &link->tcp, &source);
    if (!error) error = weir_dns_servers_cookie(io, servers, link->peer, &source, &cookie);
    if (error) return error;
    weir_op *chain = NULL;
    weir_wait_lock(io, &servers->lock);
    bool outdated = false;
    for (unsigned i = 0; i < ALL_SLOTS; i++)
        outdated |= link->slots[i].op && is_outdated(peer, link->slots[i].op);
    link->running = true;
    /* It may have changed again since. */
    link->retiring |= memcmp(cookie.client, peer->cookie.client, sizeof cookie.client) != 0;
    dns_outgoing *unsent = outdated ? link->outgoing : NULL;
    for (unsigned i = 0; outdated && i < ALL_SLOTS; i++) {
        if (link->slots[i].op) chain = chain_on(chain, link->slots[i].op);
        link->slots[i] = (dns_link_slot){0};
    }
    if (outdated) {
        link->outgoing = NULL;
        link->taken = link->live = 0;
        settle_link(io, link);
    }
    weir_wait_unlock(io, &servers->lock);
    weir_wait_complete_all(chain, WEIR_EADDRNOTAVAIL);
    drop_outgoing(unsent);
    return 0;
}

static int run_link(weir_io *io, void *argument)
{
    dns_link *link = argument;
    dns_servers *servers = link->servers;
    int error = servers->transport->open(io, &servers->peers[link->peer].address,
                                         servers->options.timeout, &link->tcp, &link->stream);
    if (!error && servers->options.edns && (error = settle_source(io, link)) != 0)
        weir_stream_close(io, link->stream);
    if (!error) {
        const weir_task_options options = {.name = "DNS answers", .worker = WEIR_WORKER_SAME};
        weir_task reader;
        error = weir_concurrent(io, &reader, weir_dns_link_read, link, &options);
        if (!error) {
            error = write_questions(io, link);
            weir_cancel(io, &reader);
        }
        weir_stream_close(io, link->stream);
        free(link->far);
        /* Lost, not refused: a question may be put again. */
        if (error != WEIR_ENOMEM && error != WEIR_ECONCURRENCY) error = WEIR_ECONNRESET;
    }
    end_link(io, link, error);
    return 0;
}

int weir_dns_link_open(weir_io *io, dns_link_query *query)
{
    dns_servers *servers = query->servers;
    dns_peer *peer = &servers->peers[query->peer];
    dns_link *link = calloc(1, sizeof *link);
    if (!link) return WEIR_ENOMEM;
    link->servers = servers;
    link->peer = query->peer;
    link->idle_since = weir_now(io, WEIR_CLOCK_MONOTONIC);
    weir_wait_lock(io, &servers->lock);
    const bool wanted = peer->link_count < DNS_LINKS && !choose(peer, query->after);
    if (wanted) {
        link->serial = query->opened = ++servers->link_serial;
        peer->links[peer->link_count++] = link;
    }
    weir_wait_unlock(io, &servers->lock);
    if (!wanted) {
        free(link);
        return 0;
    }
    const weir_task_options options = {.name = "DNS connection", .worker = WEIR_WORKER_ANY};
    const int error = weir_group_concurrent(io, &servers->links, run_link, link, &options);
    if (error) end_link(io, link, WEIR_ENOMEM);
    return error ? WEIR_ENOMEM : 0;
}

/* TCP ---------------------------------------------------------------------------------------- */

static int open_tcp(weir_io *io, const weir_address *server, weir_duration timeout,
                    weir_tcp_stream *tcp, weir_stream **out)
{
    const weir_tcp_connect_options options = {.timeout = timeout};
    *out = &tcp->stream;
    return weir_tcp_connect_with(io, server, &options, tcp);
}

const dns_transport weir_dns_tcp_transport = {open_tcp};
