/* SPDX-License-Identifier: MIT
 *
 * Where everything stands in a picture of a run: lanes from left to right, marks from top to
 * bottom.
 *
 * Time goes down, but not to scale: what would lie too close together is moved apart, so that each
 * mark has its line, and pauses grow with the logarithm of their length, up to a break.  The order
 * is always that of the run.
 */
#ifndef IO_SIM_TRACE_LAYOUT_H
#define IO_SIM_TRACE_LAYOUT_H

#include "io/sim/trace.h"

enum {
    LAYOUT_GUTTER = 104, /* at the left, for instants */
    LAYOUT_MARGIN = 16,
    LAYOUT_HEAD = 74,
    LAYOUT_TOP = LAYOUT_HEAD - 6, /* where bars begin that began before */
};

typedef struct sim_lane_column {
    const host *host;
    int x;
    int busy_y; /* while laying out: the last line with a text at this lane */
} sim_lane_column;

/* An entry at its instant; a packet that arrives has a second one, `end`. */
typedef struct sim_mark {
    const sim_entry *entry;
    int64_t when;
    int64_t pause; /* before it, if it is shown as a break; else 0 */
    size_t order;  /* of the entry in what was recorded */
    bool end;
    int y;
    int y_end; /* of the first mark of a packet: where the second one is */
} sim_mark;

typedef struct sim_layout {
    sim_mark *marks;
    size_t count;
    size_t left_out; /* earlier entries that there is no place for */
    const sim_entry **carried;
    size_t carried_count; /* entries above the picture which may last in it */
    sim_lane_column *lanes;
    size_t lane_count;
    int width, height, spacing; /* between two lanes */
} sim_layout;

/* Returns 0 or WEIR_ENOMEM; *out is to be ended in both cases. */
int weir_sim_layout_make(const world *w, const weir_sim_view *view, sim_layout *out);
void weir_sim_layout_end(sim_layout *layout);

/* The lane of a host; NULL: it has none. */
const sim_lane_column *weir_sim_layout_lane(const sim_layout *layout, const host *h);

#endif
