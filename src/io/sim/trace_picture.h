/* SPDX-License-Identifier: MIT
 *
 * A picture while it is drawn, in two files: what happens at an instant (trace_svg.c), and what
 * lasts (trace_bars.c).
 */
#ifndef IO_SIM_TRACE_PICTURE_H
#define IO_SIM_TRACE_PICTURE_H

#include "io/sim/trace_layout.h"

typedef enum bar_kind { BAR_TASK, BAR_FAULT } bar_kind;

/* A task from its begin to its end, or a fault until it is undone. */
typedef struct bar {
    bar_kind kind;
    const sim_entry *entry; /* the one with which it is told; of a fault its first one */
    const sim_lane_column *lane;
    int from, to;
    int slot; /* how many of its kind are nearer to the lane; negative: it is not drawn */
    bool open, momentary;
} bar;

typedef struct picture {
    FILE *out;
    sim_layout layout;
    bar *bars;
    size_t bar_count;
} picture;

/* Writes a text as XML, at most `most` characters of it. */
void weir_sim_draw_text(FILE *out, const char *text, size_t most);

/* Writes what a pointer that is held over an entry shows. */
void weir_sim_draw_title(FILE *out, const sim_entry *e);

/* Finds the bars.  Returns 0 or WEIR_ENOMEM. */
int weir_sim_bars_make(picture *p);
void weir_sim_draw_bars(picture *p, bar_kind kind);

/* What is written beside faults; over all that is drawn. */
void weir_sim_draw_bar_names(picture *p);

#endif
