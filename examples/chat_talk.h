/* SPDX-License-Identifier: MIT
 *
 * A chat over TCP, line by line: what one says goes to all others.
 *
 *     first line       the name; "* welcome" is the answer
 *     /who             "* 3 are here"; when it comes, all lines sent before it have been passed on
 *     /quit            leaves
 *     anything else    goes to the others as "NAME: LINE"
 *
 * Each member has two tasks: one reads what it says, one writes what the others say.
 */
#ifndef CHAT_TALK_H
#define CHAT_TALK_H

#include "chat_room.h"

/* Lets one in: reads its name, and welcomes it.  Returns 1; 0: it has left; a read's error. */
typedef int chat_join_fn(weir_io *io, chat_room *room, chat_member *me, weir_reader *reader);
chat_join_fn chat_join;

/* The name alone; returns as chat_join. */
int chat_read_name(weir_io *io, chat_member *me, weir_reader *reader);

typedef struct chat_server {
    chat_room room;
    chat_join_fn *join; /* chat_join */
    weir_token closing; /* canceled: all are told goodbye */
} chat_server;

/* Serves until the chat is closing; takes the listener.  Returns as weir_tcp_serve. */
int chat_serve(weir_io *io, chat_server *server, weir_tcp_listener listener);

#endif
