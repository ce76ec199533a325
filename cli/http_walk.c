/* SPDX-License-Identifier: MIT
 *
 * Message after message through the input, and what the parser and the chunked decoder make of it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/http/types/status.h>

#include "http.h"

typedef struct walk {
    const http_settings *how;
    weir_bytes input;
    http_report *report;
    weir_http_field *fields, *trailers;
    uint32_t field_room, trailer_room;
    unsigned answered; /* final responses so far */
    char *joined;      /* a head whose folded values are joined; NULL: none was folded */
} walk;

/* Heads ------------------------------------------------------------------------------------ */

static void begin_parser(const walk *w, weir_http_parser *parser, const weir_http_options *options)
{
    const unsigned last = w->how->method_count - 1;
    if (w->how->response)
        weir_http_parser_response(parser, options, w->fields, w->field_room,
                                  w->how->methods[w->answered < last ? w->answered : last]);
    else
        weir_http_parser_request(parser, options, w->fields, w->field_room);
}

/* Which option would take the head further than it came: tried, not guessed. */
static void hint_at_option(const walk *w, const http_message *message, http_error *error)
{
    weir_http_options options = w->how->options;
    const char *limit = http_limit_of_error(error->code);
    http_limit found;
    if (limit && http_limit_find(&options, limit, strlen(limit), &found)) {
        const uint64_t now = found.small ? *found.small : *found.large;
        snprintf(error->hint, sizeof error->hint, "--limit %s=N sets the limit; it is %" PRIu64,
                 limit, now);
        return;
    }
    for (const http_lenience *l = http_leniences; l->name; l++) {
        weir_http_parser parser;
        options.lenient = w->how->options.lenient | l->flag;
        begin_parser(w, &parser, &options);
        const int got = weir_http_parser_feed(&parser, w->input.data + message->start,
                                              w->input.len - message->start);
        if (got < 0 && message->start + parser.error_offset <= error->offset) continue;
        snprintf(error->hint, sizeof error->hint,
                 "--lenient %s takes it, with the risk that "
                 "weir http --help tells",
                 l->name);
        return;
    }
}

/* The copy of a head in which folded values are joined; the head itself when none is. */
static const char *unfolded(walk *w, weir_http_parser *parser, const char *head, size_t len)
{
    bool folded = false;
    for (uint32_t i = 0; i < parser->count; i++) folded |= parser->fields[i].folded;
    free(w->joined);
    w->joined = NULL;
    if (!folded) return head;
    w->joined = malloc(len);
    if (!w->joined) return head; /* the values are then shown as empty */
    memcpy(w->joined, head, len);
    weir_http_parser_unfold(parser, w->joined);
    return w->joined;
}

static void fill_message(walk *w, http_message *message, weir_http_parser *parser, size_t head)
{
    const char *data = w->input.data + message->start;
    const weir_bytes method = weir_http_parser_method(parser, data);
    const unsigned last = w->how->method_count - 1;
    message->head_len = head;
    /* RFC 9112 3 and 4: where the version stands. */
    const char *version = weir_http_parser_target(parser, data).data;
    version =
        version ? version + weir_http_parser_target(parser, data).len + 1 : memchr(data, 'H', head);
    message->version_text = weir_bytes_of(version, strlen("HTTP/1.1"));
    message->version = version[7] == '0' ? WEIR_HTTP_1_0 : WEIR_HTTP_1_1;
    message->status = message->response ? weir_http_parser_status(parser) : 0;
    message->method = message->response ? w->how->methods[w->answered < last ? w->answered : last]
                                        : weir_http_method_parse(method);
    const bool lone = head < 2 || data[head - 2] != '\r';
    message->fields_end = message->start + head - (lone ? 1 : 2);
    message->head = unfolded(w, parser, data, head);
}

http_field http_field_at(const http_message *message, uint32_t index)
{
    const weir_http_parser *parser = message->parser;
    const weir_bytes name = weir_http_parser_name(parser, message->head, index);
    const weir_bytes value = weir_http_parser_value(parser, message->head, index);
    const size_t at = message->start + (size_t)(name.data - message->head);
    size_t next = message->fields_end;
    if (index + 1 < parser->count)
        next =
            message->start +
            (size_t)(weir_http_parser_name(parser, message->head, index + 1).data - message->head);
    http_field field = {name, value, weir_bytes_of(message->input.data + at, next - at),
                        at,   at,    true};
    if (value.data) field.value_offset = message->start + (size_t)(value.data - message->head);
    return field;
}

/* Bodies ----------------------------------------------------------------------------------- */

static void fall_short(const walk *w, http_end *end)
{
    end->outcome = w->how->goes_on ? HTTP_MORE : HTTP_CUT;
    end->offset = w->input.len;
    end->error.code = WEIR_EEOF;
    end->error.offset = w->input.len;
}

static void walk_length(const walk *w, const http_message *message, http_end *end)
{
    const uint64_t want = message->parser->framing.length;
    const size_t have = w->input.len - end->body;
    end->content = want < have ? want : have;
    end->offset = end->body + (size_t)end->content;
    if (want > 0) w->report->form->content(w->report, message, end->body, (size_t)end->content);
    if (want <= have) return;
    fall_short(w, end);
    snprintf(end->error.where, sizeof end->error.where,
             "after %zu of %" PRIu64 " bytes of the body", have, want);
}

static void walk_until_close(const walk *w, const http_message *message, http_end *end)
{
    end->content = w->input.len - end->body;
    end->offset = w->input.len;
    w->report->form->content(w->report, message, end->body, (size_t)end->content);
    if (!w->how->goes_on) return;
    fall_short(w, end);
    snprintf(end->error.where, sizeof end->error.where,
             "inside a body until the connection closes");
}

/* Reads the size line at `at`, when it lies before `taken`: then it is known to be well. */
static bool read_size_line(weir_bytes input, size_t at, size_t taken, http_chunk *out)
{
    http_chunk chunk = {.offset = at};
    const char *line_end = at < taken ? memchr(input.data + at, '\r', taken - at) : NULL;
    if (!line_end || (size_t)(line_end - input.data) + 2 > taken) return false;
    for (;; at++) {
        const char c = input.data[at];
        if (c >= '0' && c <= '9')
            chunk.size = chunk.size << 4 | (uint64_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            chunk.size = chunk.size << 4 | (uint64_t)((c | 32) - 'a' + 10);
        else
            break;
    }
    chunk.extension = weir_bytes_of(input.data + at, (size_t)(line_end - input.data) - at);
    chunk.data = (size_t)(line_end - input.data) + 2;
    *out = chunk;
    return true;
}

/* The lines of a trailer section that is known to be well; `kept` are those the decoder gave. */
static void tell_trailers(const walk *w, const http_message *message,
                          const weir_http_chunked *decoder, size_t base, size_t at)
{
    const char *data = w->input.data;
    uint32_t next = 0;
    while (data[at] != '\r') {
        const char *colon = memchr(data + at, ':', w->input.len - at);
        const char *value = colon + 1, *line_end = memchr(colon, '\n', w->input.len - at);
        const char *last = line_end - 1;
        while (*value == ' ' || *value == '\t') value++;
        while (last > value && (last[-1] == ' ' || last[-1] == '\t')) last--;
        http_field field = {weir_bytes_of(data + at, (size_t)(colon - data) - at),
                            weir_bytes_of(value, (size_t)(last - value)),
                            weir_bytes_of(data + at, (size_t)(line_end + 1 - data) - at),
                            at,
                            (size_t)(value - data),
                            false};
        if (next < decoder->count && base + decoder->trailers[next].name == at) {
            field.kept = true;
            next++;
        }
        w->report->form->trailer(w->report, message, &field);
        at = (size_t)(line_end + 1 - data);
    }
}

/* `line`: where the next size line is due; `chunk`: the last one. */
static void describe_cut(const walk *w, size_t line, const http_chunk *chunk, bool last,
                         http_end *end)
{
    char *where = end->error.where;
    const size_t room = sizeof end->error.where;
    if (chunk->size > chunk->have)
        snprintf(where, room, "after %zu of %" PRIu64 " bytes of a chunk", chunk->have,
                 chunk->size);
    else
        snprintf(where, room, "%s",
                 last                  ? "inside the trailer section"
                 : line > w->input.len ? "before the line end of a chunk"
                                       : "inside the size line of a chunk");
    fall_short(w, end);
}

static void walk_chunks(const walk *w, const http_message *message, http_end *end)
{
    weir_http_chunked decoder;
    weir_http_chunked_step step;
    http_chunk chunk = {0};
    size_t at = end->body, line = end->body; /* where a size line is due */
    bool last = false;
    int event;
    weir_http_chunked_init(&decoder, &w->how->options, w->trailers, w->trailer_room);
    do {
        event = weir_http_chunked_next(&decoder, w->input.data + at, w->input.len - at, &step);
        const size_t base = at;
        at += step.taken;
        if (!read_size_line(w->input, line, at, &chunk)) continue;
        chunk.have = event == WEIR_HTTP_CHUNKED_DATA ? step.data_len : 0;
        end->content += chunk.have;
        last = chunk.size == 0;
        line = at + 2; /* after the line end of the data */
        w->report->form->chunk(w->report, message, &chunk);
        if (event == WEIR_HTTP_CHUNKED_END) tell_trailers(w, message, &decoder, base, chunk.data);
    } while (event == WEIR_HTTP_CHUNKED_DATA);
    end->offset = at;
    if (event < 0) {
        end->outcome = HTTP_REFUSED;
        end->error.code = event;
        end->error.offset = end->body + (size_t)decoder.error_offset;
    } else if (event == WEIR_HTTP_CHUNKED_MORE) {
        describe_cut(w, line, &chunk, last, end);
    }
}

/* Messages --------------------------------------------------------------------------------- */

static void walk_body(const walk *w, const http_message *message, http_end *end)
{
    switch (message->parser->framing.body) {
    case WEIR_HTTP_BODY_NONE: break;
    case WEIR_HTTP_BODY_LENGTH: walk_length(w, message, end); break;
    case WEIR_HTTP_BODY_CHUNKED: walk_chunks(w, message, end); break;
    case WEIR_HTTP_BODY_UNTIL_CLOSE: walk_until_close(w, message, end); break;
    case WEIR_HTTP_BODY_TUNNEL: break;
    }
}

/* Whether another message is looked for behind; where not, the rest is told. */
static bool look_behind(const walk *w, const http_message *message, http_end *end)
{
    if (end->outcome != HTTP_COMPLETE) return false;
    end->rest = w->input.len - end->offset;
    if (message->parser->framing.body == WEIR_HTTP_BODY_TUNNEL)
        end->why_rest = "tunnel";
    else if (!message->response && message->method == WEIR_HTTP_CONNECT)
        end->why_rest = "tunnel-if-accepted";
    else if (!weir_http_parser_keeps_alive(message->parser))
        end->why_rest = "ignored";
    else
        end->rest = 0;
    return !end->why_rest;
}

/* Tells of the message that begins at `*at`, and moves that behind it.
 * Returns whether to look for another one. */
static bool walk_message(walk *w, unsigned number, size_t *at, http_outcome *outcome)
{
    weir_http_parser parser;
    const size_t len = w->input.len - *at;
    http_message message = {w->how,       w->input,         number, .response = w->how->response,
                            .start = *at, .parser = &parser};
    http_end end = {.offset = w->input.len};
    begin_parser(w, &parser, &w->how->options);
    const int head = weir_http_parser_feed(&parser, w->input.data + *at, len);
    if (head == 0 && weir_http_parser_finish(&parser) == 0) {
        w->report->form->nothing(w->report, *at, len);
        return false;
    }
    bool more = false;
    w->report->form->begin(w->report, &message);
    if (head > 0) {
        fill_message(w, &message, &parser, (size_t)head);
        end.offset = end.body = *at + (size_t)head;
        w->report->form->head(w->report, &message);
        walk_body(w, &message, &end);
        more = look_behind(w, &message, &end);
        w->answered += message.response && (message.status >= 200 || message.status == 101);
    } else if (head < 0) {
        end.outcome = HTTP_REFUSED;
        end.error.code = head;
        end.error.offset = end.offset = *at + parser.error_offset;
        hint_at_option(w, &message, &end.error);
    } else {
        fall_short(w, &end);
        snprintf(end.error.where, sizeof end.error.where, "inside the head");
    }
    w->report->form->end(w->report, &message, &end);
    *at = end.offset;
    *outcome = end.outcome;
    return more;
}

/* Room for as many fields as the input can hold, a line having three bytes at least. */
static weir_http_field *make_fields(uint32_t limit, size_t len, uint32_t *room)
{
    *room = limit < len / 3 + 1 ? limit : (uint32_t)(len / 3 + 1);
    return malloc((*room + 1) * sizeof(weir_http_field));
}

int http_walk(const http_settings *how, weir_bytes input, http_report *report)
{
    walk w = {how, input, .report = report};
    http_outcome outcome = HTTP_COMPLETE;
    size_t at = 0;
    report->digits = snprintf(NULL, 0, "%zu", input.len);
    w.fields = make_fields(how->options.fields, input.len, &w.field_room);
    w.trailers = make_fields(how->options.trailers, input.len, &w.trailer_room);
    if (!w.fields || !w.trailers) {
        cli_complain("no memory for the fields");
        outcome = HTTP_REFUSED;
    } else if (input.len == 0) {
        report->form->nothing(report, 0, 0);
    } else {
        for (unsigned n = 1; walk_message(&w, n, &at, &outcome) && at < input.len;) n++;
    }
    free(w.fields);
    free(w.trailers);
    free(w.joined);
    return outcome == HTTP_REFUSED || outcome == HTTP_CUT ? CLI_FAILED : CLI_OK;
}
