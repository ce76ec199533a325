/* SPDX-License-Identifier: MIT
 *
 * Do the gdb commands of tools/gdb/weir.py find the tasks of a live process, and their call stacks?
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <weir/io/engine/engine.h>
#include <weir/weir.h>

#include "test/harness/test.h"

enum { ROOM = 1 << 18 };

static char said[ROOM];
static int ends[2];
static unsigned reading, sleeping; /* set right before */

__attribute__((noinline)) static int deep_inside(weir_io *io, int depth)
{
    char byte;
    volatile int here = depth;
    int got = depth > 0 ? deep_inside(io, depth - 1)
                        : (int)weir_read(io, (weir_socket){ends[0]}, &byte, 1);
    return got + here - depth;
}

static int read_deep_inside(weir_io *io, void *argument)
{
    (void)argument;
    __atomic_store_n(&reading, 1, __ATOMIC_RELEASE);
    return deep_inside(io, 3);
}

static int sleep_long(weir_io *io, void *argument)
{
    (void)argument;
    __atomic_store_n(&sleeping, 1, __ATOMIC_RELEASE);
    return weir_sleep(io, weir_seconds(1000));
}

/* Waits until another task of this worker is where it waits: it has set the word, and does not run
 * while this one does. */
static int see_waiting(weir_io *io, void *argument)
{
    int error = 0;
    while (!error && !__atomic_load_n((unsigned *)argument, __ATOMIC_ACQUIRE))
        error = weir_yield(io);
    return error;
}

/* Lets gdb look at this process, and keeps what it says. */
static void ask_gdb(void)
{
    char command[1024];
    const char *source = getenv("WEIR_SOURCE_DIR");
    snprintf(command, sizeof command,
             "gdb -nx -batch -iex 'set debuginfod enabled off' -p %ld -x %s/tools/gdb/weir.py "
             "-ex 'weir tasks' -ex 'weir bt all' -ex 'weir bt nobody' 2>&1 </dev/null",
             (long)getpid(), source ? source : ".");
    FILE *gdb = popen(command, "r");
    if (!gdb) return;
    size_t len = fread(said, 1, sizeof said - 1, gdb);
    said[len] = 0;
    pclose(gdb);
}

static int root(weir_io *io, void *argument)
{
    weir_group group = WEIR_GROUP_INIT;
    weir_task_options reader = {.name = "reader", .worker = WEIR_WORKER_SAME};
    weir_task_options sleeper = {.name = "sleeper", .worker = 1};
    weir_task_options fresh = {.name = "fresh", .worker = WEIR_WORKER_SAME};
    weir_task_options beside_sleeper = {.name = "beside sleeper", .worker = 1};
    weir_task beside;
    (void)argument;
    reading = sleeping = 0;
    weir_group_concurrent(io, &group, read_deep_inside, NULL, &reader);
    weir_group_concurrent(io, &group, sleep_long, NULL, &sleeper);
    int error = weir_concurrent(io, &beside, see_waiting, &sleeping, &beside_sleeper);
    if (!error) weir_await(io, &beside, &error);
    if (!error) error = see_waiting(io, &reading);
    if (error) {
        weir_group_cancel(io, &group);
        return error;
    }
    weir_group_concurrent(io, &group, sleep_long, NULL, &fresh);
    ask_gdb();
    weir_group_cancel(io, &group);
    return 0;
}

/* Whether a word stands in a line of the answer that begins with the other. */
static void expect_line(const char *begin, const char *word)
{
    for (char *line = said; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t len = strcspn(line, "\n");
        if (strncmp(line, begin, strlen(begin)) != 0) continue;
        char *found = memmem(line, len, word, strlen(word));
        if (found) return;
    }
    fprintf(stderr, "%s\n", said);
    fail_msg("no line that begins with %s has %s", begin, word);
}

/* Whether gdb is there, and may look at this process. */
static bool has_gdb(void)
{
    if (test_is_emulated() || system("gdb --version >/dev/null 2>&1") != 0) return false;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    return true;
}

static bool was_refused(void)
{
    return strstr(said, "not permitted") || strstr(said, "not supported in this copy");
}

TEST(gdb_lists_tasks_and_their_stacks)
{
    if (!has_gdb()) skip();
    weir_engine_options options = {.kind = WEIR_ENGINE_EPOLL, .workers = 2};
    weir_io *io;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(weir_engine_create(&options, &io), 0);
    assert_int_equal(weir_run(io, root, NULL), 0);
    weir_io_destroy(io);
    close(ends[0]);
    close(ends[1]);
    if (was_refused()) skip();
    expect_line("N  NAME", "WAITS FOR");
    expect_line("", "reader   waiting  read (fd ");
    expect_line("", "sleeper  waiting  sleep");
    expect_line("", "fresh    new");
    expect_line("", "root     running");
    expect_line("", "gdb.c:");
    expect_line("#", "in deep_inside at ");
    expect_line("#", "in ask_gdb at ");
    expect_line("it has not started", "sleep_long");
    expect_line("no task is called nobody", "weir tasks");
}

static int read_deep_in_a_world(weir_io *io, void *argument)
{
    weir_socket pair[2];
    (void)argument;
    int error = weir_pipe_open(io, 0, pair);
    if (error) return error;
    ends[0] = pair[0].fd;
    error = deep_inside(io, 3);
    weir_close_socket(io, pair[0]);
    weir_close_socket(io, pair[1]);
    return error;
}

static int ask_from_a_world(weir_io *io, void *argument)
{
    weir_group group = WEIR_GROUP_INIT;
    weir_task_options sleeper = {.name = "sleeper"};
    (void)argument;
    weir_sleep(io, weir_milliseconds(1));
    weir_group_concurrent(io, &group, sleep_long, NULL, &sleeper);
    ask_gdb();
    weir_group_cancel(io, &group);
    return 0;
}

TEST(gdb_lists_the_tasks_of_a_simulated_world)
{
    if (!has_gdb()) skip();
    weir_sim *sim;
    weir_sim_host *server, *client;
    assert_int_equal(weir_sim_create(NULL, &sim), 0);
    assert_int_equal(weir_sim_add_host(sim, "server", "10.0.0.1", &server), 0);
    assert_int_equal(weir_sim_add_host(sim, "client", "10.0.0.2", &client), 0);
    assert_int_equal(weir_sim_start(server, "reader", read_deep_in_a_world, NULL), 0);
    assert_int_equal(weir_run(weir_sim_io(client), ask_from_a_world, NULL), 0);
    weir_sim_destroy(sim);
    if (was_refused()) skip();
    expect_line("N  NAME", "WAITS FOR");
    expect_line("0  reader   waiting  read (fd ", "server");
    expect_line("1  root     running", "client");
    expect_line("2  sleeper  new", "client");
    expect_line("#", "in deep_inside at ");
    expect_line("#", "in read_deep_in_a_world at ");
    expect_line("#", "in ask_from_a_world at ");
    expect_line("it has not started", "sleep_long");
}
