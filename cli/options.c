/* SPDX-License-Identifier: MIT
 *
 * Command-line options from a table, with messages that say what would be right.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/num.h>

#include "cli.h"

static bool parse_count(const char *text, uint32_t *out)
{
    uint64_t value;
    if (weir_decimal_parse(weir_bytes_text(text), UINT32_MAX, &value)) return false;
    *out = (uint32_t)value;
    return true;
}

static bool parse_bytes(const char *text, uint64_t *out)
{
    static const char units[] = "kmg";
    size_t len = strlen(text);
    unsigned shift = 0;
    const char *unit = len > 0 ? strchr(units, text[len - 1] | 32) : NULL;
    if (unit && *unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        len--;
    }
    uint64_t value;
    if (weir_decimal_parse(weir_bytes_of(text, len), UINT64_MAX >> shift, &value)) return false;
    *out = value << shift;
    return true;
}

static bool parse_seconds(const char *text, weir_duration *out)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 1e-9) || seconds > 1e9) return false;
    *out = weir_nanoseconds((int64_t)(seconds * 1e9));
    return true;
}

/* Stores a value; says what is wrong with it. */
static bool set(const cli_option *option, const char *text)
{
    cli_list *list = option->value;
    switch (option->kind) {
    case CLI_FLAG: *(bool *)option->value = true; return true;
    case CLI_TEXT: *(const char **)option->value = text; return true;
    case CLI_LIST:
        if (list->count == CLI_LIST_MAX) {
            cli_complain("--%s can be given at most %d times", option->name, CLI_LIST_MAX);
            return false;
        }
        list->items[list->count++] = text;
        return true;
    case CLI_COUNT:
        if (parse_count(text, option->value)) return true;
        cli_complain("--%s takes a number, not \"%s\"", option->name, text);
        return false;
    case CLI_BYTES:
        if (parse_bytes(text, option->value)) return true;
        cli_complain("--%s takes a size as 4096, 64k, 16m or 2g, not \"%s\"", option->name, text);
        return false;
    case CLI_SECONDS:
        if (parse_seconds(text, option->value)) return true;
        cli_complain("--%s takes seconds as 10 or 0.5, more than 0, not \"%s\"", option->name,
                     text);
        return false;
    }
    return false;
}

static const cli_option *find(const cli_option *options, const char *name, size_t len)
{
    for (; options->name; options++)
        if (strlen(options->name) == len && memcmp(options->name, name, len) == 0) return options;
    return NULL;
}

/* Takes the option at argv[*at], and its value from the next word where it stands there. */
static bool take(const cli_command *command, const cli_option *options, int argc, char **argv,
                 int *at)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    const size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const cli_option *option = strncmp(argv[*at], "--", 2) == 0 ? find(options, name, len) : NULL;
    if (!option) {
        cli_complain("%s does not know the option %s; weir %s --help lists them", command->name,
                     argv[*at], command->name);
        return false;
    }
    if (option->kind == CLI_FLAG) {
        if (!equals) return set(option, NULL);
        cli_complain("--%s takes no value", option->name);
        return false;
    }
    if (equals) return set(option, equals + 1);
    if (*at + 1 == argc) {
        cli_complain("--%s needs a value", option->name);
        return false;
    }
    return set(option, argv[++*at]);
}

int cli_parse(const cli_command *command, const cli_option *options, int argc, char **argv,
              const char *words[], int room)
{
    int count = 0;
    bool literal = false;
    for (int i = 0; i < argc; i++) {
        if (!literal && strcmp(argv[i], "--") == 0) {
            literal = true;
        } else if (!literal && argv[i][0] == '-' && argv[i][1]) {
            if (!take(command, options, argc, argv, &i)) return -1;
        } else if (count == room) {
            cli_complain("%s: \"%s\" is one word too many; weir %s --help shows the form",
                         command->name, argv[i], command->name);
            return -1;
        } else {
            words[count++] = argv[i];
        }
    }
    return count;
}
