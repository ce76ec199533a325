/* SPDX-License-Identifier: MIT
 *
 * Cases of HTTP messages: what the first block of one says, and how its events are spelled.
 */
#ifndef WEIR_TEST_CASES_HTTP_CASE_H
#define WEIR_TEST_CASES_HTTP_CASE_H

#include <weir/http/wire/parser.h>

#include "test/cases/case_file.h"

typedef struct http_case {
    case_record record; /* events are spelled as case_text_escape does */
    bool response;
    bool eof;            /* the stream ends after the bytes */
    weir_http_method to; /* the method that a response answers */
    uint32_t capacity;   /* of the field array */
    weir_http_options options;
} http_case;

extern const case_syntax http_case_syntax;

static inline const http_case *http_case_of(const case_record *record)
{
    return (const http_case *)record;
}

#endif
