/* SPDX-License-Identifier: MIT
 *
 * The subcommand `weir http parse`.
 */
#ifndef CLI_HTTP_PARSE_H
#define CLI_HTTP_PARSE_H

#include "cli.h"

/* Runs it with the words after "parse".  Returns the exit status. */
int http_parse_run(int argc, char **argv);

#endif
