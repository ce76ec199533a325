/* SPDX-License-Identifier: MIT
 *
 * What a client can ask, well or badly, and what must come of it.
 */
#include <stdio.h>
#include <string.h>

#include <weir/io/random.h>

#include "http_world.h"

/* name, weight, status, handled, called, closes, waits */
const http_kind_row http_kinds[HTTP_KINDS] = {
    [HTTP_GET] = {"get", 8, 200, true, true, false, true},
    [HTTP_GET_CHUNKED] = {"get-chunked-answer", 4, 200, true, true, false, true},
    [HTTP_HEAD] = {"head", 4, 200, true, true, false, true},
    [HTTP_LENGTH] = {"body-by-length", 8, 200, true, true, false, true},
    [HTTP_CHUNKED] = {"body-in-chunks", 8, 200, true, true, false, true},
    [HTTP_UNREAD] = {"body-not-read", 3, 200, true, true, false, true},
    [HTTP_OLD_KEEP] = {"http-1.0-keep-alive", 2, 200, true, true, false, true},
    [HTTP_OTHER_METHOD] = {"other-method", 2, 501, true, true, false, true},
    [HTTP_CONTINUE] = {"expect-continue", 4, 200, true, true, false, true},
    [HTTP_CLOSE] = {"close", 3, 200, true, true, true, true},
    [HTTP_OLD] = {"http-1.0", 2, 200, true, true, true, true},
    [HTTP_OLD_CHUNKED] = {"http-1.0-until-close", 2, 200, true, true, true, true},
    [HTTP_HALF] = {"half-closed", 3, 200, true, true, true, true},
    [HTTP_UNREAD_LARGE] = {"large-body-not-read", 2, 200, true, true, true, true},
    [HTTP_GARBAGE] = {"garbage", 2, 400, false, false, true, true},
    [HTTP_LONG_LINE] = {"line-too-long", 2, 414, false, false, true, true},
    [HTTP_LONG_FIELD] = {"field-too-long", 2, 431, false, false, true, true},
    [HTTP_MANY_FIELDS] = {"fields-too-many", 2, 431, false, false, true, true},
    [HTTP_NO_HOST] = {"no-host", 2, 400, false, false, true, true},
    [HTTP_VERSION_3] = {"version", 2, 505, false, false, true, true},
    [HTTP_TWO_FRAMINGS] = {"two-framings", 2, 400, false, false, true, true},
    [HTTP_BAD_CHUNK] = {"bad-chunk", 2, 400, false, true, true, true},
    [HTTP_TOO_LARGE] = {"body-too-large", 2, 413, false, false, true, true},
    [HTTP_BAD_EXPECT] = {"bad-expectation", 2, 417, false, false, true, true},
    [HTTP_SLOW_HEAD] = {"slow-head", 2, 408, false, false, true, true},
    [HTTP_SLOW_BODY] = {"slow-body", 2, 408, false, true, true, true},
    [HTTP_SILENT] = {"silent", 2, 0, false, false, true, true},
    [HTTP_CUT_HEAD] = {"cut-head", 2, 0, false, false, true, true},
    [HTTP_CUT_BODY] = {"cut-body", 2, 0, false, true, true, true},
    [HTTP_RESET] = {"reset", 3, 0, true, true, true, false},
    [HTTP_ABANDON] = {"abandoned", 3, 0, true, true, true, false},
};

/* Offset of a request's content in the file: each has words of its own there. */
uint64_t http_content_offset(unsigned client, unsigned number)
{
    return ((uint64_t)client * HTTP_NUMBERS + number) * 16;
}

const char *http_file(void)
{
    static char file[HTTP_FILE];
    if (file[0]) return file; /* the same for each world */
    for (uint64_t at = 0; at < HTTP_FILE; at += 8) {
        uint64_t word = (at / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15);
        word = (word ^ word >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
        for (unsigned i = 0; i < 8; i++) file[at + i] = (char)('a' + (word >> (16 + i * 5)) % 26);
    }
    return file;
}

const char *http_content(unsigned client, unsigned number)
{
    return http_file() + http_content_offset(client, number);
}

static http_kind draw_kind(weir_io *io, const http_plan *plan, bool followed)
{
    const unsigned last = followed ? HTTP_FOLLOWED : HTTP_KINDS - 1;
    uint64_t sum = 0;
    if (plan->files && !plan->all_kinds) return HTTP_GET;
    if (!plan->all_kinds && !plan->bursts)
        return weir_random_below(io, 2) ? HTTP_LENGTH : HTTP_CHUNKED;
    for (unsigned kind = 0; kind <= last; kind++) sum += http_kinds[kind].weight;
    uint64_t drawn = weir_random_below(io, sum);
    for (unsigned kind = 0; kind <= last; kind++) {
        if (drawn < http_kinds[kind].weight) return (http_kind)kind;
        drawn -= http_kinds[kind].weight;
    }
    return HTTP_GET;
}

static bool has_body(http_kind kind)
{
    switch (kind) {
    case HTTP_LENGTH:
    case HTTP_CHUNKED:
    case HTTP_CONTINUE:
    case HTTP_UNREAD:
    case HTTP_UNREAD_LARGE:
    case HTTP_SLOW_BODY:
    case HTTP_CUT_BODY: return true;
    default: return false;
    }
}

http_request http_request_draw(weir_io *io, http_client *c, bool followed, bool alone)
{
    const http_plan *plan = &c->world->plan;
    const size_t most = !alone && plan->body > HTTP_BURST_BODY ? HTTP_BURST_BODY : plan->body;
    http_request r = {.kind = draw_kind(io, plan, followed), .number = c->next++};
    r.size = (size_t)weir_random_below(io, most + 1);
    r.how = "ws"[weir_random_below(io, 2)];
    if ((r.kind == HTTP_LENGTH || r.kind == HTTP_CHUNKED || r.kind == HTTP_CONTINUE) &&
        !plan->files && weir_random_below(io, 3) == 0)
        r.how = 'b';
    if (r.kind == HTTP_GET_CHUNKED || r.kind == HTTP_OLD_CHUNKED) r.how = 'c';
    if (r.kind == HTTP_UNREAD || r.kind == HTTP_UNREAD_LARGE) r.how = 'u';
    if (r.kind == HTTP_OTHER_METHOD) r.size = 0;
    if (r.kind == HTTP_CONTINUE) r.size += r.size == 0; /* else nobody would wait for it */
    if (has_body(r.kind)) r.body = r.size;
    if (r.how == 'u') {
        r.body =
            r.kind == HTTP_UNREAD ? r.size % 60000 : 70000 + (size_t)weir_random_below(io, 100000);
        r.size = r.size % 1000;
    }
    /* Of what is cut, there is a part that comes and one that does not. */
    if (r.kind == HTTP_SLOW_BODY || r.kind == HTTP_CUT_BODY) r.body = r.size + 2;
    c->ledger[r.number] = (http_entry){.kind = (uint8_t)r.kind};
    return r;
}

static void add(http_client *c, const char *text, size_t len)
{
    memcpy(c->wire + c->wire_len, text, len);
    c->wire_len += len;
}

static void add_text(http_client *c, const char *text)
{
    add(c, text, strlen(text));
}

static void add_repeated(http_client *c, char byte, size_t count)
{
    memset(c->wire + c->wire_len, byte, count);
    c->wire_len += count;
}

static void add_content(http_client *c, const http_request *r, size_t from, size_t len)
{
    add(c, http_content(c->index, r->number) + from, len);
}

/* Chunks of any size, some with an extension, and trailers behind some bodies. */
static void add_chunks(weir_io *io, http_client *c, const http_request *r)
{
    char line[64];
    for (size_t at = 0; at < r->body;) {
        size_t len = 1 + (size_t)weir_random_below(io, r->body);
        if (len > r->body - at) len = r->body - at;
        if (len * 50 < r->body) len = r->body - at; /* not too many: the wire has an end */
        snprintf(line, sizeof line, "%zx%s\r\n", len, weir_random_below(io, 4) ? "" : ";a=\"b\"");
        add_text(c, line);
        add_content(c, r, at, len);
        add_text(c, "\r\n");
        at += len;
    }
    add_text(c, weir_random_below(io, 2) ? "0\r\n\r\n" : "0\r\nSum: 1\r\nOther: x y\r\n\r\n");
}

static const char *method_of(http_kind kind, bool body)
{
    if (kind == HTTP_HEAD) return "HEAD";
    if (kind == HTTP_OTHER_METHOD) return "FROB";
    return body || kind == HTTP_BAD_CHUNK || kind == HTTP_TWO_FRAMINGS ? "POST" : "GET";
}

static const char *version_of(http_kind kind)
{
    if (kind == HTTP_OLD || kind == HTTP_OLD_KEEP || kind == HTTP_OLD_CHUNKED) return "1.0";
    return kind == HTTP_VERSION_3 ? "3.0" : "1.1";
}

/* The fields besides Host, each with its CRLF. */
static void add_fields(http_client *c, const http_request *r)
{
    char line[64];
    switch (r->kind) {
    case HTTP_CLOSE: add_text(c, "Connection: close\r\n"); break;
    case HTTP_OLD_KEEP: add_text(c, "Connection: keep-alive\r\n"); break;
    case HTTP_CONTINUE: add_text(c, "Expect: 100-continue\r\n"); break;
    case HTTP_BAD_EXPECT: add_text(c, "Expect: a-miracle\r\n"); break;
    case HTTP_TOO_LARGE: add_text(c, "Content-Length: 2000000\r\n"); break;
    case HTTP_TWO_FRAMINGS: add_text(c, "Content-Length: 3\r\n"); break;
    case HTTP_LONG_FIELD:
        add_text(c, "Long: ");
        add_repeated(c, 'x', 17000);
        add_text(c, "\r\n");
        break;
    case HTTP_MANY_FIELDS:
        for (int i = 0; i < 140; i++) add_text(c, "Many: 1\r\n");
        break;
    default: break;
    }
    if (r->kind == HTTP_CHUNKED || r->kind == HTTP_BAD_CHUNK || r->kind == HTTP_TWO_FRAMINGS) {
        add_text(c, "Transfer-Encoding: chunked\r\n");
    } else if (has_body(r->kind)) {
        snprintf(line, sizeof line, "Content-Length: %zu\r\n", r->body);
        add_text(c, line);
    }
}

static void add_head(http_client *c, const http_request *r)
{
    char line[96];
    snprintf(line, sizeof line, "%s /%u/%u/%zu/%c", method_of(r->kind, has_body(r->kind)), c->index,
             r->number, r->size, r->how);
    add_text(c, line);
    if (r->kind == HTTP_LONG_LINE) add_repeated(c, 'x', 9000);
    snprintf(line, sizeof line, " HTTP/%s\r\n%s", version_of(r->kind),
             r->kind == HTTP_NO_HOST ? "" : "Host: server\r\n");
    add_text(c, line);
    add_fields(c, r);
    add_text(c, "\r\n");
}

void http_request_write(weir_io *io, http_client *c, const http_request *r)
{
    const size_t begin = c->wire_len;
    c->ledger[r->number].sent = true;
    if (r->kind == HTTP_SILENT) return;
    if (r->kind == HTTP_GARBAGE) {
        add_text(c, "\x16\x03\x01 what is this?\r\n\r\n");
    } else {
        add_head(c, r);
    }
    const size_t head = c->wire_len;
    if (r->kind == HTTP_CHUNKED) {
        add_chunks(io, c, r);
    } else if (r->kind == HTTP_BAD_CHUNK) {
        add_text(c, "3\r\nabc\r\nnumber\r\n");
    } else if (r->kind != HTTP_CONTINUE) {
        add_content(c, r, 0, r->body);
    }
    /* What is not sent, or not at once. */
    size_t now = c->wire_len;
    if (r->kind == HTTP_SLOW_HEAD || r->kind == HTTP_CUT_HEAD)
        now = begin + 1 + (size_t)weir_random_below(io, head - begin - 2);
    if (r->kind == HTTP_SLOW_BODY || r->kind == HTTP_CUT_BODY)
        now = head + (size_t)weir_random_below(io, r->body);
    if (r->kind == HTTP_ABANDON) now = begin + 1 + (size_t)weir_random_below(io, head - begin);
    if (r->kind == HTTP_CONTINUE) add_content(c, r, 0, r->body);
    c->now = now;
}
