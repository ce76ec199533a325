/* SPDX-License-Identifier: MIT
 *
 * Message heads: feeding, and what a complete head is checked for as a whole.
 */
#include <weir/http/wire/parser.h>

#include <weir/http/types/url.h>

#include "http/wire/scan.h"

static const weir_http_options defaults = WEIR_HTTP_OPTIONS_DEFAULT;

static void init(weir_http_parser *parser, const weir_http_options *options,
                 weir_http_field *fields, uint32_t capacity, bool response, weir_http_method method)
{
    parser->options = options ? options : &defaults;
    parser->fields = fields;
    parser->field_line = parser->options->field_line;
    parser->field_section = parser->options->field_section;
    parser->field_count = parser->options->fields < capacity ? parser->options->fields : capacity;
    parser->response = response;
    parser->lone_lf = (parser->options->lenient & WEIR_HTTP_LENIENT_LF) != 0;
    parser->fold = response && parser->options->lenient & WEIR_HTTP_LENIENT_FOLD;
    parser->unkept = false;
    parser->method = (uint8_t)method;
    parser->host_len = 0;
    weir_http_parser_reset(parser);
}

void weir_http_parser_request(weir_http_parser *parser, const weir_http_options *options,
                              weir_http_field *fields, uint32_t capacity)
{
    init(parser, options, fields, capacity, false, WEIR_HTTP_OTHER_METHOD);
}

void weir_http_parser_response(weir_http_parser *parser, const weir_http_options *options,
                               weir_http_field *fields, uint32_t capacity, weir_http_method method)
{
    init(parser, options, fields, capacity, true, method);
}

void weir_http_parser_reset(weir_http_parser *parser)
{
    parser->framing = (weir_http_framing){0, WEIR_HTTP_BODY_NONE, false};
    parser->count = 0;
    parser->position = 0;
    parser->line = 0;
    parser->section = 0;
    parser->mark = 0;
    parser->text = parser->text_len = 0;
    parser->target = parser->target_len = 0;
    parser->error_offset = 0;
    parser->error = 0;
    /* That of a response is the request's that it answers. */
    if (!parser->response) parser->method = WEIR_HTTP_OTHER_METHOD;
    parser->status = 0;
    parser->state = STATE_START;
    parser->version = WEIR_HTTP_1_1;
    parser->connection = 0;
    parser->empty_lines = 0;
}

bool weir_http_scan_fail(weir_http_parser *parser, int error, size_t offset)
{
    parser->state = STATE_FAILED;
    parser->error = error;
    parser->error_offset = (uint32_t)offset;
    return false;
}

static inline bool is_same(const char *a, const char *b, size_t len)
{
    size_t at = 0;
    for (; len - at >= 8; at += 8)
        if (weir_http_load8(a + at) != weir_http_load8(b + at)) return false;
    for (; at < len; at++)
        if (a[at] != b[at]) return false;
    return true;
}

/* Whether a Host is valid; the last valid one of this parser is known to be. */
static inline bool is_host(weir_http_parser *parser, weir_bytes host)
{
    if (host.len > 0 && host.len == parser->host_len && is_same(host.data, parser->host, host.len))
        return true;
    if (!weir_http_authority_is_valid(host)) return false;
    if (host.len <= sizeof parser->host) {
        memcpy(parser->host, host.data, host.len);
        parser->host_len = (uint8_t)host.len;
    }
    return true;
}

/* Gathers what the framing depends on, in the order of the lines, and decides it. */
static __attribute__((noinline)) bool decide_framing(weir_http_parser *parser, const char *data)
{
    weir_http_framing_facts facts = {
        .response = parser->response,
        .version = (weir_http_version)parser->version,
        .method = (weir_http_method)parser->method,
        .status = parser->status,
        .lenient = parser->options->lenient,
        .body_limit = parser->options->body,
    };
    /* The values to blame: that which made the lengths what they are, the same for the codings, and
     * the first of the second of the two. */
    uint32_t length = 0, coding = 0, both = 0;
    for (uint32_t i = 0; i < parser->count; i++) {
        const weir_http_field *field = &parser->fields[i];
        const weir_bytes value = weir_bytes_of(data + field->value, field->value_len);
        const weir_http_length length_before = facts.length;
        const weir_http_coding coding_before = facts.coding;
        if (field->id == WEIR_HTTP_FIELD_CONTENT_LENGTH) {
            facts.length = weir_http_length_add(length_before, value, &facts.length_value);
            if (!length_before) both = field->value;
            if (facts.length != length_before) length = field->value;
        } else if (field->id == WEIR_HTTP_FIELD_TRANSFER_ENCODING) {
            facts.coding = weir_http_coding_add(coding_before, value);
            if (!coding_before) coding = both = field->value;
            if (facts.coding == WEIR_HTTP_CODING_BAD && facts.coding != coding_before)
                coding = field->value;
        }
    }
    const int error = weir_http_framing_decide(&facts, &parser->framing);
    if (error == 0) return true;
    uint32_t blame = length;
    if (error == WEIR_EHTTP_FRAMING_CONFLICT) blame = both;
    if (error == WEIR_EHTTP_TRANSFER_ENCODING || error == WEIR_EHTTP_TRANSFER_CODING)
        blame = coding;
    return weir_http_scan_fail(parser, error, blame);
}

/* RFC 9112 3.2: a request with a repeated or invalid Host, and an HTTP/1.1 one without, is refused.
 * Either may be NULL for none. */
static bool check_host(weir_http_parser *parser, const char *data, const weir_http_field *host,
                       const weir_http_field *next_host)
{
    if (!host) {
        if (parser->version == WEIR_HTTP_1_0 ||
            parser->options->lenient & WEIR_HTTP_LENIENT_NO_HOST)
            return true;
        return weir_http_scan_fail(parser, WEIR_EHTTP_HOST, parser->mark);
    }
    if (!is_host(parser, weir_bytes_of(data + host->value, host->value_len)))
        return weir_http_scan_fail(parser, WEIR_EHTTP_HOST, host->value);
    return !next_host || weir_http_scan_fail(parser, WEIR_EHTTP_HOST, next_host->name);
}

/* What can be judged only when all fields are there. */
static bool check_head(weir_http_parser *parser, const char *data)
{
    const uint64_t framing = UINT64_C(1) << WEIR_HTTP_FIELD_CONTENT_LENGTH |
                             UINT64_C(1) << WEIR_HTTP_FIELD_TRANSFER_ENCODING;
    const uint64_t others = UINT64_C(1) << WEIR_HTTP_FIELD_HOST | UINT64_C(1)
                                                                      << WEIR_HTTP_FIELD_CONNECTION;
    const weir_http_field *host = NULL, *next_host = NULL;
    uint64_t seen = 0;
    const weir_http_field *field = parser->fields;
    for (uint32_t left = parser->count; left > 0; left--, field++) {
        const uint64_t bit = UINT64_C(1) << field->id;
        seen |= bit;
        if (!(bit & others)) continue;
        if (field->id == WEIR_HTTP_FIELD_CONNECTION)
            parser->connection |= (uint8_t)weir_http_connection_options(
                weir_bytes_of(data + field->value, field->value_len));
        else if (!host)
            host = field;
        else if (!next_host)
            next_host = field;
    }
    parser->seen = seen;
    /* A request without the two fields has no body, as reset says. */
    if ((seen & framing || parser->response) && !decide_framing(parser, data)) return false;
    return parser->response || check_host(parser, data, host, next_host);
}

/* Goes on with the byte scanner.  Returns the length of the head; 0 when it is not complete. */
static __attribute__((noinline)) size_t scan_bytes(weir_http_parser *parser, const char *data,
                                                   size_t end)
{
    weir_http_scan scan = {data, parser->position, end};
    if (parser->state < STATE_FIELD && !weir_http_scan_start_line(parser, &scan)) return 0;
    if (!weir_http_scan_fields(parser, &scan)) return 0;
    return scan.at;
}

static size_t scan(weir_http_parser *parser, const char *data, size_t end)
{
    size_t head = 0;
    if (parser->state == STATE_START) head = weir_http_take(parser, data, end);
    return head > 0 ? head : scan_bytes(parser, data, end);
}

/* Of a head that is not complete. */
static __attribute__((noinline)) int result_so_far(weir_http_parser *parser)
{
    if (parser->state < STATE_DONE && parser->position == INT32_MAX)
        weir_http_scan_fail(parser, WEIR_EHTTP_HEAD_LIMIT, parser->position);
    return parser->state == STATE_DONE ? (int)parser->position : parser->error;
}

int weir_http_parser_feed(weir_http_parser *parser, const char *data, size_t len)
{
    if (parser->state >= STATE_DONE) return result_so_far(parser);
    /* Offsets are of 31 bits, whatever the limits say. */
    const size_t head = scan(parser, data, len < INT32_MAX ? len : INT32_MAX);
    if (head == 0) return result_so_far(parser);
    parser->position = (uint32_t)head;
    parser->state = STATE_DONE;
    return check_head(parser, data) ? (int)head : parser->error;
}

int weir_http_parser_finish(const weir_http_parser *parser)
{
    if (parser->state == STATE_FAILED) return parser->error;
    return parser->state == STATE_START || parser->state == STATE_DONE ? 0 : WEIR_EEOF;
}

bool weir_http_parser_is_done(const weir_http_parser *parser)
{
    return parser->state == STATE_DONE;
}
