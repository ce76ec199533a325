/* SPDX-License-Identifier: MIT
 *
 * A relay: bytes both ways between two streams until both directions have ended.
 *
 *      client ──read──> [ pipe ] ──write──> server
 *      client <──write── [ pipe ] <──read── server
 *
 * Between sockets the bytes stay in the kernel: splice(2) through a pipe for each direction, made
 * when its first bytes come.  Where that cannot be (a stream that is no socket, no descriptors for
 * the pipe) they go through a lent buffer, or one of 64 KiB.
 *
 * The end of one direction is passed on (FIN) and the other goes on.  Nothing is read that the
 * other side has not room for: a side that stops reading stops the other one.
 */
#ifndef WEIR_NET_RELAY_H
#define WEIR_NET_RELAY_H

#include <stdint.h>

#include <weir/base/time.h>
#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to relay; zero is the default of each member. */
typedef struct weir_relay_options {
    weir_duration idle; /* ends with WEIR_EDEADLINE when for so long no byte went either way; 0:
                           never */
    uint32_t room;      /* of the pipe of a busy direction, in bytes; 0: 1 MiB.  Each begins with at
                           most 64 KiB; what a user's pipes may hold is limited (pipe(7)) */
    bool copy;          /* do not splice */
} weir_relay_options;

/* What failed. */
typedef enum weir_relay_place {
    WEIR_RELAY_NOWHERE, /* nothing; or the relay was ended: canceled, idle, no memory */
    WEIR_RELAY_READ_A,
    WEIR_RELAY_WRITE_A,
    WEIR_RELAY_READ_B,
    WEIR_RELAY_WRITE_B,
} weir_relay_place;

typedef struct weir_relay_result {
    uint64_t a_to_b, b_to_a; /* bytes written */
    weir_relay_place failed;
} weir_relay_result;

/* Relays between two streams, borrowed, on which nothing else may be in flight; `a` and `b` are
 * two. `options` and `result` may be NULL; *result is set in every case.
 *
 * Returns 0 when both directions have ended; the first error of a read or write, and where it was;
 * WEIR_EDEADLINE (idle, or the scope's), WEIR_ECANCELED; WEIR_ECONCURRENCY, WEIR_ENOMEM,
 * WEIR_ENOBUFS: no task or buffer.  After an error bytes that were read may be lost: close both,
 * with a reset (weir_tcp_abort) where the peer must not take it for an end. A cancellation point;
 * it leaves no descriptor and no task behind.  From a task of `io`. */
int weir_relay(weir_io *io, weir_stream *a, weir_stream *b, const weir_relay_options *options,
               weir_relay_result *result);

#ifdef __cplusplus
}
#endif
#endif
