/* SPDX-License-Identifier: MIT
 *
 * The `weir` program: finds the subcommand and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const cli_command *const commands[] = {
    &cli_serve, &cli_echo,    &cli_listen, &cli_talk, &cli_http,   &cli_ifaces,
    &cli_addr,  &cli_resolve, &cli_dig,    &cli_sim,  &cli_doctor, &cli_version,
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *to)
{
    fputs("Weir serves files and speaks network protocols.\n\n"
          "usage: weir COMMAND [OPTION …]\n\n",
          to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nweir COMMAND --help tells more.  To begin: weir serve .\n", to);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) name = "version";
    for (int i = 0; i < COMMANDS; i++) {
        const cli_command *command = commands[i];
        const bool asked = is_help(name) && argc > 2 && strcmp(argv[2], command->name) == 0;
        if (strcmp(name, command->name) != 0 && !asked) continue;
        for (int a = 2; a < argc && strcmp(argv[a], "--") != 0; a++) {
            if (!asked && !(is_help(argv[a]) && argv[a][0] == '-')) continue;
            fputs(command->help, stdout);
            if (command->help_end) fputs(command->help_end(), stdout);
            return CLI_OK;
        }
        return command->run(argc - 2, argv + 2);
    }
    if (is_help(name)) {
        print_help(stdout);
        return CLI_OK;
    }
    cli_complain("there is no command \"%s\"; weir --help lists them", name);
    return CLI_USAGE;
}
