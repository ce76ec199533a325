/* SPDX-License-Identifier: MIT
 *
 * Making a response: its head straight in the output buffer, its content framed as announced.
 *
 *     HTTP/1.1 200 OK CRLF Date: … CRLF  [fields]  [Connection] [Content-Length | chunked] CRLF
 *
 * Invariant: while the head is open the output's `used` bytes are those before it; the cursor
 * `answer.head` covers what follows, and becomes part of `used` when the head is complete.
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>

#include "http/server/exchange.h"

void weir_http_answer_begin(weir_http_exchange *x)
{
    x->answer.length = x->answer.written = 0;
    x->answer.status = 0;
    x->answer.phase = WEIR_HTTP_UNANSWERED;
    x->answer.has_length = x->answer.chunked = x->answer.bare = false;
}

static void open_cursor(weir_http_exchange *x)
{
    weir_http_output *output = x->output;
    x->answer.head = weir_http_out_of(output->data + output->used, WEIR_HTTP_OUTPUT - output->used);
}

int weir_http_answer_send_before(weir_http_exchange *x, const char *data, size_t len)
{
    weir_http_out *head = &x->answer.head;
    const char *from = head->data;
    const size_t head_len = head->len;
    int error = weir_http_output_flush_with(x, data, len);
    if (error) return error;
    memmove(x->output->data, from, head_len);
    open_cursor(x);
    head->len = head_len;
    return 0;
}

/* Gives the open head the room of the responses before it. */
static int make_room(weir_http_exchange *x)
{
    return x->output->used == 0 ? WEIR_EHTTP_SPACE : weir_http_answer_send_before(x, NULL, 0);
}

/* Responses have no content after HEAD, with 204 and with 304 (RFC 9110 6.4.1). */
static bool is_bare(const weir_http_exchange *x, int status)
{
    return x->parser.method == WEIR_HTTP_HEAD || status == 204 || status == 304;
}

int weir_http_respond_begin(weir_http_exchange *x, int status)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nDate: ";
    static const char date[] = "Date: ";
    if (x->answer.phase != WEIR_HTTP_UNANSWERED) return WEIR_EHTTP_STATE;
    if (status < 200 || status > 599) return WEIR_EINVAL;
    if (x->output->error) return x->output->error;
    if (WEIR_HTTP_OUTPUT - x->output->used < 1024) {
        int error = weir_http_output_flush(x);
        if (error) return error;
    }
    open_cursor(x);
    weir_http_out *head = &x->answer.head;
    if (status == 200) {
        memcpy(head->data, ok, sizeof ok - 1);
        head->len = sizeof ok - 1;
    } else {
        weir_http_out_status(head, WEIR_HTTP_1_1, status);
        memcpy(head->data + head->len, date, sizeof date - 1);
        head->len += sizeof date - 1;
    }
    weir_http_clock_date(&x->keeper->clock, head->data + head->len);
    head->len += WEIR_HTTP_DATE_LINE;
    x->answer.status = status;
    x->answer.bare = is_bare(x, status);
    x->answer.phase = WEIR_HTTP_HEAD_OPEN;
    return 0;
}

/* Adds one line by its known or its written name. */
static int add_line(weir_http_exchange *x, weir_http_field_id id, weir_bytes name, weir_bytes value)
{
    weir_http_out *head = &x->answer.head;
    for (;;) {
        head->capacity -= WEIR_HTTP_HEAD_RESERVE;
        int error = id != WEIR_HTTP_FIELD_OTHER ? weir_http_out_known(head, id, value)
                                                : weir_http_out_field(head, name, value);
        head->capacity += WEIR_HTTP_HEAD_RESERVE;
        head->error = 0;
        if (error != WEIR_EHTTP_SPACE) return error;
        error = make_room(x);
        if (error) return error;
    }
}

int weir_http_respond_field(weir_http_exchange *x, weir_http_field_id id, weir_bytes value)
{
    if (x->answer.phase != WEIR_HTTP_HEAD_OPEN) return WEIR_EHTTP_STATE;
    if (id <= WEIR_HTTP_FIELD_OTHER || id >= WEIR_HTTP_FIELD_IDS ||
        id == WEIR_HTTP_FIELD_CONTENT_LENGTH || id == WEIR_HTTP_FIELD_TRANSFER_ENCODING ||
        id == WEIR_HTTP_FIELD_CONNECTION || id == WEIR_HTTP_FIELD_DATE)
        return WEIR_EINVAL;
    return add_line(x, id, weir_bytes_of(NULL, 0), value);
}

int weir_http_respond_field_named(weir_http_exchange *x, weir_bytes name, weir_bytes value)
{
    weir_http_field_id id = weir_http_field_id_parse(name);
    if (id != WEIR_HTTP_FIELD_OTHER) return weir_http_respond_field(x, id, value);
    if (x->answer.phase != WEIR_HTTP_HEAD_OPEN) return WEIR_EHTTP_STATE;
    return add_line(x, WEIR_HTTP_FIELD_OTHER, name, value);
}

int weir_http_respond_length(weir_http_exchange *x, uint64_t length)
{
    if (x->answer.phase != WEIR_HTTP_HEAD_OPEN) return WEIR_EHTTP_STATE;
    x->answer.length = length;
    x->answer.has_length = true;
    return 0;
}

/* Whether the connection ends with this response; decided once, when its head is completed. */
static bool decide_close(weir_http_exchange *x)
{
    if (x->close) return true;
    if (weir_http_parser_keeps_alive(&x->parser) &&
        weir_http_keeper_stage(x->keeper) == WEIR_HTTP_SERVING &&
        x->connection->requests < x->server->options.max_requests &&
        !weir_http_content_is_costly(x))
        return false;
    /* When it is we who end it, the client may be sending its next request. */
    if (!(x->parser.connection & WEIR_HTTP_CONNECTION_CLOSE) || weir_http_content_is_costly(x))
        x->linger = true;
    return x->close = true;
}

/* Whether the response has neither Content-Length nor Transfer-Encoding: RFC 9110 8.6, 9.3.6,
 * RFC 9112 6.1. */
static bool is_unframed(const weir_http_exchange *x)
{
    const int status = x->answer.status;
    return status == 204 || status == 304 ||
           (x->parser.method == WEIR_HTTP_CONNECT && weir_http_status_class(status) == 2);
}

static int finish_head(weir_http_exchange *x)
{
    weir_http_answer *answer = &x->answer;
    weir_http_out *head = &answer->head;
    const bool unframed = is_unframed(x);
    const bool modern = x->parser.version == WEIR_HTTP_1_1 || !x->complete;
    if (!answer->has_length && !unframed) {
        if (modern) {
            answer->chunked = true;
        } else {
            x->close = true;
        }
    }
    if (head->capacity - head->len < WEIR_HTTP_HEAD_RESERVE) {
        int error = make_room(x);
        if (error) return error;
    }
    if (decide_close(x)) {
        weir_http_out_known(head, WEIR_HTTP_FIELD_CONNECTION, weir_bytes_of("close", 5));
    } else if (!modern) {
        weir_http_out_known(head, WEIR_HTTP_FIELD_CONNECTION, weir_bytes_of("keep-alive", 10));
    }
    if (answer->chunked) {
        weir_http_out_known(head, WEIR_HTTP_FIELD_TRANSFER_ENCODING, weir_bytes_of("chunked", 7));
    } else if (answer->has_length && !unframed) {
        weir_http_out_number(head, WEIR_HTTP_FIELD_CONTENT_LENGTH, answer->length);
    }
    int64_t len = weir_http_out_end(head);
    if (len < 0) return (int)len;
    x->output->used += (size_t)len;
    answer->phase = WEIR_HTTP_CONTENT;
    return 0;
}

/* Sends content with the framing that the head announced. */
static int write_content(weir_http_exchange *x, weir_bytes data)
{
    x->answer.written += data.len;
    if (x->answer.bare || data.len == 0) return 0;
    if (!x->answer.chunked) return weir_http_output_add(x, data.data, data.len);
    char line[WEIR_HTTP_CHUNK_LINE_MAX];
    weir_http_out out = weir_http_out_of(line, sizeof line);
    weir_http_out_chunk(&out, data.len);
    int error = weir_http_output_add(x, line, out.len);
    if (!error) error = weir_http_output_add(x, data.data, data.len);
    return error ? error : weir_http_output_add(x, "\r\n", 2);
}

int weir_http_respond_write(weir_http_exchange *x, weir_bytes data)
{
    weir_http_answer *answer = &x->answer;
    if (answer->phase != WEIR_HTTP_HEAD_OPEN && answer->phase != WEIR_HTTP_CONTENT)
        return WEIR_EHTTP_STATE;
    if (answer->has_length && data.len > answer->length - answer->written) return WEIR_EHTTP_LENGTH;
    int error = answer->phase == WEIR_HTTP_HEAD_OPEN ? finish_head(x) : 0;
    return error ? error : write_content(x, data);
}

int weir_http_respond_flush(weir_http_exchange *x)
{
    if (x->answer.phase == WEIR_HTTP_UNANSWERED) return WEIR_EHTTP_STATE;
    int error = x->answer.phase == WEIR_HTTP_HEAD_OPEN ? finish_head(x) : 0;
    return error ? error : weir_http_output_flush(x);
}

int weir_http_respond_end(weir_http_exchange *x)
{
    weir_http_answer *answer = &x->answer;
    if (answer->phase != WEIR_HTTP_HEAD_OPEN && answer->phase != WEIR_HTTP_CONTENT)
        return WEIR_EHTTP_STATE;
    if (answer->phase == WEIR_HTTP_HEAD_OPEN) {
        /* Nothing was written: that is known to be the length, but for HEAD, whose content nobody
         * makes. */
        if (!answer->has_length && !answer->bare) answer->has_length = true;
        int error = finish_head(x);
        if (error) return error;
    }
    answer->phase = WEIR_HTTP_ANSWERED;
    if (answer->bare) return 0;
    if (answer->chunked) return weir_http_output_add(x, "0\r\n\r\n", 5);
    if (!answer->has_length || answer->written == answer->length) return 0;
    x->close = true;
    x->error = WEIR_EHTTP_LENGTH;
    return WEIR_EHTTP_LENGTH;
}

int weir_http_respond_file(weir_http_exchange *x, int file, uint64_t offset, uint64_t length)
{
    if (x->answer.phase != WEIR_HTTP_HEAD_OPEN) return WEIR_EHTTP_STATE;
    weir_http_respond_length(x, length);
    int error = finish_head(x);
    if (error) return error;
    if (!x->answer.bare) {
        int64_t sent = weir_http_output_file(x, file, offset, length);
        if (sent < 0) {
            x->close = true;
            if (x->error == 0) x->error = (int)sent;
            x->answer.phase = WEIR_HTTP_ANSWERED;
            return (int)sent;
        }
        x->answer.written = (uint64_t)sent;
    }
    return weir_http_respond_end(x);
}

/* Whether the head needs nothing but the type and the length of the content. */
static bool is_plain(weir_http_exchange *x, int status)
{
    return status >= 200 && status != 204 && status != 304 && x->complete &&
           x->parser.version == WEIR_HTTP_1_1 && !decide_close(x);
}

/* The rest of a plain head, and the content.  WEIR_EHTTP_SPACE: nothing was done. */
static int respond_plain(weir_http_exchange *x, const char *content_type, weir_bytes body)
{
    weir_http_out *head = &x->answer.head;
    int error = weir_http_out_content(head, weir_bytes_text(content_type), body.len);
    if (error) {
        head->error = 0;
        return error;
    }
    x->output->used += head->len;
    x->answer.phase = WEIR_HTTP_CONTENT;
    return write_content(x, body);
}

static int respond_any(weir_http_exchange *x, const char *content_type, weir_bytes body)
{
    if (content_type) {
        int error = add_line(x, WEIR_HTTP_FIELD_CONTENT_TYPE, weir_bytes_of(NULL, 0),
                             weir_bytes_text(content_type));
        if (error) return error;
    }
    x->answer.has_length = true;
    int error = finish_head(x);
    return error ? error : write_content(x, body);
}

int weir_http_respond(weir_http_exchange *x, int status, const char *content_type, weir_bytes body)
{
    int error = weir_http_respond_begin(x, status);
    if (error) return error;
    x->answer.length = body.len;
    error = WEIR_EHTTP_SPACE;
    if (content_type && is_plain(x, status)) error = respond_plain(x, content_type, body);
    if (error == WEIR_EHTTP_SPACE) error = respond_any(x, content_type, body);
    if (error && x->answer.phase == WEIR_HTTP_HEAD_OPEN) {
        /* Nothing of it has been sent: another response can be made. */
        weir_http_answer_begin(x);
        return error;
    }
    x->answer.phase = WEIR_HTTP_ANSWERED;
    return error;
}

int weir_http_respond_error(weir_http_exchange *x, int status, const char *detail)
{
    char text[512];
    const char *reason = weir_http_status_reason(status);
    int n = snprintf(text, sizeof text, "%d %s\n%s%s", status, reason, detail ? detail : "",
                     detail ? "\n" : "");
    if (n < 0) n = 0;
    if ((size_t)n >= sizeof text) n = sizeof text - 1;
    return weir_http_respond(x, status, "text/plain; charset=utf-8",
                             weir_bytes_of(text, (size_t)n));
}
