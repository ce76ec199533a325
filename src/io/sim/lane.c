/* SPDX-License-Identifier: MIT
 *
 * Lanes: a ring that grows with what is in it.
 */
#include "io/sim/lane.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 256,
    KEPT_ROOM = 1024, /* a ring of this size stays when the lane is empty */
};

static void copy_out(const sim_lane *lane, uint32_t at, char *to, uint32_t length)
{
    const uint32_t start = at & (lane->room - 1);
    const uint32_t straight = length < lane->room - start ? length : lane->room - start;
    memcpy(to, lane->data + start, straight);
    memcpy(to + straight, lane->data, length - straight);
}

static bool make_room(sim_lane *lane, uint32_t length)
{
    if (length <= lane->room) return true;
    uint32_t room = lane->room ? lane->room : FIRST_ROOM;
    while (room < length) room *= 2;
    char *data = malloc(room);
    if (!data) return false;
    if (lane->length > 0) copy_out(lane, lane->first, data, lane->length);
    free(lane->data);
    lane->data = data;
    lane->room = room;
    lane->first = 0;
    return true;
}

int64_t weir_sim_lane_put(sim_lane *lane, sim_transfer *t, size_t most)
{
    uint32_t space = sim_lane_space(lane);
    if (space == 0) return SIM_WAIT;
    if (most > t->length) most = t->length;
    const uint32_t length = most < space ? (uint32_t)most : space;
    if (!make_room(lane, lane->length + length)) return WEIR_ENOMEM;
    const uint32_t start = (lane->first + lane->length) & (lane->room - 1);
    const uint32_t straight = length < lane->room - start ? length : lane->room - start;
    weir_sim_transfer_out(t, lane->data + start, straight);
    weir_sim_transfer_out(t, lane->data, length - straight);
    lane->length += length;
    return length;
}

size_t weir_sim_lane_take(sim_lane *lane, sim_transfer *t, size_t most)
{
    uint32_t length = most < lane->arrived ? (uint32_t)most : lane->arrived;
    if (t->length < length) length = (uint32_t)t->length;
    if (length == 0) return 0;
    const uint32_t start = lane->first & (lane->room - 1);
    const uint32_t straight = length < lane->room - start ? length : lane->room - start;
    weir_sim_transfer_in(t, lane->data + start, straight);
    weir_sim_transfer_in(t, lane->data, length - straight);
    if (t->peek) return length;
    lane->first = (lane->first + length) & (lane->room - 1);
    lane->length -= length;
    lane->arrived -= length;
    if (lane->length == 0 && lane->room > KEPT_ROOM) weir_sim_lane_end(lane);
    return length;
}

void weir_sim_lane_end(sim_lane *lane)
{
    free(lane->data);
    lane->data = NULL;
    lane->room = lane->first = lane->length = lane->arrived = 0;
}
