/* SPDX-License-Identifier: MIT
 *
 * What the kernel knows about a TCP connection: TCP_INFO in our words.
 *
 * The kernel's struct grew at its end over the years; how much of it there is
 * tells what the kernel knows.
 */
#include <weir/net/tcp_info.h>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include <weir/base/error.h>

#include "net/tcp_info_read.h"

/* Where each group ends. */
static const struct {
    uint32_t group;
    size_t end;
} groups[] = {
#define UP_TO(group_, last_)                                                        \
    {                                                                               \
        WEIR_TCP_INFO_##group_, offsetof(struct tcp_info, tcpi_##last_) +           \
                                    sizeof(((struct tcp_info *)NULL)->tcpi_##last_) \
    }
    UP_TO(BASIC, total_retrans),   UP_TO(PACING, max_pacing_rate),
    UP_TO(BYTES, bytes_received),  UP_TO(SEGMENTS, segs_in),
    UP_TO(UNSENT, data_segs_out),  UP_TO(DELIVERY_RATE, delivery_rate),
    UP_TO(BUSY, sndbuf_limited),   UP_TO(DELIVERED, delivered_ce),
    UP_TO(BYTES_SENT, reord_seen), UP_TO(RECEIVE_DISORDER, snd_wnd),
};

static void read_counters(const struct tcp_info *from, weir_tcp_info *out)
{
    const bool listens = from->tcpi_state == WEIR_TCP_LISTEN;
    out->accept_queue = listens ? from->tcpi_unacked : 0;
    out->accept_limit = listens ? from->tcpi_sacked : 0;
    out->unacked = listens ? 0 : from->tcpi_unacked;
    out->sacked = listens ? 0 : from->tcpi_sacked;
    out->lost = from->tcpi_lost;
    out->retransmitting = from->tcpi_retrans;
    out->retransmits = from->tcpi_retransmits;
    out->probes = from->tcpi_probes;
    out->backoff = from->tcpi_backoff;
    out->retransmitted = from->tcpi_total_retrans;
    out->bytes_acked = from->tcpi_bytes_acked;
    out->bytes_received = from->tcpi_bytes_received;
    out->bytes_sent = from->tcpi_bytes_sent;
    out->bytes_retransmitted = from->tcpi_bytes_retrans;
    out->segments_out = from->tcpi_segs_out;
    out->segments_in = from->tcpi_segs_in;
    out->data_segments_out = from->tcpi_data_segs_out;
    out->data_segments_in = from->tcpi_data_segs_in;
    out->unsent = from->tcpi_notsent_bytes;
    out->delivered = from->tcpi_delivered;
    out->delivered_marked = from->tcpi_delivered_ce;
    out->duplicates_reported = from->tcpi_dsack_dups;
    out->reorderings = from->tcpi_reord_seen;
    out->received_out_of_order = from->tcpi_rcv_ooopack;
}

static void read_times(const struct tcp_info *from, weir_tcp_info *out)
{
    const uint32_t unknown = UINT32_MAX; /* of tcpi_min_rtt, when nothing was measured */
    out->retransmit_timeout = weir_microseconds(from->tcpi_rto);
    out->ack_timeout = weir_microseconds(from->tcpi_ato);
    out->since_data_sent = weir_milliseconds(from->tcpi_last_data_sent);
    out->since_data_received = weir_milliseconds(from->tcpi_last_data_recv);
    out->since_ack_received = weir_milliseconds(from->tcpi_last_ack_recv);
    out->rtt = weir_microseconds(from->tcpi_rtt);
    out->rtt_variation = weir_microseconds(from->tcpi_rttvar);
    out->receive_rtt = weir_microseconds(from->tcpi_rcv_rtt);
    out->min_rtt = weir_microseconds(from->tcpi_min_rtt == unknown ? 0 : from->tcpi_min_rtt);
    out->busy = weir_microseconds((int64_t)from->tcpi_busy_time);
    out->receiver_limited = weir_microseconds((int64_t)from->tcpi_rwnd_limited);
    out->buffer_limited = weir_microseconds((int64_t)from->tcpi_sndbuf_limited);
}

static void read_sizes(const struct tcp_info *from, weir_tcp_info *out)
{
    const uint32_t infinite = 0x7fffffff; /* TCP_INFINITE_SSTHRESH of the kernel */
    out->send_scale = from->tcpi_snd_wscale;
    out->receive_scale = from->tcpi_rcv_wscale;
    out->send_mss = from->tcpi_snd_mss;
    out->receive_mss = from->tcpi_rcv_mss;
    out->advertised_mss = from->tcpi_advmss;
    out->path_mtu = from->tcpi_pmtu;
    out->send_window_threshold = from->tcpi_snd_ssthresh >= infinite ? 0 : from->tcpi_snd_ssthresh;
    out->congestion_window = from->tcpi_snd_cwnd;
    out->reordering = from->tcpi_reordering;
    out->receive_threshold = from->tcpi_rcv_ssthresh;
    out->receive_space = from->tcpi_rcv_space;
    out->pacing_rate = from->tcpi_pacing_rate;
    out->max_pacing_rate = from->tcpi_max_pacing_rate;
    out->delivery_rate = from->tcpi_delivery_rate;
    out->delivery_limited_by_program = from->tcpi_delivery_rate_app_limited;
    out->send_window = from->tcpi_snd_wnd;
}

void net_tcp_info_read(const void *data, size_t len, weir_tcp_info *out)
{
    struct tcp_info from = {0};
    *out = (weir_tcp_info){0};
    size_t whole = 0; /* of a group of which a part is there, nothing is taken */
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (groups[i].end <= len)
            whole = groups[i].end;
        else
            out->missing |= groups[i].group;
    }
    if (whole == 0) return;
    memcpy(&from, data, whole);
    out->state = from.tcpi_state <= WEIR_TCP_CLOSING ? (weir_tcp_state)from.tcpi_state
                                                     : WEIR_TCP_SYN_RECEIVED;
    if (from.tcpi_ca_state <= TCP_CA_Loss)
        out->congestion = (weir_tcp_congestion_state)from.tcpi_ca_state;
    out->timestamps = from.tcpi_options & TCPI_OPT_TIMESTAMPS;
    out->sack = from.tcpi_options & TCPI_OPT_SACK;
    out->window_scaling = from.tcpi_options & TCPI_OPT_WSCALE;
    out->ecn = from.tcpi_options & TCPI_OPT_ECN;
    out->fast_open = from.tcpi_options & TCPI_OPT_SYN_DATA;
    read_counters(&from, out);
    read_times(&from, out);
    read_sizes(&from, out);
}

int weir_tcp_info_get(weir_io *io, weir_socket socket, weir_tcp_info *out)
{
    struct tcp_info from;
    uint32_t size = sizeof from;
    int error = weir_get_option(io, socket, IPPROTO_TCP, TCP_INFO, &from, &size);
    if (error == WEIR_ENOPROTOOPT || error == WEIR_EOPNOTSUPP) return WEIR_EUNSUPPORTED;
    if (!error) net_tcp_info_read(&from, size, out);
    return error;
}

const char *weir_tcp_state_name(weir_tcp_state state)
{
    static const char *const names[] = {
        [WEIR_TCP_UNKNOWN] = "?",
        [WEIR_TCP_ESTABLISHED] = "ESTABLISHED",
        [WEIR_TCP_SYN_SENT] = "SYN-SENT",
        [WEIR_TCP_SYN_RECEIVED] = "SYN-RECEIVED",
        [WEIR_TCP_FIN_WAIT_1] = "FIN-WAIT-1",
        [WEIR_TCP_FIN_WAIT_2] = "FIN-WAIT-2",
        [WEIR_TCP_TIME_WAIT] = "TIME-WAIT",
        [WEIR_TCP_CLOSED] = "CLOSED",
        [WEIR_TCP_CLOSE_WAIT] = "CLOSE-WAIT",
        [WEIR_TCP_LAST_ACK] = "LAST-ACK",
        [WEIR_TCP_LISTEN] = "LISTEN",
        [WEIR_TCP_CLOSING] = "CLOSING",
    };
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : names[0];
}
