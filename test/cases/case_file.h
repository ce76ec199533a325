/* SPDX-License-Identifier: MIT
 *
 * Protocol cases as documents: reading a Markdown file into cases.  README.md tells the format;
 * what stands in the first block of a case is told by the protocol's syntax.
 */
#ifndef WEIR_TEST_CASES_CASE_FILE_H
#define WEIR_TEST_CASES_CASE_FILE_H

#include "test/cases/case_text.h"

/* What every case has; first in the case of a protocol. */
typedef struct case_record {
    char *file;
    char *title;
    int line;         /* of the title */
    case_text input;  /* the bytes */
    case_text events; /* the expected lines, spelled as the syntax keeps them */
} case_record;

/* How a protocol writes its cases.  Each function returns NULL, or what is wrong with the line. */
typedef struct case_syntax {
    size_t size;                                         /* of a case */
    const char *(*open)(case_record *, weir_bytes line); /* behind the ``` of the first block */
    const char *(*add_input)(case_record *, weir_bytes line);
    const char *(*add_event)(case_record *, weir_bytes line);
} case_syntax;

typedef struct case_set {
    const case_syntax *syntax;
    case_record **cases;
    size_t count;
    case_text problems; /* "file:line: what is wrong" lines */
} case_set;

/* Adds the cases of a file, whose text is given.  The first fault ends the file, and is told in
 * set->problems. */
void case_set_read(case_set *set, const char *file, weir_bytes text);

/* Adds the cases of all *.md files of a folder in the order of their names. */
void case_set_read_folder(case_set *set, const char *folder);

/* A set of the cases of test/cases/FOLDER.  The test fails where a file is malformed. */
case_set case_set_of(const case_syntax *syntax, const char *folder);

/* Is the case among those that WEIR_CASES=TEXT in the environment chooses by file name or title? */
bool case_is_chosen(const case_record *record);

void case_set_free(case_set *set);

static inline bool case_line_starts(weir_bytes line, const char *prefix)
{
    const size_t len = strlen(prefix);
    return line.len >= len && memcmp(line.data, prefix, len) == 0;
}

static inline weir_bytes case_line_after(weir_bytes line, size_t len)
{
    return weir_bytes_of(line.data + len, line.len - len);
}

#endif
