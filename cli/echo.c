/* SPDX-License-Identifier: MIT
 *
 * `weir echo`: sends back what it gets, over TCP, UDP and Unix sockets.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/io/task.h>

#include "echo.h"
#include "event.h"
#include "start.h"

static void announce(const echo *e, const cli_listener *listener)
{
    char text[CLI_TARGET_TEXT];
    cli_target_print(listener->transport, &listener->bound, text);
    if (e->json) {
        cli_event event;
        cli_event_begin(&event, "listening");
        cli_event_text(&event, "address", text);
        cli_event_text(&event, "transport", cli_transport_name(listener->transport));
        cli_event_end(&event, stdout);
        return;
    }
    const weir_io_description about = weir_io_describe(e->io);
    cli_complain("echoing %s at %s (%s engine, %s, %u %s)", cli_transport_name(listener->transport),
                 text, about.engine, about.reactor, about.workers,
                 about.workers == 1 ? "worker" : "workers");
}

static bool open_listeners(echo *e)
{
    for (unsigned i = 0; i < e->target_count; i++) {
        cli_listener *at = e->listeners + e->listener_count;
        const unsigned count = cli_listen_at(e->io, &e->targets[i], at);
        if (count == 0) return false;
        e->listener_count += count;
    }
    for (unsigned i = 0; i < e->listener_count; i++) announce(e, &e->listeners[i]);
    return true;
}

/* The first signal ends what is open gently, the second ends the program. */
static void wait_for_signal(echo *e)
{
    int number = 0;
    if (weir_signals_wait(e->io, &e->signals, weir_never(), &number) || e->json) return;
    const unsigned long open = __atomic_load_n(&e->counts.open, __ATOMIC_RELAXED);
    cli_complain("SIG%s: ending %lu connection%s, for at most %g s; once more ends at once",
                 number == SIGINT ? "INT" : "TERM", open, open == 1 ? "" : "s",
                 (double)e->grace.ns / 1e9);
}

static int end_at_once(weir_io *io, void *argument)
{
    echo *e = argument;
    int number;
    if (weir_signals_wait(io, &e->signals, weir_never(), &number)) return 0;
    _exit(128 + number);
}

static void drain(echo *e)
{
    weir_task hurry;
    const weir_task_options options = {.name = "second signal", .worker = WEIR_WORKER_SAME};
    const bool watched = !weir_concurrent(e->io, &hurry, end_at_once, e, &options);
    weir_group_cancel(e->io, &e->listening);
    echo_end_reading(e);
    weir_scope scope;
    weir_scope_enter_for(e->io, &scope, e->grace);
    weir_group_wait(e->io, &e->connected);
    weir_scope_leave(e->io, &scope);
    if (watched) weir_cancel(e->io, &hurry);
}

static int start_tasks(echo *e, echo_listening tasks[])
{
    int error = 0;
    for (unsigned i = 0; i < e->listener_count && !error; i++) {
        const bool datagrams = cli_is_datagram(e->listeners[i].transport);
        const weir_task_options options = {.name = datagrams ? "echo datagrams" : "echo accept",
                                           .worker = WEIR_WORKER_ANY};
        tasks[i] = (echo_listening){e, &e->listeners[i]};
        error = weir_group_concurrent(
            e->io, &e->listening, datagrams ? echo_datagrams : echo_accept, &tasks[i], &options);
    }
    if (e->stats && !error) {
        const weir_task_options options = {.name = "echo stats", .worker = WEIR_WORKER_ANY};
        error = weir_group_concurrent(e->io, &e->listening, echo_stats, e, &options);
    }
    if (error) cli_complain("cannot start: %s", weir_strerror(error));
    return error;
}

static int root_main(weir_io *io, void *argument)
{
    echo *e = argument;
    echo_listening tasks[ECHO_LISTENERS];
    int error = 0;
    e->began = weir_now(io, WEIR_CLOCK_MONOTONIC);
    weir_semaphore_init(&e->permits, e->max_connections);
    if (open_listeners(e)) {
        error = start_tasks(e, tasks);
        if (!error) wait_for_signal(e);
        drain(e);
        if (!error) echo_total(e);
    } else {
        error = WEIR_EINVAL;
    }
    for (unsigned i = 0; i < e->listener_count; i++) cli_listener_close(io, &e->listeners[i]);
    return error;
}

static bool parse(echo *e, int argc, char **argv)
{
    cli_transports transports = {0};
    const cli_option options[] = {
        {"udp", CLI_FLAG, &transports.udp},
        {"datagram", CLI_FLAG, &transports.datagram},
        {"seqpacket", CLI_FLAG, &transports.seqpacket},
        {"json", CLI_FLAG, &e->json},
        {"stats", CLI_FLAG, &e->stats},
        {"max-connections", CLI_COUNT, &e->max_connections},
        {"idle-timeout", CLI_SECONDS, &e->idle},
        {"drain-timeout", CLI_SECONDS, &e->grace},
        {"io", CLI_TEXT, &e->engine},
        {"workers", CLI_COUNT, &e->workers},
        {0},
    };
    const char *words[ECHO_TARGETS] = {"localhost:7777"};
    int count = cli_parse(&cli_echo, options, argc, argv, words, ECHO_TARGETS);
    if (count == 0) count = 1;
    for (int i = 0; i < count; i++)
        if (!cli_target_parse(&cli_echo, words[i], &transports, &e->targets[i])) return false;
    e->target_count = count > 0 ? (unsigned)count : 0;
    return count > 0;
}

static int run(int argc, char **argv)
{
    echo *e = calloc(1, sizeof *e);
    if (!e) {
        cli_complain("cannot start: %s", weir_strerror(WEIR_ENOMEM));
        return CLI_FAILED;
    }
    e->grace = weir_seconds(5);
    if (!parse(e, argc, argv)) {
        free(e);
        return CLI_USAGE;
    }
    cli_raise_limit();
    int error = cli_open_signals(&e->signals);
    if (error) cli_complain("cannot start: %s", weir_strerror(error));
    if (!error) {
        e->io = cli_make_engine(e->engine, &(weir_engine_options){.workers = e->workers});
        error = e->io ? weir_run(e->io, root_main, e) : WEIR_EINVAL;
        weir_io_destroy(e->io);
    }
    /* The signals stay open: one that comes now does not change how the program ends. */
    free(e);
    return error ? CLI_FAILED : CLI_OK;
}

const cli_command cli_echo = {
    .name = "echo",
    .summary = "send back what comes, over TCP, UDP and Unix sockets",
    .help =
        "usage: weir echo [ADDR …] [OPTION …]\n\n"
        "Sends back what it gets at each ADDR (default: localhost:7777), up to 16 of them.\n"
        "SIGINT or SIGTERM sends back what has come, ends the connections and prints totals.\n\n"
        "  127.0.0.1:7777  :7777  localhost:0  [::1]:7777    TCP; port 0 takes a free one\n"
        "  udp:127.0.0.1:7777                                UDP\n"
        "  unix:/run/echo.sock  unix:@name                   a Unix socket, path or abstract\n\n"
        "  --udp                  addresses without udp: or tcp: are UDP\n"
        "  --datagram             Unix addresses are of datagrams; senders need a name\n"
        "  --seqpacket            Unix addresses are of packet connections\n"
        "  --max-connections N    more wait in the kernel; default: no limit\n"
        "  --idle-timeout S       ends connections that are silent for so many seconds\n"
        "  --drain-timeout S      for sending back the rest at the end; default 5\n"
        "  --stats                a line each second: connections, messages, bytes\n"
        "  --json                 listening, stats and total as a line of JSON each, on\n"
        "                         standard output; without it they are on standard error\n"
        "  --io ENGINE            auto, uring, epoll or threads\n"
        "  --workers N            threads that serve; default: one per processor\n\n"
        "Anybody can write your neighbour's address into a UDP datagram, who then gets the\n"
        "answer: offer UDP to networks that you trust.\n\n"
        "example: weir echo\n"
        "         weir echo :7777 udp::7777 unix:@echo --stats\n"
        "         weir echo localhost:0 --json --max-connections 100 --idle-timeout 60\n",
    .run = run,
};
