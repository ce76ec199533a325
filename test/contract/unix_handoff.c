/* SPDX-License-Identifier: MIT
 *
 * Listeners handed over a Unix socket, and a small protocol of commands over one: is what comes
 * from the other side checked?
 */
#include "test/contract/contract.h"

#include <fcntl.h>

#include <weir/net/unix_message.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

static int64_t send_raw(weir_io *io, weir_socket socket, const void *data, size_t len,
                        const int *fds, uint32_t count)
{
    return weir_unix_send_all(io, socket, data, len, fds, count);
}

CONTRACT(listeners_are_handed_over_with_their_tags)
{
    for (size_t i = 0; i < 3; i++) {
        char longest[WEIR_UNIX_TAG_MAX + 1];
        weir_socket ends[2], tcp;
        weir_address address, unnamed = weir_unix_unnamed();
        weir_unix_listener packets;
        weir_unix_handed handed;
        memset(longest, 't', sizeof longest);
        if (!check_int(weir_socket_pair(io, types[i], ends), 0)) return;
        if (!contract_listener(io, 4, &tcp, &address)) return;
        check_int(weir_unix_listen_packets(io, &unnamed, NULL, &packets), 0);
        check_int(weir_unix_send_listener(io, ends[0], tcp, weir_bytes_text("https")), 0);
        check_int(weir_unix_send_listener(io, ends[0], packets.socket,
                                          weir_bytes_of(longest, WEIR_UNIX_TAG_MAX)),
                  0);
        check_int(weir_unix_send_listener(io, ends[0], tcp, weir_bytes_of("", 0)), 0);
        check_int(weir_unix_send_listener(io, ends[0], tcp, weir_bytes_of(longest, 256)),
                  WEIR_EINVAL);
        check_int(weir_unix_send_listener(io, ends[0], ends[0], weir_bytes_text("x")), WEIR_EINVAL);
        weir_close_socket(io, tcp);

        check_int(weir_unix_receive_listener(io, ends[1], &handed), 1);
        check_int(handed.tag_len, 5);
        check(memcmp(handed.tag, "https", 5) == 0);
        check_int(handed.family, AF_INET);
        check_int(handed.type, SOCK_STREAM);
        weir_tcp_stream client;
        weir_socket accepted;
        if (check_int(weir_tcp_connect(io, &address, &client), 0)) {
            check_int(weir_accept(io, handed.socket, &accepted), 0);
            weir_close_socket(io, accepted);
            weir_tcp_close(io, &client);
        }
        weir_close_socket(io, handed.socket);
        check_int(weir_unix_receive_listener(io, ends[1], &handed), 1);
        check_int(handed.tag_len, WEIR_UNIX_TAG_MAX);
        check_int(handed.family, AF_UNIX);
        check_int(handed.type, SOCK_SEQPACKET);
        weir_close_socket(io, handed.socket);
        check_int(weir_unix_receive_listener(io, ends[1], &handed), 1);
        check_int(handed.tag_len, 0);
        weir_close_socket(io, handed.socket);
        if (types[i] != SOCK_DGRAM) {
            check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
            check_int(weir_unix_receive_listener(io, ends[1], &handed), 0);
        }
        weir_unix_listener_close(io, &packets);
        contract_close(io, ends);
    }
}

CONTRACT(what_is_no_listener_is_refused_and_closed)
{
    weir_socket ends[2], tcp;
    weir_address address;
    weir_unix_handed handed;
    if (!check_int(weir_socket_pair(io, SOCK_SEQPACKET, ends), 0)) return;
    if (!contract_listener(io, 4, &tcp, &address)) return;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int two[2] = {tcp.fd, tcp.fd};
    const struct {
        const char *data;
        size_t len;
        const int *fds;
        uint32_t count;
        int error;
    } cases[] = {
        {"\1x", 2, &null, 1, WEIR_ENOTSOCK},   {"\1x", 2, &ends[0].fd, 1, WEIR_EPROTO},
        {"\1x", 2, two, 2, WEIR_EPROTO},       {"\1x", 2, NULL, 0, WEIR_EPROTO},
        {"\2x", 2, &tcp.fd, 1, WEIR_EPROTO},   {"\0x", 2, &tcp.fd, 1, WEIR_EPROTO},
        {"\377x", 2, &tcp.fd, 1, WEIR_EPROTO},
    };
    const int before = test_fd_count();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_int(send_raw(io, ends[0], cases[i].data, cases[i].len, cases[i].fds, cases[i].count),
                  (int64_t)cases[i].len);
        check_int(weir_unix_receive_listener(io, ends[1], &handed), cases[i].error);
        check_int(handed.socket.fd, -1);
    }
    static const char large[400] = {(char)255};
    check_int(send_raw(io, ends[0], large, sizeof large, &tcp.fd, 1), sizeof large);
    check_int(weir_unix_receive_listener(io, ends[1], &handed), WEIR_EPROTO);
    check_int(test_fd_count(), before);
    close(null);
    weir_close_socket(io, tcp);
    contract_close(io, ends);
}

/* A TCP connection whose closing waits for two minutes: the peer takes nothing. */
static int lingering(weir_io *io, weir_socket *peer)
{
    static const struct linger on = {.l_onoff = 1, .l_linger = 120};
    const int small = 4096;
    weir_socket listener, end;
    weir_address address;
    if (!contract_listener(io, 1, &listener, &address)) return -1;
    check_int(weir_set_option(io, listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &end), 0);
    check_int(weir_connect(io, end, &address), 0);
    check_int(weir_accept(io, listener, peer), 0);
    check(contract_fill(end.fd) > 0);
    check_int(weir_set_option(io, end, SOL_SOCKET, SO_LINGER, &on, sizeof on), 0);
    weir_close_socket(io, listener);
    return end.fd;
}

CONTRACT(closing_what_a_stranger_sent_does_not_wait_for_it)
{
    weir_socket ends[2], peers[2];
    weir_unix_handed handed;
    char data[4];
    struct iovec room = {data, sizeof data};
    weir_unix_incoming in = {.data = &room, .count = 1};
    if (!check_int(weir_socket_pair(io, SOCK_SEQPACKET, ends), 0)) return;
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    for (int i = 0; i < 2; i++) {
        const int fd = lingering(io, &peers[i]);
        check_int(send_raw(io, ends[0], "\1x", 2, &fd, 1), 2);
        close(fd); /* the last one is in the message */
        if (i == 0)
            check_int(weir_unix_receive(io, ends[1], &in), 2);
        else
            check_int(weir_unix_receive_listener(io, ends[1], &handed), WEIR_EPROTO);
        weir_close_socket(io, peers[i]);
    }
    check_int(in.closed, 1);
    check(contract_ms_since(io, start) < 60000);
    contract_close(io, ends);
}

/* A parent's commands and a child's answers, a byte each. */
enum { PING = 1, STATUS = 2, STOP = 255 };
enum { PONG = 1, OK = 2, BUSY = 3, UNKNOWN = 4, ACK = 255 };

static unsigned char answer(unsigned char command, unsigned seen)
{
    switch (command) {
    case PING: return PONG;
    case STATUS: return seen > 3 ? BUSY : OK;
    case STOP: return ACK;
    default: return UNKNOWN;
    }
}

static int serve_commands(weir_io *io, void *argument)
{
    const weir_unix_datagram *channel = argument;
    unsigned char command[2], reply = 0;
    for (unsigned seen = 0; reply != ACK; seen++) {
        const int64_t n = weir_unix_receive_from(io, channel, command, sizeof command, NULL);
        if (n < 0) return (int)n;
        /* An empty datagram is no end, and no command. */
        reply = n == 1 ? answer(command[0], seen) : UNKNOWN;
        check_int(weir_unix_send_to(io, channel, &reply, 1, NULL), 1);
    }
    return 0;
}

CONTRACT(a_child_answers_each_command_and_what_is_none)
{
    static const struct {
        const char *command;
        size_t len;
        int reply;
    } turns[] = {{"\1", 1, PONG},      {"\2", 1, OK},   {"", 0, UNKNOWN}, {"\376", 1, UNKNOWN},
                 {"\1\1", 2, UNKNOWN}, {"\2", 1, BUSY}, {"\377", 1, ACK}};
    weir_socket ends[2];
    if (!check_int(weir_socket_pair(io, SOCK_DGRAM, ends), 0)) return;
    weir_unix_datagram parent = {.socket = ends[0]}, child = {.socket = ends[1]};
    weir_group group = WEIR_GROUP_INIT;
    check_int(weir_group_concurrent(io, &group, serve_commands, &child, NULL), 0);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        unsigned char reply = 0;
        check_int(weir_unix_send_to(io, &parent, turns[i].command, turns[i].len, NULL),
                  (int64_t)turns[i].len);
        check_int(weir_unix_receive_from(io, &parent, &reply, 1, NULL), 1);
        check_int(reply, turns[i].reply);
    }
    check_int(weir_group_wait(io, &group), 0);
    weir_unix_datagram_close(io, &parent);
    weir_unix_datagram_close(io, &child);
}
