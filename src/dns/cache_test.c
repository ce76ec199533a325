/* SPDX-License-Identifier: MIT
 *
 * Does the cache keep what it may, for as long as it may, within its bytes, and let go of what
 * nobody uses first?
 */
#include "dns/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/harness/test.h"

enum { A = 1, AAAA = 28 };

static const weir_hash_key key = {{1, 2}};

static weir_dns_name name_of(const char *text)
{
    weir_dns_name name;
    assert_true(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return name;
}

static dns_cache *cache_of(size_t bytes)
{
    dns_cache *cache = malloc(sizeof *cache);
    weir_dns_cache_init(cache, bytes, &key);
    cache->ttl_max = 1000;
    cache->negative_max = 100;
    return cache;
}

static void end(dns_cache *cache)
{
    weir_dns_cache_deinit(cache);
    free(cache);
}

static void put(dns_cache *cache, const char *name, uint16_t type, uint32_t now, uint32_t ttl,
                const char *octets)
{
    const weir_dns_name lower = name_of(name);
    const uint64_t hash = weir_dns_cache_hash(cache, &lower);
    weir_dns_cache_put(cache, &lower, hash,
                       &(dns_cache_new){.type = type,
                                        .came = now,
                                        .ttl = ttl,
                                        .epoch = weir_dns_cache_epoch(cache, hash),
                                        .packed = weir_bytes_text(octets)});
}

static dns_cache_found find_into(dns_cache *cache, const weir_dns_name *lower, uint64_t hash,
                                 uint16_t type, uint32_t now, void *out, size_t room)
{
    dns_cache_look look = {.type = type, .out = out, .room = room};
    weir_dns_cache_find(cache, lower, hash, now, &look, 1);
    return look.found;
}

static dns_cache_found find(dns_cache *cache, const char *name, uint16_t type, uint32_t now)
{
    char out[8];
    const weir_dns_name lower = name_of(name);
    return find_into(cache, &lower, weir_dns_cache_hash(cache, &lower), type, now, out, sizeof out);
}

static void forget(dns_cache *cache, const char *name)
{
    const weir_dns_name lower = name_of(name);
    weir_dns_cache_forget(cache, &lower, weir_dns_cache_hash(cache, &lower));
}

static uint64_t entries(dns_cache *cache)
{
    return weir_dns_cache_count(cache).entries;
}

static uint64_t bytes_of(dns_cache *cache)
{
    return weir_dns_cache_count(cache).bytes;
}

TEST(cache_gives_what_was_put_until_its_second)
{
    dns_cache *cache = cache_of(1 << 20);
    char out[8] = "";
    const weir_dns_name lower = name_of("a.example");
    const uint64_t hash = weir_dns_cache_hash(cache, &lower);
    put(cache, "a.example", A, 50, 10, "one");
    put(cache, "a.example", AAAA, 50, 20, "three");
    dns_cache_found found = find_into(cache, &lower, hash, A, 50, out, sizeof out);
    assert_int_equal(found.len, 3);
    assert_int_equal(found.ttl, 10);
    assert_string_equal(out, "one");
    memset(out, 0, sizeof out);
    found = find_into(cache, &lower, hash, AAAA, 50, out, 2);
    assert_int_equal(found.len, 5);
    assert_string_equal(out, "th");
    assert_int_equal(find(cache, "a.example", A, 59).ttl, 1);
    assert_int_equal(find(cache, "a.example", A, 60).len, 0);
    assert_int_equal(find(cache, "a.example", AAAA, 60).len, 5);
    assert_int_equal(find(cache, "b.example", A, 50).len, 0);
    assert_int_equal(find(cache, "a.example", 2, 50).len, 0);
    assert_int_equal(entries(cache), 1);
    end(cache);
}

TEST(cache_cuts_times)
{
    dns_cache *cache = cache_of(1 << 20);
    const weir_dns_name lower = name_of("n.example");
    put(cache, "a.example", A, 0, UINT32_MAX, "x");
    weir_dns_cache_put(
        cache, &lower, weir_dns_cache_hash(cache, &lower),
        &(dns_cache_new){.type = A, .negative = true, .ttl = 5000, .packed = weir_bytes_text("x")});
    assert_int_equal(find(cache, "a.example", A, 0).ttl, 1000);
    assert_int_equal(find(cache, "n.example", A, 0).ttl, 100);
    put(cache, "z.example", A, 0, 0, "x");
    assert_int_equal(find(cache, "z.example", A, 0).len, 0);
    end(cache);
}

TEST(cache_replaces)
{
    dns_cache *cache = cache_of(1 << 20);
    put(cache, "a.example", A, 0, 10, "x");
    const uint64_t before = bytes_of(cache);
    for (int i = 0; i < 100; i++) put(cache, "a.example", A, 0, 10, "y");
    assert_int_equal(entries(cache), 1);
    assert_int_equal(bytes_of(cache), before);
    put(cache, "a.example", A, 5, 0, "z");
    assert_int_equal(find(cache, "a.example", A, 5).len, 0);
    test_alloc_fail_after(0);
    put(cache, "b.example", A, 0, 10, "y");
    test_alloc_reset();
    assert_int_equal(find(cache, "b.example", A, 0).len, 0);
    put(cache, "c.example", A, 0, 10, "old");
    test_alloc_fail_after(0);
    put(cache, "c.example", A, 0, 10, "new");
    test_alloc_reset();
    assert_int_equal(find(cache, "c.example", A, 0).len, 0);
    end(cache);
}

TEST(cache_tells_names_of_one_hash_apart)
{
    dns_cache *cache = cache_of(1 << 20);
    uint8_t out[4];
    for (int i = 0; i < 6; i++) {
        char text[16];
        snprintf(text, sizeof text, "h%d", i);
        const weir_dns_name name = name_of(text);
        weir_dns_cache_put(
            cache, &name, 77,
            &(dns_cache_new){.type = A, .ttl = 10, .packed = weir_bytes_of(text + 1, 1)});
    }
    for (int i = 0; i < 6; i++) {
        char text[16];
        snprintf(text, sizeof text, "h%d", i);
        const weir_dns_name name = name_of(text);
        assert_int_equal(find_into(cache, &name, 77, A, 0, out, 4).len, 1);
        assert_int_equal(out[0], '0' + i);
    }
    assert_int_equal(entries(cache), 6);
    end(cache);
}

TEST(cache_grows_and_finds_all)
{
    dns_cache *cache = cache_of(64 << 20);
    enum { MANY = 50000 };
    char text[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "h%d.example", i);
        put(cache, text, A, 0, 10, text);
    }
    assert_int_equal(entries(cache), MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "h%d.example", i);
        assert_int_equal(find(cache, text, A, 0).len, strlen(text));
    }
    assert_true(bytes_of(cache) < 64 << 20);
    weir_dns_cache_clear(cache);
    assert_int_equal(entries(cache), 0);
    put(cache, "a.example", A, 0, 10, "x");
    assert_int_equal(find(cache, "a.example", A, 0).len, 1);
    end(cache);
}

TEST(cache_grows_no_table_without_memory_and_works_on)
{
    dns_cache *cache = cache_of(8 << 20);
    char text[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "h%d.example", i);
        test_alloc_fail_once(1); /* the table, where there is to be one */
        put(cache, text, A, 0, 10, text);
        test_alloc_reset();
        put(cache, text, A, 0, 10, text);
        assert_int_equal(find(cache, text, A, 0).len, strlen(text));
    }
    assert_int_equal(entries(cache), 3000);
    end(cache);
}

TEST(cache_keeps_within_its_bytes)
{
    static const size_t limits[] = {0, 1, 64, 64 * 64, 64 * 100, 64 * 200, 64 * 1000, 1 << 20};
    char text[32], octets[700];
    uint64_t seed = test_seed();
    memset(octets, 'x', sizeof octets);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        dns_cache *cache = cache_of(limits[i]);
        for (int n = 0; n < 4000; n++) {
            snprintf(text, sizeof text, "h%d.example", (int)(test_random(&seed) % 3000));
            octets[test_random(&seed) % (n % 10 ? 60 : sizeof octets)] = '\0';
            put(cache, text, A, (uint32_t)n / 100, 30, octets);
            octets[strlen(octets)] = 'x';
            octets[sizeof octets - 1] = '\0';
            assert_true(bytes_of(cache) <= limits[i]);
        }
        end(cache);
    }
}

/* Names of one shard. */
static void shard_name(const dns_cache *cache, int *number, char *out, size_t room)
{
    for (;;) {
        snprintf(out, room, "s%d.example", (*number)++);
        const weir_dns_name name = name_of(out);
        if (weir_dns_cache_hash(cache, &name) % DNS_CACHE_SHARDS == 0) return;
    }
}

TEST(cache_keeps_what_is_used)
{
    dns_cache *cache = cache_of(64 * 4096);
    char used[4][32], text[32];
    int number = 0;
    for (int i = 0; i < 4; i++) {
        shard_name(cache, &number, used[i], 32);
        put(cache, used[i], A, 0, 900, "used");
    }
    for (int n = 0; n < 1000; n++) {
        for (int i = 0; i < 4; i++) assert_int_equal(find(cache, used[i], A, 0).len, 4);
        shard_name(cache, &number, text, sizeof text);
        put(cache, text, A, 0, 900, "once");
    }
    const dns_cache_sums sums = weir_dns_cache_count(cache);
    assert_int_equal(sums.entries + sums.evicted, 1004);
    assert_true(sums.evicted > 500);
    end(cache);
}

TEST(cache_is_not_emptied_for_what_does_not_fit)
{
    dns_cache *cache = cache_of(64 * 4096);
    static char large[8192];
    char text[8][32], more[32];
    int number = 0;
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 8; i++) {
        shard_name(cache, &number, text[i], 32);
        put(cache, text[i], A, 0, 900, "kept");
    }
    shard_name(cache, &number, more, sizeof more);
    put(cache, more, A, 0, 900, large);
    assert_int_equal(find(cache, more, A, 0).len, 0);
    for (int i = 0; i < 8; i++) assert_int_equal(find(cache, text[i], A, 0).len, 4);
    end(cache);
}

TEST(cache_frees_what_is_past_its_time_first)
{
    dns_cache *cache = cache_of(64 * 2048);
    char text[32];
    int number = 0;
    for (int i = 0; i < 300; i++) {
        shard_name(cache, &number, text, sizeof text);
        put(cache, text, A, (uint32_t)i * 10, 5, "x");
    }
    assert_int_equal(weir_dns_cache_count(cache).evicted, 0);
    end(cache);
}

TEST(cache_forgets_a_name_and_those_below)
{
    dns_cache *cache = cache_of(1 << 20);
    static const char *const names[] = {"a.example",  "b.a.example", "c.b.a.example",
                                        "ba.example", "example",     "a.example.b"};
    for (size_t i = 0; i < 6; i++) {
        put(cache, names[i], A, 0, 10, "x");
        put(cache, names[i], AAAA, 0, 10, "x");
    }
    const weir_dns_name name = name_of("a.example");
    forget(cache, "a.example");
    assert_int_equal(entries(cache), 10);
    assert_int_equal(find(cache, "a.example", AAAA, 0).len, 0);
    weir_dns_cache_forget_below(cache, &name);
    assert_int_equal(entries(cache), 6);
    for (size_t i = 3; i < 6; i++) assert_int_equal(find(cache, names[i], A, 0).len, 1);
    const weir_dns_name root = name_of(".");
    weir_dns_cache_forget_below(cache, &root);
    assert_int_equal(entries(cache), 0);
    end(cache);
}

/* All names of one hash: they hang in one chain. */
TEST(cache_forgets_one_name_of_a_chain)
{
    dns_cache *cache = cache_of(1 << 20);
    static const char *const names[] = {"a.example", "b.example", "b.a.example"};
    char out[8];
    for (int i = 0; i < 3; i++) {
        const weir_dns_name name = name_of(names[i]);
        for (uint16_t type = A; type <= AAAA; type += AAAA - A)
            weir_dns_cache_put(
                cache, &name, 77,
                &(dns_cache_new){.type = type, .ttl = 10, .packed = weir_bytes_text("x")});
    }
    const weir_dns_name first = name_of(names[0]);
    weir_dns_cache_forget(cache, &first, 77);
    for (int i = 0; i < 3; i++) {
        const weir_dns_name name = name_of(names[i]);
        assert_int_equal(find_into(cache, &name, 77, A, 0, out, 8).len, i > 0);
        assert_int_equal(find_into(cache, &name, 77, AAAA, 0, out, 8).len, i > 0);
    }
    assert_int_equal(entries(cache), 4);
    forget(cache, "c.example"); /* of a shard without a table */
    end(cache);
}

TEST(cache_forgets_those_below_in_large_tables)
{
    dns_cache *cache = cache_of(64 << 20);
    enum { MANY = 40000 };
    char text[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, i % 2 ? "h%d.a.example" : "h%d.b.example", i);
        put(cache, text, A, 0, 10, "x");
    }
    const weir_dns_name name = name_of("a.example");
    weir_dns_cache_forget_below(cache, &name);
    assert_int_equal(entries(cache), MANY / 2);
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, i % 2 ? "h%d.a.example" : "h%d.b.example", i);
        assert_int_equal(find(cache, text, A, 0).len, i % 2 == 0);
    }
    end(cache);
}

/* The octets of a name may look like those of another one where no label begins. */
TEST(cache_forgets_below_only_where_a_label_begins)
{
    dns_cache *cache = cache_of(1 << 20);
    put(cache, "x\\001a.example", A, 0, 10, "x"); /* one label of "x", 1, "a" */
    put(cache, "x.a.example", A, 0, 10, "x");
    const weir_dns_name name = name_of("a.example");
    weir_dns_cache_forget_below(cache, &name);
    assert_int_equal(find(cache, "x\\001a.example", A, 0).len, 1);
    assert_int_equal(entries(cache), 1);
    end(cache);
}

TEST(cache_finds_two_types_at_once_and_counts_what_may_be_given)
{
    dns_cache *cache = cache_of(1 << 20);
    const weir_dns_name name = name_of("a.example");
    const uint64_t hash = weir_dns_cache_hash(cache, &name);
    char four[8] = "", six[8] = "";
    cache->stale = 100;
    put(cache, "a.example", A, 0, 10, "four");
    put(cache, "a.example", AAAA, 0, 20, "six");
    dns_cache_look looks[2] = {{.type = A, .out = (uint8_t *)four, .room = sizeof four},
                               {.type = AAAA, .out = (uint8_t *)six, .room = sizeof six}};
    weir_dns_cache_find(cache, &name, hash, 5, looks, 2);
    assert_string_equal(four, "four");
    assert_string_equal(six, "six");
    assert_int_equal(looks[0].found.ttl, 5);
    assert_int_equal(looks[1].found.ttl, 15);
    assert_int_equal(weir_dns_cache_count(cache).hits, 2);
    weir_dns_cache_find(cache, &name, hash, 15, looks, 2); /* the first one is stale */
    assert_true(looks[0].found.stale && !looks[1].found.stale);
    assert_int_equal(weir_dns_cache_count(cache).hits, 3);
    weir_dns_cache_hold(cache, &name, hash, A, 15, 10);
    find_into(cache, &name, hash, A, 15, four, sizeof four);
    assert_int_equal(weir_dns_cache_count(cache).hits, 4);
    find_into(cache, &name, hash, AAAA, 15, six, 2); /* does not fit */
    find_into(cache, &name, hash, 2, 15, six, 2);
    assert_int_equal(weir_dns_cache_count(cache).hits, 4);
    end(cache);
}

/* One that comes new has not to wait until all have been found to be in use, several times over. */
TEST(cache_of_much_used_entries_makes_room_with_few_steps)
{
    dns_cache *cache = cache_of(64 << 16);
    char text[32];
    int number = 0, used = 0;
    while (weir_dns_cache_count(cache).evicted == 0) {
        shard_name(cache, &number, text, sizeof text);
        put(cache, text, A, 0, 900, "x");
    }
    const int many = number;
    for (number = 0; number < many;) {
        shard_name(cache, &number, text, sizeof text);
        for (int i = 0; i < 4; i++) used += find(cache, text, A, 0).len > 0;
    }
    dns_cache_shard *shard = &cache->shards[0];
    const uint64_t evicted = shard->evicted;
    uint32_t hand = 0;
    assert_true(used > 4 * 400);
    for (number = many; shard->evicted == evicted;) {
        hand = shard->hand;
        shard_name(cache, &number, text, sizeof text);
        put(cache, text, A, 0, 900, "x");
    }
    assert_int_equal(find(cache, text, A, 0).len, 1);
    /* After whole rounds it would stand where it was, or a step or two further. */
    const uint32_t steps = (shard->hand - hand) & (shard->size - 1);
    assert_true(steps >= 64 && steps < 100);
    end(cache);
}

TEST(cache_takes_no_answer_to_what_was_asked_before_it_forgot)
{
    dns_cache *cache = cache_of(1 << 20);
    const weir_dns_name lower = name_of("a.example");
    const uint64_t hash = weir_dns_cache_hash(cache, &lower);
    dns_cache_new answer = {.type = A,
                            .ttl = 10,
                            .epoch = weir_dns_cache_epoch(cache, hash),
                            .packed = weir_bytes_text("x")};
    weir_dns_cache_clear(cache);
    weir_dns_cache_put(cache, &lower, hash, &answer);
    assert_int_equal(entries(cache), 0);
    put(cache, "a.example", A, 0, 10, "yz");
    weir_dns_cache_put(cache, &lower, hash, &answer);
    assert_int_equal(find(cache, "a.example", A, 0).len, 2);
    answer.epoch = weir_dns_cache_epoch(cache, hash);
    weir_dns_cache_put(cache, &lower, hash, &answer);
    assert_int_equal(find(cache, "a.example", A, 0).len, 1);
    end(cache);
}

/* RFC 8767 5: "no such name" is no failure, even if it may not be kept. */
TEST(cache_serves_nothing_stale_that_was_denied)
{
    dns_cache *cache = cache_of(1 << 20);
    const weir_dns_name lower = name_of("a.example");
    cache->stale = 100;
    put(cache, "a.example", A, 0, 10, "x");
    put(cache, "a.example", A, 20, 0, "yz");
    assert_int_equal(find(cache, "a.example", A, 20).len, 1);
    weir_dns_cache_put(
        cache, &lower, weir_dns_cache_hash(cache, &lower),
        &(dns_cache_new){.type = A, .negative = true, .came = 20, .packed = weir_bytes_text("yz")});
    assert_int_equal(find(cache, "a.example", A, 20).len, 0);
    end(cache);
}

TEST(cache_gives_stale_entries_and_holds_them)
{
    dns_cache *cache = cache_of(1 << 20);
    cache->stale = 100;
    const weir_dns_name name = name_of("a.example");
    const uint64_t hash = weir_dns_cache_hash(cache, &name);
    put(cache, "a.example", A, 0, 10, "x");
    assert_false(find(cache, "a.example", A, 9).stale);
    dns_cache_found found = find(cache, "a.example", A, 10);
    assert_true(found.stale && !found.held && found.len == 1 && found.ttl == 0);
    weir_dns_cache_hold(cache, &name, hash, A, 20, 30);
    assert_true(find(cache, "a.example", A, 49).held);
    assert_false(find(cache, "a.example", A, 50).held);
    /* A new answer without a time does not push the old one out, one with a time does. */
    put(cache, "a.example", A, 50, 0, "y");
    assert_true(find(cache, "a.example", A, 50).stale);
    put(cache, "a.example", A, 50, 10, "yy");
    found = find(cache, "a.example", A, 51);
    assert_true(!found.stale && !found.held && found.len == 2);
    assert_true(find(cache, "a.example", A, 159).stale);
    assert_int_equal(find(cache, "a.example", A, 160).len, 0);
    assert_int_equal(entries(cache), 0);
    weir_dns_cache_hold(cache, &name, hash, A, 20, 30);
    end(cache);
}

TEST(cache_tells_one_to_ask_again)
{
    dns_cache *cache = cache_of(1 << 20);
    cache->prefetch = true;
    put(cache, "a.example", A, 0, 100, "x");
    for (int i = 0; i < 5; i++) assert_false(find(cache, "a.example", A, 89).prefetch);
    assert_true(find(cache, "a.example", A, 90).prefetch);
    assert_false(find(cache, "a.example", A, 91).prefetch);
    put(cache, "a.example", A, 91, 9, "x");
    for (int i = 0; i < 5; i++) assert_false(find(cache, "a.example", A, 99).prefetch);
    put(cache, "b.example", A, 0, 100, "x");
    assert_false(find(cache, "b.example", A, 95).prefetch);
    end(cache);
}
