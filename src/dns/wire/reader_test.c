/* SPDX-License-Identifier: MIT
 *
 * Does the reader give what a message holds, and stop at everything that it does not hold?
 */
#include "dns/wire/testing.h"

#define HEADER   "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
#define QUESTION "\7example\3org\0\0\1\0\1" /* its name is at 12, "org" at 20 */
#define ANSWER   "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"

TEST(a_response_is_read_from_front_to_back)
{
    const weir_bytes message = BYTES(HEADER QUESTION ANSWER);
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_record record;
    weir_dns_name name;
    assert_int_equal(weir_dns_reader_init(&reader, message, &header), 0);
    assert_int_equal(header.id, 0x1234);
    assert_true(header.response && header.recursion_desired && header.recursion_available);
    assert_false(header.truncated || header.authoritative || header.authentic);
    assert_int_equal(header.questions, 1);
    assert_int_equal(header.answers, 1);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 1);
    assert_name(&question.name, "example.org.");
    assert_int_equal(question.type, 1);
    assert_int_equal(question.class_, WEIR_DNS_CLASS_IN);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 1);
    assert_int_equal(record.section, WEIR_DNS_ANSWER);
    assert_int_equal(record.type, 1);
    assert_int_equal(record.class_, 1);
    assert_int_equal(record.ttl, 300);
    assert_int_equal(record.raw_ttl, 300);
    assert_int_equal(record.data.len, 4);
    assert_int_equal(record.data_at, message.len - 4);
    assert_memory_equal(record.data.data, "\xc0\0\2\1", 4);
    assert_int_equal(weir_dns_reader_name(&reader, record.name_at, &name), 2);
    assert_name(&name, "example.org.");
    assert_true(weir_dns_reader_name_is(&reader, record.name_at, &question.name));
    assert_int_equal(weir_dns_reader_record(&reader, &record), 0);
    assert_int_equal(reader.at, message.len);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 0);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 0);
}

TEST(each_bit_of_the_header_is_its_own)
{
    uint8_t octets[WEIR_DNS_HEADER] = {0xab, 0xcd, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7};
    weir_dns_reader reader;
    weir_dns_header h;
    for (int bit = 0; bit < 16; bit++) {
        octets[2] = (uint8_t)(1 << bit >> 8);
        octets[3] = (uint8_t)(1 << bit);
        assert_int_equal(weir_dns_reader_init(&reader, weir_bytes_of(octets, sizeof octets), &h),
                         0);
        assert_int_equal(h.id, 0xabcd);
        assert_int_equal(h.response, bit == 15);
        assert_int_equal(h.opcode, bit >= 11 && bit < 15 ? 1 << (bit - 11) : 0);
        assert_int_equal(h.authoritative, bit == 10);
        assert_int_equal(h.truncated, bit == 9);
        assert_int_equal(h.recursion_desired, bit == 8);
        assert_int_equal(h.recursion_available, bit == 7);
        assert_int_equal(h.authentic, bit == 5);
        assert_int_equal(h.checking_disabled, bit == 4);
        assert_int_equal(h.rcode, bit < 4 ? 1 << bit : 0);
        assert_int_equal(h.questions, 0x0001);
        assert_int_equal(h.answers, 0x0203);
        assert_int_equal(h.authorities, 0x0405);
        assert_int_equal(h.additionals, 0x0607);
    }
}

TEST(a_message_is_at_least_a_header_and_at_most_64_kib)
{
    static uint8_t octets[WEIR_DNS_MESSAGE_MAX + 1];
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_record record;
    assert_int_equal(weir_dns_reader_init(&reader, weir_bytes_of(NULL, 0), &header),
                     WEIR_EDNS_MESSAGE);
    assert_int_equal(weir_dns_reader_init(&reader, weir_bytes_of(octets, 11), &header),
                     WEIR_EDNS_MESSAGE);
    assert_int_equal(weir_dns_reader_init(&reader, weir_bytes_of(octets, sizeof octets), &header),
                     WEIR_EDNS_MESSAGE);
    /* What could not be begun has nothing. */
    assert_int_equal(weir_dns_reader_question(&reader, &question), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), WEIR_EDNS_MESSAGE);
    assert_int_equal(weir_dns_reader_init(&reader, weir_bytes_of(octets, 12), &header), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 0);
    assert_int_equal(
        weir_dns_reader_init(&reader, weir_bytes_of(octets, WEIR_DNS_MESSAGE_MAX), &header), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 0);
    assert_int_equal(reader.at, WEIR_DNS_HEADER);
}

TEST(records_are_told_by_section_and_questions_passed_over)
{
    const weir_bytes message =
        BYTES("\0\0\0\0\0\2\0\1\0\2\0\1" QUESTION "\xc0\x14\0\2\0\3" /* two questions */
              "\xc0\x0c\0\1\0\1\xff\xff\xff\xff\0\0"                 /* answer, TTL negative */
              "\0\0\2\0\1\x7f\xff\xff\xff\0\1x"
              "\xc0\x14\1\1\0\3\x80\0\0\0\0\0" /* authorities */
              "\0\0\x29\4\xd0\0\0\x80\0\0\0"
              "trailing");
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_record r;
    assert_int_equal(weir_dns_reader_init(&reader, message, &header), 0);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 1);
    const weir_dns_reader copy = reader;
    assert_int_equal(weir_dns_reader_record(&reader, &r), 1);
    assert_int_equal(r.section, WEIR_DNS_ANSWER);
    assert_int_equal(r.ttl, 0);
    assert_true(r.raw_ttl == 0xffffffff);
    assert_int_equal(r.data.len, 0);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &r), 1);
    assert_int_equal(r.section, WEIR_DNS_AUTHORITY);
    assert_int_equal(r.ttl, 0x7fffffff);
    assert_int_equal(r.data.len, 1);
    assert_int_equal(weir_dns_reader_record(&reader, &r), 1);
    assert_int_equal(r.section, WEIR_DNS_AUTHORITY);
    assert_int_equal(r.type, 257);
    assert_int_equal(r.class_, 3);
    assert_int_equal(r.ttl, 0);
    assert_int_equal(weir_dns_reader_record(&reader, &r), 1);
    assert_int_equal(r.section, WEIR_DNS_ADDITIONAL);
    assert_int_equal(r.type, 41);
    assert_int_equal(r.class_, 1232);
    assert_int_equal(r.ttl, 0x8000);
    assert_int_equal(weir_dns_reader_record(&reader, &r), 0);
    assert_int_equal(message.len - reader.at, strlen("trailing"));

    /* A copy reads on from where it was made. */
    reader = copy;
    assert_int_equal(weir_dns_reader_question(&reader, &question), 1);
    assert_name(&question.name, "org.");
    assert_int_equal(question.type, 2);
    assert_int_equal(question.class_, 3);
    assert_int_equal(weir_dns_reader_record(&reader, &r), 1);
    assert_int_equal(r.section, WEIR_DNS_ANSWER);
}

TEST(questions_alone_end_where_they_end)
{
    const weir_bytes message = BYTES("\0\0\0\0\0\2\0\0\0\0\0\0" QUESTION "\xc0\x14\0\2\0\3");
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    weir_dns_question question;
    assert_int_equal(weir_dns_reader_init(&reader, message, &header), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 0);
    assert_int_equal(reader.at, message.len);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 0);
}

/* Reads everything of a message; returns how many items, or the error. */
static int read_all(weir_bytes message, bool questions)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_record record;
    weir_dns_name name;
    int count = 0, result = weir_dns_reader_init(&reader, message, &header);
    if (result < 0) return result;
    while (questions && (result = weir_dns_reader_question(&reader, &question)) > 0) count++;
    if (result < 0) return result;
    for (weir_dns_reader before = reader; (result = weir_dns_reader_record(&reader, &record)) > 0;
         before = reader, count++) {
        assert_true(reader.at > before.at && reader.at <= message.len);
        assert_true(record.data.data + record.data.len <= message.data + message.len);
        result = weir_dns_reader_name(&reader, record.name_at, &name);
        if (result < 0) return result;
        assert_true(weir_dns_reader_name_is(&reader, record.name_at, &name));
    }
    return result < 0 ? result : count;
}

TEST(a_message_cut_anywhere_is_malformed_and_read_no_further)
{
    const weir_bytes message =
        BYTES("\0\0\0\0\0\1\0\1\0\1\0\1" QUESTION ANSWER "\1a\xc0\x14\0\2\0\1\0\0\0\1\0\2\xc0\x0c"
              "\0\0\x29\4\xd0\0\0\x80\0\0\0");
    guarded memory = guarded_new(message.len);
    for (size_t len = 0; len < message.len; len++) {
        const weir_bytes cut = weir_bytes_of(guarded_put(&memory, message.data, len), len);
        assert_int_equal(read_all(cut, true), WEIR_EDNS_MESSAGE);
        assert_int_equal(read_all(cut, false), WEIR_EDNS_MESSAGE);
    }
    const weir_bytes whole =
        weir_bytes_of(guarded_put(&memory, message.data, message.len), message.len);
    assert_int_equal(read_all(whole, true), 4);
    assert_int_equal(read_all(whole, false), 3);
    guarded_free(&memory);
}

TEST(counts_that_lie_are_malformed)
{
    uint8_t octets[] = HEADER QUESTION ANSWER;
    const weir_bytes message = weir_bytes_of(octets, sizeof octets - 1);
    for (int count = 4; count < 12; count += 2) {
        octets[count] = 0xff;
        assert_int_equal(read_all(message, true), WEIR_EDNS_MESSAGE);
        assert_int_equal(read_all(message, false), WEIR_EDNS_MESSAGE);
        octets[count] = 0;
    }
    assert_int_equal(read_all(message, true), 2);
    /* Too few: the answer is taken for what the header says, or left. */
    octets[7] = 0;
    assert_int_equal(read_all(message, true), 1);
}

TEST(an_error_leaves_the_reader_where_it_was)
{
    const weir_bytes message =
        BYTES("\0\0\0\0\0\2\0\2\0\0\0\0" QUESTION QUESTION ANSWER "\xc0\x0c");
    weir_dns_reader reader, before;
    weir_dns_header header;
    weir_dns_question question;
    weir_dns_record record;
    assert_int_equal(weir_dns_reader_init(&reader, message, &header), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 1);
    before = reader;
    assert_int_equal(weir_dns_reader_record(&reader, &record), WEIR_EDNS_MESSAGE);
    assert_memory_equal(&reader, &before, sizeof reader);

    const weir_bytes cut = weir_bytes_of(message.data, 12 + sizeof QUESTION + 3);
    assert_int_equal(weir_dns_reader_init(&reader, cut, &header), 0);
    before = reader;
    assert_int_equal(weir_dns_reader_record(&reader, &record), WEIR_EDNS_MESSAGE);
    assert_memory_equal(&reader, &before, sizeof reader);
    assert_int_equal(weir_dns_reader_question(&reader, &question), 1);
    before = reader;
    assert_int_equal(weir_dns_reader_question(&reader, &question), WEIR_EDNS_MESSAGE);
    assert_memory_equal(&reader, &before, sizeof reader);
}

TEST(data_that_is_longer_than_the_message_is_malformed)
{
    uint8_t octets[] = HEADER QUESTION ANSWER;
    const weir_bytes message = weir_bytes_of(octets, sizeof octets - 1);
    octets[message.len - 5] = 5;
    assert_int_equal(read_all(message, true), WEIR_EDNS_MESSAGE);
    octets[message.len - 6] = 0xff;
    assert_int_equal(read_all(message, true), WEIR_EDNS_MESSAGE);
    octets[message.len - 6] = 0;
    octets[message.len - 5] = 3;
    assert_int_equal(read_all(message, true), 2);
}

TEST(random_messages_are_read_within_their_bounds)
{
    uint64_t state = test_seed();
    const weir_bytes good =
        BYTES("\0\0\0\0\0\1\0\1\0\1\0\1" QUESTION ANSWER "\1a\xc0\x14\0\2\0\1\0\0\0\1\0\2\xc0\x0c"
              "\0\0\x29\4\xd0\0\0\x80\0\0\0");
    guarded memory = guarded_new(200);
    for (int i = 0; i < 50000; i++) {
        char octets[200];
        memcpy(octets, good.data, good.len);
        for (unsigned changes = 1 + (unsigned)(test_random(&state) % 6); changes > 0; changes--)
            octets[4 + test_random(&state) % (good.len - 4)] = (char)test_random(&state);
        const weir_bytes message = weir_bytes_of(guarded_put(&memory, octets, good.len), good.len);
        read_all(message, true);
        read_all(message, false);
    }
    guarded_free(&memory);
}
