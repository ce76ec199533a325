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
    parser->capacity = capacity;
    parser->response = response;
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
    parser->seen = parser->repeated = 0;
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

static weir_bytes value_of(const weir_http_parser *parser, const char *data, uint32_t index)
{
    const weir_http_field *field = &parser->fields[index];
    return weir_bytes_of(data + field->value, field->value_len);
}

/* Whether a Host is valid; the last valid one of this parser is known to be. */
static bool is_host(weir_http_parser *parser, weir_bytes host)
{
    if (host.len > 0 && host.len == parser->host_len &&
        memcmp(host.data, parser->host, host.len) == 0)
        return true;
    if (!weir_http_authority_is_valid(host)) return false;
    if (host.len <= sizeof parser->host) {
        memcpy(parser->host, host.data, host.len);
        parser->host_len = (uint8_t)host.len;
    }
    return true;
}

/* RFC 9112 3.2: a request with a repeated or invalid Host, and an HTTP/1.1 one without, is
 * refused. */
static bool check_host(weir_http_parser *parser, const char *data)
{
    int host = weir_http_parser_find(parser, WEIR_HTTP_FIELD_HOST, 0);
    if (host < 0) {
        if (parser->version == WEIR_HTTP_1_0 ||
            parser->options->lenient & WEIR_HTTP_LENIENT_NO_HOST)
            return true;
        return weir_http_scan_fail(parser, WEIR_EHTTP_HOST, parser->mark);
    }
    if (!is_host(parser, value_of(parser, data, (uint32_t)host)))
        return weir_http_scan_fail(parser, WEIR_EHTTP_HOST, parser->fields[host].value);
    if (!(parser->repeated >> WEIR_HTTP_FIELD_HOST & 1)) return true;
    int second = weir_http_parser_find(parser, WEIR_HTTP_FIELD_HOST, (uint32_t)host + 1);
    return weir_http_scan_fail(parser, WEIR_EHTTP_HOST, parser->fields[second].name);
}

/* Gathers what framing and persistence depend on, in the order of the lines. */
static bool decide_framing(weir_http_parser *parser, const char *data)
{
    weir_http_framing_facts facts = {
        .response = parser->response,
        .version = (weir_http_version)parser->version,
        .method = (weir_http_method)parser->method,
        .status = parser->status,
        .lenient = parser->options->lenient,
        .body_limit = parser->options->body,
    };
    uint32_t at = parser->mark;
    const uint64_t wanted = UINT64_C(1) << WEIR_HTTP_FIELD_CONTENT_LENGTH |
                            UINT64_C(1) << WEIR_HTTP_FIELD_TRANSFER_ENCODING |
                            UINT64_C(1) << WEIR_HTTP_FIELD_CONNECTION;
    for (uint32_t i = 0; parser->seen & wanted && i < parser->count; i++) {
        weir_bytes value = value_of(parser, data, i);
        switch (parser->fields[i].id) {
        case WEIR_HTTP_FIELD_CONTENT_LENGTH:
            facts.length = weir_http_length_add(facts.length, value, &facts.length_value);
            at = parser->fields[i].value;
            break;
        case WEIR_HTTP_FIELD_TRANSFER_ENCODING:
            facts.coding = weir_http_coding_add(facts.coding, value);
            at = parser->fields[i].value;
            break;
        case WEIR_HTTP_FIELD_CONNECTION:
            parser->connection |= (uint8_t)weir_http_connection_options(value);
            break;
        }
    }
    int error = weir_http_framing_decide(&facts, &parser->framing);
    return error == 0 || weir_http_scan_fail(parser, error, at);
}

static bool run(weir_http_parser *parser, const char *data, size_t len)
{
    const weir_http_options *options = parser->options;
    weir_http_scan scan = {
        .data = data,
        .at = parser->position,
        .end = len < INT32_MAX ? len : INT32_MAX,
        .lone_lf = options->lenient & WEIR_HTTP_LENIENT_LF,
        .fold = parser->response && options->lenient & WEIR_HTTP_LENIENT_FOLD,
        .field_line = options->field_line,
        .field_section = options->field_section,
        .fields = options->fields < parser->capacity ? options->fields : parser->capacity,
        .slots = UINT32_MAX,
    };
    if (parser->state < STATE_FIELD && !weir_http_scan_start_line(parser, &scan)) return false;
    if (!weir_http_scan_fields(parser, &scan)) return false;
    parser->position = (uint32_t)scan.at;
    parser->state = STATE_DONE;
    return decide_framing(parser, data) && (parser->response || check_host(parser, data));
}

int weir_http_parser_feed(weir_http_parser *parser, const char *data, size_t len)
{
    if (parser->state < STATE_DONE) {
        if (!run(parser, data, len) && parser->state < STATE_DONE) {
            /* Offsets are of 31 bits, whatever the limits say. */
            if (parser->position < INT32_MAX) return 0;
            weir_http_scan_fail(parser, WEIR_EHTTP_HEAD_LIMIT, parser->position);
        }
    }
    return parser->state == STATE_DONE ? (int)parser->position : parser->error;
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
