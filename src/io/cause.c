/* SPDX-License-Identifier: MIT
 *
 * The words for why an operation was canceled or expired.
 */
#include <weir/io/task.h>

#include <stdio.h>

#include <weir/base/time.h>
#include <weir/io/token.h>

static int print_deadline(const weir_cause *cause, char *out, size_t size)
{
    char length[WEIR_DURATION_ROOM];
    weir_duration_print(cause->length, length, sizeof length);
    const bool known = cause->length.ns > 0;
    return snprintf(out, size, "deadline%s%s%s%s passed", known ? " of " : "", known ? length : "",
                    cause->place ? " set at " : "", cause->place ? cause->place : "");
}

static int print_token(const weir_cause *cause, char *out, size_t size)
{
    const char *text = cause->text;
    if (!text) text = cause->reason == WEIR_REASON_TIMEOUT ? "its deadline passed" : NULL;
    return snprintf(out, size, "canceled%s%s%s%s%s", text ? ": " : "", text ? text : "",
                    cause->place ? " (scope of " : "", cause->place ? cause->place : "",
                    cause->place ? ")" : "");
}

size_t weir_cause_print(const weir_cause *cause, char *out, size_t size)
{
    int len = -1;
    switch (cause->kind) {
    case WEIR_CAUSE_NONE: len = snprintf(out, size, "not canceled"); break;
    case WEIR_CAUSE_REQUEST: len = snprintf(out, size, "asked to stop"); break;
    case WEIR_CAUSE_SCOPE: len = print_deadline(cause, out, size); break;
    case WEIR_CAUSE_DEADLINE:
        len = snprintf(out, size, "the operation's own deadline passed");
        break;
    case WEIR_CAUSE_TOKEN: len = print_token(cause, out, size); break;
    }
    if (len < 0) len = snprintf(out, size, "unknown cause");
    return (size_t)len;
}
