/* SPDX-License-Identifier: MIT
 *
 * Is data decoded when it is whole, and refused when it is cut off, goes on, or says what its RFC
 * forbids; without a look at what lies behind it?
 */
#include "dns/wire/data_samples.h"

#define REFUSED(type, literal) \
    assert_int_equal(weir_dns_data_decode(type, BYTES(literal), &data), WEIR_EDNS_MESSAGE)
#define TAKEN(type, literal) assert_int_equal(weir_dns_data_decode(type, BYTES(literal), &data), 0)

/* The message begins with a header's room, "mail.example." at 12 and the record's data at 26. */
#define MESSAGE "............\4mail\7example\0"
#define AT_MAIL "\xc0\x0c"
#define AT_TOP  "\xc0\x11"

/* Data that ends where the message does, at a page that nobody may touch. */
static int decode_in_message(guarded *g, uint16_t type, weir_bytes data, weir_dns_data *out)
{
    char message[512] = MESSAGE;
    const size_t head = sizeof MESSAGE - 1;
    memcpy(message + head, data.data, data.len);
    const char *at = guarded_put(g, message, head + data.len);
    const weir_dns_reader reader = {.message = weir_bytes_of(at, head + data.len)};
    const weir_dns_record record = {
        .type = type, .data_at = head, .data = weir_bytes_of(at + head, data.len)};
    return weir_dns_record_data(&reader, &record, out);
}

TEST(data_of_every_type_is_decoded_and_encoded_again)
{
    for (int i = 0; i < DATA_SAMPLES; i++) {
        const data_sample *s = &data_samples[i];
        uint8_t again[300];
        weir_dns_data data;
        assert_int_equal(weir_dns_data_decode(s->type, weir_bytes_of(s->octets, s->len), &data), 0);
        assert_int_equal(data.type, s->type);
        assert_int_equal(weir_dns_data_encode(&data, again, s->len), s->len);
        assert_memory_equal(again, s->octets, s->len);
        if (s->len > 0)
            assert_int_equal(weir_dns_data_encode(&data, again, s->len - 1), WEIR_EDNS_SPACE);
    }
}

TEST(data_cut_off_or_too_long_is_refused)
{
    guarded g = guarded_new(1000);
    for (int i = 0; i < DATA_SAMPLES; i++) {
        const data_sample *s = &data_samples[i];
        char longer[300];
        weir_dns_data data;
        for (size_t len = 0; len < s->len; len++) {
            const weir_bytes cut = weir_bytes_of(guarded_put(&g, s->octets, len), len);
            const int result = weir_dns_data_decode(s->type, cut, &data);
            if (len < s->least) assert_int_equal(result, WEIR_EDNS_MESSAGE);
            assert_int_equal(decode_in_message(&g, s->type, weir_bytes_of(s->octets, len), &data),
                             result);
        }
        memcpy(longer, s->octets, s->len);
        longer[s->len] = 1;
        assert_int_equal(weir_dns_data_decode(s->type, weir_bytes_of(longer, s->len + 1), &data),
                         s->longer ? 0 : WEIR_EDNS_MESSAGE);
    }
    guarded_free(&g);
}

TEST(names_in_data_follow_pointers_where_the_rfcs_say)
{
    static const struct {
        uint16_t type;
        const char *octets;
        size_t len;
        bool taken;
        const char *text;
    } cases[] = {
        {WEIR_DNS_NS, AT_MAIL, 2, true, "mail.example."},
        {WEIR_DNS_CNAME, "\1a" AT_TOP, 4, true, "a.example."},
        {WEIR_DNS_PTR, AT_TOP, 2, true, "example."},
        {WEIR_DNS_MX, "\0\1" AT_MAIL, 4, true, "1 mail.example."},
        {WEIR_DNS_SOA, AT_MAIL "\1h" AT_TOP "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 26, true,
         "mail.example. h.example. 1 2 3 4 5"},
        {WEIR_DNS_MINFO, AT_MAIL AT_TOP, 4, true, "mail.example. example."},
        {WEIR_DNS_RP, AT_MAIL AT_TOP, 4, true, "mail.example. example."},
        {WEIR_DNS_AFSDB, "\0\1" AT_MAIL, 4, true, "1 mail.example."},
        {WEIR_DNS_RT, "\0\1" AT_MAIL, 4, true, "1 mail.example."},
        {WEIR_DNS_SIG, "\0\1\5\2\0\0\0\0\0\0\0\0\0\0\0\0\0\7" AT_TOP "x", 21, true,
         "A 5 2 0 19700101000000 19700101000000 7 example. eA=="},
        {WEIR_DNS_PX, "\0\1" AT_MAIL AT_TOP, 6, true, "1 mail.example. example."},
        {WEIR_DNS_NXT, AT_MAIL "\x40", 3, true, "mail.example. A"},
        {WEIR_DNS_SRV, "\0\1\0\2\0\3" AT_MAIL, 8, true, "1 2 3 mail.example."},
        {WEIR_DNS_NAPTR, "\0\1\0\2\0\0\0" AT_MAIL, 9, true, "1 2 \"\" \"\" \"\" mail.example."},
        {WEIR_DNS_KX, "\0\1" AT_MAIL, 4, false, NULL},
        {WEIR_DNS_DNAME, AT_MAIL, 2, false, NULL},
        {WEIR_DNS_RRSIG, "\0\1\5\2\0\0\0\0\0\0\0\0\0\0\0\0\0\7" AT_TOP "x", 21, false, NULL},
        {WEIR_DNS_NSEC, AT_MAIL "\0\1\x40", 5, false, NULL},
        {WEIR_DNS_SVCB, "\0\1" AT_MAIL, 4, false, NULL},
        {WEIR_DNS_HTTPS, "\0\1" AT_MAIL, 4, false, NULL},
        /* The pointer is cut off; it points to itself and ahead; the name goes on after the data.
         */
        {WEIR_DNS_NS, "\xc0", 1, false, NULL},
        {WEIR_DNS_NS, "\xc0\x1a", 2, false, NULL},
        {WEIR_DNS_NS, "\xc0\x1b", 2, false, NULL},
        {WEIR_DNS_NS, AT_MAIL "\0", 3, false, NULL},
    };
    guarded g = guarded_new(1000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const weir_bytes octets = weir_bytes_of(cases[i].octets, cases[i].len);
        weir_dns_data data;
        char text[200];
        const int result = decode_in_message(&g, cases[i].type, octets, &data);
        assert_int_equal(result, cases[i].taken ? 0 : WEIR_EDNS_MESSAGE);
        assert_int_equal(weir_dns_data_decode(cases[i].type, octets, &data), WEIR_EDNS_MESSAGE);
        if (!cases[i].taken) continue;
        assert_int_equal(decode_in_message(&g, cases[i].type, octets, &data), 0);
        weir_dns_data_print(&data, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
    guarded_free(&g);
}

TEST(a_name_may_not_go_on_behind_its_data)
{
    static const char message[] = "............\4mail\7example\0";
    const weir_dns_reader reader = {.message = weir_bytes_of(message, sizeof message - 1)};
    weir_dns_data data;
    static const uint16_t types[] = {WEIR_DNS_NS, WEIR_DNS_MINFO, WEIR_DNS_NXT};
    for (size_t len = 0; len < 14 * 3; len++) {
        const weir_dns_record record = {
            .type = types[len % 3], .data_at = 12, .data = weir_bytes_of(message + 12, len / 3)};
        assert_int_equal(weir_dns_record_data(&reader, &record, &data), WEIR_EDNS_MESSAGE);
    }
}

TEST(a_name_in_data_has_at_most_255_octets)
{
    char octets[260] = {0};
    weir_dns_data data;
    for (size_t i = 0; i < 254; i += 2) octets[i] = 1;
    assert_int_equal(weir_dns_data_decode(WEIR_DNS_NS, weir_bytes_of(octets, 255), &data), 0);
    assert_int_equal(data.as.name.len, 255);
    octets[254] = 1;
    assert_int_equal(weir_dns_data_decode(WEIR_DNS_NS, weir_bytes_of(octets, 257), &data),
                     WEIR_EDNS_MESSAGE);
    memset(octets, 'x', 66);
    octets[0] = 63;
    octets[64] = 0;
    assert_int_equal(weir_dns_data_decode(WEIR_DNS_NS, weir_bytes_of(octets, 65), &data), 0);
    octets[0] = 64;
    octets[65] = 0;
    assert_int_equal(weir_dns_data_decode(WEIR_DNS_NS, weir_bytes_of(octets, 66), &data),
                     WEIR_EDNS_MESSAGE);
    REFUSED(WEIR_DNS_NS, "\x40" MAIL);
    REFUSED(WEIR_DNS_NS, "\x80" MAIL);
}

TEST(lists_of_types_keep_their_order)
{
    weir_dns_data data;
    TAKEN(WEIR_DNS_NSEC, ROOT "\0\1\x40\1\1\x40");
    REFUSED(WEIR_DNS_NSEC, ROOT);
    REFUSED(WEIR_DNS_NSEC, ROOT "\1\1\x40\0\1\x40");
    REFUSED(WEIR_DNS_NSEC, ROOT "\0\1\x40\0\1\x40");
    REFUSED(WEIR_DNS_NSEC, ROOT "\0\2\x40\0");
    REFUSED(WEIR_DNS_NSEC, ROOT "\0\0");
    REFUSED(WEIR_DNS_NSEC, ROOT "\0\x21"
                                "abcdefghijklmnopqrstuvwxyz0123456");
    TAKEN(WEIR_DNS_NSEC, ROOT "\0\x20"
                              "abcdefghijklmnopqrstuvwxyz012345");
    TAKEN(WEIR_DNS_NSEC3, "\1\0\0\0\0\1x");
    REFUSED(WEIR_DNS_NSEC3, "\1\0\0\0\0\0");
    REFUSED(WEIR_DNS_NSEC3, "\1\0\0\0\0\1x\0\1\0");
}

TEST(types_are_found_in_their_list)
{
    const weir_bytes types = BYTES("\0\1\x40\1\2\1\x80\xff\x20"
                                   "...............................\1");
    assert_int_equal(weir_dns_types_next(types, -1), 1);
    assert_int_equal(weir_dns_types_next(types, 0), 1);
    assert_int_equal(weir_dns_types_next(types, 1), 256 + 7);
    assert_int_equal(weir_dns_types_next(types, 100), 256 + 7);
    assert_int_equal(weir_dns_types_next(types, 256 + 7), 256 + 8);
    assert_int_equal(weir_dns_types_next(types, 65534), 65535);
    assert_int_equal(weir_dns_types_next(types, 65535), -1);
    assert_int_equal(weir_dns_types_next(BYTES(""), -1), -1);
    assert_int_equal(weir_dns_types_next(BYTES("\0\x20\x40"), -1), 1);
    assert_int_equal(weir_dns_types_next(BYTES("\0"), -1), -1);
}

TEST(strings_and_tags_keep_to_their_rules)
{
    weir_dns_data data;
    REFUSED(WEIR_DNS_TXT, "");
    REFUSED(WEIR_DNS_TXT, "\2a");
    REFUSED(WEIR_DNS_TXT, "\1a\1");
    TAKEN(WEIR_DNS_TXT, "\0");
    REFUSED(WEIR_DNS_HINFO, "\1a");
    REFUSED(WEIR_DNS_HINFO, "\1a\1b\1c");
    TAKEN(WEIR_DNS_CAA, "\0\2aZx");
    REFUSED(WEIR_DNS_CAA, "\0\0x");
    REFUSED(WEIR_DNS_CAA, "\0\2a-x");
    REFUSED(WEIR_DNS_CAA, "\0\2a\xe4x");
    REFUSED(WEIR_DNS_CAA, "\0\3ax");
}

TEST(strings_are_taken_one_by_one_and_joined)
{
    weir_bytes strings = BYTES("\3abc\0\2de"), string;
    char out[8] = "xxxxxxx";
    assert_int_equal(weir_dns_txt_join(strings, out, sizeof out), 5);
    assert_memory_equal(out, "abcdexx", 8);
    memset(out, 'x', sizeof out);
    assert_int_equal(weir_dns_txt_join(strings, out, 4), 5);
    assert_memory_equal(out, "abcdxxx", 7);
    assert_int_equal(weir_dns_txt_join(strings, NULL, 0), 5);
    assert_int_equal(weir_dns_txt_next(&strings, &string), 1);
    assert_true(weir_bytes_equal(string, BYTES("abc")));
    assert_int_equal(weir_dns_txt_next(&strings, &string), 1);
    assert_int_equal(string.len, 0);
    assert_int_equal(weir_dns_txt_next(&strings, &string), 1);
    assert_true(weir_bytes_equal(string, BYTES("de")));
    assert_int_equal(weir_dns_txt_next(&strings, &string), 0);
    strings = BYTES("\3ab");
    assert_int_equal(weir_dns_txt_next(&strings, &string), WEIR_EDNS_MESSAGE);
}

TEST(garbage_is_read_within_its_bounds)
{
    uint64_t state = test_seed();
    guarded g = guarded_new(1000);
    for (int round = 0; round < 20000; round++) {
        char octets[64];
        weir_dns_data data;
        const size_t len = test_random(&state) % sizeof octets;
        const uint16_t type = data_samples[test_random(&state) % DATA_SAMPLES].type;
        for (size_t i = 0; i < len; i++) {
            const uint64_t draw = test_random(&state);
            octets[i] = (char)(draw % 2 ? draw >> 8 & 7 : draw >> 8);
        }
        decode_in_message(&g, type, weir_bytes_of(octets, len), &data);
    }
    guarded_free(&g);
}
