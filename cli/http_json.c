/* SPDX-License-Identifier: MIT
 *
 * What the HTTP parser sees, as one JSON object for each message and line.
 *
 * Bytes are escaped before they become JSON (\xHH and the like), so that the text is ASCII and
 * every byte can be had back.
 */
#include <inttypes.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/http/types/url.h>

#include "http.h"

/* Writes a text that is ASCII, or UTF-8. */
static void put_text(const char *text)
{
    char out[2048];
    const size_t len = cli_json_string(text, strlen(text), out, sizeof out);
    if (len > 0)
        fwrite(out, 1, len, stdout);
    else
        fputs("null", stdout);
}

/* Writes bytes, escaped; the backslashes of the escapes are JSON's to double. */
static void put_inside(weir_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char escaped[HTTP_ESCAPE];
        const size_t len = http_escape(bytes.data[i], escaped);
        for (size_t k = 0; k < len; k++) {
            if (escaped[k] == '\\' || escaped[k] == '"') putchar('\\');
            putchar(escaped[k]);
        }
    }
}

static void put_bytes(weir_bytes bytes)
{
    putchar('"');
    put_inside(bytes);
    putchar('"');
}

/* A member whose value is bytes of the input, with their offset: "method":{"offset":0,"text":…}. */
static void put_part(const char *name, weir_bytes bytes, size_t offset)
{
    printf(",\"%s\":{\"offset\":%zu,\"text\":", name, offset);
    put_bytes(bytes);
}

static void put_member(const char *name, weir_bytes bytes)
{
    printf(",\"%s\":", name);
    put_bytes(bytes);
}

static void put_reason(const char *name, http_reason reason)
{
    printf(",\"%s\":", name);
    put_text(reason.rule);
    fputs(",\"why\":", stdout);
    put_text(reason.text);
}

static void begin(http_report *r, const http_message *message)
{
    r->list = HTTP_LIST_NONE;
    printf("{\"message\":%u,\"kind\":\"%s\",\"offset\":%zu", message->number,
           message->response ? "response" : "request", message->start);
}

static size_t offset_in(const http_message *message, weir_bytes view)
{
    return message->start + (size_t)(view.data - message->head);
}

static void put_request_line(const http_message *message)
{
    const weir_bytes method = weir_http_parser_method(message->parser, message->head);
    const weir_bytes target = weir_http_parser_target(message->parser, message->head);
    weir_http_target parts;
    put_part("method", method, offset_in(message, method));
    fputs("}", stdout);
    put_part("target", target, offset_in(message, target));
    if (weir_http_target_split(target, message->method, &parts) == 0) {
        printf(",\"form\":\"%s\"", http_form_name(parts.form));
        if (parts.scheme.len) put_member("scheme", parts.scheme);
        if (parts.authority.len) put_member("authority", parts.authority);
        if (parts.path.len) put_member("path", parts.path);
        if (parts.has_query) put_member("query", parts.query);
    }
    fputs("}", stdout);
}

static void put_field(const http_field *field, bool first)
{
    printf("%s{\"offset\":%zu,\"name\":", first ? "" : ",", field->offset);
    put_bytes(field->name);
    printf(",\"value_offset\":%zu,\"value\":", field->value_offset);
    put_bytes(field->value);
    put_member("raw", field->raw);
}

/* All lines together are the list. */
static void put_upgrade(const http_message *message)
{
    const char *separator = "";
    fputs(",\"upgrade\":\"", stdout);
    for (int at = -1; (at = weir_http_parser_find(message->parser, WEIR_HTTP_FIELD_UPGRADE,
                                                  (uint32_t)(at + 1))) >= 0;) {
        fputs(separator, stdout);
        separator = ", ";
        put_inside(weir_http_parser_value(message->parser, message->head, (uint32_t)at));
    }
    putchar('"');
}

static void put_wishes(const http_message *message)
{
    const int expects = weir_http_parser_expects_continue(message->parser, message->head);
    if (weir_http_parser_upgrades_to(message->parser, message->head, weir_bytes_of("", 0)))
        put_upgrade(message);
    if (expects != 0) printf(",\"expects\":\"%s\"", expects > 0 ? "100-continue" : "unknown");
}

static void head(http_report *r, const http_message *message)
{
    (void)r;
    const weir_http_parser *parser = message->parser;
    const weir_bytes version = message->version_text;
    if (!message->response) put_request_line(message);
    put_part("version", version, (size_t)(version.data - message->input.data));
    fputs("}", stdout);
    if (message->response) {
        const weir_bytes reason = weir_http_parser_reason(parser, message->head);
        printf(",\"status\":{\"offset\":%zu,\"code\":%d}",
               (size_t)(version.data - message->input.data) + version.len + 1, message->status);
        put_part("reason", reason, offset_in(message, reason));
        fputs("}", stdout);
    }
    fputs(",\"fields\":[", stdout);
    for (uint32_t i = 0; i < parser->count; i++) {
        const http_field field = http_field_at(message, i);
        put_field(&field, i == 0);
        putchar('}');
    }
    printf("],\"head_length\":%zu,\"framing\":{\"body\":\"%s\"", message->head_len,
           http_body_name(parser->framing.body));
    if (parser->framing.body == WEIR_HTTP_BODY_LENGTH)
        printf(",\"length\":%" PRIu64, parser->framing.length);
    put_reason("rule", http_why_framing(message));
    printf("},\"connection\":{\"keep_alive\":%s",
           weir_http_parser_keeps_alive(parser) ? "true" : "false");
    put_reason("rule", http_why_connection(message));
    putchar('}');
    put_wishes(message);
}

static void content(http_report *r, const http_message *message, size_t offset, size_t have)
{
    (void)r, (void)message, (void)offset, (void)have; /* end tells it */
}

static void open_list(http_report *r, http_list list, const char *name)
{
    if (r->list == list) {
        putchar(',');
        return;
    }
    printf("%s,\"%s\":[", r->list == HTTP_LIST_NONE ? "" : "]", name);
    r->list = list;
}

static void chunk(http_report *r, const http_message *message, const http_chunk *one)
{
    (void)message;
    open_list(r, HTTP_LIST_CHUNKS, "chunks");
    printf("{\"offset\":%zu,\"size\":%" PRIu64 ",\"extension\":", one->offset, one->size);
    put_bytes(one->extension);
    printf(",\"data_offset\":%zu,\"have\":%zu}", one->data, one->have);
}

static void trailer(http_report *r, const http_message *message, const http_field *field)
{
    (void)message;
    open_list(r, HTTP_LIST_TRAILERS, "trailers");
    put_field(field, true);
    printf(",\"kept\":%s}", field->kept ? "true" : "false");
}

static void put_error(const http_message *message, const http_error *error)
{
    http_place place;
    http_place_of(message->input, error->offset, &place);
    printf(",\"error\":{\"name\":\"%s\",\"text\":", weir_errname(error->code));
    put_text(weir_strerror(error->code));
    fputs(",\"meaning\":", stdout);
    put_text(http_error_meaning(error->code));
    printf(",\"rule\":\"%s\",\"status\":%d,\"offset\":%zu,\"line\":%zu,\"column\":%zu,\"byte\":",
           http_error_rule(error->code), http_error_answer(message, error->code), error->offset,
           place.line, place.column);
    put_text(place.byte);
    fputs(",\"excerpt\":", stdout);
    put_text(place.text);
    printf(",\"caret\":%u", place.caret);
    if (error->where[0]) {
        fputs(",\"where\":", stdout);
        put_text(error->where);
    }
    if (error->hint[0]) {
        fputs(",\"hint\":", stdout);
        put_text(error->hint);
    }
    putchar('}');
}

static void end(http_report *r, const http_message *message, const http_end *how)
{
    static const char *const outcomes[] = {"complete", "more", "cut", "refused"};
    if (r->list != HTTP_LIST_NONE) putchar(']');
    if (message->head_len > 0)
        printf(",\"body_offset\":%zu,\"body_content\":%" PRIu64, how->body, how->content);
    if (how->outcome == HTTP_COMPLETE) printf(",\"end\":%zu", how->offset);
    if (how->rest > 0)
        printf(",\"rest\":{\"kind\":\"%s\",\"offset\":%zu,\"length\":%zu}", how->why_rest,
               how->offset, how->rest);
    printf(",\"outcome\":\"%s\"", outcomes[how->outcome]);
    if (how->outcome == HTTP_MORE) printf(",\"where\":\"%s\"", how->error.where);
    if (how->outcome == HTTP_CUT || how->outcome == HTTP_REFUSED) put_error(message, &how->error);
    fputs("}\n", stdout);
}

static void nothing(http_report *r, size_t offset, size_t len)
{
    (void)r, (void)offset, (void)len;
}

const http_form http_json = {begin, head, content, chunk, trailer, end, nothing};
