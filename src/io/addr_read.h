/* SPDX-License-Identifier: MIT
 *
 * The exact reader of addresses, which weir_address_parse_as turns to where its quick one gives up:
 * it takes every good text, and says of every other what is wrong with it.
 *
 * Invariant: what the quick reader takes, the exact one takes as the same address.
 */
#ifndef IO_ADDR_READ_H
#define IO_ADDR_READ_H

#include <weir/io/addr.h>

/* weir_address_parse_as by the exact reader alone.  Not inlined: its registers would be saved on
 * the way to the quick one, too. */
__attribute__((noinline)) int weir_address_read_exact(weir_bytes text, unsigned form, uint16_t port,
                                                      weir_address *out, weir_address_why *why);

#endif
