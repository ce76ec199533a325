/* SPDX-License-Identifier: MIT
 *
 * The reader of case files of DNS, strict: what it does not understand is a problem.
 *
 *     PREFACE -> [ TITLE -> PROSE -> MESSAGE -> BETWEEN -> EVENTS -> AFTER ]*     (line by line)
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/cases/dns_case.h"
#include "test/harness/test.h"

enum { OCTETS_MAX = 70000 };

typedef enum place { PREFACE, PROSE, MESSAGE, BETWEEN, EVENTS, AFTER } place;

typedef struct file_reader {
    dns_case_set *set;
    const char *file;
    size_t first; /* where the cases of this file begin in the set */
    int line;
    place place;
    bool has_heading; /* the chapter's */
    bool has_prose;   /* of the chapter, or of the case */
} file_reader;

static dns_case *current(const file_reader *r)
{
    return &r->set->cases[r->set->count - 1];
}

static char *copy(weir_bytes text)
{
    char *data = malloc(text.len + 1);
    assert_non_null(data);
    if (text.len > 0) memcpy(data, text.data, text.len);
    data[text.len] = '\0';
    return data;
}

static bool is_line(weir_bytes line, const char *text)
{
    return weir_bytes_equal(line, weir_bytes_text(text));
}

static bool starts_with(weir_bytes line, const char *prefix)
{
    const size_t len = strlen(prefix);
    return line.len >= len && memcmp(line.data, prefix, len) == 0;
}

/* Octets ------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hexadecimal digits. */
static const char *add_hex(case_text *out, weir_bytes word)
{
    if (word.len == 0 || word.len % 2) return "an odd number of digits";
    for (size_t i = 0; i < word.len; i += 2) {
        const int high = hex_digit(word.data[i]), low = hex_digit(word.data[i + 1]);
        if (high < 0 || low < 0) return "neither digits, a text nor N*digits";
        case_text_add(out, (const char[]){(char)(high << 4 | low)}, 1);
    }
    return NULL;
}

/* Digits, or N*digits. */
static const char *add_word(case_text *out, weir_bytes word)
{
    size_t at = 0, times = 0;
    while (at < word.len && at < 5 && word.data[at] >= '0' && word.data[at] <= '9')
        times = times * 10 + (size_t)(word.data[at++] - '0');
    if (at == 0 || at == word.len || word.data[at] != '*') return add_hex(out, word);
    word = weir_bytes_of(word.data + at + 1, word.len - at - 1);
    while (times-- > 0) {
        const char *wrong = out->len > OCTETS_MAX ? "too long" : add_hex(out, word);
        if (wrong) return wrong;
    }
    return NULL;
}

/* A line of the block: words between spaces, "text" as it is, a comment behind "#". */
static const char *message_line(case_text *out, weir_bytes line)
{
    const char *at = line.data, *const end = line.data + line.len;
    while (at < end && *at != '#') {
        if (*at == ' ') {
            at++;
        } else if (*at == '"') {
            const char *close = memchr(at + 1, '"', (size_t)(end - at) - 1);
            if (!close) return "a text without its end";
            case_text_add(out, at + 1, (size_t)(close - at) - 1);
            at = close + 1;
        } else {
            const char *stop = at;
            while (stop < end && *stop != ' ' && *stop != '"' && *stop != '#') stop++;
            const char *wrong = add_word(out, weir_bytes_of(at, (size_t)(stop - at)));
            if (wrong) return wrong;
            at = stop;
        }
    }
    return NULL;
}

/* Lines ------------------------------------------------------------------------------------- */

static const char *open_case(file_reader *r, weir_bytes title)
{
    for (size_t i = r->first; i < r->set->count; i++)
        if (is_line(title, r->set->cases[i].title)) return "this title is there twice";
    if (title.len == 0) return "a case without a title";
    dns_case *cases = realloc(r->set->cases, (r->set->count + 1) * sizeof *cases);
    assert_non_null(cases);
    r->set->cases = cases;
    r->set->count++;
    *current(r) =
        (dns_case){.file = copy(weir_bytes_text(r->file)), .title = copy(title), .line = r->line};
    r->place = PROSE;
    r->has_prose = false;
    return NULL;
}

static const char *open_block(file_reader *r, weir_bytes line)
{
    if (r->place == BETWEEN) {
        r->place = EVENTS;
        return is_line(line, "```events") ? NULL : "the second block is not events";
    }
    if (r->place != PROSE) return "a block outside of the cases' two";
    if (!r->has_prose) return "a case without its reason";
    r->place = MESSAGE;
    current(r)->data = is_line(line, "```message data");
    return current(r)->data || is_line(line, "```message") ? NULL
                                                           : "the first block is not message";
}

/* A line outside of blocks. */
static const char *open_line(file_reader *r, weir_bytes line)
{
    if (starts_with(line, "```")) return open_block(r, line);
    if (starts_with(line, "## ")) {
        if (!r->has_heading || !r->has_prose) return "a chapter without heading and paragraph";
        if (r->place == PROSE || r->place == BETWEEN) return "the case before has not two blocks";
        return open_case(r, weir_bytes_of(line.data + 3, line.len - 3));
    }
    if (starts_with(line, "#")) {
        const bool first = r->place == PREFACE && !r->has_heading && starts_with(line, "# ");
        r->has_heading = true;
        return first ? NULL : "a heading that is none of a case";
    }
    if (line.len == 0) return NULL;
    if (r->place == BETWEEN || r->place == AFTER) return "text where a block or a case must begin";
    r->has_prose = true;
    return r->has_heading ? NULL : "the file does not begin with its heading";
}

static const char *read_line(file_reader *r, weir_bytes line)
{
    if (r->place != MESSAGE && r->place != EVENTS) return open_line(r, line);
    if (is_line(line, "```")) {
        r->place = r->place == MESSAGE ? BETWEEN : AFTER;
        return NULL;
    }
    if (r->place == MESSAGE) return message_line(&current(r)->input, line);
    if (line.len == 0 || line.data[line.len - 1] == ' ') return "an empty event, or space after it";
    case_text_add(&current(r)->events, line.data, line.len);
    case_text_end_line(&current(r)->events);
    return NULL;
}

static void free_case(dns_case *c)
{
    free(c->file);
    free(c->title);
    case_text_free(&c->input);
    case_text_free(&c->events);
}

void dns_case_set_read(dns_case_set *set, const char *file, weir_bytes text)
{
    file_reader r = {.set = set, .file = file, .first = set->count};
    const char *wrong = NULL;
    while (!wrong && text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        const size_t len = end ? (size_t)(end - text.data) : text.len, step = len + (end != NULL);
        r.line++;
        wrong = end ? read_line(&r, weir_bytes_of(text.data, len)) : "no line end at the end";
        text = weir_bytes_of(text.data + step, text.len - step);
    }
    if (!wrong && set->count == r.first) wrong = "a file without a case";
    if (!wrong && r.place != AFTER) wrong = "the last case is not complete";
    if (!wrong) return;
    case_text_print(&set->problems, "%s:%d: %s\n", file, r.line, wrong);
    /* A case that is half read is none. */
    if (set->count > r.first && r.place != AFTER) free_case(&set->cases[--set->count]);
}

static void read_path(dns_case_set *set, const char *path)
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
    dns_case_set_read(set, path, weir_bytes_of(text.data, text.len));
    case_text_free(&text);
}

static int is_markdown(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);
    return len > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 3, ".md") == 0;
}

void dns_case_set_read_folder(dns_case_set *set, const char *folder)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_markdown, alphasort);
    if (count < 0) case_text_print(&set->problems, "%s:0: cannot be read\n", folder);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        read_path(set, path);
        free(entries[i]);
    }
    free(entries);
}

void dns_case_set_free(dns_case_set *set)
{
    for (size_t i = 0; i < set->count; i++) free_case(&set->cases[i]);
    free(set->cases);
    case_text_free(&set->problems);
    *set = (dns_case_set){.cases = NULL};
}
