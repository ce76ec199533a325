/* SPDX-License-Identifier: MIT
 *
 * Cases of DNS messages: their syntax, and what the reader of messages says of one.
 */
#ifndef WEIR_TEST_CASES_DNS_CASE_H
#define WEIR_TEST_CASES_DNS_CASE_H

#include "test/cases/case_file.h"

typedef struct dns_case {
    case_record record;
    bool data; /* what records say is among the events */
} dns_case;

extern const case_syntax dns_case_syntax;

static inline const dns_case *dns_case_of(const case_record *record)
{
    return (const dns_case *)record;
}

/* Adds what the reader says of a message, a line each.  With `data`, also what records say;
 * without `questions`, questions are passed over. */
void dns_case_run(weir_bytes message, bool data, bool questions, case_text *events);

#endif
