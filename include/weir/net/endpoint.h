/* SPDX-License-Identifier: MIT
 *
 * Endpoints as people write them, turned into addresses without asking a name server.
 *
 *     8080                port on the loopback address          127.0.0.1:8080
 *     :8080   *:8080      port on every address                 0.0.0.0:8080 and [::]:8080
 *     localhost:8080      the loopback addresses                127.0.0.1:8080 and [::1]:8080
 *     192.0.2.1:80  [2001:db8::1]:443  [fe80::1%eth0]:443  unix:/run/x.sock
 */
#ifndef WEIR_NET_ENDPOINT_H
#define WEIR_NET_ENDPOINT_H

#include <weir/base/bytes.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_ENDPOINT_ADDRESSES 2

/* The addresses that an endpoint stands for, in the order to try them. */
typedef struct weir_endpoint {
    weir_address addresses[WEIR_ENDPOINT_ADDRESSES];
    unsigned count;
} weir_endpoint;

/* Reads an endpoint.
 *
 * Returns 0 and *out; WEIR_EADDRTEXT (none of the forms; host names other than localhost are not
 * looked up here), WEIR_EPORTTEXT, WEIR_EZONETEXT (no such interface), WEIR_ENAMETOOLONG.
 * *out is untouched on error.  Asks the kernel for interface names; never waits.  Any thread. */
int weir_endpoint_parse(weir_bytes text, weir_endpoint *out);

#ifdef __cplusplus
}
#endif
#endif
