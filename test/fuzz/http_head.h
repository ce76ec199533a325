/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets of request and response heads share: is a head read the same at once, in
 * two pieces and byte by byte, do all views lie in it, and does it survive being written again?
 *
 *     input = flags split bytes...        the lenient options, where to split, the message
 */
#ifndef WEIR_TEST_FUZZ_HTTP_HEAD_H
#define WEIR_TEST_FUZZ_HTTP_HEAD_H

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/http/wire/parser.h>
#include <weir/http/wire/serializer.h>

#define FIELDS 64

typedef struct head_run {
    weir_http_parser parser;
    weir_http_field fields[FIELDS];
    int result;
} head_run;

static inline void check(bool holds)
{
    if (!holds) abort();
}

static inline void head_begin(head_run *run, const weir_http_options *options, bool response,
                              weir_http_method method)
{
    if (response)
        weir_http_parser_response(&run->parser, options, run->fields, FIELDS, method);
    else
        weir_http_parser_request(&run->parser, options, run->fields, FIELDS);
    run->result = 0;
}

static inline void head_check_same(const head_run *a, const head_run *b)
{
    check(a->result == b->result && a->parser.error_offset == b->parser.error_offset);
    if (a->result <= 0) return;
    check(a->parser.count == b->parser.count && a->parser.seen == b->parser.seen);
    check(memcmp(a->fields, b->fields, a->parser.count * sizeof *a->fields) == 0);
    check(a->parser.framing.body == b->parser.framing.body);
    check(a->parser.framing.length == b->parser.framing.length);
}

static inline void head_check_view(weir_bytes view, const char *data, int head)
{
    if (view.data) check(view.data >= data && view.data + view.len <= data + head);
}

/* Writes the head anew; what is written has to parse to the same fields. */
static inline void head_rewrite(const head_run *run, const char *data,
                                const weir_http_options *options)
{
    const weir_http_parser *p = &run->parser;
    size_t room = (size_t)run->result * 2 + 64;
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
    int64_t len = weir_http_out_end(&out);
    /* Bytes above 0x7F in a target can be read by option, and are never written. */
    if (len > 0) {
        head_run again;
        head_begin(&again, options, p->response, (weir_http_method)p->method);
        again.result = weir_http_parser_feed(&again.parser, buffer, (size_t)len);
        check(again.result == len && again.parser.count == p->count);
        for (uint32_t i = 0; i < p->count; i++)
            check(weir_bytes_equal(weir_http_parser_value(p, data, i),
                                   weir_http_parser_value(&again.parser, buffer, i)));
        check(again.parser.framing.body == p->framing.body);
    } else {
        check(options->lenient & WEIR_HTTP_LENIENT_TARGET_BYTES && len == WEIR_EHTTP_INJECTION);
    }
    free(buffer);
}

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
        int found = weir_http_parser_find_name(p, data, name, 0);
        check(found >= 0 && (uint32_t)found <= i);
    }
    weir_http_parser_keeps_alive(p);
    weir_http_parser_upgrades_to(p, data, weir_bytes_text("websocket"));
    weir_http_parser_expects_continue(p, data);
}

static inline int head_fuzz(const uint8_t *input, size_t size, bool response)
{
    static const weir_http_method methods[] = {WEIR_HTTP_GET, WEIR_HTTP_HEAD, WEIR_HTTP_CONNECT};
    if (size < 2) return 0;
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = input[0] & 0x7F;
    if (input[0] & 0x80) options.start_line = options.field_line = 40;
    size_t len = size - 2;
    size_t split = len ? (size_t)input[1] * len / 256 : 0;
    weir_http_method method = methods[input[1] % 3];
    /* Exact copies, so that any read past what was given is seen. */
    char *data = malloc(len + 1), *part = malloc(split + 1);
    if (!data || !part) abort();
    memcpy(data, input + 2, len);
    memcpy(part, input + 2, split);
    data = realloc(data, len ? len : 1);
    head_run whole, two, bytes;
    head_begin(&whole, &options, response, method);
    head_begin(&two, &options, response, method);
    head_begin(&bytes, &options, response, method);
    whole.result = weir_http_parser_feed(&whole.parser, data, len);
    two.result = weir_http_parser_feed(&two.parser, part, split);
    if (two.result == 0) two.result = weir_http_parser_feed(&two.parser, data, len);
    for (size_t i = 1; i <= len && bytes.result == 0; i++)
        bytes.result = weir_http_parser_feed(&bytes.parser, data, i);
    head_check_same(&whole, &two);
    head_check_same(&whole, &bytes);
    if (whole.result < 0) check(whole.parser.error_offset < len);
    if (whole.result < 0) check(*weir_http_error_section(whole.result) != '\0');
    if (whole.result > 0) {
        head_check_views(&whole, data);
        if (!(input[0] & 0x80)) head_rewrite(&whole, data, &options);
    }
    free(data);
    free(part);
    return 0;
}

#endif
