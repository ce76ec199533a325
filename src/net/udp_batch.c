/* SPDX-License-Identifier: MIT
 *
 * Many datagrams per call: batches of messages, and one buffer cut into segments.
 */
#include <weir/net/udp.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <weir/base/error.h>

#include "net/control.h"
#include "net/udp_exchange.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* What the kernel cuts at most in one call (UDP_MAX_SEGMENTS of Linux 5.15). */
enum { MAX_SEGMENTS = 64 };

void weir_udp_fill(weir_message *messages, struct iovec *slices, uint32_t count, void *data,
                   size_t size, void *control, size_t control_size)
{
    for (uint32_t i = 0; i < count; i++) {
        net_udp_message(&messages[i], &slices[i], (char *)data + i * size, size);
        if (control_size == 0) continue;
        messages[i].control = (char *)control + i * control_size;
        messages[i].control_len = (uint32_t)control_size;
    }
}

int64_t weir_udp_receive_many(weir_io *io, weir_udp_socket *udp, weir_message *messages,
                              uint32_t count, weir_deadline deadline)
{
    if (count == 0) return 0;
    return net_udp_exchange(io, udp, WEIR_OP_RECEIVE_MANY, 0, deadline, messages, count);
}

uint32_t weir_udp_send_many(weir_io *io, weir_udp_socket *udp, weir_message *messages,
                            uint32_t count, int *error)
{
    uint32_t sent = 0;
    int64_t n = 0;
    while (sent < count) {
        n = net_udp_exchange(io, udp, WEIR_OP_SEND_MANY, 0, weir_never(), messages + sent,
                             count - sent);
        if (n < 0) break;
        sent += (uint32_t)n;
    }
    if (error) *error = n < 0 ? (int)n : 0;
    return sent;
}

/* Segments ---------------------------------------------------------------------------------- */

/* Sends at most MAX_SEGMENTS as one message, which is cut below. */
static int64_t send_cut(weir_io *io, weir_udp_socket *udp, const char *data, size_t len,
                        uint16_t segment, const weir_address *to)
{
    weir_message message;
    struct iovec slice;
    union {
        size_t align;
        char data[CMSG_SPACE(sizeof segment)];
    } control;
    net_control_writer writer = {.data = control.data, .room = sizeof control.data};
    net_control_put(&writer, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    net_udp_message(&message, &slice, data, len);
    net_udp_direct(&message, to);
    message.control = control.data;
    message.control_len = (uint32_t)writer.len;
    return net_udp_exchange(io, udp, WEIR_OP_SEND, 0, weir_never(), &message, 1);
}

/* Sends as many segments as fit into one batch, each as a message of its own.
 * Returns the bytes that went, or the error of the first. */
static int64_t send_each(weir_io *io, weir_udp_socket *udp, const char *data, size_t len,
                         size_t segment, const weir_address *to)
{
    enum { BATCH = 16 };
    weir_message messages[BATCH];
    struct iovec slices[BATCH];
    uint32_t count = 0;
    for (size_t at = 0; at < len && count < BATCH; at += segment, count++) {
        const size_t left = len - at;
        net_udp_message(&messages[count], &slices[count], data + at,
                        left < segment ? left : segment);
        net_udp_direct(&messages[count], to);
    }
    int error;
    uint32_t sent = weir_udp_send_many(io, udp, messages, count, &error);
    if (sent == 0) return error;
    const size_t bytes = sent * segment;
    return (int64_t)(bytes < len ? bytes : len);
}

/* Whether a call that was to cut failed for that reason.  The kernel says EIO for a path that
 * cannot (a device without checksums), EINVAL for segments longer than the MTU. */
static bool cannot_cut(int64_t result, weir_udp_socket *udp)
{
    if (result == WEIR_EIO || result == WEIR_EOPNOTSUPP) {
        /* A hint alone: other tasks of this socket may learn it late. */
        __atomic_store_n(&udp->no_cutting, 1, __ATOMIC_RELAXED);
        return true;
    }
    return result == WEIR_EINVAL || result == WEIR_EMSGSIZE;
}

int64_t weir_udp_send_segments(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                               size_t segment, const weir_address *to)
{
    if (segment == 0 || segment > WEIR_UDP_MAX) return WEIR_EINVAL;
    const char *bytes = data;
    size_t most = WEIR_UDP_MAX / segment;
    if (most > MAX_SEGMENTS) most = MAX_SEGMENTS;
    bool cut = most > 1 && !__atomic_load_n(&udp->no_cutting, __ATOMIC_RELAXED);
    size_t done = 0;
    while (done < len) {
        const size_t left = len - done, whole = left < most * segment ? left : most * segment;
        int64_t n;
        if (cut && whole > segment) {
            n = send_cut(io, udp, bytes + done, whole, (uint16_t)segment, to);
            if (n < 0 && cannot_cut(n, udp)) {
                cut = false;
                continue;
            }
        } else {
            n = send_each(io, udp, bytes + done, left, segment, to);
        }
        if (n < 0) return done > 0 ? (int64_t)done : n;
        done += (size_t)n;
    }
    return (int64_t)done;
}

bool weir_udp_next_segment(weir_bytes *rest, uint32_t segment, weir_bytes *out)
{
    if (rest->len == 0) return false;
    const size_t len = segment == 0 || segment > rest->len ? rest->len : segment;
    *out = weir_bytes_of(rest->data, len);
    *rest = weir_bytes_of(rest->data + len, rest->len - len);
    return true;
}
