/* SPDX-License-Identifier: MIT
 *
 * The decoder of the chunked coding (RFC 9112 7.1).
 *
 *     SIZE_FIRST -> SIZE -> [extension states ->] SIZE_LF -> DATA -> DATA_CR -> DATA_LF ->
 * SIZE_FIRST
 *                                                   `-> TRAILERS -> DONE       (after size 0)
 *
 *     chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
 *
 * Invariant: the bytes taken are exactly those judged, so a split never changes the verdict; only
 * the trailer lines wait in the caller's hands, judged by the scanner of field lines.
 */
#include <weir/http/wire/chunked.h>

#include "http/wire/scan.h"

enum {
    SIZE_FIRST,
    SIZE,
    EXT_BLANK, /* after a size or a value: only ";" may follow */
    EXT_NAME_FIRST,
    EXT_NAME,
    EXT_NAME_BLANK, /* after a name: "=" or ";" */
    EXT_VALUE_FIRST,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_QUOTED_PAIR,
    EXT_QUOTED_END,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILERS,
    DONE,
    FAILED,
};

static const weir_http_options defaults = WEIR_HTTP_OPTIONS_DEFAULT;

void weir_http_chunked_init(weir_http_chunked *decoder, const weir_http_options *options,
                            weir_http_field *trailers, uint32_t capacity)
{
    *decoder = (weir_http_chunked){
        .options = options ? options : &defaults, .trailers = trailers, .state = SIZE_FIRST};
    weir_http_parser *section = &decoder->section;
    weir_http_parser_request(section, decoder->options, trailers ? trailers : &decoder->unkept, 0);
    /* options->fields bounds heads; a trailer section has its own. */
    section->field_count = decoder->options->trailers;
    if (trailers && capacity < section->field_count) section->field_count = capacity;
    section->unkept = !trailers;
    section->lone_lf = false;
    section->state = STATE_FIELD;
}

bool weir_http_chunked_is_done(const weir_http_chunked *decoder)
{
    return decoder->state == DONE;
}

static int fail(weir_http_chunked *decoder, int error, uint64_t offset)
{
    decoder->state = FAILED;
    decoder->error = error;
    decoder->error_offset = offset;
    return error;
}

/* RFC 9112 7.1: "recipients MUST anticipate potentially large hexadecimal numerals and prevent
 * parsing errors due to integer conversion overflows". */
static int size_digit(weir_http_chunked *decoder, char c)
{
    if (decoder->digits == 16 || decoder->left > INT64_MAX >> 4) return WEIR_EHTTP_CHUNK_SIZE;
    decoder->digits++;
    decoder->left = decoder->left << 4 | weir_http_hex(c);
    uint64_t sum;
    if (__builtin_add_overflow(decoder->total, decoder->left, &sum) || sum > decoder->options->body)
        return WEIR_EHTTP_BODY_LIMIT;
    decoder->state = SIZE;
    return 0;
}

/* The state after a byte of an extension; -1 when it may not stand there. */
static int extension_state(int state, char c)
{
    bool blank = c == ' ' || c == '\t';
    bool token = weir_http_is(c, WEIR_CHAR_TOKEN);
    bool at_end = state != EXT_NAME_FIRST && state != EXT_VALUE_FIRST;
    switch (state) {
    case EXT_QUOTED:
        if (c == '"') return EXT_QUOTED_END;
        if (c == '\\') return EXT_QUOTED_PAIR;
        return weir_http_is(c, WEIR_CHAR_QUOTED) ? EXT_QUOTED : -1;
    case EXT_QUOTED_PAIR: return weir_http_is(c, WEIR_CHAR_VALUE) ? EXT_QUOTED : -1;
    case EXT_NAME_FIRST:
        if (blank || token) return blank ? EXT_NAME_FIRST : EXT_NAME;
        break;
    case EXT_VALUE_FIRST:
        if (blank || token) return blank ? EXT_VALUE_FIRST : EXT_VALUE;
        if (c == '"') return EXT_QUOTED;
        break;
    case EXT_NAME:
    case EXT_NAME_BLANK:
        if (c == '=') return EXT_VALUE_FIRST;
        if (blank) return EXT_NAME_BLANK;
        if (token && state == EXT_NAME) return EXT_NAME;
        break;
    case EXT_VALUE:
        if (token) return EXT_VALUE;
        break;
    default: break;
    }
    if (at_end && c == ';') return EXT_NAME_FIRST;
    return at_end && blank ? EXT_BLANK : -1;
}

/* A byte of an extension, its ";" or a blank before it. */
static int extension_byte(weir_http_chunked *decoder, char c)
{
    int state = extension_state(decoder->state, c);
    if (state < 0 || decoder->extension == decoder->options->chunk_extension ||
        decoder->extensions == decoder->options->chunk_extensions)
        return WEIR_EHTTP_CHUNK_EXTENSION;
    decoder->extension++;
    decoder->extensions++;
    decoder->state = (uint8_t)state;
    return 0;
}

static bool may_end(int state)
{
    return state == SIZE || state == EXT_NAME || state == EXT_VALUE || state == EXT_QUOTED_END;
}

static void begin_chunk(weir_http_chunked *decoder)
{
    decoder->total += decoder->left;
    decoder->state = decoder->left > 0 ? DATA : TRAILERS;
    decoder->extension = 0;
    decoder->digits = 0;
}

/* A byte of a size line, or of the CRLF after data. */
static int line_byte(weir_http_chunked *decoder, char c)
{
    int state = decoder->state;
    if (state == DATA_CR || state == DATA_LF) {
        if (c != (state == DATA_CR ? '\r' : '\n')) return WEIR_EHTTP_CHUNK_END;
        decoder->state = state == DATA_CR ? DATA_LF : SIZE_FIRST;
        return 0;
    }
    if (state == SIZE_LF) {
        if (c != '\n') return WEIR_EHTTP_CHUNK_SIZE;
        begin_chunk(decoder);
        return 0;
    }
    if (state <= SIZE && weir_http_is(c, WEIR_CHAR_HEX)) return size_digit(decoder, c);
    if (c == '\r' && may_end(state)) {
        decoder->state = SIZE_LF;
        return 0;
    }
    if (state == SIZE_FIRST || (state == SIZE && c != ';' && c != ' ' && c != '\t'))
        return WEIR_EHTTP_CHUNK_SIZE;
    return extension_byte(decoder, c);
}

/* RFC 9110 6.5.1: fields that frame, route or authenticate are not taken from a trailer. */
static void keep_allowed(weir_http_chunked *decoder, size_t base)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; decoder->trailers && i < decoder->section.count; i++) {
        weir_http_field field = decoder->trailers[i];
        if (weir_http_field_is_forbidden_trailer((weir_http_field_id)field.id)) continue;
        field.name += (uint32_t)base;
        field.value += (uint32_t)base;
        decoder->trailers[kept++] = field;
    }
    decoder->count = kept;
}

/* The trailer section, which begins at data + base but for lines that were dropped. */
static int read_trailers(weir_http_chunked *decoder, const char *data, size_t len, size_t base,
                         weir_http_chunked_step *step)
{
    weir_http_parser *section = &decoder->section;
    section->field_line = section->field_section =
        decoder->options->trailer_section - decoder->dropped;
    weir_http_scan scan = {
        .data = data + base,
        .at = section->position,
        .end = len - base < INT32_MAX ? len - base : INT32_MAX,
    };
    step->taken = base;
    if (weir_http_scan_fields(section, &scan)) {
        keep_allowed(decoder, base);
        step->taken = base + scan.at;
        decoder->state = DONE;
        return WEIR_HTTP_CHUNKED_END;
    }
    /* Offsets are of 31 bits, whatever the limits say. */
    if (section->state != STATE_FAILED && section->position == INT32_MAX)
        weir_http_scan_fail(section, WEIR_EHTTP_TRAILER, section->position);
    if (section->state == STATE_FAILED)
        return fail(decoder, WEIR_EHTTP_TRAILER, decoder->offset + base + section->error_offset);
    if (!decoder->trailers) {
        uint32_t whole = section->state == STATE_FIELD ? section->position : section->line;
        if (section->state == STATE_HEAD_LF) whole = section->mark;
        section->position -= whole;
        section->line -= whole < section->line ? whole : section->line;
        section->mark -= whole < section->mark ? whole : section->mark;
        decoder->dropped += whole;
        step->taken += whole;
    }
    return WEIR_HTTP_CHUNKED_MORE;
}

static int read_data(weir_http_chunked *decoder, size_t len, size_t at,
                     weir_http_chunked_step *step)
{
    size_t have = len - at;
    size_t take = decoder->left < have ? (size_t)decoder->left : have;
    decoder->left -= take;
    if (decoder->left == 0) decoder->state = DATA_CR;
    *step = (weir_http_chunked_step){at + take, at, take};
    return WEIR_HTTP_CHUNKED_DATA;
}

/* Runs up to the first event or the end of the bytes. */
static int advance(weir_http_chunked *decoder, const char *data, size_t len,
                   weir_http_chunked_step *step)
{
    for (size_t at = 0; at < len; at++) {
        if (decoder->state == DATA) return read_data(decoder, len, at, step);
        if (decoder->state == TRAILERS) return read_trailers(decoder, data, len, at, step);
        bool after_cr = decoder->state == SIZE_LF || decoder->state == DATA_LF;
        int error = line_byte(decoder, data[at]);
        if (error < 0) return fail(decoder, error, decoder->offset + at - after_cr);
        step->taken = at + 1;
    }
    return WEIR_HTTP_CHUNKED_MORE;
}

int weir_http_chunked_next(weir_http_chunked *decoder, const char *data, size_t len,
                           weir_http_chunked_step *step)
{
    *step = (weir_http_chunked_step){0, 0, 0};
    if (decoder->state == FAILED) return decoder->error;
    if (decoder->state == DONE) return WEIR_HTTP_CHUNKED_END;
    int event = advance(decoder, data, len, step);
    decoder->offset += step->taken;
    return event;
}
