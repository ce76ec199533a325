/* SPDX-License-Identifier: MIT
 *
 * Do all scanners of this machine read a connection as judging each byte does: message after
 * message, heads, chunked bodies and trailers, however they are split?
 *
 *     input = kind lenient number bytes...
 *
 *     kind      bits 0-1: requests, responses, or a chunked body with trailers kept or only checked
 *               bits 2-3: the method that responses answer
 *               bits 4-7: limits at `number`: start line, field line, section, count
 *     number    also where heads are split, and how long the pieces of bodies are
 */
#include "http/wire/scan.h"
#include "test/fuzz/http_body.h"
#include "test/fuzz/http_head.h"

enum { REQUESTS, RESPONSES, BODY_KEPT, BODY_CHECKED };

/* Leaves every line to be judged byte by byte. */
static size_t take_nothing(weir_http_parser *parser, const char *data, size_t end)
{
    (void)parser, (void)data, (void)end;
    return 0;
}

static const weir_http_scanner reference = {"reference", take_nothing};

/* Reads a head with every scanner.  Gives what it came to. */
static void read_head(head_run *expected, const head_way *way, const bytes_lent *in)
{
    weir_http_scanner_use(&reference);
    head_read(expected, way, in);
    for (const weir_http_scanner *const *scanner = weir_http_scanners(); *scanner; scanner++) {
        head_run run;
        weir_http_scanner_use(*scanner);
        head_read(&run, way, in);
        head_check_same(expected, &run);
    }
}

/* Reads a chunked body with every scanner.  Returns how many bytes it has; 0 when it does not end
 * here. */
static size_t read_body(const body_way *way, const bytes_lent *in)
{
    body_run expected;
    weir_http_scanner_use(&reference);
    body_read(&expected, way, in);
    for (const weir_http_scanner *const *scanner = weir_http_scanners(); *scanner; scanner++) {
        body_run run;
        weir_http_scanner_use(*scanner);
        body_read(&run, way, in);
        body_check_same(&expected, &run);
        body_end(&run);
    }
    const bool complete = expected.result == WEIR_HTTP_CHUNKED_END;
    if (complete) body_rewrite(&expected, in);
    const size_t taken = complete ? expected.taken : 0;
    body_end(&expected);
    return taken;
}

/* Reads the body that a head announces.  Returns how many bytes it has, SIZE_MAX when none can
 * follow it. */
static size_t read_announced(const weir_http_framing *framing, const body_way *way,
                             const bytes_lent *in)
{
    if (framing->body == WEIR_HTTP_BODY_NONE) return 0;
    if (framing->body == WEIR_HTTP_BODY_LENGTH && framing->length <= in->len)
        return (size_t)framing->length;
    if (framing->body != WEIR_HTTP_BODY_CHUNKED) return SIZE_MAX;
    const size_t taken = read_body(way, in);
    return taken > 0 ? taken : SIZE_MAX;
}

static void read_messages(const head_way *how, const uint8_t *data, size_t len)
{
    enum { MESSAGES = 4 };
    for (unsigned count = 0; count < MESSAGES && len > 0; count++) {
        head_way way = *how;
        if (way.split > len) way.split = len;
        bytes_lent in = bytes_lend(data, len);
        head_run head;
        read_head(&head, &way, &in);
        if (head.result > 0) {
            head_check_views(&head, in.data);
            head_rewrite(&head, in.data, &way);
        }
        bytes_return(&in);
        if (head.result <= 0) return;
        const size_t head_len = (size_t)head.result;
        in = bytes_lend(data + head_len, len - head_len);
        const body_way body = {way.options, way.split + 1, count % 2 == 0};
        const size_t body_len = read_announced(&head.parser.framing, &body, &in);
        bytes_return(&in);
        if (body_len == SIZE_MAX) return;
        data += head_len + body_len;
        len -= head_len + body_len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const weir_http_method methods[] = {WEIR_HTTP_GET, WEIR_HTTP_HEAD, WEIR_HTTP_CONNECT,
                                               WEIR_HTTP_POST};
    if (size < 3) return 0;
    const unsigned kind = data[0], number = data[2];
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = data[1];
    if (kind & 0x10) options.start_line = number;
    if (kind & 0x20) options.field_line = number;
    if (kind & 0x40) options.field_section = options.trailer_section = number * 4;
    if (kind & 0x80) options.fields = options.trailers = number % 8;
    data += 3;
    size -= 3;
    if ((kind & 3) <= RESPONSES) {
        const head_way way = {&options, number, (kind & 3) == RESPONSES, methods[kind >> 2 & 3]};
        read_messages(&way, data, size);
    } else {
        bytes_lent in = bytes_lend(data, size);
        const body_way way = {&options, number + 1, (kind & 3) == BODY_KEPT};
        read_body(&way, &in);
        bytes_return(&in);
    }
    weir_http_scanner_use(NULL);
    return 0;
}
