/* SPDX-License-Identifier: MIT
 *
 * The people of a simulated chat; see chat_sim_person.h.
 */
#include "chat_sim_person.h"

#include <stdio.h>
#include <string.h>

/* Reads until the room itself says something with `word` in it, and hears what comes before. */
static int read_until(weir_io *io, person *me, weir_reader *reader, const char *word)
{
    weir_bytes line;
    char text[CHAT_LINE + 1];
    for (;;) {
        const int got = weir_reader_take_until(io, reader, '\n', &line);
        if (got <= 0) return got ? got : WEIR_EEOF;
        snprintf(text, sizeof text, "%.*s", (int)line.len - 1, line.data);
        if (text[0] == '*' && strstr(text, word)) return 0;
        check_heard(me, text);
    }
}

static int await_line(weir_io *io, person *me, weir_reader *reader, const char *word)
{
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(20));
    const int error = read_until(io, me, reader, word);
    weir_scope_leave(io, &scope);
    return error;
}

static int say(weir_io *io, person *me, const char *text)
{
    const int64_t sent = weir_tcp_write_all(io, &me->tcp, text, strlen(text));
    return sent < 0 ? (int)sent : sent < (int64_t)strlen(text) ? WEIR_EPIPE : 0;
}

/* Asks /who; when it is answered, all that was passed on before has been heard. */
static int ask_who(weir_io *io, person *me, weir_reader *reader)
{
    const weir_instant asked = weir_now(io, WEIR_CLOCK_MONOTONIC);
    int error = say(io, me, "/who\n");
    if (!error) error = await_line(io, me, reader, "are here");
    if (error) return error;
    const weir_duration took = weir_instant_since(weir_now(io, WEIR_CLOCK_MONOTONIC), asked);
    if (took.ns > me->slowest.ns) me->slowest = took;
    check_missed(me, asked);
    return 0;
}

static int say_lines(weir_io *io, person *me, weir_reader *reader)
{
    int error = 0;
    while (me->said < PERSON_LINES && !error) {
        char text[16];
        const unsigned number = me->index * PERSON_LINES + me->said;
        said_line *line = &me->world->lines[number];
        error = weir_sleep(io, weir_milliseconds((int64_t)weir_random_below(io, 1000)));
        if (error) break;
        me->said++;
        line->stay = me->stay;
        line->said = weir_now(io, WEIR_CLOCK_MONOTONIC);
        snprintf(text, sizeof text, "%u\n", number);
        error = say(io, me, text);
        if (!error) error = ask_who(io, me, reader);
        if (!error) line->passed_on = weir_now(io, WEIR_CLOCK_MONOTONIC);
    }
    return error;
}

static int join(weir_io *io, person *me, weir_reader *reader)
{
    char name[32];
    snprintf(name, sizeof name, "person-%u\n", me->index);
    int error = say(io, me, name);
    if (!error) error = await_line(io, me, reader, "welcome");
    me->joined = weir_now(io, WEIR_CLOCK_MONOTONIC);
    me->stay++;
    memset(me->heard, 0, sizeof me->heard);
    return error;
}

/* Until the goodbye.  Every other person stays until the room closes. */
static int stay(weir_io *io, person *me, weir_reader *reader)
{
    int error = say_lines(io, me, reader);
    if (error) return error;
    me->done = true;
    while (me->index % 2 && !error) {
        error = weir_sleep(io, weir_milliseconds(300));
        if (!error) error = ask_who(io, me, reader);
    }
    if (!error) error = say(io, me, "/quit\n");
    if (!error) error = await_line(io, me, reader, "goodbye");
    return error;
}

int person_run(weir_io *io, void *argument)
{
    person *me = argument;
    char buffer[CHAT_LINE];
    weir_reader reader;
    int error = weir_sleep(io, weir_milliseconds((int64_t)weir_random_below(io, 10000)));
    while (!weir_token_canceled(&me->world->done) && error != WEIR_ECANCELED) {
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_seconds(20));
        error = weir_tcp_connect(io, &me->world->address, &me->tcp);
        weir_scope_leave(io, &scope);
        const bool connected = error == 0;
        weir_reader_init(&reader, &me->tcp.stream, buffer, sizeof buffer);
        if (connected) error = join(io, me, &reader);
        if (!error) error = stay(io, me, &reader);
        if (connected) weir_tcp_close(io, &me->tcp);
        if (!error) break;
        if (error != WEIR_ECANCELED) error = weir_sleep(io, weir_milliseconds(500));
    }
    return 0;
}
