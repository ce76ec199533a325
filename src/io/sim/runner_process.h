/* SPDX-License-Identifier: MIT
 *
 * A process for trials: it ends with the runner, and is watched by it.
 *
 *      runner                                  process
 *        start ───────────────── fork ──────────▶ mark(true), a trial, mark(false), …
 *        look: over the limit? ── SIGALRM ──────▶ tells where it is, ends
 *              still there?    ── SIGKILL ──────▶
 *
 * It stays in the group of the runner, so that ^C and ^Z of a terminal reach it; the kernel kills
 * it when the runner dies in another way (PR_SET_PDEATHSIG).
 */
#ifndef IO_SIM_RUNNER_PROCESS_H
#define IO_SIM_RUNNER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* In memory that both share. */
typedef struct sim_process {
    int64_t limit; /* ns for a trial; 0: any.  The runner's, as all until `begun` */
    pid_t id;      /* 0: there is none */
    int64_t asked; /* the instant at which it was sent SIGALRM, or 0 … */
    int64_t about; /* … and the trial that was meant */
    int status;
    int64_t begun; /* the process's: the instant at which its trial began, or 0 */
    bool late;     /* it tells where it is, and ends */
    bool ended;    /* it has come to its end by itself */
} sim_process;

/* The time that a limit counts. */
int64_t weir_sim_real_ns(void);

/* Between the two, what the others below need is in place; for the thread that starts processes. */
void weir_sim_processes_open(void);
void weir_sim_processes_close(void);

/* As fork(2), but for `process->id`, which is set in the runner. */
pid_t weir_sim_process_start(sim_process *process);

/* In the process: a trial begins, or has ended. */
void weir_sim_process_mark(sim_process *process, bool begins);

/* In the process: leaves it, as who has done what it was to do. */
_Noreturn void weir_sim_process_end(sim_process *process);

/* Whether the process has ended; *id is 0 then.  Sees to the limit. */
bool weir_sim_process_look(sim_process *process);

/* How it has failed, when it did: the text is put in `out`.  False: it has ended by itself. */
bool weir_sim_process_failed(const sim_process *process, char *out, size_t room);

/* Waits for a moment, which the end of a process makes shorter. */
void weir_sim_processes_wait(void);

/* In the calling process: tells where a trial is that takes longer than `limit` ns, and ends. */
void weir_sim_limit_here(int64_t limit);

#endif
