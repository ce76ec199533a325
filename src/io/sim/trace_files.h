/* SPDX-License-Identifier: MIT
 *
 * What the runner writes of a single seed: its text and its picture.
 */
#ifndef IO_SIM_TRACE_FILES_H
#define IO_SIM_TRACE_FILES_H

#include <weir/io/sim/runner.h>

/* The zero value writes nothing. */
typedef struct sim_trace_files {
    const char *scenario;       /* its name, or NULL */
    const char *text, *picture; /* paths, "-" is standard output; or NULL */
    weir_sim_view view;
} sim_trace_files;

/* Reads "FROM..UNTIL" in seconds, either of which may be missing. */
bool weir_sim_trace_files_window(sim_trace_files *files, const char *text);

/* Before the trial: has it recorded.  A text of all is written while it runs, so that it is there
 * when the trial ends its process. */
void weir_sim_trace_files_open(const sim_trace_files *files, weir_sim_trial *trial);

/* After it, while its world is still there.  What cannot be written is told on standard error. */
void weir_sim_trace_files_close(const sim_trace_files *files, weir_sim_trial *trial);

#endif
