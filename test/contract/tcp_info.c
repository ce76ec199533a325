/* SPDX-License-Identifier: MIT
 *
 * Does a TCP connection tell its state and its numbers, and what is none that it has none?
 */
#include "test/contract/contract.h"

#include <weir/net/tcp_info.h>

CONTRACT(a_tcp_connection_tells_its_state_and_numbers)
{
    weir_socket ends[2], local[2];
    weir_tcp_info info;
    char data[1000] = {0};
    if (!check(contract_tcp_pair(io, ends))) return;
    check_int(weir_write_all(io, ends[0], data, sizeof data), sizeof data);
    check(weir_read(io, ends[1], data, sizeof data) > 0);
    check_int(weir_tcp_info_get(io, ends[0], &info), 0);
    check_int(info.state, WEIR_TCP_ESTABLISHED);
    check(info.congestion_window > 0 && info.send_mss > 0);
    if (!(info.missing & WEIR_TCP_INFO_BYTES_SENT)) check_int(info.bytes_sent, sizeof data);
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    check_int(weir_tcp_info_get(io, ends[0], &info), 0);
    check(info.state == WEIR_TCP_FIN_WAIT_1 || info.state == WEIR_TCP_FIN_WAIT_2);
    contract_close(io, ends);
    check_int(weir_tcp_info_get(io, (weir_socket){-1}, &info), WEIR_EBADF);
    if (!check(contract_pair(SOCK_STREAM, local))) return;
    check_int(weir_tcp_info_get(io, local[0], &info), WEIR_EUNSUPPORTED);
    contract_close(io, local);
}

CONTRACT(a_listener_tells_who_waits)
{
    weir_socket listener, accepted;
    weir_address address;
    weir_tcp_info info;
    if (!check(contract_listener(io, 5, &listener, &address))) return;
    check_int(weir_tcp_info_get(io, listener, &info), 0);
    check_int(info.state, WEIR_TCP_LISTEN);
    check_int(info.accept_queue, 0);
    check_int(info.accept_limit, 5);
    const int client = contract_client(&address);
    check(weir_poll(io, listener, WEIR_POLL_READ) > 0);
    check_int(weir_tcp_info_get(io, listener, &info), 0);
    check_int(info.accept_queue, 1);
    check_int(weir_accept(io, listener, &accepted), 0);
    weir_close_socket(io, accepted);
    weir_close_socket(io, listener);
    close(client);
}
