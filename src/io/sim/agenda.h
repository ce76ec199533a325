/* SPDX-License-Identifier: MIT
 *
 * What is to happen at which instant: a heap of events, earliest first; of one instant, in the
 * order in which they were planned.
 *
 * Pure.  An event is embedded in what it is about; the heap holds its instant, so that looking for
 * the earliest touches no event.
 */
#ifndef IO_SIM_AGENDA_H
#define IO_SIM_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_event sim_event;

/* Called when the instant has come; the event is no longer planned and may be planned again. */
typedef void sim_event_run(void *world, sim_event *event);

/* The zero value is not planned. */
struct sim_event {
    sim_event_run *run;
    uint32_t at; /* its row + 1; 0 = not planned */
    uint32_t spare;
};

typedef struct sim_agenda_row {
    int64_t when;
    uint64_t number; /* of those of one instant, the first planned comes first */
    sim_event *event;
} sim_agenda_row;

typedef struct sim_agenda {
    sim_agenda_row *rows;
    uint32_t count, room;
    uint64_t number;
} sim_agenda;

/* Plans an event for `when`; one that is planned already is moved.  False: no memory, it is not
 * planned. */
bool weir_sim_plan(sim_agenda *agenda, sim_event *event, int64_t when);

/* Makes room for so many events, so that planning does not fail before.  False: no memory. */
bool weir_sim_agenda_reserve(sim_agenda *agenda, uint32_t count);

/* Takes an event out; nothing if it is not planned. */
void weir_sim_unplan(sim_agenda *agenda, sim_event *event);

/* Takes the earliest event out, if it is planned for `now` or before; else NULL. */
sim_event *weir_sim_agenda_take(sim_agenda *agenda, int64_t now);

void weir_sim_agenda_end(sim_agenda *agenda);

/* The instant of the earliest event; INT64_MAX when there is none. */
static inline int64_t weir_sim_agenda_next(const sim_agenda *agenda)
{
    return agenda->count ? agenda->rows[0].when : INT64_MAX;
}

static inline bool weir_sim_planned(const sim_event *event)
{
    return event->at != 0;
}

#endif
