/* SPDX-License-Identifier: MIT
 *
 * One event as one line of JSON: {"event":"connected","peer":"127.0.0.1:80"}
 */
#ifndef CLI_EVENT_H
#define CLI_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A line in the making; what does not fit any more is left out, a whole member at a time. */
typedef struct cli_event {
    char line[4096];
    size_t used;
} cli_event;

void cli_event_begin(cli_event *event, const char *name);
void cli_event_text(cli_event *event, const char *key, const char *value);
void cli_event_number(cli_event *event, const char *key, uint64_t value);
void cli_event_seconds(cli_event *event, const char *key, double value);

/* Writes the line at once, so that a reader of a pipe has it now. */
void cli_event_end(cli_event *event, FILE *to);

#endif
