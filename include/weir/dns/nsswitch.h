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
    WEIR_DNS_STATUS_UNAVAIL = 4, /* it gave no answer: silent, not reached, SERVFAIL, REFUSED … */
    WEIR_DNS_STATUS_TRYAGAIN = 8, /* no source here ends so */
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

/* The status for a result: 0 and above is SUCCESS, "no such name" and "no such record" are
 * NOTFOUND, every failure is UNAVAIL, timeouts and SERVFAIL among them, as nss_dns of the C library
 * has it (glibc 2.36): what stands behind "dns [!UNAVAIL=return]" is asked when no server answers.
 */
unsigned weir_dns_status_of(int result);

/* Whether step `step` is the last one when it ended with `result`: also the last of the list is. */
bool weir_dns_order_ends(const weir_dns_order *order, unsigned step, int result);

#ifdef __cplusplus
}
#endif
#endif
