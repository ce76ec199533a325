/* SPDX-License-Identifier: MIT
 *
 * Text for people that grows as it is written: dumps and reports.
 */
#ifndef IO_TEXT_H
#define IO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The zero value is empty; weir_text_free ends it. */
typedef struct weir_text {
    char *data; /* NUL-terminated once something was added */
    size_t len, room;
    bool failed; /* there was no memory: the text is shorter than asked for */
} weir_text;

/* Adds to the end. */
void weir_text_add(weir_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void weir_text_free(weir_text *text);

#endif
