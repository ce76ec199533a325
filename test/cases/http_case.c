/* SPDX-License-Identifier: MIT
 *
 * The syntax of HTTP cases: the options of the block of bytes, its escapes, and events.
 */
#include "test/cases/http_case.h"

#include "test/harness/test.h"

enum { DEFAULT_CAPACITY = 256 };

static bool read_number(weir_bytes text, uint64_t limit, uint64_t *number)
{
    uint64_t n = 0;
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(text.data[i] - '0'), &n))
            return false;
    }
    *number = n;
    return n <= limit;
}

/* The words of "lenient=a,b". */
static const char *read_lenient(http_case *c, weir_bytes list)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } flags[] = {
        {"lf", WEIR_HTTP_LENIENT_LF},
        {"fold", WEIR_HTTP_LENIENT_FOLD},
        {"length-list", WEIR_HTTP_LENIENT_LENGTH_LIST},
        {"te-cl", WEIR_HTTP_LENIENT_TE_CL},
        {"no-host", WEIR_HTTP_LENIENT_NO_HOST},
        {"target-bytes", WEIR_HTTP_LENIENT_TARGET_BYTES},
        {"codings", WEIR_HTTP_ACCEPT_CODINGS},
    };
    while (true) {
        const char *comma = list.len > 0 ? memchr(list.data, ',', list.len) : NULL;
        weir_bytes word = weir_bytes_of(list.data, comma ? (size_t)(comma - list.data) : list.len);
        uint32_t flag = 0;
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (weir_bytes_equal(word, weir_bytes_text(flags[i].name))) flag = flags[i].flag;
        if (flag == 0) return "an unknown word after lenient=";
        c->options.lenient |= flag;
        if (!comma) return NULL;
        list = case_line_after(list, word.len + 1);
    }
}

/* "limit:member=N" without its first word. */
static const char *read_limit(weir_http_options *options, weir_bytes text)
{
    const struct {
        const char *name;
        uint32_t *member;
    } members[] = {
        {"empty_lines=", &options->empty_lines},
        {"start_line=", &options->start_line},
        {"field_line=", &options->field_line},
        {"field_section=", &options->field_section},
        {"fields=", &options->fields},
        {"chunk_extension=", &options->chunk_extension},
        {"chunk_extensions=", &options->chunk_extensions},
        {"trailer_section=", &options->trailer_section},
        {"trailers=", &options->trailers},
    };
    uint64_t number;
    if (case_line_starts(text, "body="))
        return read_number(case_line_after(text, 5), UINT64_MAX, &options->body) ? NULL
                                                                                 : "a bad number";
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!case_line_starts(text, members[i].name)) continue;
        if (!read_number(case_line_after(text, strlen(members[i].name)), UINT32_MAX, &number))
            return "a bad number";
        *members[i].member = (uint32_t)number;
        return NULL;
    }
    return "an unknown limit";
}

static const char *read_option(http_case *c, weir_bytes word)
{
    uint64_t number;
    if (case_line_starts(word, "lenient=")) return read_lenient(c, case_line_after(word, 8));
    if (case_line_starts(word, "limit:")) return read_limit(&c->options, case_line_after(word, 6));
    if (case_line_starts(word, "fields=")) {
        if (!read_number(case_line_after(word, 7), 4096, &number)) return "a bad number";
        c->capacity = (uint32_t)number;
        return NULL;
    }
    if (case_line_starts(word, "to=") && c->response) {
        c->to = weir_http_method_parse(case_line_after(word, 3));
        return word.len > 3 ? NULL : "no method after to=";
    }
    if (weir_bytes_equal(word, weir_bytes_text("eof"))) {
        c->eof = true;
        return NULL;
    }
    return "an unknown option";
}

static const char *open_input(case_record *record, weir_bytes rest)
{
    http_case *c = (http_case *)record;
    c->to = WEIR_HTTP_GET;
    c->options = (weir_http_options)WEIR_HTTP_OPTIONS_DEFAULT;
    if (!case_line_starts(rest, "request") && !case_line_starts(rest, "response"))
        return "the first block is neither request nor response";
    c->response = case_line_starts(rest, "response");
    rest = case_line_after(rest, c->response ? 8 : 7);
    while (rest.len > 0) {
        if (rest.data[0] != ' ') return "no space before an option";
        rest = case_line_after(rest, 1);
        const char *space = rest.len > 0 ? memchr(rest.data, ' ', rest.len) : NULL;
        weir_bytes word = weir_bytes_of(rest.data, space ? (size_t)(space - rest.data) : rest.len);
        const char *wrong = read_option(c, word);
        if (wrong) return wrong;
        rest = case_line_after(rest, word.len);
    }
    if (c->capacity == 0 && c->options.fields > DEFAULT_CAPACITY)
        return "limit:fields= above what the runner has room for";
    if (c->capacity == 0) c->capacity = DEFAULT_CAPACITY;
    return NULL;
}

static const char *add_input(case_record *record, weir_bytes line)
{
    if (line.len > 0 && line.data[line.len - 1] == ' ')
        return "a space at a line's end is written \\s";
    return case_text_unescape(&record->input, line);
}

/* Events are kept as case_text_escape spells them, so that one spelling is compared. */
static const char *add_event(case_record *record, weir_bytes line)
{
    case_text plain = {NULL, 0, 0};
    while (line.len > 0 && line.data[line.len - 1] == ' ') line.len--;
    const char *wrong = line.len == 0 ? "an empty line among the events" : NULL;
    if (!wrong) wrong = case_text_unescape(&plain, line);
    if (!wrong) {
        case_text_escape(&record->events, weir_bytes_of(plain.data, plain.len));
        case_text_end_line(&record->events);
    }
    case_text_free(&plain);
    return wrong;
}

const case_syntax http_case_syntax = {sizeof(http_case), open_input, add_input, add_event};
