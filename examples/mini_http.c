/* SPDX-License-Identifier: MIT
 *
 * A small HTTP server by hand: parser, framing and serializer together, without http/server.  One
 * request per connection, whose head has at most 4096 bytes and ten seconds; no body is taken.
 *
 *     mini_http [ADDRESS [MILLISECONDS]]       127.0.0.1:8080; then: curl -i 127.0.0.1:8080/you
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

typedef struct request {
    weir_http_options limits;
    weir_http_parser parser;
    weir_http_field fields[32];
    char data[4096];
    size_t len;
} request;

/* Returns the length of the head; 0 when the client leaves without a word; the parser's error, the
 * connection's, or WEIR_EEOF when the client leaves within the head. */
static int read_head(weir_io *io, weir_tcp_stream *client, request *r)
{
    int head = 0;
    /* With 8 empty lines before and one after, such a head fits into `data`: the parser refuses
     * what is too long, and no read finds the buffer full. */
    r->limits = (weir_http_options)WEIR_HTTP_OPTIONS_DEFAULT;
    r->limits.start_line = 1024;
    r->limits.field_section = sizeof r->data - 1024 - 16 - 2;
    weir_http_parser_request(&r->parser, &r->limits, r->fields, 32);
    while (head == 0) {
        int64_t n = weir_tcp_read(io, client, r->data + r->len, sizeof r->data - r->len);
        if (n < 0) return (int)n;
        if (n == 0) return weir_http_parser_finish(&r->parser);
        r->len += (size_t)n;
        head = weir_http_parser_feed(&r->parser, r->data, r->len);
    }
    return head;
}

/* What a whole head is answered with; gives the content for 200. */
static int answer(const request *r, const char *you, weir_bytes *content)
{
    const weir_http_method method = (weir_http_method)r->parser.method;
    const weir_http_framing *body = &r->parser.framing;
    weir_http_target target;
    weir_http_target_split(weir_http_parser_target(&r->parser, r->data), method, &target);
    if (weir_bytes_equal(target.path, weir_bytes_text("/")))
        *content = weir_bytes_text("Hello, World!\n");
    else if (weir_bytes_equal(target.path, weir_bytes_text("/you")))
        *content = weir_bytes_text(you);
    else
        return 404;
    if (method != WEIR_HTTP_GET && method != WEIR_HTTP_HEAD) return 405;
    return body->body == WEIR_HTTP_BODY_CHUNKED || body->length > 0 ? 413 : 200;
}

/* Sends head and content in one write, which goes on until all went or the connection is lost. */
static void respond(weir_io *io, weir_tcp_stream *client, int status, weir_bytes content, bool bare)
{
    char head[512], date[WEIR_HTTP_DATE_LEN + 1];
    weir_http_out out = weir_http_out_of(head, sizeof head);
    weir_http_date_format(weir_now(io, WEIR_CLOCK_REAL).ns / 1000000000, date);
    weir_http_out_status(&out, WEIR_HTTP_1_1, status);
    weir_http_out_known(&out, WEIR_HTTP_FIELD_DATE, weir_bytes_text(date));
    weir_http_out_known(&out, WEIR_HTTP_FIELD_CONNECTION, weir_bytes_text("close"));
    if (status == 405)
        weir_http_out_known(&out, WEIR_HTTP_FIELD_ALLOW, weir_bytes_text("GET, HEAD"));
    weir_http_out_content(&out, weir_bytes_text("text/plain"), content.len);
    if (out.error) return;
    struct iovec parts[] = {{head, out.len}, {(char *)content.data, bare ? 0 : content.len}};
    weir_stream_write_vector(io, &client->stream, parts, 2, 1, true, (weir_deadline){0});
}

static int talk(weir_io *io, weir_tcp_stream *client, const weir_address *peer, void *limit)
{
    request r = {.len = 0};
    char you[WEIR_ADDRESS_TEXT];
    weir_scope scope;
    weir_address_print(peer, you);
    weir_scope_enter_for(io, &scope, *(const weir_duration *)limit);
    const int head = read_head(io, client, &r);
    weir_scope_leave(io, &scope);

    weir_bytes content;
    int status = 0;
    if (head > 0) status = answer(&r, you, &content);
    if (head == WEIR_EDEADLINE) status = 408;
    if (head == WEIR_EEOF) status = 400;
    if (weir_errclass(head) == WEIR_CLASS_PROTOCOL) status = weir_http_error_status(head);
    if (status == 0) return head; /* nobody is there to be answered */
    if (status != 200) content = weir_bytes_text(weir_http_status_reason(status));
    respond(io, client, status, content, head > 0 && r.parser.method == WEIR_HTTP_HEAD);
    /* Closing with bytes of the client unread would reset the connection, and lose the answer. */
    return weir_tcp_finish(io, client, 1 << 20, weir_deadline_after(io, weir_seconds(1)));
}

static int run(weir_io *io, void *argument)
{
    char **argv = argument, text[WEIR_ADDRESS_TEXT];
    weir_duration limit = weir_milliseconds(argv[1] && argv[2] ? atoi(argv[2]) : 10000);
    weir_tcp_listener listener;
    weir_address at;
    int error = weir_tcp_listen_text(io, argv[1] ? argv[1] : "127.0.0.1:8080", &listener);
    if (error) return error;
    weir_tcp_listener_address(io, listener, &at);
    weir_address_print(&at, text);
    printf("%s\n", text);
    fflush(stdout);
    return weir_tcp_serve(io, &listener, 1, talk, &limit, NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    const int error = weir_engine_run(NULL, run, argv);
    fprintf(stderr, "mini_http: %s\n", weir_strerror(error));
    return error != 0;
}
