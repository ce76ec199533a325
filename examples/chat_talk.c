/* SPDX-License-Identifier: MIT
 *
 * One member's part in a chat, from the greeting to the goodbye; see chat_talk.h.
 */
#include "chat_talk.h"

#include <stdlib.h>
#include <string.h>

int chat_read_name(weir_io *io, chat_member *me, weir_reader *reader)
{
    weir_bytes line;
    const int got = weir_reader_take_until(io, reader, '\n', &line);
    if (got > 0) memcpy(me->name, line.data, line.len <= CHAT_NAME ? line.len - 1 : CHAT_NAME);
    return got;
}

int chat_join(weir_io *io, chat_room *room, chat_member *me, weir_reader *reader)
{
    const int got = chat_read_name(io, me, reader);
    if (got <= 0) return got;
    chat_tell(io, me, chat_say("* welcome\n"));
    chat_enter(io, room, me);
    return got;
}

static int write_queue(weir_io *io, void *argument)
{
    chat_member *me = argument;
    chat_line line;
    while (weir_channel_receive(io, &me->queue, &line) == 0)
        if (weir_tcp_write_all(io, me->tcp, line.text, line.size) != line.size) break;
    weir_token_cancel(io, &me->leaving, "its connection is broken");
    return 0;
}

/* Reads until the member leaves. */
static int listen_to(weir_io *io, chat_server *server, chat_member *me)
{
    char buffer[CHAT_LINE - CHAT_NAME - 4];
    weir_reader reader;
    weir_bytes line;
    weir_reader_init(&reader, &me->tcp->stream, buffer, sizeof buffer);
    chat_room *room = &server->room;
    int got = server->join(io, room, me, &reader);
    if (got <= 0) return got;
    chat_tell_others(io, room, me, chat_say("* %s is here\n", me->name));
    while ((got = weir_reader_take_until(io, &reader, '\n', &line)) > 0) {
        if (weir_bytes_equal(line, weir_bytes_text("/quit\n"))) return 0;
        if (weir_bytes_equal(line, weir_bytes_text("/who\n")))
            chat_tell(io, me, chat_say("* %zu are here\n", chat_count(io, room)));
        else
            chat_tell_others(io, room, me,
                             chat_say("%s: %.*s", me->name, (int)line.len, line.data));
        weir_yield(io); /* a burst of lines fills no queue whose writer could write */
    }
    return got;
}

static int talk(weir_io *io, weir_tcp_stream *tcp, const weir_address *peer, void *argument)
{
    chat_server *server = argument;
    chat_member *me = calloc(1, sizeof *me);
    weir_task writer;
    weir_scope scope;
    (void)peer;
    if (!me) return WEIR_ENOMEM;
    me->tcp = tcp;
    weir_channel_init(&me->queue, me->lines, CHAT_QUEUE, sizeof me->lines[0]);
    int error = weir_concurrent(io, &writer, write_queue, me, NULL);
    if (!error) {
        weir_scope_enter_token(io, &scope, &me->leaving);
        error = listen_to(io, server, me);
        weir_scope_leave(io, &scope);
        chat_leave(io, &server->room, me);
        chat_tell_others(io, &server->room, me, chat_say("* %s has left\n", me->name));
        chat_tell(io, me, chat_say("* goodbye\n"));
        weir_channel_close(io, &me->queue);
        /* What is queued is still written, within a limit. */
        if (weir_await_until(io, &writer, weir_deadline_after(io, weir_seconds(2)), NULL))
            weir_cancel(io, &writer);
        weir_token_end(io, &me->leaving);
    }
    free(me);
    return error;
}

int chat_serve(weir_io *io, chat_server *server, weir_tcp_listener listener)
{
    const weir_serve_options options = {.max_connections = CHAT_MEMBERS, .token = &server->closing};
    return weir_tcp_serve(io, &listener, 1, talk, server, &options);
}
