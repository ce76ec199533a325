/* SPDX-License-Identifier: MIT
 *
 * In which order the hosts file and DNS are asked: the line "hosts:" of nsswitch.conf(5).
 *
 *      hosts: files mdns4_minimal [NOTFOUND=return] dns
 *
 * Only the services `files` and `dns` exist here; others are skipped with the actions behind them.
 * `resolve` (systemd-resolved, which asks DNS) stands for `dns` where a line has no `dns`.
 */
#ifndef WEIR_DNS_NSSWITCH_H
#define WEIR_DNS_NSSWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_dns_source {
    WEIR_DNS_FILES, /* the hosts file */
    WEIR_DNS_SERVERS,
} weir_dns_source;

/* How asking a source ended: bits of weir_dns_order_step.ends. */
enum weir_dns_status {
    WEIR_DNS_STATUS_SUCCESS = 1,
    WEIR_DNS_STATUS_NOTFOUND = 2, /* no such name, or nothing of this kind */
    WEIR_DNS_STATUS_UNAVAIL = 4,  /* the source is not there: no server could be reached */
    WEIR_DNS_STATUS_TRYAGAIN = 8, /* it failed this time */
};

#define WEIR_DNS_ORDER_MAX 4

typedef struct weir_dns_order_step {
    uint8_t source; /* weir_dns_source */
    uint8_t ends;   /* with which statuses this step is the last one */
} weir_dns_order_step;

/* The sources in the order to ask.  A plain value. */
typedef struct weir_dns_order {
    uint8_t count;
    bool assumed; /* no line "hosts:" with a source that is known here: files, then dns */
    weir_dns_order_step steps[WEIR_DNS_ORDER_MAX];
} weir_dns_order;

/* files, then dns; only success ends. */
void weir_dns_order_init(weir_dns_order *out);

/* Reads the text of an nsswitch.conf; of several lines "hosts:" the last one counts.  Never fails:
 * what is not understood is skipped, and without a usable line the order is that of
 * weir_dns_order_init.  Any thread; never waits. */
void weir_dns_nsswitch_parse(weir_bytes nsswitch_conf, weir_dns_order *out);

/* The status for a result: 0 and above is SUCCESS, errors of asking as glibc's nss_dns maps them.
 */
unsigned weir_dns_status_of(int result);

/* Whether step `step` is the last one when it ended with `result`: also the last of the list is. */
bool weir_dns_order_ends(const weir_dns_order *order, unsigned step, int result);

#ifdef __cplusplus
}
#endif
#endif
