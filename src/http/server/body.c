/* SPDX-License-Identifier: MIT
 *
 * The content of a request: read through its framing, within the limits of size and time.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "http/server/exchange.h"

void weir_http_content_begin(weir_http_exchange *x)
{
    weir_http_content *content = &x->content;
    const weir_http_framing *framing = &x->parser.framing;
    content->body = (uint8_t)framing->body;
    content->error = 0;
    content->expects = false;
    if (framing->body == WEIR_HTTP_BODY_NONE) return;
    content->left = framing->length;
    content->taken = 0;
    content->began = 0;
    content->piece = weir_bytes_of(NULL, 0);
    if (framing->body == WEIR_HTTP_BODY_CHUNKED)
        weir_http_chunked_init(&content->chunked, &x->server->wire, NULL, 0);
    if (framing->body == WEIR_HTTP_BODY_LENGTH && framing->length == 0)
        content->body = WEIR_HTTP_BODY_NONE;
}

bool weir_http_exchange_has_body(const weir_http_exchange *exchange, uint64_t *length)
{
    const weir_http_framing *framing = &exchange->parser.framing;
    const bool has = exchange->complete && framing->body != WEIR_HTTP_BODY_NONE;
    if (length)
        *length = has && framing->body != WEIR_HTTP_BODY_LENGTH ? UINT64_MAX
                  : has                                         ? framing->length
                                                                : 0;
    return has;
}

bool weir_http_content_is_costly(const weir_http_exchange *x)
{
    const weir_http_content *content = &x->content;
    if (content->body == WEIR_HTTP_BODY_NONE) return false;
    if (content->error || content->expects) return true;
    return content->body == WEIR_HTTP_BODY_LENGTH && content->left > x->server->options.max_discard;
}

static int64_t fail(weir_http_exchange *x, int64_t error)
{
    x->content.error = (int)error;
    x->close = true;
    if (error == WEIR_EHTTP_BODY_LIMIT || weir_errclass((int)error) == WEIR_CLASS_PROTOCOL)
        x->linger = true;
    if (x->error == 0) x->error = (int)error;
    return error;
}

/* A body may take its timeout, and on top the time that its bytes take at the lowest rate. */
static weir_deadline body_deadline(weir_http_exchange *x)
{
    weir_http_content *content = &x->content;
    const weir_http_server_options *options = &x->server->options;
    if (content->began == 0) content->began = weir_now(x->io, WEIR_CLOCK_MONOTONIC).ns;
    const int64_t seconds = (int64_t)(content->taken / options->min_rate);
    const int64_t limit = weir_time_sum(options->body_timeout.ns, weir_seconds(seconds).ns);
    return (weir_deadline){weir_time_sum(content->began, limit)};
}

/* Waits for more bytes of the content: 0, or an error. */
static int await_more(weir_http_exchange *x)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    /* RFC 9110 15.2: an interim response comes before the final one, or not at all. */
    const bool late = x->answer.phase > WEIR_HTTP_HEAD_OPEN;
    const size_t len = x->content.expects && !late ? sizeof go_on - 1 : 0;
    x->content.expects = false;
    /* The client may wait for what is gathered before it sends on; a head that is not complete
     * lies in the same buffer and stays. */
    int error = x->answer.phase == WEIR_HTTP_HEAD_OPEN ? weir_http_answer_send_before(x, go_on, len)
                                                       : weir_http_output_flush_with(x, go_on, len);
    if (error) return error;
    const int64_t n = weir_http_input_refill(x, body_deadline(x));
    return n > 0 ? 0 : n == 0 ? WEIR_EEOF : (int)n;
}

/* The next content of a chunked body in content->piece: 1, 0 at its end, or an error. */
static int next_piece(weir_http_exchange *x)
{
    weir_http_input *input = &x->input;
    for (;;) {
        weir_http_chunked_step step;
        const char *data = input->data + input->at;
        int event =
            weir_http_chunked_next(&x->content.chunked, data, input->end - input->at, &step);
        if (event < 0) return event;
        input->at += step.taken;
        if (event == WEIR_HTTP_CHUNKED_END) return 0;
        if (event == WEIR_HTTP_CHUNKED_DATA) {
            x->content.piece = weir_bytes_of(data + step.data, step.data_len);
            return 1;
        }
        int error = await_more(x);
        if (error) return error;
    }
}

static int64_t read_chunked(weir_http_exchange *x, char *out, size_t len)
{
    weir_bytes *piece = &x->content.piece;
    if (piece->len == 0) {
        int more = next_piece(x);
        if (more < 0) return fail(x, more);
        if (more == 0) {
            x->content.body = WEIR_HTTP_BODY_NONE;
            return 0;
        }
    }
    const size_t n = piece->len < len ? piece->len : len;
    memcpy(out, piece->data, n);
    piece->data += n;
    piece->len -= n;
    x->content.taken += n;
    return (int64_t)n;
}

static int64_t read_length(weir_http_exchange *x, char *out, size_t len)
{
    weir_http_input *input = &x->input;
    if (input->at == input->end) {
        int error = await_more(x);
        if (error) return fail(x, error);
    }
    size_t n = input->end - input->at;
    if (n > len) n = len;
    if (n > x->content.left) n = (size_t)x->content.left;
    memcpy(out, input->data + input->at, n);
    input->at += n;
    x->content.taken += n;
    x->content.left -= n;
    if (x->content.left == 0) x->content.body = WEIR_HTTP_BODY_NONE;
    return (int64_t)n;
}

int64_t weir_http_exchange_read(weir_http_exchange *exchange, void *data, size_t len)
{
    if (exchange->content.error) return exchange->content.error;
    if (len == 0) return 0;
    switch ((weir_http_body)exchange->content.body) {
    case WEIR_HTTP_BODY_LENGTH: return read_length(exchange, data, len);
    case WEIR_HTTP_BODY_CHUNKED: return read_chunked(exchange, data, len);
    default: return 0;
    }
}

int weir_http_content_discard(weir_http_exchange *x)
{
    char scratch[1024];
    uint64_t dropped = 0;
    x->content.expects = false;
    for (;;) {
        int64_t n = weir_http_exchange_read(x, scratch, sizeof scratch);
        if (n <= 0) return (int)n;
        dropped += (uint64_t)n;
        if (dropped > x->server->options.max_discard) return WEIR_EHTTP_BODY_LIMIT;
    }
}
