/* SPDX-License-Identifier: MIT
 *
 * The reader of case files, strict: what it does not understand is a problem, never passed over.
 *
 *     PREFACE -> [ TITLE -> PROSE -> INPUT -> BETWEEN -> EVENTS -> AFTER ]*       (line by line)
 */
#include "test/cases/case_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "test/harness/test.h"

enum { DEFAULT_CAPACITY = 256 };

typedef enum place { PREFACE, PROSE, INPUT, BETWEEN, EVENTS, AFTER } place;

typedef struct reader {
    case_set *set;
    const char *file;
    size_t first; /* where the cases of this file begin in the set */
    int line;
    place place;
    bool has_heading; /* the chapter's */
    bool has_prose;   /* of the chapter, or of the case */
} reader;

static bool starts_with(weir_bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static weir_bytes after(weir_bytes text, size_t len)
{
    return weir_bytes_of(text.data + len, text.len - len);
}

static char *copy(weir_bytes text)
{
    char *data = malloc(text.len + 1);
    assert_non_null(data);
    if (text.len > 0) memcpy(data, text.data, text.len);
    data[text.len] = '\0';
    return data;
}

static http_case *current(const reader *r)
{
    return &r->set->cases[r->set->count - 1];
}

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
        list = after(list, word.len + 1);
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
    if (starts_with(text, "body="))
        return read_number(after(text, 5), UINT64_MAX, &options->body) ? NULL : "a bad number";
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!starts_with(text, members[i].name)) continue;
        if (!read_number(after(text, strlen(members[i].name)), UINT32_MAX, &number))
            return "a bad number";
        *members[i].member = (uint32_t)number;
        return NULL;
    }
    return "an unknown limit";
}

static const char *read_option(http_case *c, weir_bytes word)
{
    uint64_t number;
    if (starts_with(word, "lenient=")) return read_lenient(c, after(word, 8));
    if (starts_with(word, "limit:")) return read_limit(&c->options, after(word, 6));
    if (starts_with(word, "fields=")) {
        if (!read_number(after(word, 7), 4096, &number)) return "a bad number";
        c->capacity = (uint32_t)number;
        return NULL;
    }
    if (starts_with(word, "to=") && c->response) {
        c->to = weir_http_method_parse(after(word, 3));
        return word.len > 3 ? NULL : "no method after to=";
    }
    if (weir_bytes_equal(word, weir_bytes_text("eof"))) {
        c->eof = true;
        return NULL;
    }
    return "an unknown option";
}

/* The line that opens the block of bytes. */
static const char *open_input(http_case *c, weir_bytes line)
{
    weir_bytes rest = after(line, 3);
    if (!starts_with(rest, "request") && !starts_with(rest, "response"))
        return "the first block is neither request nor response";
    c->response = starts_with(rest, "response");
    rest = after(rest, c->response ? 8 : 7);
    while (rest.len > 0) {
        if (rest.data[0] != ' ') return "no space before an option";
        rest = after(rest, 1);
        const char *space = rest.len > 0 ? memchr(rest.data, ' ', rest.len) : NULL;
        weir_bytes word = weir_bytes_of(rest.data, space ? (size_t)(space - rest.data) : rest.len);
        const char *wrong = read_option(c, word);
        if (wrong) return wrong;
        rest = after(rest, word.len);
    }
    if (c->capacity == 0 && c->options.fields > DEFAULT_CAPACITY)
        return "limit:fields= above what the runner has room for";
    if (c->capacity == 0) c->capacity = DEFAULT_CAPACITY;
    return NULL;
}

static const char *open_case(reader *r, weir_bytes title)
{
    for (size_t i = r->first; i < r->set->count; i++)
        if (weir_bytes_equal(title, weir_bytes_text(r->set->cases[i].title)))
            return "this title is there twice";
    if (title.len == 0) return "a case without a title";
    http_case *cases = realloc(r->set->cases, (r->set->count + 1) * sizeof *cases);
    assert_non_null(cases);
    r->set->cases = cases;
    r->set->count++;
    *current(r) = (http_case){.file = copy(weir_bytes_text(r->file)),
                              .title = copy(title),
                              .line = r->line,
                              .to = WEIR_HTTP_GET,
                              .options = WEIR_HTTP_OPTIONS_DEFAULT};
    r->place = PROSE;
    r->has_prose = false;
    return NULL;
}

static const char *input_line(http_case *c, weir_bytes line)
{
    if (line.len > 0 && line.data[line.len - 1] == ' ')
        return "a space at a line's end is written \\s";
    return case_text_unescape(&c->input, line);
}

/* Events are kept as case_text_escape spells them, so that one spelling is compared. */
static const char *event_line(http_case *c, weir_bytes line)
{
    case_text plain = {NULL, 0, 0};
    while (line.len > 0 && line.data[line.len - 1] == ' ') line.len--;
    const char *wrong = line.len == 0 ? "an empty line among the events" : NULL;
    if (!wrong) wrong = case_text_unescape(&plain, line);
    if (!wrong) {
        case_text_escape(&c->events, weir_bytes_of(plain.data, plain.len));
        case_text_end_line(&c->events);
    }
    case_text_free(&plain);
    return wrong;
}

/* A line outside of blocks. */
static const char *open_line(reader *r, weir_bytes line)
{
    if (starts_with(line, "## ")) {
        if (!r->has_heading) return "a case before the heading of the chapter";
        if (!r->has_prose) return "a chapter without a paragraph";
        if (r->place == PROSE || r->place == BETWEEN) return "the case before has not two blocks";
        return open_case(r, after(line, 3));
    }
    if (starts_with(line, "```")) {
        if (r->place == PREFACE || r->place == AFTER) return "a block outside of the cases' two";
        if (r->place == BETWEEN) {
            r->place = EVENTS;
            return weir_bytes_equal(line, weir_bytes_text("```events"))
                       ? NULL
                       : "the second block is not events";
        }
        r->place = INPUT;
        return r->has_prose ? open_input(current(r), line) : "a case without its reason";
    }
    if (starts_with(line, "#")) {
        bool first = r->place == PREFACE && !r->has_heading && starts_with(line, "# ");
        r->has_heading = true;
        return first ? NULL : "a heading that is none of a case";
    }
    if (line.len == 0) return NULL;
    if (r->place == BETWEEN || r->place == AFTER) return "text where a block or a case must begin";
    r->has_prose = true;
    return r->has_heading ? NULL : "the file does not begin with its heading";
}

static const char *read_line(reader *r, weir_bytes line)
{
    if (r->place != INPUT && r->place != EVENTS) return open_line(r, line);
    if (weir_bytes_equal(line, weir_bytes_text("```"))) {
        r->place = r->place == INPUT ? BETWEEN : AFTER;
        return NULL;
    }
    return r->place == INPUT ? input_line(current(r), line) : event_line(current(r), line);
}

void case_set_read(case_set *set, const char *file, weir_bytes text)
{
    reader r = {.set = set, .file = file, .first = set->count};
    const char *wrong = NULL;
    while (!wrong && text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        r.line++;
        wrong =
            end ? read_line(&r, weir_bytes_of(text.data, len)) : "no line end at the file's end";
        text = after(text, end ? len + 1 : len);
    }
    if (!wrong && set->count == r.first) wrong = "a file without a case";
    if (!wrong && r.place != AFTER) wrong = "the last case is not complete";
    if (!wrong) return;
    case_text_print(&set->problems, "%s:%d: %s\n", file, r.line, wrong);
    /* A case that is half read is none. */
    if (set->count > r.first && r.place != AFTER) {
        http_case *half = current(&r);
        free(half->file);
        free(half->title);
        case_text_free(&half->input);
        case_text_free(&half->events);
        set->count--;
    }
}

static void read_path(case_set *set, const char *path)
{
    case_text text = {NULL, 0, 0};
    char piece[4096];
    FILE *file = fopen(path, "rb");
    if (!file) {
        case_text_print(&set->problems, "%s:0: cannot be read\n", path);
        return;
    }
    for (size_t len; (len = fread(piece, 1, sizeof piece, file)) > 0;)
        case_text_add(&text, piece, len);
    fclose(file);
    case_set_read(set, path, weir_bytes_of(text.data, text.len));
    case_text_free(&text);
}

static int is_markdown(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 3, ".md") == 0;
}

void case_set_read_folder(case_set *set, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_markdown, alphasort);
    if (count < 0) case_text_print(&set->problems, "%s:0: cannot be read\n", folder);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        read_path(set, path);
        free(entries[i]);
    }
    free(entries);
}

void case_set_free(case_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->cases[i].file);
        free(set->cases[i].title);
        case_text_free(&set->cases[i].input);
        case_text_free(&set->cases[i].events);
    }
    free(set->cases);
    case_text_free(&set->problems);
    *set = (case_set){.cases = NULL};
}
