/* SPDX-License-Identifier: MIT
 *
 * Are compressed names read, every malformed one refused, and none for long?
 */
#include "dns/wire/testing.h"

/* A message of which only names matter; `at` counts from its front. */
static weir_dns_reader reader_of(weir_bytes message)
{
    return (weir_dns_reader){.message = message, .at = WEIR_DNS_HEADER};
}

#define PAD "............" /* in the place of the header */

static void assert_name_at(weir_bytes message, size_t at, const char *text, int taken)
{
    guarded memory = guarded_new(message.len);
    message.data = guarded_put(&memory, message.data, message.len);
    const weir_dns_reader reader = reader_of(message);
    weir_dns_name name;
    assert_int_equal(weir_dns_reader_name(&reader, at, &name), taken);
    assert_name(&name, text);
    assert_true(weir_dns_reader_name_is(&reader, at, &name));
    weir_dns_name other = name;
    const uint8_t bits[32] = {0xa5, 0x5a};
    weir_dns_name_mix_case(&other, bits);
    assert_true(weir_dns_reader_name_is(&reader, at, &other));
    const weir_dns_name more = name_of("more");
    if (weir_dns_name_append(&name, &more, &other) == 0)
        assert_false(weir_dns_reader_name_is(&reader, at, &other));
    if (weir_dns_name_append(&more, &name, &other) == 0)
        assert_false(weir_dns_reader_name_is(&reader, at, &other));
    if (weir_dns_name_parent(&name, &other))
        assert_false(weir_dns_reader_name_is(&reader, at, &other));
    other.len = 0;
    assert_false(weir_dns_reader_name_is(&reader, at, &other));
    guarded_free(&memory);
}

static void assert_no_name_at(weir_bytes message, size_t at)
{
    guarded memory = guarded_new(message.len);
    message.data = guarded_put(&memory, message.data, message.len);
    const weir_dns_reader reader = reader_of(message);
    const weir_dns_name root = name_of("."), a = name_of("a");
    weir_dns_name name = a;
    assert_int_equal(weir_dns_reader_name(&reader, at, &name), WEIR_EDNS_MESSAGE);
    assert_int_equal(name.len, 0);
    assert_false(weir_dns_reader_name_is(&reader, at, &root));
    assert_false(weir_dns_reader_name_is(&reader, at, &a));
    guarded_free(&memory);
}

TEST(a_name_is_labels_up_to_the_root_or_a_pointer)
{
    assert_name_at(BYTES(PAD "\0"), 12, ".", 1);
    assert_name_at(BYTES(PAD "\3WwW\1a\0"), 12, "WwW.a.", 7);
    assert_name_at(BYTES(PAD "\3www\1a\0rest of the message"), 12, "www.a.", 7);
    assert_name_at(BYTES(PAD "\1a\0\xc0\x0c"), 15, "a.", 2);
    assert_name_at(BYTES(PAD "\1a\0\1b\xc0\x0c"), 15, "b.a.", 4);
    assert_name_at(BYTES(PAD "\1a\1b\0\1c\xc0\x0e"), 17, "c.b.", 4);
    assert_name_at(BYTES(PAD "\1a\0\1b\xc0\x0c\xc0\x0f"), 19, "b.a.", 2);
    assert_name_at(BYTES(PAD "\0\1b\xc0\x0c"), 13, "b.", 4);
    assert_name_at(BYTES(PAD "\5\0.\\\xff \0"), 12, "\\000\\.\\\\\\255\\032.", 7);
}

TEST(a_pointer_to_a_pointer_is_followed)
{
    assert_name_at(BYTES(PAD "\1a\0\xc0\x0c\xc0\x0f\xc0\x11\1b\xc0\x13"), 21, "b.a.", 4);
}

TEST(a_pointer_reaches_the_last_octet_that_14_bits_can_tell)
{
    static uint8_t octets[0x4000 + 16];
    octets[0x3fff] = 1;
    octets[0x4000] = 'z';
    octets[0x4001] = 0;
    octets[0x4002] = 0xff;
    octets[0x4003] = 0xff;
    assert_name_at(weir_bytes_of(octets, 0x4004), 0x4002, "z.", 2);
}

TEST(a_pointer_points_backwards_and_behind_the_header)
{
    assert_no_name_at(BYTES(PAD "\xc0\x0c"), 12);         /* to itself */
    assert_no_name_at(BYTES(PAD "\xc0\x0d"), 12);         /* into itself */
    assert_no_name_at(BYTES(PAD "\xc0\x0e\1a\0"), 12);    /* forward */
    assert_no_name_at(BYTES(PAD "\1a\xc0\x0c"), 12);      /* to its own labels: a loop */
    assert_no_name_at(BYTES(PAD "\1a\1b\xc0\x0e"), 12);   /* into its own labels: a loop */
    assert_no_name_at(BYTES(PAD "\1a\xc0\x0d\0"), 12);    /* into the middle of its own label */
    assert_no_name_at(BYTES(PAD "\xc0\x0e\xc0\x0c"), 14); /* two that point at each other */
    assert_no_name_at(BYTES(PAD "\1a\xc0\x10\1b\xc0\x0c"), 16);
    assert_no_name_at(BYTES("\0..........."
                            "\xc0\x00"),
                      12); /* into the header */
    assert_no_name_at(BYTES("...........\0"
                            "\xc0\x0b"),
                      12);
    assert_no_name_at(BYTES(PAD "\xff\xff"), 12); /* past the end */
    assert_no_name_at(BYTES(PAD "\1a\0\xff\xff"), 15);
}

TEST(a_pointer_to_the_middle_of_a_label_reads_what_is_there)
{
    /* Nobody can tell: octets are octets.  "\1x\0" lies in the label. */
    assert_name_at(BYTES(PAD "\4.\1x\0\0\xc0\x0e"), 18, "x.", 2);
    assert_no_name_at(BYTES(PAD "\3abc\0\xc0\x0d"), 17);
}

TEST(a_length_is_below_64_or_a_pointer)
{
    static const uint8_t lengths[] = {64, 65, 0x7f, 0x80, 0xbf};
    char octets[300];
    memset(octets, 0, sizeof octets);
    for (size_t i = 0; i < sizeof lengths; i++) {
        octets[12] = (char)lengths[i];
        assert_no_name_at(weir_bytes_of(octets, sizeof octets), 12);
        /* Also in a record's owner that is only passed over. */
        octets[7] = 1;
        weir_dns_reader reader;
        weir_dns_header header;
        weir_dns_record record;
        assert_int_equal(
            weir_dns_reader_init(&reader, weir_bytes_of(octets, sizeof octets), &header), 0);
        assert_int_equal(weir_dns_reader_record(&reader, &record), WEIR_EDNS_MESSAGE);
    }
}

TEST(a_name_cut_off_is_malformed)
{
    assert_no_name_at(BYTES(PAD), 12);
    assert_no_name_at(BYTES(PAD), 4000);
    assert_no_name_at(BYTES(PAD "\1"), 12);
    assert_no_name_at(BYTES(PAD "\1a"), 12);
    assert_no_name_at(BYTES(PAD "\3ab"), 12);
    assert_no_name_at(BYTES(PAD "\1a\0\xc0"), 15);
    assert_no_name_at(BYTES(PAD "\1a\1b"), 12);
    assert_no_name_at(BYTES(PAD "\77"), 12);
}

/* Labels of `len` octets that fill `total` octets, the last one as short as it has to be. */
static size_t put_labels(char *out, size_t total, size_t len)
{
    size_t at = 0;
    while (at < total) {
        size_t take = total - at - 1 < len ? total - at - 1 : len;
        if (total - at - 1 == len + 1) take = len - 1;
        out[at] = (char)take;
        memset(out + at + 1, 'q', take);
        at += 1 + take;
    }
    return at;
}

TEST(a_name_has_255_octets_however_it_is_put_together)
{
    char octets[600];
    weir_dns_name name;
    for (size_t len = 1; len <= 63; len += len == 1 ? 1 : 61) {
        /* In one run. */
        memset(octets, 0, sizeof octets);
        size_t end = 12 + put_labels(octets + 12, 254, len);
        weir_dns_reader reader = reader_of(weir_bytes_of(octets, end + 1));
        assert_int_equal(weir_dns_reader_name(&reader, 12, &name), 255);
        assert_int_equal(name.len, 255);
        assert_true(weir_dns_reader_name_is(&reader, 12, &name));

        /* With a pointer in the middle. */
        memset(octets, 0, sizeof octets);
        end = 12 + put_labels(octets + 12, 100, len) + 1;
        const size_t at = end;
        end += put_labels(octets + end, 154, len);
        memcpy(octets + end, "\xc0\x0c", 2);
        reader = reader_of(weir_bytes_of(octets, end + 2));
        assert_int_equal(weir_dns_reader_name(&reader, at, &name), 156);
        assert_int_equal(name.len, 255);
        assert_true(weir_dns_reader_name_is(&reader, at, &name));
    }
    memset(octets, 0, sizeof octets);
    size_t end = 12 + put_labels(octets + 12, 255, 63);
    assert_no_name_at(weir_bytes_of(octets, end + 1), 12);
    memset(octets, 0, sizeof octets);
    end = 12 + put_labels(octets + 12, 100, 20) + 1;
    const size_t at = end;
    end += put_labels(octets + end, 155, 20);
    memcpy(octets + end, "\xc0\x0c", 2);
    assert_no_name_at(weir_bytes_of(octets, end + 2), at);
}

/* "\xc0\x0c" and so on, each to the one before it: `count` pointers lead to "a." at 12. */
static size_t put_pointers(char *out, unsigned count)
{
    memcpy(out, PAD "\1a", 15);
    size_t target = 12, at = 15;
    for (; count > 0; count--, at += 2) {
        out[at] = (char)(0xc0 | target >> 8);
        out[at + 1] = (char)target;
        target = at;
    }
    return at;
}

TEST(as_many_pointers_as_labels_are_followed)
{
    char octets[400];
    size_t end = put_pointers(octets, 127);
    assert_name_at(weir_bytes_of(octets, end), end - 2, "a.", 2);
    end = put_pointers(octets, 128);
    assert_no_name_at(weir_bytes_of(octets, end), end - 2);
}

TEST(a_name_off_the_wire_is_what_its_octets_are)
{
    uint64_t state = test_seed();
    guarded memory = guarded_new(800);
    for (int i = 0; i < 20000; i++) {
        char octets[800];
        const weir_dns_name name = name_random(&state, i % 2 ? 40 : WEIR_DNS_NAME_MAX);
        weir_dns_name out;
        memset(octets, 0xaa, sizeof octets);
        /* The labels in up to three runs, the last ones first, each but those ended by a pointer.
         */
        const unsigned labels = weir_dns_name_labels(&name);
        const unsigned cuts[2] = {(unsigned)(test_random(&state) % (labels + 1)),
                                  (unsigned)(test_random(&state) % (labels + 1))};
        size_t end = name.len, at = 12, target = 0, start = 12;
        for (int cut = 0; cut < 3; cut++) {
            size_t from = 0;
            for (unsigned l = 0; cut < 2 && l < cuts[cut]; l++) from += 1u + name.octets[from];
            if (from >= end && target) continue;
            if (from >= end) from = end - 1;
            start = at;
            memcpy(octets + at, name.octets + from, end - from);
            at += end - from;
            if (target) {
                octets[at++] = (char)(0xc0 | target >> 8);
                octets[at++] = (char)target;
            }
            target = start;
            end = from;
        }
        const weir_bytes message = weir_bytes_of(guarded_put(&memory, octets, at), at);
        const weir_dns_reader reader = reader_of(message);
        assert_int_equal(weir_dns_reader_name(&reader, start, &out), at - start);
        assert_int_equal(out.len, name.len);
        assert_memory_equal(out.octets, name.octets, name.len);
        assert_true(weir_dns_reader_name_is(&reader, start, &name));
        const weir_dns_name other = name_random(&state, 40);
        assert_int_equal(weir_dns_reader_name_is(&reader, start, &other),
                         weir_dns_name_equal(&name, &other));
    }
    guarded_free(&memory);
}
