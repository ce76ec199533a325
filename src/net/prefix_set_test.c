/* SPDX-License-Identifier: MIT
 *
 * Does the set find what looking at every prefix finds, after any changes?
 */
#include "test/harness/test.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/prefix_set.h>

static weir_prefix prefix(const char *text)
{
    weir_prefix out;
    assert_int_equal(weir_prefix_parse(weir_bytes_text(text), WEIR_PREFIX_STRICT, &out, NULL), 0);
    return out;
}

static weir_prefix_set *make(size_t limit)
{
    weir_prefix_set *set;
    assert_int_equal(weir_prefix_set_create(limit, &set), 0);
    return set;
}

static int insert(weir_prefix_set *set, const char *text, const char *value)
{
    const weir_prefix p = prefix(text);
    return weir_prefix_set_insert(set, &p, (void *)(uintptr_t)value);
}

static const char *lookup(const weir_prefix_set *set, const char *text)
{
    weir_address address;
    void *value;
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), 0, &address), 0);
    return weir_prefix_set_lookup(set, &address, NULL, &value) ? value : "none";
}

TEST(prefix_set_finds_the_longest)
{
    weir_prefix_set *set = make(0);
    assert_string_equal(lookup(set, "10.0.0.1"), "none");
    assert_int_equal(insert(set, "10.0.0.0/8", "ten"), 0);
    assert_int_equal(insert(set, "10.128.1.0/24", "net"), 0);
    assert_int_equal(insert(set, "10.160.0.0/11", "wide"), 0);
    assert_int_equal(insert(set, "10.128.1.7/32", "host"), 0);
    assert_int_equal(insert(set, "::/0", "six"), 0);
    assert_string_equal(lookup(set, "10.128.1.7"), "host");
    assert_string_equal(lookup(set, "10.128.1.8"), "net");
    assert_string_equal(lookup(set, "10.128.2.8"), "ten");
    assert_string_equal(lookup(set, "10.161.2.8"), "wide");
    assert_string_equal(lookup(set, "11.0.0.0"), "none");
    assert_string_equal(lookup(set, "::ffff:10.0.0.1"), "six");
    assert_int_equal(insert(set, "0.0.0.0/0", "all"), 0);
    assert_string_equal(lookup(set, "11.0.0.0"), "all");
    const weir_address nothing = {0};
    assert_false(weir_prefix_set_lookup(set, &nothing, NULL, NULL));
    weir_prefix_set_destroy(set);
    weir_prefix_set_destroy(NULL);
}

TEST(prefix_set_changes)
{
    weir_prefix_set *set = make(2);
    const weir_prefix ten = prefix("10.0.0.0/8"), branch = prefix("10.0.0.0/7"), none = {0};
    void *value;
    assert_int_equal(insert(set, "10.0.0.0/8", "ten"), 0);
    assert_int_equal(insert(set, "10.0.0.0/8", "again"), WEIR_EEXIST);
    assert_int_equal(insert(set, "11.0.0.0/8", "eleven"), 0);
    assert_int_equal(insert(set, "12.0.0.0/8", "twelve"), WEIR_ELIMIT);
    assert_int_equal(weir_prefix_set_insert(set, &none, NULL), WEIR_EINVAL);
    assert_null(weir_prefix_set_find(set, &branch)); /* a node, but not a member */
    assert_false(weir_prefix_set_remove(set, &branch, &value));
    assert_string_equal(*weir_prefix_set_find(set, &ten), "ten");
    *weir_prefix_set_find(set, &ten) = NULL; /* NULL is a value */
    assert_true(weir_prefix_set_remove(set, &ten, &value));
    assert_null(value);
    assert_false(weir_prefix_set_remove(set, &ten, &value));
    assert_int_equal(weir_prefix_set_count(set), 1);
    assert_int_equal(insert(set, "12.0.0.0/8", "twelve"), 0);
    assert_string_equal(lookup(set, "11.0.0.1"), "eleven");
    assert_string_equal(lookup(set, "12.0.0.1"), "twelve");
    assert_string_equal(lookup(set, "10.0.0.1"), "none");
    weir_prefix_set_destroy(set);
}

TEST(prefix_set_survives_without_memory)
{
    for (size_t n = 0;; n++) {
        weir_prefix_set *set = NULL;
        test_alloc_fail_after(n);
        int result = weir_prefix_set_create(0, &set);
        size_t inserted = 0;
        for (unsigned i = 0; i < 200 && result == 0; i++) {
            weir_prefix p = {.kind = WEIR_ADDRESS_IPV4, .len = 32, .bytes = {10, 0, 0, (uint8_t)i}};
            result = weir_prefix_set_insert(set, &p, NULL);
            if (result == 0) inserted++;
        }
        const size_t failed = test_alloc_failed();
        test_alloc_reset();
        assert_int_equal(result, failed ? WEIR_ENOMEM : 0);
        if (set) assert_int_equal(weir_prefix_set_count(set), inserted);
        weir_prefix_set_destroy(set);
        if (!failed) break;
    }
}

/* Prefixes from a small world, so that they meet; and the plain list that the set has to agree
 * with. */
enum { WORLD = 300 };

typedef struct model {
    weir_prefix members[WORLD];
    void *values[WORLD];
    size_t count;
} model;

static weir_address random_address(uint64_t *random)
{
    weir_address address = {.kind =
                                test_random(random) & 1 ? WEIR_ADDRESS_IPV6 : WEIR_ADDRESS_IPV4};
    const bool six = address.kind == WEIR_ADDRESS_IPV6;
    uint8_t *bytes = six ? address.at.ipv6 : address.at.ipv4;
    const unsigned len = six ? 16 : 4;
    for (unsigned i = 0; i < len; i++) { /* bytes of few bits: neighbours are likely */
        const uint64_t r = test_random(random);
        bytes[i] = (uint8_t)(r & 1 ? 0 : 1U << (r >> 8 & 7));
    }
    return address;
}

static size_t model_find(const model *m, const weir_prefix *p)
{
    size_t i = 0;
    while (i < m->count && !weir_prefix_equal(&m->members[i], p)) i++;
    return i;
}

static void change(weir_prefix_set *set, model *m, uint64_t *random)
{
    const weir_address address = random_address(random);
    const unsigned bits = address.kind == WEIR_ADDRESS_IPV6 ? 128 : 32;
    weir_prefix p;
    void *value = (void *)(uintptr_t)test_random(random);
    weir_prefix_of(&address, (unsigned)(test_random(random) % (bits + 1)), &p);
    if (m->count > 0 && test_random(random) % 5 < 2) p = m->members[test_random(random) % m->count];
    const size_t at = model_find(m, &p);
    if (test_random(random) % 5 < 3) {
        const int expected = at < m->count ? WEIR_EEXIST : m->count == WORLD ? WEIR_ELIMIT : 0;
        assert_int_equal(weir_prefix_set_insert(set, &p, value), expected);
        if (expected != 0) return;
        m->members[m->count] = p;
        m->values[m->count++] = value;
        return;
    }
    void *was = NULL;
    assert_int_equal(weir_prefix_set_remove(set, &p, &was), at < m->count);
    if (at == m->count) return;
    assert_ptr_equal(was, m->values[at]);
    m->count--;
    m->members[at] = m->members[m->count];
    m->values[at] = m->values[m->count];
}

static void assert_same_lookup(const weir_prefix_set *set, const model *m,
                               const weir_address *address)
{
    size_t best = m->count;
    for (size_t i = 0; i < m->count; i++)
        if (weir_prefix_contains(&m->members[i], address) &&
            (best == m->count || m->members[i].len > m->members[best].len))
            best = i;
    weir_prefix found;
    void *value;
    assert_int_equal(weir_prefix_set_lookup(set, address, &found, &value), best < m->count);
    if (best == m->count) return;
    assert_true(weir_prefix_equal(&found, &m->members[best]));
    assert_ptr_equal(value, m->values[best]);
}

static int by_order(const void *a, const void *b)
{
    return weir_prefix_compare(a, b);
}

static void assert_same_walk(const weir_prefix_set *set, const model *m)
{
    weir_prefix sorted[WORLD];
    memcpy(sorted, m->members, m->count * sizeof *sorted);
    qsort(sorted, m->count, sizeof *sorted, by_order);
    weir_prefix at = {0};
    void *value;
    for (size_t i = 0; i < m->count; i++) {
        assert_true(weir_prefix_set_next(set, &at, &value));
        assert_true(weir_prefix_equal(&at, &sorted[i]));
        assert_ptr_equal(value, m->values[model_find(m, &at)]);
    }
    assert_false(weir_prefix_set_next(set, &at, &value));
    assert_int_equal(weir_prefix_set_count(set), m->count);
}

/* From a prefix that is no member, the walk goes on with the first after it. */
static void assert_same_next(const weir_prefix_set *set, const model *m, uint64_t *random)
{
    const weir_address address = random_address(random);
    weir_prefix from;
    weir_prefix_of(&address, (unsigned)(test_random(random) % 33), &from);
    const weir_prefix *best = NULL;
    for (size_t i = 0; i < m->count; i++)
        if (weir_prefix_compare(&m->members[i], &from) > 0 &&
            (!best || weir_prefix_compare(&m->members[i], best) < 0))
            best = &m->members[i];
    assert_int_equal(weir_prefix_set_next(set, &from, NULL), best != NULL);
    if (best) assert_true(weir_prefix_equal(&from, best));
}

TEST_SEEDED(prefix_set_agrees_with_a_list, 7)
{
    uint64_t random = test_seed();
    weir_prefix_set *set = make(WORLD);
    static model m;
    m.count = 0;
    for (int round = 0; round < 6000; round++) {
        change(set, &m, &random);
        for (int i = 0; i < 4; i++) {
            const weir_address address = random_address(&random);
            assert_same_lookup(set, &m, &address);
        }
        assert_same_next(set, &m, &random);
        if (round % 50 == 0) assert_same_walk(set, &m);
    }
    while (m.count > 0) {
        m.count--;
        assert_true(weir_prefix_set_remove(set, &m.members[m.count], NULL));
    }
    assert_same_walk(set, &m);
    weir_prefix_set_destroy(set);
}
