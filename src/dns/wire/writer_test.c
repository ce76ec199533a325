/* SPDX-License-Identifier: MIT
 *
 * Does the writer write what it is told, as short as it can, and nothing when it does not fit?
 */
#include "dns/wire/testing.h"

static const weir_dns_header query = {.id = 0x1234, .recursion_desired = true};

static void assert_message(const weir_dns_writer *writer, weir_bytes expected)
{
    const weir_bytes message = weir_dns_writer_message(writer);
    assert_int_equal(message.len, expected.len);
    assert_memory_equal(message.data, expected.data, expected.len);
}

TEST(a_query_is_written)
{
    uint8_t out[WEIR_DNS_UDP_MAX];
    weir_dns_writer writer;
    const weir_dns_name name = name_of("eXample.org");
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    assert_int_equal(weir_dns_writer_question(&writer, &name, 28, WEIR_DNS_CLASS_IN), 0);
    assert_message(&writer, BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\7eXample\3org\0\0\x1c\0\1"));
    weir_dns_writer_truncated(&writer);
    assert_message(&writer, BYTES("\x12\x34\3\0\0\1\0\0\0\0\0\0\7eXample\3org\0\0\x1c\0\1"));
}

TEST(a_header_comes_back_as_it_was_written)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 1000; i++) {
        uint8_t out[WEIR_DNS_HEADER];
        const uint64_t draw = test_random(&state);
        const weir_dns_header header = {.id = (uint16_t)draw,
                                        .opcode = draw >> 16 & 15,
                                        .rcode = draw >> 20 & 15,
                                        .response = draw >> 24 & 1,
                                        .authoritative = draw >> 25 & 1,
                                        .truncated = draw >> 26 & 1,
                                        .recursion_desired = draw >> 27 & 1,
                                        .recursion_available = draw >> 28 & 1,
                                        .authentic = draw >> 29 & 1,
                                        .checking_disabled = draw >> 30 & 1,
                                        .questions = 7,
                                        .additionals = 9};
        weir_dns_writer writer;
        weir_dns_reader reader;
        weir_dns_header back;
        weir_dns_writer_init(&writer, out, sizeof out, &header);
        assert_int_equal(weir_dns_reader_init(&reader, weir_dns_writer_message(&writer), &back), 0);
        assert_int_equal(back.id, header.id);
        assert_int_equal(back.opcode, header.opcode);
        assert_int_equal(back.rcode, header.rcode);
        assert_int_equal(back.response, header.response);
        assert_int_equal(back.authoritative, header.authoritative);
        assert_int_equal(back.truncated, header.truncated);
        assert_int_equal(back.recursion_desired, header.recursion_desired);
        assert_int_equal(back.recursion_available, header.recursion_available);
        assert_int_equal(back.authentic, header.authentic);
        assert_int_equal(back.checking_disabled, header.checking_disabled);
        assert_int_equal(back.questions + back.answers + back.authorities + back.additionals, 0);
    }
}

TEST(names_are_compressed_against_names_and_their_parents)
{
    uint8_t out[WEIR_DNS_UDP_MAX];
    weir_dns_writer writer;
    weir_dns_writer_mark mark;
    const weir_dns_name www = name_of("www.example.org"), zone = name_of("example.org"),
                        mail = name_of("mx.example.org"), root = name_of(".");
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    assert_int_equal(weir_dns_writer_question(&writer, &www, 15, 1), 0);
    assert_int_equal(weir_dns_writer_begin(&writer, WEIR_DNS_ANSWER, &zone, 15, 1, 60, &mark), 0);
    weir_dns_writer_octets(&writer, &mark, BYTES("\0\x0a"));
    weir_dns_writer_name(&writer, &mark, &mail, true);
    assert_int_equal(weir_dns_writer_end(&writer, &mark), 0);
    assert_int_equal(
        weir_dns_writer_record(&writer, WEIR_DNS_AUTHORITY, &mail, 1, 1, 0x01020304, BYTES("abcd")),
        0);
    /* Not where RFC 3597 4 forbids it, and nobody points there. */
    assert_int_equal(weir_dns_writer_begin(&writer, WEIR_DNS_ADDITIONAL, &root, 39, 1, 0, &mark),
                     0);
    weir_dns_writer_name(&writer, &mark, &zone, false);
    assert_int_equal(weir_dns_writer_end(&writer, &mark), 0);
    assert_message(&writer, BYTES("\x12\x34\1\0\0\1\0\1\0\1\0\1"
                                  "\3www\7example\3org\0\0\x0f\0\1"
                                  "\xc0\x10\0\x0f\0\1\0\0\0\x3c\0\7\0\x0a\2mx\xc0\x10"
                                  "\xc0\x2f\0\1\0\1\1\2\3\4\0\4"
                                  "abcd"
                                  "\0\0\x27\0\1\0\0\0\0\0\x0d\7example\3org\0"));
}

TEST(names_of_another_letter_case_are_written_as_they_are)
{
    uint8_t out[WEIR_DNS_UDP_MAX];
    weir_dns_writer writer;
    const weir_dns_name low = name_of("www.example.org"), high = name_of("www.EXAMPLE.org");
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    assert_int_equal(weir_dns_writer_question(&writer, &low, 1, 1), 0);
    assert_int_equal(weir_dns_writer_question(&writer, &high, 1, 1), 0);
    assert_message(&writer, BYTES("\x12\x34\1\0\0\2\0\0\0\0\0\0"
                                  "\3www\7example\3org\0\0\1\0\1"
                                  "\3www\7EXAMPLE\xc0\x18\0\1\0\1"));
}

TEST(what_is_out_of_order_is_refused)
{
    uint8_t out[WEIR_DNS_UDP_MAX];
    weir_dns_writer writer;
    weir_dns_writer_mark mark;
    const weir_dns_name name = name_of("a"), none = {.len = 0};
    static char big[65536];
    const weir_bytes empty = {NULL, 0};
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    assert_int_equal(weir_dns_writer_question(&writer, &none, 1, 1), WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_QUESTION, &name, 1, 1, 0, empty),
                     WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_SECTIONS, &name, 1, 1, 0, empty),
                     WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &none, 1, 1, 0, empty),
                     WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &name, 1, 1, 0,
                                            weir_bytes_of(big, sizeof big)),
                     WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_message(&writer).len, WEIR_DNS_HEADER);
    /* What was refused began no section. */
    assert_int_equal(weir_dns_writer_question(&writer, &name, 1, 1), 0);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_AUTHORITY, &name, 1, 1, 0, empty), 0);
    assert_int_equal(weir_dns_writer_question(&writer, &name, 1, 1), WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &name, 1, 1, 0, empty),
                     WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_begin(&writer, WEIR_DNS_ANSWER, &name, 1, 1, 0, &mark),
                     WEIR_EINVAL);
    weir_dns_writer_octets(&writer, &mark, BYTES("x"));
    weir_dns_writer_name(&writer, &mark, &name, true);
    assert_int_equal(weir_dns_writer_end(&writer, &mark), WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ADDITIONAL, &name, 1, 1, 0, empty),
                     0);
    assert_int_equal(weir_dns_writer_begin(&writer, WEIR_DNS_ADDITIONAL, &name, 1, 1, 0, &mark), 0);
    weir_dns_writer_name(&writer, &mark, &none, true);
    assert_int_equal(weir_dns_writer_end(&writer, &mark), WEIR_EINVAL);
    assert_memory_equal(out + 4, "\0\1\0\0\0\1\0\1", 8);
}

/* Writes a message of a kind of each part into so much room; returns how many parts fitted. */
static int write_parts(uint8_t *out, size_t room, weir_bytes *message)
{
    weir_dns_writer writer;
    weir_dns_writer_mark mark;
    const weir_dns_name www = name_of("www.example.org"), mail = name_of("mx.example.org");
    weir_dns_writer_init(&writer, out, room, &query);
    int fitted = 0, error = weir_dns_writer_question(&writer, &www, 15, 1);
    for (int part = 0; error == 0 && part < 2; part++, fitted++) {
        weir_dns_writer_begin(&writer, WEIR_DNS_ANSWER, &mail, 15, 1, 60, &mark);
        weir_dns_writer_octets(&writer, &mark, BYTES("\0\x0a"));
        weir_dns_writer_name(&writer, &mark, &www, part);
        weir_dns_writer_octets(&writer, &mark, weir_bytes_of(NULL, 0));
        error = weir_dns_writer_end(&writer, &mark);
    }
    if (error == 0) fitted++;
    assert_true(error == 0 || error == WEIR_EDNS_SPACE);
    *message = weir_dns_writer_message(&writer);
    return fitted;
}

TEST(what_does_not_fit_is_not_written_at_all)
{
    uint8_t whole_out[WEIR_DNS_UDP_MAX];
    weir_bytes whole, message;
    assert_int_equal(write_parts(whole_out, sizeof whole_out, &whole), 3);
    guarded memory = guarded_new(whole.len);
    size_t before = 0;
    for (size_t room = 0; room <= whole.len; room++) {
        uint8_t *out = (uint8_t *)guarded_put(&memory, "", 0) - room;
        const int fitted = write_parts(out, room, &message);
        assert_int_equal(fitted == 3, room == whole.len);
        assert_true(message.len <= room && message.len >= before);
        before = message.len;
        if (room < WEIR_DNS_HEADER) {
            assert_int_equal(message.len, 0);
            continue;
        }
        assert_memory_equal(message.data + 12, whole.data + 12, message.len - 12);
        weir_dns_reader reader;
        weir_dns_header header;
        weir_dns_record record;
        int error;
        assert_int_equal(weir_dns_reader_init(&reader, message, &header), 0);
        while ((error = weir_dns_reader_record(&reader, &record)) > 0) {}
        assert_int_equal(error, 0);
        assert_int_equal(reader.at, message.len);
    }
    guarded_free(&memory);
}

TEST(what_was_taken_back_leaves_no_trace)
{
    uint8_t out[WEIR_DNS_HEADER + 34];
    weir_dns_writer writer;
    const weir_dns_name a = name_of("aaaaaaaa.bb"),
                        long_one = name_of("bb.cccccccccccccccccccccccccc");
    const weir_bytes none = {NULL, 0};
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    /* The name fits, what follows it does not: nobody may point to it, and no section has begun. */
    assert_int_equal(weir_dns_writer_question(&writer, &long_one, 1, 1), WEIR_EDNS_SPACE);
    assert_int_equal(writer.name_count, 0);
    assert_int_equal(
        weir_dns_writer_record(&writer, WEIR_DNS_ADDITIONAL, &a, 1, 1, 0, weir_bytes_of(out, 30)),
        WEIR_EDNS_SPACE);
    assert_int_equal(writer.name_count, 0);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &a, 1, 1, 0, none), 0);
    assert_memory_equal(out + 4, "\0\0\0\1\0\0\0\0\10aaaaaaaa\2bb", 21);
}

TEST(no_more_than_64_kib_are_written)
{
    static uint8_t out[70000];
    static char data[65535];
    weir_dns_writer writer;
    const weir_dns_name root = name_of(".");
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    weir_bytes all = weir_bytes_of(data, 65535 - 12 - 11);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &root, 1, 1, 0,
                                            weir_bytes_of(data, sizeof data)),
                     WEIR_EDNS_SPACE);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &root, 1, 1, 0, all), 0);
    assert_int_equal(weir_dns_writer_message(&writer).len, 65535);
    assert_int_equal(
        weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &root, 1, 1, 0, weir_bytes_of(NULL, 0)),
        WEIR_EDNS_SPACE);
}

TEST(a_name_that_is_too_far_for_a_pointer_is_written_again)
{
    static uint8_t out[65535];
    static char data[0x4000];
    weir_dns_writer writer;
    const weir_dns_name root = name_of("."), far = name_of("far.example");
    weir_dns_writer_init(&writer, out, sizeof out, &query);
    /* "far" at 0x3ffc can be pointed to, "example" at 0x4000 not. */
    const weir_bytes before = weir_bytes_of(data, 0x3ffc - 12 - 11);
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &root, 1, 1, 0, before), 0);
    assert_int_equal(weir_dns_writer_message(&writer).len, 0x3ffc);
    const weir_bytes none = {NULL, 0};
    const weir_dns_name zone = name_of("example");
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &far, 1, 1, 0, none), 0);
    size_t len = weir_dns_writer_message(&writer).len;
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &far, 1, 1, 0, none), 0);
    assert_memory_equal(out + len, "\xff\xfc", 2);
    len = weir_dns_writer_message(&writer).len;
    assert_int_equal(weir_dns_writer_record(&writer, WEIR_DNS_ANSWER, &zone, 1, 1, 0, none), 0);
    assert_memory_equal(out + len, "\7example", 9);
}

/* What went into a message, to be found in it again. */
typedef struct written {
    weir_dns_section section;
    weir_dns_name name, inner;
    uint16_t type, class_;
    uint32_t ttl;
    bool compress;
} written;

static weir_dns_name draw_name(uint64_t *state, const written *before, int count)
{
    weir_dns_name name = name_random(state, test_random(state) % 8 ? 24 : WEIR_DNS_NAME_MAX);
    /* Mostly one that shares labels with another. */
    if (count > 0 && test_random(state) % 4) {
        const written *w = &before[test_random(state) % (unsigned)count];
        weir_dns_name other = test_random(state) % 2 ? w->name : w->inner;
        if (test_random(state) % 2) weir_dns_name_parent(&other, &other);
        if (test_random(state) % 2 || weir_dns_name_append(&name, &other, &name) < 0) name = other;
    }
    return name;
}

static void check_written(const weir_dns_reader *reader, const weir_dns_record *r, const written *w)
{
    weir_dns_name name;
    assert_int_equal(r->section, w->section);
    assert_int_equal(r->type, w->type);
    assert_int_equal(r->class_, w->class_);
    assert_true(r->raw_ttl == w->ttl);
    assert_true(weir_dns_reader_name(reader, r->name_at, &name) > 0);
    assert_int_equal(name.len, w->name.len);
    assert_memory_equal(name.octets, w->name.octets, name.len);
    assert_memory_equal(r->data.data, "ab", 2);
    assert_int_equal(weir_dns_reader_name(reader, r->data_at + 2, &name), r->data.len - 3);
    assert_int_equal(name.len, w->inner.len);
    assert_memory_equal(name.octets, w->inner.octets, name.len);
    if (!w->compress) assert_int_equal(r->data.len - 3, name.len);
    assert_int_equal(r->data.data[r->data.len - 1], 'c');
}

TEST(random_messages_come_back_as_they_were_written)
{
    enum { PARTS = 100 };
    static written parts[PARTS];
    static uint8_t out[WEIR_DNS_MESSAGE_MAX];
    uint64_t state = test_seed();
    for (int round = 0; round < 300; round++) {
        weir_dns_writer writer;
        const size_t room = 12 + (size_t)(test_random(&state) % (round % 2 ? 600 : 20000));
        weir_dns_writer_init(&writer, out, room, &query);
        int count = 0, section = WEIR_DNS_ANSWER;
        for (int part = 0; part < PARTS; part++) {
            section += test_random(&state) % 16 == 0 && section < WEIR_DNS_ADDITIONAL;
            written *w = &parts[count];
            w->name = draw_name(&state, parts, count);
            w->inner = w->name;
            w->inner = draw_name(&state, parts, count + 1);
            w->section = (weir_dns_section)section;
            w->type = (uint16_t)test_random(&state);
            w->class_ = (uint16_t)test_random(&state);
            w->ttl = (uint32_t)test_random(&state);
            w->compress = test_random(&state) % 2;
            weir_dns_writer_mark mark;
            weir_dns_writer_begin(&writer, w->section, &w->name, w->type, w->class_, w->ttl, &mark);
            weir_dns_writer_octets(&writer, &mark, BYTES("ab"));
            weir_dns_writer_name(&writer, &mark, &w->inner, w->compress);
            weir_dns_writer_octets(&writer, &mark, BYTES("c"));
            const int error = weir_dns_writer_end(&writer, &mark);
            assert_true(error == 0 || error == WEIR_EDNS_SPACE);
            count += error == 0;
        }
        weir_dns_reader reader;
        weir_dns_header header;
        weir_dns_record record;
        assert_int_equal(weir_dns_reader_init(&reader, weir_dns_writer_message(&writer), &header),
                         0);
        assert_int_equal(header.answers + header.authorities + header.additionals, count);
        for (int i = 0; i < count; i++) {
            assert_int_equal(weir_dns_reader_record(&reader, &record), 1);
            check_written(&reader, &record, &parts[i]);
        }
        assert_int_equal(weir_dns_reader_record(&reader, &record), 0);
        assert_int_equal(reader.at, weir_dns_writer_message(&writer).len);
    }
}
