/* SPDX-License-Identifier: MIT
 *
 * Laying out a picture: which entries it shows, on which line, and where the lanes are.
 */
#include "io/sim/trace_layout.h"

#include <stdlib.h>

enum {
    USUAL_WIDTH = 1000,
    SMALLEST_WIDTH = 400,
    USUAL_MARKS = 1500,
    STEP = 4,         /* between two marks, at least */
    TEXT_STEP = 14,   /* between two texts at the same lane */
    NOTE_STEP = 19,   /* … that have a frame */
    LONGEST_GAP = 36, /* what would be more is a break … */
    BREAK = 36,
    FOOT = 70,
    MOST_CARRIED = 512,
    LANE_STEP_MOST = 420,
};

static const int64_t least_unit_ns = 10000;

static bool is_drawn(const sim_entry *e)
{
    switch ((sim_entry_kind)e->kind) {
    case ENTRY_WAITS:
    case ENTRY_ARRIVED: return false;
    case ENTRY_LOST: return e->host != e->other;
    case ENTRY_DONE:
        return e->value < 0 && e->value != WEIR_EAGAIN && e->value != WEIR_ECANCELED &&
               e->fd >= WEIR_SIM_FIRST_FD;
    default: return true;
    }
}

/* The first entry that is drawn, so that they are at most `most`. */
static size_t first_drawn(const sim_trace *trace, const weir_sim_view *view, size_t most,
                          size_t *left_out)
{
    size_t first = trace->count, found = 0;
    *left_out = 0;
    for (size_t i = trace->count; i-- > 0;) {
        const sim_entry *e = weir_sim_trace_at(trace, i);
        if (!is_drawn(e) || !weir_sim_view_shows(view, e)) continue;
        if (found++ < most) {
            first = i;
        } else {
            ++*left_out;
        }
    }
    return first;
}

/* Keeps what has begun before the picture and may last in it: faults, and tasks that live. */
static void carry(const sim_trace *trace, const weir_sim_view *view, size_t first, sim_layout *l)
{
    for (size_t i = 0; i < first; i++) {
        const sim_entry *e = weir_sim_trace_at(trace, i);
        if (!weir_sim_view_has_host(view, e->host)) continue;
        if (e->kind == ENTRY_ENDS) {
            size_t at = l->carried_count;
            while (at > 0 && l->carried[at - 1]->task != e->task) at--;
            if (at > 0) l->carried[at - 1] = l->carried[--l->carried_count];
        }
        const bool lasts = e->kind == ENTRY_BEGINS || e->kind == ENTRY_FAULT;
        if (lasts && l->carried_count < MOST_CARRIED) l->carried[l->carried_count++] = e;
    }
}

static int by_time(const void *left, const void *right)
{
    const sim_mark *a = left, *b = right;
    if (a->when != b->when) return a->when < b->when ? -1 : 1;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return a->end - b->end;
}

static int collect(const sim_trace *trace, const weir_sim_view *view, sim_layout *l)
{
    const size_t most = view->most ? view->most : USUAL_MARKS;
    const size_t first = first_drawn(trace, view, most, &l->left_out);
    const size_t room = trace->count - first < most ? trace->count - first : most;
    l->marks = calloc(room * 2 + 1, sizeof *l->marks);
    l->carried = calloc(MOST_CARRIED, sizeof(sim_entry *));
    if (!l->marks || !l->carried) return WEIR_ENOMEM;
    carry(trace, view, first, l);
    for (size_t i = first; i < trace->count; i++) {
        const sim_entry *e = weir_sim_trace_at(trace, i);
        if (!is_drawn(e) || !weir_sim_view_shows(view, e)) continue;
        l->marks[l->count++] = (sim_mark){.entry = e, .when = e->when, .order = i};
        if (e->kind != ENTRY_SENT) continue;
        l->marks[l->count++] = (sim_mark){.entry = e, .when = e->limit, .order = i, .end = true};
    }
    qsort(l->marks, l->count, sizeof *l->marks, by_time);
    return 0;
}

/* A host that has nothing but tasks has a lane when there is nothing else anywhere. */
static bool is_in(const sim_layout *l, const host *h)
{
    bool tasks = false, others = false;
    for (size_t i = 0; i < l->count; i++) {
        const sim_entry *e = l->marks[i].entry;
        const bool task = e->kind == ENTRY_BEGINS || e->kind == ENTRY_ENDS;
        if (!task && (e->host == h || e->other == h)) return true;
        tasks |= task && e->host == h;
        others |= !task;
    }
    return tasks && !others;
}

static int make_lanes(const world *w, sim_layout *l)
{
    l->lanes = calloc(w->host_count + 1, sizeof *l->lanes);
    if (!l->lanes) return WEIR_ENOMEM;
    for (const host *h = w->hosts; h; h = h->next)
        if (is_in(l, h)) l->lanes[l->lane_count++].host = h;
    const int room = l->width - LAYOUT_GUTTER - LAYOUT_MARGIN;
    const int count = l->lane_count ? (int)l->lane_count : 1;
    l->spacing = room / count < LANE_STEP_MOST ? room / count : LANE_STEP_MOST;
    /* At the left of a lane are its tasks, at the right texts, which need more room. */
    for (int i = 0; i < (int)l->lane_count; i++)
        l->lanes[i].x = LAYOUT_GUTTER + l->spacing * i + l->spacing * 7 / 20;
    return 0;
}

static sim_lane_column *lane_of(const sim_layout *l, const host *h)
{
    for (size_t i = 0; i < l->lane_count; i++)
        if (l->lanes[i].host == h) return &l->lanes[i];
    return NULL;
}

const sim_lane_column *weir_sim_layout_lane(const sim_layout *l, const host *h)
{
    return lane_of(l, h);
}

/* 16 times the logarithm to the base 2, about. */
static int log_16(uint64_t n)
{
    if (n < 2) return 0;
    const int whole = 63 - __builtin_clzll(n);
    const uint64_t part = whole >= 4 ? n >> (whole - 4) & 15 : n << (4 - whole) & 15;
    return whole * 16 + (int)part;
}

static int by_value(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* The gap that is in the middle of all, without those in which nothing but the cost of operations
 * passes: it is the picture's unit of time. */
static int64_t unit_of(const sim_layout *l)
{
    size_t count = 0;
    int64_t *gaps = malloc((l->count + 1) * sizeof *gaps), unit = 1000000;
    if (!gaps) return unit;
    for (size_t i = 1; i < l->count; i++) {
        const int64_t gap = l->marks[i].when - l->marks[i - 1].when;
        if (gap >= least_unit_ns) gaps[count++] = gap;
    }
    qsort(gaps, count, sizeof *gaps, by_value);
    if (count) unit = gaps[count / 2];
    free(gaps);
    return unit;
}

/* How much of a line a mark needs for its text; 0: it has none. */
static int text_step(const sim_mark *mark)
{
    if (mark->end) return 0;
    switch ((sim_entry_kind)mark->entry->kind) {
    case ENTRY_BEGINS:
    case ENTRY_ENDS: return 0;
    case ENTRY_SAID:
    case ENTRY_WRONG: return NOTE_STEP;
    default: return TEXT_STEP;
    }
}

static int below(sim_layout *l, const sim_mark *mark, int y)
{
    const int step = text_step(mark);
    if (!step) return y;
    if (mark->entry->kind == ENTRY_WRONG || !mark->entry->host) {
        /* Across all lanes. */
        for (size_t i = 0; i < l->lane_count; i++)
            if (y < l->lanes[i].busy_y + step) y = l->lanes[i].busy_y + step;
        for (size_t i = 0; i < l->lane_count; i++) l->lanes[i].busy_y = y + step - TEXT_STEP;
        return y;
    }
    sim_lane_column *lane = lane_of(l, mark->entry->host);
    if (!lane) return y;
    if (y < lane->busy_y + step) y = lane->busy_y + step;
    lane->busy_y = y + step - TEXT_STEP;
    return y;
}

static void place(sim_layout *l)
{
    const int64_t unit = unit_of(l);
    int y = LAYOUT_HEAD;
    int64_t before = l->count ? l->marks[0].when : 0;
    for (size_t i = 0; i < l->count; i++) {
        sim_mark *mark = &l->marks[i];
        const int64_t gap = mark->when - before;
        int step = log_16(1 + (uint64_t)gap / (uint64_t)unit) * 5 / 16;
        if (step > LONGEST_GAP) {
            step = BREAK;
            mark->pause = gap;
        }
        y = below(l, mark, y + (step > STEP ? step : STEP));
        mark->y = y;
        before = mark->when;
    }
    l->height = y + FOOT;
}

/* Tells the first mark of each packet where its second one is. */
static void join_ends(sim_layout *l)
{
    for (size_t i = 0; i < l->count; i++) {
        sim_mark *mark = &l->marks[i];
        mark->y_end = mark->y;
        for (size_t j = i + 1; mark->entry->kind == ENTRY_SENT && !mark->end && j < l->count; j++) {
            if (l->marks[j].entry != mark->entry) continue;
            mark->y_end = l->marks[j].y;
            break;
        }
    }
}

int weir_sim_layout_make(const world *w, const weir_sim_view *view, sim_layout *out)
{
    static const sim_trace nothing = {.room = 1};
    const sim_trace *trace = w->trace ? w->trace : &nothing;
    *out = (sim_layout){.width = USUAL_WIDTH};
    if (view->width) out->width = view->width < 32768 ? (int)view->width : 32768;
    if (out->width < SMALLEST_WIDTH) out->width = SMALLEST_WIDTH;
    int error = collect(trace, view, out);
    if (!error) error = make_lanes(w, out);
    if (error) return error;
    place(out);
    join_ends(out);
    return 0;
}

void weir_sim_layout_end(sim_layout *l)
{
    free(l->marks);
    free(l->carried);
    free(l->lanes);
    *l = (sim_layout){0};
}
