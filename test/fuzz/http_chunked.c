/* SPDX-License-Identifier: MIT
 *
 * Is every chunked body read safely, and the same at once and in pieces?
 *
 *     input = flags piece bytes...        keep trailers, tight limits; length of the pieces; body
 */
#include <stdlib.h>

#include <weir/http/wire/chunked.h>

#define TRAILERS 16

typedef struct chunked_run {
    weir_http_chunked decoder;
    weir_http_field trailers[TRAILERS];
    int result;
    size_t taken;
    size_t content; /* bytes of it */
    uint64_t sum;   /* over content and trailers */
} chunked_run;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

static void add(chunked_run *run, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) run->sum = run->sum * 31 + (uint8_t)bytes[i];
}

static void run_until(chunked_run *run, const char *data, size_t len)
{
    do {
        weir_http_chunked_step step;
        const char *at = data + run->taken;
        run->result = weir_http_chunked_next(&run->decoder, at, len - run->taken, &step);
        if (run->result < 0) return;
        check(step.taken <= len - run->taken && step.data + step.data_len <= step.taken);
        check((run->result == WEIR_HTTP_CHUNKED_DATA) == (step.data_len > 0));
        add(run, at + step.data, step.data_len);
        run->content += step.data_len;
        for (uint32_t i = 0; run->result == WEIR_HTTP_CHUNKED_END && i < run->decoder.count; i++) {
            const weir_http_field *f = &run->trailers[i];
            check(f->name + f->name_len <= step.taken && f->value + f->value_len <= step.taken);
            check(!weir_http_field_is_forbidden_trailer((weir_http_field_id)f->id));
            add(run, at + f->name, f->name_len);
            add(run, at + f->value, f->value_len);
        }
        run->taken += step.taken;
    } while (run->result == WEIR_HTTP_CHUNKED_DATA);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    if (data[0] & 2) {
        options.body = 50;
        options.chunk_extension = 8;
        options.chunk_extensions = 20;
        options.trailer_section = 30;
        options.trailers = 3;
    }
    size_t len = size - 2, piece = data[1] ? data[1] : 1;
    char *body = malloc(len ? len : 1);
    if (!body) return 0;
    memcpy(body, data + 2, len);
    chunked_run whole = {0}, pieces = {0};
    weir_http_chunked_init(&whole.decoder, &options, data[0] & 1 ? whole.trailers : NULL, TRAILERS);
    weir_http_chunked_init(&pieces.decoder, &options, data[0] & 1 ? pieces.trailers : NULL,
                           TRAILERS);
    run_until(&whole, body, len);
    for (size_t have = 0; have < len && pieces.result == 0;) {
        have = len - have < piece ? len : have + piece;
        run_until(&pieces, body, have);
    }
    check(whole.result == pieces.result && whole.content == pieces.content);
    check(whole.sum == pieces.sum);
    if (whole.result < 0) check(whole.decoder.error_offset == pieces.decoder.error_offset);
    if (whole.result < 0) check(whole.decoder.error_offset < len);
    if (whole.result == WEIR_HTTP_CHUNKED_END)
        check(whole.taken == pieces.taken && whole.decoder.total == whole.content);
    free(body);
    return 0;
}
