/* SPDX-License-Identifier: MIT
 *
 * The reading task of a connection: messages with two octets of length before each (RFC 1035
 * 4.2.2), cut out of the stream.
 *
 * Memory grows as octets come: a length alone, which costs a peer nothing, costs us nothing.  A
 * message that has begun has to be there while somebody may still wait for it; octets that trickle
 * in keep no connection open that nobody needs.
 */
#include "dns/tcp_read.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "dns/servers.h"

/* Messages in a row that nobody asked for, after which a peer is not worth reading. */
enum { STRAYS_MAX = 64, FRAME = 2 };

static uint8_t *octets_of(dns_link *link)
{
    return link->far ? link->far : link->buffer;
}

/* Room for more of a message of which the buffer is full.  Returns 0 or WEIR_ENOMEM. */
static int grow(dns_link *link, size_t wanted)
{
    const size_t room = link->room * 4 < wanted ? link->room * 4 : wanted;
    uint8_t *more = realloc(link->far, room);
    if (!more) return WEIR_ENOMEM;
    if (!link->far) memcpy(more, link->buffer, link->have);
    link->far = more;
    link->room = room;
    return 0;
}

/* Hands over a whole message.  Returns as weir_dns_link_deliver. */
static bool hand_over(weir_io *io, dns_link *link, const uint8_t *message, size_t len)
{
    uint8_t *copy = NULL;
    if (len > WEIR_DNS_EDNS_SIZE && (copy = malloc(len))) memcpy(copy, message, len);
    return weir_dns_link_deliver(io, link, weir_bytes_of(message, len), copy);
}

/* Takes all whole messages out of the buffer.  Returns the octets of the one that has begun, its
 * length included, at least FRAME; or an error. */
static int64_t take_messages(weir_io *io, dns_link *link, unsigned *strays)
{
    uint8_t *octets = octets_of(link);
    size_t at = 0, whole = FRAME;
    while (link->have - at >= FRAME) {
        const size_t len = (size_t)octets[at] << 8 | octets[at + 1];
        if (len < WEIR_DNS_HEADER) return WEIR_EDNS_MESSAGE;
        whole = FRAME + len;
        if (link->have - at < whole) break;
        *strays = hand_over(io, link, octets + at + FRAME, len) ? 0 : *strays + 1;
        if (*strays > STRAYS_MAX) return WEIR_EDNS_MESSAGE;
        at += whole;
        whole = FRAME;
    }
    link->have -= at;
    if (at > 0 || link->have == 0) link->until = weir_never();
    if (link->far && link->have <= DNS_LINK_BUFFER && whole <= DNS_LINK_BUFFER) {
        memcpy(link->buffer, link->far + at, link->have);
        free(link->far);
        link->far = NULL;
        link->room = DNS_LINK_BUFFER;
    } else if (at > 0) {
        memmove(octets, octets + at, link->have);
    }
    return (int64_t)whole;
}

/* Reads some, and closes the link if nobody has needed it for long.  Returns 0 or an error. */
static int read_some(weir_io *io, dns_link *link)
{
    const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    if (weir_deadline_passed(link->until, now)) return WEIR_ETIMEDOUT;
    weir_deadline look;
    if (weir_dns_link_idle(io, link, now, &look)) return WEIR_EDEADLINE;
    const struct iovec slice = {octets_of(link) + link->have, link->room - link->have};
    const weir_deadline until = weir_instant_min(link->until, look);
    const int64_t n = weir_stream_read_vector(io, link->stream, &slice, 1, until);
    if (n == 0) return WEIR_EEOF;
    if (n < 0) return n == WEIR_EDEADLINE ? 0 : (int)n;
    link->have += (size_t)n;
    return 0;
}

/* Sets the time of a message that has begun: that of the questions which it may answer. */
static void begin_message(weir_io *io, dns_link *link)
{
    if (link->have == 0 || !weir_is_never(link->until)) return;
    link->until = weir_deadline_after(io, weir_duration_scale(link->servers->options.timeout, 2));
}

int weir_dns_link_read(weir_io *io, void *argument)
{
    dns_link *link = argument;
    link->room = DNS_LINK_BUFFER;
    link->until = weir_never();
    unsigned strays = 0;
    int64_t whole = FRAME;
    int error = 0;
    while (!error) {
        if (link->have == link->room) error = grow(link, (size_t)whole);
        if (!error) error = read_some(io, link);
        if (!error) whole = take_messages(io, link, &strays);
        if (whole < 0) error = (int)whole;
        if (!error) begin_message(io, link);
    }
    weir_dns_link_close(io, link, error);
    return 0;
}
