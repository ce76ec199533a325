/* SPDX-License-Identifier: MIT
 *
 * Is data written as dig writes it, within its room?
 */
#include "dns/wire/data_samples.h"

static void assert_text(uint16_t type, weir_bytes octets, const char *expected)
{
    char text[600];
    weir_dns_data data;
    assert_int_equal(weir_dns_data_decode(type, octets, &data), 0);
    const size_t len = weir_dns_data_print(&data, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

TEST(data_of_every_type_is_written)
{
    for (int i = 0; i < DATA_SAMPLES; i++) {
        const data_sample *s = &data_samples[i];
        assert_text(s->type, weir_bytes_of(s->octets, s->len), s->text);
    }
}

TEST(text_is_cut_to_its_room)
{
    guarded g = guarded_new(1000);
    for (int i = 0; i < DATA_SAMPLES; i++) {
        const data_sample *s = &data_samples[i];
        const size_t whole = strlen(s->text);
        weir_dns_data data;
        assert_int_equal(weir_dns_data_decode(s->type, weir_bytes_of(s->octets, s->len), &data), 0);
        assert_int_equal(weir_dns_data_print(&data, NULL, 0), whole);
        for (size_t room = 1; room <= whole + 1; room++) {
            char *at = g.map + g.size - room;
            assert_int_equal(weir_dns_data_print(&data, at, room), whole);
            assert_int_equal(strlen(at), room - 1);
            assert_memory_equal(at, s->text, room - 1);
        }
    }
    guarded_free(&g);
}

TEST(addresses_are_written_short)
{
#define AAAA(octets, text) assert_text(WEIR_DNS_AAAA, BYTES(octets), text)
    AAAA("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "::");
    AAAA("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "::1");
    AAAA("\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "1::");
    AAAA("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", "::ffff:192.0.2.1");
    AAAA("\0\0\0\0\0\0\0\0\0\0\0\0\xc0\0\2\1", "::192.0.2.1");
    AAAA("\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0", "::ffff:0:0:0");
    AAAA("\0\x64\xff\x9b\0\0\0\0\0\0\0\0\xc0\0\2\x21", "64:ff9b::c000:221");
    AAAA("\x20\1\x0d\xb8\0\0\0\0\0\1\0\0\0\0\0\1", "2001:db8::1:0:0:1");
    AAAA("\x20\1\x0d\xb8\0\0\0\1\0\0\0\0\0\0\0\1", "2001:db8:0:1::1");
    AAAA("\x20\1\x0d\xb8\0\0\0\1\0\1\0\1\0\1\0\1", "2001:db8:0:1:1:1:1:1");
    AAAA("\0\0\0\1\0\2\0\3\0\4\0\5\0\6\0\0", "0:1:2:3:4:5:6:0");
}

TEST(times_are_those_of_the_calendar)
{
#define SIGNED(time, text)                                                              \
    assert_text(WEIR_DNS_RRSIG, BYTES("\0\1\5\0\0\0\0\0" time "\0\0\0\0\0\0" ROOT "x"), \
                "A 5 0 0 " text " 19700101000000 0 . eA==")
    SIGNED("\x00\x00\x00\x00", "19700101000000");
    SIGNED("\x00\x01\x51\x7f", "19700101235959");
    SIGNED("\x04\x10\x2f\x80", "19720229000000");
    SIGNED("\x38\x6d\x43\x7f", "19991231235959");
    SIGNED("\x38\xbb\x0b\xff", "20000228235959");
    SIGNED("\x38\xbb\xb4\xc0", "20000229120000");
    SIGNED("\x38\xbc\x5d\x80", "20000301000000");
    SIGNED("\x65\xe1\x1a\x7f", "20240229235959");
    SIGNED("\x65\xe1\x1a\x80", "20240301000000");
    SIGNED("\x7f\xff\xff\xff", "20380119031407");
    SIGNED("\xf4\x86\x56\xff", "20991231235959");
    SIGNED("\xf4\xd4\x1f\x7f", "21000228235959");
    SIGNED("\xf4\xd4\x1f\x80", "21000301000000");
    SIGNED("\xff\xff\xff\xff", "21060207062815");
}

TEST(half_filled_data_is_written_as_far_as_it_goes)
{
    char text[100];
    weir_dns_data data;
    memset(&data, 0, sizeof data);
    data.type = WEIR_DNS_MX;
    assert_int_equal(weir_dns_data_print(&data, text, sizeof text), 2);
    data.type = WEIR_DNS_TXT;
    data.as.txt = BYTES("\1a\5b");
    weir_dns_data_print(&data, text, sizeof text);
    assert_string_equal(text, "\"a\"");
    memset(&data, 0, sizeof data);
    data.type = WEIR_DNS_SVCB;
    data.as.svcb.parameters = BYTES("\0\3\0\1x\0\4\0\5"
                                    "12345\0\6\0");
    weir_dns_data_print(&data, text, sizeof text);
    assert_string_equal(text, "0  port= ipv4hint=49.50.51.52");
}
