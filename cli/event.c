/* SPDX-License-Identifier: MIT
 *
 * One event as one line of JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "event.h"

/* Adds `"key":value`; leaves room for the end of the line. */
static void add(cli_event *event, const char *key, const char *value, size_t len)
{
    const size_t need = strlen(key) + len + 4;
    if (sizeof event->line - event->used < need + 3) return;
    event->used += (size_t)sprintf(event->line + event->used, "%s\"%s\":%.*s",
                                   event->used > 1 ? "," : "", key, (int)len, value);
}

void cli_event_begin(cli_event *event, const char *name)
{
    event->line[0] = '{';
    event->used = 1;
    cli_event_text(event, "event", name);
}

void cli_event_text(cli_event *event, const char *key, const char *value)
{
    char quoted[3072];
    const size_t len = cli_json_string(value, strlen(value), quoted, sizeof quoted);
    if (len > 0) add(event, key, quoted, len);
}

void cli_event_number(cli_event *event, const char *key, uint64_t value)
{
    char digits[24];
    add(event, key, digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu64, value));
}

void cli_event_seconds(cli_event *event, const char *key, double value)
{
    char digits[40];
    add(event, key, digits, (size_t)snprintf(digits, sizeof digits, "%.3f", value));
}

void cli_event_end(cli_event *event, FILE *to)
{
    memcpy(event->line + event->used, "}\n", 2);
    fwrite(event->line, 1, event->used + 2, to);
    fflush(to);
}
