/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets of chunked bodies share: is a body read the same at once, in pieces and
 * byte by byte, and does it survive being written again?
 */
#ifndef WEIR_TEST_FUZZ_HTTP_BODY_H
#define WEIR_TEST_FUZZ_HTTP_BODY_H

#include <weir/http/wire/chunked.h>
#include <weir/http/wire/serializer.h>

#include "test/fuzz/http_input.h"

#define TRAILERS 16

typedef struct body_run {
    weir_http_chunked decoder;
    weir_http_field trailers[TRAILERS]; /* offsets from the body's first byte */
    int result;
    size_t taken;
    size_t content_len;
    char *content; /* a copy, as long as the body at most */
} body_run;

/* How a body is to be read. */
typedef struct body_way {
    const weir_http_options *options;
    size_t piece; /* how long the pieces are, when there are several */
    bool keep;    /* the trailers */
} body_way;

static inline void body_begin(body_run *run, const body_way *way, const bytes_lent *in)
{
    *run = (body_run){.content = malloc(in->len + 1)};
    if (!run->content) abort();
    weir_http_chunked_init(&run->decoder, way->options, way->keep ? run->trailers : NULL, TRAILERS);
}

static inline void body_end(body_run *run)
{
    free(run->content);
}

/* Makes offsets into the last step's bytes, which begin at `base`, offsets into the body. */
static inline void body_move_trailers(body_run *run, size_t base, size_t taken)
{
    for (uint32_t i = 0; i < run->decoder.count; i++) {
        weir_http_field *f = &run->trailers[i];
        check(f->name + f->name_len <= taken && f->value + f->value_len <= taken);
        check(!weir_http_field_is_forbidden_trailer((weir_http_field_id)f->id));
        f->name += (uint32_t)base;
        f->value += (uint32_t)base;
    }
}

/* Goes on, up to the bytes that `len` ends. */
static inline void body_go_on(body_run *run, const bytes_lent *in, size_t len)
{
    do {
        weir_http_chunked_step step;
        const char *at = in->data + run->taken;
        run->result = weir_http_chunked_next(&run->decoder, at, len - run->taken, &step);
        if (run->result < 0) return;
        check(step.taken <= len - run->taken && step.data + step.data_len <= step.taken);
        check((run->result == WEIR_HTTP_CHUNKED_DATA) == (step.data_len > 0));
        memcpy(run->content + run->content_len, at + step.data, step.data_len);
        run->content_len += step.data_len;
        if (run->result == WEIR_HTTP_CHUNKED_END) body_move_trailers(run, run->taken, step.taken);
        run->taken += step.taken;
    } while (run->result == WEIR_HTTP_CHUNKED_DATA);
}

static inline void body_check_same(const body_run *a, const body_run *b)
{
    check(a->result == b->result && a->content_len == b->content_len);
    check(memcmp(a->content, b->content, a->content_len) == 0);
    if (a->result < 0) check(a->decoder.error_offset == b->decoder.error_offset);
    if (a->result != WEIR_HTTP_CHUNKED_END) return;
    check(a->taken == b->taken && a->decoder.total == b->decoder.total);
    check(a->decoder.count == b->decoder.count);
    check(memcmp(a->trailers, b->trailers, a->decoder.count * sizeof *a->trailers) == 0);
}

/* Reads a body at once, in pieces and byte by byte.  Gives what it came to, to be ended. */
static inline void body_read(body_run *whole, const body_way *way, const bytes_lent *in)
{
    body_begin(whole, way, in);
    body_go_on(whole, in, in->len);
    const size_t steps[] = {way->piece, 1};
    for (unsigned i = 0; i < 2; i++) {
        body_run pieces;
        body_begin(&pieces, way, in);
        for (size_t have = 0; have < in->len && pieces.result == 0;) {
            have = in->len - have < steps[i] ? in->len : have + steps[i];
            bytes_show(in, have);
            body_go_on(&pieces, in, have);
        }
        bytes_show(in, in->len);
        body_check_same(whole, &pieces);
        body_end(&pieces);
    }
    if (whole->result < 0) check(whole->decoder.error_offset < in->len);
    if (whole->result != WEIR_HTTP_CHUNKED_END) return;
    check(weir_http_chunked_is_done(&whole->decoder));
    check(whole->decoder.total == whole->content_len);
}

static inline weir_bytes body_name(const body_run *run, const char *data, uint32_t i)
{
    return weir_bytes_of(data + run->trailers[i].name, run->trailers[i].name_len);
}

static inline weir_bytes body_value(const body_run *run, const char *data, uint32_t i)
{
    return weir_bytes_of(data + run->trailers[i].value, run->trailers[i].value_len);
}

/* Writes a complete body anew, as one chunk; what is written has to be read as the same. */
static inline void body_rewrite(const body_run *run, const bytes_lent *in)
{
    const size_t room = in->len * 2 + 64;
    char *buffer = malloc(room);
    if (!buffer) return;
    weir_http_out out = weir_http_out_of(buffer, room);
    if (run->content_len > 0) {
        check(weir_http_out_chunk(&out, run->content_len) == 0);
        memcpy(buffer + out.len, run->content, run->content_len);
        out.len += run->content_len;
        weir_http_out_chunk_end(&out);
    }
    weir_http_out_last_chunk(&out);
    for (uint32_t i = 0; i < run->decoder.count; i++)
        weir_http_out_trailer(&out, body_name(run, in->data, i), body_value(run, in->data, i));
    const int64_t len = weir_http_out_end(&out);
    check(len > 0);
    weir_http_options loose = WEIR_HTTP_OPTIONS_DEFAULT;
    loose.trailer_section = UINT32_MAX;
    const bytes_lent written = {buffer, (size_t)len};
    const body_way way = {&loose, 1, true};
    body_run again;
    body_begin(&again, &way, &written);
    body_go_on(&again, &written, written.len);
    check(again.result == WEIR_HTTP_CHUNKED_END && again.taken == written.len);
    check(again.content_len == run->content_len && again.decoder.count == run->decoder.count);
    check(memcmp(again.content, run->content, run->content_len) == 0);
    for (uint32_t i = 0; i < run->decoder.count; i++) {
        check(weir_bytes_equal(body_name(run, in->data, i), body_name(&again, buffer, i)));
        check(weir_bytes_equal(body_value(run, in->data, i), body_value(&again, buffer, i)));
        check(run->trailers[i].id == again.trailers[i].id);
    }
    body_end(&again);
    free(buffer);
}

#endif
