/* SPDX-License-Identifier: MIT
 *
 * Does the agenda give events in the order of their instants, and those of one instant in the order
 * of planning, whatever is taken out or moved meanwhile?
 */
#include "io/sim/agenda.h"

#include <stdlib.h>

#include "test/harness/test.h"

enum { EVENTS = 500, STEPS = 20000 };

typedef struct planned {
    sim_event event; /* first */
    int64_t when;
    uint64_t number; /* of the plan */
} planned;

/* The one that should come next, looked for the slow way. */
static planned *earliest(planned *all)
{
    planned *best = NULL;
    for (int i = 0; i < EVENTS; i++) {
        planned *p = &all[i];
        if (!weir_sim_planned(&p->event)) continue;
        if (!best || p->when < best->when || (p->when == best->when && p->number < best->number))
            best = p;
    }
    return best;
}

TEST(sim_agenda_agrees_with_a_list_that_is_searched)
{
    static planned all[EVENTS];
    sim_agenda agenda = {0};
    uint64_t seed = test_seed(), number = 0;
    for (int step = 0; step < STEPS; step++) {
        planned *p = &all[test_random(&seed) % EVENTS];
        switch (test_random(&seed) % 4) {
        case 0:
        case 1:
            p->when = (int64_t)(test_random(&seed) % 100);
            p->number = number++;
            assert_true(weir_sim_plan(&agenda, &p->event, p->when));
            break;
        case 2: weir_sim_unplan(&agenda, &p->event); break;
        default: {
            planned *expected = earliest(all);
            const int64_t next = weir_sim_agenda_next(&agenda);
            assert_int_equal(next, expected ? expected->when : INT64_MAX);
            if (!expected) break;
            assert_null(weir_sim_agenda_take(&agenda, next - 1));
            assert_ptr_equal(weir_sim_agenda_take(&agenda, next), &expected->event);
        }
        }
    }
    weir_sim_agenda_end(&agenda);
}
