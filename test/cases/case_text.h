/* SPDX-License-Identifier: MIT
 *
 * A text that grows, and the escapes by which bytes are written in the case files.
 *
 *     \r \n \t \\ \0 \s (a space at a line's end) \xHH \{8192*ab} ("ab" 8192 times)
 */
#ifndef WEIR_TEST_CASES_CASE_TEXT_H
#define WEIR_TEST_CASES_CASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>

/* Zero is the empty text.  Whoever has it frees it. */
typedef struct case_text {
    char *data; /* not terminated */
    size_t len;
    size_t room;
} case_text;

void case_text_free(case_text *text);

/* Adds bytes. */
void case_text_add(case_text *text, const char *data, size_t len);

/* Adds what printf would print. */
__attribute__((format(printf, 2, 3))) void case_text_print(case_text *text, const char *format,
                                                           ...);

/* Adds bytes as the case files spell them: \r \n \t \\, and \xHH for what is not printable. */
void case_text_escape(case_text *text, weir_bytes bytes);

/* Ends a line: a space that stands last in it is written \s. */
void case_text_end_line(case_text *text);

/* Adds the bytes that `spelled` stands for.
 * Returns NULL, or what is wrong with it. */
const char *case_text_unescape(case_text *text, weir_bytes spelled);

#endif
