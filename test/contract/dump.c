/* SPDX-License-Identifier: MIT
 *
 * Does a dump show every task in a table that lines up, say what is missing, come when its signal
 * does, and report what goes wrong?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <weir/io/inspect.h>

/* What was written into a memory file, as text. */
static char *text_of(int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)len + 1);
    if (check(text != NULL)) check_int(pread(fd, text, (size_t)len, 0), len);
    return text;
}

/* On a machine that stops a worker may not answer in time: then the dump says so. */
static char *dump_text(weir_io *io, int expected)
{
    int fd = memfd_create("dump", MFD_CLOEXEC);
    check(fd >= 0);
    const int error = weir_dump(io, fd);
    if (error != WEIR_EDEADLINE) check_int(error, expected);
    char *text = text_of(fd);
    close(fd);
    return text;
}

/* The line that begins (after spaces) with a task's name, in `out`. */
static bool line_of(const char *text, const char *name, char out[512])
{
    for (const char *at = text; *at; at += *at == '\n') {
        size_t len = strcspn(at, "\n");
        const char *word = at + strspn(at, " ");
        size_t size = strlen(name);
        if (strncmp(word, name, size) == 0 && word[size] == ' ') {
            snprintf(out, 512, "%.*s", (int)len, at);
            return true;
        }
        at += len;
    }
    return check(!"no line of that name"), false;
}

static uint32_t go;

static int read_for_ever(weir_io *io, void *argument)
{
    char byte;
    return (int)weir_read(io, *(weir_socket *)argument, &byte, 1);
}

static int sleep_in_a_scope(weir_io *io, void *argument)
{
    weir_scope scope;
    (void)argument;
    weir_scope_enter_for(io, &scope, weir_seconds(100));
    contract_raise(io, &go);
    int error = weir_sleep(io, weir_seconds(1000));
    weir_scope_leave(io, &scope);
    return error;
}

static void show_lines_up(const char *text)
{
    char head[512], reader[512], sleeper[512], root[512];
    if (!line_of(text, "NAME", head) || !line_of(text, "reader", reader) ||
        !line_of(text, "sleeper-with-a-long-name", sleeper) || !line_of(text, "root", root))
        return;
    const char *place = strstr(head, "SPAWNED AT"), *fd = strstr(head, "FD");
    if (!check(place != NULL) || !check(fd != NULL)) return;
    const char *file = __FILE__;
    check_int(strncmp(reader + (place - head), file, strlen(file)), 0);
    check_int(strncmp(sleeper + (place - head), file, strlen(file)), 0);
    check_int(reader[fd - head - 1], ' ');
    check(reader[fd - head] >= '0' && reader[fd - head] <= '9');
    check_int(sleeper[fd - head], '-');
    check(strstr(reader, "waiting") && strstr(reader, "read"));
    check(strstr(sleeper, "sleep") && strstr(sleeper, " left, ") && strstr(sleeper, "dump.c:"));
    check(strstr(root, "running") != NULL);
}

CONTRACT(a_dump_is_a_table_of_all_tasks)
{
    weir_group group = WEIR_GROUP_INIT;
    weir_socket ends[2];
    weir_task_options one = {.name = "reader", .worker = WEIR_WORKER_ANY};
    weir_task_options two = {.name = "sleeper-with-a-long-name", .worker = WEIR_WORKER_ANY};
    if (!contract_pair(SOCK_STREAM, ends)) return;
    go = 0;
    check_int(weir_group_concurrent(io, &group, read_for_ever, &ends[0], &one), 0);
    check_int(weir_group_concurrent(io, &group, sleep_in_a_scope, NULL, &two), 0);
    check_int(contract_reached(io, &go, 1), 0);
    /* Both are about to wait; a dump may find them before. */
    char *text = NULL, line[512];
    do {
        contract_settle(io);
        free(text);
        text = dump_text(io, 0);
    } while (strstr(text, "incomplete: ") || !line_of(text, "reader", line) ||
             !strstr(line, "waiting") || !line_of(text, "sleeper-with-a-long-name", line) ||
             !strstr(line, "waiting"));
    show_lines_up(text);
    check(strstr(text, ", 3 tasks\n") != NULL);
    check(strstr(text, "spawned ") && strstr(text, "operations "));
    if (contract_failed()) fputs(text, stderr);
    free(text);
    weir_group_cancel(io, &group);
    contract_close(io, ends);
}

CONTRACT(a_dump_reports_what_goes_wrong_with_writing)
{
    int ends[2];
    check_int(weir_dump(io, 1 << 19), WEIR_EBADF);
    check_int(pipe2(ends, O_CLOEXEC), 0);
    check_int(weir_dump(io, ends[0]), WEIR_EBADF);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    check_int(weir_dump(io, ends[1]), WEIR_EPIPE);
    signal(SIGPIPE, SIG_DFL);
    close(ends[1]);
}

CONTRACT(a_dump_without_memory_is_an_error)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (size_t n = 0; n < 100; n++) {
        int error;
        size_t failed;
        do {
            test_alloc_fail_after(n);
            error = weir_dump(io, null);
            failed = test_alloc_failed();
            test_alloc_reset();
        } while (error == WEIR_EDEADLINE); /* a worker did not answer in time */
        if (!failed) {
            check_int(error, 0);
            check(n > 0);
            break;
        }
        check_int(error, WEIR_ENOMEM);
    }
    close(null);
}

static int wait_for_go(weir_io *io, void *argument)
{
    (void)argument;
    contract_reached(io, &go, 1);
    return 0;
}

CONTRACT(a_dump_of_very_many_tasks)
{
    const size_t count = contract_on_threads(io) ? 500 : 5000;
    weir_group group = WEIR_GROUP_INIT;
    size_t started = 0, lines = 0;
    go = 0;
    while (started < count && !weir_group_concurrent(io, &group, wait_for_go, NULL, NULL))
        started++;
    check(started >= 500);
    /* Instrumented, a busy machine may take longer than the patience for an answer. */
    while (lines != started && !contract_failed()) {
        int fd = memfd_create("dump", MFD_CLOEXEC);
        int error = weir_dump(io, fd);
        check(error == 0 || error == WEIR_EDEADLINE);
        char *text = text_of(fd);
        lines = 0;
        for (const char *at = text; (at = strstr(at, "\n  task  ")); at++) lines++;
        check(error || lines == started);
        free(text);
        close(fd);
    }
    check_int(lines, started);
    contract_raise(io, &go);
    check_int(weir_group_wait(io, &group), 0);
}

/* While a task holds its worker --------------------------------------------------------------- */

static atomic_bool dumped;

static void *dump_from_outside(void *argument)
{
    weir_io *io = argument;
    bool threads = contract_on_threads(io);
    char *text = dump_text(io, threads ? 0 : WEIR_EDEADLINE);
    if (!threads) check(strstr(text, "incomplete: ") && strstr(text, "seen of worker"));
    check(strstr(text, "engine") != NULL);
    if (contract_failed()) fputs(text, stderr);
    free(text);
    atomic_store(&dumped, true);
    return NULL;
}

CONTRACT(a_dump_says_who_did_not_answer)
{
    pthread_t thread;
    atomic_store(&dumped, false);
    check_int(pthread_create(&thread, NULL, dump_from_outside, io), 0);
    while (!atomic_load(&dumped)) contract_spin(1000);
    pthread_join(thread, NULL);
}

/* By a signal --------------------------------------------------------------------------------- */

static atomic_uint own_signals;

static void own_handler(int number)
{
    (void)number;
    atomic_fetch_add(&own_signals, 1);
}

static int errors_fd; /* a memory file in the place of standard error */

static bool has_come(const char *words)
{
    char *text = text_of(errors_fd);
    bool found = strstr(text, words) != NULL;
    free(text);
    return found;
}

/* Asks again when a worker did not answer in time; the suite's watchdog ends what never comes. */
static int wait_for_the_dump(weir_io *io, void *argument)
{
    (void)argument;
    raise(SIGUSR1);
    while (!has_come("root")) {
        if (has_come("incomplete")) {
            check_int(ftruncate(errors_fd, 0), 0);
            check_int(lseek(errors_fd, 0, SEEK_SET), 0);
            raise(SIGUSR1);
        }
        weir_sleep(io, weir_milliseconds(1));
    }
    return 0;
}

static int hold_until_the_dump(weir_io *io, void *argument)
{
    const char *words = contract_on_threads(io) ? "root" : "incomplete";
    (void)argument;
    raise(SIGUSR1);
    while (!has_come(words)) contract_spin(100000);
    return 0;
}

static void dump_by_signal(const weir_engine_options *options, weir_task_fn *run, bool *came)
{
    weir_engine_options with = *options;
    weir_io *io = NULL;
    with.dump_signal = SIGUSR1;
    struct sigaction own = {.sa_handler = own_handler}, before;
    check_int(sigaction(SIGUSR1, &own, &before), 0);
    atomic_store(&own_signals, 0);
    if (check_int(weir_engine_create(&with, &io), 0)) {
        int kept = fcntl(2, F_DUPFD_CLOEXEC, 3);
        errors_fd = memfd_create("errors", MFD_CLOEXEC);
        check_int(dup2(errors_fd, 2), 2);
        int result = weir_run(io, run, NULL);
        check_int(dup2(kept, 2), 2);
        check_int(result, 0);
        *came = has_come(" engine, ") && has_come("NAME");
        close(kept);
        close(errors_fd);
        weir_io_destroy(io);
    }
    check_int(atomic_load(&own_signals), 0);
    raise(SIGUSR1);
    check_int(atomic_load(&own_signals), 1);
    sigaction(SIGUSR1, &before, NULL);
}

CONTRACT_OUTSIDE(a_signal_makes_a_dump)
{
    bool came = false;
    dump_by_signal(options, wait_for_the_dump, &came);
    check(came);
}

CONTRACT_OUTSIDE(a_signal_makes_a_dump_while_a_task_holds_its_worker)
{
    bool came = false;
    dump_by_signal(options, hold_until_the_dump, &came);
    (void)came; /* with one worker, which is held, there is no table */
}

CONTRACT_OUTSIDE(a_signal_that_does_not_exist_is_refused)
{
    weir_engine_options with = *options;
    weir_io *io = NULL;
    with.dump_signal = 1000;
    check_int(weir_engine_create(&with, &io), WEIR_EINVAL);
    with.dump_signal = SIGKILL;
    check_int(weir_engine_create(&with, &io), 0);
    check_int(weir_run(io, wait_for_go, NULL), WEIR_EINVAL);
    weir_io_destroy(io);
}
