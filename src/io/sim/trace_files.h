/* SPDX-License-Identifier: MIT
 *
 * What the runner writes of a single seed: its text and its picture; and how it tells of files and
 * words that it was given.
 */
#ifndef IO_SIM_TRACE_FILES_H
#define IO_SIM_TRACE_FILES_H

#include <weir/base/utf8.h>
#include <weir/io/sim/runner.h>

/* The zero value writes nothing. */
typedef struct sim_trace_files {
    const char *scenario;       /* its name, or NULL */
    const char *text, *picture; /* paths, "-" is standard output; or NULL */
    weir_sim_view view;
} sim_trace_files;

/* Reads "FROM..UNTIL" in seconds, either of which may be missing. */
bool weir_sim_trace_files_window(sim_trace_files *files, const char *text);

/* Whether its files can be written; else why, on standard error. */
bool weir_sim_trace_files_check(const sim_trace_files *files);

/* Before the trial: has it recorded.  A text of all is written while it runs, so that it is there
 * when the trial ends its process. */
void weir_sim_trace_files_open(const sim_trace_files *files, weir_sim_trial *trial);

/* After it, while its world is still there.  What cannot be written is told on standard error, and
 * sets trial->unwritten. */
void weir_sim_trace_files_close(const sim_trace_files *files, weir_sim_trial *trial);

/* Whether a file of an option can be written; else why, on standard error.  Makes one that is not
 * there.  What is no regular file is refused, or left for the time when it is written. */
bool weir_sim_file_check(const char *option, const char *path, bool regular);

/* Tells that it was not. */
void weir_sim_file_complain(const char *option, const char *path, int error);

enum { SIM_SHOWN = 1024 };

/* A word of the command line, for a message: nothing in it moves a terminal's cursor. */
static inline const char *sim_shown(const char *word, size_t length, char out[SIM_SHOWN])
{
    weir_utf8_show(weir_bytes_of(word, length), out, SIM_SHOWN);
    return out;
}

#endif
