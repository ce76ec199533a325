/* SPDX-License-Identifier: MIT
 *
 * What every engine keeps of a task: identity, cancel request, scopes, membership.
 *
 * An engine embeds a record in its own control block.  (The members that are copied from a
 * weir_spawn stand in another order here: copied in pairs, as compilers like to, they would be read
 * before the two halves have left the store buffer.)  Actors: the task itself (scopes, check), any
 * thread (the cancel request, the token of a scope), the group's members (the list, under the
 * group's lock).
 *
 * Invariant: from weir_task_record_start to weir_task_record_end the record is reachable through
 * its handle or group and `interrupt` may be called on it, always under the lock of that handle or
 * group; after weir_task_record_end no new call can begin.  A scope that listens to a token reaches
 * it, too, until the scope is left.
 */
#ifndef IO_TASK_RECORD_H
#define IO_TASK_RECORD_H

#include <weir/base/error.h>
#include <weir/io/group.h>
#include <weir/io/io.h>
#include <weir/io/scope.h>

/* What a record's `canceled` says. */
enum {
    RECORD_REQUEST = 1, /* the task was asked to stop, and no operation has reported it yet */
    RECORD_TOKEN = 2,   /* the token of one of its scopes was canceled */
};

struct weir_task_record {
    weir_io *io;
    uint32_t canceled;      /* atomic: RECORD_… */
    uint16_t shield;        /* shields that the task is in */
    uint16_t caused;        /* whether `cause` is set */
    weir_deadline deadline; /* the earliest of the scopes that count; weir_never() */
    weir_scope *scope;      /* the innermost, or NULL */
    weir_task_fn *run;
    void *argument;
    weir_task *task;   /* the handle, or NULL */
    weir_group *group; /* the group, or NULL */
    const char *name;
    const char *place;
    weir_task_record *next, *previous; /* members of the group; the group's lock guards them */
    weir_cause cause;                  /* of the latest operation that was canceled or expired */
};

/* Fills the record and makes it reachable through its handle or group.  Before the task can run. */
void weir_task_record_start(weir_task_record *record, weir_io *io, const weir_spawn *spawn);

/* Publishes the result and wakes who waits for it; the handle or group may be gone afterwards. */
void weir_task_record_end(weir_task_record *record, int result);

/* Asks the task to stop and interrupts it.  Under the lock of its handle or group. */
void weir_task_record_request(weir_task_record *record);

/* Takes the request, or tells of a canceled token: WEIR_ECANCELED, and the cause is kept; 0 when
 * there is nothing that the task may see now.  By the task itself. */
int weir_task_report(weir_task_record *record);

/* Puts back what weir_task_report has just told, for an operation that succeeds after all: a
 * request is made again; a token fails the next operation by itself.  By the task itself. */
static inline void weir_task_put_back(weir_task_record *record)
{
    if (record->cause.kind == WEIR_CAUSE_REQUEST)
        __atomic_fetch_or(&record->canceled, RECORD_REQUEST, __ATOMIC_SEQ_CST);
}

/* Keeps the cause of an operation that expired at the earlier of its own deadline (0 or never:
 * none) and the scopes'.  Returns WEIR_EDEADLINE.  By the task itself. */
int weir_task_expired(weir_task_record *record, weir_deadline own);

/* Takes a pending request: WEIR_ECANCELED, else WEIR_EDEADLINE when `now` has reached the scope's
 * deadline, else 0.  By the task itself, at the begin of each operation and when an operation was
 * interrupted. */
static inline int weir_task_check(weir_task_record *record, weir_instant now)
{
    /* A relaxed look is enough: who asks interrupts a waiting task after the store. */
    if (__builtin_expect(__atomic_load_n(&record->canceled, __ATOMIC_RELAXED) != 0, 0)) {
        int error = weir_task_report(record);
        if (error) return error;
    }
    if (__builtin_expect(now.ns >= record->deadline.ns, 0))
        return weir_task_expired(record, weir_never());
    return 0;
}

/* Whether weir_task_report would tell of something.  Nothing is taken.  By the task itself, or on
 * its thread while it waits. */
bool weir_task_asked(const weir_task_record *record);

/* weir_group_cancel, after which members that are still added are asked to stop, too. */
void weir_group_close(weir_io *io, weir_group *group);

#endif
