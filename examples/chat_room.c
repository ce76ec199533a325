/* SPDX-License-Identifier: MIT
 *
 * The room of a line chat; see chat_room.h.
 */
#include "chat_room.h"

#include <stdarg.h>
#include <stdio.h>

chat_line chat_say(const char *format, ...)
{
    chat_line line;
    va_list list;
    va_start(list, format);
    const int size = vsnprintf(line.text, sizeof line.text, format, list);
    va_end(list);
    line.size = (uint16_t)(size < CHAT_LINE ? size : CHAT_LINE - 1);
    return line;
}

void chat_tell(weir_io *io, chat_member *to, chat_line line)
{
    if (weir_channel_try_send(io, &to->queue, &line) != WEIR_EAGAIN) return;
    weir_channel_close(io, &to->queue);
    weir_token_cancel(io, &to->leaving, "too slow");
}

void chat_tell_others(weir_io *io, chat_room *room, const chat_member *me, chat_line line)
{
    weir_mutex_lock_uncancelable(io, &room->lock);
    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] != me) chat_tell(io, room->members[i], line);
    weir_mutex_unlock(io, &room->lock);
}

void chat_enter(weir_io *io, chat_room *room, chat_member *me)
{
    weir_mutex_lock_uncancelable(io, &room->lock);
    room->members[room->count++] = me;
    weir_mutex_unlock(io, &room->lock);
}

void chat_leave(weir_io *io, chat_room *room, const chat_member *me)
{
    weir_mutex_lock_uncancelable(io, &room->lock);
    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] == me) room->members[i] = room->members[--room->count];
    weir_mutex_unlock(io, &room->lock);
}

size_t chat_count(weir_io *io, chat_room *room)
{
    weir_mutex_lock_uncancelable(io, &room->lock);
    const size_t count = room->count;
    weir_mutex_unlock(io, &room->lock);
    return count;
}
