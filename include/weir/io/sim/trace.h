/* SPDX-License-Identifier: MIT
 *
 * Seeing a run of a simulated world: what happened when, as text and as a picture.
 *
 *     weir_sim_record(sim, 0);
 *     weir_run(…);
 *     weir_sim_write_text(sim, NULL, stdout);
 *
 *        0.100 000 300  client       1 client       "  the third attempt
 *        0.100 000 300  client       1 client       ~  connect 65536 to 10.0.0.1:80, waits
 *        0.100 000 300  client                      >  #1 SYN :32768 to server:80, 20 ms under way
 *        0.120 000 300  server                      <  #1 SYN :80 from client:32768
 *
 * Instants are those after the world's beginning.  The same run gives the same text, and a run that
 * is recorded takes the same decisions, and has the same hash, as one that is not.
 */
#ifndef WEIR_IO_SIM_TRACE_H
#define WEIR_IO_SIM_TRACE_H

#include <stdio.h>

#include <weir/io/sim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which part of what was recorded; the zero value is all of it. */
typedef struct weir_sim_view {
    weir_duration from, until; /* after the world's beginning; until 0: to the end */
    const char *hosts;         /* names with commas between; NULL: all */
    const char *title;         /* of a picture; NULL: none */
    uint32_t width;            /* of a picture, in pixels; 0 = 1,000 */
    uint32_t most;             /* the last so many marks are drawn in a picture; 0 = 1,500 */
} weir_sim_view;

/* Begins to record: the latest `limit` entries are kept, 0 = 100,000; again: changes nothing.
 * Memory is taken as entries come; what it is not there for replaces what is oldest.
 *
 * Returns 0 or WEIR_ENOMEM.  Ownership: what is recorded is the world's.
 * Not a cancellation point; on the world's thread. */
int weir_sim_record(weir_sim *sim, size_t limit);

/* Begins to record, and also writes each entry as a line of text at once, without a limit: so the
 * lines are there when the program dies, or stands in a debugger.
 *
 * Returns 0 or WEIR_ENOMEM.  Ownership: `out` is lent until the world is freed; what cannot be
 * written is missing there, which ferror(3) tells.
 * Not a cancellation point; on the world's thread. */
int weir_sim_follow(weir_sim *sim, FILE *out);

/* How many entries are kept; *replaced (may be NULL) is how many earlier ones are not any more. */
size_t weir_sim_recorded(const weir_sim *sim, uint64_t *replaced);

/* Notes what a program has to say, at this instant and from the host of `io`, in what is recorded;
 * at most 240 bytes of it.  Takes no virtual time.  Does nothing where nothing is recorded, and on
 * other engines.  Not a cancellation point; from a task, or anywhere on the world's thread. */
void weir_sim_say(weir_io *io, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes what was recorded, a line per entry: the instant in seconds, the host, the number and name
 * of the task, a sign, and what happened:
 *
 *     + a task begins          - it ends
 *     ~ an operation waits     = it has ended, with its result
 *     > a packet is sent       < it has arrived      x it is lost
 *     " the program says       ! a fault, or what was found wrong
 *
 * Operations that wait for other tasks alone (locks, joins) are among them.  `view` may be NULL.
 * Returns 0 or an error of write(2).
 * Holds the calling thread; not a cancellation point; on the world's thread. */
int weir_sim_write_text(const weir_sim *sim, const weir_sim_view *view, FILE *out);

/* Writes what was recorded as an SVG picture: hosts are vertical lanes, time goes down, packets are
 * arrows (one that is lost ends in a cross), faults are coloured bars, tasks are thin bars beside
 * their lanes.  Pauses are shortened, long ones with a mark that says how long.  A pointer held
 * over something shows details.  It needs no script and no font, and follows the reader's
 * preference for dark pages.  `view` may be NULL.
 *
 * Returns 0; WEIR_ENOMEM, an error of write(2).
 * Holds the calling thread; not a cancellation point; on the world's thread. */
int weir_sim_write_svg(const weir_sim *sim, const weir_sim_view *view, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
