/* SPDX-License-Identifier: MIT
 *
 * Is a struct of an older kernel read as far as it goes, and the rest said to be missing?
 */
#include "test/harness/test.h"

#include <linux/tcp.h>
#include <string.h>

#include "net/tcp_info_read.h"

TEST(a_whole_struct_misses_nothing)
{
    struct tcp_info from = {.tcpi_state = WEIR_TCP_ESTABLISHED,
                            .tcpi_rtt = 1500,
                            .tcpi_min_rtt = UINT32_MAX,
                            .tcpi_snd_ssthresh = 0x7fffffff,
                            .tcpi_unacked = 3,
                            .tcpi_snd_wnd = 9};
    weir_tcp_info out;
    net_tcp_info_read(&from, sizeof from, &out);
    assert_int_equal(out.missing, 0);
    assert_int_equal(out.rtt.ns, 1500000);
    assert_int_equal(out.min_rtt.ns, 0);
    assert_int_equal(out.send_window_threshold, 0);
    assert_int_equal(out.unacked, 3);
    assert_int_equal(out.send_window, 9);
    from.tcpi_state = WEIR_TCP_LISTEN;
    net_tcp_info_read(&from, sizeof from, &out);
    assert_int_equal(out.accept_queue, 3);
    assert_int_equal(out.unacked, 0);
    assert_string_equal(weir_tcp_state_name(out.state), "LISTEN");
    assert_string_equal(weir_tcp_state_name((weir_tcp_state)99), "?");
}

TEST(a_short_struct_misses_its_end)
{
    struct tcp_info from;
    memset(&from, 1, sizeof from);
    uint32_t before = ~(uint32_t)0;
    for (size_t len = 0; len <= sizeof from; len++) {
        weir_tcp_info out;
        net_tcp_info_read(&from, len, &out);
        assert_true((out.missing & ~before) == 0); /* more bytes never miss more */
        before = out.missing;
        assert_int_equal(!!(out.missing & WEIR_TCP_INFO_BYTES), out.bytes_acked == 0);
        assert_int_equal(!!(out.missing & WEIR_TCP_INFO_RECEIVE_DISORDER), out.send_window == 0);
    }
    assert_int_equal(before, 0);
}
