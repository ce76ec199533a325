/* SPDX-License-Identifier: MIT
 *
 * `weir echo` on datagrams: each goes back to its sender, from the address that it was sent to.
 */
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "echo.h"

enum { BATCH = 16, ROOM = 65536, CONTROL = WEIR_ANCILLARY_ROOM, LOCAL_ROOM = 256 * 1024 };

/* Room for a batch of UDP datagrams. */
typedef struct batch {
    weir_message messages[BATCH];
    struct iovec slices[BATCH];
    _Alignas(size_t) char control[BATCH * CONTROL];
    char data[BATCH * ROOM];
} batch;

/* Whether a receive may succeed later; waits a little then. */
static bool passes(weir_io *io, int64_t error)
{
    if (error == WEIR_ECANCELED || error == WEIR_EDEADLINE) return false;
    return weir_sleep(io, weir_milliseconds(error == WEIR_ECONNREFUSED ? 0 : 5)) == 0;
}

/* Sends a batch back; one that cannot go is left out. */
static void send_back(echo *e, weir_udp_socket *udp, batch *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        b->slices[i].iov_len = b->messages[i].len;
        weir_ancillary_turn(&b->messages[i]);
    }
    for (uint32_t at = 0; at < count;) {
        int error;
        const uint32_t went = weir_udp_send_many(e->io, udp, b->messages + at, count - at, &error);
        for (uint32_t i = at; i < at + went; i++)
            echo_count(&e->counts.bytes, b->slices[i].iov_len);
        echo_count(&e->counts.messages, went);
        at += went;
        if (!error) continue;
        if (error == WEIR_ECANCELED) return;
        echo_count(&e->counts.dropped, 1);
        at++;
    }
}

static void echo_udp(echo *e, weir_udp_socket *udp, batch *b)
{
    for (;;) {
        weir_udp_fill(b->messages, b->slices, BATCH, b->data, ROOM, b->control, CONTROL);
        const int64_t n = weir_udp_receive_many(e->io, udp, b->messages, BATCH, weir_never());
        if (n > 0)
            send_back(e, udp, b, (uint32_t)n);
        else if (!passes(e->io, n))
            return;
    }
}

static void echo_local(echo *e, const weir_unix_datagram *socket, char *buffer)
{
    for (;;) {
        weir_address from;
        const int64_t n = weir_unix_receive_from(e->io, socket, buffer, LOCAL_ROOM, &from);
        if (n < 0 && !passes(e->io, n)) return;
        if (n < 0) continue;
        /* A sender that does not read must not hold up the others: nothing waits for it. */
        int64_t sent = WEIR_EMSGSIZE;
        if (n <= LOCAL_ROOM && weir_unix_kind_of(&from) != WEIR_UNIX_UNNAMED)
            sent = weir_unix_send_to_try(e->io, socket, buffer, (size_t)n, &from);
        if (sent < 0) {
            echo_count(&e->counts.dropped, 1);
        } else {
            echo_count(&e->counts.messages, 1);
            echo_count(&e->counts.bytes, (uint64_t)n);
        }
    }
}

int echo_datagrams(weir_io *io, void *argument)
{
    echo_listening *l = argument;
    const bool udp = l->listener->transport == CLI_UDP;
    (void)io;
    void *room = malloc(udp ? sizeof(batch) : LOCAL_ROOM);
    if (!room) {
        cli_complain("cannot echo datagrams: %s", weir_strerror(WEIR_ENOMEM));
        return WEIR_ENOMEM;
    }
    if (udp)
        echo_udp(l->echo, &l->listener->udp, room);
    else
        echo_local(l->echo, &l->listener->message, room);
    free(room);
    return 0;
}
