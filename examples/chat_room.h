/* SPDX-License-Identifier: MIT
 *
 * The room of a chat: who is in it, and a queue of lines for each.
 *
 * Nothing here waits.  Whose queue is full has to leave: so nobody waits for a slow reader, and who
 * stays has missed nothing.
 */
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include <weir/weir.h>

enum { CHAT_NAME = 20, CHAT_LINE = 300, CHAT_QUEUE = 64, CHAT_MEMBERS = 256 };

typedef struct chat_line {
    uint16_t size;
    char text[CHAT_LINE];
} chat_line;

typedef struct chat_member {
    char name[CHAT_NAME + 1];
    weir_tcp_stream *tcp;
    weir_token leaving; /* ends its reading */
    weir_channel queue;
    chat_line lines[CHAT_QUEUE]; /* the queue's */
} chat_member;

typedef struct chat_room {
    weir_mutex lock; /* guards the two below */
    size_t count;
    chat_member *members[CHAT_MEMBERS]; /* no more are served at a time */
} chat_room;

chat_line chat_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts a line into one's queue, or into those of all but one. */
void chat_tell(weir_io *io, chat_member *to, chat_line line);
void chat_tell_others(weir_io *io, chat_room *room, const chat_member *me, chat_line line);

void chat_enter(weir_io *io, chat_room *room, chat_member *me);
void chat_leave(weir_io *io, chat_room *room, const chat_member *me);
size_t chat_count(weir_io *io, chat_room *room);

#endif
