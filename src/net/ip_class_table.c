/* SPDX-License-Identifier: MIT
 *
 * The blocks of IP addresses: the special-purpose registries of IANA, state of October 2025, with
 * the multicast ranges and the ordinary unicast space, so that every address lies in one.
 *
 * Larger blocks stand before the blocks in them.  Y, N and U (unsaid) are the columns source,
 * destination, forwardable, globally reachable, reserved by protocol.  Where the registries say
 * nothing (multicast, site-local, unallocated space), the RFC named decides.
 */
#include "net/ip_class_table.h"

enum { N = WEIR_IP_NO, Y = WEIR_IP_YES, U = WEIR_IP_UNSAID };

/* An IPv4 block. */
#define V4(a_, b_, c_, d_, len_, class_, s_, t_, f_, g_, r_, name_, rfc_)                       \
    {                                                                                           \
        {WEIR_ADDRESS_IPV4, len_, {a_, b_, c_, d_}}, name_, rfc_, WEIR_IP_##class_, s_, t_, f_, \
            g_, r_                                                                              \
    }

/* An IPv6 block: its first four groups. */
#define V6(a_, b_, c_, d_, len_, class_, s_, t_, f_, g_, r_, name_, rfc_)                       \
    {                                                                                           \
        {WEIR_ADDRESS_IPV6,                                                                     \
         len_,                                                                                  \
         {(a_) >> 8, (a_)&255, (b_) >> 8, (b_)&255, (c_) >> 8, (c_)&255, (d_) >> 8, (d_)&255}}, \
            name_, rfc_, WEIR_IP_##class_, s_, t_, f_, g_, r_                                   \
    }

/* A single IPv6 address: its first two groups and its last byte. */
#define V6_ONE(a_, b_, last_, class_, s_, t_, f_, g_, r_, name_, rfc_)                             \
    {                                                                                              \
        {WEIR_ADDRESS_IPV6, 128, {(a_) >> 8, (a_)&255, (b_) >> 8, (b_)&255, [15] = last_}}, name_, \
            rfc_, WEIR_IP_##class_, s_, t_, f_, g_, r_                                             \
    }

/* clang-format off */
const weir_ip_block net_ip_blocks[] = {
    V4(0, 0, 0, 0, 0,           GLOBAL,        Y, Y, Y, Y, N, "Global unicast", "RFC 7249 2.1"),
    V4(0, 0, 0, 0, 8,           THIS_NETWORK,  Y, N, N, N, Y, "This network", "RFC 791 3.2"),
    V4(0, 0, 0, 0, 32,          UNSPECIFIED,   Y, N, N, N, Y, "This host on this network",
       "RFC 1122 3.2.1.3"),
    V4(10, 0, 0, 0, 8,          PRIVATE,       Y, Y, Y, N, N, "Private-Use", "RFC 1918"),
    V4(100, 64, 0, 0, 10,       SHARED,        Y, Y, Y, N, N, "Shared Address Space", "RFC 6598"),
    V4(127, 0, 0, 0, 8,         LOOPBACK,      N, N, N, N, Y, "Loopback", "RFC 1122 3.2.1.3"),
    V4(169, 254, 0, 0, 16,      LINK_LOCAL,    Y, Y, N, N, Y, "Link Local", "RFC 3927"),
    V4(172, 16, 0, 0, 12,       PRIVATE,       Y, Y, Y, N, N, "Private-Use", "RFC 1918"),
    V4(192, 0, 0, 0, 24,        PROTOCOL,      N, N, N, N, N, "IETF Protocol Assignments",
       "RFC 6890 2.1"),
    V4(192, 0, 0, 0, 29,        PROTOCOL,      Y, Y, Y, N, N, "IPv4 Service Continuity Prefix",
       "RFC 7335"),
    V4(192, 0, 0, 8, 32,        PROTOCOL,      Y, N, N, N, N, "IPv4 dummy address", "RFC 7600"),
    V4(192, 0, 0, 9, 32,        PROTOCOL,      Y, Y, Y, Y, N, "Port Control Protocol Anycast",
       "RFC 7723"),
    V4(192, 0, 0, 10, 32,       PROTOCOL,      Y, Y, Y, Y, N,
       "Traversal Using Relays around NAT Anycast", "RFC 8155"),
    V4(192, 0, 0, 170, 32,      PROTOCOL,      N, N, N, N, Y, "NAT64/DNS64 Discovery",
       "RFC 8880, RFC 7050 2.2"),
    V4(192, 0, 0, 171, 32,      PROTOCOL,      N, N, N, N, Y, "NAT64/DNS64 Discovery",
       "RFC 8880, RFC 7050 2.2"),
    V4(192, 0, 2, 0, 24,        DOCUMENTATION, N, N, N, N, N, "Documentation (TEST-NET-1)",
       "RFC 5737"),
    V4(192, 31, 196, 0, 24,     GLOBAL,        Y, Y, Y, Y, N, "AS112-v4", "RFC 7535"),
    V4(192, 52, 193, 0, 24,     GLOBAL,        Y, Y, Y, Y, N, "AMT", "RFC 7450"),
    V4(192, 88, 99, 0, 24,      PROTOCOL,      U, U, U, U, U, "Deprecated (6to4 Relay Anycast)",
       "RFC 7526"),
    V4(192, 88, 99, 2, 32,      PROTOCOL,      Y, Y, Y, N, N, "6a44-relay anycast address",
       "RFC 6751"),
    V4(192, 168, 0, 0, 16,      PRIVATE,       Y, Y, Y, N, N, "Private-Use", "RFC 1918"),
    V4(192, 175, 48, 0, 24,     GLOBAL,        Y, Y, Y, Y, N, "Direct Delegation AS112 Service",
       "RFC 7534"),
    V4(198, 18, 0, 0, 15,       BENCHMARKING,  Y, Y, Y, N, N, "Benchmarking", "RFC 2544"),
    V4(198, 51, 100, 0, 24,     DOCUMENTATION, N, N, N, N, N, "Documentation (TEST-NET-2)",
       "RFC 5737"),
    V4(203, 0, 113, 0, 24,      DOCUMENTATION, N, N, N, N, N, "Documentation (TEST-NET-3)",
       "RFC 5737"),
    V4(224, 0, 0, 0, 4,         MULTICAST,     N, Y, Y, Y, N, "Multicast", "RFC 5771"),
    V4(224, 0, 0, 0, 24,        MULTICAST,     N, Y, N, N, N, "Local Network Control Block",
       "RFC 5771 4"),
    V4(232, 0, 0, 0, 8,         MULTICAST,     N, Y, Y, Y, N, "Source-Specific Multicast",
       "RFC 4607"),
    V4(233, 252, 0, 0, 24,      MULTICAST,     N, Y, Y, N, N, "Documentation (MCAST-TEST-NET)",
       "RFC 5771 9.2"),
    V4(239, 0, 0, 0, 8,         MULTICAST,     N, Y, Y, N, N,
       "Administratively Scoped Multicast", "RFC 2365"),
    V4(240, 0, 0, 0, 4,         RESERVED,      N, N, N, N, Y, "Reserved", "RFC 1112 4"),
    V4(255, 255, 255, 255, 32,  BROADCAST,     N, Y, N, N, Y, "Limited Broadcast",
       "RFC 8190, RFC 919 7"),

    V6(0, 0, 0, 0, 0,           RESERVED,      N, N, N, N, N, "Reserved by IETF",
       "RFC 4291 2.4"),
    V6(0, 0, 0, 0, 96,          COMPATIBLE,    N, N, N, N, N,
       "Deprecated (IPv4-Compatible Address)", "RFC 4291 2.5.5.1"),
    V6_ONE(0, 0, 0,             UNSPECIFIED,   Y, N, N, N, Y, "Unspecified Address",
       "RFC 4291 2.5.2"),
    V6_ONE(0, 0, 1,             LOOPBACK,      N, N, N, N, Y, "Loopback Address",
       "RFC 4291 2.5.3"),
    {{WEIR_ADDRESS_IPV6, 96, {[10] = 0xff, [11] = 0xff}}, "IPv4-mapped Address",
       "RFC 4291 2.5.5.2", WEIR_IP_MAPPED, N, N, N, N, Y},
    V6(0x64, 0xff9b, 0, 0, 96,  NAT64,         Y, Y, Y, Y, N, "IPv4-IPv6 Translation",
       "RFC 6052"),
    V6(0x64, 0xff9b, 1, 0, 48,  NAT64_LOCAL,   Y, Y, Y, N, N, "IPv4-IPv6 Translation",
       "RFC 8215"),
    V6(0x100, 0, 0, 0, 64,      DISCARD,       Y, Y, Y, N, N, "Discard-Only Address Block",
       "RFC 6666"),
    V6(0x100, 0, 0, 1, 64,      DISCARD,       Y, N, N, N, N, "Dummy IPv6 Prefix", "RFC 9780"),
    V6(0x2000, 0, 0, 0, 3,      GLOBAL,        Y, Y, Y, Y, N, "Global unicast", "RFC 4291 2.5.4"),
    V6(0x2001, 0, 0, 0, 23,     PROTOCOL,      N, N, N, N, N, "IETF Protocol Assignments",
       "RFC 2928"),
    V6(0x2001, 0, 0, 0, 32,     TEREDO,        Y, Y, Y, U, N, "TEREDO", "RFC 4380, RFC 8190"),
    V6_ONE(0x2001, 1, 1,        PROTOCOL,      Y, Y, Y, Y, N, "Port Control Protocol Anycast",
       "RFC 7723"),
    V6_ONE(0x2001, 1, 2,        PROTOCOL,      Y, Y, Y, Y, N,
       "Traversal Using Relays around NAT Anycast", "RFC 8155"),
    V6_ONE(0x2001, 1, 3,        PROTOCOL,      Y, Y, Y, Y, N,
       "DNS-SD Service Registration Protocol Anycast", "RFC 9665"),
    V6(0x2001, 2, 0, 0, 48,     BENCHMARKING,  Y, Y, Y, N, N, "Benchmarking", "RFC 5180"),
    V6(0x2001, 3, 0, 0, 32,     GLOBAL,        Y, Y, Y, Y, N, "AMT", "RFC 7450"),
    V6(0x2001, 4, 0x112, 0, 48, GLOBAL,        Y, Y, Y, Y, N, "AS112-v6", "RFC 7535"),
    V6(0x2001, 0x10, 0, 0, 28,  PROTOCOL,      U, U, U, U, U, "Deprecated (previously ORCHID)",
       "RFC 4843"),
    V6(0x2001, 0x20, 0, 0, 28,  PROTOCOL,      Y, Y, Y, Y, N, "ORCHIDv2", "RFC 7343"),
    V6(0x2001, 0x30, 0, 0, 28,  PROTOCOL,      Y, Y, Y, Y, N,
       "Drone Remote ID Protocol Entity Tags", "RFC 9374"),
    V6(0x2001, 0xdb8, 0, 0, 32, DOCUMENTATION, N, N, N, N, N, "Documentation", "RFC 3849"),
    V6(0x2002, 0, 0, 0, 16,     6TO4,          Y, Y, Y, U, N, "6to4", "RFC 3056"),
    V6(0x2620, 0x4f, 0x8000, 0, 48, GLOBAL,    Y, Y, Y, Y, N, "Direct Delegation AS112 Service",
       "RFC 7534"),
    V6(0x3ffe, 0, 0, 0, 16,     RESERVED,      N, N, N, N, N, "Deprecated (6bone)", "RFC 3701"),
    V6(0x3fff, 0, 0, 0, 20,     DOCUMENTATION, N, N, N, N, N, "Documentation", "RFC 9637"),
    V6(0x5f00, 0, 0, 0, 16,     SEGMENT,       Y, Y, Y, N, N, "Segment Routing (SRv6) SIDs",
       "RFC 9602"),
    V6(0xfc00, 0, 0, 0, 7,      PRIVATE,       Y, Y, Y, N, N, "Unique-Local",
       "RFC 4193, RFC 8190"),
    V6(0xfe80, 0, 0, 0, 10,     LINK_LOCAL,    Y, Y, N, N, Y, "Link-Local Unicast",
       "RFC 4291 2.5.6"),
    V6(0xfec0, 0, 0, 0, 10,     SITE_LOCAL,    N, N, N, N, N, "Deprecated (Site-Local Unicast)",
       "RFC 3879"),
    V6(0xff00, 0, 0, 0, 8,      MULTICAST,     N, Y, Y, N, N, "Multicast", "RFC 4291 2.7"),
};
/* clang-format on */

const size_t net_ip_block_count = sizeof net_ip_blocks / sizeof *net_ip_blocks;
