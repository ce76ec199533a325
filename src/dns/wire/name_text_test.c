/* SPDX-License-Identifier: MIT
 *
 * Is every legal text of a name read and printed back, and the first fault of every other found?
 */
#include "dns/wire/testing.h"

static void assert_reads(const char *text, bool absolute, weir_bytes octets, const char *printed)
{
    weir_dns_name name;
    weir_dns_name_why why;
    assert_int_equal(weir_dns_name_parse_why(weir_bytes_text(text), &name, &why), absolute);
    assert_int_equal(why.fault, WEIR_DNS_NAME_GOOD);
    assert_int_equal(name.len, octets.len + 1);
    assert_memory_equal(name.octets, octets.data, octets.len + 1);
    assert_name(&name, printed);
}

static void assert_fault(weir_bytes text, weir_dns_name_fault fault, size_t at)
{
    weir_dns_name name, before;
    memset(&name, 0xee, sizeof name);
    before = name;
    weir_dns_name_why why = {WEIR_DNS_NAME_GOOD, 0};
    assert_int_equal(weir_dns_name_parse_why(text, &name, &why), WEIR_EDNS_NAME);
    assert_int_equal(why.fault, fault);
    assert_int_equal(why.at, at);
    assert_memory_equal(&name, &before, sizeof name);
    assert_int_equal(weir_dns_name_parse(text, &name), WEIR_EDNS_NAME);
}

TEST(a_text_is_labels_between_dots)
{
    assert_reads("example.org.", true, BYTES("\7example\3org"), "example.org.");
    assert_reads("example.org", false, BYTES("\7example\3org"), "example.org.");
    assert_reads("a", false, BYTES("\1a"), "a.");
    assert_reads("a.", true, BYTES("\1a"), "a.");
    assert_reads(".", true, BYTES(""), ".");
    assert_reads("WwW.eXample", false, BYTES("\3WwW\7eXample"), "WwW.eXample.");
    assert_reads("_443._tcp.a-b.", true, BYTES("\4_443\4_tcp\3a-b"), "_443._tcp.a-b.");
    assert_reads("1.2.3.4", false,
                 BYTES("\1"
                       "1\1"
                       "2\1"
                       "3\1"
                       "4"),
                 "1.2.3.4.");
    assert_reads("*.a", false, BYTES("\1*\1a"), "*.a.");
}

TEST(a_backslash_makes_a_character_or_number_an_octet)
{
    assert_reads("a\\.b.c", false, BYTES("\3a.b\1c"), "a\\.b.c.");
    assert_reads("a\\.", false, BYTES("\2a."), "a\\..");
    assert_reads("\\\\", false, BYTES("\1\\"), "\\\\.");
    assert_reads("\\a", false, BYTES("\1a"), "a.");
    assert_reads("\\000\\255\\046.", true, BYTES("\3\0\xff."), "\\000\\255\\..");
    assert_reads("\\0065", false,
                 BYTES("\2\6"
                       "5"),
                 "\\0065.");
    assert_reads("a b", false, BYTES("\3a b"), "a\\032b.");
    assert_reads("\xc3\xa4", false, BYTES("\2\xc3\xa4"), "\\195\\164.");
    assert_reads("\t\x7f", false, BYTES("\2\t\x7f"), "\\009\\127.");
    assert_reads("\"();@$", false, BYTES("\6\"();@$"), "\\\"\\(\\)\\;\\@\\$.");
}

TEST(the_first_fault_of_a_text_is_told)
{
    assert_fault(weir_bytes_of(NULL, 0), WEIR_DNS_NAME_EMPTY, 0);
    assert_fault(BYTES(""), WEIR_DNS_NAME_EMPTY, 0);
    assert_fault(BYTES(".."), WEIR_DNS_NAME_EMPTY_LABEL, 0);
    assert_fault(BYTES(".a"), WEIR_DNS_NAME_EMPTY_LABEL, 0);
    assert_fault(BYTES("a..b"), WEIR_DNS_NAME_EMPTY_LABEL, 2);
    assert_fault(BYTES("a.."), WEIR_DNS_NAME_EMPTY_LABEL, 2);
    assert_fault(BYTES("a\\.."
                       "."),
                 WEIR_DNS_NAME_EMPTY_LABEL, 4);
    assert_fault(BYTES("\\"), WEIR_DNS_NAME_ESCAPE, 0);
    assert_fault(BYTES("ab\\"), WEIR_DNS_NAME_ESCAPE, 2);
    assert_fault(BYTES("a\\1"), WEIR_DNS_NAME_ESCAPE, 1);
    assert_fault(BYTES("a\\12"), WEIR_DNS_NAME_ESCAPE, 1);
    assert_fault(BYTES("a\\12a"), WEIR_DNS_NAME_ESCAPE, 1);
    assert_fault(BYTES("a\\1a2"), WEIR_DNS_NAME_ESCAPE, 1);
    assert_fault(BYTES("a\\256"), WEIR_DNS_NAME_ESCAPE, 1);
    assert_fault(BYTES("a\\999"), WEIR_DNS_NAME_ESCAPE, 1);
}

/* `count` labels of `len` octets, then a last one of `last`; its length. */
static size_t labels_text(char *out, unsigned count, unsigned len, unsigned last, const char *octet)
{
    char *to = out;
    for (unsigned i = 0; i <= count; i++) {
        for (unsigned left = i < count ? len : last; left > 0; left--) to = stpcpy(to, octet);
        if (i < count) *to++ = '.';
    }
    *to = '\0';
    return (size_t)(to - out);
}

TEST(a_label_has_at_most_63_octets)
{
    static const char *const octets[] = {"x", "\\x", "\\120"};
    char text[1024];
    weir_dns_name name;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = labels_text(text, 1, 63, 63, octets[i]);
        assert_int_equal(weir_dns_name_parse(weir_bytes_of(text, len), &name), 0);
        assert_int_equal(name.len, 129);
        len = labels_text(text, 0, 0, 64, octets[i]);
        assert_fault(weir_bytes_of(text, len), WEIR_DNS_NAME_LONG_LABEL, 0);
        len = labels_text(text, 1, 1, 64, octets[i]);
        assert_fault(weir_bytes_of(text, len), WEIR_DNS_NAME_LONG_LABEL, 1 + strlen(octets[i]));
        len = labels_text(text, 1, 64, 1, octets[i]);
        assert_fault(weir_bytes_of(text, len), WEIR_DNS_NAME_LONG_LABEL, 0);
    }
}

TEST(a_name_has_at_most_255_octets)
{
    static const char *const octets[] = {"x", "\\x", "\\120"};
    char text[2048], out[WEIR_DNS_NAME_TEXT];
    weir_dns_name name;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = labels_text(text, 3, 63, 61, octets[i]);
        assert_int_equal(weir_dns_name_parse(weir_bytes_of(text, len), &name), 0);
        assert_int_equal(name.len, 255);
        assert_int_equal(weir_dns_name_print(&name, out), 254);
        assert_int_equal(weir_dns_name_print_host(&name, out), 253);
        memcpy(text + len, ".", 2);
        assert_int_equal(weir_dns_name_parse(weir_bytes_of(text, len + 1), &name), 1);
        assert_int_equal(name.len, 255);

        len = labels_text(text, 3, 63, 62, octets[i]);
        const size_t last = len - strlen(octets[i]);
        assert_fault(weir_bytes_of(text, len), WEIR_DNS_NAME_LONG, last);
        memcpy(text + len, ".", 2);
        assert_fault(weir_bytes_of(text, len + 1), WEIR_DNS_NAME_LONG, last);

        len = labels_text(text, 126, 1, 1, octets[i]);
        assert_int_equal(weir_dns_name_parse(weir_bytes_of(text, len), &name), 0);
        assert_int_equal(name.len, 255);
        assert_int_equal(weir_dns_name_labels(&name), WEIR_DNS_LABELS_MAX);
        memcpy(text + len, ".", 2);
        assert_int_equal(weir_dns_name_parse(weir_bytes_of(text, len + 1), &name), 1);
        len = labels_text(text, 127, 1, 1, octets[i]);
        assert_fault(weir_bytes_of(text, len), WEIR_DNS_NAME_LONG, len - strlen(octets[i]));
    }
}

TEST(the_longest_text_fits)
{
    char text[2048], out[WEIR_DNS_NAME_TEXT];
    weir_dns_name name, back;
    const size_t len = labels_text(text, 3, 63, 61, "\\000");
    assert_int_equal(weir_dns_name_parse(weir_bytes_of(text, len), &name), 0);
    assert_int_equal(weir_dns_name_print(&name, out), 1004);
    assert_int_equal(weir_dns_name_parse(weir_bytes_text(out), &back), 1);
    assert_true(weir_dns_name_equal(&name, &back));
}

TEST(random_names_come_back_from_their_text)
{
    uint64_t state = test_seed();
    guarded memory = guarded_new(WEIR_DNS_NAME_TEXT);
    for (int i = 0; i < 20000; i++) {
        const weir_dns_name name = name_random(&state, WEIR_DNS_NAME_MAX);
        weir_dns_name back;
        char text[WEIR_DNS_NAME_TEXT];
        size_t len = weir_dns_name_print(&name, text);
        weir_bytes at_guard = weir_bytes_of(guarded_put(&memory, text, len), len);
        assert_int_equal(weir_dns_name_parse(at_guard, &back), 1);
        assert_int_equal(back.len, name.len);
        assert_memory_equal(back.octets, name.octets, name.len);
        len = weir_dns_name_print_host(&name, text);
        at_guard = weir_bytes_of(guarded_put(&memory, text, len), len);
        assert_int_equal(weir_dns_name_parse(at_guard, &back), name.len == 1);
        assert_int_equal(back.len, name.len);
        assert_memory_equal(back.octets, name.octets, name.len);
    }
    guarded_free(&memory);
}

/* The plain reading of a text and the careful one: the same name, whether a letter is escaped. */
TEST(an_escaped_letter_changes_nothing)
{
    uint64_t state = test_seed();
    guarded memory = guarded_new(600);
    for (int i = 0; i < 20000; i++) {
        char plain[300], escaped[600];
        const size_t len = 1 + (size_t)(test_random(&state) % (i % 4 ? 40 : 280));
        const unsigned dots = 1 + (unsigned)(test_random(&state) % 70);
        for (size_t at = 0; at < len; at++) plain[at] = test_random(&state) % dots ? 'q' : '.';
        if (len == 1) plain[0] = 'q';
        size_t to = 0;
        for (size_t at = 0; at < len; at++) {
            if (plain[at] == 'q') escaped[to++] = '\\';
            escaped[to++] = plain[at];
        }
        weir_dns_name a = {.len = 0}, b = {.len = 0};
        weir_dns_name_why of_a, of_b;
        const weir_bytes guarded_text = weir_bytes_of(guarded_put(&memory, plain, len), len);
        const int plain_is = weir_dns_name_parse_why(guarded_text, &a, &of_a);
        assert_int_equal(weir_dns_name_parse_why(weir_bytes_of(escaped, to), &b, &of_b), plain_is);
        assert_int_equal(of_a.fault, of_b.fault);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.octets, b.octets, a.len);
    }
    guarded_free(&memory);
}

TEST(the_text_of_a_host_has_no_final_dot)
{
    char out[WEIR_DNS_NAME_TEXT];
    const weir_dns_name name = name_of("example.org."), root = name_of(".");
    assert_int_equal(weir_dns_name_print_host(&name, out), 11);
    assert_string_equal(out, "example.org");
    assert_int_equal(weir_dns_name_print_host(&root, out), 1);
    assert_string_equal(out, ".");
}

TEST(no_name_prints_as_nothing)
{
    char out[WEIR_DNS_NAME_TEXT] = "x";
    const weir_dns_name none = {.len = 0};
    assert_int_equal(weir_dns_name_print(&none, out), 0);
    assert_string_equal(out, "");
    assert_int_equal(weir_dns_name_print_host(&none, out), 0);
}

TEST(each_fault_has_a_text_of_its_own)
{
    for (int fault = 0; fault <= WEIR_DNS_NAME_NUMERIC; fault++) {
        const char *text = weir_dns_name_fault_text((weir_dns_name_fault)fault);
        assert_true(strlen(text) > 5);
        for (int other = 0; other < fault; other++)
            assert_string_not_equal(text, weir_dns_name_fault_text((weir_dns_name_fault)other));
    }
    assert_non_null(weir_dns_name_fault_text((weir_dns_name_fault)99));
}
