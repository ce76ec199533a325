/* SPDX-License-Identifier: MIT
 *
 * One deadline around three steps: connect, ask, read the answer.
 *
 *     timeout [MILLISECONDS]         default 50; the server here takes 100 to answer
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

typedef struct meeting {
    weir_tcp_listener listener;
    weir_duration limit;
} meeting;

/* A server for one client, which thinks for a while. */
static int answer_slowly(weir_io *io, void *argument)
{
    const meeting *m = argument;
    weir_tcp_stream peer;
    char question[64];
    int error = weir_tcp_accept_wait(io, m->listener, &peer);
    if (error) return error;
    int64_t got = weir_tcp_read(io, &peer, question, sizeof question);
    error = got < 0 ? (int)got : weir_sleep(io, weir_milliseconds(100));
    if (!error) weir_tcp_write_all(io, &peer, "forty-two\n", 10);
    weir_tcp_close(io, &peer);
    return error;
}

/* The three steps.  None of them knows of a deadline. */
static int64_t ask(weir_io *io, const weir_address *server, char *answer, size_t size)
{
    weir_tcp_stream peer;
    int64_t result = weir_tcp_connect(io, server, &peer);
    if (result < 0) return result;
    result = weir_tcp_write_all(io, &peer, "the answer?\n", 12);
    if (result > 0) result = weir_tcp_read(io, &peer, answer, size);
    weir_tcp_close(io, &peer);
    return result;
}

static int ask_in_time(weir_io *io, const meeting *m)
{
    weir_address server;
    char answer[64], why[160];
    weir_scope scope;
    weir_tcp_listener_address(io, m->listener, &server);
    weir_scope_enter_for(io, &scope, m->limit);
    int64_t got = ask(io, &server, answer, sizeof answer);
    weir_cause cause = weir_cause_of(io);
    weir_scope_leave(io, &scope);
    if (got < 0) {
        weir_cause_print(&cause, why, sizeof why);
        printf("no answer: %s\n", got == WEIR_EDEADLINE ? why : weir_strerror((int)got));
        return 0;
    }
    printf("%.*s", (int)got, answer);
    return 0;
}

static int root(weir_io *io, void *argument)
{
    meeting *m = argument;
    weir_task server;
    int error = weir_tcp_listen_text(io, "127.0.0.1:0", &m->listener);
    if (error) return error;
    error = weir_concurrent(io, &server, answer_slowly, m, NULL);
    if (!error) {
        error = ask_in_time(io, m);
        weir_cancel(io, &server);
    }
    weir_tcp_listener_close(io, m->listener);
    return error;
}

int main(int argc, char **argv)
{
    weir_io *io;
    meeting m = {.limit = weir_milliseconds(argc > 1 ? atoi(argv[1]) : 50)};
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, root, &m);
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "timeout: %s\n", weir_strerror(error));
    return error != 0;
}
