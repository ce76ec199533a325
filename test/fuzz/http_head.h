/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets of message heads share: is a head read the same at once, in two pieces and
 * byte by byte, do all views lie in it, and does it survive being written again?
 */
#ifndef WEIR_TEST_FUZZ_HTTP_HEAD_H
#define WEIR_TEST_FUZZ_HTTP_HEAD_H

#include <weir/http/wire/parser.h>
#include <weir/http/wire/serializer.h>

#include "test/fuzz/http_input.h"

#define FIELDS 64

typedef struct head_run {
    weir_http_parser parser;
    weir_http_field fields[FIELDS];
    int result;
} head_run;

/* How a head is to be read. */
typedef struct head_way {
    const weir_http_options *options;
    size_t split; /* the first piece, when there are two */
    bool response;
    weir_http_method method; /* of the request that a response answers */
} head_way;

static inline void head_begin(head_run *run, const head_way *way)
{
    if (way->response)
        weir_http_parser_response(&run->parser, way->options, run->fields, FIELDS, way->method);
    else
        weir_http_parser_request(&run->parser, way->options, run->fields, FIELDS);
    run->result = 0;
}

static inline void head_check_same(const head_run *a, const head_run *b)
{
    const weir_http_parser *p = &a->parser, *q = &b->parser;
    check(a->result == b->result && p->error == q->error);
    check(weir_http_parser_finish(p) == weir_http_parser_finish(q));
    if (a->result < 0) check(p->error_offset == q->error_offset);
    if (a->result <= 0) return;
    check(p->count == q->count && p->seen == q->seen);
    check(memcmp(a->fields, b->fields, p->count * sizeof *a->fields) == 0);
    check(p->framing.body == q->framing.body && p->framing.length == q->framing.length);
    check(p->framing.must_close == q->framing.must_close && p->connection == q->connection);
    check(p->text == q->text && p->text_len == q->text_len);
    check(p->target == q->target && p->target_len == q->target_len);
    check(p->version == q->version && p->method == q->method && p->status == q->status);
}

/* Reads a head at once, in two pieces and byte by byte; gives what it came to. */
static inline void head_read(head_run *whole, const head_way *way, const bytes_lent *in)
{
    head_run pieces;
    head_begin(whole, way);
    whole->result = weir_http_parser_feed(&whole->parser, in->data, in->len);
    head_begin(&pieces, way);
    bytes_show(in, way->split);
    pieces.result = weir_http_parser_feed(&pieces.parser, in->data, way->split);
    bytes_show(in, in->len);
    pieces.result = weir_http_parser_feed(&pieces.parser, in->data, in->len);
    head_check_same(whole, &pieces);
    head_begin(&pieces, way);
    for (size_t len = 1; len <= in->len && pieces.result == 0; len++) {
        bytes_show(in, len);
        pieces.result = weir_http_parser_feed(&pieces.parser, in->data, len);
    }
    bytes_show(in, in->len);
    head_check_same(whole, &pieces);
    if (whole->result < 0) {
        check(whole->parser.error_offset < in->len);
        check(*weir_http_error_section(whole->result) != '\0');
    }
}

static inline void head_check_view(weir_bytes view, const char *data, int head)
{
    if (view.data) check(view.data >= data && view.data + view.len <= data + head);
}

/* Looks at everything that there is to see of a complete head, whose folded values it joins. */
static inline void head_check_views(head_run *run, char *data)
{
    weir_http_parser *p = &run->parser;
    check(weir_http_parser_finish(p) == 0);
    weir_http_parser_unfold(p, data);
    head_check_view(weir_http_parser_method(p, data), data, run->result);
    head_check_view(weir_http_parser_target(p, data), data, run->result);
    head_check_view(weir_http_parser_reason(p, data), data, run->result);
    head_check_view(weir_http_parser_authority(p, data), data, run->result);
    for (uint32_t i = 0; i < p->count; i++) {
        weir_bytes name = weir_http_parser_name(p, data, i);
        weir_bytes value = weir_http_parser_value(p, data, i);
        head_check_view(name, data, run->result);
        head_check_view(value, data, run->result);
        check(name.len > 0 && (value.len == 0 || !memchr(value.data, '\n', value.len)));
        check(weir_http_field_id_parse(name) == (weir_http_field_id)p->fields[i].id);
        int found = weir_http_parser_find_name(p, data, name, 0);
        check(found >= 0 && (uint32_t)found <= i);
    }
    weir_http_parser_keeps_alive(p);
    weir_http_parser_upgrades_to(p, data, weir_bytes_text("websocket"));
    weir_http_parser_expects_continue(p, data);
}

static inline void head_check_equal(const head_run *a, const char *data, const head_run *b,
                                    const char *again)
{
    const weir_http_parser *p = &a->parser, *q = &b->parser;
    check(p->count == q->count && p->seen == q->seen && p->version == q->version);
    check(p->status == q->status && p->method == q->method);
    check(weir_bytes_equal(weir_http_parser_method(p, data), weir_http_parser_method(q, again)));
    check(weir_bytes_equal(weir_http_parser_target(p, data), weir_http_parser_target(q, again)));
    check(weir_bytes_equal(weir_http_parser_reason(p, data), weir_http_parser_reason(q, again)));
    for (uint32_t i = 0; i < p->count; i++) {
        check(weir_bytes_equal(weir_http_parser_name(p, data, i),
                               weir_http_parser_name(q, again, i)));
        check(weir_bytes_equal(weir_http_parser_value(p, data, i),
                               weir_http_parser_value(q, again, i)));
    }
    check(p->framing.body == q->framing.body && p->framing.length == q->framing.length);
    check(weir_http_parser_keeps_alive(p) == weir_http_parser_keeps_alive(q));
}

/* Writes the head anew; what is written has to be read as the same. */
static inline void head_rewrite(const head_run *run, const char *data, const head_way *way)
{
    const weir_http_parser *p = &run->parser;
    const size_t room = (size_t)run->result * 2 + 64;
    char *buffer = malloc(room);
    if (!buffer) return;
    weir_http_out out = weir_http_out_of(buffer, room);
    if (p->response)
        weir_http_out_status_reason(&out, (weir_http_version)p->version, p->status,
                                    weir_http_parser_reason(p, data));
    else
        weir_http_out_request(&out, weir_http_parser_method(p, data),
                              weir_http_parser_target(p, data), (weir_http_version)p->version);
    for (uint32_t i = 0; i < p->count; i++)
        weir_http_out_field(&out, weir_http_parser_name(p, data, i),
                            weir_http_parser_value(p, data, i));
    const int64_t len = weir_http_out_end(&out);
    if (len > 0) {
        /* What is written can be longer than what was read: a space after each colon. */
        weir_http_options loose = WEIR_HTTP_OPTIONS_DEFAULT;
        loose.lenient = way->options->lenient;
        loose.body = way->options->body;
        loose.start_line = loose.field_line = loose.field_section = UINT32_MAX;
        head_way again_way = *way;
        again_way.options = &loose;
        head_run again;
        head_begin(&again, &again_way);
        again.result = weir_http_parser_feed(&again.parser, buffer, (size_t)len);
        check(again.result == len);
        head_check_equal(run, data, &again, buffer);
    } else {
        /* Bytes above 0x7F in a target can be read by option, and are never written. */
        check(way->options->lenient & WEIR_HTTP_LENIENT_TARGET_BYTES);
        check(len == WEIR_EHTTP_INJECTION);
    }
    free(buffer);
}

/* input = flags split bytes...        the lenient options, where to split, the head */
static inline int head_fuzz(const uint8_t *input, size_t size, bool response)
{
    static const weir_http_method methods[] = {WEIR_HTTP_GET, WEIR_HTTP_HEAD, WEIR_HTTP_CONNECT};
    if (size < 2) return 0;
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = input[0] & 0x7F;
    if (input[0] & 0x80) options.start_line = options.field_line = 40;
    bytes_lent in = bytes_lend(input + 2, size - 2);
    const head_way way = {&options, input[1] * in.len / 256, response, methods[input[1] % 3]};
    head_run run;
    head_read(&run, &way, &in);
    if (run.result > 0) {
        head_check_views(&run, in.data);
        head_rewrite(&run, in.data, &way);
    }
    bytes_return(&in);
    return 0;
}

#endif
