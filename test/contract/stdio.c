/* SPDX-License-Identifier: MIT
 *
 * Are stdin, stdout and stderr streams over whatever stands behind them, and never changed for
 * others who share it?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <termios.h>

#include <weir/process/stdio.h>

/* Puts `fd` in the place of a standard descriptor; -1 closes that.  Returns what was there. */
static int replace(int number, int fd)
{
    int saved = fcntl(number, F_DUPFD_CLOEXEC, 10);
    if (fd >= 0)
        dup2(fd, number);
    else
        close(number);
    return saved;
}

static void restore(int number, int saved)
{
    dup2(saved, number);
    close(saved);
}

static bool is_blocking(int fd)
{
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static int read_one(weir_io *io, void *argument)
{
    weir_stdio *in = argument;
    char byte;
    return (int)weir_stream_read(io, &in->stream, &byte, 1);
}

/* Reads that must wait end by a cancellation and by a deadline. */
static void check_reads_end(weir_io *io, weir_stdio *in)
{
    weir_task task;
    weir_scope scope;
    check_int(weir_concurrent(io, &task, read_one, in, NULL), 0);
    contract_settle(io);
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    weir_scope_enter_for(io, &scope, weir_milliseconds(3));
    check_int(read_one(io, in), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
}

CONTRACT(stdio_pipe_is_read_to_its_end)
{
    int ends[2];
    char data[16];
    weir_stdio in;
    if (!check(pipe(ends) == 0)) return;
    int saved = replace(STDIN_FILENO, ends[0]);
    check_int(weir_stdin(io, &in), 0);
    check_reads_end(io, &in);
    check(is_blocking(STDIN_FILENO));
    check_int(write(ends[1], "hello", 5), 5);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 5);
    check_int(write(ends[1], "bye", 3), 3);
    close(ends[1]);
    const struct iovec slices[2] = {{data, 1}, {data + 1, 9}};
    check_int(weir_stream_read_vector(io, &in.stream, slices, 2, weir_never()), 3);
    check(memcmp(data, "bye", 3) == 0);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 0);
    check_int(weir_stream_write(io, &in.stream, data, 1), WEIR_EBADF);
    weir_stream_close(io, &in.stream);
    check(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    restore(STDIN_FILENO, saved);
    close(ends[0]);
}

static int write_much(weir_io *io, void *argument)
{
    static const char zeros[300000];
    weir_stdio *out = argument;
    return (int)weir_stream_write_all(io, &out->stream, zeros, sizeof zeros);
}

CONTRACT(stdio_pipe_that_is_full_holds_only_the_writer)
{
    int ends[2];
    weir_stdio out;
    weir_task task;
    char data[4096];
    int result = 0;
    if (!check(pipe2(ends, O_CLOEXEC) == 0)) return;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int saved = replace(STDOUT_FILENO, ends[1]);
    check_int(weir_stdout(io, &out), 0);
    check_int(weir_concurrent(io, &task, write_much, &out, NULL), 0);
    contract_settle(io);
    result = weir_cancel(io, &task);
    int64_t written = result, drained = 0;
    check(result == WEIR_ECANCELED || result > 0);
    for (ssize_t n; (n = read(ends[0], data, sizeof data)) > 0;) drained += n;
    check_int(drained, written > 0 ? written : 0);
    check(is_blocking(STDOUT_FILENO));

    check_int(weir_concurrent(io, &task, write_much, &out, NULL), 0);
    for (drained = 0; drained < 300000 && !contract_failed();) {
        ssize_t n = read(ends[0], data, sizeof data);
        if (n > 0)
            drained += n;
        else
            weir_sleep(io, weir_microseconds(100));
    }
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 300000);

    close(ends[0]);
    check_int(weir_stream_write(io, &out.stream, "x", 1), WEIR_EPIPE);
    weir_stdio late; /* cannot be opened again: nobody reads */
    check_int(weir_stdout(io, &late), 0);
    check_int(weir_stream_write(io, &late.stream, "x", 1), WEIR_EPIPE);
    check_int(weir_stream_shutdown_write(io, &out.stream), 0);
    check_int(weir_stream_write(io, &out.stream, "x", 1), WEIR_EPIPE);
    weir_stream_close(io, &late.stream);
    weir_stream_close(io, &out.stream);
    restore(STDOUT_FILENO, saved);
    close(ends[1]);
}

/* A pair of pseudo terminals without echo or line discipline. */
static bool open_terminal(int *master, int *slave)
{
    struct termios raw;
    if (openpty(master, slave, NULL, NULL, NULL) != 0) return check(false);
    tcgetattr(*slave, &raw);
    cfmakeraw(&raw);
    return check(tcsetattr(*slave, TCSANOW, &raw) == 0);
}

/* One end of a terminal as stdin and stdout, the other in the hands of the test. */
static void check_terminal(weir_io *io, int mine, int theirs)
{
    weir_stdio in, out;
    char data[16];
    int saved[2] = {replace(STDIN_FILENO, mine), replace(STDOUT_FILENO, mine)};
    check_int(weir_stdin(io, &in), 0);
    check_int(weir_stdout(io, &out), 0);
    check_reads_end(io, &in);
    check_int(write(theirs, "keys", 4), 4);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 4);
    check_int(weir_stream_write_all(io, &out.stream, "text!", 5), 5);
    check_int(read(theirs, data, sizeof data), 5);
    check(is_blocking(STDIN_FILENO));
    weir_stream_close(io, &in.stream);
    weir_stream_close(io, &out.stream);
    restore(STDIN_FILENO, saved[0]);
    restore(STDOUT_FILENO, saved[1]);
}

CONTRACT(stdio_terminal_has_a_state_of_its_own)
{
    int master, slave;
    if (!open_terminal(&master, &slave)) return;
    check_terminal(io, slave, master);
    close(master);
    close(slave);
}

CONTRACT(stdio_terminal_that_cannot_be_opened_again_is_used_as_it_is)
{
    int master, slave;
    if (!open_terminal(&master, &slave)) return;
    check_terminal(io, master, slave);
    close(master);
    close(slave);
}

CONTRACT(stdio_file_keeps_the_shared_offset)
{
    char directory[64], path[128], data[32] = "";
    if (!check(contract_make_directory(directory))) return;
    check(contract_make_file(directory, "f", "0123456789", 10));
    snprintf(path, sizeof path, "%s/f", directory);
    int file = open(path, O_RDWR | O_CLOEXEC);
    int saved[2] = {replace(STDIN_FILENO, file), replace(STDOUT_FILENO, file)};
    weir_stdio in, out;
    check_int(weir_stdin(io, &in), 0);
    check_int(weir_stdout(io, &out), 0);
    check_int(weir_stream_read(io, &in.stream, data, 3), 3);
    check_int(read(file, data, 1), 1);
    check_int(data[0], '3');
    check_int(weir_stream_write_all(io, &out.stream, "ab", 2), 2);
    check_int(lseek(file, 0, SEEK_CUR), 6);
    const struct iovec slices[3] = {{"<", 1}, {"", 0}, {"xy", 2}};
    check_int(weir_stream_write_vector(io, &out.stream, slices, 3, 200, true, weir_never()), 401);
    check_int(weir_stream_write_vector(io, &out.stream, slices, 2, 5, true, weir_never()), 1);
    check_int(weir_stream_write_vector(io, &out.stream, slices, 1, 0, true, weir_never()), 0);
    check_int(pread(file, data, 11, 0), 11);
    check(memcmp(data, "0123ab<xyxy", 11) == 0);
    check_int(lseek(file, 0, SEEK_END), 408);
    check_int(weir_stream_read(io, &in.stream, data, 1), 0);
    weir_op op;
    check_int(weir_stream_prepare_write(&out.stream, &op, slices, 1), WEIR_EUNSUPPORTED);

    weir_recancel(io);
    check_int(weir_stream_write_all(io, &out.stream, "no", 2), WEIR_ECANCELED);
    check_int(lseek(file, 0, SEEK_END), 408);
    /* Beyond what one call takes. */
    enum { LARGE = (5 << 20) + 1 };
    char *large = malloc(LARGE);
    if (check(large)) memset(large, 'L', LARGE);
    check_int(weir_stream_write_all(io, &out.stream, large, LARGE), LARGE);
    check_int(lseek(file, 0, SEEK_END), 408 + LARGE);
    check_int(pread(file, data, 1, 407 + LARGE), 1);
    free(large);
    check_int(data[0], 'L');
    restore(STDIN_FILENO, saved[0]);
    restore(STDOUT_FILENO, saved[1]);
    weir_stream_close(io, &in.stream);
    close(file);
    contract_remove_directory(directory);
}

CONTRACT(stdio_device_null_and_full)
{
    char data[4];
    weir_stdio in, out;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC),
        full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int saved[3] = {replace(STDIN_FILENO, null), replace(STDOUT_FILENO, null), -1};
    check_int(weir_stdin(io, &in), 0);
    check_int(weir_stdout(io, &out), 0);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 0);
    check_int(write_much(io, &out), 300000);
    restore(STDOUT_FILENO, saved[1]);
    saved[2] = replace(STDERR_FILENO, full);
    check_int(weir_stderr(io, &out), 0);
    int64_t written = weir_stream_write(io, &out.stream, data, 1);
    restore(STDERR_FILENO, saved[2]);
    check_int(written, WEIR_ENOSPC);
    restore(STDIN_FILENO, saved[0]);
    close(null);
    close(full);
}

CONTRACT(stdio_socket_is_read_without_holding_the_thread)
{
    int ends[2];
    char data[16];
    weir_stdio in, out;
    if (!check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0)) return;
    int saved[2] = {replace(STDIN_FILENO, ends[0]), replace(STDOUT_FILENO, ends[0])};
    check_int(weir_stdin(io, &in), 0);
    check_int(weir_stdout(io, &out), 0);
    check_reads_end(io, &in);
    check_int(weir_stream_write_all(io, &out.stream, "abc", 3), 3);
    check_int(read(ends[1], data, sizeof data), 3);
    check_int(write(ends[1], "xy", 2), 2);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 2);
    check(is_blocking(STDIN_FILENO));
    close(ends[1]);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 0);
    check_int(weir_stream_write(io, &out.stream, data, 1), WEIR_EPIPE);
    restore(STDIN_FILENO, saved[0]);
    restore(STDOUT_FILENO, saved[1]);
    close(ends[0]);
}

CONTRACT(stdio_that_is_missing_is_an_error)
{
    weir_stdio in;
    int ends[2];
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int counter = eventfd(0, EFD_CLOEXEC);
    if (!check(pipe2(ends, O_CLOEXEC) == 0)) return;
    int saved = replace(STDIN_FILENO, -1);
    check_int(weir_stdin(io, &in), WEIR_EBADF);
    check_int(weir_stream_read(io, &in.stream, &in, 1), WEIR_EBADF);
    weir_stream_close(io, &in.stream);
    dup2(counter, STDIN_FILENO);
    check_int(weir_stdin(io, &in), WEIR_EBADF);
    dup2(root, STDIN_FILENO);
    check_int(weir_stdin(io, &in), WEIR_EISDIR);
    dup2(ends[1], STDIN_FILENO); /* the writing end */
    check_int(weir_stdin(io, &in), WEIR_EBADF);
    restore(STDIN_FILENO, saved);
    close(ends[0]);
    close(ends[1]);
    close(counter);
    close(root);
}

CONTRACT(stdio_named_pipe_without_writers_is_at_its_end)
{
    char directory[64], path[128], data[4];
    if (!check(contract_make_directory(directory))) return;
    snprintf(path, sizeof path, "%s/fifo", directory);
    check_int(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int writer = open(path, O_WRONLY | O_CLOEXEC);
    fcntl(reader, F_SETFL, 0);
    int saved = replace(STDIN_FILENO, reader);
    check_int(write(writer, "end", 3), 3);
    close(writer);
    weir_stdio in;
    check_int(weir_stdin(io, &in), 0);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 3);
    check_int(weir_stream_read(io, &in.stream, data, sizeof data), 0);
    weir_stream_close(io, &in.stream);
    restore(STDIN_FILENO, saved);
    close(reader);
    contract_remove_directory(directory);
}
