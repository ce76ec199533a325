/* SPDX-License-Identifier: MIT
 *
 * Sets of tasks: members that leave their result in a list when they end.
 *
 * A member enters itself into the list of those that run when it begins and takes itself out when
 * it leaves its result; both and asking it to stop happen under the set's lock, so its handle is
 * alive whenever it is asked.  One that has not begun finds `stopping` when it does.
 *
 * Leaving the result is the member's last touch of the set, but not of its handle, which is in the
 * entry: taking a result therefore ends with a look at the handle, and rarely a short wait.  This
 * is why a set is not a weir_group: a group's member touches the group after its function has
 * returned, when the result that it left may have been taken and the group's memory be gone.
 */
#include <weir/sync/set.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "sync/waiting.h"
#include "sync/withdraw.h"

/* Lists: under the lock ----------------------------------------------------------------------- */

static void enter(weir_set *set, weir_set_entry *entry)
{
    entry->previous = NULL;
    entry->next = set->members;
    if (set->members) set->members->previous = entry;
    set->members = entry;
}

static void leave(weir_set *set, weir_set_entry *entry)
{
    *(entry->previous ? &entry->previous->next : &set->members) = entry->next;
    if (entry->next) entry->next->previous = entry->previous;
}

static void stop_members(weir_io *io, weir_set *set)
{
    set->stopping = 1;
    for (weir_set_entry *entry = set->members; entry; entry = entry->next)
        weir_cancel_request(io, &entry->task);
}

/* Ops that are to be completed once the lock is free. */
typedef struct woken {
    weir_op *taker;   /* has been given an entry */
    weir_op *nothing; /* chain: there will be no entry */
    weir_op *waiting; /* chain: none runs */
} woken;

static void complete(woken w)
{
    if (w.taker) weir_wait_complete(w.taker, 0);
    weir_wait_complete_all(w.nothing, WEIR_ENOENT);
    weir_wait_complete_all(w.waiting, 0);
}

/* One member less runs; `left` of it remains to be taken. */
static void count_out(weir_set *set, bool left, woken *w)
{
    if (!left && --set->count == 0) w->nothing = weir_wait_list_take_all(&set->takers);
    if (--set->running > 0) return;
    set->stopping = 0;
    w->waiting = weir_wait_list_take_all(&set->waiting);
}

static weir_set_entry *take_first(weir_set *set)
{
    weir_set_entry *entry = set->first;
    if (!entry) return NULL;
    set->first = entry->next;
    if (!set->first) set->last = NULL;
    set->count--;
    return entry;
}

/* Members ------------------------------------------------------------------------------------- */

static void begin(weir_io *io, weir_set *set, weir_set_entry *entry)
{
    weir_wait_lock(io, &set->lock);
    enter(set, entry);
    bool stops = set->stopping;
    weir_wait_unlock(io, &set->lock);
    if (stops) weir_recancel(io);
}

static void end(weir_io *io, weir_set *set, weir_set_entry *entry, int result)
{
    woken w = {0};
    weir_wait_lock(io, &set->lock);
    leave(set, entry);
    entry->result = result;
    entry->next = NULL;
    if (result < 0 && !set->error) set->error = result;
    if (result < 0 && set->fragile && !set->stopping) stop_members(io, set);
    w.taker = weir_wait_list_take(&set->takers);
    if (w.taker) {
        *(weir_set_entry **)w.taker->args.wait.value.pointer = entry;
    } else {
        *(set->last ? &set->last->next : &set->first) = entry;
        set->last = entry;
    }
    count_out(set, !w.taker, &w);
    weir_wait_unlock(io, &set->lock);
    complete(w);
}

static int run_member(weir_io *io, void *argument)
{
    weir_set_entry *entry = argument;
    weir_set *set = entry->set;
    begin(io, set, entry);
    int result = entry->run(io, entry->argument);
    end(io, set, entry, result);
    return result;
}

static int reserve(weir_io *io, weir_set *set)
{
    weir_wait_lock(io, &set->lock);
    bool full = set->limit > 0 && set->running >= set->limit;
    if (!full && set->count == 0) set->error = 0;
    if (!full) {
        set->count++;
        set->running++;
    }
    weir_wait_unlock(io, &set->lock);
    return full ? WEIR_ECONCURRENCY : 0;
}

int weir_set_spawn_at(weir_io *io, weir_set *set, weir_set_entry *entry, weir_task_fn *run,
                      void *argument, const weir_task_options *options, const char *place)
{
    int error = reserve(io, set);
    if (error) return error;
    entry->result = 0;
    entry->run = run;
    entry->argument = argument;
    entry->set = set;
    entry->next = entry->previous = NULL;
    error = weir_concurrent_at(io, &entry->task, run_member, entry, options, place);
    /* Once it runs the entry may be taken, and gone. */
    if (!error) return 0;
    woken w = {0};
    weir_wait_lock(io, &set->lock);
    count_out(set, false, &w);
    weir_wait_unlock(io, &set->lock);
    complete(w);
    return error;
}

/* Taking -------------------------------------------------------------------------------------- */

/* Takes an entry: 0, WEIR_ENOENT, or WEIR_EAGAIN: none has ended yet; `op` (may be NULL) waits. */
static int take(weir_io *io, weir_set *set, weir_set_entry **out, weir_op *op)
{
    int error = 0;
    weir_wait_lock(io, &set->lock);
    weir_set_entry *entry = take_first(set);
    if (entry) {
        *out = entry;
    } else if (set->count == 0) {
        error = WEIR_ENOENT;
    } else {
        error = WEIR_EAGAIN;
        if (op) weir_wait_list_append(&set->takers, op);
    }
    weir_wait_unlock(io, &set->lock);
    return error;
}

static bool start_taking(weir_io *io, weir_op *op)
{
    int error = take(io, op->args.wait.object, op->args.wait.value.pointer, op);
    if (error == WEIR_EAGAIN) return true;
    op->result = error;
    return false;
}

static bool stop_taking(weir_io *io, weir_op *op)
{
    weir_set *set = op->args.wait.object;
    return weir_sync_withdraw(io, &set->lock, &set->takers, op);
}

static const weir_wait_kind taking = {"set result", start_taking, stop_taking};

void weir_set_op(weir_op *op, weir_set *set, weir_set_entry **out)
{
    weir_wait_op(op, &taking, set, out);
}

void weir_set_settle(weir_io *io, weir_set_entry *entry)
{
    weir_scope shield;
    weir_shield(io, &shield);
    weir_await(io, &entry->task, NULL);
    weir_scope_leave(io, &shield);
}

int weir_set_next(weir_io *io, weir_set *set, weir_deadline deadline, weir_set_entry **out)
{
    int error = weir_check(io);
    if (error) return error;
    error = take(io, set, out, NULL);
    if (error == WEIR_EAGAIN) error = (int)weir_sync_wait(io, &taking, set, out, deadline);
    if (!error) weir_set_settle(io, *out);
    return error;
}

uint64_t weir_set_count(weir_io *io, weir_set *set)
{
    weir_wait_lock(io, &set->lock);
    uint64_t count = set->count;
    weir_wait_unlock(io, &set->lock);
    return count;
}

/* Waiting for all ----------------------------------------------------------------------------- */

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_set *set = op->args.wait.object;
    weir_wait_lock(io, &set->lock);
    bool waits = set->running > 0;
    if (waits) weir_wait_list_append(&set->waiting, op);
    weir_wait_unlock(io, &set->lock);
    if (!waits) op->result = 0;
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_set *set = op->args.wait.object;
    return weir_sync_withdraw(io, &set->lock, &set->waiting, op);
}

static const weir_wait_kind kind = {"set", start_waiting, stop_waiting};

/* Asks those that run to stop and waits for them. */
static void stop_all(weir_io *io, weir_set *set)
{
    weir_wait_lock(io, &set->lock);
    if (set->running > 0) stop_members(io, set);
    weir_wait_unlock(io, &set->lock);
    weir_sync_wait_shielded(io, &kind, set, NULL);
}

void weir_set_cancel(weir_io *io, weir_set *set, weir_set_destructor *destructor, void *context)
{
    stop_all(io, set);
    weir_scope shield;
    weir_shield(io, &shield);
    for (weir_set_entry *entry; take(io, set, &entry, NULL) == 0;) {
        weir_set_settle(io, entry);
        if (destructor) destructor(io, entry, context);
    }
    weir_scope_leave(io, &shield);
}

/* Makes errors stop the set, from now on or no longer. */
static void be_fragile(weir_io *io, weir_set *set, bool fragile)
{
    weir_wait_lock(io, &set->lock);
    set->fragile = fragile;
    if (fragile && set->error && set->running > 0) stop_members(io, set);
    weir_wait_unlock(io, &set->lock);
}

int weir_set_wait_all(weir_io *io, weir_set *set, weir_set_policy policy)
{
    if (policy == WEIR_SET_CANCEL) be_fragile(io, set, true);
    int error = (int)weir_sync_wait(io, &kind, set, NULL, weir_never());
    if (error) stop_all(io, set);
    weir_wait_lock(io, &set->lock);
    set->fragile = 0;
    if (!error && policy != WEIR_SET_COLLECT) error = set->error;
    weir_set_entry *entry = set->first;
    weir_wait_unlock(io, &set->lock);
    /* None runs, and nobody else takes: the list stands still. */
    for (; entry; entry = entry->next) weir_set_settle(io, entry);
    return error;
}
