/* SPDX-License-Identifier: MIT
 *
 * Does ending one direction end just that one, seen by the peer as an end of stream that stays?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

static void exchange(weir_io *io, weir_socket ends[2])
{
    char got[16];
    check_int(weir_write_all(io, ends[0], "question", 8), 8);
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    check_int(weir_read(io, ends[1], got, 8), 8);
    for (int i = 0; i < 3; i++) check_int(weir_read(io, ends[1], got, sizeof got), 0);
    check_int(weir_write_all(io, ends[1], "answer", 6), 6);
    check_int(weir_read(io, ends[0], got, sizeof got), 6);
    check(memcmp(got, "answer", 6) == 0);
    check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
    for (int i = 0; i < 3; i++) check_int(weir_read(io, ends[0], got, sizeof got), 0);
}

CONTRACT(the_other_direction_still_works_after_a_half_close)
{
    weir_socket ends[2];
    if (contract_tcp_pair(io, ends)) exchange(io, ends);
    contract_close(io, ends);
    contract_pair(SOCK_STREAM, ends);
    exchange(io, ends);
    contract_close(io, ends);
}

typedef struct listening {
    weir_socket from;
    uint32_t begun;
    int64_t result;
} listening;

static int await_end(weir_io *io, void *argument)
{
    listening *l = argument;
    char byte;
    contract_raise(io, &l->begun);
    l->result = weir_read(io, l->from, &byte, 1);
    return 0;
}

CONTRACT(a_reader_that_waits_sees_the_end)
{
    for (int how = 0; how < 3; how++) {
        weir_socket ends[2];
        weir_task task = {0};
        if (!contract_tcp_pair(io, ends)) return;
        listening l = {.from = ends[0], .result = 1};
        check_int(weir_concurrent(io, &task, await_end, &l, NULL), 0);
        contract_reached(io, &l.begun, 1);
        contract_settle(io);
        if (how == 0) check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
        if (how == 1) check_int(weir_shutdown(io, ends[0], SHUT_RD), 0);
        if (how == 2) {
            weir_close_socket(io, ends[1]);
            ends[1].fd = -1;
        }
        check_int(weir_await(io, &task, NULL), 0);
        check_int(l.result, 0);
        contract_close(io, ends);
    }
}

CONTRACT(the_end_comes_after_all_bytes)
{
    weir_socket ends[2];
    char buffer[1000];
    size_t total = 0;
    if (!contract_tcp_pair(io, ends)) return;
    memset(buffer, 'b', sizeof buffer);
    for (int i = 0; i < 20; i++)
        check_int(weir_write_all(io, ends[0], buffer, sizeof buffer), sizeof buffer);
    weir_close_socket(io, ends[0]);
    ends[0].fd = -1;
    int64_t got;
    while ((got = weir_read(io, ends[1], buffer, 777)) > 0) total += (size_t)got;
    check_int(got, 0);
    check_int(total, 20000);
    contract_close(io, ends);
}

CONTRACT(a_socket_that_is_not_connected_cannot_be_shut_down_or_used)
{
    weir_socket socket;
    weir_address address;
    char byte;
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), 0);
    check_int(weir_shutdown(io, socket, SHUT_WR), WEIR_ENOTCONN);
    check_int(weir_peer_address(io, socket, &address), WEIR_ENOTCONN);
    check_int(weir_read(io, socket, &byte, 1), WEIR_ENOTCONN);
    int64_t sent = weir_write(io, socket, &byte, 1);
    check(sent == WEIR_ENOTCONN || sent == WEIR_EPIPE);
    weir_close_socket(io, socket);
}
