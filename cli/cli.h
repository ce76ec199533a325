/* SPDX-License-Identifier: MIT
 *
 * What the subcommands of `weir` share: the table that each is, options, messages.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/base/time.h>

/* A subcommand: the last lines of its file. */
typedef struct cli_command {
    const char *name;
    const char *summary;               /* one line for `weir --help` */
    const char *help;                  /* what `weir NAME --help` prints */
    const char *(*help_end)(void);     /* and what behind that; NULL: no more */
    int (*run)(int argc, char **argv); /* arguments after the name; returns the exit status */
} cli_command;

extern const cli_command cli_addr, cli_dig, cli_doctor, cli_echo, cli_http, cli_ifaces, cli_listen,
    cli_resolve, cli_serve, cli_sim, cli_talk, cli_version;

/* Exit statuses. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* One option; an array of them ends with a NULL name. */
typedef enum cli_kind {
    CLI_FLAG,    /* bool: --name */
    CLI_TEXT,    /* const char *: --name=VALUE or --name VALUE */
    CLI_LIST,    /* cli_list: as TEXT, repeatable */
    CLI_COUNT,   /* uint32_t */
    CLI_BYTES,   /* uint64_t: 100, 64k, 16m, 2g */
    CLI_SECONDS, /* weir_duration: 10, 0.5 */
} cli_kind;

typedef struct cli_option {
    const char *name; /* without the dashes */
    cli_kind kind;
    void *value;
} cli_option;

enum { CLI_LIST_MAX = 16 };

typedef struct cli_list {
    const char *items[CLI_LIST_MAX];
    unsigned count;
} cli_list;

/* Parses options and up to `room` other words, in any order; "--" ends the options.
 * Returns how many words there were, or -1 after a message about the mistake. */
int cli_parse(const cli_command *command, const cli_option *options, int argc, char **argv,
              const char *words[], int room);

/* Prints "weir: …" and a line end to standard error, as cli_put_text does. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a text; control characters, those that turn the direction of writing, and bytes that are
 * not UTF-8 become \xHH. */
void cli_put_text(FILE *to, const char *text);

/* Whether cli_put_text writes a text as it is. */
bool cli_is_plain(const char *text);

/* Shows a text on standard error with a caret under its byte `at`; nothing when it is not plain. */
void cli_point(const char *text, size_t at);

/* Writes text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD, and what
 * weir_utf8_is_control names is escaped.
 * Returns the length; less than needed is never written: 0 when it does not fit. */
size_t cli_json_string(const char *text, size_t len, char *out, size_t room);

#endif
