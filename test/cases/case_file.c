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

static char *copy(weir_bytes text)
{
    char *data = malloc(text.len + 1);
    assert_non_null(data);
    if (text.len > 0) memcpy(data, text.data, text.len);
    data[text.len] = '\0';
    return data;
}

static case_record *current(const reader *r)
{
    return r->set->cases[r->set->count - 1];
}

static const char *open_case(reader *r, weir_bytes title)
{
    for (size_t i = r->first; i < r->set->count; i++)
        if (weir_bytes_equal(title, weir_bytes_text(r->set->cases[i]->title)))
            return "this title is there twice";
    if (title.len == 0) return "a case without a title";
    case_record **cases = realloc(r->set->cases, (r->set->count + 1) * sizeof *cases);
    case_record *record = calloc(1, r->set->syntax->size);
    assert_true(cases && record);
    record->file = copy(weir_bytes_text(r->file));
    record->title = copy(title);
    record->line = r->line;
    r->set->cases = cases;
    r->set->cases[r->set->count++] = record;
    r->place = PROSE;
    r->has_prose = false;
    return NULL;
}

/* A line outside of blocks. */
static const char *open_line(reader *r, weir_bytes line)
{
    if (case_line_starts(line, "## ")) {
        if (!r->has_heading) return "a case before the heading of the chapter";
        if (!r->has_prose) return "a chapter without a paragraph";
        if (r->place == PROSE || r->place == BETWEEN) return "the case before has not two blocks";
        return open_case(r, case_line_after(line, 3));
    }
    if (case_line_starts(line, "```")) {
        if (r->place == PREFACE || r->place == AFTER) return "a block outside of the cases' two";
        if (r->place == BETWEEN) {
            r->place = EVENTS;
            return weir_bytes_equal(line, weir_bytes_text("```events"))
                       ? NULL
                       : "the second block is not events";
        }
        r->place = INPUT;
        return r->has_prose ? r->set->syntax->open(current(r), case_line_after(line, 3))
                            : "a case without its reason";
    }
    if (case_line_starts(line, "#")) {
        bool first = r->place == PREFACE && !r->has_heading && case_line_starts(line, "# ");
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
    return (r->place == INPUT ? r->set->syntax->add_input : r->set->syntax->add_event)(current(r),
                                                                                       line);
}

static void free_case(case_record *record)
{
    free(record->file);
    free(record->title);
    case_text_free(&record->input);
    case_text_free(&record->events);
    free(record);
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
        text = case_line_after(text, end ? len + 1 : len);
    }
    if (!wrong && set->count == r.first) wrong = "a file without a case";
    if (!wrong && r.place != AFTER) wrong = "the last case is not complete";
    if (!wrong) return;
    case_text_print(&set->problems, "%s:%d: %s\n", file, r.line, wrong);
    /* A case that is half read is none. */
    if (set->count > r.first && r.place != AFTER) free_case(set->cases[--set->count]);
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

case_set case_set_of(const case_syntax *syntax, const char *folder)
{
    case_set set = {.syntax = syntax};
    const char *source = getenv("WEIR_SOURCE_DIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/test/cases/%s", source ? source : ".", folder);
    case_set_read_folder(&set, path);
    if (set.problems.len > 0)
        fail_msg("malformed case files:\n%.*s", (int)set.problems.len, set.problems.data);
    return set;
}

bool case_is_chosen(const case_record *record)
{
    const char *chosen = getenv("WEIR_CASES");
    return !chosen || strstr(record->file, chosen) || strstr(record->title, chosen);
}

void case_set_free(case_set *set)
{
    for (size_t i = 0; i < set->count; i++) free_case(set->cases[i]);
    free(set->cases);
    case_text_free(&set->problems);
    *set = (case_set){.syntax = set->syntax};
}
