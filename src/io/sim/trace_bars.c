/* SPDX-License-Identifier: MIT
 *
 * What lasts in a picture: tasks, and faults until they are undone.
 */
#include <stdlib.h>
#include <string.h>

#include "io/sim/trace_picture.h"

enum { TASK_WIDTH = 10, TASK_STEP = 12, MOST_SLOTS = 5, LETTER = 5, BEFORE_LANE = 5 };

/* Where a fault's bar is, seen from its lane, and what ends it. */
typedef struct fault_look {
    const char *class;
    int x, width;
    weir_sim_fault_kind
        undone_by; /* itself: by another one of its kind; a value of 0 begins none */
} fault_look;

static const fault_look looks[WEIR_SIM_FAULTS] = {
    [WEIR_SIM_CUT] = {"cut", 2, 5, WEIR_SIM_JOIN},
    [WEIR_SIM_UNPLUG] = {"cut", -13, 26, WEIR_SIM_PLUG},
    [WEIR_SIM_CRASH] = {"down", -13, 26, WEIR_SIM_RESTART},
    [WEIR_SIM_SKEW] = {"few", 8, 4, WEIR_SIM_SKEW},
    [WEIR_SIM_DESCRIPTORS] = {"few", 13, 4, WEIR_SIM_DESCRIPTORS},
    [WEIR_SIM_SLOW] = {"few", 18, 4, WEIR_SIM_SLOW},
    [WEIR_SIM_SLOW_READER] = {"few", 23, 4, WEIR_SIM_SLOW_READER},
    [WEIR_SIM_RESET] = {"reset", -5, 10, WEIR_SIM_RESET},
};

static bool same_pair(const sim_entry *a, const sim_entry *b)
{
    return a->host == b->host && (a->what != WEIR_SIM_CUT || a->other == b->other);
}

static void close_faults(picture *p, const sim_entry *e, int y)
{
    for (size_t i = 0; i < p->bar_count; i++) {
        bar *b = &p->bars[i];
        if (b->kind != BAR_FAULT || !b->open || !same_pair(b->entry, e)) continue;
        if (e->what != b->entry->what && e->what != looks[b->entry->what].undone_by) continue;
        b->open = false;
        b->to = y;
    }
}

static int open_cuts(const picture *p, const sim_lane_column *lane)
{
    int count = 0;
    for (size_t i = 0; i < p->bar_count; i++) {
        const bar *b = &p->bars[i];
        count +=
            b->kind == BAR_FAULT && b->entry->what == WEIR_SIM_CUT && b->open && b->lane == lane;
    }
    return count;
}

static void add_fault(picture *p, const sim_entry *e, int y)
{
    const sim_lane_column *lane = weir_sim_layout_lane(&p->layout, e->host);
    close_faults(p, e, y);
    if (!lane) return;
    const fault_look *look = &looks[e->what];
    const bool by_value = look->undone_by == (weir_sim_fault_kind)e->what;
    const bool momentary = e->what == WEIR_SIM_RESET;
    if (!look->class || (by_value && !momentary && e->value == 0)) return;
    p->bars[p->bar_count++] = (bar){.kind = BAR_FAULT,
                                    .entry = e,
                                    .lane = lane,
                                    .from = y,
                                    .to = y,
                                    .slot = open_cuts(p, lane) % MOST_SLOTS,
                                    .momentary = momentary,
                                    .open = !momentary};
}

static int free_slot(const picture *p, const sim_lane_column *lane)
{
    uint32_t taken = 0;
    int most = (p->layout.spacing * 7 / 20) / TASK_STEP;
    if (most > MOST_SLOTS) most = MOST_SLOTS;
    for (size_t i = 0; i < p->bar_count; i++) {
        const bar *b = &p->bars[i];
        if (b->kind == BAR_TASK && b->open && b->lane == lane && b->slot >= 0)
            taken |= 1U << b->slot;
    }
    const int slot = __builtin_ctz(~taken);
    return slot < most ? slot : -1;
}

static bar *open_task(picture *p, uint64_t task)
{
    for (size_t i = 0; i < p->bar_count; i++)
        if (p->bars[i].kind == BAR_TASK && p->bars[i].open && p->bars[i].entry->task == task)
            return &p->bars[i];
    return NULL;
}

static void add_task(picture *p, const sim_entry *e, int y)
{
    const sim_lane_column *lane = weir_sim_layout_lane(&p->layout, e->host);
    bar *b = e->kind == ENTRY_ENDS ? open_task(p, e->task) : NULL;
    if (!lane) return;
    if (!b) {
        /* One that only ends has begun above. */
        const int slot = free_slot(p, lane), top = e->kind == ENTRY_ENDS ? LAYOUT_TOP : y;
        b = &p->bars[p->bar_count++];
        *b = (bar){.kind = BAR_TASK, .entry = e, .lane = lane, .from = top, .slot = slot};
        b->open = e->kind == ENTRY_BEGINS;
    }
    b->to = y;
    if (e->kind == ENTRY_ENDS) b->open = false;
}

static void add(picture *p, const sim_entry *e, int y)
{
    if (e->kind == ENTRY_FAULT) add_fault(p, e, y);
    if (e->kind == ENTRY_BEGINS || e->kind == ENTRY_ENDS) add_task(p, e, y);
}

int weir_sim_bars_make(picture *p)
{
    p->bars = calloc(p->layout.count + p->layout.carried_count + 1, sizeof *p->bars);
    if (!p->bars) return WEIR_ENOMEM;
    for (size_t i = 0; i < p->layout.carried_count; i++) add(p, p->layout.carried[i], LAYOUT_TOP);
    /* What was undone above the picture has no height. */
    size_t kept = 0;
    for (size_t i = 0; i < p->bar_count; i++)
        if (p->bars[i].open) p->bars[kept++] = p->bars[i];
    p->bar_count = kept;
    for (size_t i = 0; i < p->layout.count; i++) {
        const sim_mark *mark = &p->layout.marks[i];
        if (!mark->end) add(p, mark->entry, mark->y);
    }
    for (size_t i = 0; i < p->bar_count; i++)
        if (p->bars[i].open) p->bars[i].to = p->layout.height - 48;
    return 0;
}

static void draw_task(picture *p, const bar *b)
{
    const int x = b->lane->x - BEFORE_LANE - TASK_STEP * b->slot - TASK_WIDTH;
    const int height = b->to - b->from > 2 ? b->to - b->from : 2;
    const char *name = b->entry->task_name;
    const size_t fits = (size_t)(height - 4 > 0 ? height - 4 : 0) / LETTER;
    if (b->slot < 0) return;
    fputs("<g>", p->out);
    weir_sim_draw_title(p->out, b->entry);
    fprintf(p->out, "<rect class=\"task\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>",
            x, b->from, TASK_WIDTH, height);
    if (fits >= 4 || fits > strlen(name)) {
        fprintf(p->out, "<text class=\"tname\" transform=\"translate(%d %d) rotate(90)\">", x + 2,
                b->from + 3);
        weir_sim_draw_text(p->out, name, fits - 1);
        fputs("</text>", p->out);
    }
    fputs("</g>\n", p->out);
}

/* Towards whom a link is cut, is the side on which the bar is; cuts of one host stand abreast. */
static int fault_x(const picture *p, const bar *b)
{
    const fault_look *look = &looks[b->entry->what];
    const sim_lane_column *other =
        b->entry->other ? weir_sim_layout_lane(&p->layout, b->entry->other) : NULL;
    const int x = look->x + (b->entry->what == WEIR_SIM_CUT ? b->slot * look->width : 0);
    if (other && other->x < b->lane->x) return b->lane->x - x - look->width;
    return b->lane->x + x;
}

static void draw_fault(picture *p, const bar *b)
{
    const fault_look *look = &looks[b->entry->what];
    const int x = fault_x(p, b), height = b->to - b->from > 3 ? b->to - b->from : 3;
    fputs("<g>", p->out);
    weir_sim_draw_title(p->out, b->entry);
    if (b->momentary) {
        fprintf(p->out, "<path class=\"reset\" d=\"M%d %dl6 6l-6 6l-6-6z\"/>", b->lane->x,
                b->from - 6);
    } else {
        fprintf(p->out,
                "<rect class=\"f %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>",
                look->class, x, b->from, look->width, height);
    }
    fputs("</g>\n", p->out);
}

void weir_sim_draw_bars(picture *p, bar_kind kind)
{
    for (size_t i = 0; i < p->bar_count; i++) {
        const bar *b = &p->bars[i];
        if (b->kind != kind) continue;
        if (kind == BAR_TASK) {
            draw_task(p, b);
        } else {
            draw_fault(p, b);
        }
    }
}

void weir_sim_draw_bar_names(picture *p)
{
    for (size_t i = 0; i < p->layout.count; i++) {
        const sim_mark *mark = &p->layout.marks[i];
        char what[TRACE_TEXT];
        if (mark->end || mark->entry->kind != ENTRY_FAULT) continue;
        const int x = weir_sim_layout_lane(&p->layout, mark->entry->host)->x;
        const char *text = weir_sim_entry_print(mark->entry, what);
        const bool left = x + 30 + (int)strlen(text) * (LETTER + 1) > p->layout.width;
        fprintf(p->out, "<g><text class=\"fname halo\" x=\"%d\" y=\"%d\"%s>",
                left ? x - 24 : x + 24, mark->y + 8, left ? " text-anchor=\"end\"" : "");
        weir_sim_draw_text(p->out, text, 40);
        fputs("</text>", p->out);
        weir_sim_draw_title(p->out, mark->entry);
        fputs("</g>\n", p->out);
    }
}
