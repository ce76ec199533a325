/* SPDX-License-Identifier: MIT
 *
 * What is known of a simulated chat, and what must hold in it.
 *
 * A person says the numbers of its lines, and asks /who after each: the answer tells that the line
 * was passed on.  From then on whoever was there when it was said, and is answered later, must have
 * heard it: once, from the one who said it, in the order in which it was said.
 */
#ifndef CHAT_SIM_CHECK_H
#define CHAT_SIM_CHECK_H

#include <weir/io/sim/runner.h>

#include "chat_talk.h"

enum { PERSONS = 6, PERSON_LINES = 12, LINES = PERSONS * PERSON_LINES };

/* What is known of a line; the zero instant: it has not happened yet. */
typedef struct said_line {
    unsigned stay; /* the speaker's, from 1: what it said in an earlier one may come later */
    weir_instant said, passed_on;
} said_line;

typedef struct chat_world chat_world;

typedef struct person {
    chat_world *world;
    weir_sim_host *host;
    unsigned index, said; /* line n of this person is number index * PERSON_LINES + n */
    bool done;
    weir_duration slowest; /* answer to a /who */
    unsigned stay;         /* how often it has joined, and what holds since then: */
    weir_tcp_stream tcp;
    weir_instant joined;
    bool heard[LINES];
} person;

struct chat_world {
    weir_sim_trial *trial;
    weir_address address;
    weir_sim_host *server;
    chat_join_fn *join;
    person persons[PERSONS];
    said_line lines[LINES];
    bool cut;        /* nothing happens but that person 0 is cut off for a while */
    weir_token done; /* the room closes */
    bool closed;
};

/* A line has come. */
void check_heard(person *me, const char *text);

/* A /who is answered that was asked at that instant. */
void check_missed(person *me, weir_instant asked);

/* The room has closed. */
void check_end(chat_world *world);

#endif
