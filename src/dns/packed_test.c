/* SPDX-License-Identifier: MIT
 *
 * What is left of a server's message when it is boiled down, and what is not believed?
 */
#include "dns/packed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "test/harness/test.h"

/* A message that is being made, and what it is boiled down to. */
typedef struct kettle {
    weir_dns_writer writer;
    uint8_t octets[65535];
    dns_packed packed;
    weir_dns_answer answer;
} kettle;

static weir_dns_name name_of(const char *text)
{
    weir_dns_name name;
    assert_true(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return name;
}

static kettle *begin(unsigned rcode, const char *question, uint16_t type)
{
    kettle *k = malloc(sizeof *k);
    const weir_dns_header header = {.id = 1, .response = true, .rcode = (uint8_t)rcode};
    weir_dns_writer_init(&k->writer, k->octets, sizeof k->octets, &header);
    const weir_dns_name name = name_of(question);
    assert_int_equal(weir_dns_writer_question(&k->writer, &name, type, WEIR_DNS_CLASS_IN), 0);
    weir_dns_packed_init(&k->packed);
    k->answer = (weir_dns_answer){0};
    return k;
}

static void end(kettle *k)
{
    weir_dns_packed_free(&k->packed);
    weir_dns_answer_free(&k->answer);
    free(k);
}

static void add_raw(kettle *k, weir_dns_section section, const char *owner, uint16_t type,
                    uint16_t class_, uint32_t ttl, weir_bytes data)
{
    const weir_dns_name name = name_of(owner);
    assert_int_equal(weir_dns_writer_record(&k->writer, section, &name, type, class_, ttl, data),
                     0);
}

static void add_a(kettle *k, const char *owner, uint32_t ttl, const char *four)
{
    add_raw(k, WEIR_DNS_ANSWER, owner, WEIR_DNS_A, WEIR_DNS_CLASS_IN, ttl, weir_bytes_of(four, 4));
}

static void add_name(kettle *k, const char *owner, uint16_t type, uint32_t ttl, const char *target)
{
    weir_dns_data data = {.type = type};
    if (type == WEIR_DNS_MX)
        data.as.mx.exchange = name_of(target);
    else
        data.as.name = name_of(target);
    const weir_dns_name name = name_of(owner);
    assert_int_equal(weir_dns_writer_data(&k->writer, WEIR_DNS_ANSWER, &name, ttl, &data), 0);
}

static void add_soa(kettle *k, const char *zone, uint32_t ttl, uint32_t minimum)
{
    weir_dns_data data = {.type = WEIR_DNS_SOA};
    data.as.soa.primary = data.as.soa.mailbox = name_of("ns.example");
    data.as.soa.minimum = minimum;
    const weir_dns_name name = name_of(zone);
    assert_int_equal(weir_dns_writer_data(&k->writer, WEIR_DNS_AUTHORITY, &name, ttl, &data), 0);
}

/* Boils down and makes an answer of it; the result of whichever fails. */
static int digest(kettle *k, const char *name, uint16_t type)
{
    weir_dns_name asked = name_of(name);
    const int error =
        weir_dns_packed_digest(&k->packed, weir_dns_writer_message(&k->writer), &asked, type);
    if (error) return error;
    weir_dns_answer_free(&k->answer);
    return weir_dns_packed_answer(weir_bytes_of(k->packed.octets, k->packed.len), &asked,
                                  &k->answer);
}

TEST(packed_takes_records_of_the_question_alone)
{
    kettle *k = begin(0, "a.example", WEIR_DNS_A);
    add_a(k, "A.Example", 300, "\1\2\3\4");
    add_a(k, "b.example", 1, "\1\2\3\5");
    add_raw(k, WEIR_DNS_ANSWER, "a.example", WEIR_DNS_A, 3, 1, weir_bytes_of("\1\2\3\6", 4));
    add_raw(k, WEIR_DNS_ANSWER, "a.example", WEIR_DNS_TXT, 1, 1, weir_bytes_of("\1x", 2));
    add_a(k, "a.example", 200, "\1\2\3\7");
    add_raw(k, WEIR_DNS_AUTHORITY, "a.example", WEIR_DNS_A, 1, 1, weir_bytes_of("\1\2\3\x8", 4));
    add_raw(k, WEIR_DNS_ADDITIONAL, "a.example", WEIR_DNS_A, 1, 1, weir_bytes_of("\1\2\3\x9", 4));
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), 0);
    assert_int_equal(k->answer.count, 2);
    assert_int_equal(k->packed.ttl, 200);
    weir_dns_data data;
    size_t at = 0;
    assert_int_equal(weir_dns_answer_next(&k->answer, &at, &data), 1);
    assert_int_equal(data.as.a[3], 4);
    assert_int_equal(weir_dns_answer_next(&k->answer, &at, &data), 1);
    assert_int_equal(data.as.a[3], 7);
    end(k);
}

TEST(packed_skips_malformed_records_among_good_ones)
{
    kettle *k = begin(0, "a.example", WEIR_DNS_A);
    add_raw(k, WEIR_DNS_ANSWER, "a.example", WEIR_DNS_A, 1, 1, weir_bytes_of("\1\2\3", 3));
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), WEIR_EDNS_ANSWER);
    add_a(k, "a.example", 300, "\1\2\3\4");
    add_raw(k, WEIR_DNS_ANSWER, "a.example", WEIR_DNS_A, 1, 1, weir_bytes_of("\1\2\3\4\5", 5));
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), 0);
    assert_int_equal(k->answer.count, 1);
    assert_int_equal(k->packed.ttl, 300);
    end(k);
}

TEST(packed_takes_a_ttl_with_its_first_bit_set_as_zero)
{
    kettle *k = begin(0, "a.example", WEIR_DNS_A);
    add_a(k, "a.example", 0x80000000, "\1\2\3\4");
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), 0);
    assert_int_equal(k->packed.ttl, 0);
    end(k);
}

TEST(packed_follows_sixteen_aliases)
{
    for (int count = 15; count <= 17; count++) {
        kettle *k = begin(0, "n0.example", WEIR_DNS_A);
        char from[32], to[32];
        for (int i = count; i > 0; i--) {
            snprintf(from, sizeof from, "n%d.example", i - 1);
            snprintf(to, sizeof to, "n%d.example", i);
            add_name(k, from, WEIR_DNS_CNAME, 100, to);
        }
        snprintf(to, sizeof to, "n%d.example", count);
        add_a(k, to, 300, "\1\2\3\4");
        const int result = digest(k, "n0.example", WEIR_DNS_A);
        assert_int_equal(result, count <= DNS_ALIASES ? 0 : WEIR_EDNS_ANSWER);
        if (result == 0) {
            const weir_dns_name last = name_of(to);
            assert_int_equal(k->answer.aliases, count);
            assert_true(weir_dns_name_equal(&k->answer.canonical, &last));
            assert_int_equal(k->packed.ttl, 100);
        }
        end(k);
    }
}

TEST(packed_prefers_records_to_an_alias)
{
    kettle *k = begin(0, "a.example", WEIR_DNS_A);
    add_name(k, "a.example", WEIR_DNS_CNAME, 100, "b.example");
    add_a(k, "b.example", 300, "\1\2\3\4");
    add_a(k, "a.example", 300, "\1\2\3\5");
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), 0);
    assert_int_equal(k->answer.aliases, 0);
    assert_int_equal(k->answer.count, 1);
    assert_int_equal(digest(k, "a.example", WEIR_DNS_CNAME), 0);
    assert_int_equal(k->answer.count, 1);
    assert_int_equal(digest(k, "a.example", WEIR_DNS_ANY), 0);
    assert_int_equal(k->answer.count, 2);
    end(k);
}

TEST(packed_tells_absence_apart)
{
    kettle *k = begin(WEIR_DNS_NXDOMAIN, "a.example", WEIR_DNS_A);
    add_name(k, "a.example", WEIR_DNS_CNAME, 50, "b.sub.example");
    add_a(k, "b.sub.example", 10, "\1\2\3\4");
    add_soa(k, "other", 1, 1);
    add_soa(k, "sub.example", 90, 80);
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), WEIR_EDNS_NOTFOUND);
    assert_int_equal(k->answer.count, 0);
    assert_int_equal(k->answer.aliases, 1);
    size_t at = 0;
    weir_dns_data data;
    assert_int_equal(weir_dns_answer_next(&k->answer, &at, &data), 0);
    assert_true(k->packed.ttl <= 50);
    end(k);
    static const struct {
        uint32_t ttl, minimum, expected;
    } cases[] = {{90, 80, 80}, {70, 80, 70}, {0, 80, 0}, {0x80000001, 80, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        k = begin(0, "a.example", WEIR_DNS_A);
        add_soa(k, "example", cases[i].ttl, cases[i].minimum);
        assert_int_equal(digest(k, "a.example", WEIR_DNS_A), WEIR_EDNS_NODATA);
        assert_int_equal(k->packed.ttl, cases[i].expected);
        end(k);
    }
    k = begin(0, "a.example", WEIR_DNS_A);
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), WEIR_EDNS_NODATA);
    assert_int_equal(k->packed.ttl, 0);
    end(k);
}

TEST(packed_takes_so_many_records_and_no_more)
{
    kettle *k = begin(0, "a.example", WEIR_DNS_MX);
    static const char target[] =
        "012345678901234567890123456789012345678901234567890123456789.example";
    for (int i = 0; i < 700; i++) add_name(k, "a.example", WEIR_DNS_MX, 300, target);
    assert_int_equal(digest(k, "a.example", WEIR_DNS_MX), 0);
    assert_int_equal(k->answer.count, DNS_RECORDS);
    weir_dns_data data;
    size_t at = 0, count = 0;
    const weir_dns_name host = name_of(target);
    while (weir_dns_answer_next(&k->answer, &at, &data) == 1)
        count += weir_dns_name_equal(&data.as.mx.exchange, &host);
    assert_int_equal(count, DNS_RECORDS);
    end(k);
}

/* Links in the wrong order behind thousands of records that belong to others: each link would take
 * a look at all of them. */
TEST(packed_does_not_look_for_ever_at_a_scattered_chain)
{
    kettle *k = begin(WEIR_DNS_NOERROR, "n0.a.", WEIR_DNS_A);
    for (int i = 0; i < 3500; i++) add_a(k, "other.a.", 60, "\1\2\3\4");
    for (int i = 7; i >= 0; i--) {
        char owner[16], target[16];
        snprintf(owner, sizeof owner, "n%d.a.", i);
        snprintf(target, sizeof target, "n%d.a.", i + 1);
        add_name(k, owner, WEIR_DNS_CNAME, 60, target);
    }
    const weir_dns_name name = name_of("n0.a."), last = name_of("n6.a.");
    const weir_bytes message = weir_dns_writer_message(&k->writer);
    assert_int_equal(weir_dns_packed_digest(&k->packed, message, &name, WEIR_DNS_A),
                     WEIR_EDNS_ANSWER);
    /* A short chain in the same message is followed. */
    assert_int_equal(weir_dns_packed_digest(&k->packed, message, &last, WEIR_DNS_A), 0);
    end(k);
}

TEST(packed_believes_no_message_that_ends_early)
{
    kettle *k = begin(0, "a.example", WEIR_DNS_A);
    add_name(k, "a.example", WEIR_DNS_CNAME, 50, "b.example");
    add_a(k, "b.example", 300, "\1\2\3\4");
    const weir_dns_name name = name_of("a.example");
    const weir_bytes whole = weir_dns_writer_message(&k->writer);
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *part = malloc(len ? len : 1);
        memcpy(part, whole.data, len);
        assert_int_equal(
            weir_dns_packed_digest(&k->packed, weir_bytes_of(part, len), &name, WEIR_DNS_A),
            WEIR_EDNS_ANSWER);
        free(part);
    }
    assert_int_equal(digest(k, "a.example", WEIR_DNS_A), 0);
    end(k);
}

TEST(packed_survives_failed_allocations)
{
    for (size_t n = 0;; n++) {
        kettle *k = begin(0, "a.example", WEIR_DNS_MX);
        for (int i = 0; i < 100; i++) add_name(k, "a.example", WEIR_DNS_MX, 300, "b.example");
        test_alloc_fail_once(n);
        const int result = digest(k, "a.example", WEIR_DNS_MX);
        const size_t failed = test_alloc_failed();
        test_alloc_reset();
        assert_int_equal(result, failed ? WEIR_ENOMEM : 0);
        assert_int_equal(digest(k, "a.example", WEIR_DNS_MX), 0);
        assert_int_equal(k->answer.count, 100);
        end(k);
        if (!failed) break;
    }
}

TEST(packed_copies_and_makes_single_records)
{
    dns_packed one, two;
    weir_dns_packed_init(&one);
    weir_dns_packed_init(&two);
    const weir_dns_name name = name_of("localhost");
    static const uint8_t octets[16] = {[15] = 1};
    weir_dns_answer answer;
    assert_int_equal(weir_dns_packed_single(&one, WEIR_DNS_AAAA, octets, 16), 0);
    assert_int_equal(weir_dns_packed_copy(&two, one.octets, one.len), 0);
    assert_int_equal(weir_dns_packed_answer(weir_bytes_of(two.octets, two.len), &name, &answer), 0);
    weir_dns_data data;
    size_t at = 0;
    assert_int_equal(weir_dns_answer_next(&answer, &at, &data), 1);
    assert_int_equal(data.as.aaaa[15], 1);
    weir_dns_answer_free(&answer);
    assert_int_equal(weir_dns_packed_single(&one, WEIR_DNS_TXT, NULL, 0), 0);
    assert_int_equal(weir_dns_packed_answer(weir_bytes_of(one.octets, one.len), &name, &answer),
                     WEIR_EDNS_NODATA);
    at = 0;
    assert_int_equal(weir_dns_answer_next(&answer, &at, &data), 0);
    weir_dns_answer_free(&answer);
    static uint8_t large[5000];
    assert_int_equal(weir_dns_packed_single(&one, 4711, large, sizeof large), 0);
    assert_int_equal(weir_dns_packed_copy(&two, one.octets, one.len), 0);
    assert_int_equal(two.len, one.len);
    weir_dns_packed_free(&one);
    weir_dns_packed_free(&two);
    weir_dns_packed_free(&two);
}

TEST(answer_origins_have_words)
{
    for (int i = 0; i <= WEIR_DNS_FROM_SERVER; i++)
        assert_true(strlen(weir_dns_origin_text((weir_dns_origin)i)) > 3);
    assert_string_equal(weir_dns_origin_text((weir_dns_origin)99), "nowhere");
}
