/* SPDX-License-Identifier: MIT
 *
 * Are child processes started as asked, fed, read, awaited, signalled, and never left behind?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <weir/process/process.h>

#define SHELL(script_) ((const char *const[]){"/bin/sh", "-c", script_, NULL})

static const weir_process_route route_pipe = {WEIR_PROCESS_PIPE, 0};
static const weir_process_route route_null = {WEIR_PROCESS_NULL, 0};
static const char *const cat_argv[] = {"cat", NULL};
static const weir_bytes no_input = {NULL, 0};

/* Whether this process has no child, neither running nor to be reaped. */
static bool is_childless(void)
{
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* A child that ends when its stdin does: `cat` between two pipes. */
static weir_process_options piped_cat(void)
{
    return (weir_process_options){
        .argv = cat_argv, .search = true, .in = route_pipe, .out = route_pipe};
}

/* Runs options and compares what comes out of stdout. */
static void check_output(weir_io *io, const weir_process_options *options, const char *expected)
{
    char text[512];
    weir_process_sink out = {.data = text, .room = sizeof text - 1};
    weir_process_status status = {.code = -2};
    check_int(weir_process_run(io, options, no_input, &out, NULL, &status), 0);
    check_int(status.code, 0);
    text[out.len] = '\0';
    if (!check(strcmp(text, expected) == 0)) fprintf(stderr, "got \"%s\"\n", text);
}

static void check_script(weir_io *io, const char *script, const char *expected)
{
    const weir_process_options options = {.argv = SHELL(script)};
    check_output(io, &options, expected);
}

/* Starts a script and waits until it has written its first byte. */
static bool start_ready(weir_io *io, weir_process *process, const char *script)
{
    const weir_process_options options = {
        .argv = SHELL(script), .in = route_pipe, .out = route_pipe};
    char byte;
    return check_int(weir_process_start(io, process, &options), 0) &&
           check_int(weir_stream_read(io, &process->out.stream, &byte, 1), 1);
}

CONTRACT(process_tells_how_it_ended)
{
    weir_process process;
    weir_process_status status = {0};
    weir_process_options options = {.argv = SHELL("exit 7")};
    check_int(weir_process_start(io, &process, &options), 0);
    check_int(weir_process_wait(io, &process, &status), 0);
    check_int(status.code, 7);
    check_int(status.signal, 0);
    status.code = 0;
    check_int(weir_process_wait(io, &process, &status), 0);
    check_int(status.code, 7);
    check_int(weir_process_exited(&process, NULL), 1);
    check_int(weir_process_signal(&process, SIGTERM), -ESRCH);
    weir_process_end(io, &process);
    weir_process_end(io, &process);
    check_int(weir_process_signal(&process, SIGTERM), -ESRCH);

    options.argv = SHELL("kill -9 $$");
    check_int(weir_process_start(io, &process, &options), 0);
    check_int(weir_process_wait(io, &process, &status), 0);
    check_int(status.code, -1);
    check_int(status.signal, SIGKILL);
    check(!status.core);
    weir_process_end(io, &process);
    check(is_childless());
}

CONTRACT(process_is_fed_and_read_through_streams)
{
    weir_process process;
    weir_process_status status = {.code = -2};
    const weir_process_options options = piped_cat();
    char data[16];
    check_int(weir_process_start(io, &process, &options), 0);
    check_int(process.err.fd, -1);
    check_int(weir_stream_write_all(io, &process.in.stream, "one", 3), 3);
    check_int(weir_stream_read(io, &process.out.stream, data, sizeof data), 3);
    const struct iovec slices[2] = {{"<", 1}, {"ab", 2}};
    check_int(weir_stream_write_vector(io, &process.in.stream, slices, 2, 3, true, weir_never()),
              7);
    check_int(weir_stream_read_full(io, &process.out.stream, data, 7), 7);
    check(memcmp(data, "<ababab", 7) == 0);
    check_int(weir_process_exited(&process, NULL), 0);
    check_int(weir_stream_shutdown_write(io, &process.in.stream), 0);
    check_int(weir_stream_write(io, &process.in.stream, "x", 1), WEIR_EPIPE);
    check_int(weir_stream_read(io, &process.out.stream, data, sizeof data), 0);
    check_int(weir_process_wait(io, &process, &status), 0);
    check_int(status.code, 0);
    weir_stream_close(io, &process.in.stream);
    weir_stream_close(io, &process.out.stream);
    weir_stream_close(io, &process.out.stream);
    check_int(weir_stream_read(io, &process.out.stream, data, 1), WEIR_EBADF);
    weir_process_end(io, &process);
    check(is_childless());
}

CONTRACT(process_start_reports_why_a_file_cannot_run)
{
    char directory[64], path[128];
    char *large = malloc(300000);
    if (!check(large && contract_make_directory(directory))) return;
    memset(large, 'x', 299999);
    large[299999] = '\0';
    check(contract_make_file(directory, "file", "no program", 10));
    snprintf(path, sizeof path, "%s/file", directory);
    weir_process process;
    weir_process_options options = {.argv = cat_argv, .in = route_pipe, .out = route_pipe};

    check_int(weir_process_start(io, &process, &options), test_is_emulated() ? 0 : WEIR_ENOENT);
    weir_process_end(io, &process);
    const int descriptors = test_fd_count();
    if (!test_is_emulated()) { /* the emulator reports no failed execution */
        options.search = true;
        options.path = "no-such-program-anywhere";
        check_int(weir_process_start(io, &process, &options), WEIR_ENOENT);
        options.path = path;
        check_int(weir_process_start(io, &process, &options), WEIR_EACCES);
        chmod(path, 0700);
        check_int(weir_process_start(io, &process, &options), -ENOEXEC);
        options.path = "/dev/null/x";
        check_int(weir_process_start(io, &process, &options), WEIR_ENOTDIR);
        options.path = "/bin/sh";
        options.directory = "/no/such/directory";
        check_int(weir_process_start(io, &process, &options), WEIR_ENOENT);
        options.directory = NULL;
        options.argv = (const char *const[]){"sh", large, NULL};
        check_int(weir_process_start(io, &process, &options), -E2BIG);
        options.err = (weir_process_route){WEIR_PROCESS_FD, 9999};
        check_int(weir_process_start(io, &process, &options), WEIR_EBADF);
    }
    options.argv = cat_argv;
    options.err = (weir_process_route){WEIR_PROCESS_FD, -1};
    check_int(weir_process_start(io, &process, &options), WEIR_EBADF);
    options.err = (weir_process_route){(weir_process_end_kind)77, 0};
    check_int(weir_process_start(io, &process, &options), WEIR_EINVAL);
    options.err = route_null;
    options.in = (weir_process_route){WEIR_PROCESS_OUT, 0};
    check_int(weir_process_start(io, &process, &options), WEIR_EINVAL);
    options.argv = (const char *const[]){NULL};
    check_int(weir_process_start(io, &process, &options), WEIR_EINVAL);
    options.argv = NULL;
    check_int(weir_process_start(io, &process, &options), WEIR_EINVAL);
    check_int(test_fd_count(), descriptors);
    check(is_childless());
    free(large);
    contract_remove_directory(directory);
}

CONTRACT(process_gets_what_the_options_say)
{
    weir_process_options options = {.argv = (const char *const[]){"a", "pwd", NULL}};
    options = (weir_process_options){
        .argv = (const char *const[]){"renamed", "-c", "pwd; echo \"$0 $A\"", NULL},
        .path = "sh",
        .search = true,
        .directory = "/",
        .environment = (const char *const[]){"A=b", NULL},
    };
    check_output(io, &options, "/\nrenamed b\n");

    /* stderr to stdout, stdin from nowhere. */
    options = (weir_process_options){.argv = SHELL("echo out; echo err >&2; cat"),
                                     .in = route_null,
                                     .err = {WEIR_PROCESS_OUT, 0}};
    check_output(io, &options, "out\nerr\n");

    /* A descriptor of ours, also one of the low numbers. */
    int ends[2];
    char text[32] = "";
    if (!check(pipe(ends) == 0)) return;
    options =
        (weir_process_options){.argv = SHELL("echo hello >&2"), .err = {WEIR_PROCESS_FD, ends[1]}};
    check_int(weir_process_run(io, &options, no_input, NULL, NULL, NULL), 0);
    check_int(read(ends[0], text, sizeof text), 6);
    int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    options.err.fd = STDOUT_FILENO;
    options.out = route_null;
    check_int(weir_process_run(io, &options, no_input, NULL, NULL, NULL), 0);
    dup2(saved, STDOUT_FILENO);
    check_int(read(ends[0], text, sizeof text), 6);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    check(is_childless());
}

CONTRACT(process_writes_to_another_as_to_any_pipe)
{
    /* More than a pipe holds: a non-blocking one would fail the writer. */
    weir_process head, tail;
    weir_process_status status = {.code = -2};
    char text[16] = "";
    weir_process_options options = {
        .argv = SHELL("read go; wc -c"), .in = route_pipe, .out = route_pipe};
    check_int(weir_process_start(io, &tail, &options), 0);
    options = (weir_process_options){
        .argv = SHELL("echo go && head -c 1000000 /dev/zero && echo rest >&2"),
        .out = {WEIR_PROCESS_FD, tail.in.fd},
        .err = route_pipe};
    check_int(weir_process_start(io, &head, &options), 0);
    check(fcntl(tail.in.fd, F_GETFL) & O_NONBLOCK);
    weir_stream_close(io, &tail.in.stream);
    check_int(weir_stream_read(io, &head.err.stream, text, sizeof text), 5);
    check_int(weir_process_wait(io, &head, &status), 0);
    check_int(status.code, 0);
    check(weir_stream_read(io, &tail.out.stream, text, sizeof text - 1) > 0);
    check_int(strtol(text, NULL, 10), 1000000);
    check_int(weir_process_wait(io, &tail, &status), 0);
    check_int(status.code, 0);
    weir_process_end(io, &head);
    weir_process_end(io, &tail);
    check(is_childless());
}

CONTRACT(process_starts_with_fresh_signals_and_three_descriptors)
{
    int extra = dup(STDERR_FILENO); /* inheritable */
    struct sigaction before, ignore = {.sa_handler = SIG_IGN};
    sigset_t usr2;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    sigaction(SIGUSR1, &ignore, &before);
    pthread_sigmask(SIG_BLOCK, &usr2, NULL);
    const weir_process_options list = {.argv = (const char *const[]){"ls", "/proc/self/fd", NULL},
                                       .search = true};
    check_output(io, &list, "0\n1\n2\n3\n"); /* 3 is the directory itself */
    check_script(io, "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t'",
                 "SigBlk:0000000000000000\nSigIgn:0000000000000000\n");
    pthread_sigmask(SIG_UNBLOCK, &usr2, NULL);
    sigaction(SIGUSR1, &before, NULL);
    close(extra);
}

CONTRACT(process_leads_a_group_or_a_session_when_asked)
{
    for (int round = 0; round < 3; round++) {
        weir_process process;
        weir_process_options options = {
            .argv = SHELL("read a b c d group session rest </proc/self/stat; echo $group $session"),
            .out = route_pipe,
            .new_group = round != 0,
            .new_session = round == 2};
        char text[64] = "";
        long group = 0, session = 0;
        check_int(weir_process_start(io, &process, &options), 0);
        check(weir_stream_read(io, &process.out.stream, text, sizeof text - 1) > 3);
        check_int(sscanf(text, "%ld %ld", &group, &session), 2);
        check_int(group == process.pid, round != 0);
        check_int(session == process.pid, round == 2);
        weir_process_end(io, &process);
    }
    check(is_childless());
}

CONTRACT(process_run_carries_large_data_both_ways)
{
    enum { SIZE = 3 << 20 };
    char *input = malloc(SIZE), *copies[2] = {malloc(SIZE), malloc(SIZE)};
    if (!check(input && copies[0] && copies[1])) return;
    for (int i = 0; i < SIZE; i++) input[i] = (char)(i * 7 + i / 1000);
    weir_process_sink out = {.data = copies[0], .room = SIZE};
    weir_process_sink err = {.data = copies[1], .room = SIZE};
    weir_process_status status = {.code = -2};
    const weir_process_options options = {.argv = (const char *const[]){"tee", "/dev/stderr", NULL},
                                          .search = true};
    check_int(weir_process_run(io, &options, weir_bytes_of(input, SIZE), &out, &err, &status), 0);
    check_int(status.code, 0);
    check_int(out.len, SIZE);
    check_int(err.len, SIZE);
    check(memcmp(input, copies[0], SIZE) == 0);
    check(memcmp(input, copies[1], SIZE) == 0);

    /* One byte less than it needs is too little. */
    out.room = SIZE - 1;
    check_int(weir_process_run(io, &options, weir_bytes_of(input, SIZE), &out, &err, &status),
              WEIR_ELIMIT);
    check_int(out.len, SIZE - 1);
    check(is_childless());
    free(input);
    free(copies[0]);
    free(copies[1]);
}

CONTRACT(process_run_is_content_with_a_child_that_does_not_read)
{
    enum { SIZE = 1 << 20 };
    char *input = calloc(1, SIZE), text[16];
    weir_process_sink out = {.data = text, .room = sizeof text};
    weir_process_status status = {.code = -2};
    weir_process_options options = {.argv = SHELL("exec <&-; echo done")};
    if (!check(input)) return;
    check_int(weir_process_run(io, &options, weir_bytes_of(input, SIZE), &out, NULL, &status), 0);
    check_int(status.code, 0);
    check_int(out.len, 5);
    /* An empty input is an end at once; without sinks nothing is collected. */
    options.argv = SHELL("read line && exit 1; exit 3");
    check_int(weir_process_run(io, &options, weir_bytes_of("", 0), NULL, NULL, &status), 0);
    check_int(status.code, 3);
    options.out = route_pipe;
    check_int(weir_process_run(io, &options, no_input, NULL, NULL, &status), WEIR_EINVAL);
    check(is_childless());
    free(input);
}

CONTRACT(process_writer_is_told_that_the_child_reads_no_more)
{
    weir_process process;
    static char data[1 << 18];
    if (!start_ready(io, &process, "exec <&-; echo; exec cat /dev/null")) return;
    int64_t n = weir_stream_write_all(io, &process.in.stream, data, sizeof data);
    check_int(n, WEIR_EPIPE);
    check_int(weir_process_wait(io, &process, NULL), 0);
    weir_process_end(io, &process);
}

CONTRACT(process_stop_kills_only_who_does_not_go)
{
    weir_process process;
    weir_process_status status;
    weir_process_options options = piped_cat();
    check_int(weir_process_start(io, &process, &options), 0);
    check_int(weir_process_stop(io, &process, weir_seconds(30), &status), 0);
    check_int(status.signal, SIGTERM);
    check_int(weir_process_stop(io, &process, weir_seconds(30), &status), 0);
    weir_process_end(io, &process);

    if (!start_ready(io, &process, "trap '' TERM; echo; read line")) return;
    weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(weir_process_stop(io, &process, weir_milliseconds(30), &status), 0);
    check(contract_ms_since(io, before) >= 30);
    check_int(status.signal, SIGKILL);
    weir_process_end(io, &process);

    if (!start_ready(io, &process, "trap 'exit 4' TERM; echo; while :; do read line; done")) return;
    check_int(weir_process_signal(&process, 0), WEIR_EINVAL);
    check_int(weir_process_signal(&process, 1000), WEIR_EINVAL);
    check_int(weir_process_stop(io, &process, weir_seconds(30), &status), 0);
    check_int(status.code, 4);
    weir_process_end(io, &process);
    check(is_childless());
}

CONTRACT(process_exits_can_be_selected)
{
    weir_process processes[2];
    weir_process_status status = {.code = -2};
    weir_op ops[3];
    weir_op *all[3] = {&ops[0], &ops[1], &ops[2]};
    const weir_process_options options = piped_cat();
    for (int i = 0; i < 2; i++) check_int(weir_process_start(io, &processes[i], &options), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++) weir_process_wait_op(&ops[i], &processes[i]);
        weir_op_set(&ops[2], WEIR_OP_SLEEP, -1);
        ops[2].deadline = weir_deadline_after(io, weir_milliseconds(round ? 30000 : 5));
        check_int(weir_select(io, all, 3, weir_never()), round ? 1 : 2);
        if (round == 0) weir_stream_close(io, &processes[1].in.stream);
    }
    check(ops[1].result > 0);
    check_int(weir_process_exited(&processes[1], &status), 1);
    check_int(status.code, 0);
    check_int(weir_process_exited(&processes[0], &status), 0);
    for (int i = 0; i < 2; i++) weir_process_end(io, &processes[i]);
    check(is_childless());
}

CONTRACT(process_hundred_children_at_once)
{
    enum { COUNT = 100 };
    weir_process *processes = calloc(COUNT, sizeof *processes);
    weir_process_options options = piped_cat();
    options.err = route_pipe;
    if (!check(processes)) return;
    const int descriptors = test_fd_count();
    int started = 0;
    while (started < COUNT && check_int(weir_process_start(io, &processes[started], &options), 0))
        started++;
    for (int i = 0; i < started; i++) {
        const unsigned char byte = (unsigned char)i;
        check_int(weir_stream_write_all(io, &processes[i].in.stream, &byte, 1), 1);
        if (i % 2) weir_stream_close(io, &processes[i].in.stream);
    }
    for (int i = 0; i < started; i++) {
        weir_process_status status = {.code = -2};
        unsigned char byte = 0;
        check_int(weir_stream_read(io, &processes[i].out.stream, &byte, 1), 1);
        check_int(byte, i);
        if (i % 2) {
            check_int(weir_process_wait(io, &processes[i], &status), 0);
            check_int(status.code, 0);
        }
        weir_process_end(io, &processes[i]); /* kills those that still read */
    }
    /* The engine may have opened one to wait with. */
    check(test_fd_count() <= descriptors + 4);
    check(is_childless());
    free(processes);
}

CONTRACT(process_start_without_descriptors_leaves_nothing)
{
    weir_process process;
    weir_process_options options = piped_cat();
    struct rlimit limit, low;
    int failures = 0, error = WEIR_EMFILE;
    options.err = route_null;
    check_int(weir_process_start(io, &process, &options), 0);
    weir_process_end(io, &process);
    const int descriptors = test_fd_count();
    int next = dup(STDERR_FILENO);
    close(next);
    getrlimit(RLIMIT_NOFILE, &limit);
    for (rlim_t n = (rlim_t)next; error && n < (rlim_t)next + 20; n++) {
        low = (struct rlimit){n, limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &low);
        error = weir_process_start(io, &process, &options);
        setrlimit(RLIMIT_NOFILE, &limit);
        if (!error) break;
        failures++;
        check_int(error, WEIR_EMFILE);
        check_int(process.pidfd, -1);
        check_int(test_fd_count(), descriptors);
        check(is_childless());
    }
    check_int(error, 0);
    check(failures >= 4);
    weir_process_end(io, &process);
    check_int(test_fd_count(), descriptors);
    check(is_childless());
}
