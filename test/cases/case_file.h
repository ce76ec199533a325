/* SPDX-License-Identifier: MIT
 *
 * Protocol cases as documents: reading a Markdown file into cases.  README.md tells the format.
 */
#ifndef WEIR_TEST_CASES_CASE_FILE_H
#define WEIR_TEST_CASES_CASE_FILE_H

#include <weir/http/wire/parser.h>

#include "test/cases/case_text.h"

typedef struct http_case {
    char *file;
    char *title;
    int line; /* of the title */
    bool response;
    bool eof;            /* the stream ends after the bytes */
    weir_http_method to; /* the method that a response answers */
    uint32_t capacity;   /* of the field array */
    weir_http_options options;
    case_text input;  /* the bytes */
    case_text events; /* the expected lines, spelled as case_text_escape does */
} http_case;

typedef struct case_set {
    http_case *cases;
    size_t count;
    case_text problems; /* "file:line: what is wrong" lines */
} case_set;

/* Adds the cases of a file, whose text is given.  The first fault ends the file, and is told in
 * set->problems. */
void case_set_read(case_set *set, const char *file, weir_bytes text);

/* Adds the cases of all *.md files of a folder in the order of their names. */
void case_set_read_folder(case_set *set, const char *folder);

void case_set_free(case_set *set);

#endif
