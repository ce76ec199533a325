/* SPDX-License-Identifier: MIT
 *
 * Pipes: a lane with one node at each end (pipe(7)).
 */
#include <limits.h>
#include <stdlib.h>

#include "io/sim/socket.h"

enum { DEFAULT_ROOM = 65536, PAGE = 4096, LARGEST = 1 << 20 };

typedef struct pipe_end {
    sim_node node; /* first */
    struct pipe_end *other;
    sim_lane lane; /* the reading end's */
} pipe_end;

static int64_t receive(sim_node *n, sim_transfer *t)
{
    pipe_end *end = (pipe_end *)n;
    const size_t most = weir_sim_shorten(n->host->world, t->length);
    const size_t taken = weir_sim_lane_take(&end->lane, t, most);
    if (taken == 0) return end->other ? SIM_WAIT : 0;
    if (end->other) weir_sim_stir(&end->other->node);
    return (int64_t)taken;
}

/* Bytes up to PIPE_BUF go together or not at all. */
static int64_t send_bytes(sim_node *n, sim_transfer *t)
{
    pipe_end *end = (pipe_end *)n, *reader = end->other;
    if (!reader) return WEIR_EPIPE;
    if (t->length <= PIPE_BUF && sim_lane_space(&reader->lane) < t->length) return SIM_WAIT;
    const int64_t sent = weir_sim_lane_put(&reader->lane, t, t->length);
    if (sent > 0) {
        reader->lane.arrived = reader->lane.length;
        weir_sim_stir(&reader->node);
    }
    return sent;
}

int64_t weir_sim_pipe_room(sim_node *n)
{
    const pipe_end *end = (const pipe_end *)n;
    return end->other ? (int64_t)sim_lane_space(&end->other->lane) : WEIR_EPIPE;
}

static uint32_t ready_to_read(sim_node *n)
{
    const pipe_end *end = (const pipe_end *)n;
    uint32_t ready = end->lane.arrived > 0 ? WEIR_POLL_READ : 0;
    if (!end->other) ready |= WEIR_POLL_READ | WEIR_POLL_ERROR;
    return ready;
}

static uint32_t ready_to_write(sim_node *n)
{
    const pipe_end *end = (const pipe_end *)n;
    if (!end->other) return WEIR_POLL_WRITE | WEIR_POLL_ERROR;
    return sim_lane_space(&end->other->lane) >= PIPE_BUF ? WEIR_POLL_WRITE : 0;
}

static bool close_end(sim_node *n)
{
    pipe_end *end = (pipe_end *)n;
    weir_sim_lane_end(&end->lane);
    if (end->other) {
        end->other->other = NULL;
        weir_sim_stir(&end->other->node);
    }
    return true;
}

static const sim_node_kind reading = {
    .name = "pipe",
    .is_stream = true,
    .receive = receive,
    .ready = ready_to_read,
    .close = close_end,
};

static const sim_node_kind writing = {
    .name = "pipe",
    .is_stream = true,
    .send = send_bytes,
    .ready = ready_to_write,
    .close = close_end,
};

bool weir_sim_is_pipe(const sim_node *n)
{
    return n->kind == &reading || n->kind == &writing;
}

/* As the kernel rounds it: to pages, and those to a power of 2. */
static uint32_t room_for(uint32_t asked)
{
    uint32_t room = PAGE;
    if (asked == 0 || asked > LARGEST) return asked ? LARGEST : DEFAULT_ROOM;
    while (room < asked) room *= 2;
    return room;
}

int64_t weir_sim_pipe_open(host *h, weir_op *op)
{
    pipe_end *reader = weir_sim_node_make(h, &reading, sizeof *reader);
    pipe_end *writer = weir_sim_node_make(h, &writing, sizeof *writer);
    if (reader) reader->node.references = 1;
    if (writer) writer->node.references = 1;
    if (reader && writer) {
        reader->lane.limit = room_for(op->args.pair.room);
        reader->other = writer;
        writer->other = reader;
    }
    return weir_sim_two_open(h, (sim_node *)reader, (sim_node *)writer, op->args.pair.out);
}
