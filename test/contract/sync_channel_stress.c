/* SPDX-License-Identifier: MIT
 *
 * Is every message of many producers delivered to the consumers exactly once and in its producer's
 * order, whatever calls they make, however they are canceled, and whenever the channel is closed?
 */
#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/sync/channel.h>

enum {
    PRODUCERS = 4,
    CONSUMERS = 4,
    MESSAGES = 250, /* of each producer */
    ROUNDS = 20,
    AT_ONCE = 5, /* messages of one put or get */
};

typedef struct message {
    uint32_t producer, number;
} message;

/* How a producer or consumer makes its calls. */
typedef enum style { PLAIN, UNTIL, TRY, MANY, SELECT, CHANNEL_SELECT } style;

typedef struct stage {
    weir_channel channel, quiet;
    message ring[64];
    uint32_t seen[PRODUCERS][MESSAGES]; /* atomic: how often each message came */
    uint32_t sent[PRODUCERS];           /* how many were accepted */
} stage;

typedef struct party {
    stage *on;
    uint32_t index;
    style how;
    uint64_t random;
    weir_task task;
    uint32_t next[PRODUCERS]; /* a consumer's: the least number that may still come */
} party;

static uint64_t below(uint64_t *random, uint64_t bound)
{
    return test_random(random) % bound;
}

static weir_deadline soon(weir_io *io, party *p)
{
    return weir_deadline_after(io, weir_microseconds((int64_t)below(&p->random, 300)));
}

/* Runs one op against a short timer: 0, an error, or WEIR_EAGAIN when the timer won. */
static int against_timer(weir_io *io, party *p, weir_op *op)
{
    weir_op timer = {.code = WEIR_OP_SLEEP, .deadline = soon(io, p)};
    weir_op *ops[2] = {op, &timer};
    int winner = weir_select(io, ops, 2, weir_never());
    if (op->result == 0 || op->result == WEIR_ECLOSED) return (int)op->result;
    return winner < 0 ? winner : WEIR_EAGAIN;
}

/* Sends some of the messages; returns how many, or an error. */
static int64_t send_some(weir_io *io, party *p, const message *from, size_t count)
{
    weir_channel *channel = &p->on->channel;
    weir_op op;
    int result;
    switch (p->how) {
    case UNTIL: result = weir_channel_send_until(io, channel, from, soon(io, p)); break;
    case TRY: result = weir_channel_try_send(io, channel, from); break;
    case MANY:
        return weir_channel_put(io, channel, from, count, below(&p->random, count + 1),
                                below(&p->random, 2) ? weir_never() : soon(io, p));
    case SELECT:
        weir_channel_send_op(&op, channel, from);
        result = against_timer(io, p, &op);
        break;
    default: result = weir_channel_send(io, channel, from); break;
    }
    return result ? result : 1;
}

static int64_t receive_some(weir_io *io, party *p, weir_channel_branch *branches, message *to)
{
    weir_channel *channel = &p->on->channel;
    weir_op op;
    size_t closed;
    int result;
    switch (p->how) {
    case UNTIL: result = weir_channel_receive_until(io, channel, to, soon(io, p)); break;
    case TRY: result = weir_channel_try_receive(io, channel, to); break;
    case MANY:
        return weir_channel_get(io, channel, to, AT_ONCE, below(&p->random, AT_ONCE + 1),
                                below(&p->random, 2) ? weir_never() : soon(io, p));
    case SELECT:
        weir_channel_receive_op(&op, channel, to);
        result = against_timer(io, p, &op);
        break;
    case CHANNEL_SELECT:
        result = weir_channel_select(io, branches, 2, soon(io, p), &closed);
        if (result == WEIR_ECLOSED && closed < 2) result = WEIR_EAGAIN; /* one of the two */
        if (result >= 0) *to = *(message *)branches[result].item;
        if (result > 0) result = 0;
        break;
    default: result = weir_channel_receive(io, channel, to); break;
    }
    return result ? result : 1;
}

/* Whether a call failed for a reason that lets it be made again. */
static bool again(weir_io *io, int64_t result)
{
    if (result == 0 || result == WEIR_EAGAIN) {
        /* A request that comes in the yield was meant for us as well. */
        weir_yield(io);
        return true;
    }
    return result == WEIR_ECANCELED || result == WEIR_EDEADLINE;
}

static int produce(weir_io *io, void *argument)
{
    party *p = argument;
    message messages[AT_ONCE];
    uint32_t *sent = &p->on->sent[p->index];
    while (*sent < MESSAGES) {
        size_t count = MESSAGES - *sent < AT_ONCE ? MESSAGES - *sent : AT_ONCE;
        for (uint32_t i = 0; i < count; i++) messages[i] = (message){p->index, *sent + i};
        int64_t result = send_some(io, p, messages, count);
        if (result > 0) {
            *sent += (uint32_t)result;
        } else if (!again(io, result)) {
            check_int(result, WEIR_ECLOSED);
            break;
        }
    }
    return 0;
}

static void take(party *p, message got)
{
    if (!check(got.producer < PRODUCERS && got.number < MESSAGES)) return;
    check(got.number >= p->next[got.producer]);
    p->next[got.producer] = got.number + 1;
    __atomic_fetch_add(&p->on->seen[got.producer][got.number], 1, __ATOMIC_RELAXED);
}

static int consume(weir_io *io, void *argument)
{
    party *p = argument;
    message got[AT_ONCE], items[2];
    weir_channel_branch branches[2] = {{.channel = &p->on->quiet, .item = &items[0]},
                                       {.channel = &p->on->channel, .item = &items[1]}};
    for (;;) {
        int64_t result = receive_some(io, p, branches, got);
        for (int64_t i = 0; i < result; i++) take(p, got[i]);
        if (result <= 0 && !again(io, result)) {
            check_int(result, WEIR_ECLOSED);
            break;
        }
    }
    check(!branches[0].ready && !branches[1].ready);
    return 0;
}

static bool all_ended(const party *parties, int count)
{
    for (int i = 0; i < count; i++)
        if (!weir_task_ended(&parties[i].task)) return false;
    return true;
}

/* Asks tasks at random to stop, which they take as a reason to try again, until the producers have
 * ended; closes the channel in the middle, or then. */
static void disturb(weir_io *io, party *parties, uint64_t *random, bool early)
{
    stage *on = parties[0].on;
    uint64_t turns = below(random, 60);
    while (!all_ended(parties, PRODUCERS) && contract_failed() == 0) {
        weir_cancel_request(io, &parties[below(random, PRODUCERS + CONSUMERS)].task);
        if (below(random, 4) == 0) {
            weir_sleep(io, weir_microseconds(50));
        } else {
            weir_yield(io);
        }
        if (early && turns-- == 0) weir_channel_close(io, &on->channel);
    }
    weir_channel_close(io, &on->channel);
}

static void round_of(weir_io *io, uint64_t *random)
{
    static const size_t capacities[] = {0, 1, 2, 7, 64};
    stage *on = calloc(1, sizeof *on);
    party parties[PRODUCERS + CONSUMERS] = {0};
    if (!check(on != NULL)) return;
    weir_channel_init(&on->channel, on->ring, capacities[below(random, 5)], sizeof(message));
    weir_channel_init(&on->quiet, NULL, 0, sizeof(message));
    for (uint32_t i = 0; i < PRODUCERS + CONSUMERS; i++) {
        party *p = &parties[i];
        bool producer = i < PRODUCERS;
        *p = (party){.on = on, .index = i, .random = test_random(random)};
        p->how = (style)below(random, producer ? CHANNEL_SELECT : CHANNEL_SELECT + 1);
        /* Where nothing is kept, two that only try never meet. */
        if (i == PRODUCERS && p->how == TRY) p->how = UNTIL;
        check_int(weir_concurrent(io, &p->task, producer ? produce : consume, p, NULL), 0);
    }
    disturb(io, parties, random, below(random, 3) == 0);
    /* Those that select wait for both of their channels. */
    weir_channel_close(io, &on->quiet);
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
        check_int(weir_await(io, &parties[i].task, NULL), 0);
    for (uint32_t p = 0; p < PRODUCERS; p++)
        for (uint32_t n = 0; n < MESSAGES; n++)
            if (!check_int(on->seen[p][n], n < on->sent[p])) break;
    check_int((int64_t)weir_channel_length(io, &on->channel), 0);
    free(on);
}

CONTRACT(channel_delivers_each_message_once_and_in_order)
{
    uint64_t random = test_seed();
    for (size_t i = 0; i < ROUNDS && contract_is_early() && contract_failed() == 0; i++) {
        contract_at("round", i);
        round_of(io, &random);
    }
}
