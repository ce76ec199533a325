/* SPDX-License-Identifier: MIT
 *
 * An asking from inside: its state, and what ask.c, ask_attempts.c and ask_answers.c share.
 */
#ifndef DNS_ASK_STATE_H
#define DNS_ASK_STATE_H

#include "dns/ask.h"
#include "dns/attempt.h"

/* One of the questions. */
typedef struct dns_ask_line {
    dns_reply *reply;
    bool done;
    unsigned step;       /* how many have begun */
    unsigned live;       /* attempts of the present step that may still answer */
    weir_instant until;  /* of the present step */
    weir_instant latest; /* that `until` may become, however often the server is asked again; 0: no
                            attempt of the step has begun */
} dns_ask_line;

typedef struct dns_ask {
    weir_io *io;
    dns_servers *servers;
    const dns_question *question;
    weir_dns_report *report;
    const dns_ask_options *options;
    dns_ask_line lines[DNS_ASK_TYPES];
    unsigned open; /* a bit for each line that is not done */
    unsigned order_count, steps;
    uint8_t order[DNS_SERVERS];
    weir_instant limit; /* of what is left after a positive answer */
    dns_attempt *first, *last;
    bool queued; /* the queue is in use */
    unsigned in_flight;
    weir_queue queue;
    bool own_used;
    dns_attempt own; /* the first attempt needs no memory */
} dns_ask;

/* The more an error tells, the higher. */
int weir_dns_ask_weight(int error);

/* The error of a lookup that the failure of an attempt comes to. */
int weir_dns_ask_meaning(int error);

/* Whether it is no server's fault. */
bool weir_dns_ask_is_shortage(int error);

/* Keeps an error of a line if it tells more than the one before. */
void weir_dns_ask_note(dns_ask_line *l, int error);

/* Tells the report, if there is one, how an attempt ended for a question. */
void weir_dns_ask_report_end(dns_ask *k, dns_attempt *a, unsigned i, int error);

/* Closes an attempt and forgets it. */
void weir_dns_ask_release(dns_ask *k, dns_attempt *a);

/* Gives an attempt up: now, or when its op has settled. */
void weir_dns_ask_drop(dns_ask *k, dns_attempt *a);

/* An attempt no longer counts for the present step of a question, but an answer of it does. */
void weir_dns_ask_leave_step(dns_ask *k, dns_attempt *a, unsigned i);

/* A question is no longer pending in an attempt. */
void weir_dns_ask_leave(dns_ask *k, dns_attempt *a, unsigned i);

/* The server of an attempt has failed; it is told off once. */
void weir_dns_ask_blame(dns_ask *k, dns_attempt *a);

/* Starts an attempt for some questions, a bit each.  A failure is one of the attempt.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE: the asking ends. */
int weir_dns_ask_start(dns_ask *k, unsigned questions, const dns_approach *how);

/* Ask the same server again in another way, because of `error`.  Return as weir_dns_ask_start. */
int weir_dns_ask_again(dns_ask *k, dns_attempt *a, unsigned i, const dns_approach *how, int error);

int weir_dns_ask_again_over_tcp(dns_ask *k, dns_attempt *a, unsigned i, int error);

/* A line is done: answered (0), or with the error that tells most. */
void weir_dns_ask_finish_line(dns_ask *k, unsigned i, int error);

/* Deals with what has come for an attempt, or its error.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE: the asking ends. */
int weir_dns_ask_handle(dns_ask *k, dns_attempt *a);

#endif
