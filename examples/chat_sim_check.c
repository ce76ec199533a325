/* SPDX-License-Identifier: MIT
 *
 * What must hold in a simulated chat; see chat_sim_check.h.
 */
#include "chat_sim_check.h"

#include <stdio.h>

void check_heard(person *me, const char *text)
{
    unsigned who, number;
    if (sscanf(text, "person-%u: %u", &who, &number) != 2) return; /* who came and left */
    weir_sim_trial *trial = me->world->trial;
    const said_line *lines = me->world->lines, *line = &lines[number];
    if (number >= LINES || who != number / PERSON_LINES || !line->stay ||
        (who == me->index && line->stay == me->stay)) {
        weir_sim_fail(trial, "person %u heard what nobody said: %s", me->index, text);
        return;
    }
    if (me->heard[number]) weir_sim_fail(trial, "person %u heard line %u twice", me->index, number);
    me->heard[number] = true;
    for (unsigned later = number + 1; later < LINES && lines[later].stay == line->stay; later++)
        if (me->heard[later] && later / PERSON_LINES == who)
            weir_sim_fail(trial, "person %u heard line %u after %u", me->index, number, later);
}

void check_missed(person *me, weir_instant asked)
{
    for (unsigned n = 0; n < LINES; n++) {
        const said_line *line = &me->world->lines[n];
        if (n / PERSON_LINES == me->index || line->said.ns <= me->joined.ns) continue;
        if (line->passed_on.ns && line->passed_on.ns < asked.ns && !me->heard[n])
            weir_sim_fail(me->world->trial, "person %u was here and has not heard line %u",
                          me->index, n);
    }
}

void check_end(chat_world *world)
{
    weir_sim_trial *trial = world->trial;
    const int64_t limit_s = trial->profile == WEIR_SIM_CALM ? 1 : 15;
    if (!world->closed) weir_sim_fail(trial, "the room has not closed");
    if (weir_sim_open_descriptors(world->server))
        weir_sim_fail(trial, "the server has left descriptors open");
    for (unsigned i = 0; i < PERSONS; i++) {
        const person *one = &world->persons[i];
        if (weir_sim_open_descriptors(one->host))
            weir_sim_fail(trial, "person %u has left descriptors open", i);
        if (!one->done) weir_sim_fail(trial, "person %u has not said all", i);
        if (world->cut && i > 0 && one->slowest.ns > weir_seconds(limit_s).ns)
            weir_sim_fail(trial, "person %u was held up", i);
    }
    for (unsigned n = 0; n < LINES && trial->profile == WEIR_SIM_CALM; n++)
        if (!world->lines[n].passed_on.ns && !(world->cut && n < PERSON_LINES))
            weir_sim_fail(trial, "line %u was not passed on", n);
}
