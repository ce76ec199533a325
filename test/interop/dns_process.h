/* SPDX-License-Identifier: MIT
 *
 * Real name servers as child processes, for tests: named, unbound, dnsmasq, each on a free port of
 * 127.0.0.1 with a configuration of its own, in one folder that all of them share.
 */
#ifndef WEIR_TEST_INTEROP_DNS_PROCESS_H
#define WEIR_TEST_INTEROP_DNS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <weir/io/addr.h>

typedef struct dns_process {
    pid_t pid;
    int port, claim;
    weir_address address;
} dns_process;

/* Whether all of these programs are installed; says which is not.  The list ends with NULL. */
bool dns_process_installed(const char *const *programs);

/* A new folder with the zones of test/interop/dns; the test goes on if it is there.  Removed, and
 * the servers killed, by dns_process_end, or when the test process ends in whatever way. */
const char *dns_process_begin(void);
void dns_process_end(void);

/* Runs a shell command in the folder; the test fails when the command does. */
void dns_process_run(const char *command);

/* Writes a file in the folder. */
void dns_process_write(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A port that nobody has, UDP or TCP, for the next server.  No other test that asks here gets it,
 * until the server is forgotten or dns_process_end. */
int dns_process_free_port(void);

/* Starts a server in the folder on `port` and waits until it answers; the configuration is written
 * before.  `command` is what a shell runs. */
void dns_process_start(dns_process *process, int port, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends a server at once, and waits for its end.  Its port stays free until it is forgotten. */
void dns_process_kill(dns_process *process);
void dns_process_forget(dns_process *process);

/* An authority for all zones of the folder.  `options` are more of its options, "recursion no;". */
void dns_process_named(dns_process *process, const char *options);

/* Signs signed.test and forges one of its records: before dns_process_named. */
void dns_process_sign(void);

/* A validating resolver, with the key of signed.test, that asks `authority`. */
void dns_process_unbound(dns_process *process, const dns_process *authority);

#endif
