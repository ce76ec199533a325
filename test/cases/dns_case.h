/* SPDX-License-Identifier: MIT
 *
 * Cases of DNS messages as documents: reading a Markdown file into cases, and what the reader of
 * messages says of one.  README.md tells the format.
 */
#ifndef WEIR_TEST_CASES_DNS_CASE_H
#define WEIR_TEST_CASES_DNS_CASE_H

#include "test/cases/case_text.h"

typedef struct dns_case {
    char *file;
    char *title;
    int line;         /* of the title */
    bool data;        /* what records say is among the events */
    case_text input;  /* the message */
    case_text events; /* the expected lines */
} dns_case;

typedef struct dns_case_set {
    dns_case *cases;
    size_t count;
    case_text problems; /* "file:line: what is wrong" lines */
} dns_case_set;

/* Adds the cases of a file, whose text is given.  The first fault ends the file, and is told in
 * set->problems. */
void dns_case_set_read(dns_case_set *set, const char *file, weir_bytes text);

/* Adds the cases of all *.md files of a folder in the order of their names. */
void dns_case_set_read_folder(dns_case_set *set, const char *folder);

void dns_case_set_free(dns_case_set *set);

/* Adds what the reader says of a message, a line each.  With `data`, also what records say;
 * without `questions`, questions are passed over. */
void dns_case_run(weir_bytes message, bool data, bool questions, case_text *events);

#endif
