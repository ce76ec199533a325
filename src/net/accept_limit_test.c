/* SPDX-License-Identifier: MIT
 *
 * Do the limits hold exactly, and does a stranger with many prefixes lock nobody out?
 */
#include "test/harness/test.h"

#include <pthread.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/accept_limit.h>

static const weir_hash_key key = {{1, 2}};

static weir_address ip(const char *text)
{
    weir_address out;
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), 7, &out), 0);
    return out;
}

static weir_accept_limit *make(weir_accept_limit_options options)
{
    weir_accept_limit *limit;
    assert_int_equal(weir_accept_limit_create(&options, &key, &limit), 0);
    return limit;
}

static weir_accept_reason admit_at(weir_accept_limit *limit, const char *peer, int64_t ns)
{
    const weir_address address = ip(peer);
    weir_accept_verdict verdict;
    const int result = weir_accept_limit_admit(limit, &address, (weir_instant){ns}, &verdict);
    assert_int_equal(result, verdict.reason == WEIR_ACCEPT_ADMITTED ? 0 : WEIR_ELIMIT);
    return verdict.reason;
}

static weir_accept_reason admit(weir_accept_limit *limit, const char *peer)
{
    return admit_at(limit, peer, 0);
}

static void release(weir_accept_limit *limit, const char *peer)
{
    const weir_address address = ip(peer);
    weir_accept_limit_release(limit, &address);
}

TEST(accept_limit_counts_by_prefix)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){.levels = {{.connections = 2}}});
    const weir_address peer = ip("2001:db8::5");
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "::ffff:192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_CONNECTIONS);
    assert_int_equal(admit(limit, "192.0.2.2"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "2001:db8::1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "2001:db8::ffff:2"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "2001:db8::3"), WEIR_ACCEPT_CONNECTIONS);
    assert_int_equal(admit(limit, "2001:db8:0:1::3"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "fe80::1%1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "fe80::2%1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "fe80::3%1"), WEIR_ACCEPT_CONNECTIONS);
    assert_int_equal(admit(limit, "fe80::3%2"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(weir_accept_limit_connections(limit, &peer, 0), 2);
    assert_int_equal(weir_accept_limit_connections(limit, &peer, 1), 0);
    release(limit, "192.0.2.1");
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    release(limit, "203.0.113.1"); /* never admitted */
    assert_int_equal(weir_accept_limit_total(limit), 9);
    weir_accept_limit_destroy(limit);
    weir_accept_limit_destroy(NULL);
}

TEST(accept_limit_of_the_total)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){.total = 2});
    const weir_address local = {.kind = WEIR_ADDRESS_UNIX};
    weir_accept_verdict verdict;
    assert_int_equal(weir_accept_limit_admit(limit, &local, (weir_instant){0}, &verdict), 0);
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_TOTAL);
    weir_accept_limit_release(limit, &local);
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    weir_accept_limit_destroy(limit);
}

TEST(accept_limit_releases_of_the_wrong_kind_are_ignored)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){
        .total = 2, .capacity = 2, .levels = {{.connections = 1, .rate = 100}}});
    const weir_address local = {.kind = WEIR_ADDRESS_UNIX}, none = {0}, peer = ip("192.0.2.1");
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "192.0.2.2"), WEIR_ACCEPT_ADMITTED);
    weir_accept_limit_release(limit, &local);
    weir_accept_limit_release(limit, &none);
    assert_int_equal(weir_accept_limit_total(limit), 2);
    /* There is no entry left for a third. */
    assert_int_equal(admit(limit, "192.0.2.3"), WEIR_ACCEPT_TOTAL);
    assert_int_equal(weir_accept_limit_connections(limit, &peer, 0), 1);
    weir_accept_limit_destroy(limit);

    limit = make((weir_accept_limit_options){.total = 2});
    assert_int_equal(weir_accept_limit_admit(limit, &local, (weir_instant){0}, NULL), 0);
    release(limit, "192.0.2.1");
    assert_int_equal(weir_accept_limit_total(limit), 1);
    weir_accept_limit_release(limit, &local);
    weir_accept_limit_release(limit, &local);
    assert_int_equal(weir_accept_limit_total(limit), 0);
    weir_accept_limit_destroy(limit);
}

TEST(accept_limit_wide_level_stops_many_prefixes)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){
        .levels = {{.connections = 2}, {.ipv4_len = 24, .ipv6_len = 48, .connections = 3}}});
    const weir_address peer = ip("2001:db8:0:9::1");
    weir_accept_verdict verdict;
    assert_int_equal(admit(limit, "2001:db8:0:1::1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "2001:db8:0:2::1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit(limit, "2001:db8:0:3::1"), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(weir_accept_limit_admit(limit, &peer, (weir_instant){0}, &verdict),
                     WEIR_ELIMIT);
    assert_int_equal(verdict.reason, WEIR_ACCEPT_CONNECTIONS);
    assert_int_equal(verdict.level, 1);
    assert_int_equal(weir_accept_limit_connections(limit, &peer, 0), 0); /* nothing was counted */
    assert_int_equal(admit(limit, "2001:db8:1::1"), WEIR_ACCEPT_ADMITTED);
    weir_accept_limit_destroy(limit);
}

/* 3 in a second do not divide it; asked every millisecond, the bucket still fills. */
TEST(accept_limit_rate_loses_nothing_to_rounding)
{
    weir_accept_limit *limit =
        make((weir_accept_limit_options){.levels = {{.rate = 3, .burst = 5}}});
    unsigned admitted = 0;
    for (int64_t ms = 0; ms < 100000; ms++)
        if (admit_at(limit, "192.0.2.1", ms * 1000000) == WEIR_ACCEPT_ADMITTED) admitted++;
    assert_in_range(admitted, 303, 305);
    weir_accept_limit_destroy(limit);
}

TEST(accept_limit_retry_after_is_exact)
{
    weir_accept_limit *limit = make(
        (weir_accept_limit_options){.levels = {{.rate = 2, .burst = 2, .per = weir_seconds(1)}}});
    const weir_address peer = ip("192.0.2.1");
    weir_accept_verdict verdict;
    const int64_t start = 1234567;
    assert_int_equal(admit_at(limit, "192.0.2.1", start), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit_at(limit, "192.0.2.1", start), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(weir_accept_limit_admit(limit, &peer, (weir_instant){start + 1}, &verdict),
                     WEIR_ELIMIT);
    assert_int_equal(verdict.reason, WEIR_ACCEPT_RATE);
    assert_int_equal(verdict.retry_after.ns, 500000000 - 1);
    const int64_t then = start + 1 + verdict.retry_after.ns;
    assert_int_equal(admit_at(limit, "192.0.2.1", then - 1), WEIR_ACCEPT_RATE);
    assert_int_equal(admit_at(limit, "192.0.2.1", then), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit_at(limit, "192.0.2.1", then), WEIR_ACCEPT_RATE);
    /* The debt outlives the connections. */
    for (int i = 0; i < 3; i++) release(limit, "192.0.2.1");
    assert_int_equal(admit_at(limit, "192.0.2.1", then), WEIR_ACCEPT_RATE);
    weir_accept_limit_destroy(limit);
}

TEST(accept_limit_clock_that_goes_back)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){.levels = {{.rate = 1}}});
    const int64_t late = INT64_C(1000000000000);
    assert_int_equal(admit_at(limit, "192.0.2.1", late), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit_at(limit, "192.0.2.1", 0), WEIR_ACCEPT_RATE);
    assert_int_equal(admit_at(limit, "192.0.2.1", 1000000000), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit_at(limit, "192.0.2.2", INT64_MAX), WEIR_ACCEPT_ADMITTED);
    assert_int_equal(admit_at(limit, "192.0.2.2", INT64_MIN), WEIR_ACCEPT_RATE);
    weir_accept_limit_destroy(limit);
}

static weir_address stranger(uint64_t number)
{
    weir_address a = {.kind = WEIR_ADDRESS_IPV6, .at.ipv6 = {0x20, 0x01, 0x0d, 0xb8}};
    for (int i = 0; i < 4; i++) a.at.ipv6[7 - i] = (uint8_t)(number >> 8 * i);
    return a;
}

/* Far more prefixes than entries: all memory was taken at the start, newcomers are let in, and who
 * has connections is still counted. */
TEST(accept_limit_many_prefixes_lock_nobody_out)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){
        .total = 4, .capacity = 8, .levels = {{.connections = 1, .rate = 1}}});
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_ADMITTED);
    test_alloc_fail_after(0);
    for (uint64_t i = 0; i < 5000; i++) {
        const weir_address peer = stranger(i);
        assert_int_equal(weir_accept_limit_admit(limit, &peer, (weir_instant){0}, NULL), 0);
        weir_accept_limit_release(limit, &peer);
    }
    test_alloc_reset();
    assert_int_equal(admit(limit, "192.0.2.1"), WEIR_ACCEPT_CONNECTIONS);
    assert_int_equal(admit(limit, "192.0.2.2"), WEIR_ACCEPT_ADMITTED);
    weir_address last = stranger(4999);
    assert_int_equal(weir_accept_limit_admit(limit, &last, (weir_instant){0}, NULL), WEIR_ELIMIT);
    /* Who keeps asking is not forgotten, whoever comes besides. */
    for (uint64_t i = 0; i < 100; i++) {
        const weir_address peer = stranger(10000 + i);
        assert_int_equal(weir_accept_limit_admit(limit, &peer, (weir_instant){0}, NULL), 0);
        weir_accept_limit_release(limit, &peer);
        assert_int_equal(weir_accept_limit_admit(limit, &last, (weir_instant){0}, NULL),
                         WEIR_ELIMIT);
    }
    weir_accept_limit_destroy(limit);
}

TEST(accept_limit_refuses_senseless_options)
{
    weir_accept_limit *limit;
    const weir_accept_limit_options wrong[] = {
        {.total = 10, .capacity = 9},
        {.total = UINT32_MAX},
        {.levels = {{.ipv4_len = 33, .connections = 1}}},
        {.levels = {{.ipv6_len = 129, .connections = 1}}},
        {.levels = {{.rate = 1, .per = {-1}}}},
        {.levels = {{0}, {.rate = 1, .per = weir_days(2)}}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(weir_accept_limit_create(&wrong[i], &key, &limit), WEIR_EINVAL);
}

TEST(accept_limit_survives_without_memory)
{
    const weir_accept_limit_options options = {
        .levels = {{.connections = 1}, {.ipv4_len = 24, .rate = 1}}};
    for (size_t n = 0;; n++) {
        weir_accept_limit *limit = NULL;
        test_alloc_fail_after(n);
        const int result = weir_accept_limit_create(&options, &key, &limit);
        const size_t failed = test_alloc_failed();
        test_alloc_reset();
        assert_int_equal(result, failed ? WEIR_ENOMEM : 0);
        weir_accept_limit_destroy(limit);
        if (!failed) break;
    }
}

/* Random coming and going against plain counts; the table is small, so entries are reused. */
TEST_SEEDED(accept_limit_agrees_with_plain_counts, 3)
{
    enum { PEERS = 24, MOST = 10, EACH = 3, WIDE = 5 };
    uint64_t random = test_seed();
    weir_accept_limit *limit = make((weir_accept_limit_options){
        .total = MOST,
        .levels = {{.connections = EACH, .rate = 1000000}, {.ipv4_len = 30, .connections = WIDE}}});
    unsigned counts[PEERS] = {0}, wide[PEERS / 4] = {0}, total = 0;
    for (int round = 0; round < 50000; round++) {
        const unsigned i = (unsigned)(test_random(&random) % PEERS);
        const weir_address peer = {.kind = WEIR_ADDRESS_IPV4, .at.ipv4 = {10, 0, 0, (uint8_t)i}};
        if (test_random(&random) & 1) {
            const bool room = total < MOST && counts[i] < EACH && wide[i / 4] < WIDE;
            const weir_instant now = {round * INT64_C(1000000)};
            assert_int_equal(weir_accept_limit_admit(limit, &peer, now, NULL),
                             room ? 0 : WEIR_ELIMIT);
            if (!room) continue;
            counts[i]++, wide[i / 4]++, total++;
        } else {
            weir_accept_limit_release(limit, &peer);
            if (counts[i] > 0) counts[i]--, wide[i / 4]--, total--;
        }
        assert_int_equal(weir_accept_limit_total(limit), total);
        assert_int_equal(weir_accept_limit_connections(limit, &peer, 0), counts[i]);
        assert_int_equal(weir_accept_limit_connections(limit, &peer, 1), wide[i / 4]);
    }
    weir_accept_limit_destroy(limit);
}

static void *come_and_go(void *arg)
{
    weir_accept_limit *limit = arg;
    for (uint64_t i = 0; i < 3000; i++) {
        const weir_address peer = stranger(i % 50);
        if (weir_accept_limit_admit(limit, &peer, (weir_instant){(int64_t)i}, NULL) == 0)
            weir_accept_limit_release(limit, &peer);
    }
    return NULL;
}

TEST(accept_limit_from_many_threads)
{
    weir_accept_limit *limit = make((weir_accept_limit_options){
        .total = 3, .capacity = 20, .levels = {{.connections = 1, .rate = 1000000}}});
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, limit), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    assert_int_equal(weir_accept_limit_total(limit), 0);
    weir_accept_limit_destroy(limit);
}
