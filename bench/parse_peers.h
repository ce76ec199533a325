/* SPDX-License-Identifier: MIT
 *
 * The contenders of bench_parse, each behind the same call: one run over some bytes as a server
 * would do it, from the reset to a look at the result.
 *
 * BENCH_H2O and BENCH_HTTP_PARSER tell which peers are linked.
 */
#ifndef PARSE_PEERS_H
#define PARSE_PEERS_H

#include <weir/http/wire/chunked.h>
#include <weir/http/wire/parser.h>
#include <weir/http/wire/serializer.h>

#include "bench.h"

#ifdef BENCH_HTTP_PARSER
#include <http_parser.h>
#endif

enum { FIELDS = 64 };

/* One way to do the work.  `call` returns what it counted (fields, bytes); < 0: it refused. `field`
 * gives the view of a field that the call before has left, for the comparison. */
typedef struct contender {
    const char *name;
    int64_t (*call)(const char *data, size_t len);
    bool (*field)(int index, weir_bytes *name, weir_bytes *value);
    const void *scanner; /* to be in use for it */
} contender;

/* Where results go, so that none is optimised away. */
static volatile uint64_t sink;

/* What a call leaves in memory is looked at. */
static inline void look_at(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

/* Heads: Weir. */
static struct {
    weir_http_parser parser;
    weir_http_field fields[FIELDS];
    const char *data;
} weir;

static int64_t weir_head(const char *data, size_t len)
{
    weir_http_parser *parser = &weir.parser;
    weir_http_parser_reset(parser);
    weir.data = data;
    int head = weir_http_parser_feed(parser, data, len);
    if (head != (int)len) return -1;
    look_at(&weir);
    sink = sink + parser->framing.body + parser->framing.length;
    return parser->count;
}

static bool weir_field(int index, weir_bytes *name, weir_bytes *value)
{
    *name = weir_http_parser_name(&weir.parser, weir.data, (uint32_t)index);
    *value = weir_http_parser_value(&weir.parser, weir.data, (uint32_t)index);
    return name->data != NULL;
}

#ifdef BENCH_H2O
/* What libh2o exports; its own header is not shipped. */
struct phr_header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};
int phr_parse_request(const char *buf, size_t len, const char **method, size_t *method_len,
                      const char **path, size_t *path_len, int *minor_version,
                      struct phr_header *headers, size_t *num_headers, size_t last_len);

static struct {
    const char *method, *path;
    size_t method_len, path_len, count;
    int minor;
    struct phr_header fields[FIELDS];
} phr;

static int64_t phr_head(const char *data, size_t len)
{
    phr.count = FIELDS;
    int head = phr_parse_request(data, len, &phr.method, &phr.method_len, &phr.path, &phr.path_len,
                                 &phr.minor, phr.fields, &phr.count, 0);
    if (head != (int)len) return -1;
    look_at(&phr);
    sink = sink + phr.path_len + (unsigned)phr.minor;
    return (int64_t)phr.count;
}

static bool phr_field(int index, weir_bytes *name, weir_bytes *value)
{
    *name = weir_bytes_of(phr.fields[index].name, phr.fields[index].name_len);
    *value = weir_bytes_of(phr.fields[index].value, phr.fields[index].value_len);
    return true;
}
#endif

#ifdef BENCH_HTTP_PARSER
/* Heads: callbacks that put views together, which may come in pieces. */
static struct {
    http_parser parser;
    weir_bytes target, names[FIELDS], values[FIELDS];
    int count;
    bool in_value, complete;
    char *out; /* where content is copied; NULL: nowhere */
    size_t content;
} old;

static int old_target(http_parser *parser, const char *at, size_t len)
{
    (void)parser;
    old.target = weir_bytes_of(old.target.len ? old.target.data : at, old.target.len + len);
    return 0;
}

static int old_name(http_parser *parser, const char *at, size_t len)
{
    (void)parser;
    if (old.in_value) old.count++;
    if (old.in_value || !old.names[old.count].data) {
        if (old.count == FIELDS) return 1;
        old.names[old.count] = weir_bytes_of(at, len);
        old.values[old.count] = weir_bytes_of(NULL, 0);
        old.in_value = false;
    } else {
        old.names[old.count].len += len;
    }
    return 0;
}

static int old_value(http_parser *parser, const char *at, size_t len)
{
    (void)parser;
    weir_bytes *value = &old.values[old.count];
    *value = weir_bytes_of(value->data ? value->data : at, value->len + len);
    old.in_value = true;
    return 0;
}

static int old_complete(http_parser *parser)
{
    (void)parser;
    old.count += old.in_value;
    old.complete = true;
    return 0;
}

static int64_t old_head(const char *data, size_t len)
{
    static const http_parser_settings settings = {.on_url = old_target,
                                                  .on_header_field = old_name,
                                                  .on_header_value = old_value,
                                                  .on_headers_complete = old_complete};
    http_parser_init(&old.parser, HTTP_REQUEST);
    old.target.len = 0;
    old.names[0].data = NULL;
    old.count = 0;
    old.in_value = old.complete = false;
    if (http_parser_execute(&old.parser, &settings, data, len) != len || !old.complete) return -1;
    look_at(&old);
    sink = sink + old.parser.flags + old.parser.content_length;
    return old.count;
}

static bool old_field(int index, weir_bytes *name, weir_bytes *value)
{
    *name = old.names[index];
    *value = old.values[index];
    return true;
}

/* Chunked bodies. */
static int old_content(http_parser *parser, const char *at, size_t len)
{
    (void)parser;
    if (old.out) memcpy(old.out + old.content, at, len);
    old.content += len;
    return 0;
}
#endif

/* Content in chunks of CHUNK bytes, given to the decoders in parts of `part` bytes, and where they
 * put it. */
enum { CHUNK = 65536, CHUNK_LINE = 7, CHUNK_WHOLE = CHUNK_LINE + CHUNK + 2 };
static char *destination;
static size_t part;

static size_t part_of(size_t left)
{
    return left < part ? left : part;
}

static int64_t weir_chunked(const char *data, size_t len, bool copied)
{
    weir_http_chunked decoder;
    weir_http_chunked_step step;
    size_t content = 0, at = 0, end = 0;
    int event = WEIR_HTTP_CHUNKED_MORE;
    weir_http_chunked_init(&decoder, NULL, NULL, 0);
    while (event >= 0 && event != WEIR_HTTP_CHUNKED_END) {
        if (event == WEIR_HTTP_CHUNKED_MORE) {
            if (end == len) return -1;
            end += part_of(len - end);
        }
        event = weir_http_chunked_next(&decoder, data + at, end - at, &step);
        if (copied && step.data_len)
            memcpy(destination + content, data + at + step.data, step.data_len);
        content += step.data_len;
        at += step.taken;
    }
    if (event < 0) return -1;
    look_at(destination);
    return (int64_t)content;
}

static int64_t weir_chunked_copied(const char *data, size_t len)
{
    return weir_chunked(data, len, true);
}

static int64_t weir_chunked_seen(const char *data, size_t len)
{
    return weir_chunked(data, len, false);
}

/* The same bytes to the same places, in the same parts, by one who knows where they are. */
static int64_t plain_copied(const char *data, size_t len)
{
    size_t content = 0;
    for (size_t at = CHUNK_LINE; at + CHUNK < len; at += CHUNK_WHOLE)
        for (size_t done = 0; done < CHUNK;) {
            size_t size = part_of(CHUNK - done);
            memcpy(destination + content, data + at + done, size);
            look_at(destination);
            content += size;
            done += size;
        }
    return (int64_t)content;
}

#ifdef BENCH_HTTP_PARSER
static int64_t old_chunked(const char *data, size_t len, char *out)
{
    static const char head[] = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    static const http_parser_settings settings = {.on_body = old_content};
    http_parser_init(&old.parser, HTTP_REQUEST);
    old.out = out;
    old.content = 0;
    http_parser_execute(&old.parser, &settings, head, sizeof head - 1);
    for (size_t at = 0; at < len;) {
        size_t size = part_of(len - at);
        if (http_parser_execute(&old.parser, &settings, data + at, size) != size) return -1;
        at += size;
    }
    look_at(destination);
    return (int64_t)old.content;
}

static int64_t old_chunked_copied(const char *data, size_t len)
{
    return old_chunked(data, len, destination);
}

static int64_t old_chunked_seen(const char *data, size_t len)
{
    return old_chunked(data, len, NULL);
}
#endif

/* The head of a response; the texts come from outside so that no length is known beforehand. */
static struct {
    char text[1024];
    weir_bytes server, date, type, cache, tag;
    uint64_t length;
} response;

static int64_t weir_response(const char *data, size_t len)
{
    (void)data, (void)len;
    look_at(&response);
    weir_http_out out = weir_http_out_of(response.text, sizeof response.text);
    weir_http_out_status(&out, WEIR_HTTP_1_1, 200);
    weir_http_out_known(&out, WEIR_HTTP_FIELD_SERVER, response.server);
    weir_http_out_known(&out, WEIR_HTTP_FIELD_DATE, response.date);
    weir_http_out_known(&out, WEIR_HTTP_FIELD_CACHE_CONTROL, response.cache);
    weir_http_out_known(&out, WEIR_HTTP_FIELD_ETAG, response.tag);
    weir_http_out_content(&out, response.type, response.length);
    int64_t head = out.error ? -1 : (int64_t)out.len;
    look_at(response.text);
    return head;
}

static int64_t printed_response(const char *data, size_t len)
{
    (void)data, (void)len;
    look_at(&response);
    int head = snprintf(response.text, sizeof response.text,
                        "HTTP/1.1 200 OK\r\nServer: %s\r\nDate: %s\r\nCache-Control: %s\r\n"
                        "ETag: %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n\r\n",
                        response.server.data, response.date.data, response.cache.data,
                        response.tag.data, response.type.data, (unsigned long long)response.length);
    look_at(response.text);
    return head;
}

#endif
