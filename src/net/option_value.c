/* SPDX-License-Identifier: MIT
 *
 * Socket options that are more than one number: keepalive, linger, names,
 * interfaces, the error.
 */
#include <weir/net/option.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>

#include "net/option_table.h"

int weir_option_take_error(weir_io *io, weir_socket socket, int *out)
{
    net_target target = net_target_of(io, socket);
    int number = 0;
    int error = net_option_get(&target, NET_ERROR, &number);
    if (!error) *out = -number;
    return error;
}

/* The kernel takes any index, also one of no interface, so it is asked first. */
int weir_option_set_device(weir_io *io, weir_socket socket, weir_interface device)
{
    weir_interface_name name;
    if (device.index > INT32_MAX) return WEIR_EINVAL;
    net_target target = net_target_of(io, socket);
    int error = net_option_check_kind(&target, NET_DEVICE);
    if (!error && device.index != 0) error = weir_interface_get_name(io, device, &name);
    return error ? error : net_option_set(&target, NET_DEVICE, device.index);
}

int weir_option_get_device(weir_io *io, weir_socket socket, weir_interface *out)
{
    net_target target = net_target_of(io, socket);
    int index = 0;
    int error = net_option_get(&target, NET_DEVICE, &index);
    if (!error) out->index = (uint32_t)index;
    return error;
}

/* Whether a part of the keepalive is in its range; 0 is "leave it". */
static bool is_fine(net_option option, weir_duration time)
{
    return time.ns == 0 || net_option_count(option, time) > 0;
}

int weir_option_set_keepalive(weir_io *io, weir_socket socket, const weir_keepalive *keepalive)
{
    enum { MOST_PROBES = 127 }; /* MAX_TCP_KEEPCNT of the kernel */
    if (!is_fine(NET_KEEPALIVE_IDLE, keepalive->idle) ||
        !is_fine(NET_KEEPALIVE_INTERVAL, keepalive->interval) || keepalive->count < 0 ||
        keepalive->count > MOST_PROBES)
        return WEIR_EINVAL;
    net_target target = net_target_of(io, socket);
    int error = net_option_check_kind(&target, NET_KEEPALIVE);
    if (!error && keepalive->idle.ns)
        error = net_option_set_duration(&target, NET_KEEPALIVE_IDLE, keepalive->idle);
    if (!error && keepalive->interval.ns)
        error = net_option_set_duration(&target, NET_KEEPALIVE_INTERVAL, keepalive->interval);
    if (!error && keepalive->count)
        error = net_option_set(&target, NET_KEEPALIVE_COUNT, keepalive->count);
    return error ? error : net_option_set(&target, NET_KEEPALIVE, keepalive->on);
}

int weir_option_get_keepalive(weir_io *io, weir_socket socket, weir_keepalive *out)
{
    net_target target = net_target_of(io, socket);
    weir_keepalive value = {0};
    int on = 0;
    int error = net_option_get(&target, NET_KEEPALIVE, &on);
    if (!error) error = net_option_get_duration(&target, NET_KEEPALIVE_IDLE, &value.idle);
    if (!error) error = net_option_get_duration(&target, NET_KEEPALIVE_INTERVAL, &value.interval);
    if (!error) error = net_option_get(&target, NET_KEEPALIVE_COUNT, &value.count);
    if (error) return error;
    value.on = on != 0;
    *out = value;
    return 0;
}

static int set_linger(weir_io *io, weir_socket socket, bool on, int seconds)
{
    const struct linger value = {.l_onoff = on, .l_linger = seconds};
    net_target target = net_target_of(io, socket);
    return net_option_set_bytes(&target, NET_LINGER, &value, sizeof value);
}

int weir_option_set_linger(weir_io *io, weir_socket socket, const weir_linger *linger)
{
    if (!linger->on) return set_linger(io, socket, false, 0);
    const int64_t seconds = net_option_count(NET_LINGER, linger->time);
    return seconds < 0 ? WEIR_EINVAL : set_linger(io, socket, true, (int)seconds);
}

int weir_option_get_linger(weir_io *io, weir_socket socket, weir_linger *out)
{
    struct linger value = {0};
    uint32_t size = sizeof value;
    net_target target = net_target_of(io, socket);
    int error = net_option_get_bytes(&target, NET_LINGER, &value, &size);
    if (error) return error;
    out->on = value.l_onoff != 0;
    out->time = weir_seconds(out->on ? value.l_linger : 0);
    return 0;
}

int weir_option_set_reset_on_close(weir_io *io, weir_socket socket)
{
    return set_linger(io, socket, true, 0);
}

int weir_option_set_congestion(weir_io *io, weir_socket socket, weir_bytes name)
{
    if (name.len == 0 || memchr(name.data, 0, name.len)) return WEIR_EINVAL;
    if (name.len >= WEIR_CONGESTION_NAME) return WEIR_ENAMETOOLONG;
    net_target target = net_target_of(io, socket);
    return net_option_set_bytes(&target, NET_CONGESTION, name.data, (uint32_t)name.len);
}

int weir_option_get_congestion(weir_io *io, weir_socket socket, char *out)
{
    char name[WEIR_CONGESTION_NAME + 1] = {0};
    uint32_t size = WEIR_CONGESTION_NAME;
    net_target target = net_target_of(io, socket);
    int error = net_option_get_bytes(&target, NET_CONGESTION, name, &size);
    if (error) return error;
    name[WEIR_CONGESTION_NAME - 1] = '\0';
    memcpy(out, name, WEIR_CONGESTION_NAME);
    return 0;
}

/* The IPv4 form; the index, when there is one, goes before the address. */
static int set_multicast4(net_target *target, uint32_t index, const uint8_t ipv4[4])
{
    struct ip_mreqn value = {.imr_ifindex = (int)index};
    memcpy(&value.imr_address, ipv4, sizeof value.imr_address);
    return net_option_set_bytes(target, NET_MULTICAST_INTERFACE, &value, sizeof value);
}

int weir_option_set_multicast_interface(weir_io *io, weir_socket socket, weir_interface interface)
{
    static const uint8_t any[4];
    if (interface.index > INT32_MAX) return WEIR_EINVAL;
    net_target target = net_target_of(io, socket);
    int error = net_option_check_kind(&target, NET_MULTICAST_INTERFACE);
    if (error) return error;
    const int index = (int)interface.index;
    if (target.family == AF_INET) {
        error = set_multicast4(&target, interface.index, any);
    } else {
        const struct ip_mreqn value = {.imr_ifindex = index};
        error = net_option_set(&target, NET_MULTICAST_INTERFACE, index);
        if (!error)
            error = weir_set_option(io, socket, IPPROTO_IP, IP_MULTICAST_IF, &value, sizeof value);
    }
    return error == WEIR_EADDRNOTAVAIL || error == WEIR_ENODEV ? WEIR_EINTERFACE : error;
}

int weir_option_get_multicast_interface(weir_io *io, weir_socket socket, weir_interface *out)
{
    net_target target = net_target_of(io, socket);
    int index = 0;
    int error = net_option_check_kind(&target, NET_MULTICAST_INTERFACE);
    if (error) return error;
    if (target.family == AF_INET) return WEIR_EUNSUPPORTED;
    error = net_option_get(&target, NET_MULTICAST_INTERFACE, &index);
    if (!error) out->index = (uint32_t)index;
    return error;
}

/* Returns 0 when the socket can have a multicast interface by address. */
static int check_multicast4(net_target *target)
{
    int error = net_option_check_kind(target, NET_MULTICAST_INTERFACE);
    if (error) return error;
    return target->family == AF_INET ? 0 : WEIR_EUNSUPPORTED;
}

int weir_option_set_multicast_address(weir_io *io, weir_socket socket, const weir_address *address)
{
    if (address->kind != WEIR_ADDRESS_IPV4) return WEIR_EINVAL;
    net_target target = net_target_of(io, socket);
    int error = check_multicast4(&target);
    return error ? error : set_multicast4(&target, 0, address->at.ipv4);
}

int weir_option_get_multicast_address(weir_io *io, weir_socket socket, weir_address *out)
{
    struct in_addr value = {0};
    uint32_t size = sizeof value;
    net_target target = net_target_of(io, socket);
    int error = check_multicast4(&target);
    if (!error) error = net_option_get_bytes(&target, NET_MULTICAST_INTERFACE, &value, &size);
    if (error) return error;
    *out = (weir_address){.kind = WEIR_ADDRESS_IPV4};
    memcpy(out->at.ipv4, &value, sizeof value);
    return 0;
}
