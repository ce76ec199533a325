/* SPDX-License-Identifier: MIT
 *
 * Field lines: names, values, line ends, limits (RFC 9112 5), for heads and trailer sections.
 *
 *     field-line = field-name ":" OWS field-value OWS CRLF
 */
#include "http/types/field_table.h"
#include "http/wire/scan.h"

/* Where the current line has to stop: at the end of the bytes or of a limit. */
static inline size_t stop_of(const weir_http_parser *parser, const weir_http_scan *scan)
{
    uint64_t line = (uint64_t)parser->line + parser->field_line;
    uint64_t section = (uint64_t)parser->section + parser->field_section;
    uint64_t stop = line < section ? line : section;
    return stop < scan->end ? (size_t)stop : scan->end;
}

__attribute__((cold)) static bool stop(weir_http_parser *parser, const weir_http_scan *scan,
                                       int state)
{
    bool section = scan->at - parser->section >= parser->field_section;
    return weir_http_scan_stop(parser, scan, state,
                               section ? WEIR_EHTTP_HEAD_LIMIT : WEIR_EHTTP_FIELD_LIMIT);
}

/* Where the current field is kept. */
static inline weir_http_field *field_of(weir_http_parser *parser)
{
    return &parser->fields[parser->unkept ? 0 : parser->count];
}

/* The first byte of a line that is neither a name's nor a CR.  Gives the next state in `*state`. */
__attribute__((cold)) static bool begin_unusual(weir_http_parser *parser, weir_http_scan *scan,
                                                int *state)
{
    char c = scan->data[scan->at];
    if (c == '\n') {
        if (!parser->lone_lf) return weir_http_scan_fail(parser, WEIR_EHTTP_LINE_END, scan->at);
        parser->mark = (uint32_t)scan->at;
        *state = STATE_HEAD_LF;
        return true;
    }
    if (c != ' ' && c != '\t') return weir_http_scan_fail(parser, WEIR_EHTTP_FIELD_NAME, scan->at);
    /* RFC 9112 2.2: whitespace between the start line and the first field line is refused. */
    if (parser->count == 0) return weir_http_scan_fail(parser, WEIR_EHTTP_FIELD_NAME, scan->at);
    /* RFC 9112 5.2: obs-fold. */
    if (!parser->fold) return weir_http_scan_fail(parser, WEIR_EHTTP_FOLD, scan->at);
    parser->count--;
    field_of(parser)->folded = 1;
    parser->line = field_of(parser)->name;
    *state = STATE_BLANKS;
    return true;
}

static inline bool begin_line(weir_http_parser *parser, weir_http_scan *scan, int *state)
{
    if (scan->at == scan->end) return weir_http_scan_pause(parser, scan, STATE_FIELD);
    char c = scan->data[scan->at];
    if (!weir_http_is(c, WEIR_CHAR_TOKEN)) {
        if (c != '\r') return begin_unusual(parser, scan, state);
        parser->mark = (uint32_t)scan->at++;
        *state = STATE_HEAD_LF;
        return true;
    }
    parser->line = parser->mark = (uint32_t)scan->at;
    if (parser->count == parser->field_count)
        return weir_http_scan_fail(parser, WEIR_EHTTP_COUNT_LIMIT, scan->at);
    *state = STATE_NAME;
    return true;
}

static inline bool scan_name(weir_http_parser *parser, weir_http_scan *scan)
{
    const char *data = scan->data;
    const size_t end = stop_of(parser, scan), start = parser->mark;
    size_t at = scan->at;
    while (at < end && weir_http_is(data[at], WEIR_CHAR_TOKEN)) at++;
    scan->at = at;
    if (at == end) return stop(parser, scan, STATE_NAME);
    /* RFC 9112 5.1: no whitespace between name and colon. */
    if (data[at] != ':' || at == start)
        return weir_http_scan_fail(parser, WEIR_EHTTP_FIELD_NAME, at);
    if (at - start > UINT16_MAX) return weir_http_scan_fail(parser, WEIR_EHTTP_FIELD_LIMIT, at);
    weir_http_field *field = field_of(parser);
    field->name = (uint32_t)start;
    field->name_len = (uint16_t)(at - start);
    field->id = (uint8_t)weir_http_field_lookup(data + start, at - start);
    field->folded = 0;
    scan->at = at + 1;
    return true;
}

static inline bool scan_blanks(weir_http_parser *parser, weir_http_scan *scan)
{
    size_t end = stop_of(parser, scan);
    while (scan->at < end && (scan->data[scan->at] == ' ' || scan->data[scan->at] == '\t'))
        scan->at++;
    if (scan->at == end) return stop(parser, scan, STATE_BLANKS);
    parser->mark = (uint32_t)scan->at;
    return true;
}

/* Up to the line end; a CR is passed, an LF stays. */
static inline bool scan_value(weir_http_parser *parser, weir_http_scan *scan)
{
    const char *data = scan->data;
    size_t at = scan->at;
    size_t end = stop_of(parser, scan);
    while (at < end && weir_http_is(data[at], WEIR_CHAR_VALUE)) at++;
    scan->at = at;
    if (at == end) return stop(parser, scan, STATE_VALUE);
    /* RFC 9110 5.5: CR, LF and NUL are invalid and dangerous; other controls are refused too. */
    if (data[at] != '\r' && data[at] != '\n')
        return weir_http_scan_fail(parser, WEIR_EHTTP_FIELD_VALUE, at);
    size_t last = at;
    while (last > parser->mark && (data[last - 1] == ' ' || data[last - 1] == '\t')) last--;
    weir_http_field *field = field_of(parser);
    if (!field->folded) field->value = parser->mark;
    if (last > parser->mark || !field->folded) field->value_len = (uint32_t)last - field->value;
    if (data[at] == '\r') scan->at++;
    return true;
}

/* At the byte after a value's CR, or at a lone LF. */
static inline bool end_value(weir_http_parser *parser, weir_http_scan *scan)
{
    size_t end = stop_of(parser, scan);
    if (scan->at == end) return stop(parser, scan, STATE_VALUE_LF);
    bool after_cr = scan->data[scan->at - 1] == '\r';
    /* RFC 9112 2.2: a bare CR is invalid; a lone LF may be accepted. */
    if (scan->data[scan->at] != '\n')
        return weir_http_scan_fail(parser, WEIR_EHTTP_LINE_END, scan->at - 1);
    if (!after_cr && !parser->lone_lf)
        return weir_http_scan_fail(parser, WEIR_EHTTP_LINE_END, scan->at);
    scan->at++;
    parser->count++;
    return true;
}

static inline bool end_head(weir_http_parser *parser, weir_http_scan *scan)
{
    if (scan->at == scan->end) return weir_http_scan_pause(parser, scan, STATE_HEAD_LF);
    if (scan->data[scan->at] != '\n')
        return weir_http_scan_fail(parser, WEIR_EHTTP_LINE_END, scan->at - 1);
    scan->at++;
    return true;
}

/* Passes what is ordinary; true when that is all. */
static bool take(weir_http_parser *parser, weir_http_scan *scan)
{
    if (parser->unkept) return false;
    parser->state = STATE_FIELD;
    parser->position = (uint32_t)scan->at;
    const size_t end = weir_http_take(parser, scan->data, scan->end);
    scan->at = end > 0 ? end : parser->position;
    return end > 0;
}

bool weir_http_scan_fields(weir_http_parser *parser, weir_http_scan *scan)
{
    int state = parser->state;
    for (;;) {
        if (state == STATE_FIELD) {
            if (take(parser, scan)) return true;
            if (!begin_line(parser, scan, &state)) return false;
        }
        if (state == STATE_HEAD_LF) return end_head(parser, scan);
        if (state == STATE_NAME) {
            if (!scan_name(parser, scan)) return false;
            state = STATE_BLANKS;
        }
        if (state == STATE_BLANKS) {
            if (!scan_blanks(parser, scan)) return false;
            state = STATE_VALUE;
        }
        if (state == STATE_VALUE && !scan_value(parser, scan)) return false;
        if (!end_value(parser, scan)) return false;
        state = STATE_FIELD;
    }
}

unsigned weir_http_scan_name(const char *name, unsigned *id)
{
    size_t len = 0;
    while (weir_http_is(name[len], WEIR_CHAR_TOKEN)) len++;
    if (len == 0 || len > UINT16_MAX) return 0;
    *id = weir_http_field_lookup(name, len);
    return (unsigned)len;
}
