/* SPDX-License-Identifier: MIT
 *
 * What the parts of the head parser share: the run over the buffer, the states, and the three ways
 * to leave a run.
 *
 *     START -> [START_LF ->] METHOD -> TARGET -> VERSION -> LINE_END -> LINE_LF -> FIELD
 *     START -> [START_LF ->] VERSION -> STATUS -> REASON -> LINE_LF -> FIELD
 *     FIELD -> NAME -> BLANKS -> VALUE -> VALUE_LF -> FIELD ...
 *     FIELD -> HEAD_LF -> DONE
 *
 * A run works on a copy of the position; the state is stored when the run leaves.
 * Invariant: every byte before parser->position is accepted, and none after it has been judged; so
 * a parser fed byte by byte and one fed at once judge the same bytes in the same state.
 */
#ifndef WEIR_HTTP_WIRE_SCAN_H
#define WEIR_HTTP_WIRE_SCAN_H

#include <weir/base/error.h>
#include <weir/http/wire/parser.h>

#include "http/types/chars.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum {
    STATE_START, /* at the first byte, or after an empty line */
    STATE_START_LF,
    STATE_METHOD,
    STATE_TARGET,
    STATE_VERSION,
    STATE_STATUS,
    STATE_REASON,
    STATE_LINE_END, /* at the CR of the start line */
    STATE_LINE_LF,
    STATE_FIELD, /* at the first byte of a line */
    STATE_NAME,
    STATE_BLANKS, /* before a value */
    STATE_VALUE,
    STATE_VALUE_LF,
    STATE_HEAD_LF,
    STATE_DONE,
    STATE_FAILED,
};

/* A way to take ordinary lines quickly.  The byte scanner (scan_start.c, scan_fields.c) judges what
 * is left; so every scanner gives the same results. */
typedef struct weir_http_scanner {
    const char *name;
    /* From the states START and FIELD, with parser->position at the first byte of a line: takes
     * complete and legal lines of data[0 .. end), the start line too.
     * Returns the length of the head (or trailer section) when it is complete.  Returns 0 else: the
     * state is one of the two again, and the position that of the line to be judged. */
    size_t (*take)(weir_http_parser *parser, const char *data, size_t end);
} weir_http_scanner;

extern const weir_http_scanner weir_http_scanner_scalar;

/* The scanners that this machine can run, the best first, "scalar" last, then NULL. */
const weir_http_scanner *const *weir_http_scanners(void);

/* The one in use. */
const weir_http_scanner *weir_http_scanner_chosen(void);

/* From now on `scanner` is in use; NULL: the best.  For tests and benchmarks; any thread. */
void weir_http_scanner_use(const weir_http_scanner *scanner);

/* Calls the scanner in use, or for short messages the scalar one, which is faster then. */
size_t weir_http_take(weir_http_parser *parser, const char *data, size_t end);

/* One run over the bytes that there are. */
typedef struct weir_http_scan {
    const char *data;
    size_t at;
    size_t end;
} weir_http_scan;

/* Leaves the run for want of bytes.  All three return false, for the caller to pass on. */
static inline bool weir_http_scan_pause(weir_http_parser *parser, const weir_http_scan *scan,
                                        int state)
{
    parser->state = (uint8_t)state;
    parser->position = (uint32_t)scan->at;
    return false;
}

/* Leaves the run for good: the byte at `offset` is wrong. */
__attribute__((cold)) bool weir_http_scan_fail(weir_http_parser *parser, int error, size_t offset);

/* Leaves the run at `stop`, where either the bytes or the limit end. */
static inline bool weir_http_scan_stop(weir_http_parser *parser, const weir_http_scan *scan,
                                       int state, int limit_error)
{
    if (scan->at < scan->end) return weir_http_scan_fail(parser, limit_error, scan->at);
    return weir_http_scan_pause(parser, scan, state);
}

/* The token at `name`, which may be empty; a byte that no token has follows.
 * Returns its length and gives its id; 0 when it is longer than a field can tell. */
unsigned weir_http_scan_name(const char *name, unsigned *id);

/* The start line, from any of its states up to and with its line end.
 * Returns true when it is complete: scan->at is at the first field line. */
bool weir_http_scan_start_line(weir_http_parser *parser, weir_http_scan *scan);

/* The field lines and the empty line after them.
 * Returns true when they are complete: scan->at is after the head. */
bool weir_http_scan_fields(weir_http_parser *parser, weir_http_scan *scan);

#endif
