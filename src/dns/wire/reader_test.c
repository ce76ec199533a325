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
