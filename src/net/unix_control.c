/* SPDX-License-Identifier: MIT
 *
 * Control data of Unix messages: SCM_RIGHTS and SCM_CREDENTIALS, and whatever else carries
 * descriptors.
 */
#include "net/unix_control.h"

#include <string.h>

/* A descriptor of the sender's process, since Linux 6.5; older headers do not name it. */
enum { PIDFD = 4 };

size_t net_unix_control_put(const weir_unix_outgoing *message, char *out)
{
    net_control_writer writer = {.data = out, .room = NET_UNIX_CONTROL_ROOM};
    if (message->descriptor_count > 0)
        net_control_put(&writer, SOL_SOCKET, SCM_RIGHTS, message->descriptors,
                        message->descriptor_count * sizeof(int));
    if (message->credentials) {
        const struct ucred own = {.pid = message->credentials->pid,
                                  .uid = message->credentials->user,
                                  .gid = message->credentials->group};
        net_control_put(&writer, SOL_SOCKET, SCM_CREDENTIALS, &own, sizeof own);
    }
    return writer.len;
}

static void take_descriptors(const net_control_item *item, uint32_t room,
                             weir_unix_incoming *message, net_unix_drop *drop, void *argument)
{
    for (size_t at = 0; item->size - at >= sizeof(int); at += sizeof(int)) {
        int fd;
        memcpy(&fd, item->data + at, sizeof fd);
        if (message->descriptor_count < room) {
            message->descriptors[message->descriptor_count++] = fd;
        } else {
            drop(argument, fd);
            message->closed++;
        }
    }
}

void net_unix_control_take(const char *data, size_t len, weir_unix_incoming *message,
                           net_unix_drop *drop, void *argument)
{
    net_control_reader reader = {data, len};
    net_control_item item;
    struct ucred sender;
    while (net_control_next(&reader, &item)) {
        if (item.level != SOL_SOCKET) continue;
        if (item.type == SCM_RIGHTS) {
            take_descriptors(&item, message->room, message, drop, argument);
        } else if (item.type == PIDFD) {
            take_descriptors(&item, 0, message, drop, argument);
        } else if (item.type == SCM_CREDENTIALS &&
                   net_control_copy(&item, &sender, sizeof sender)) {
            message->has_credentials = true;
            message->credentials =
                (weir_unix_credentials){.pid = sender.pid, .user = sender.uid, .group = sender.gid};
        }
    }
}
