/* SPDX-License-Identifier: MIT
 *
 * The file in which failing seeds are kept: a line "SCENARIO PROFILE SEED" for each.
 */
#ifndef IO_SIM_RUNNER_KEEP_H
#define IO_SIM_RUNNER_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads up to `room` seeds of a scenario and profile.  Returns how many; without the file 0. */
size_t weir_sim_keep_read(const char *path, const char *scenario, const char *profile,
                          uint64_t *seeds, size_t room);

/* Puts `seeds` in place of those of the scenario and profile; the lines of others stay.  Several
 * processes may do so at a time.  Returns 0, or why the file cannot be written. */
int weir_sim_keep_write(const char *path, const char *scenario, const char *profile,
                        const uint64_t *seeds, size_t count);

#endif
