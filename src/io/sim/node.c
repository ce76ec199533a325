/* SPDX-License-Identifier: MIT
 *
 * Descriptors, and the ops that wait at what they stand for.
 */
#include "io/sim/node.h"

#include <stdlib.h>
#include <string.h>

#include "io/sim/attempt.h"

enum { FIRST_ROOM = 64 };

int weir_sim_nodes_open(host *h, uint32_t limit)
{
    h->node_limit = limit;
    return 0;
}

void weir_sim_nodes_close_all(host *h)
{
    for (uint32_t i = 0; i < h->node_room; i++)
        if (h->nodes[i]) weir_sim_node_close(h, WEIR_SIM_FIRST_FD + (int)i);
    weir_sim_nodes_retry(h->world);
}

void weir_sim_nodes_close(host *h)
{
    free(h->nodes);
}

sim_node *weir_sim_node_at(const host *h, int fd)
{
    const uint32_t index = (uint32_t)fd - WEIR_SIM_FIRST_FD;
    return index < h->node_room ? h->nodes[index] : NULL;
}

static bool grow(host *h)
{
    const uint32_t room = h->node_room ? h->node_room * 2 : FIRST_ROOM;
    sim_node **nodes = realloc(h->nodes, room * sizeof(sim_node *));
    if (!nodes) return false;
    memset(nodes + h->node_room, 0, (room - h->node_room) * sizeof(sim_node *));
    h->nodes = nodes;
    h->node_room = room;
    return true;
}

int weir_sim_node_open(host *h, sim_node *n)
{
    while (h->node_lowest < h->node_room && h->nodes[h->node_lowest]) h->node_lowest++;
    if (h->node_lowest >= h->node_limit) return WEIR_EMFILE;
    if (h->node_lowest == h->node_room && !grow(h)) return WEIR_ENOMEM;
    h->nodes[h->node_lowest] = n;
    h->node_count++;
    n->references++;
    return WEIR_SIM_FIRST_FD + (int)h->node_lowest++;
}

int weir_sim_node_close(host *h, int fd)
{
    sim_node *n = weir_sim_node_at(h, fd);
    if (!n) return WEIR_EBADF;
    const uint32_t index = (uint32_t)fd - WEIR_SIM_FIRST_FD;
    h->nodes[index] = NULL;
    h->node_count--;
    if (index < h->node_lowest) h->node_lowest = index;
    weir_sim_node_release(n);
    return 0;
}

void *weir_sim_node_make(host *h, const sim_node_kind *kind, size_t size)
{
    sim_node *n = calloc(1, size);
    if (!n) return NULL;
    n->kind = kind;
    n->host = h;
    n->descriptor_set = true;
    world *w = h->world;
    w->nodes++;
    n->next = w->first_node;
    n->link = &w->first_node;
    if (n->next) n->next->link = &n->next;
    w->first_node = n;
    return n;
}

void weir_sim_node_free(sim_node *n)
{
    if (n->stirred) {
        n->gone = true;
        return;
    }
    n->host->world->nodes--;
    *n->link = n->next;
    if (n->next) n->next->link = n->link;
    free(n->settings);
    free(n);
}

/* The op waits no longer: lets go of its second node. */
static void let_go(weir_op *op)
{
    sim_node *second = (sim_node *)(uintptr_t)*op_step(op);
    if (op->code != WEIR_OP_SPLICE && op->code != WEIR_OP_SEND_FILE) return;
    *op_step(op) = 0;
    if (second) weir_sim_node_release(second);
}

/* Who still waits at a node that is closed waits for nothing any more. */
static void dismiss(sim_node *n)
{
    for (weir_op *op; (op = weir_wait_list_take(&n->waiting));) {
        let_go(op);
        weir_sim_op_finish(op, WEIR_EBADF);
    }
}

void weir_sim_nodes_end(world *w)
{
    /* All are kept while they are closed: what one lets go of does not go with it. */
    for (sim_node *n = w->first_node; n; n = n->next) n->references++;
    for (sim_node *n = w->first_node; n; n = n->next) dismiss(n);
    for (sim_node *n = w->first_node; n; n = n->next) n->kind->close(n);
    while (w->first_node) weir_sim_node_free(w->first_node);
}

void weir_sim_node_release(sim_node *n)
{
    if (--n->references > 0) return;
    dismiss(n);
    if (n->kind->close(n)) weir_sim_node_free(n);
}

void weir_sim_stir(sim_node *n)
{
    if (n->stirred || !n->waiting.first) return;
    world *w = n->host->world;
    n->stirred = true;
    n->stirred_next = NULL;
    *w->stirred_end = n;
    w->stirred_end = &n->stirred_next;
}

/* Of reads and accepts that wait at the same node, a second one need not be tried when the first
 * has found nothing. */
static bool is_one_of_many(const weir_op *op)
{
    return op->code == WEIR_OP_ACCEPT || op->code == WEIR_OP_READ;
}

static void retry(sim_node *n)
{
    uint64_t in_vain = 0;
    for (weir_op *op = n->waiting.first, *next; op; op = next) {
        next = weir_op_words_of(op)->next;
        if (in_vain >> op->code & 1) continue;
        const int64_t result = weir_sim_attempt_again(op_host(op), op, n);
        if (result == SIM_WAIT) {
            if (is_one_of_many(op)) in_vain |= UINT64_C(1) << op->code;
            continue;
        }
        weir_wait_list_remove(&n->waiting, op);
        let_go(op);
        weir_sim_op_finish(op, result);
    }
}

void weir_sim_nodes_retry(world *w)
{
    while (w->stirred) {
        sim_node *n = w->stirred;
        w->stirred = n->stirred_next;
        if (!w->stirred) w->stirred_end = &w->stirred;
        n->stirred = false;
        if (n->gone) {
            weir_sim_node_free(n);
            continue;
        }
        retry(n);
    }
}

void weir_sim_node_enter(weir_op *op)
{
    sim_node *n = weir_sim_node_at(op_host(op), op->fd);
    sim_node *second = weir_sim_attempt_second(op_host(op), op);
    weir_op_words_of(op)->own[2] = (uintptr_t)n;
    weir_wait_list_append(&n->waiting, op);
    if (!second || second == n) return;
    second->references++;
    *op_step(op) = (uintptr_t)second;
}

void weir_sim_node_leave(weir_op *op)
{
    sim_node *n = (sim_node *)(uintptr_t)weir_op_words_of(op)->own[2];
    weir_wait_list_remove(&n->waiting, op);
    let_go(op);
}

/* Bytes are part of what a run did. */
static void note_bytes(const void *data, size_t length)
{
    world *w = weir_sim_here;
    if (!w) return;
    sim_note_down(w, NOTE_BYTES, length,
                  w->options.all_bytes ? sim_digest(data, length) : sim_digest_ends(data, length));
}

void weir_sim_transfer_out(sim_transfer *t, void *to, size_t length)
{
    char *at = to;
    const size_t whole = length;
    t->length -= length;
    while (length > 0) {
        const size_t left = t->data->iov_len - t->skip, n = left < length ? left : length;
        if (n > 0) memcpy(at, (const char *)t->data->iov_base + t->skip, n);
        at += n;
        length -= n;
        t->skip += n;
        if (t->skip < t->data->iov_len) continue;
        t->data++;
        t->count--;
        t->skip = 0;
    }
    if (whole > 0) note_bytes(to, whole);
}

void weir_sim_transfer_in(sim_transfer *t, const void *from, size_t length)
{
    const char *at = from;
    if (length > 0) note_bytes(from, length);
    t->length -= length;
    while (length > 0) {
        const size_t left = t->data->iov_len - t->skip, n = left < length ? left : length;
        if (n > 0) memcpy((char *)t->data->iov_base + t->skip, at, n);
        at += n;
        length -= n;
        t->skip += n;
        if (t->skip < t->data->iov_len) continue;
        t->data++;
        t->count--;
        t->skip = 0;
    }
}
