/* SPDX-License-Identifier: MIT
 *
 * What the kernel tells about a datagram beside its bytes, and what it can be told with one:
 * control data (cmsg(3)) as a typed value.
 *
 *      weir_ancillary about;
 *      weir_ancillary_of(&message, &about);               // of a received weir_message
 *      if (about.has & WEIR_ANCILLARY_TTL) …about.ttl…
 *
 * The kernel adds what the options of net/option.h ask for (receive_packet_info, _traffic_class,
 * _ttl, _timestamp, _errors, udp_gro).  Pure: bytes to values and back, nothing waits; the bytes
 * may be damaged or cut short: what does not read as an item of its kind is skipped. Sources:
 * ip(7), ipv6(7), udp(7), socket(7), RFC 3542 6, RFC 3168 5 (ECN).
 */
#ifndef WEIR_NET_ANCILLARY_H
#define WEIR_NET_ANCILLARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/addr.h>
#include <weir/io/socket.h>
#include <weir/net/interface.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which members of a weir_ancillary hold something. */
enum {
    WEIR_ANCILLARY_LOCAL = 1,         /* destination, local, interface */
    WEIR_ANCILLARY_TRAFFIC_CLASS = 2, /* traffic_class */
    WEIR_ANCILLARY_TTL = 4,           /* ttl */
    WEIR_ANCILLARY_TIMESTAMP = 8,     /* timestamp */
    WEIR_ANCILLARY_SEGMENT = 16,      /* segment */
    WEIR_ANCILLARY_DROPPED = 32,      /* dropped */
    WEIR_ANCILLARY_ERROR = 64,        /* error */
};

/* The low two bits of the traffic class: explicit congestion notification (RFC 3168 5). */
typedef enum weir_ecn {
    WEIR_ECN_NOT_CAPABLE = 0,
    WEIR_ECN_CAPABLE_1 = 1, /* ECT(1): L4S, RFC 9331 */
    WEIR_ECN_CAPABLE_0 = 2, /* ECT(0) */
    WEIR_ECN_CONGESTION = 3 /* CE: a router was congested */
} weir_ecn;

/* Who reported an error of the error queue (SO_EE_ORIGIN_…). */
typedef enum weir_error_origin {
    WEIR_ERROR_ORIGIN_NONE,
    WEIR_ERROR_ORIGIN_LOCAL, /* this host */
    WEIR_ERROR_ORIGIN_ICMP,
    WEIR_ERROR_ORIGIN_ICMP6,
    WEIR_ERROR_ORIGIN_TIMESTAMP, /* no error: when a datagram left */
    WEIR_ERROR_ORIGIN_ZEROCOPY,  /* no error: lent pages came back */
} weir_error_origin;

/* An entry of a socket's error queue. */
typedef struct weir_ancillary_error {
    int error;             /* WEIR_ECONNREFUSED, WEIR_EMSGSIZE … */
    uint8_t origin;        /* weir_error_origin, or a later kernel's number */
    uint8_t type, code;    /* of the ICMP message */
    uint32_t info;         /* WEIR_EMSGSIZE: the path's MTU */
    uint32_t data;         /* the origin's */
    weir_address offender; /* the router or host that complained; NONE when not known */
} weir_ancillary_error;

/* What goes with one datagram.  A plain value; only what `has` names is set. */
typedef struct weir_ancillary {
    uint32_t has;             /* WEIR_ANCILLARY_… */
    weir_interface interface; /* received: where it came in; sent: where it has to go out, or 0 */
    uint8_t traffic_class;    /* TOS or traffic class, the low two bits are ECN */
    uint8_t ttl;              /* TTL or hop limit: received: what was left of it */
    uint16_t segment;         /* bytes per datagram: received: of several that came as one (GRO);
                                 sent: the kernel cuts the data (GSO) */
    uint32_t dropped;         /* received: how many the socket has lost for want of room, modulo
                                 2^32 (see weir_udp_count_drops) */
    weir_instant timestamp;   /* received: when the kernel got it, on WEIR_CLOCK_REAL */
    weir_address destination; /* received: whom it was sent to, a group or broadcast also; port 0 */
    weir_address local;       /* the address of this host to answer from; sent: the source.  NONE:
                                 the kernel chooses.  Port 0 */
    weir_ancillary_error error; /* received from the error queue */
} weir_ancillary;

/* Room for the control data of one datagram, with everything in it; aligned as size_t. */
#define WEIR_ANCILLARY_ROOM 384

/* Room for what weir_ancillary_write writes at most. */
#define WEIR_ANCILLARY_SEND_ROOM 128

/* Reads control data as recvmsg(2) gave it.  out->has tells what was there; the other members are
 * not set.  When an item comes twice the last counts; of an IPv4 datagram on an IPv6 socket the
 * addresses are mapped ones (::ffff:a.b.c.d).
 * Returns 0, or WEIR_EINVAL: the data is damaged; what stood before the damage is in *out. */
int weir_ancillary_read(const void *control, size_t len, weir_ancillary *out);

/* The same for a received message. */
static inline int weir_ancillary_of(const weir_message *message, weir_ancillary *out)
{
    return weir_ancillary_read(message->control, message->control_len, out);
}

/* Writes control data for a datagram on a socket of `family` (WEIR_ADDRESS_IPV4 or _IPV6) to the
 * address `to` (NULL or NONE: where the socket is connected, taken to be of `family`): LOCAL,
 * TRAFFIC_CLASS, TTL and SEGMENT, of what `has` names; the rest is for receiving alone.
 *
 * `out` is aligned as size_t and has `room` bytes; WEIR_ANCILLARY_SEND_ROOM is always enough.
 * Returns the length; WEIR_EINVAL: an address of another family; WEIR_ENOBUFS: no room. */
int64_t weir_ancillary_write(const weir_ancillary *ancillary, weir_address_kind family,
                             const weir_address *to, void *out, size_t room);

/* The size of the datagrams in a message that holds several (GRO), 0 when it is one: without the
 * cost of reading all. */
uint32_t weir_ancillary_segment(const weir_message *message);

/* The ECN bits of a traffic class. */
static inline weir_ecn weir_ecn_of(uint8_t traffic_class)
{
    return (weir_ecn)(traffic_class & 3);
}

/* Writes control data for the answer to `request`, which came from `peer`: it leaves from the
 * address at which the request came in; for a request to a group or to a broadcast address, from
 * the interface that it came in on.
 *
 * `out` as in weir_ancillary_write.  Returns the length: 0 when `request` does not tell where it
 * came in, or there is no room; the kernel then chooses. */
uint32_t weir_ancillary_write_back(const weir_ancillary *request, const weir_address *peer,
                                   void *out, size_t room);

/* Makes an answer of a received message, in place, so that many can be answered at once
 * (weir_udp_send_many): its control data is replaced by that of weir_ancillary_write_back.
 * Peer and data stay; the caller sets the length of the data. */
void weir_ancillary_turn(weir_message *message);

#ifdef __cplusplus
}
#endif
#endif
