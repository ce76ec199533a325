/* SPDX-License-Identifier: MIT
 *
 * Does the parser agree with a third party's message vectors, and is every difference meant?
 *
 * The file holds, for requests and responses, [[bytes], {verdict, messages}, name].  It is looked
 * for in the directory named by WEIR_SHARED, else in ../shared of the source tree.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/http/wire/chunked.h>

#include "http/wire/testing.h"
#include "test/harness/json.h"

/* A verdict that is meant to differ.  With `lenient` set, it must agree under that option. */
typedef struct difference {
    const char *name;
    const char *reason;
    uint32_t lenient;
} difference;

#define NO_HOST "RFC 9112 3.2: an HTTP/1.1 request without Host is answered with 400"
#define ANY_METHOD \
    "RFC 9110 9.1: any token is a method; the server answers those unknown to it with 501"
#define WHOLE_HEAD  "framing is decided when the head is complete; its end is not in the case"
#define SEARCH_STAR "RFC 9112 3.2.4: asterisk-form is for OPTIONS only"
#define FRAGMENT    "RFC 9112 3.2, RFC 3986 4.1: a request target has no fragment"
#define USER_INFO   "RFC 9110 4.2.4: user information in an http URI is an error"
#define HTTP_0_9    "RFC 9112 2.3: a request line without version is HTTP/0.9, not spoken here"

static const difference differences[] = {
    {"request/connection `keep-alive` / Setting flag", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/connection `keep-alive` / Restarting when keep-alive is explicitly", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/connection `close` / Setting flag on `close`", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/connection `close` / Setting flag on `close` followed by tab", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/connection Parsing multiple tokens / Sample", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/content-length `Content-Length` with zeroes", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/content-length `Content-Length` with follow-up headers", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/content-length Error on `Content-Length` overflow", WHOLE_HEAD, 0},
    {"request/content-length Error on duplicate `Content-Length`", WHOLE_HEAD, 0},
    {"request/content-length Spaces in `Content-Length` (surrounding)", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/content-length Spaces in `Content-Length` (surrounding) / Tabs in `Content-Length` "
     "(surrounding)",
     NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/invalid HTTP protocol and ANNOUNCE method", ANY_METHOD, 0},
    {"request/method REPORT request", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/method M-SEARCH request", SEARCH_STAR, 0},
    {"request/pipelining Should parse multiple events", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample Simple request", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample Request with method starting with `H`", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample DUMBPACK", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample No headers and no body", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample One header and no body", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample Prefix newline", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample No HTTP version", HTTP_0_9, 0},
    {"request/sample Request starting with CRLF", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample Extended Characters", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/sample 255 ASCII in header value", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Parsing and setting flag", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Parse chunks with lowercase size", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Parse chunks with uppercase size", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / POST with `Transfer-Encoding: chunked`", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Two chunks and triple zero prefixed end chunk", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Trailing headers", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Chunk extensions", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding `chunked` / Chunk extensions quoting", NO_HOST,
     WEIR_HTTP_LENIENT_NO_HOST},
    {"request/transfer-encoding POST with `chunked` as last transfer-encoding", FRAGMENT, 0},
    {"request/transfer-encoding POST with `chunked` as last transfer-encoding (multiple headers)",
     FRAGMENT, 0},
    {"request/uri Quotes in URI", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/uri Query URL with question mark", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/uri Host terminated by a query string", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/uri `host:port` terminated by a query string", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/uri Query URL with vertical bar character", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/uri `host:port` terminated by a space", NO_HOST, WEIR_HTTP_LENIENT_NO_HOST},
    {"request/uri Fragment in URI", FRAGMENT, 0},
    {"request/uri `host:port` and basic auth", USER_INFO, 0},
    {"response/sample amazon.com",
     "RFC 9112 7.1: its chunk of one byte holds a line feed, where the file expects no content", 0},
};

/* What the parser makes of a case. */
typedef struct reading {
    const char *verdict;
    int error;
    size_t messages;
    bool as_expected; /* the complete messages are those of the file */
} reading;

static bool same(weir_bytes view, const json *expected)
{
    return expected && weir_bytes_equal(view, json_text(expected));
}

static bool same_head(const outcome *o, const char *data, const json *message)
{
    const weir_http_parser *p = &o->parser;
    const json *fields = json_get(message, "headers");
    if (p->response) {
        char status[12];
        snprintf(status, sizeof status, "%d", weir_http_parser_status(p));
        const json *expected = json_get(message, "status");
        if (!expected || !weir_bytes_equal(expected->text, weir_bytes_text(status)) ||
            !same(weir_http_parser_reason(p, data), json_get(message, "reason")))
            return false;
    } else if (!same(weir_http_parser_method(p, data), json_get(message, "method")) ||
               !same(weir_http_parser_target(p, data), json_get(message, "target"))) {
        return false;
    }
    if (json_count(fields) != p->count) return false;
    for (uint32_t i = 0; i < p->count; i++)
        if (!same(weir_http_parser_name(p, data, i), json_at(json_at(fields, i), 0)) ||
            !same(weir_http_parser_value(p, data, i), json_at(json_at(fields, i), 1)))
            return false;
    return true;
}

/* Decodes a chunked body; the content replaces the chunks at `content`.
 * Returns how many bytes the body took, 0 when it is incomplete, or an error. */
static int64_t read_chunked(weir_bytes in, char *content, size_t *content_len)
{
    weir_http_chunked decoder;
    weir_http_field trailers[8];
    weir_http_chunked_init(&decoder, NULL, trailers, 8);
    size_t at = 0;
    weir_http_chunked_step step;
    int event;
    *content_len = 0;
    while ((event = weir_http_chunked_next(&decoder, in.data + at, in.len - at, &step)) ==
           WEIR_HTTP_CHUNKED_DATA) {
        memcpy(content + *content_len, in.data + at + step.data, step.data_len);
        *content_len += step.data_len;
        at += step.taken;
    }
    if (event == WEIR_HTTP_CHUNKED_END) return (int64_t)(at + step.taken);
    return event;
}

/* Reads a message's body from `in`.  Returns how many bytes it took, or an error; WEIR_EEOF when
 * it is incomplete. */
static int64_t read_body(const weir_http_framing *framing, weir_bytes in, char *content,
                         size_t *content_len)
{
    *content_len = 0;
    if (framing->body == WEIR_HTTP_BODY_CHUNKED) {
        int64_t taken = read_chunked(in, content, content_len);
        return taken == 0 ? WEIR_EEOF : taken;
    }
    size_t len = framing->body == WEIR_HTTP_BODY_UNTIL_CLOSE ? in.len : framing->length;
    if (len > in.len) return WEIR_EEOF;
    if (len > 0) memcpy(content, in.data, len);
    *content_len = len;
    return (int64_t)len;
}

static void read_case(weir_bytes in, bool response, uint32_t lenient, const json *messages,
                      reading *r)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = lenient;
    static outcome o;
    begin(&o, &(head_case){.response = response, .options = &options, .method = WEIR_HTTP_GET});
    char *content = malloc(in.len + 1);
    *r = (reading){.verdict = "accept", .as_expected = true};
    for (size_t at = 0; at < in.len; weir_http_parser_reset(&o.parser)) {
        const char *data = in.data + at;
        int head = weir_http_parser_feed(&o.parser, data, in.len - at);
        if (head == 0 && weir_http_parser_finish(&o.parser) == 0) break;
        size_t len = 0;
        int64_t body = head > 0 ? read_body(&o.parser.framing,
                                            weir_bytes_of(data + head, in.len - at - (size_t)head),
                                            content, &len)
                                : head;
        if (head == 0 || body == WEIR_EEOF) {
            r->verdict = "incomplete";
            break;
        }
        if (body < 0) {
            r->verdict = "reject";
            r->error = (int)body;
            break;
        }
        const json *expected = json_at(messages, r->messages++);
        r->as_expected = r->as_expected && same_head(&o, data, expected) &&
                         same(weir_bytes_of(content, len), json_get(expected, "body"));
        at += (size_t)head + (size_t)body;
    }
    free(content);
}

static bool agrees(const reading *r, const json *verdict)
{
    if (!json_is(json_get(verdict, "verdict"), r->verdict)) return false;
    if (strcmp(r->verdict, "reject") == 0) return true;
    return r->as_expected && r->messages == json_count(json_get(verdict, "messages"));
}

/* Returns whether the case is as it should be. */
static bool check_case(const json *test, bool response)
{
    weir_bytes in = json_text(json_at(json_at(test, 0), 0));
    const json *verdict = json_at(test, 1);
    weir_bytes name = json_text(json_at(test, 2));
    const difference *known = NULL;
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        if (weir_bytes_equal(name, weir_bytes_text(differences[i].name))) known = &differences[i];
    reading r;
    read_case(in, response, 0, json_get(verdict, "messages"), &r);
    bool agreed = agrees(&r, verdict);
    if (agreed == (known == NULL)) {
        if (!known || known->lenient == 0) return true;
        read_case(in, response, known->lenient, json_get(verdict, "messages"), &r);
        if (agrees(&r, verdict)) return true;
    }
    print_message("%.*s: %s: %s (%s)\n", (int)name.len, name.data,
                  agreed ? "no longer differs" : "differs", r.verdict, weir_errname(r.error));
    return false;
}

static json *open_vectors(void)
{
    const char *shared = getenv("WEIR_SHARED");
    const char *source = getenv("WEIR_SOURCE_DIR");
    char path[4096];
    if (shared)
        snprintf(path, sizeof path, "%s/llhttp_vectors.json", shared);
    else
        snprintf(path, sizeof path, "%s/../shared/llhttp_vectors.json", source ? source : ".");
    json *vectors = json_read(path, true);
    if (!vectors) print_message("skipped: no vectors at %s (set WEIR_SHARED)\n", path);
    return vectors;
}

TEST(every_difference_from_the_vectors_of_llhttp_is_explained)
{
    json *vectors = open_vectors();
    if (!vectors) {
        skip();
        return;
    }
    size_t wrong = 0, cases = 0, differing = 0;
    for (int response = 0; response < 2; response++) {
        const json *list = json_get(vectors, response ? "http1resp" : "http1req");
        assert_true(json_count(list) > 0);
        for (const json *test = list->item; test; test = test->next, cases++)
            wrong += !check_case(test, response);
    }
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
        size_t found = 0;
        for (int response = 0; response < 2; response++)
            for (const json *test = json_get(vectors, response ? "http1resp" : "http1req")->item;
                 test; test = test->next)
                found += json_is(json_at(test, 2), differences[i].name);
        differing += found;
        if (found == 0) print_message("explained but not there: %s\n", differences[i].name);
        wrong += found == 0;
    }
    json_free(vectors);
    print_message("%zu cases, %zu of them differ by intent\n", cases, differing);
    assert_int_equal(wrong, 0);
}
