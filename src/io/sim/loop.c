/* SPDX-License-Identifier: MIT
 *
 * The loop of a world: run who is ready, let happen what is due, jump to the next instant; and what
 * is done when no task can ever go on again.
 *
 * A deadlock (all tasks wait, nothing is planned), a livelock (too many operations without a
 * moment in which all tasks wait) and a world that goes on for longer than it may are told with a
 * dump of all tasks.  Then every task is asked to stop, so that the program cleans up and the run
 * ends with WEIR_EDEADLK; if that does not help, the run is abandoned: its tasks stay where they
 * are until the world is freed.
 */
#include <stdio.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/inspect.h>

#include "io/sim/node.h"
#include "io/sim/trace.h"

enum { GRACE_HOURS = 1 }; /* of virtual time, to clean up when a world was to end */

void weir_sim_settle(world *w)
{
    while (w->asked_first || w->stirred || (w->handed && !w->handing)) {
        weir_sim_fiber_ask(w);
        weir_sim_queue_hand_over(w);
        weir_sim_nodes_retry(w);
    }
}

static void happen(world *w)
{
    for (sim_event *event; (event = weir_sim_agenda_take(&w->agenda, w->now));) {
        sim_note_down(w, NOTE_EVENT, (uint64_t)w->now, w->agenda.count);
        event->run(w, event);
        weir_sim_settle(w);
    }
}

static void ask_to_stop(void *argument, fiber *f)
{
    (void)argument;
    f->record.canceled |= RECORD_REQUEST;
    weir_sim_interrupt(&f->host->io, &f->record);
}

/* The tasks cannot or must not go on: tells so, and has them stop. */
static void give_up(world *w, const char *what)
{
    if (!w->wrong) w->wrong = what;
    weir_sim_trace_wrong(w, "the world %s", what);
    if (!w->options.quiet) {
        fprintf(stderr, "weir: the simulated world %s at %lld ns (seed %llu)\n", what,
                (long long)(w->now - SIM_START_NS), (unsigned long long)w->options.seed);
    }
    if (w->error) {
        w->abandoned = true;
        return;
    }
    /* First: from now on a list of tasks has those of all hosts. */
    w->error = WEIR_EDEADLK;
    if (!w->options.quiet) weir_dump(&w->hosts->io, STDERR_FILENO);
    w->steps = 0;
    w->limit = WEIR_FOREVER_NS;
    if (w->now < WEIR_FOREVER_NS - GRACE_HOURS * INT64_C(3600000000000))
        w->limit = w->now + GRACE_HOURS * INT64_C(3600000000000);
    weir_sim_each_fiber(w, ask_to_stop, NULL);
}

static bool is_over(const world *w)
{
    return w->abandoned || (w->root_ended && w->spawned == w->finished);
}

/* All tasks wait: the clock jumps to what comes next. */
static void jump(world *w)
{
    const int64_t next = weir_sim_agenda_next(&w->agenda);
    if (next == INT64_MAX || weir_sim_only_keepalive(w)) {
        give_up(w, "is in a deadlock");
        return;
    }
    if (next > w->limit) {
        give_up(w, "has not ended by its limit of time");
        return;
    }
    w->hosts->counts.sleeps++;
    w->steps = 0;
    if (next > w->now) {
        w->now = next;
        sim_note_down(w, NOTE_JUMP, (uint64_t)next, 0);
    }
}

void weir_sim_loop(world *w)
{
    for (;;) {
        weir_sim_settle(w);
        happen(w);
        if (is_over(w)) return;
        if (w->steps > w->options.patience) give_up(w, "is in a livelock");
        fiber *f = weir_sim_fiber_pick(w);
        if (f) {
            weir_sim_fiber_run(w, f);
        } else if (!w->asked_first) {
            jump(w);
        }
    }
}
