/* SPDX-License-Identifier: MIT
 *
 * Debounce and throttle: the source is asked with a deadline of ours, and WEIR_EDEADLINE before
 * that deadline is the caller's own.
 */
#include <weir/sync/pace.h>

#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

/* Asks the source for an item, which replaces the one that is held. */
static int pull(weir_io *io, const weir_pace_source *from, weir_pace_state *state,
                weir_deadline deadline)
{
    int error = from->next(io, from->source, from->held, deadline);
    if (error >= 0) {
        state->full = true;
        return 0;
    }
    if (error != WEIR_EDEADLINE && error != WEIR_ECANCELED) state->ended = error;
    return error;
}

static int give(const weir_pace_source *from, weir_pace_state *state, void *item)
{
    memcpy(item, from->held, from->size);
    state->full = false;
    return 0;
}

int weir_debounce_next(weir_io *io, void *debounce, void *item, weir_deadline deadline)
{
    weir_debounce *d = debounce;
    weir_pace_state *s = &d->state;
    for (;;) {
        if (s->ended) return s->full ? give(&d->from, s, item) : s->ended;
        int error = pull(io, &d->from, s, s->full ? weir_instant_min(s->due, deadline) : deadline);
        if (error == 0) s->due = weir_deadline_after(io, d->quiet);
        if (error == WEIR_EDEADLINE && s->full &&
            weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= s->due.ns)
            return give(&d->from, s, item);
        if (error == WEIR_EDEADLINE || error == WEIR_ECANCELED) return error;
    }
}

int weir_throttle_next(weir_io *io, void *throttle, void *item, weir_deadline deadline)
{
    weir_throttle *t = throttle;
    weir_pace_state *s = &t->state;
    weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    /* A caller that comes late is given the latest of what has come meanwhile, looking for it no
     * longer than a period: the source may always have another. */
    bool first = s->due.ns == 0, late = now.ns >= s->due.ns;
    weir_instant until = late ? weir_instant_add(now, t->period) : s->due;
    for (;;) {
        now = weir_now(io, WEIR_CLOCK_MONOTONIC);
        if (s->ended && !s->full) return s->ended;
        if (s->full && (s->ended || first || now.ns >= until.ns)) break;
        weir_deadline limit = weir_instant_min(late ? now : s->due, deadline);
        int error = pull(io, &t->from, s, s->full ? limit : deadline);
        if (error == WEIR_ECANCELED) return error;
        if (error != WEIR_EDEADLINE) continue;
        if (!s->full || weir_now(io, WEIR_CLOCK_MONOTONIC).ns < s->due.ns) return error;
        break;
    }
    s->due = weir_deadline_after(io, t->period);
    return give(&t->from, s, item);
}
