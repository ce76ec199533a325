/* SPDX-License-Identifier: MIT
 *
 * `weir http parse`: options and input.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/base/num.h>

#include "http.h"
#include "http_parse.h"

enum { INPUT_MAX = 64 << 20 };

/* For messages: the help is that of `weir http`. */
static const cli_command self = {.name = "http parse"};

/* The next word of a comma-separated list; false after the last. */
static bool next_word(const char **list, weir_bytes *word)
{
    if (!**list) return false;
    const size_t len = strcspn(*list, ",");
    *word = weir_bytes_of(*list, len);
    *list += len + ((*list)[len] == ',');
    return true;
}

static bool take_lenient(http_settings *how, const cli_list *lists)
{
    weir_bytes word;
    for (unsigned i = 0; i < lists->count; i++) {
        for (const char *list = lists->items[i]; next_word(&list, &word);) {
            const http_lenience *known = http_leniences;
            while (known->name && !weir_bytes_equal(word, weir_bytes_text(known->name))) known++;
            if (!known->name) {
                cli_complain("--lenient takes lf, fold, length-list, te-cl, no-host, target-bytes "
                             "and codings, not \"%.*s\"",
                             (int)word.len, word.data);
                return false;
            }
            how->options.lenient |= known->flag;
        }
    }
    return true;
}

static bool take_limits(http_settings *how, const cli_list *limits)
{
    for (unsigned i = 0; i < limits->count; i++) {
        const char *text = limits->items[i];
        const size_t len = strcspn(text, "=");
        http_limit limit;
        uint64_t value;
        if (!text[len] || !http_limit_find(&how->options, text, len, &limit)) {
            cli_complain("--limit takes NAME=N with a NAME that weir http --help lists, not \"%s\"",
                         text);
            return false;
        }
        const uint64_t most = limit.small ? UINT32_MAX : UINT64_MAX;
        if (weir_decimal_parse(weir_bytes_text(text + len + 1), most, &value)) {
            cli_complain("--limit %.*s takes a number up to %" PRIu64 ", not \"%s\"", (int)len,
                         text, most, text + len + 1);
            return false;
        }
        if (limit.small)
            *limit.small = (uint32_t)value;
        else
            *limit.large = value;
    }
    return true;
}

static bool is_token(weir_bytes word)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < word.len; i++) {
        const char c = word.data[i];
        const bool letter = ((unsigned)c | 32U) - 'a' < 26, digit = (unsigned)c - '0' < 10;
        if (!letter && !digit && !memchr(others, c, sizeof others - 1)) return false;
    }
    return word.len > 0;
}

static bool take_methods(http_settings *how, const char *list)
{
    weir_bytes word;
    how->methods[0] = WEIR_HTTP_GET;
    how->method_count = 1;
    if (!list) return true;
    if (!how->response) {
        cli_complain("--method says what responses answer: it needs --response");
        return false;
    }
    how->method_count = 0;
    while (next_word(&list, &word)) {
        if (!is_token(word) || how->method_count == HTTP_METHODS) {
            cli_complain("--method takes up to %d methods as GET or HEAD,GET, not \"%.*s\"",
                         HTTP_METHODS, (int)word.len, word.data);
            return false;
        }
        how->methods[how->method_count++] = weir_http_method_parse(word);
    }
    if (how->method_count == 0) cli_complain("--method needs a method");
    return how->method_count > 0;
}

/* Reads everything into memory of the caller's to free; says why when it cannot. */
static bool read_all(FILE *file, const char *name, char **data, size_t *len)
{
    size_t room = 0;
    *data = NULL;
    *len = 0;
    do {
        if (*len == room) {
            room = room ? 2 * room : 64 << 10;
            char *more = realloc(*data, room + 1);
            if (!more) {
                cli_complain("%s: no memory for it", name);
                return false;
            }
            *data = more;
        }
        *len += fread(*data + *len, 1, room - *len, file);
    } while (*len == room && room < INPUT_MAX);
    if (ferror(file)) {
        cli_complain("cannot read %s: %s", name, weir_strerror(-errno));
        return false;
    }
    if (*len == INPUT_MAX && fgetc(file) != EOF) {
        cli_complain("%s has more than 64 MiB, which is all that is read; head -c and tail -c cut "
                     "a part out",
                     name);
        return false;
    }
    return true;
}

static int report_on(const http_settings *how, const char *name, bool json)
{
    char *data;
    size_t len;
    const bool standard = !name || strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "re");
    if (!file) {
        cli_complain("cannot open %s: %s", name, weir_strerror(-errno));
        return CLI_FAILED;
    }
    int status = CLI_FAILED;
    if (read_all(file, standard ? "standard input" : name, &data, &len)) {
        http_report report = {.form = json ? &http_json : &http_text};
        report.colour = !json && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
        status = http_walk(how, weir_bytes_of(data, len), &report);
        if (fflush(stdout) != 0 || ferror(stdout)) {
            cli_complain("cannot write the report: %s", weir_strerror(-errno));
            status = CLI_FAILED;
        }
    }
    free(data);
    if (!standard) fclose(file);
    return status;
}

int http_parse_run(int argc, char **argv)
{
    bool json = false;
    const char *method = NULL, *name = NULL;
    cli_list lenient = {0}, limits = {0};
    http_settings how = {.options = WEIR_HTTP_OPTIONS_DEFAULT};
    const cli_option options[] = {{"response", CLI_FLAG, &how.response},
                                  {"method", CLI_TEXT, &method},
                                  {"lenient", CLI_LIST, &lenient},
                                  {"limit", CLI_LIST, &limits},
                                  {"no-eof", CLI_FLAG, &how.goes_on},
                                  {"json", CLI_FLAG, &json},
                                  {NULL, CLI_FLAG, NULL}};
    if (cli_parse(&self, options, argc, argv, &name, 1) < 0) return CLI_USAGE;
    if (!take_lenient(&how, &lenient) || !take_limits(&how, &limits) || !take_methods(&how, method))
        return CLI_USAGE;
    return report_on(&how, name, json);
}
