/* SPDX-License-Identifier: MIT
 *
 * Does a readers-writer lock keep writers alone and readers together, in the order of arrival,
 * whatever is canceled or expires meanwhile?
 */
#include "test/contract/sync_wait.h"

#include <weir/sync/rwlock.h>

/* A task that takes the lock, says so, and gives it back when told. */
typedef struct holder {
    weir_task task;
    weir_rwlock *lock;
    weir_deadline deadline;
    bool writes, uncancelable;
    uint32_t has, leave;
    int result, later;
} holder;

static int take(weir_io *io, holder *h)
{
    if (h->uncancelable)
        return h->writes ? weir_rwlock_lock_uncancelable(io, h->lock)
                         : weir_rwlock_lock_shared_uncancelable(io, h->lock);
    if (weir_is_never(h->deadline))
        return h->writes ? weir_rwlock_lock(io, h->lock) : weir_rwlock_lock_shared(io, h->lock);
    return h->writes ? weir_rwlock_lock_until(io, h->lock, h->deadline)
                     : weir_rwlock_lock_shared_until(io, h->lock, h->deadline);
}

static int hold(weir_io *io, void *argument)
{
    holder *h = argument;
    h->result = take(io, h);
    if (h->uncancelable) h->later = weir_yield(io);
    contract_raise(io, &h->has);
    if (h->result) return 0;
    check_int(contract_reached(io, &h->leave, 1), 0);
    check_int(h->writes ? weir_rwlock_unlock(io, h->lock) : weir_rwlock_unlock_shared(io, h->lock),
              0);
    return 0;
}

static bool waiting(weir_io *io, weir_rwlock *l, unsigned count)
{
    return sync_await_waiting(io, &l->lock, &l->waiting, count);
}

static void begin(weir_io *io, holder *h, weir_rwlock *lock, char kind)
{
    *h = (holder){.lock = lock, .writes = kind == 'w', .deadline = weir_never(), .result = 4711};
    check_int(weir_concurrent(io, &h->task, hold, h, NULL), 0);
}

/* Starts holders, 'r' or 'w' each, one after the other, all of which have to wait. */
static void queue_up(weir_io *io, weir_rwlock *lock, holder *holders, const char *kinds)
{
    for (unsigned i = 0; kinds[i]; i++) {
        begin(io, &holders[i], lock, kinds[i]);
        waiting(io, lock, i + 1);
    }
}

static bool has_it(holder *h)
{
    return __atomic_load_n(&h->has, __ATOMIC_SEQ_CST) != 0;
}

static void comes_to(weir_io *io, holder *h, int result)
{
    contract_at("the lock of a holder", h->writes);
    check_int(contract_reached(io, &h->has, 1), 0);
    check_int(h->result, result);
}

static void leaves(weir_io *io, holder *h)
{
    contract_raise(io, &h->leave);
    check_int(weir_await(io, &h->task, NULL), 0);
}

static void is_free(weir_rwlock *lock)
{
    check_int(lock->state, 0);
    check(!lock->waiting.first && !lock->waiting.last);
}

CONTRACT(readers_share_and_a_writer_is_alone)
{
    weir_rwlock lock = {0};
    check_int(weir_rwlock_lock_shared(io, &lock), 0);
    check(weir_rwlock_try_shared(io, &lock));
    check_int(weir_rwlock_lock_shared_until(io, &lock, (weir_deadline){0}), 0);
    check(!weir_rwlock_try(io, &lock));
    check_int(weir_rwlock_lock_until(io, &lock, (weir_deadline){0}), WEIR_EDEADLINE);
    for (int i = 0; i < 3; i++) check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    check_int(weir_rwlock_lock(io, &lock), 0);
    check(!weir_rwlock_try(io, &lock));
    check(!weir_rwlock_try_shared(io, &lock));
    check_int(weir_rwlock_lock_shared_until(io, &lock, (weir_deadline){0}), WEIR_EDEADLINE);
    check_int(weir_rwlock_unlock(io, &lock), 0);
    check_int(weir_rwlock_lock_until(io, &lock, (weir_deadline){0}), 0);
    check_int(weir_rwlock_unlock(io, &lock), 0);
    is_free(&lock);
}

CONTRACT(unlocking_what_is_not_held_is_refused_and_changes_nothing)
{
    weir_rwlock lock = {0};
    check_int(weir_rwlock_unlock(io, &lock), WEIR_EOWNER);
    check_int(weir_rwlock_unlock_shared(io, &lock), WEIR_EOWNER);
    check(weir_rwlock_try(io, &lock));
    check_int(weir_rwlock_unlock_shared(io, &lock), WEIR_EOWNER);
    holder h[2];
    queue_up(io, &lock, h, "rw");
    check_int(weir_rwlock_unlock_shared(io, &lock), WEIR_EOWNER);
    check(!has_it(&h[0]) && !has_it(&h[1]));
    check_int(weir_rwlock_unlock(io, &lock), 0);
    comes_to(io, &h[0], 0);
    waiting(io, &lock, 1);
    check_int(weir_rwlock_unlock(io, &lock), WEIR_EOWNER);
    check(!has_it(&h[1]));
    leaves(io, &h[0]);
    comes_to(io, &h[1], 0);
    leaves(io, &h[1]);
    is_free(&lock);
}

CONTRACT(one_reader_too_many_waits_for_another_to_leave)
{
    const uint32_t full = (uint32_t)WEIR_RWLOCK_READERS_MAX * WEIR_RWLOCK_READER;
    weir_rwlock lock = {.state = full - WEIR_RWLOCK_READER};
    check(weir_rwlock_try_shared(io, &lock));
    check(!weir_rwlock_try_shared(io, &lock));
    check(!weir_rwlock_try(io, &lock));
    holder h[1];
    queue_up(io, &lock, h, "r");
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    comes_to(io, &h[0], 0);
    check_int(lock.state, full);
    leaves(io, &h[0]);
    check_int(lock.state, full - WEIR_RWLOCK_READER);
}

CONTRACT(a_waiting_writer_holds_new_readers_off)
{
    weir_rwlock lock = {0};
    check_int(weir_rwlock_lock_shared(io, &lock), 0);
    check_int(weir_rwlock_lock_shared(io, &lock), 0);
    holder h[2];
    queue_up(io, &lock, h, "wr");
    check(!weir_rwlock_try_shared(io, &lock));
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    waiting(io, &lock, 2);
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    comes_to(io, &h[0], 0);
    waiting(io, &lock, 1);
    check(!has_it(&h[1]));
    leaves(io, &h[0]);
    comes_to(io, &h[1], 0);
    check(weir_rwlock_try_shared(io, &lock));
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    leaves(io, &h[1]);
    is_free(&lock);
}

CONTRACT(readers_next_to_each_other_go_together_and_writers_in_turn)
{
    weir_rwlock lock = {0};
    check_int(weir_rwlock_lock(io, &lock), 0);
    holder h[7];
    queue_up(io, &lock, h, "rrrwwrr");
    check_int(weir_rwlock_unlock(io, &lock), 0);
    for (int i = 0; i < 3; i++) comes_to(io, &h[i], 0);
    waiting(io, &lock, 4);
    for (int i = 2; i >= 0; i--) {
        check(!has_it(&h[3]));
        leaves(io, &h[i]);
    }
    comes_to(io, &h[3], 0);
    waiting(io, &lock, 3);
    leaves(io, &h[3]);
    comes_to(io, &h[4], 0);
    waiting(io, &lock, 2);
    leaves(io, &h[4]);
    comes_to(io, &h[5], 0);
    comes_to(io, &h[6], 0);
    leaves(io, &h[6]);
    leaves(io, &h[5]);
    is_free(&lock);
}

CONTRACT(a_canceled_writer_lets_the_readers_behind_it_in)
{
    weir_rwlock lock = {0};
    check_int(weir_rwlock_lock_shared(io, &lock), 0);
    holder h[4];
    queue_up(io, &lock, h, "wrrw");
    weir_cancel_request(io, &h[0].task);
    comes_to(io, &h[0], WEIR_ECANCELED);
    comes_to(io, &h[1], 0);
    comes_to(io, &h[2], 0);
    waiting(io, &lock, 1);
    leaves(io, &h[1]);
    leaves(io, &h[2]);
    check(!has_it(&h[3]));
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    comes_to(io, &h[3], 0);
    leaves(io, &h[3]);
    check_int(weir_await(io, &h[0].task, NULL), 0);
    is_free(&lock);
}

CONTRACT(whoever_is_canceled_leaves_the_other_waiters_in_order)
{
    for (unsigned gone = 0; gone < 4; gone++) {
        weir_rwlock lock = {0};
        check_int(weir_rwlock_lock(io, &lock), 0);
        holder h[4];
        queue_up(io, &lock, h, "rwwr");
        weir_cancel_request(io, &h[gone].task);
        comes_to(io, &h[gone], WEIR_ECANCELED);
        check_int(weir_await(io, &h[gone].task, NULL), 0);
        waiting(io, &lock, 3);
        check_int(weir_rwlock_unlock(io, &lock), 0);
        for (unsigned i = 0; i < 4; i++) {
            if (i == gone) continue;
            comes_to(io, &h[i], 0);
            leaves(io, &h[i]);
        }
        is_free(&lock);
    }
}

CONTRACT(a_writer_whose_deadline_passes_lets_the_readers_behind_it_in)
{
    weir_rwlock lock = {0};
    check_int(weir_rwlock_lock_shared(io, &lock), 0);
    holder w = {.lock = &lock, .writes = true}, r;
    w.deadline = weir_deadline_after(io, weir_milliseconds(20));
    check_int(weir_concurrent(io, &w.task, hold, &w, NULL), 0);
    contract_settle(io);
    begin(io, &r, &lock, 'r');
    comes_to(io, &w, WEIR_EDEADLINE);
    comes_to(io, &r, 0);
    leaves(io, &r);
    check_int(weir_await(io, &w.task, NULL), 0);

    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_rwlock_lock(io, &lock), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    is_free(&lock);
}

CONTRACT(an_uncancelable_rwlock_keeps_the_request_for_later)
{
    for (int writes = 0; writes < 2; writes++) {
        weir_rwlock lock = {0};
        check_int(weir_rwlock_lock_uncancelable(io, &lock), 0);
        holder h = {.lock = &lock, .writes = writes, .uncancelable = true};
        check_int(weir_concurrent(io, &h.task, hold, &h, NULL), 0);
        waiting(io, &lock, 1);
        weir_cancel_request(io, &h.task);
        contract_settle(io);
        check(!has_it(&h));
        check_int(weir_rwlock_unlock(io, &lock), 0);
        comes_to(io, &h, 0);
        check_int(h.later, WEIR_ECANCELED);
        leaves(io, &h);
        is_free(&lock);
    }
}

CONTRACT(a_select_over_an_rwlock_holds_what_it_got)
{
    weir_rwlock lock = {0};
    weir_op op;
    weir_deadline late = weir_deadline_after(io, weir_seconds(90000));
    weir_rwlock_shared_op(&op, &lock);
    check_int(sync_select_with_timer(io, &op, late), 0);
    weir_rwlock_op(&op, &lock);
    check_int(sync_select_with_timer(io, &op, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_ECANCELED);
    check_int(weir_rwlock_unlock_shared(io, &lock), 0);
    weir_rwlock_op(&op, &lock);
    check_int(sync_select_with_timer(io, &op, late), 0);
    weir_rwlock_shared_op(&op, &lock);
    check_int(sync_select_with_timer(io, &op, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_ECANCELED);
    check_int(weir_rwlock_unlock(io, &lock), 0);
    is_free(&lock);
}

typedef struct shared {
    weir_rwlock lock;
    uint64_t left, right; /* equal but while a writer is in */
    uint32_t readers, writers;
    uint64_t written;
    unsigned rounds;
} shared;

static int lock_somehow(weir_io *io, weir_rwlock *l, bool writes, uint64_t *seed)
{
    weir_op op;
    weir_deadline soon = sync_soon(io, seed, 200);
    switch (test_random(seed) % 6) {
    case 0: return (writes ? weir_rwlock_try(io, l) : weir_rwlock_try_shared(io, l)) - 1;
    case 1:
        return writes ? weir_rwlock_lock_until(io, l, soon)
                      : weir_rwlock_lock_shared_until(io, l, soon);
    case 2:
        return writes ? weir_rwlock_lock_uncancelable(io, l)
                      : weir_rwlock_lock_shared_uncancelable(io, l);
    case 3:
        writes ? weir_rwlock_op(&op, l) : weir_rwlock_shared_op(&op, l);
        return (int)sync_select_with_timer(io, &op, soon);
    default: return writes ? weir_rwlock_lock(io, l) : weir_rwlock_lock_shared(io, l);
    }
}

static void write_once(weir_io *io, shared *all, uint64_t *seed)
{
    check_int(__atomic_add_fetch(&all->writers, 1, __ATOMIC_SEQ_CST), 1);
    check_int(__atomic_load_n(&all->readers, __ATOMIC_SEQ_CST), 0);
    all->left++;
    contract_spin((unsigned)(test_random(seed) % 200));
    if (test_random(seed) % 4 == 0) contract_yield(io);
    all->right++;
    all->written++;
    check_int(__atomic_sub_fetch(&all->writers, 1, __ATOMIC_SEQ_CST), 0);
    check_int(weir_rwlock_unlock(io, &all->lock), 0);
}

static void read_once(weir_io *io, shared *all, uint64_t *seed)
{
    __atomic_add_fetch(&all->readers, 1, __ATOMIC_SEQ_CST);
    uint64_t left = all->left;
    contract_spin((unsigned)(test_random(seed) % 200));
    if (test_random(seed) % 4 == 0) contract_yield(io);
    check_int(__atomic_load_n(&all->writers, __ATOMIC_SEQ_CST), 0);
    check_int(all->right, left);
    __atomic_sub_fetch(&all->readers, 1, __ATOMIC_SEQ_CST);
    check_int(weir_rwlock_unlock_shared(io, &all->lock), 0);
}

static int read_and_write(weir_io *io, void *argument)
{
    sync_actor *self = argument;
    shared *all = self->object;
    for (unsigned i = 0; i < all->rounds && !contract_failed(); i++) {
        bool writes = test_random(&self->seed) % 3 == 0;
        int error = lock_somehow(io, &all->lock, writes, &self->seed);
        if (error) {
            check(error == WEIR_ECANCELED || error == WEIR_EDEADLINE || error == -1);
        } else if (writes) {
            write_once(io, all, &self->seed);
        } else {
            read_once(io, all, &self->seed);
        }
    }
    return 0;
}

CONTRACT(readers_never_meet_a_writer_whatever_happens)
{
    shared all = {.rounds = 4000};
    sync_stress(io, read_and_write, &all, 2000);
    is_free(&all.lock);
    check_int(all.left, all.written);
    check_int(all.right, all.written);
}

/* Holds the lock shared until the other of two has it, too, then lets it go and takes it again
 * before that one does, so that it is never free of readers by itself. */
typedef struct relay {
    weir_rwlock lock;
    uint32_t stop;
    uint32_t turns;
} relay;

static int read_for_ever(weir_io *io, void *argument)
{
    relay *r = argument;
    while (!__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST)) {
        check_int(weir_rwlock_lock_shared(io, &r->lock), 0);
        uint32_t turn = __atomic_add_fetch(&r->turns, 1, __ATOMIC_SEQ_CST);
        for (int i = 0; i < 50 && __atomic_load_n(&r->turns, __ATOMIC_SEQ_CST) == turn; i++)
            contract_yield(io);
        check_int(weir_rwlock_unlock_shared(io, &r->lock), 0);
    }
    return 0;
}

CONTRACT(readers_and_writers_both_progress)
{
    relay r = {0};
    weir_task readers[3];
    for (int i = 0; i < 3; i++)
        check_int(weir_concurrent(io, &readers[i], read_for_ever, &r, NULL), 0);
    for (unsigned i = 0; i < 50 && (i < 5 || contract_is_early()); i++) {
        contract_at("turns of a writer among readers", i);
        uint32_t before = __atomic_load_n(&r.turns, __ATOMIC_SEQ_CST);
        check_int(weir_rwlock_lock(io, &r.lock), 0);
        check_int(weir_rwlock_unlock(io, &r.lock), 0);
        while (__atomic_load_n(&r.turns, __ATOMIC_SEQ_CST) == before) weir_yield(io);
    }
    __atomic_store_n(&r.stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 3; i++) check_int(weir_await(io, &readers[i], NULL), 0);
    is_free(&r.lock);
}

/* Writes and reads by turns with others, so that most have to wait. */
static int pass_round(weir_io *io, void *argument)
{
    weir_rwlock *lock = argument;
    for (unsigned i = 0; i < 200; i++) {
        check_int(weir_rwlock_lock(io, lock), 0);
        contract_yield(io);
        check_int(weir_rwlock_unlock(io, lock), 0);
        check_int(weir_rwlock_lock_shared(io, lock), 0);
        check_int(weir_rwlock_unlock_shared(io, lock), 0);
    }
    return 0;
}

CONTRACT(waiting_for_an_rwlock_allocates_nothing)
{
    weir_rwlock lock = {0};
    weir_task tasks[3];
    size_t before = 0;
    for (int time = 0; time < 2; time++) {
        check_int(weir_rwlock_lock(io, &lock), 0);
        for (int i = 0; i < 3; i++)
            check_int(weir_concurrent(io, &tasks[i], pass_round, &lock, NULL), 0);
        waiting(io, &lock, 3);
        before = test_alloc_count();
        check_int(weir_rwlock_unlock(io, &lock), 0);
        for (int i = 0; i < 3; i++) check_int(weir_await(io, &tasks[i], NULL), 0);
    }
    check_int(test_alloc_count() - before, 0);
}
