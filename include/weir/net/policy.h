/* SPDX-License-Identifier: MIT
 *
 * Which addresses a program may connect to: a filter that is asked about every resolved address, at
 * the last moment before the connect, so that no name can lead to a place that was not meant.
 *
 *     weir_policy policy = weir_policy_public();     only the public internet
 *     int refused = weir_policy_check(&policy, &address, &reason);
 *
 * How an address is judged:
 *
 *   1. A Unix address passes if `allow_unix` says so; no address never does.
 *   2. The port has to be one of `ports`, if there are any.
 *   3. Of `allowed` and `denied`, the longest prefix that contains the address decides; a denial
 *      wins when both have the same one.  With WEIR_POLICY_METADATA in `deny`, each metadata
 *      address is denied as a whole address would be: only an allowed /32 or /128 lets it pass.
 *   4. Where neither has one: an address of a class in `deny` is refused, and all others if
 *      `only_allowed` is set.
 *   5. An IPv6 address that holds IPv4 addresses (mapped, NAT64, 6to4, Teredo, ISATAP, the
 *      deprecated ::a.b.c.d) has to pass with each of them, too, by rules 3 and 4.  A mapped one is
 *      nothing but its IPv4 address: `denied` alone is asked about its IPv6 form.
 *
 * The check is pure: from any thread, while nobody changes the policy or its sets.  Never waits.
 */
#ifndef WEIR_NET_POLICY_H
#define WEIR_NET_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/addr.h>
#include <weir/net/ip_class.h>
#include <weir/net/prefix.h>
#include <weir/net/prefix_set.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A class as a bit of weir_policy.deny.  Loopback means 0.0.0.0 and ::, too: Linux connects there.
 */
#define WEIR_POLICY_DENY(class_) ((uint32_t)1 << (class_))

/* Where clouds hand machines their credentials: 169.254.169.254, fd00:ec2::254, 100.100.100.200,
 * 168.63.129.16 and the like.  Most are private or link-local, one is public. */
#define WEIR_POLICY_METADATA ((uint32_t)1 << 31)

/* Every class but the ones that lead to public hosts: global, NAT64, 6to4, Teredo.  (Mapped
 * addresses are judged by what is in them.) */
#define WEIR_POLICY_NOT_PUBLIC                                                                    \
    (WEIR_POLICY_METADATA | (((uint32_t)1 << WEIR_IP_CLASSES) - 1 -                               \
                             WEIR_POLICY_DENY(WEIR_IP_GLOBAL) - WEIR_POLICY_DENY(WEIR_IP_NAT64) - \
                             WEIR_POLICY_DENY(WEIR_IP_6TO4) - WEIR_POLICY_DENY(WEIR_IP_TEREDO)))

/* A policy.  A plain value that borrows its sets and ports.  The zero value lets every IP address
 * pass and no Unix address. */
typedef struct weir_policy {
    uint32_t deny;                  /* WEIR_POLICY_DENY(WEIR_IP_…) and WEIR_POLICY_METADATA */
    bool allow_unix;                /* Unix sockets may be connected to */
    bool only_allowed;              /* what `allowed` does not have is refused */
    const weir_prefix_set *allowed; /* NULL: none */
    const weir_prefix_set *denied;  /* NULL: none */
    const uint16_t *ports;          /* ports that may be connected to */
    size_t port_count;              /* 0: every port */
} weir_policy;

/* The rule that refused an address. */
typedef enum weir_policy_rule {
    WEIR_POLICY_PASSED,
    WEIR_POLICY_NO_ADDRESS,  /* there is nothing to judge */
    WEIR_POLICY_UNIX,        /* Unix addresses are not allowed */
    WEIR_POLICY_PORT,        /* not one of the ports */
    WEIR_POLICY_DENIED,      /* a prefix of `denied` */
    WEIR_POLICY_CLASS,       /* a class in `deny` */
    WEIR_POLICY_IS_METADATA, /* a metadata service */
    WEIR_POLICY_NOT_ALLOWED, /* no prefix of `allowed` (only_allowed) */
} weir_policy_rule;

/* Why an address was refused: for a line in a log. */
typedef struct weir_policy_reason {
    weir_policy_rule rule;
    weir_address judged; /* the address, or the IPv4 address in it that was refused */
    weir_prefix prefix;  /* DENIED: which one; CLASS: the block; else none */
    const char *what;    /* static text: "Loopback" of CLASS, the cloud of IS_METADATA, or NULL */
} weir_policy_reason;

/* Room for the text of every reason, with its NUL. */
#define WEIR_POLICY_TEXT 640

/* The policy for fetching what strangers name: the public internet only, every port. */
weir_policy weir_policy_public(void);

/* Judges an address.  `policy` NULL lets all pass.
 * Returns 0 or WEIR_EPOLICY; *reason is set in both cases, unless NULL. */
int weir_policy_check(const weir_policy *policy, const weir_address *address,
                      weir_policy_reason *reason);

/* Writes a reason for people, NUL-terminated: "127.0.0.1 is in 127.0.0.0/8 (Loopback)".
 * Returns its length.  `out` has room for WEIR_POLICY_TEXT bytes. */
size_t weir_policy_reason_print(const weir_policy_reason *reason, char *out);

#ifdef __cplusplus
}
#endif
#endif
