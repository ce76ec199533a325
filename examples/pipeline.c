/* SPDX-License-Identifier: MIT
 *
 * A process pipeline: `sort | uniq -c`, fed by this program and read by it, through streams.
 *
 *     pipeline [WORD...]     counts the words; default: some trees
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/io/io.h>
#include <weir/process/process.h>
#include <weir/stream/writer.h>

typedef struct job {
    const char *const *words; /* NULL ends them */
    weir_stream *to;
} job;

/* Writes the words, a line each, and ends the stream.  A task of its own: nothing that the pipeline
 * writes can hold up what it reads. */
static int feed(weir_io *io, void *argument)
{
    const job *j = argument;
    weir_writer writer;
    char buffer[256];
    int64_t error = 0;
    weir_writer_init(&writer, j->to, buffer, sizeof buffer);
    for (const char *const *word = j->words; *word && error >= 0; word++) {
        error = weir_writer_write(io, &writer, *word, strlen(*word));
        if (error >= 0) error = weir_writer_write(io, &writer, "\n", 1);
    }
    if (error >= 0) error = weir_writer_flush(io, &writer);
    weir_stream_close(io, j->to);
    return error < 0 ? (int)error : 0;
}

/* Copies what the pipeline writes to our stdout, until its end. */
static int show(weir_io *io, weir_stream *from)
{
    char data[4096];
    weir_stdio out;
    int64_t n;
    int error = weir_stdout(io, &out);
    if (error) return error;
    while ((n = weir_stream_read(io, from, data, sizeof data)) > 0) {
        int64_t written = weir_stream_write_all(io, &out.stream, data, (size_t)n);
        if (written != n) {
            n = written < 0 ? written : WEIR_EPIPE;
            break;
        }
    }
    weir_stream_close(io, &out.stream);
    return (int)n;
}

/* Waits for a child that shall succeed.  What it had to say, it said on stderr. */
static int expect_success(weir_io *io, weir_process *process)
{
    weir_process_status status;
    int error = weir_process_wait(io, process, &status);
    return error ? error : status.code == 0 ? 0 : WEIR_EIO;
}

/* Feeds, shows and awaits the two children. */
static int drive(weir_io *io, weir_process *sort, weir_process *uniq, const char *const *words)
{
    weir_task feeder;
    job j = {words, &sort->in.stream};
    int error = weir_concurrent(io, &feeder, feed, &j, NULL);
    if (error) return error;
    error = show(io, &uniq->out.stream);
    int fed = weir_cancel(io, &feeder); /* after a success it has ended: gives its result */
    if (!error) error = expect_success(io, sort);
    if (!error) error = expect_success(io, uniq);
    return error ? error : fed;
}

static int root(weir_io *io, void *argument)
{
    const weir_process_route pipe = {.kind = WEIR_PROCESS_PIPE};
    const char *const locale[] = {"LC_ALL=C", NULL};
    weir_process sort, uniq;
    weir_process_options options = {.argv = (const char *const[]){"uniq", "-c", NULL},
                                    .search = true,
                                    .environment = locale,
                                    .in = pipe,
                                    .out = pipe};
    int error = weir_process_start(io, &uniq, &options);
    if (error) return error;

    /* What sort writes goes into uniq directly; our own end of that pipe is closed, so that uniq
     * sees the end when sort has ended. */
    options.argv = (const char *const[]){"sort", NULL};
    options.out = (weir_process_route){WEIR_PROCESS_FD, uniq.in.fd};
    error = weir_process_start(io, &sort, &options);
    weir_stream_close(io, &uniq.in.stream);
    if (!error) {
        error = drive(io, &sort, &uniq, argument);
        weir_process_end(io, &sort);
    }
    weir_process_end(io, &uniq);
    return error;
}

int main(int argc, char **argv)
{
    static const char *const trees[] = {"ash", "willow", "ash", "birch", "willow", "ash", NULL};
    weir_io *io;
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, root, argc > 1 ? (void *)(argv + 1) : (void *)(uintptr_t)trees);
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "pipeline: %s\n", weir_strerror(error));
    return error != 0;
}
