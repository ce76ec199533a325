/* SPDX-License-Identifier: MIT
 *
 * What accepting does when it fails: which errors may pass, and the growing pause before the next
 * try.
 */
#ifndef NET_SHORTAGE_H
#define NET_SHORTAGE_H

#include <stdbool.h>

#include <weir/base/error.h>
#include <weir/base/time.h>

/* Whether descriptors or memory are short. */
static inline bool net_is_shortage(int error)
{
    return error == WEIR_EMFILE || error == WEIR_ENFILE || error == WEIR_ENOBUFS ||
           error == WEIR_ENOMEM;
}

/* Whether accepting again is of no use: the caller is to stop, or what it was given is no listener.
 * All else may pass: shortages, and a firewall's or a security module's refusal, too.  So may
 * EOPNOTSUPP and ENOPROTOOPT, which Linux hands on from the network as an error of the connection
 * that was to be accepted (accept(2), "Error handling"). */
static inline bool net_is_final(int error)
{
    if (error == WEIR_EOPNOTSUPP || error == WEIR_ENOPROTOOPT) return false;
    const weir_error_class class_ = weir_errclass(error);
    return class_ == WEIR_CLASS_CANCELED || class_ == WEIR_CLASS_TIMEOUT ||
           class_ == WEIR_CLASS_USAGE;
}

/* 5 ms at first, then twice the one before, at most 1 s. */
static inline weir_duration net_next_pause(weir_duration before)
{
    if (before.ns <= 0) return weir_milliseconds(5);
    return before.ns > 500000000 ? weir_seconds(1) : weir_nanoseconds(before.ns * 2);
}

#endif
