/* SPDX-License-Identifier: MIT
 *
 * The start line: of a request (RFC 9112 3) or of a response (RFC 9112 4).
 *
 *     request-line = method SP request-target SP HTTP-version CRLF
 *     status-line  = HTTP-version SP status-code [SP reason-phrase] CRLF
 */
#include <weir/http/types/url.h>

#include "http/wire/scan.h"

static size_t stop_of(const weir_http_parser *parser, const weir_http_scan *scan)
{
    uint64_t stop = (uint64_t)parser->line + parser->options->start_line;
    return stop < scan->end ? (size_t)stop : scan->end;
}

static int malformed(const weir_http_parser *parser)
{
    return parser->response ? WEIR_EHTTP_STATUS_LINE : WEIR_EHTTP_REQUEST_LINE;
}

static bool fail(weir_http_parser *parser, int error, size_t offset)
{
    return weir_http_scan_fail(parser, error, offset);
}

/* RFC 9112 2.2: empty lines before the request line are ignored; here a few of them. */
static bool skip_empty_lines(weir_http_parser *parser, weir_http_scan *scan, int *state)
{
    for (;;) {
        if (scan->at == scan->end) return weir_http_scan_pause(parser, scan, *state);
        char c = scan->data[scan->at];
        if (*state == STATE_START && c == '\r') {
            if (parser->empty_lines == parser->options->empty_lines)
                return fail(parser, malformed(parser), scan->at);
            *state = STATE_START_LF;
        } else if (c == '\n') {
            bool lone = *state == STATE_START;
            if (lone && !parser->lone_lf) return fail(parser, WEIR_EHTTP_LINE_END, scan->at);
            if (parser->empty_lines == parser->options->empty_lines)
                return fail(parser, malformed(parser), scan->at);
            parser->empty_lines++;
            *state = STATE_START;
        } else if (*state == STATE_START_LF) {
            return fail(parser, WEIR_EHTTP_LINE_END, scan->at - 1);
        } else {
            return true;
        }
        scan->at++;
    }
}

static bool scan_start(weir_http_parser *parser, weir_http_scan *scan, int *state)
{
    if (!skip_empty_lines(parser, scan, state)) return false;
    parser->line = parser->mark = (uint32_t)scan->at;
    *state = parser->response ? STATE_VERSION : STATE_METHOD;
    return true;
}

/* RFC 9110 9.1: method = token, by case; any token is one. */
static bool scan_method(weir_http_parser *parser, weir_http_scan *scan)
{
    const char *data = scan->data;
    size_t end = stop_of(parser, scan);
    size_t at = scan->at;
    if (at == parser->mark && end - at >= 4 &&
        weir_http_load4(data + at) == weir_http_load4("GET ")) {
        parser->method = WEIR_HTTP_GET;
        parser->text = (uint32_t)at;
        parser->text_len = 3;
        scan->at = at + 4;
        parser->mark = (uint32_t)scan->at;
        return true;
    }
    while (at < end && weir_http_is(data[at], WEIR_CHAR_TOKEN)) at++;
    scan->at = at;
    if (at == end) return weir_http_scan_stop(parser, scan, STATE_METHOD, WEIR_EHTTP_LINE_LIMIT);
    if (data[at] == '\r' || data[at] == '\n') return fail(parser, WEIR_EHTTP_REQUEST_LINE, at);
    if (data[at] != ' ' || at == parser->mark) return fail(parser, WEIR_EHTTP_METHOD, at);
    parser->text = parser->mark;
    parser->text_len = (uint32_t)(at - parser->mark);
    const char *method = data + parser->mark;
    parser->method = (uint8_t)weir_http_method_parse(weir_bytes_of(method, parser->text_len));
    scan->at = at + 1;
    parser->mark = (uint32_t)scan->at;
    return true;
}

static bool scan_target(weir_http_parser *parser, weir_http_scan *scan)
{
    const char *data = scan->data;
    unsigned legal = WEIR_CHAR_TARGET;
    if (parser->options->lenient & WEIR_HTTP_LENIENT_TARGET_BYTES) legal |= WEIR_CHAR_TARGET_HIGH;
    size_t end = stop_of(parser, scan);
    size_t at = scan->at;
    while (at < end && weir_http_is(data[at], legal)) at++;
    scan->at = at;
    if (at == end) return weir_http_scan_stop(parser, scan, STATE_TARGET, WEIR_EHTTP_LINE_LIMIT);
    /* A line that ends here is HTTP/0.9, which has no version. */
    if (data[at] == '\r' || data[at] == '\n') return fail(parser, WEIR_EHTTP_REQUEST_LINE, at);
    if (data[at] != ' ' || at == parser->mark) return fail(parser, WEIR_EHTTP_TARGET, at);
    parser->target = parser->mark;
    parser->target_len = (uint32_t)(at - parser->mark);
    /* RFC 9112 3.2: the form has to fit the method. */
    weir_http_method method = (weir_http_method)parser->method;
    weir_http_target parts;
    weir_bytes target = weir_bytes_of(data + parser->target, parser->target_len);
    if ((target.data[0] != '/' || method == WEIR_HTTP_CONNECT) &&
        weir_http_target_split(target, method, &parts) < 0)
        return fail(parser, WEIR_EHTTP_TARGET, parser->target);
    scan->at = at + 1;
    parser->mark = (uint32_t)scan->at;
    return true;
}

/* RFC 9112 2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT; of those, 1.0 and 1.1 are spoken here. */
static bool scan_version(weir_http_parser *parser, weir_http_scan *scan)
{
    static const char shape[8] = {'H', 'T', 'T', 'P', '/', '0', '.', '0'};
    size_t end = stop_of(parser, scan);
    if (scan->at == parser->mark && end - scan->at >= 8 &&
        weir_http_load8(scan->data + scan->at) == weir_http_load8("HTTP/1.1")) {
        parser->version = WEIR_HTTP_1_1;
        scan->at += 8;
        return true;
    }
    while (scan->at - parser->mark < 8) {
        if (scan->at == end)
            return weir_http_scan_stop(parser, scan, STATE_VERSION, WEIR_EHTTP_LINE_LIMIT);
        char c = scan->data[scan->at];
        char expected = shape[scan->at - parser->mark];
        if (expected == '0' ? !weir_http_is(c, WEIR_CHAR_DIGIT) : c != expected)
            return fail(parser, malformed(parser), scan->at);
        scan->at++;
    }
    const char *version = scan->data + parser->mark;
    if (version[5] != '1' || version[7] > '1')
        return fail(parser, WEIR_EHTTP_VERSION, parser->mark);
    parser->version = (uint8_t)(version[7] - '0');
    return true;
}

/* RFC 9112 4: SP 3DIGIT, after which the reason may be missing together with its space. */
static bool scan_status(weir_http_parser *parser, weir_http_scan *scan)
{
    size_t end = stop_of(parser, scan);
    for (;; scan->at++) {
        if (scan->at == end)
            return weir_http_scan_stop(parser, scan, STATE_STATUS, WEIR_EHTTP_LINE_LIMIT);
        char c = scan->data[scan->at];
        size_t index = scan->at - parser->mark - 8;
        if (index == 4) break;
        if (index == 0 ? c != ' ' : !weir_http_is(c, WEIR_CHAR_DIGIT))
            return fail(parser, WEIR_EHTTP_STATUS_LINE, scan->at);
        /* RFC 9110 15: codes begin at 100. */
        if (index == 1 && c == '0') return fail(parser, WEIR_EHTTP_STATUS_LINE, scan->at);
        if (index > 0) parser->status = (uint16_t)(parser->status * 10 + (c - '0'));
    }
    parser->text = (uint32_t)scan->at;
    if (scan->data[scan->at] == ' ')
        parser->text = (uint32_t)++scan->at;
    else if (scan->data[scan->at] != '\r' && scan->data[scan->at] != '\n')
        return fail(parser, WEIR_EHTTP_STATUS_LINE, scan->at);
    return true;
}

/* RFC 9112 4: reason-phrase = 1*( HTAB / SP / VCHAR / obs-text ), or nothing. */
static bool scan_reason(weir_http_parser *parser, weir_http_scan *scan)
{
    size_t end = stop_of(parser, scan);
    while (scan->at < end && weir_http_is(scan->data[scan->at], WEIR_CHAR_VALUE)) scan->at++;
    if (scan->at == end)
        return weir_http_scan_stop(parser, scan, STATE_REASON, WEIR_EHTTP_LINE_LIMIT);
    parser->text_len = (uint32_t)scan->at - parser->text;
    return true;
}

/* At the byte after the last of the line: CRLF, or LF where that is accepted. */
static bool scan_line_end(weir_http_parser *parser, weir_http_scan *scan, int *state)
{
    size_t end = stop_of(parser, scan);
    if (*state == STATE_LINE_END && end - scan->at >= 2 &&
        memcmp(scan->data + scan->at, "\r\n", 2) == 0) {
        scan->at += 2;
        return true;
    }
    for (;; scan->at++) {
        if (scan->at == end)
            return weir_http_scan_stop(parser, scan, *state, WEIR_EHTTP_LINE_LIMIT);
        char c = scan->data[scan->at];
        if (*state == STATE_LINE_LF) {
            if (c != '\n') return fail(parser, WEIR_EHTTP_LINE_END, scan->at - 1);
            break;
        }
        if (c == '\n') {
            if (!parser->lone_lf) return fail(parser, WEIR_EHTTP_LINE_END, scan->at);
            break;
        }
        if (c != '\r') return fail(parser, malformed(parser), scan->at);
        *state = STATE_LINE_LF;
    }
    scan->at++;
    return true;
}

bool weir_http_scan_start_line(weir_http_parser *parser, weir_http_scan *scan)
{
    int state = parser->state;
    if (state <= STATE_START_LF && !scan_start(parser, scan, &state)) return false;
    if (state == STATE_METHOD) {
        if (!scan_method(parser, scan)) return false;
        state = STATE_TARGET;
    }
    if (state == STATE_TARGET) {
        if (!scan_target(parser, scan)) return false;
        state = STATE_VERSION;
    }
    if (state == STATE_VERSION) {
        if (!scan_version(parser, scan)) return false;
        state = parser->response ? STATE_STATUS : STATE_LINE_END;
    }
    if (state == STATE_STATUS) {
        if (!scan_status(parser, scan)) return false;
        state = STATE_REASON;
    }
    if (state == STATE_REASON) {
        if (!scan_reason(parser, scan)) return false;
        state = STATE_LINE_END;
    }
    if (!scan_line_end(parser, scan, &state)) return false;
    parser->section = parser->line = (uint32_t)scan->at;
    parser->state = STATE_FIELD;
    return true;
}
