/* SPDX-License-Identifier: MIT
 *
 * `weir talk` and `weir listen`: options, standard streams, signals and messages.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "event.h"
#include "start.h"
#include "talk.h"

int talk_parse(talk *t, const cli_command *command, const cli_option *own, int argc, char **argv,
               const char *words[], int room)
{
    enum { COMMON = 7, ROOM = 16 };
    cli_option options[ROOM] = {
        {"udp", CLI_FLAG, &t->transports.udp},
        {"datagram", CLI_FLAG, &t->transports.datagram},
        {"seqpacket", CLI_FLAG, &t->transports.seqpacket},
        {"hex", CLI_FLAG, &t->hex},
        {"json", CLI_FLAG, &t->json},
        {"timeout", CLI_SECONDS, &t->timeout},
        {"io", CLI_TEXT, &t->engine},
    };
    for (int i = COMMON; i < ROOM - 1 && own->name; i++) options[i] = *own++;
    t->command = command;
    const int count = cli_parse(command, options, argc, argv, words, room);
    if (count == 0) {
        cli_complain("%s needs an address; weir %s --help shows the forms", command->name,
                     command->name);
        return -1;
    }
    return count;
}

int talk_run(talk *t, weir_task_fn *main, void *argument)
{
    signal(SIGPIPE, SIG_IGN);
    t->io = cli_make_engine(t->engine, &(weir_engine_options){.workers = 1});
    if (!t->io) return CLI_FAILED;
    const int status = weir_run(t->io, main, argument);
    weir_io_destroy(t->io);
    if (status < 0) cli_complain("cannot run: %s", weir_strerror(status));
    return status < 0 ? CLI_FAILED : status;
}

int talk_watch_signals(talk *t)
{
    const int error = cli_open_signals(&t->signals);
    if (error) cli_complain("cannot start: %s", weir_strerror(error));
    t->watched = !error;
    return error;
}

bool talk_take_signal(talk *t)
{
    const int number = weir_signals_take(&t->signals);
    if (number > 0) t->signal = number;
    return number > 0;
}

static bool opened(const char *what, int error)
{
    if (error) cli_complain("cannot use standard %s: %s", what, weir_strerror(error));
    return !error;
}

bool talk_open(talk *t, weir_io *io)
{
    int error = weir_stdin(io, &t->in);
    if (error == WEIR_EBADF) { /* closed: nothing to send */
        t->input_ended = true;
        error = 0;
    }
    t->terminal = isatty(STDIN_FILENO);
    t->colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
    t->quiet_out = t->hex && isatty(STDOUT_FILENO);
    return opened("input", error) && opened("output", weir_stdout(io, &t->out)) &&
           opened("error", weir_stderr(io, &t->err));
}

void talk_close(talk *t)
{
    weir_stdio *const all[] = {&t->in, &t->out, &t->err};
    for (int i = 0; i < 3; i++)
        if (all[i]->stream.table) weir_stream_close(t->io, &all[i]->stream);
    if (t->watched) weir_signals_close(t->io, &t->signals);
    t->watched = false;
}

void talk_tell(const talk *t, const char *event, const char *before, const char *after,
               cli_transport transport, const weir_address *address)
{
    char text[CLI_TARGET_TEXT];
    cli_target_print(transport, address, text);
    if (!t->json) {
        cli_complain("%s%s%s", before, text, after);
        return;
    }
    cli_event line;
    cli_event_begin(&line, event);
    cli_event_text(&line, "address", text);
    cli_event_text(&line, "transport", cli_transport_name(transport));
    cli_event_end(&line, stderr);
}

void talk_event_failed(const char *text, cli_transport transport, int error)
{
    cli_event line;
    cli_event_begin(&line, "failed");
    cli_event_text(&line, "address", text);
    cli_event_text(&line, "transport", cli_transport_name(transport));
    cli_event_text(&line, "error", weir_strerror(error));
    cli_event_text(&line, "name", weir_errname(error));
    cli_event_end(&line, stderr);
}
