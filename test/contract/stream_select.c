/* SPDX-License-Identifier: MIT
 *
 * Can one task wait for many connections and listeners at once, by ops that it selects from, and is
 * nothing lost by a wait that was given up?
 */
#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/net/policy.h>
#include <weir/net/tcp.h>

CONTRACT(a_tcp_accept_is_a_member_of_a_select)
{
    weir_tcp_listener listeners[2];
    weir_address addresses[2];
    weir_op ops[2], *members[2] = {&ops[0], &ops[1]};
    weir_tcp_stream client, accepted;
    char data[4];
    for (int i = 0; i < 2; i++)
        if (!contract_listener(io, 4, &listeners[i].socket, &addresses[i])) return;

    for (int i = 0; i < 2; i++) weir_tcp_accept_op(&ops[i], listeners[i]);
    check_int(weir_select(io, members, 2, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_EDEADLINE);
    for (int i = 0; i < 2; i++) check_int(ops[i].result, WEIR_ECANCELED);

    check_int(weir_tcp_connect(io, &addresses[1], &client), 0);
    for (int i = 0; i < 2; i++) weir_tcp_accept_op(&ops[i], listeners[i]);
    check_int(weir_select(io, members, 2, weir_never()), 1);
    check_int(ops[0].result, WEIR_ECANCELED);
    if (check(ops[1].result >= 0)) {
        weir_tcp_stream_init(&accepted, (weir_socket){(int)ops[1].result});
        check_int(weir_tcp_write_all(io, &client, "abc", 3), 3);
        check_int(weir_stream_read_full(io, &accepted.stream, data, 3), 3);
        weir_tcp_close(io, &accepted);
    }
    weir_tcp_close(io, &client);
    for (int i = 0; i < 2; i++) weir_tcp_listener_close(io, listeners[i]);
}

enum { STREAMS = 40 };

CONTRACT(many_tcp_streams_are_waited_for_at_once)
{
    static weir_tcp_stream near[STREAMS], far[STREAMS];
    weir_op ops[STREAMS], *members[STREAMS];
    weir_socket ends[2];
    int count = 0;
    for (; count < STREAMS && contract_tcp_pair(io, ends); count++) {
        weir_tcp_stream_init(&near[count], ends[0]);
        weir_tcp_stream_init(&far[count], ends[1]);
        check_int(weir_stream_socket(&near[count].stream).fd, ends[0].fd);
    }
    for (int at = 0; at < count; at += 13) {
        contract_at("stream", (size_t)at);
        char byte = 0;
        check_int(weir_tcp_write(io, &far[at], "x", 1), 1);
        for (int i = 0; i < count; i++) {
            check_int(weir_stream_prepare_ready(&near[i].stream, &ops[i], WEIR_POLL_READ), 0);
            members[i] = &ops[i];
        }
        check_int(weir_select(io, members, (size_t)count, weir_never()), at);
        check(ops[at].result & WEIR_POLL_READ);
        /* What is ready stays so until it is taken. */
        check_int(weir_stream_ready(io, &near[at].stream, WEIR_POLL_READ, weir_never()) &
                      WEIR_POLL_READ,
                  WEIR_POLL_READ);
        check_int(weir_tcp_read(io, &near[at], &byte, 1), 1);
        check_int(byte, 'x');
        check_int(weir_stream_try_read(io, &near[at].stream, &byte, 1), WEIR_EAGAIN);
    }
    for (int i = 0; i < count; i++) {
        weir_tcp_close(io, &near[i]);
        weir_tcp_close(io, &far[i]);
    }
}

CONTRACT(tcp_connects_by_a_text_with_options_and_a_report)
{
    weir_socket listener;
    weir_address address;
    weir_tcp_stream tcp;
    weir_connect_report report;
    const weir_policy policy = weir_policy_public();
    const weir_tcp_connect_options careful = {.policy = &policy};
    char text[40], words[200];
    if (!contract_listener(io, 4, &listener, &address)) return;
    snprintf(text, sizeof text, "localhost:%u", address.port);

    check_int(weir_tcp_connect_text_with(io, text, &careful, &report, &tcp), WEIR_EPOLICY);
    check_int(report.total, 2);
    for (uint32_t i = 0; i < report.kept; i++) check_int(report.failures[i].error, WEIR_EPOLICY);
    const size_t len = weir_connect_report_print(&report, words, sizeof words);
    check(len < sizeof words && strstr(words, "127.0.0.1:") && strstr(words, "address policy"));

    if (check_int(weir_tcp_connect_text_with(io, text, NULL, &report, &tcp), 0))
        weir_tcp_close(io, &tcp);
    check_int(weir_tcp_connect_text_with(io, "example.org:80", NULL, &report, &tcp),
              WEIR_EADDRTEXT);
    check_int(report.total, 0);
    weir_close_socket(io, listener);
}
