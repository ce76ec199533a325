/* SPDX-License-Identifier: MIT
 *
 * `weir version`: which Weir this is.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "cli.h"

static int run(int argc, char **argv)
{
    bool json = false;
    const cli_option options[] = {{"json", CLI_FLAG, &json}, {0}};
    if (cli_parse(&cli_version, options, argc, argv, NULL, 0) < 0) return CLI_USAGE;
    struct utsname machine = {0};
    uname(&machine);
#ifdef __clang__
    const char *compiler = "clang " __clang_version__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    if (json) {
        printf("{\"version\":\"%s\",\"compiler\":\"%s\",\"architecture\":\"%s\"}\n", WEIR_VERSION,
               compiler, machine.machine);
    } else {
        printf("weir %s (%s, %s)\n", WEIR_VERSION, machine.machine, compiler);
    }
    return CLI_OK;
}

const cli_command cli_version = {
    .name = "version",
    .summary = "tell which Weir this is",
    .help = "usage: weir version [--json]\n\n"
            "Prints the version, the processor and the compiler.\n\n"
            "  --json   as one JSON object\n\n"
            "example: weir version --json\n",
    .run = run,
};
