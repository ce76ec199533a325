/* SPDX-License-Identifier: MIT
 *
 * What accepting does when descriptors or memory are short: the errors, and the growing pause.
 */
#ifndef NET_SHORTAGE_H
#define NET_SHORTAGE_H

#include <stdbool.h>

#include <weir/base/error.h>
#include <weir/base/time.h>

static inline bool net_is_shortage(int error)
{
    return error == WEIR_EMFILE || error == WEIR_ENFILE || error == WEIR_ENOBUFS ||
           error == WEIR_ENOMEM;
}

/* 5 ms at first, then twice the one before, at most 1 s. */
static inline weir_duration net_next_pause(weir_duration before)
{
    if (before.ns <= 0) return weir_milliseconds(5);
    return before.ns > 500000000 ? weir_seconds(1) : weir_nanoseconds(before.ns * 2);
}

#endif
