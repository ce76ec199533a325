/* SPDX-License-Identifier: MIT
 *
 * One attempt: questions put to one server once, over a UDP socket of their own, or one question
 * over a shared UDP port or TCP connection, and the op that waits for what comes.
 */
#ifndef DNS_ATTEMPT_H
#define DNS_ATTEMPT_H

#include <weir/io/op.h>
#include <weir/io/socket.h>

#include "dns/query.h"
#include "dns/tcp_link.h"
#include "dns/udp_link.h"

/* How to put questions. */
typedef struct dns_approach {
    unsigned peer;
    bool tcp;
    bool shared;       /* UDP: over a port that others use, too */
    bool plain;        /* without EDNS, after it was not understood */
    bool cookie_again; /* after BADCOOKIE */
    uint8_t doubts;    /* hints that other ports were given before it */
    bool moved;        /* TCP: after the cookie was that of another address of ours */
    uint64_t after;    /* TCP: over a connection newer than this one */
} dns_approach;

typedef struct dns_attempt {
    weir_op op;
    struct dns_attempt *next; /* of the ask, in order of their start */
    dns_approach how;
    bool in_flight;                /* the op was submitted */
    bool dropped;                  /* goes when its op has completed */
    bool blamed;                   /* the server has been told off */
    bool doubtful;                 /* it was hinted that no answer will come */
    uint8_t pending;               /* a bit for each question that may still be answered */
    uint8_t links_made;            /* connections opened for it */
    unsigned steps[DNS_ASK_TYPES]; /* of the questions, when it was started; 0: it no longer
                                      counts as one of a step */
    int entries[DNS_ASK_TYPES];    /* in the report, or -1 */
    unsigned ignored;
    uint32_t *under_way; /* the server's, in which it is counted; or NULL */
    weir_instant started;
    weir_socket socket; /* UDP, not shared; fd -1: none */
    dns_query queries[DNS_ASK_TYPES];
    dns_link_query link; /* TCP, which has one question */
    dns_udp_query port;  /* shared UDP, which has one question */
    struct iovec slice;
    size_t room;  /* octets that a datagram may have; there is one more, to see that it has more */
    uint8_t *far; /* malloc'd, for a room larger than `near` */
    weir_dns_name name; /* in the letters sent, if they are mixed */
    uint8_t near[WEIR_DNS_EDNS_SIZE + 1];
} dns_attempt;

/* Prepares what `how` says for the questions of `pending`, a bit each (TCP and a shared port: one),
 * and sends it.  Where no port can be shared, it takes one of its own.
 *
 * Returns 0: the attempt holds a socket or memory until weir_dns_attempt_close.  Errors, after
 * which it holds nothing: WEIR_ECANCELED, WEIR_EDEADLINE; of weir_socket_open, weir_connect and
 * weir_send, WEIR_ENOMEM, of weir_random_secure.  A cancellation point. */
int weir_dns_attempt_start(weir_io *io, dns_servers *servers, const dns_question *question,
                           unsigned pending, const dns_approach *how, dns_attempt *attempt);

/* Fills the op that waits for the next message: weir_dns_attempt_message tells of it. */
void weir_dns_attempt_wait(dns_attempt *attempt);

/* The message that came, when the op's result is >= 0; *whole: false when its end is missing. */
weir_bytes weir_dns_attempt_message(const dns_attempt *attempt, bool *whole);

/* Closes the socket, frees the memory.  The op is not in flight.  Not a cancellation point. */
void weir_dns_attempt_close(weir_io *io, dns_attempt *attempt);

#endif
