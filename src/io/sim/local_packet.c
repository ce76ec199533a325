/* SPDX-License-Identifier: MIT
 *
 * Packets of Unix sockets, and the control data that goes with them: descriptors and credentials.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/local.h"

enum { MAX_RIGHTS = 253 /* SCM_MAX_FD */ };

/* A process of a simulated host has these. */
static struct ucred credentials_of(const host *h)
{
    return (struct ucred){.pid = 1000 + (pid_t)h->index, .uid = 1000, .gid = 1000};
}

void weir_sim_packet_free(sim_packet *packet)
{
    for (uint32_t i = 0; i < packet->right_count; i++) weir_sim_node_release(packet->rights[i]);
    free(packet->rights);
    free(packet->from);
    free(packet);
}

static int take_rights(const host *h, sim_packet *packet, const struct cmsghdr *header)
{
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (packet->right_count + count > MAX_RIGHTS) return WEIR_EINVAL;
    if (count == 0) return 0;
    sim_node **rights = realloc(packet->rights, (packet->right_count + count) * sizeof(sim_node *));
    if (!rights) return WEIR_ENOMEM;
    packet->rights = rights;
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        sim_node *n = weir_sim_node_at(h, fd);
        if (!n) return WEIR_EBADF;
        n->references++;
        packet->rights[packet->right_count++] = n;
    }
    return 0;
}

static int check_credentials(const host *h, sim_packet *packet, const struct cmsghdr *header)
{
    struct ucred given;
    const struct ucred own = credentials_of(h);
    if (header->cmsg_len != CMSG_LEN(sizeof given)) return WEIR_EINVAL;
    memcpy(&given, CMSG_DATA(header), sizeof given);
    if (given.pid != own.pid || given.uid != own.uid || given.gid != own.gid) return WEIR_EPERM;
    packet->credentials = true;
    return 0;
}

static int take_control(const host *h, sim_packet *packet, const weir_message *message)
{
    const struct msghdr all = {.msg_control = message->control,
                               .msg_controllen = message->control_len};
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&all); at;
         at = CMSG_NXTHDR((struct msghdr *)&all, at)) {
        int error = WEIR_EINVAL;
        const size_t left = message->control_len - (size_t)((char *)at - (char *)message->control);
        if (at->cmsg_len < CMSG_LEN(0) || at->cmsg_len > left) return error;
        if (at->cmsg_level != SOL_SOCKET) continue;
        if (at->cmsg_type == SCM_RIGHTS) error = take_rights(h, packet, at);
        if (at->cmsg_type == SCM_CREDENTIALS) error = check_credentials(h, packet, at);
        if (error) return error;
    }
    return 0;
}

sim_packet *weir_sim_packet_make(local *from, sim_transfer *t, size_t length, int *error)
{
    sim_packet *packet = calloc(1, sizeof *packet + length);
    *error = packet ? 0 : WEIR_ENOMEM;
    if (!packet) return NULL;
    packet->length = (uint32_t)length;
    const weir_message *message = t->message;
    if (message && message->control_len > 0)
        *error = take_control(from->node.host, packet, message);
    if (!*error && from->name && !from->node.kind->is_stream) {
        packet->from = malloc(sizeof *packet->from);
        if (packet->from) *packet->from = *from->name;
        if (!packet->from) *error = WEIR_ENOMEM;
    }
    if (*error) {
        weir_sim_packet_free(packet);
        return NULL;
    }
    weir_sim_transfer_out(t, packet->data, length);
    return packet;
}

void weir_sim_packet_append(local *to, sim_packet *packet)
{
    packet->next = NULL;
    if (to->first) {
        to->last->next = packet;
    } else {
        to->first = packet;
    }
    to->last = packet;
    to->bytes += packet->length;
    to->packets++;
    weir_sim_stir(&to->node);
}

void weir_sim_packet_drop(local *from)
{
    sim_packet *packet = from->first;
    from->first = packet->next;
    from->bytes -= packet->length - packet->taken;
    from->packets--;
    weir_sim_packet_free(packet);
}

/* Adds a control message, as far as there is room.  Returns whether it was cut. */
static bool add(weir_message *message, uint32_t *used, int type, const void *data, size_t size,
                size_t unit)
{
    if (!message->control || message->control_len < *used + CMSG_LEN(0)) return true;
    struct cmsghdr *header = (struct cmsghdr *)(void *)((char *)message->control + *used);
    size_t room = message->control_len - *used - CMSG_LEN(0);
    const size_t given = size <= room ? size : room - room % unit;
    *header =
        (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = type, .cmsg_len = CMSG_LEN(given)};
    memcpy(CMSG_DATA(header), data, given);
    const uint32_t space = (uint32_t)CMSG_SPACE(given), left = message->control_len - *used;
    *used += space < left ? space : left;
    return given < size;
}

/* As many descriptors as there is room for; who does not get them loses them. */
static bool add_rights(local *to, sim_packet *packet, weir_message *message, uint32_t *used)
{
    int fds[MAX_RIGHTS];
    uint32_t count = 0, fit = 0;
    if (message->control && message->control_len >= *used + CMSG_LEN(sizeof(int)))
        fit = (uint32_t)((message->control_len - *used - CMSG_LEN(0)) / sizeof(int));
    while (count < packet->right_count && count < fit) {
        const int fd = weir_sim_node_open(to->node.host, packet->rights[count]);
        if (fd < 0) break;
        fds[count++] = fd;
    }
    const bool cut = count < packet->right_count;
    if (count > 0) add(message, used, SCM_RIGHTS, fds, count * sizeof(int), sizeof(int));
    return cut;
}

void weir_sim_packet_tell(local *to, sim_packet *packet, sim_transfer *t)
{
    weir_message *message = t->message;
    uint32_t used = 0;
    bool cut = false;
    message->address = packet->from ? *packet->from : (weir_address){0};
    if (weir_sim_option(&to->node, SOL_SOCKET, SO_PASSCRED)) {
        const struct ucred own = credentials_of(to->node.host);
        cut |= add(message, &used, SCM_CREDENTIALS, &own, sizeof own, 1);
    }
    if (packet->right_count > 0) cut |= add_rights(to, packet, message, &used);
    message->control_len = used;
    if (cut) message->came |= WEIR_MESSAGE_CONTROL_TRUNCATED;
}
