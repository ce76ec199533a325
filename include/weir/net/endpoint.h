/* SPDX-License-Identifier: MIT
 *
 * Endpoints as people write them, turned into addresses without asking a name server.
 *
 *     8080                port on the loopback address          127.0.0.1:8080
 *     :8080   *:8080      port on every address                 0.0.0.0:8080 and [::]:8080
 *     localhost:8080      the loopback addresses                127.0.0.1:8080 and [::1]:8080
 *     192.0.2.1:80  [2001:db8::1]:443  [fe80::1%eth0]:443  unix:/run/x.sock
 *
 * Names of zones are names of interfaces here, which the kernel knows.
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
    /* The addresses are 0.0.0.0 and [::]: every address of this machine.  To listen there, either
     * take a listener for each, or one on [::] which also accepts IPv4 (dual_stack of
     * weir_tcp_listen_options and weir_socket_options); where the machine has no IPv6, the first
     * address is left.  The two ways serve the same peers; only the second shows those of IPv4 as
     * mapped addresses (see weir_address_unmap). */
    bool everywhere;
} weir_endpoint;

/* Reads an endpoint.
 *
 * Returns 0 and *out; WEIR_EADDRTEXT (none of the forms; host names other than localhost are not
 * looked up here), WEIR_EPORTTEXT, WEIR_EZONETEXT (no such interface), WEIR_ENAMETOOLONG.  `why`,
 * which may be NULL, tells which byte is wrong.  *out is untouched on error.  Asks the kernel for
 * interface names; never waits.  Any thread. */
int weir_endpoint_parse_why(weir_bytes text, weir_endpoint *out, weir_address_why *why);

/* Reads an endpoint: weir_endpoint_parse_why without the reason.  Returns and leaves as that does.
 */
int weir_endpoint_parse(weir_bytes text, weir_endpoint *out);

/* Reads a host without port: an IP address with or without brackets, "localhost", or "*" or
 * nothing for every address.  Returns and leaves as weir_endpoint_parse_why does. */
int weir_endpoint_parse_host(weir_bytes host, uint16_t port, weir_endpoint *out,
                             weir_address_why *why);

/* Reads an address as weir_address_parse_as does, and looks up the zone if it is the name of an
 * interface: WEIR_EZONETEXT with the fault WEIR_ADDRESS_NAMED_ZONE when there is none of that name.
 * `why` may be NULL.  Asks the kernel; never waits.  Any thread. */
int weir_endpoint_parse_address(weir_bytes text, unsigned form, uint16_t port, weir_address *out,
                                weir_address_why *why);

#ifdef __cplusplus
}
#endif
#endif
