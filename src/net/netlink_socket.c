/* SPDX-License-Identifier: MIT
 *
 * Asking the kernel over a netlink socket: through the engine, answers of the
 * kernel alone.
 *
 * Any process may send to a netlink socket that knows its number.  The kernel
 * attaches the sender's credentials (SO_PASSCRED); only its own messages have
 * process 0.
 */
#include "net/netlink_socket.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>

int net_netlink_open(weir_io *io, weir_socket *out)
{
    int error = weir_socket_open(io, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, out);
    if (error) return error;
    const int on = 1;
    error = weir_set_option(io, *out, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    if (error) weir_close_socket(io, *out);
    return error;
}

int net_netlink_send(weir_io *io, weir_socket socket, const char *request, size_t len)
{
    struct iovec slice = {(void *)(uintptr_t)request, len};
    weir_message message = {.data = &slice, .count = 1};
    int64_t sent = weir_send(io, socket, &message);
    if (sent < 0) return (int)sent;
    return (size_t)sent == len ? 0 : WEIR_EPROTO;
}

static bool is_of_kernel(void *control, size_t len)
{
    struct msghdr header = {.msg_control = control, .msg_controllen = len};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        struct ucred sender;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) continue;
        if (c->cmsg_len < CMSG_LEN(sizeof sender)) return false;
        memcpy(&sender, CMSG_DATA(c), sizeof sender);
        return sender.pid == 0;
    }
    return false;
}

int64_t net_netlink_receive(weir_io *io, weir_socket socket, char *buffer, size_t room)
{
    for (;;) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
        struct iovec slice = {buffer, room};
        weir_message message = {
            .data = &slice, .count = 1, .control = control, .control_len = sizeof control};
        int64_t n = weir_receive(io, socket, &message);
        if (n < 0) return n;
        if (!is_of_kernel(control, message.control_len)) continue;
        if (message.came & WEIR_MESSAGE_TRUNCATED) return WEIR_EMSGSIZE;
        return n;
    }
}
