/* SPDX-License-Identifier: MIT
 *
 * Does control data keep its meaning on the way to bytes and back, and does damage do no harm?
 */
#include <weir/net/ancillary.h>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/base/error.h>

#include "net/control.h"
#include "test/harness/test.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

typedef struct buffer {
    _Alignas(size_t) char data[WEIR_ANCILLARY_ROOM];
    net_control_writer writer;
} buffer;

static void begin(buffer *out)
{
    out->writer = (net_control_writer){.data = out->data, .room = sizeof out->data};
}

static void put(buffer *out, int level, int type, const void *value, size_t size)
{
    assert_true(net_control_put(&out->writer, level, type, value, size));
}

static weir_address mapped(uint8_t last)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV6,
                          .at.ipv6 = {[10] = 0xff, 0xff, 127, 0, 0, last}};
}

TEST(ancillary_reads_what_the_kernel_says)
{
    buffer bytes;
    weir_ancillary about;
    begin(&bytes);
    struct in_pktinfo info = {.ipi_ifindex = 7};
    memcpy(&info.ipi_addr, (char[]){(char)239, 1, 2, 3}, 4);
    memcpy(&info.ipi_spec_dst, (char[]){10, 0, 0, 1}, 4);
    const struct timespec time = {.tv_sec = 1700000000, .tv_nsec = 5};
    put(&bytes, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    put(&bytes, IPPROTO_IP, IP_TOS, &(uint8_t){0xb9}, 1);
    put(&bytes, IPPROTO_IP, IP_TTL, &(int){64}, sizeof(int));
    put(&bytes, SOL_SOCKET, SCM_TIMESTAMPNS, &time, sizeof time);
    put(&bytes, SOL_SOCKET, SO_RXQ_OVFL, &(uint32_t){77}, sizeof(uint32_t));
    put(&bytes, IPPROTO_UDP, UDP_GRO, &(int){1200}, sizeof(int));
    put(&bytes, 12345, 6, "unknown", 7);
    assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
    assert_int_equal(about.has, WEIR_ANCILLARY_LOCAL | WEIR_ANCILLARY_TRAFFIC_CLASS |
                                    WEIR_ANCILLARY_TTL | WEIR_ANCILLARY_TIMESTAMP |
                                    WEIR_ANCILLARY_DROPPED | WEIR_ANCILLARY_SEGMENT);
    assert_int_equal(about.interface.index, 7);
    assert_int_equal(about.destination.at.ipv4[0], 239);
    assert_int_equal(about.local.at.ipv4[0], 10);
    assert_int_equal(about.traffic_class, 0xb9);
    assert_int_equal(weir_ecn_of(about.traffic_class), WEIR_ECN_CAPABLE_1);
    assert_int_equal(about.ttl, 64);
    assert_int_equal(about.timestamp.ns, 1700000000000000005);
    assert_int_equal(about.dropped, 77);
    assert_int_equal(about.segment, 1200);
    const weir_message message = {.control = bytes.data, .control_len = (uint32_t)bytes.writer.len};
    assert_int_equal(weir_ancillary_segment(&message), 1200);
    assert_int_equal(weir_ancillary_segment(&(weir_message){0}), 0);
}

TEST(ancillary_reads_errors_with_and_without_offender)
{
    buffer bytes;
    weir_ancillary about;
    struct {
        struct sock_extended_err entry;
        struct sockaddr_in6 offender;
    } item = {
        {.ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_ICMP6, .ee_type = 2, .ee_info = 1280},
        {.sin6_family = AF_INET6, .sin6_addr = {.s6_addr = {0xfd, [15] = 9}}}};
    begin(&bytes);
    put(&bytes, IPPROTO_IPV6, IPV6_RECVERR, &item, sizeof item);
    assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
    assert_int_equal(about.has, WEIR_ANCILLARY_ERROR);
    assert_int_equal(about.error.error, WEIR_EMSGSIZE);
    assert_int_equal(about.error.origin, WEIR_ERROR_ORIGIN_ICMP6);
    assert_int_equal(about.error.info, 1280);
    assert_int_equal(about.error.offender.at.ipv6[15], 9);
    for (size_t size = 0; size < sizeof item; size++) {
        begin(&bytes);
        put(&bytes, IPPROTO_IP, IP_RECVERR, &item, size);
        assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
        assert_int_equal(about.has, size < sizeof item.entry ? 0 : WEIR_ANCILLARY_ERROR);
        if (about.has) assert_int_equal(about.error.offender.kind, WEIR_ADDRESS_NONE);
    }
}

TEST(ancillary_skips_items_of_a_wrong_size_or_value)
{
    static const struct {
        int level, type;
    } kinds[] = {{IPPROTO_IP, IP_PKTINFO},      {IPPROTO_IPV6, IPV6_PKTINFO},
                 {IPPROTO_IP, IP_TTL},          {IPPROTO_IPV6, IPV6_TCLASS},
                 {SOL_SOCKET, SCM_TIMESTAMPNS}, {SOL_SOCKET, SO_RXQ_OVFL},
                 {IPPROTO_UDP, UDP_GRO},        {IPPROTO_IPV6, IPV6_HOPLIMIT}};
    char value[40];
    weir_ancillary about;
    memset(value, 0xff, sizeof value);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (size_t size = 0; size <= sizeof value; size++) {
            buffer bytes;
            begin(&bytes);
            put(&bytes, kinds[i].level, kinds[i].type, value, size);
            put(&bytes, IPPROTO_IP, IP_TTL, &(int){1}, sizeof(int));
            assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
            assert_true(about.has & WEIR_ANCILLARY_TTL);
            assert_int_equal(about.ttl, 1);
            assert_false(about.has & WEIR_ANCILLARY_TIMESTAMP);
        }
    }
}

TEST(ancillary_survives_every_cut_and_random_damage)
{
    buffer bytes;
    weir_ancillary about;
    uint64_t state = test_seed();
    begin(&bytes);
    put(&bytes, IPPROTO_IPV6, IPV6_PKTINFO, &(struct in6_pktinfo){0}, sizeof(struct in6_pktinfo));
    put(&bytes, IPPROTO_IPV6, IPV6_HOPLIMIT, &(int){3}, sizeof(int));
    put(&bytes, IPPROTO_IPV6, IPV6_RECVERR, &(struct sock_extended_err){0},
        sizeof(struct sock_extended_err));
    for (size_t len = 0; len <= bytes.writer.len; len++) {
        /* A buffer of its own, so that a sanitizer sees a byte too many. */
        char *copy = malloc(len + !len);
        assert_non_null(copy);
        memcpy(copy, bytes.data, len);
        (void)weir_ancillary_read(copy, len, &about);
        for (int i = 0; i < 200 && len > 0; i++) {
            copy[test_random(&state) % len] = (char)test_random(&state);
            (void)weir_ancillary_read(copy, len, &about);
        }
        free(copy);
    }
    assert_int_equal(weir_ancillary_read(NULL, 0, &about), 0);
    assert_int_equal(about.has, 0);
    assert_int_equal(weir_ancillary_read(bytes.data, 10, &about), WEIR_EINVAL);
}

TEST(ancillary_writes_what_it_reads)
{
    _Alignas(size_t) char bytes[WEIR_ANCILLARY_SEND_ROOM];
    const weir_address four = weir_address_loopback4(9), six = weir_address_loopback6(9);
    const weir_address both = mapped(1);
    const struct {
        weir_address_kind family;
        const weir_address *to, *local;
    } cases[] = {{WEIR_ADDRESS_IPV4, &four, &four}, {WEIR_ADDRESS_IPV6, &six, &six},
                 {WEIR_ADDRESS_IPV6, &both, &both}, {WEIR_ADDRESS_IPV6, &both, &four},
                 {WEIR_ADDRESS_IPV4, NULL, &four},  {WEIR_ADDRESS_IPV6, NULL, &both}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const weir_ancillary out = {.has = WEIR_ANCILLARY_LOCAL | WEIR_ANCILLARY_TTL |
                                           WEIR_ANCILLARY_TRAFFIC_CLASS | WEIR_ANCILLARY_SEGMENT,
                                    .interface = {3},
                                    .ttl = 5,
                                    .traffic_class = 0xff,
                                    .segment = 1200,
                                    .local = *cases[i].local};
        weir_ancillary in;
        int64_t len = weir_ancillary_write(&out, cases[i].family, cases[i].to, bytes, sizeof bytes);
        assert_true(len > 0);
        assert_int_equal(weir_ancillary_read(bytes, (size_t)len, &in), 0);
        assert_int_equal(in.has, out.has);
        assert_int_equal(in.interface.index, 3);
        assert_int_equal(in.ttl, 5);
        assert_int_equal(in.traffic_class, 0xff);
        assert_int_equal(in.segment, 1200);
        assert_int_equal(in.local.kind, cases[i].family);
        assert_memory_equal(in.local.at.ipv6 + (in.local.kind == WEIR_ADDRESS_IPV6 ? 15 : 3),
                            out.local.at.ipv6 + (out.local.kind == WEIR_ADDRESS_IPV6 ? 15 : 3), 1);
        for (size_t room = 0; room < (size_t)len; room++)
            assert_int_equal(weir_ancillary_write(&out, cases[i].family, cases[i].to, bytes, room),
                             WEIR_ENOBUFS);
    }
}

TEST(ancillary_refuses_addresses_that_do_not_go_together)
{
    _Alignas(size_t) char bytes[WEIR_ANCILLARY_SEND_ROOM];
    const weir_address four = weir_address_loopback4(9), six = weir_address_loopback6(9);
    const weir_address both = mapped(1), local = {.kind = WEIR_ADDRESS_UNIX};
    const struct {
        weir_address_kind family;
        const weir_address *to, *local;
    } cases[] = {{WEIR_ADDRESS_IPV4, &six, &six},  {WEIR_ADDRESS_IPV6, &six, &four},
                 {WEIR_ADDRESS_IPV6, &six, &both}, {WEIR_ADDRESS_IPV6, &both, &six},
                 {WEIR_ADDRESS_IPV4, &four, &six}, {WEIR_ADDRESS_UNIX, &local, &local},
                 {WEIR_ADDRESS_IPV4, NULL, &local}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const weir_ancillary out = {.has = WEIR_ANCILLARY_LOCAL, .local = *cases[i].local};
        assert_int_equal(
            weir_ancillary_write(&out, cases[i].family, cases[i].to, bytes, sizeof bytes),
            WEIR_EINVAL);
    }
}

TEST(ancillary_answers_from_where_the_request_came_in)
{
    buffer bytes;
    weir_ancillary about;
    struct in_pktinfo info = {.ipi_ifindex = 7};
    memcpy(&info.ipi_addr, (char[]){10, 0, 0, 1}, 4);
    memcpy(&info.ipi_spec_dst, (char[]){10, 0, 0, 1}, 4);
    begin(&bytes);
    put(&bytes, IPPROTO_IP, IP_TTL, &(int){3}, sizeof(int));
    put(&bytes, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    weir_message message = {.control = bytes.data,
                            .control_len = (uint32_t)bytes.writer.len,
                            .came = WEIR_MESSAGE_TRUNCATED,
                            .address = weir_address_loopback4(5)};
    weir_ancillary_turn(&message);
    assert_int_equal(message.came, 0);
    assert_int_equal(weir_ancillary_of(&message, &about), 0);
    assert_int_equal(about.has, WEIR_ANCILLARY_LOCAL);
    assert_int_equal(about.local.at.ipv4[0], 10);
    assert_int_equal(about.interface.index, 0); /* the routes lead back */

    memcpy(&info.ipi_addr, (char[]){(char)239, 0, 0, 1}, 4);
    begin(&bytes);
    put(&bytes, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    message.control_len = (uint32_t)bytes.writer.len;
    weir_ancillary_turn(&message);
    assert_int_equal(weir_ancillary_of(&message, &about), 0);
    assert_int_equal(about.interface.index, 7);

    /* What was read is shorter than what would be written: the kernel chooses. */
    begin(&bytes);
    put(&bytes, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    message.control_len = (uint32_t)bytes.writer.len;
    message.address = mapped(1);
    weir_ancillary_turn(&message);
    assert_int_equal(message.control_len, 0);
    message = (weir_message){.address = weir_address_loopback4(5)};
    weir_ancillary_turn(&message);
    assert_int_equal(message.control_len, 0);
}

TEST(ancillary_of_ipv4_on_an_ipv6_socket_tells_what_can_answer)
{
    struct in_pktinfo four = {.ipi_ifindex = 3};
    const struct in6_pktinfo six = {
        .ipi6_addr = {.s6_addr = {[10] = 0xff, 0xff, 127, 255, 255, 255}}, .ipi6_ifindex = 3};
    memcpy(&four.ipi_addr, (uint8_t[]){127, 255, 255, 255}, 4);
    memcpy(&four.ipi_spec_dst, (uint8_t[]){127, 0, 0, 1}, 4);
    for (int order = 0; order < 2; order++) {
        buffer bytes;
        weir_ancillary about;
        const weir_address local = mapped(1);
        begin(&bytes);
        if (order) put(&bytes, IPPROTO_IP, IP_PKTINFO, &four, sizeof four);
        put(&bytes, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof six);
        if (!order) put(&bytes, IPPROTO_IP, IP_PKTINFO, &four, sizeof four);
        assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
        assert_int_equal(about.destination.kind, WEIR_ADDRESS_IPV6);
        assert_int_equal(about.destination.at.ipv6[15], 255);
        assert_true(weir_address_equal(&about.local, &local));
    }
}

TEST(ancillary_gives_link_local_addresses_their_zone)
{
    buffer bytes;
    weir_ancillary about;
    begin(&bytes);
    struct in6_pktinfo info = {.ipi6_addr = {.s6_addr = {0xfe, 0x80, [15] = 1}}, .ipi6_ifindex = 4};
    put(&bytes, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    /* Told at both levels: the IPv6 one is what this socket can answer from. */
    put(&bytes, IPPROTO_IP, IP_PKTINFO, &(struct in_pktinfo){0}, sizeof(struct in_pktinfo));
    assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
    assert_int_equal(about.local.kind, WEIR_ADDRESS_IPV6);
    assert_int_equal(about.local.zone, 4);
    info.ipi6_addr.s6_addr[0] = 0xff;
    begin(&bytes);
    put(&bytes, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    assert_int_equal(weir_ancillary_read(bytes.data, bytes.writer.len, &about), 0);
    assert_int_equal(about.destination.at.ipv6[0], 0xff);
    assert_int_equal(about.local.kind, WEIR_ADDRESS_NONE);
}
