/* SPDX-License-Identifier: MIT
 *
 * `weir serve` as a child process, for tests that talk to it from outside.
 */
#ifndef WEIR_TEST_INTEROP_WEIR_PROCESS_H
#define WEIR_TEST_INTEROP_WEIR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct weir_process {
    pid_t pid;
    int errors; /* its standard error */
    int port;
} weir_process;

/* Starts `weir serve ARGUMENT… --listen 127.0.0.1:0 --io ENGINE` and waits until it listens.
 * `arguments` ends with NULL.  Returns whether it did. */
bool weir_process_start(weir_process *process, const char *engine, const char *const *arguments);

/* Sends SIGTERM and waits.  Returns the exit status, or -1 when a signal ended it. */
int weir_process_stop(weir_process *process);

/* What a server answered to some bytes. */
typedef struct raw_answer {
    char data[65536]; /* NUL-terminated */
    size_t len;
    int status;  /* of the first response; 0: none came */
    bool closed; /* the server ended the connection */
} raw_answer;

/* Sends bytes on a connection of its own and takes the answer: until the head of a response is
 * there, the server closes, or `wait_ms` pass without a byte. */
bool raw_ask(int port, const void *data, size_t len, int wait_ms, raw_answer *answer);

#endif
