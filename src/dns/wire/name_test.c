/* SPDX-License-Identifier: MIT
 *
 * Are names compared, ordered, hashed, taken apart and put together as DNS has it?
 */
#include "dns/wire/testing.h"
#include "dns/wire/word.h"

static const weir_hash_key key = {{7, 11}};

/* The same one octet at a time, for comparison. */
static uint8_t plain_lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet - 'A' + 'a') : octet;
}

TEST(every_octet_is_made_small_in_every_place_of_a_word)
{
    for (unsigned octet = 0; octet < 256; octet++) {
        assert_int_equal(octet_lower((uint8_t)octet), plain_lower((uint8_t)octet));
        for (unsigned place = 0; place < 8; place++) {
            static const uint8_t others[] = {0, 'A', 'Z', '@', '[', 0x7f, 0x80, 0xff};
            for (size_t i = 0; i < sizeof others; i++) {
                uint8_t in[8], out[8];
                memset(in, others[i], sizeof in);
                in[place] = (uint8_t)octet;
                word_store(out, word_lower(word_load(in)));
                for (int at = 0; at < 8; at++) assert_int_equal(out[at], plain_lower(in[at]));
                const uint64_t found = word_find(word_load(in), (uint8_t)octet);
                for (unsigned at = 0; at < 8; at++)
                    assert_int_equal(found >> (8 * at) & 0xff, in[at] == octet ? 0x80 : 0);
            }
        }
    }
}

TEST(a_part_of_a_word_is_read_without_a_look_behind_it)
{
    guarded memory = guarded_new(8);
    for (size_t n = 0; n < 8; n++) {
        const char *at = guarded_put(&memory, "\x81\x12\x23\x34\x45\x56\x67", n);
        uint8_t octets[8];
        word_store(octets, word_load_part(at, n));
        assert_memory_equal(octets, "\x81\x12\x23\x34\x45\x56\x67", n);
        for (size_t i = n; i < 8; i++) assert_int_equal(octets[i], 0);
    }
    guarded_free(&memory);
}

static void assert_equal_names(const char *a, const char *b, bool equal)
{
    const weir_dns_name x = name_of(a), y = name_of(b);
    assert_int_equal(weir_dns_name_equal(&x, &y), equal);
    assert_int_equal(weir_dns_name_equal(&y, &x), equal);
    assert_int_equal(weir_dns_name_hash(&x, &key) == weir_dns_name_hash(&y, &key), equal);
    assert_int_equal(weir_dns_name_compare(&x, &y) == 0, equal);
}

TEST(names_are_equal_whatever_their_letters_case)
{
    assert_equal_names(".", ".", true);
    assert_equal_names("a", "A.", true);
    assert_equal_names("ExAmPlE.oRg", "eXaMpLe.OrG", true);
    assert_equal_names("a.b", "a\\.b", false);
    assert_equal_names("ab.c", "a.bc", false);
    assert_equal_names("example.org", "example.orh", false);
    assert_equal_names("example.org", "example.org.uk", false);
    assert_equal_names(".", "a", false);
    /* RFC 4343 3: only letters; "@" and "`", "[" and "{" differ by the same bit. */
    assert_equal_names("@", "`", false);
    assert_equal_names("[", "{", false);
    assert_equal_names("\\193", "\\225", false);
    assert_equal_names("1", "\\017", false);
}

TEST(random_names_are_equal_as_their_octets_say)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 20000; i++) {
        const weir_dns_name name = name_random(&state, i % 3 ? 30 : WEIR_DNS_NAME_MAX);
        uint8_t bits[32];
        for (size_t at = 0; at < sizeof bits; at++) bits[at] = (uint8_t)test_random(&state);
        weir_dns_name mixed = name, low = name;
        weir_dns_name_mix_case(&mixed, bits);
        weir_dns_name_lower(&low);
        for (unsigned at = 0; at < name.len; at++) {
            assert_int_equal(low.octets[at], plain_lower(name.octets[at]));
            assert_int_equal(plain_lower(mixed.octets[at]), low.octets[at]);
        }
        assert_true(weir_dns_name_equal(&name, &mixed) && weir_dns_name_equal(&low, &mixed));
        assert_int_equal(weir_dns_name_compare(&low, &mixed), 0);
        assert_true(weir_dns_name_hash(&low, &key) == weir_dns_name_hash(&mixed, &key));

        weir_dns_name other = name;
        const unsigned changed = (unsigned)(test_random(&state) % name.len);
        if (name.len == 1 || plain_lower(name.octets[changed]) != name.octets[changed]) continue;
        other.octets[changed] ^= 0x80;
        assert_false(weir_dns_name_equal(&name, &other));
        assert_true(weir_dns_name_hash(&name, &key) != weir_dns_name_hash(&other, &key));
    }
}

TEST(the_canonical_order_is_that_of_rfc_4034)
{
    /* RFC 4034 6.1 */
    static const char *const ordered[] = {
        ".",           "example",         "a.example", "yljkjljk.a.example",
        "Z.a.example", "zABC.a.EXAMPLE",  "z.example", "\\001.z.example",
        "*.z.example", "\\200.z.example", "examples",  "a.f",
    };
    enum { COUNT = sizeof ordered / sizeof *ordered };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            const weir_dns_name a = name_of(ordered[i]), b = name_of(ordered[j]);
            const int order = weir_dns_name_compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

TEST(the_order_of_names_of_the_most_labels_is_found)
{
    weir_dns_name a = {.len = 255}, b;
    for (int i = 0; i < 127; i++) a.octets[2 * i] = 1, a.octets[2 * i + 1] = 'x';
    a.octets[254] = 0;
    b = a;
    assert_int_equal(weir_dns_name_compare(&a, &b), 0);
    b.octets[1] = 'y';
    assert_true(weir_dns_name_compare(&a, &b) < 0);
    b.octets[253] = 'a';
    assert_true(weir_dns_name_compare(&a, &b) > 0);
}

TEST(case_is_mixed_by_a_bit_for_each_letter)
{
    weir_dns_name name = name_of("a1b-C.dEf.g");
    const uint8_t bits[32] = {0x55};
    weir_dns_name_mix_case(&name, bits);
    assert_name(&name, "A1b-C.dEf.G.");
    const uint8_t none[32] = {0};
    weir_dns_name_mix_case(&name, none);
    assert_name(&name, "a1b-c.def.g.");
    weir_dns_name_lower(&name);
    assert_name(&name, "a1b-c.def.g.");
    uint8_t all[32];
    memset(all, 0xff, sizeof all);
    weir_dns_name longest = {.len = 255};
    memset(longest.octets, 'q', 254);
    for (int at = 0; at < 254; at += 2) longest.octets[at] = 1;
    longest.octets[254] = 0;
    weir_dns_name_mix_case(&longest, all);
    for (int at = 0; at < 254; at += 2) assert_int_equal(longest.octets[at + 1], 'Q');
}

TEST(labels_are_counted_and_given)
{
    const weir_dns_name name = name_of("www.example.org"), root = name_of(".");
    assert_int_equal(weir_dns_name_labels(&root), 0);
    assert_int_equal(weir_dns_name_label(&root, 0).len, 0);
    assert_int_equal(weir_dns_name_labels(&name), 3);
    assert_true(weir_bytes_equal(weir_dns_name_label(&name, 0), BYTES("www")));
    assert_true(weir_bytes_equal(weir_dns_name_label(&name, 1), BYTES("example")));
    assert_true(weir_bytes_equal(weir_dns_name_label(&name, 2), BYTES("org")));
    assert_int_equal(weir_dns_name_label(&name, 3).len, 0);
    assert_int_equal(weir_dns_name_label(&name, UINT32_MAX).len, 0);
}

TEST(a_name_is_within_its_ancestors)
{
    static const struct {
        const char *name, *ancestor;
        bool within;
    } cases[] = {
        {".", ".", true},
        {"org", ".", true},
        {"a.ORG", "org", true},
        {"org", "org", true},
        {"org", "a.org", false},
        {"www.example.org", "example.org", true},
        {"a.b.example.org", "eXample.org", true},
        {"wwwexample.org", "example.org", false},
        {"www.example.orh", "example.org", false},
        /* The same octets, but not where a label begins: "\7example" inside of a label. */
        {"a\\007example.org", "example.org", false},
        {".", "org", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const weir_dns_name name = name_of(cases[i].name), up = name_of(cases[i].ancestor);
        assert_int_equal(weir_dns_name_within(&name, &up), cases[i].within);
    }
}

TEST(a_parent_is_the_name_without_its_first_label)
{
    weir_dns_name name = name_of("a.bc.d"), out;
    assert_true(weir_dns_name_parent(&name, &out));
    assert_name(&out, "bc.d.");
    assert_true(weir_dns_name_parent(&name, &name));
    assert_true(weir_dns_name_parent(&name, &name));
    assert_true(weir_dns_name_parent(&name, &name));
    assert_name(&name, ".");
    assert_false(weir_dns_name_parent(&name, &name));
    assert_name(&name, ".");
}

TEST(a_suffix_is_appended_as_long_as_it_fits)
{
    weir_dns_name a = name_of("a.b"), b = name_of("c"), root = name_of("."), out;
    assert_int_equal(weir_dns_name_append(&a, &b, &out), 0);
    assert_name(&out, "a.b.c.");
    assert_int_equal(weir_dns_name_append(&a, &root, &out), 0);
    assert_name(&out, "a.b.");
    assert_int_equal(weir_dns_name_append(&root, &b, &out), 0);
    assert_name(&out, "c.");
    assert_int_equal(weir_dns_name_append(&root, &root, &out), 0);
    assert_name(&out, ".");

    out = a;
    assert_int_equal(weir_dns_name_append(&out, &b, &out), 0);
    assert_name(&out, "a.b.c.");
    out = b;
    assert_int_equal(weir_dns_name_append(&a, &out, &out), 0);
    assert_name(&out, "a.b.c.");
    out = a;
    assert_int_equal(weir_dns_name_append(&out, &out, &out), 0);
    assert_name(&out, "a.b.a.b.");

    weir_dns_name longest = {.len = 253};
    for (int at = 0; at < 252; at += 2) longest.octets[at] = 1, longest.octets[at + 1] = 'x';
    longest.octets[252] = 0;
    assert_int_equal(weir_dns_name_append(&longest, &b, &out), 0);
    assert_int_equal(out.len, 255);
    assert_int_equal(weir_dns_name_append(&b, &longest, &out), 0);
    const weir_dns_name bb = name_of("bb");
    assert_int_equal(weir_dns_name_append(&longest, &bb, &out), WEIR_EDNS_NAME);
    assert_int_equal(weir_dns_name_append(&bb, &longest, &out), WEIR_EDNS_NAME);
    assert_int_equal(weir_dns_name_append(&longest, &longest, &out), WEIR_EDNS_NAME);
    assert_int_equal(out.len, 255);
}

TEST(no_name_is_equal_to_itself_alone)
{
    const weir_dns_name none = {.len = 0}, root = name_of(".");
    weir_dns_name out;
    assert_true(weir_dns_name_equal(&none, &none));
    assert_false(weir_dns_name_equal(&none, &root));
    assert_int_equal(weir_dns_name_labels(&none), 0);
    assert_int_equal(weir_dns_name_label(&none, 0).len, 0);
    assert_false(weir_dns_name_within(&none, &root));
    assert_false(weir_dns_name_within(&root, &none));
    assert_false(weir_dns_name_parent(&none, &out));
    assert_int_equal(weir_dns_name_append(&none, &root, &out), WEIR_EDNS_NAME);
    assert_int_equal(weir_dns_name_append(&root, &none, &out), WEIR_EDNS_NAME);
    assert_int_equal(weir_dns_name_compare(&none, &root), 0);
}

/* A name that ends where memory does: nothing behind its octets is read. */
TEST(names_are_read_no_further_than_their_end)
{
    uint64_t state = test_seed();
    guarded one = guarded_new(sizeof(weir_dns_name)), two = guarded_new(sizeof(weir_dns_name));
    for (int i = 0; i < 2000; i++) {
        const weir_dns_name name = name_random(&state, i % 2 ? 20 : WEIR_DNS_NAME_MAX);
        const size_t size = 1u + name.len;
        const weir_dns_name *a = (void *)guarded_put(&one, (char *)&name, size);
        const weir_dns_name *b = (void *)guarded_put(&two, (char *)&name, size);
        assert_true(weir_dns_name_equal(a, b));
        assert_int_equal(weir_dns_name_compare(a, b), 0);
        assert_true(weir_dns_name_within(a, b));
        assert_true(weir_dns_name_hash(a, &key) == weir_dns_name_hash(b, &key));
        weir_dns_name_lower((weir_dns_name *)(uintptr_t)a);
        assert_true(weir_dns_name_equal(a, b));
    }
    guarded_free(&one);
    guarded_free(&two);
}
