/* SPDX-License-Identifier: MIT
 *
 * What the kernel knows about a TCP connection: its state, its timing, what it
 * sent and lost.
 *
 * Source: tcp(7) TCP_INFO; the counters are those of RFC 4898.
 */
#ifndef WEIR_NET_TCP_INFO_H
#define WEIR_NET_TCP_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The states of a connection (RFC 9293 3.3.2), numbered as in the kernel. */
typedef enum weir_tcp_state {
    WEIR_TCP_UNKNOWN,
    WEIR_TCP_ESTABLISHED,
    WEIR_TCP_SYN_SENT,
    WEIR_TCP_SYN_RECEIVED,
    WEIR_TCP_FIN_WAIT_1,
    WEIR_TCP_FIN_WAIT_2,
    WEIR_TCP_TIME_WAIT,
    WEIR_TCP_CLOSED,
    WEIR_TCP_CLOSE_WAIT,
    WEIR_TCP_LAST_ACK,
    WEIR_TCP_LISTEN,
    WEIR_TCP_CLOSING,
} weir_tcp_state;

/* What congestion control is doing. */
typedef enum weir_tcp_congestion_state {
    WEIR_TCP_CONGESTION_OPEN,     /* nothing wrong */
    WEIR_TCP_CONGESTION_DISORDER, /* duplicate acknowledgements: reordering or a
                                     loss */
    WEIR_TCP_CONGESTION_REDUCED,  /* the window shrinks after a congestion mark
                                     (ECN) */
    WEIR_TCP_CONGESTION_RECOVERY, /* fast retransmit */
    WEIR_TCP_CONGESTION_LOSS,     /* the retransmission timer ran out */
} weir_tcp_congestion_state;

/* Groups of members that kernels learned to tell at different times; in
 * weir_tcp_info.missing. */
enum {
    WEIR_TCP_INFO_BASIC = 1,              /* everything above `pacing_rate` */
    WEIR_TCP_INFO_PACING = 2,             /* pacing_rate, max_pacing_rate (Linux 3.15) */
    WEIR_TCP_INFO_BYTES = 4,              /* bytes_acked, bytes_received (4.1) */
    WEIR_TCP_INFO_SEGMENTS = 8,           /* segments_out, segments_in (4.2) */
    WEIR_TCP_INFO_UNSENT = 16,            /* unsent, min_rtt, data_segments_… (4.6) */
    WEIR_TCP_INFO_DELIVERY_RATE = 32,     /* delivery_rate (4.9) */
    WEIR_TCP_INFO_BUSY = 64,              /* busy, …_limited (4.10) */
    WEIR_TCP_INFO_DELIVERED = 128,        /* delivered, delivered_marked (4.18) */
    WEIR_TCP_INFO_BYTES_SENT = 256,       /* bytes_sent, bytes_retransmitted, … (4.19) */
    WEIR_TCP_INFO_RECEIVE_DISORDER = 512, /* received_out_of_order, send_window (5.4) */
};

/* A connection at one moment. */
typedef struct weir_tcp_info {
    uint32_t missing; /* WEIR_TCP_INFO_…: groups that this kernel did not tell;
                         they are 0 */

    weir_tcp_state state;
    weir_tcp_congestion_state congestion;
    uint32_t accept_queue, accept_limit; /* of a listener: how many wait, and how many may */
    uint32_t retransmits;                /* of the segment that is being sent again, right now */
    uint32_t probes;  /* keepalive or window probes without an answer, right now */
    uint32_t backoff; /* how often the retransmission timeout was doubled, right now */
    bool timestamps, sack, window_scaling, ecn, fast_open; /* agreed on; data in the SYN */
    uint8_t send_scale, receive_scale;                     /* shifts of the windows */
    weir_duration retransmit_timeout, ack_timeout;
    uint32_t send_mss, receive_mss, advertised_mss; /* bytes */
    uint32_t unacked, sacked, lost, retransmitting; /* segments in flight */
    weir_duration since_data_sent, since_data_received, since_ack_received;
    uint32_t path_mtu;                         /* bytes */
    weir_duration rtt, rtt_variation;          /* smoothed, of the path from here */
    weir_duration receive_rtt;                 /* as the receiving side guesses it; 0: not known */
    uint32_t send_window_threshold;            /* slow start's, segments; 0: none yet */
    uint32_t congestion_window;                /* segments */
    uint32_t reordering;                       /* segments: distance that is not taken for a loss */
    uint32_t receive_threshold, receive_space; /* bytes: the receive window's tuning */
    uint32_t retransmitted;                    /* segments sent again, ever */

    uint64_t pacing_rate, max_pacing_rate; /* bytes per second; UINT64_MAX: no limit */
    uint64_t bytes_acked, bytes_received;
    uint32_t segments_out, segments_in;
    uint32_t unsent;                              /* bytes written and not sent yet */
    weir_duration min_rtt;                        /* 0: not known */
    uint32_t data_segments_out, data_segments_in; /* with data */
    uint64_t delivery_rate;                       /* bytes per second, lately */
    bool delivery_limited_by_program;             /* … and more would have been possible */
    weir_duration busy;                           /* time with unacknowledged data */
    weir_duration receiver_limited;               /* … part of it waiting for the peer's window */
    weir_duration buffer_limited;                 /* … part of it with too small a send buffer */
    uint32_t delivered, delivered_marked;         /* segments; with a congestion mark */
    uint64_t bytes_sent, bytes_retransmitted;     /* the first includes the second */
    uint32_t duplicates_reported;                 /* segments that came twice (RFC 2883) */
    uint32_t reorderings;                         /* times that it was seen */
    uint32_t received_out_of_order;               /* segments */
    uint32_t send_window;                         /* bytes: what the peer takes */
} weir_tcp_info;

/* Asks about a TCP socket.
 * Returns 0 and *out; WEIR_EUNSUPPORTED (not TCP), WEIR_EBADF, WEIR_ENOTSOCK,
 * WEIR_ECANCELED, WEIR_EDEADLINE.  A cancellation point.  From a task of `io`.
 */
int weir_tcp_info_get(weir_io *io, weir_socket socket, weir_tcp_info *out);

/* The name of a state as RFC 9293 writes it: "ESTABLISHED", "FIN-WAIT-1"; "?"
 * for no state. Static text.  From any thread. */
const char *weir_tcp_state_name(weir_tcp_state state);

#ifdef __cplusplus
}
#endif
#endif
