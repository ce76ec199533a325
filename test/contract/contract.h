/* SPDX-License-Identifier: MIT
 *
 * The contract suite: what the headers of `io` promise, asked of every engine from one source.
 *
 *     CONTRACT(a_sleep_is_never_early)
 *     {
 *         weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
 *         check_int(weir_sleep(io, weir_milliseconds(5)), 0);
 *         check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns >= 5000000);
 *     }
 *
 * registers a TEST for each engine (a_sleep_is_never_early_on_uring_1, … _on_threads, … _on_sim);
 * the body is the root task, its handle is `io`.  A test that does not end within a minute is
 * aborted.  When the engine is gone, no descriptor may be left.
 *
 * Tasks use check(): it records and prints what is wrong, the task goes on, the test fails at the
 * end.  cmocka's assertions are for the functions outside of tasks.
 */
#ifndef WEIR_TEST_CONTRACT_CONTRACT_H
#define WEIR_TEST_CONTRACT_CONTRACT_H

#include "test/harness/test.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/engine/engine.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/io/task.h>
#include <weir/io/word.h>
#include <weir/net/tcp.h>

/* Defines a test of every engine; the body follows and has `weir_io *io`. */
#define CONTRACT(name_) CONTRACT_WITH(name_, NULL)

/* The same with options that `adjust_` (contract_adjust) changes. */
#define CONTRACT_WITH(name_, adjust_)                           \
    static void contract_body_##name_(weir_io *io);             \
    CONTRACT_EACH_(name_, adjust_, contract_body_##name_, NULL) \
    static void contract_body_##name_(weir_io *io)

/* Defines a test which makes its engines itself, outside of any task; the body follows and has
 * `const weir_engine_options *options`. */
#define CONTRACT_OUTSIDE(name_)                                            \
    static void contract_body_##name_(const weir_engine_options *options); \
    CONTRACT_EACH_(name_, NULL, NULL, contract_body_##name_)               \
    static void contract_body_##name_(const weir_engine_options *options)

#define CONTRACT_EACH_(name_, adjust_, body_, outside_)     \
    CONTRACT_ONE_(name_, uring_1, adjust_, body_, outside_) \
    CONTRACT_ONE_(name_, uring_3, adjust_, body_, outside_) \
    CONTRACT_ONE_(name_, epoll_1, adjust_, body_, outside_) \
    CONTRACT_ONE_(name_, epoll_3, adjust_, body_, outside_) \
    CONTRACT_ONE_(name_, threads, adjust_, body_, outside_) \
    CONTRACT_ONE_(name_, sim, adjust_, body_, outside_)

#define CONTRACT_ONE_(name_, engine_, adjust_, body_, outside_)   \
    TEST(name_##_on_##engine_)                                    \
    {                                                             \
        contract_run(#name_, #engine_, adjust_, body_, outside_); \
    }

typedef void contract_adjust(weir_engine_options *options);

/* Runs one test on one engine: one of `body` and `outside` is given. */
void contract_run(const char *test, const char *engine, contract_adjust *adjust,
                  void (*body)(weir_io *), void (*outside)(const weir_engine_options *));

/* Whether the condition holds; if not, the test will fail.  In any task or thread. */
#define check(condition_) contract_check((condition_), #condition_, __FILE__, __LINE__)

/* Whether two numbers are equal; if not, the test will fail and tells both. */
#define check_int(is_, expected_) \
    contract_check_int((int64_t)(is_), (int64_t)(expected_), #is_, #expected_, __FILE__, __LINE__)

bool contract_check(bool holds, const char *text, const char *file, int line);
bool contract_check_int(int64_t is, int64_t expected, const char *is_text,
                        const char *expected_text, const char *file, int line);

/* How many checks of this test have failed; loops of thousands of rounds end early by it. */
unsigned contract_failed(void);

/* Says where the test is, for the message when it does not end.  `what` is static text. */
void contract_at(const char *what, size_t number);

/* Whether the test runs for some seconds only.  What is done again and again, at random, may end
 * when it does not: where tasks are threads and the machine is busy, each yield takes as long as
 * the turns of all other processes. */
bool contract_is_early(void);

/* Yields while the test is early. */
void contract_yield(weir_io *io);

/* Whether the engine's tasks are threads, each of its own. */
bool contract_on_threads(weir_io *io);

/* Gives other tasks time to get into what they are about to do.  Makes it likely that they wait
 * there, no more: no verdict may rest on it. */
void contract_settle(weir_io *io);

/* Adds 1 to a word and wakes all who wait on it. */
void contract_raise(weir_io *io, uint32_t *word);

/* Waits until a word is at least `value`.  Returns 0 or the error of the wait. */
int contract_reached(weir_io *io, uint32_t *word, uint32_t value);

/* Computes for about `turns` steps without any operation. */
void contract_spin(unsigned turns);

/* Milliseconds that have gone since `start` on the monotonic clock, rounded down. */
int64_t contract_ms_since(weir_io *io, weir_instant start);

/* The processor time that this process has used, in nanoseconds. */
int64_t contract_cpu_ns(void);

/* Sockets: made with the plain system calls, non-blocking ----------------------------------- */

/* Two connected Unix sockets of `type` (SOCK_STREAM, SOCK_DGRAM). */
bool contract_pair(int type, weir_socket ends[2]);

/* Two connected TCP sockets, made by the engine. */
bool contract_tcp_pair(weir_io *io, weir_socket ends[2]);

/* The port that a descriptor is bound to, 0 for none. */
uint16_t contract_port(int fd);

/* Listens on an address of any kind.  `options` may be NULL.  Returns as weir_tcp_listen. */
int contract_listen(weir_io *io, const weir_address *address,
                    const weir_tcp_listen_options *options, weir_socket *out);

/* A TCP listener on a free port of 127.0.0.1 and its address. */
bool contract_listener(weir_io *io, int backlog, weir_socket *listener, weir_address *address);

/* An address of 127.0.0.1 at which nobody answers sockets of `type`.  Its port is `keeper`'s, so
 * that no other test can take it meanwhile; to be closed by the caller. */
bool contract_nobody(weir_io *io, int type, weir_socket *keeper, weir_address *address);

/* A plain socket that connects to the address; does not wait for the outcome.  Returns it. */
int contract_client(const weir_address *address);

/* Closes both ends that are not -1. */
void contract_close(weir_io *io, weir_socket ends[2]);

/* Fills a socket until it takes no more.  Returns the bytes. */
size_t contract_fill(int fd);

/* Empties a socket.  Returns the bytes. */
size_t contract_drain(int fd);

/* How many more descriptors may be opened, after the soft limit was raised as far as it goes. */
size_t contract_fd_room(void);

/* Makes an empty directory for this test.  `out` has room for 64 bytes. */
bool contract_make_directory(char *out);

/* Removes a directory and what is in it. */
void contract_remove_directory(const char *path);

/* Writes a file of `len` bytes at directory/name with plain calls. */
bool contract_make_file(const char *directory, const char *name, const void *data, size_t len);

#endif
