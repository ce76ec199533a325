/* SPDX-License-Identifier: MIT
 *
 * The evented engine's core for the model checker: its real sources, compiled with the accesses of
 * test/model/atomics.h; only kernel, stacks and spin locks are the model's.
 */
#ifndef WEIR_TEST_MODEL_EVENTED_H
#define WEIR_TEST_MODEL_EVENTED_H

#include "io/evented/engine.h"
#include "test/model/checker.h"

enum { MODEL_WORKERS = 2 };

extern engine model_engine;
extern worker model_workers[MODEL_WORKERS];

/* Of the model, not the engine: the thread-local variable for model_scenario.local. */
void **model_evented_local(void);

/* A fresh engine with so many workers, and names for its words.  From begin. */
void model_evented_begin(unsigned workers);

/* Makes the calling thread that of worker `index`, and runs its loop until the engine stops; what
 * is left in the inbox is then read, as weir_evented_worker_close does. */
void model_evented_serve(unsigned index);

/* What sleep_now, read_inbox, wake and weir_inbox_push are to the engine. */
void model_evented_sleep(worker *w);
void model_evented_read_inbox(worker *w);
void model_evented_wake(worker *w);
void model_evented_push(worker *w, weir_inbox_message *message, weir_inbox_message_kind kind);

/* How many stacks were taken, and how many given back.  Each is used once in a schedule. */
unsigned model_stacks_taken(void);
unsigned model_stacks_back(void);

/* weir_cancel_request (io/task.c), and asking whether a handle's task has ended. */
void model_cancel_request(weir_task *task);

/* Starts a task as worker `index` would. */
void model_spawn(unsigned index, weir_task *task, weir_task_fn *run, int where, const char *name);

/* Waits, in a task, until it is asked to stop: a weir_sleep without an end. */
int model_wait_for_request(weir_io *io);

#endif
