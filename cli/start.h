/* SPDX-License-Identifier: MIT
 *
 * How commands with sockets start: the engine, the signals that end them, descriptors.
 */
#ifndef CLI_START_H
#define CLI_START_H

#include <weir/io/engine/engine.h>
#include <weir/io/signal.h>

/* Makes the engine that a word names (NULL: the best), with the other members of `options`, which
 * may be NULL; or says why not and returns NULL. */
weir_io *cli_make_engine(const char *word, const weir_engine_options *options);

/* Begins to catch SIGINT and SIGTERM, and lets SIGPIPE be.  Returns 0 or an error. */
int cli_open_signals(weir_signals *signals);

/* Lets this process open as many descriptors as it may: each connection takes one. */
void cli_raise_limit(void);

#endif
