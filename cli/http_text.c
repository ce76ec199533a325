/* SPDX-License-Identifier: MIT
 *
 * What the HTTP parser sees, as a table for people:
 *
 *          0  method      POST
 *          …
 *             framing     chunked (RFC 9112 6.3 item 4)
 *                         chunked is the last transfer coding
 *         67  chunk       5 bytes at 70: hello
 */
#include <inttypes.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/http/types/status.h>
#include <weir/http/types/url.h>

#include "http.h"

enum { NAMES_LEAST = 10, NAMES_MOST = 28, LINE_WIDTH = 80, PREVIEW = 48 };

static const char bold[] = "\033[1m", dim[] = "\033[2m", red[] = "\033[1;31m", blue[] = "\033[36m";

static void paint(const http_report *r, const char *colour)
{
    if (r->colour) fputs(colour, stdout);
}

static void unpaint(const http_report *r)
{
    paint(r, "\033[0m");
}

/* Begins a row without an offset: up to the third column, or up to the name when that is all. */
static void row_besides(const http_report *r, const char *name, bool more)
{
    printf("%*s  %-*s", r->digits, "", more ? r->names : 0, name);
    fputs(more ? "  " : "\n", stdout);
}

/* The same with an offset. */
static void row(const http_report *r, size_t offset, const char *name, bool more)
{
    paint(r, dim);
    printf("%*zu", r->digits, offset);
    unpaint(r);
    printf("  %-*s", more ? r->names : 0, name);
    fputs(more ? "  " : "\n", stdout);
}

/* Bytes in one line, the end left out when they are many. */
static void put_preview(const char *data, size_t len)
{
    size_t used = 0;
    char escaped[HTTP_ESCAPE];
    for (size_t i = 0; i < len; i++) {
        const size_t width = http_escape(data[i], escaped);
        if (used + width > PREVIEW) {
            fputs("…", stdout);
            return;
        }
        fwrite(escaped, 1, width, stdout);
        used += width;
    }
}

/* Text broken at blanks, each line after `indent` columns; `column` is where the first begins. */
static void put_wrapped(const char *text, int indent, int column)
{
    while (*text) {
        const int len = (int)strcspn(text, " ");
        if (column > indent && column + 1 + len > LINE_WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        fwrite(text, 1, (size_t)len, stdout);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static size_t offset_in(const http_message *message, weir_bytes view)
{
    return message->start + (size_t)(view.data - message->head);
}

static void begin(http_report *r, const http_message *message)
{
    r->list = HTTP_LIST_NONE;
    r->names = NAMES_LEAST;
    if (r->digits < 6) r->digits = 6;
    paint(r, bold);
    printf("%s%s %u", message->number > 1 ? "\n" : "", message->response ? "response" : "request",
           message->number);
    unpaint(r);
    fputs("\n", stdout);
}

/* Heads ------------------------------------------------------------------------------------ */

static void put_path(const http_report *r, weir_bytes path)
{
    char out[1024];
    const int64_t len = weir_http_path_decode(path, out, sizeof out);
    if (len >= 0 && (size_t)len == path.len) return; /* nothing was encoded */
    if (len == WEIR_EHTTP_SPACE) return;
    row_besides(r, "", true);
    if (len < 0) {
        fputs("the path has a % without two hexadecimal digits, or %00\n", stdout);
        return;
    }
    fputs("the path without percent-encoding is ", stdout);
    http_put_escaped(weir_bytes_of(out, (size_t)len), stdout);
    putchar('\n');
}

static void put_target(const http_report *r, const http_message *message)
{
    const weir_bytes target = weir_http_parser_target(message->parser, message->head);
    weir_http_target parts;
    row(r, offset_in(message, target), "target", true);
    http_put_escaped(target, stdout);
    putchar('\n');
    if (weir_http_target_split(target, message->method, &parts) < 0) return;
    if (parts.form == WEIR_HTTP_TARGET_ORIGIN && !parts.has_query) {
        put_path(r, parts.path);
        return;
    }
    row_besides(r, "", true);
    printf("%s", http_form_name(parts.form));
    const struct {
        const char *name;
        weir_bytes text;
    } members[] = {{"authority", parts.authority}, {"path", parts.path}, {"query", parts.query}};
    for (int i = 0; i < 3; i++) {
        if (members[i].text.len == 0) continue;
        printf(", %s ", members[i].name);
        http_put_escaped(members[i].text, stdout);
    }
    if (parts.has_query && parts.query.len == 0) fputs(", empty query", stdout);
    putchar('\n');
    put_path(r, parts.path);
}

static void put_request_line(const http_report *r, const http_message *message)
{
    const weir_bytes method = weir_http_parser_method(message->parser, message->head);
    row(r, offset_in(message, method), "method", true);
    http_put_escaped(method, stdout);
    puts(message->method == WEIR_HTTP_OTHER_METHOD
             ? "  (an extension: a server that does not know it answers 501)"
             : "");
    put_target(r, message);
}

static void put_version(const http_report *r, const http_message *message)
{
    const size_t offset = (size_t)(message->version_text.data - message->input.data);
    row(r, offset, "version", true);
    http_put_escaped(message->version_text, stdout);
    putchar('\n');
    if (!message->response) return;
    const weir_bytes reason = weir_http_parser_reason(message->parser, message->head);
    row(r, offset + message->version_text.len + 1, "status", true);
    printf("%d\n", message->status);
    if (reason.len == 0) return;
    row(r, offset_in(message, reason), "reason", true);
    http_put_escaped(reason, stdout);
    putchar('\n');
}

/* Whether a line is "Name: value" CRLF, so that the table shows all there is to it. */
static bool is_plain(const http_field *field)
{
    const size_t name = field->name.len, value = field->value.len;
    const weir_bytes raw = field->raw;
    if (memcmp(raw.data + raw.len - 2, "\r\n", 2) != 0) return false;
    if (value == 0 && raw.len == name + 3) return true;
    return raw.len == name + value + 4 && raw.data[name + 1] == ' ' &&
           memcmp(raw.data + name + 2, field->value.data, value) == 0; /* not so when folded */
}

static void put_field(const http_report *r, const http_field *field)
{
    paint(r, dim);
    printf("%*zu", r->digits, field->offset);
    unpaint(r);
    fputs("  ", stdout);
    paint(r, blue);
    http_put_escaped(field->name, stdout);
    unpaint(r);
    const int pad = r->names - (int)field->name.len + 1;
    printf(":%*s", field->value.len == 0 ? 0 : pad > 2 ? pad : 2, "");
    http_put_escaped(field->value, stdout);
    putchar('\n');
    if (is_plain(field)) return;
    row_besides(r, "", true);
    fputs("written as ", stdout);
    http_put_escaped(field->raw, stdout);
    putchar('\n');
}

static void put_decision(const http_report *r, const char *name, const char *what,
                         http_reason reason)
{
    const int indent = r->digits + 2 + r->names + 2;
    row_besides(r, name, true);
    printf("%s (%s)\n%*s", what, reason.rule, indent, "");
    put_wrapped(reason.text, indent, indent);
}

static void put_wishes(const http_report *r, const http_message *message)
{
    const weir_bytes authority = weir_http_parser_authority(message->parser, message->head);
    const int expects = weir_http_parser_expects_continue(message->parser, message->head);
    const int host = weir_http_parser_find(message->parser, WEIR_HTTP_FIELD_HOST, 0);
    const weir_bytes named = weir_http_parser_value(message->parser, message->head,
                                                    host < 0 ? UINT32_MAX : (uint32_t)host);
    const char *separator = "";
    if (!message->response && authority.len && !weir_bytes_equal(authority, named)) {
        row_besides(r, "authority", true);
        http_put_escaped(authority, stdout);
        puts(": the target's, whatever Host says (RFC 9112 3.3)");
    }
    if (weir_http_parser_upgrades_to(message->parser, message->head, weir_bytes_of("", 0))) {
        row_besides(r, "upgrade", true);
        int at = -1;
        while ((at = weir_http_parser_find(message->parser, WEIR_HTTP_FIELD_UPGRADE,
                                           (uint32_t)(at + 1))) >= 0) {
            fputs(separator, stdout);
            separator = ", ";
            http_put_escaped(weir_http_parser_value(message->parser, message->head, (uint32_t)at),
                             stdout);
        }
        puts(message->response ? "" : ": if the server agrees with 101 (RFC 9110 7.8)");
    }
    if (expects != 0) {
        row_besides(r, "expects", true);
        puts(expects > 0 ? "100-continue: it may wait with the body (RFC 9110 10.1.1)"
                         : "something unknown, to be answered with 417 (RFC 9110 10.1.1)");
    }
}

static int widest(const http_message *message)
{
    uint32_t most = NAMES_LEAST;
    for (uint32_t i = 0; i < message->parser->count; i++) {
        const uint32_t len = message->parser->fields[i].name_len + 1U;
        if (len > most && len <= NAMES_MOST) most = len;
    }
    return (int)most;
}

static void head(http_report *r, const http_message *message)
{
    const weir_http_parser *parser = message->parser;
    const char *first = message->input.data + message->start;
    const weir_http_framing *framing = &parser->framing;
    char what[40];
    r->names = widest(message);
    if (*first == '\r' || *first == '\n') {
        row(r, message->start, "empty", true);
        fputs("lines, passed over (RFC 9112 2.2)\n", stdout);
    }
    if (!message->response) put_request_line(r, message);
    put_version(r, message);
    for (uint32_t i = 0; i < parser->count; i++) {
        const http_field field = http_field_at(message, i);
        put_field(r, &field);
    }
    snprintf(what, sizeof what, "%s", http_body_name(framing->body));
    if (framing->body == WEIR_HTTP_BODY_LENGTH)
        snprintf(what, sizeof what, "%" PRIu64 " byte%s", framing->length,
                 framing->length == 1 ? "" : "s");
    else if (framing->body == WEIR_HTTP_BODY_NONE)
        snprintf(what, sizeof what, "no body");
    put_decision(r, "framing", what, http_why_framing(message));
    put_decision(r, "connection",
                 weir_http_parser_keeps_alive(parser)     ? "stays open"
                 : framing->body == WEIR_HTTP_BODY_TUNNEL ? "no longer HTTP"
                                                          : "closes",
                 http_why_connection(message));
    put_wishes(r, message);
}

/* Bodies ----------------------------------------------------------------------------------- */

static void content(http_report *r, const http_message *message, size_t offset, size_t have)
{
    row(r, offset, "body", true);
    printf("%zu byte%s%s", have, have == 1 ? "" : "s", have > 0 ? ": " : "");
    put_preview(message->input.data + offset, have);
    putchar('\n');
}

static void chunk(http_report *r, const http_message *message, const http_chunk *one)
{
    row(r, one->offset, one->size > 0 ? "chunk" : "last chunk", one->size > 0);
    if (one->size > 0) {
        printf("%" PRIu64 " byte%s at %zu%s", one->size, one->size == 1 ? "" : "s", one->data,
               one->have > 0 ? ": " : "");
        put_preview(message->input.data + one->data, one->have);
        putchar('\n');
    }
    if (one->extension.len == 0) return;
    row(r, one->data - 2 - one->extension.len, "", true);
    fputs("extension ", stdout);
    http_put_escaped(one->extension, stdout);
    putchar('\n');
}

static void trailer(http_report *r, const http_message *message, const http_field *field)
{
    (void)message;
    if (r->list != HTTP_LIST_TRAILERS) {
        row(r, field->offset, "trailers", false);
        r->list = HTTP_LIST_TRAILERS;
    }
    put_field(r, field);
    if (field->kept) return;
    row_besides(r, "", true);
    fputs("dropped: it may not stand in a trailer (RFC 9110 6.5.1)\n", stdout);
}

/* Ends ------------------------------------------------------------------------------------- */

/* What to do about it, by the side that reads. */
static void put_answer(const http_message *message, const http_error *error)
{
    const int status = http_error_answer(message, error->code);
    char text[160];
    snprintf(text, sizeof text,
             message->response ? "A client gives up the connection; a proxy answers %d (%s)."
                               : "A server answers %d (%s) and closes the connection.",
             status, weir_http_status_reason(status));
    fputs("  ", stdout);
    put_wrapped(text, 2, 2);
}

static void put_error(const http_report *r, const http_message *message, const http_end *how)
{
    const http_error *error = &how->error;
    http_place place;
    http_place_of(message->input, error->offset, &place);
    putchar('\n');
    paint(r, red);
    printf("%s %s: %s", how->outcome == HTTP_CUT ? "cut" : "refused", weir_errname(error->code),
           weir_strerror(error->code));
    unpaint(r);
    printf("\n  by %s, at offset %zu, line %zu, column %zu: %s%s%s\n\n",
           http_error_rule(error->code), error->offset, place.line, place.column, place.byte,
           error->where[0] ? ", " : "", error->where);
    printf("    %s\n    %*s", place.text, (int)place.caret, "");
    paint(r, red);
    for (unsigned i = 0; i < place.width; i++) putchar('^');
    unpaint(r);
    fputs("\n\n  ", stdout);
    put_wrapped(http_error_meaning(error->code), 2, 2);
    put_answer(message, error);
    if (!error->hint[0]) return;
    fputs("  ", stdout);
    put_wrapped(error->hint, 2, 2);
}

static void put_rest(const http_report *r, const http_end *how)
{
    const bool ignored = strcmp(how->why_rest, "ignored") == 0;
    row(r, how->offset, ignored ? "ignored" : "tunnel", true);
    printf("%zu byte%s%s\n", how->rest, how->rest == 1 ? "" : "s",
           ignored                                ? ", because the connection closes"
           : strcmp(how->why_rest, "tunnel") == 0 ? ""
                                                  : ", if the answer is 2xx (RFC 9110 9.3.6)");
}

static void end(http_report *r, const http_message *message, const http_end *how)
{
    if (how->outcome == HTTP_CUT || how->outcome == HTTP_REFUSED) {
        put_error(r, message, how);
        return;
    }
    row(r, how->offset, how->outcome == HTTP_MORE ? "more" : "end", true);
    if (how->outcome == HTTP_MORE) {
        printf("the input ends %s\n", how->error.where);
        return;
    }
    printf("%zu byte%s: head %zu", how->offset - message->start,
           how->offset - message->start == 1 ? "" : "s", message->head_len);
    if (how->offset > how->body)
        printf(", body %zu, content %" PRIu64, how->offset - how->body, how->content);
    putchar('\n');
    if (how->rest > 0) put_rest(r, how);
}

static void nothing(http_report *r, size_t offset, size_t len)
{
    (void)r;
    if (len == 0)
        puts("The input is empty.");
    else
        printf("%sFrom offset %zu on there are but empty lines.\n", offset > 0 ? "\n" : "", offset);
}

const http_form http_text = {begin, head, content, chunk, trailer, end, nothing};
