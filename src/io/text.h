/* SPDX-License-Identifier: MIT
 *
 * Text for people that grows as it is written: dumps and reports.
 */
#ifndef IO_TEXT_H
#define IO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/base/time.h>

enum { WEIR_DURATION_TEXT = 32 };

/* The zero value is empty; weir_text_free ends it. */
typedef struct weir_text {
    char *data; /* NUL-terminated once something was added */
    size_t len, room;
    bool failed; /* there was no memory: the text is shorter than asked for */
} weir_text;

/* Adds to the end. */
void weir_text_add(weir_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void weir_text_free(weir_text *text);

/* Writes a duration in the largest unit that leaves a number of at least 1, with at most one digit
 * behind the point where there are few before it: "5 s", "1.5 s", "250 ms", "-3 min". */
void weir_text_duration(char out[WEIR_DURATION_TEXT], weir_duration duration);

#endif
