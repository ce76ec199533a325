/* SPDX-License-Identifier: MIT
 *
 * Starting a child, as work for a thread that may block: descriptors, posix_spawn(3), the pidfd.
 */
#ifndef PROCESS_SPAWN_H
#define PROCESS_SPAWN_H

#include <weir/process/process.h>

/* One start: what is asked, and what came of it. */
typedef struct process_spawn {
    const weir_process_options *options;
    int ours[3];    /* result: our ends of pipes, non-blocking, or -1 */
    int theirs[3];  /* what becomes the child's 0, 1, 2; -1: nothing is put there */
    bool opened[3]; /* `theirs` was opened here, and is closed here */
    int pid, pidfd; /* result */
} process_spawn;

/* A weir_work_fn: 0, or a negative error and nothing is left of the attempt. */
int64_t process_spawn_run(void *argument);

#endif
