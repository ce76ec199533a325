/* SPDX-License-Identifier: MIT
 *
 * Decisions and errors of the HTTP parser in words, each with the rule that it follows.
 */
#include "http.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/http/types/status.h>

/* Framing ---------------------------------------------------------------------------------- */

/* What the lines of one kind say together, as the parser has gathered it. */
static weir_http_length length_of(const weir_http_parser *parser, const char *head)
{
    weir_http_length all = WEIR_HTTP_LENGTH_NONE;
    uint64_t value;
    for (int i = -1; (i = weir_http_parser_find(parser, WEIR_HTTP_FIELD_CONTENT_LENGTH,
                                                (uint32_t)(i + 1))) >= 0;)
        all = weir_http_length_add(all, weir_http_parser_value(parser, head, (uint32_t)i), &value);
    return all;
}

static http_reason why_tunnel(const http_message *message)
{
    if (message->status == 101)
        return (http_reason){"RFC 9110 15.2.2",
                             "status 101 switches to another protocol: HTTP ends here"};
    return (http_reason){"RFC 9112 6.3 item 2",
                         "a 2xx response to CONNECT: what follows is the tunnel's"};
}

static http_reason why_none(const http_message *message)
{
    if (!message->response)
        return (http_reason){"RFC 9112 6.3 item 7",
                             "a request with neither Transfer-Encoding nor Content-Length"};
    if (message->method == WEIR_HTTP_HEAD)
        return (http_reason){"RFC 9112 6.3 item 1",
                             "a response to HEAD has no body, whatever its fields say"};
    return (http_reason){"RFC 9112 6.3 item 1",
                         "a 1xx, 204 or 304 response has no body, whatever its fields say"};
}

http_reason http_why_framing(const http_message *message)
{
    const weir_http_parser *parser = message->parser;
    const bool length = weir_http_parser_find(parser, WEIR_HTTP_FIELD_CONTENT_LENGTH, 0) >= 0;
    const bool coding = weir_http_parser_find(parser, WEIR_HTTP_FIELD_TRANSFER_ENCODING, 0) >= 0;
    switch (parser->framing.body) {
    case WEIR_HTTP_BODY_NONE: return why_none(message);
    case WEIR_HTTP_BODY_TUNNEL: return why_tunnel(message);
    case WEIR_HTTP_BODY_CHUNKED:
        if (length)
            return (http_reason){"RFC 9112 6.3 item 3",
                                 "Transfer-Encoding overrides the Content-Length beside it "
                                 "(lenient te-cl); chunked is its last coding"};
        return (http_reason){"RFC 9112 6.3 item 4", "chunked is the last transfer coding"};
    case WEIR_HTTP_BODY_LENGTH:
        if (length_of(parser, message->head) == WEIR_HTTP_LENGTH_REPEATED)
            return (http_reason){"RFC 9112 6.3 item 5",
                                 "Content-Length, repeated with equal values (lenient "
                                 "length-list)"};
        return (http_reason){"RFC 9112 6.3 item 6",
                             "a valid Content-Length without Transfer-Encoding"};
    case WEIR_HTTP_BODY_UNTIL_CLOSE:
        if (coding)
            return (http_reason){"RFC 9112 6.3 item 4",
                                 "chunked is not the last transfer coding of the response"};
        return (http_reason){"RFC 9112 6.3 item 8",
                             "a response with neither Transfer-Encoding nor Content-Length"};
    }
    return (http_reason){"", ""};
}

const char *http_body_name(weir_http_body body)
{
    static const char *const names[] = {
        [WEIR_HTTP_BODY_NONE] = "none",       [WEIR_HTTP_BODY_LENGTH] = "length",
        [WEIR_HTTP_BODY_CHUNKED] = "chunked", [WEIR_HTTP_BODY_UNTIL_CLOSE] = "until-close",
        [WEIR_HTTP_BODY_TUNNEL] = "tunnel",
    };
    return names[body];
}

const char *http_form_name(weir_http_target_form form)
{
    static const char *const names[] = {
        [WEIR_HTTP_TARGET_ORIGIN] = "origin-form",
        [WEIR_HTTP_TARGET_ABSOLUTE] = "absolute-form",
        [WEIR_HTTP_TARGET_AUTHORITY] = "authority-form",
        [WEIR_HTTP_TARGET_ASTERISK] = "asterisk-form",
    };
    return names[form];
}

/* The connection --------------------------------------------------------------------------- */

http_reason http_why_connection(const http_message *message)
{
    const weir_http_parser *parser = message->parser;
    const weir_http_framing *framing = &parser->framing;
    if (framing->body == WEIR_HTTP_BODY_TUNNEL)
        return (http_reason){message->status == 101 ? "RFC 9110 7.8" : "RFC 9110 9.3.6",
                             "it carries another protocol from here on"};
    if (message->response && message->status < 200)
        return (http_reason){"RFC 9110 15.2", "an interim response: the final one follows"};
    if (framing->body == WEIR_HTTP_BODY_UNTIL_CLOSE)
        return (http_reason){"RFC 9112 6.3", "its end is the end of the body"};
    if (framing->must_close)
        return (http_reason){"RFC 9112 6.1",
                             "after Transfer-Encoding together with Content-Length it must close"};
    if (parser->connection & WEIR_HTTP_CONNECTION_CLOSE)
        return (http_reason){"RFC 9112 9.3", "Connection says close"};
    if (message->version == WEIR_HTTP_1_1)
        return (http_reason){"RFC 9112 9.3", "HTTP/1.1, and Connection does not say close"};
    if (parser->connection & WEIR_HTTP_CONNECTION_KEEP_ALIVE)
        return (http_reason){"RFC 9112 9.3", "HTTP/1.0, and Connection says keep-alive"};
    return (http_reason){"RFC 9112 9.3", "HTTP/1.0, and Connection does not say keep-alive"};
}

/* Errors ----------------------------------------------------------------------------------- */

static const struct meaning {
    int code;
    const char *limit, *text;
} meanings[] = {
    {WEIR_EHTTP_REQUEST_LINE, NULL,
     "A request line is METHOD SP TARGET SP HTTP/1.1 CRLF, with single spaces. One without a "
     "version is HTTP/0.9, which nobody should speak; after the limit empty_lines none is "
     "skipped."},
    {WEIR_EHTTP_METHOD, NULL,
     "A method is a token (letters, digits and !#$%&'*+-.^_`|~) and one space follows. Bytes of "
     "TLS or of a body whose length was mistaken end here, too."},
    {WEIR_EHTTP_TARGET, NULL,
     "A target is printable ASCII without space and #, and its form fits the method: /path, "
     "http://host/path, host:port for CONNECT alone, * for OPTIONS alone; no user information. "
     "PRI * begins HTTP/2, which is framed differently."},
    {WEIR_EHTTP_VERSION, NULL,
     "HTTP/1.0 and HTTP/1.1 are what is spoken in this syntax; HTTP/2 and later are framed "
     "differently."},
    {WEIR_EHTTP_STATUS_LINE, NULL,
     "A status line is HTTP/1.1 SP, three digits from 100 on, and SP with a reason phrase, which "
     "may be empty."},
    {WEIR_EHTTP_FIELD_NAME, NULL,
     "A field name is a token, begins at the first byte of its line and has the colon right after "
     "it. Recipients that skip a blank there see another field than those that do not."},
    {WEIR_EHTTP_FIELD_VALUE, NULL,
     "A value holds no control byte but HTAB. NUL is where some recipients stop reading."},
    {WEIR_EHTTP_LINE_END, NULL,
     "Lines end in CRLF. A CR or LF alone ends a line for some recipients and not for others, "
     "so that they see different fields."},
    {WEIR_EHTTP_FOLD, NULL,
     "A line that begins with a blank continued the one before in old HTTP. Some recipients join "
     "it, others take it for a field of its own or drop it."},
    {WEIR_EHTTP_LINE_LIMIT, "start_line", "The start line is longer than the limit."},
    {WEIR_EHTTP_FIELD_LIMIT, "field_line", "The field line is longer than the limit."},
    {WEIR_EHTTP_HEAD_LIMIT, "field_section", "All field lines together are over the limit."},
    {WEIR_EHTTP_COUNT_LIMIT, "fields", "There are more field lines than the limit."},
    {WEIR_EHTTP_CONTENT_LENGTH, NULL,
     "Content-Length is decimal digits alone, at most 2^63-1: no sign, no blank inside, no 0x. "
     "Whoever reads it differently finds the next message elsewhere."},
    {WEIR_EHTTP_CONTENT_LENGTH_CONFLICT, NULL,
     "There is more than one Content-Length. Recipients that take different ones find the next "
     "message at different places."},
    {WEIR_EHTTP_TRANSFER_ENCODING, NULL,
     "Transfer-Encoding is a list of codings with chunked once, as the last, without parameters; a "
     "request needs it so, and HTTP/1.0 has none."},
    {WEIR_EHTTP_TRANSFER_CODING, NULL,
     "Chunked is the only transfer coding that is undone here; others would have to be named to "
     "the recipient by TE first."},
    {WEIR_EHTTP_FRAMING_CONFLICT, NULL,
     "Two fields say where the body ends. A proxy that follows one and a server that follows the "
     "other disagree about where the next request begins: request smuggling."},
    {WEIR_EHTTP_HOST, NULL,
     "An HTTP/1.1 request has exactly one Host, which is a name, an IPv4 address or an [IPv6] "
     "address with an optional port. It decides who is asked."},
    {WEIR_EHTTP_CHUNK_SIZE, NULL,
     "A chunk begins with its size, 1 to 16 hexadecimal digits of at most 2^63-1, then CRLF or an "
     "extension: no 0x, no sign, no lone LF, no CRLF before it."},
    {WEIR_EHTTP_CHUNK_EXTENSION, NULL,
     "After a chunk's size stands nothing or ;name or ;name=value, at most 256 bytes in a line and "
     "4096 in a body (limits chunk_extension, chunk_extensions)."},
    {WEIR_EHTTP_CHUNK_END, NULL,
     "CRLF follows the data of a chunk. Where something else stands the size did not match the "
     "data."},
    {WEIR_EHTTP_TRAILER, NULL,
     "Trailer lines follow the rules of field lines, never end in a lone LF, and have limits of "
     "their own (trailer_section, trailers)."},
    {WEIR_EHTTP_BODY_LIMIT, "body", "The announced length of the body is over the limit."},
    {WEIR_EHTTP_EXPECTATION, NULL, "100-continue is the only expectation that there is."},
    {WEIR_EEOF, NULL,
     "The stream ended before the message did: what has come is not all, and must not be taken "
     "for it."},
};

static const struct meaning *meaning_of(int code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == code) return &meanings[i];
    return NULL;
}

const char *http_error_meaning(int code)
{
    const struct meaning *meaning = meaning_of(code);
    return meaning ? meaning->text : "";
}

const char *http_limit_of_error(int code)
{
    const struct meaning *meaning = meaning_of(code);
    return meaning ? meaning->limit : NULL;
}

const char *http_error_rule(int code)
{
    return code == WEIR_EEOF ? "RFC 9112 8" : weir_http_error_section(code);
}

int http_error_answer(const http_message *message, int code)
{
    if (message->response) return WEIR_HTTP_BAD_GATEWAY;
    return code == WEIR_EEOF ? WEIR_HTTP_BAD_REQUEST : weir_http_error_status(code);
}

/* Names of options ------------------------------------------------------------------------- */

const http_lenience http_leniences[] = {
    {"lf", WEIR_HTTP_LENIENT_LF},
    {"fold", WEIR_HTTP_LENIENT_FOLD},
    {"length-list", WEIR_HTTP_LENIENT_LENGTH_LIST},
    {"te-cl", WEIR_HTTP_LENIENT_TE_CL},
    {"no-host", WEIR_HTTP_LENIENT_NO_HOST},
    {"target-bytes", WEIR_HTTP_LENIENT_TARGET_BYTES},
    {"codings", WEIR_HTTP_ACCEPT_CODINGS},
    {NULL, 0},
};

bool http_limit_find(weir_http_options *options, const char *name, size_t len, http_limit *out)
{
    const http_limit limits[] = {
        {"empty_lines", &options->empty_lines, NULL},
        {"start_line", &options->start_line, NULL},
        {"field_line", &options->field_line, NULL},
        {"field_section", &options->field_section, NULL},
        {"fields", &options->fields, NULL},
        {"chunk_extension", &options->chunk_extension, NULL},
        {"chunk_extensions", &options->chunk_extensions, NULL},
        {"trailer_section", &options->trailer_section, NULL},
        {"trailers", &options->trailers, NULL},
        {"body", NULL, &options->body},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (strlen(limits[i].name) != len || memcmp(limits[i].name, name, len) != 0) continue;
        *out = limits[i];
        return true;
    }
    return false;
}
