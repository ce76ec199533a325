/* SPDX-License-Identifier: MIT
 *
 * One run of a case: its bytes go to the parser in pieces, and what comes of them is written down.
 */
#ifndef WEIR_TEST_CASES_EXCHANGE_H
#define WEIR_TEST_CASES_EXCHANGE_H

#include "test/cases/http_case.h"

/* How the bytes arrive. */
typedef struct case_pieces {
    enum {
        PIECES_ONE,    /* all at once */
        PIECES_BYTES,  /* each for itself */
        PIECES_SPLIT,  /* two, the second from `split` on */
        PIECES_RANDOM, /* of up to 24 bytes, as `seed` determines */
    } how;
    size_t split;
    uint64_t seed;
} case_pieces;

/* Runs a case, and adds its events to `events`, each spelled as in an http_case. */
void case_run(const http_case *c, case_pieces pieces, case_text *events);

#endif
