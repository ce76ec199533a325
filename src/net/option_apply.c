/* SPDX-License-Identifier: MIT
 *
 * Options as one value: a list of members, in the order in which they are set.
 */
#include <weir/net/option.h>

#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>

#include "net/option_table.h"

/* How a member asks for its option; its zero never does. */
typedef enum form {
    ON,       /* bool: true sets 1 */
    OFF,      /* bool: true sets 0 */
    NUMBER,   /* int, with WEIR_OPTION_ZERO */
    UNSIGNED, /* uint32_t */
    SIZE,     /* size_t */
    DURATION, /* weir_duration */
    SPECIAL,  /* a function */
} form;

typedef int special_step(net_target *target, const weir_socket_options *options);

typedef struct option_step {
    const char *name;
    size_t offset;
    form form;
    net_option option;
    special_step *special;
} option_step;

static int set_only_ipv6(net_target *target, const weir_socket_options *options)
{
    int error = net_option_check_kind(target, NET_ONLY_IPV6);
    if (error == WEIR_EUNSUPPORTED && !options->strict) return 0;
    return error ? error : net_option_set(target, NET_ONLY_IPV6, options->only_ipv6);
}

static int apply_only_ipv6(net_target *target, const weir_socket_options *options)
{
    return options->only_ipv6 ? set_only_ipv6(target, options) : 0;
}

/* 0 explicitly, as the system's own setting (net.ipv6.bindv6only) may be 1. */
static int apply_dual_stack(net_target *target, const weir_socket_options *options)
{
    if (!options->dual_stack) return 0;
    return options->only_ipv6 ? WEIR_EINVAL : set_only_ipv6(target, options);
}

/* For Nagle's delay nothing is set, as a new socket has it. */
static int apply_delay(net_target *target, const weir_socket_options *options)
{
    int error = net_target_protocol(target);
    if (error) return error;
    if (!net_target_is_tcp(target)) return options->delay ? WEIR_EUNSUPPORTED : 0;
    return options->delay ? 0 : net_option_set(target, NET_NODELAY, 1);
}

static int apply_ttl(net_target *target, const weir_socket_options *options)
{
    if (options->ttl == 0) return 0;
    return options->ttl < 1 ? WEIR_EINVAL : net_option_set(target, NET_TTL, options->ttl);
}

static int apply_keepalive(net_target *target, const weir_socket_options *options)
{
    const weir_keepalive *keepalive = &options->keepalive;
    if (!keepalive->on && !keepalive->count && !keepalive->idle.ns && !keepalive->interval.ns)
        return 0;
    return weir_option_set_keepalive(target->io, target->socket, keepalive);
}

static int apply_linger(net_target *target, const weir_socket_options *options)
{
    if (!options->linger.on) return 0;
    return weir_option_set_linger(target->io, target->socket, &options->linger);
}

static int apply_congestion(net_target *target, const weir_socket_options *options)
{
    if (!options->congestion) return 0;
    return weir_option_set_congestion(target->io, target->socket,
                                      weir_bytes_text(options->congestion));
}

static int apply_max_segment(net_target *target, const weir_socket_options *options)
{
    if (options->max_segment == 0) return 0;
    return weir_option_set_max_segment(target->io, target->socket, options->max_segment);
}

static int apply_dont_fragment(net_target *target, const weir_socket_options *options)
{
    if (!options->dont_fragment) return 0;
    return net_option_set(target, NET_PATH_MTU_DISCOVERY, WEIR_PATH_MTU_DO);
}

static int apply_device(net_target *target, const weir_socket_options *options)
{
    if (options->device.index == 0) return 0;
    return weir_option_set_device(target->io, target->socket, options->device);
}

static int apply_multicast_interface(net_target *target, const weir_socket_options *options)
{
    const weir_interface interface = options->multicast_interface;
    if (interface.index == 0) return 0;
    return weir_option_set_multicast_interface(target->io, target->socket, interface);
}

/* Where `value`, a member of the options, asks for something: sets it. */
static int apply_plain(net_target *target, const option_step *step, const void *value)
{
    bool on;
    int number;
    uint32_t bits;
    size_t size;
    weir_duration time;
    switch (step->form) {
    case ON:
    case OFF:
        memcpy(&on, value, sizeof on);
        return on ? net_option_set(target, step->option, step->form == ON) : 0;
    case NUMBER:
        memcpy(&number, value, sizeof number);
        if (number == 0) return 0;
        if (number < 0 && number != WEIR_OPTION_ZERO) return WEIR_EINVAL;
        return net_option_set(target, step->option, number < 0 ? 0 : number);
    case UNSIGNED:
        memcpy(&bits, value, sizeof bits);
        return bits ? net_option_set(target, step->option, bits) : 0;
    case SIZE:
        memcpy(&size, value, sizeof size);
        if (size > INT64_MAX) return WEIR_EINVAL;
        return size ? net_option_set(target, step->option, (int64_t)size) : 0;
    case DURATION:
        memcpy(&time, value, sizeof time);
        return time.ns ? net_option_set_duration(target, step->option, time) : 0;
    case SPECIAL: break;
    }
    return 0;
}

#define MEMBER(member_, form_, option_)                                                    \
    {                                                                                      \
        .name = #member_, .offset = offsetof(weir_socket_options, member_), .form = form_, \
        .option = option_                                                                  \
    }
#define BY(member_)                                                   \
    {                                                                 \
        .name = #member_, .form = SPECIAL, .special = apply_##member_ \
    }

/* The family comes before reuse: a conflict of ports is decided by it.  The
 * traffic class comes before the priority, which it would overwrite. */
static const option_step steps[] = {
    BY(only_ipv6),
    BY(dual_stack),
    MEMBER(reuse_address, ON, NET_REUSE_ADDRESS),
    MEMBER(reuse_port, ON, NET_REUSE_PORT),
    MEMBER(bind_without_port, ON, NET_BIND_WITHOUT_PORT),
    MEMBER(free_bind, ON, NET_FREE_BIND),
    MEMBER(transparent, ON, NET_TRANSPARENT),
    BY(device),
    MEMBER(send_buffer, SIZE, NET_SEND_BUFFER),
    MEMBER(receive_buffer, SIZE, NET_RECEIVE_BUFFER),
    BY(ttl),
    MEMBER(traffic_class, NUMBER, NET_TRAFFIC_CLASS),
    MEMBER(priority, NUMBER, NET_PRIORITY),
    MEMBER(mark, UNSIGNED, NET_MARK),
    MEMBER(zero_copy, ON, NET_ZERO_COPY),
    BY(delay),
    MEMBER(cork, ON, NET_CORK),
    MEMBER(fast_open_connect, ON, NET_FAST_OPEN_CONNECT),
    MEMBER(fast_open_queue, NUMBER, NET_FAST_OPEN_QUEUE),
    BY(keepalive),
    BY(linger),
    MEMBER(user_timeout, DURATION, NET_USER_TIMEOUT),
    MEMBER(defer_accept, DURATION, NET_DEFER_ACCEPT),
    BY(congestion),
    MEMBER(not_sent_low, UNSIGNED, NET_NOT_SENT_LOW),
    BY(max_segment),
    MEMBER(broadcast, ON, NET_BROADCAST),
    BY(dont_fragment),
    MEMBER(no_multicast_loop, OFF, NET_MULTICAST_LOOP),
    MEMBER(multicast_hops, NUMBER, NET_MULTICAST_HOPS),
    BY(multicast_interface),
    MEMBER(receive_packet_info, ON, NET_RECEIVE_PACKET_INFO),
    MEMBER(receive_traffic_class, ON, NET_RECEIVE_TRAFFIC_CLASS),
    MEMBER(receive_ttl, ON, NET_RECEIVE_TTL),
    MEMBER(receive_timestamp, ON, NET_RECEIVE_TIMESTAMP),
    MEMBER(receive_errors, ON, NET_RECEIVE_ERRORS),
    MEMBER(udp_gro, ON, NET_UDP_GRO),
    MEMBER(udp_segment, NUMBER, NET_UDP_SEGMENT),
    MEMBER(pass_credentials, ON, NET_PASS_CREDENTIALS),
};

_Static_assert(sizeof(weir_interface) == sizeof(uint32_t), "`device` is read as its index");

int weir_socket_options_apply(weir_io *io, weir_socket socket, const weir_socket_options *options,
                              const char **failed)
{
    static const weir_socket_options none;
    if (!options) options = &none;
    net_target target = net_target_of(io, socket);
    if (failed) *failed = NULL;
    int error = net_target_protocol(&target);
    for (size_t i = 0; !error && i < sizeof steps / sizeof *steps; i++) {
        const option_step *step = &steps[i];
        error = step->special ? step->special(&target, options)
                              : apply_plain(&target, step, (const char *)options + step->offset);
        if (error && failed) *failed = step->name;
    }
    return error;
}
