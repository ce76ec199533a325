/* SPDX-License-Identifier: MIT
 *
 * Datagrams to and from the kernel's message header.
 */
#include "io/posix/datagram.h"

#include <weir/base/error.h>

enum { MAX_SLICES = 1024 };

static int fill(weir_datagram *datagram)
{
    if (datagram->count > MAX_SLICES) return WEIR_EINVAL;
    datagram->scratch = (struct msghdr){
        .msg_iov = datagram->data,
        .msg_iovlen = datagram->count,
    };
    return 0;
}

int weir_datagram_to_send(weir_datagram *datagram)
{
    int error = fill(datagram);
    if (error < 0) return error;
    socklen_t len = weir_address_to_sockaddr(&datagram->address, &datagram->name);
    if (len > 0) {
        datagram->scratch.msg_name = &datagram->name;
        datagram->scratch.msg_namelen = len;
    }
    return 0;
}

int weir_datagram_to_receive(weir_datagram *datagram)
{
    int error = fill(datagram);
    if (error < 0) return error;
    datagram->scratch.msg_name = &datagram->name;
    datagram->scratch.msg_namelen = sizeof(datagram->name);
    return 0;
}

void weir_datagram_received(weir_datagram *datagram)
{
    datagram->truncated = (datagram->scratch.msg_flags & MSG_TRUNC) != 0;
    datagram->address = (weir_address){.kind = WEIR_ADDRESS_NONE};
    socklen_t len = datagram->scratch.msg_namelen;
    /* A connected socket or an unnamed Unix sender may give no name: the address stays NONE. */
    if (len > 0)
        weir_address_from_sockaddr((const struct sockaddr *)&datagram->name, len,
                                   &datagram->address);
}
