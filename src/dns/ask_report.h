/* SPDX-License-Identifier: MIT
 *
 * Writing a report while asking.  Everything does nothing for the entry -1 and no report.
 */
#ifndef DNS_ASK_REPORT_H
#define DNS_ASK_REPORT_H

#include "dns/attempt.h"
#include "dns/reply.h"

/* Begins an entry for a question of an attempt.  Returns its index, or -1. */
int weir_dns_report_begin(weir_dns_report *report, const weir_address *server,
                          const dns_attempt *attempt, const weir_dns_name *name, uint16_t type,
                          bool edns);

/* Tells how it ended: with `error`, or 0. */
void weir_dns_report_end(weir_dns_report *report, int entry, const dns_attempt *attempt,
                         weir_instant now, int error);

/* Tells what came. */
void weir_dns_report_message(weir_dns_report *report, int entry, weir_bytes message,
                             const dns_judgement *judgement);

#endif
