/* SPDX-License-Identifier: MIT
 *
 * The heap of events: four children to a row, so that a sift touches two cache lines per level.
 */
#include "io/sim/agenda.h"

#include <stdlib.h>

enum { FAN = 4, FIRST_ROOM = 64 };

static bool before(const sim_agenda_row *a, const sim_agenda_row *b)
{
    return a->when < b->when || (a->when == b->when && a->number < b->number);
}

static void put(sim_agenda *agenda, uint32_t at, const sim_agenda_row *row)
{
    agenda->rows[at] = *row;
    row->event->at = at + 1;
}

static void sift_up(sim_agenda *agenda, uint32_t at, const sim_agenda_row *row)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / FAN;
        if (!before(row, &agenda->rows[parent])) break;
        put(agenda, at, &agenda->rows[parent]);
        at = parent;
    }
    put(agenda, at, row);
}

static void sift_down(sim_agenda *agenda, uint32_t at, const sim_agenda_row *row)
{
    for (;;) {
        uint32_t first = at * FAN + 1, best = first;
        if (first >= agenda->count) break;
        for (uint32_t i = first + 1; i < first + FAN && i < agenda->count; i++)
            if (before(&agenda->rows[i], &agenda->rows[best])) best = i;
        if (!before(&agenda->rows[best], row)) break;
        put(agenda, at, &agenda->rows[best]);
        at = best;
    }
    put(agenda, at, row);
}

static bool grow(sim_agenda *agenda)
{
    uint32_t room = agenda->room ? agenda->room * 2 : FIRST_ROOM;
    sim_agenda_row *rows = realloc(agenda->rows, room * sizeof *rows);
    if (!rows) return false;
    agenda->rows = rows;
    agenda->room = room;
    return true;
}

bool weir_sim_agenda_reserve(sim_agenda *agenda, uint32_t count)
{
    while (agenda->room < count)
        if (!grow(agenda)) return false;
    return true;
}

bool weir_sim_plan(sim_agenda *agenda, sim_event *event, int64_t when)
{
    weir_sim_unplan(agenda, event);
    if (agenda->count == agenda->room && !grow(agenda)) return false;
    const sim_agenda_row row = {when, agenda->number++, event};
    sift_up(agenda, agenda->count++, &row);
    return true;
}

void weir_sim_unplan(sim_agenda *agenda, sim_event *event)
{
    if (!event->at) return;
    const uint32_t at = event->at - 1;
    event->at = 0;
    const sim_agenda_row last = agenda->rows[--agenda->count];
    if (at == agenda->count) return;
    if (at > 0 && before(&last, &agenda->rows[(at - 1) / FAN])) {
        sift_up(agenda, at, &last);
    } else {
        sift_down(agenda, at, &last);
    }
}

sim_event *weir_sim_agenda_take(sim_agenda *agenda, int64_t now)
{
    if (weir_sim_agenda_next(agenda) > now) return NULL;
    sim_event *event = agenda->rows[0].event;
    weir_sim_unplan(agenda, event);
    return event;
}

void weir_sim_agenda_end(sim_agenda *agenda)
{
    free(agenda->rows);
    *agenda = (sim_agenda){0};
}
