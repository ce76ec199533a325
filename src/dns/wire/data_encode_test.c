/* SPDX-License-Identifier: MIT
 *
 * Does data come back as it was written, into a message and by itself; and is what has no encoding
 * refused?
 */
#include "dns/wire/data.h"
#include "dns/wire/data_samples.h"

enum { ROOM = 4000 };

static size_t random_octets(uint64_t *state, uint8_t *out, size_t most)
{
    const size_t len = test_random(state) % (most + 1);
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)test_random(state);
    return len;
}

static size_t random_strings(uint64_t *state, uint8_t *out)
{
    size_t len = 0;
    do {
        const size_t string = random_octets(state, out + len + 1, test_random(state) % 256);
        out[len] = (uint8_t)string;
        len += 1 + string;
    } while (test_random(state) % 3 != 0 && len < ROOM - 300);
    return len;
}

static size_t random_types(uint64_t *state, uint8_t *out)
{
    size_t len = 0;
    for (unsigned window = test_random(state) % 3; window < 256 && len < 200;
         window += 1 + test_random(state) % 90) {
        const size_t bits = 1 + test_random(state) % 32;
        out[len++] = (uint8_t)window;
        out[len++] = (uint8_t)bits;
        for (size_t i = 0; i < bits; i++) out[len++] = (uint8_t)test_random(state);
        out[len - 1] |= 1;
    }
    return len;
}

/* Octets that keep to a field's rule. */
static weir_bytes random_field(uint64_t *state, const dns_field *field, uint8_t *out)
{
    const size_t most = field->wire == DNS_STRING ? 255 : 600;
    size_t len = 0;
    switch ((dns_rule)field->rule) {
    case DNS_RULE_ANY: len = random_octets(state, out, most); break;
    case DNS_RULE_SOME:
    case DNS_RULE_WORD:
        len = random_octets(state, out, most - 1) + 1;
        out[len - 1] = 'x';
        for (size_t i = 0; field->rule == DNS_RULE_WORD && i < len; i++)
            out[i] = (uint8_t)("azAZ09mM"[out[i] % 8]);
        break;
    case DNS_RULE_STRINGS: len = random_strings(state, out); break;
    case DNS_RULE_TYPES:
    case DNS_RULE_NO_TYPES: len = random_types(state, out); break;
    }
    return weir_bytes_of(out, len);
}

/* Ascending keys, those with a form of their own left out. */
static weir_bytes random_parameters(uint64_t *state, uint8_t *out)
{
    size_t len = 0;
    for (unsigned key = 7; key <= 65535 && len < 1000; key += 1 + test_random(state) % 9000) {
        const size_t value = random_octets(state, out + len + 4, 50);
        const uint8_t head[4] = {(uint8_t)(key >> 8), (uint8_t)key, 0, (uint8_t)value};
        memcpy(out + len, head, sizeof head);
        len += 4 + value;
    }
    return weir_bytes_of(out, len);
}

static void random_data(uint64_t *state, uint16_t type, weir_dns_data *data, uint8_t room[][ROOM])
{
    const dns_shape *shape = dns_shape_of(type);
    memset(data, 0xee, sizeof *data);
    data->type = type;
    if (!shape->fields) data->as.raw = weir_bytes_of(room[0], random_octets(state, room[0], 600));
    for (const dns_field *f = shape->fields; f && f->wire != DNS_END; f++) {
        char *at = (char *)data + f->at;
        const weir_dns_name name = name_random(state, 255);
        const uint64_t number = test_random(state);
        switch ((dns_wire)f->wire) {
        case DNS_U8: memcpy(at, &number, 1); break;
        case DNS_U16: memcpy(at, &number, 2); break;
        case DNS_U32: memcpy(at, &number, 4); break;
        case DNS_OCTETS4: memcpy(at, &number, 4); break;
        case DNS_OCTETS16: memcpy(at, &number, 8); break;
        case DNS_NAME: memcpy(at, &name, sizeof name); break;
        case DNS_STRING:
        case DNS_REST:
            *(weir_bytes *)at = f->look == DNS_LOOK_PARAMETERS ? random_parameters(state, *room++)
                                                               : random_field(state, f, *room++);
            break;
        case DNS_END: break;
        }
    }
}

TEST(random_data_comes_back_by_itself)
{
    uint64_t state = test_seed();
    static uint8_t room[4][ROOM], flat[ROOM], again[ROOM];
    for (int round = 0; round < 4000; round++) {
        const uint16_t type = data_samples[test_random(&state) % DATA_SAMPLES].type;
        weir_dns_data data, decoded;
        random_data(&state, type, &data, room);
        const int len = weir_dns_data_encode(&data, flat, sizeof flat);
        assert_true(len >= 0);
        const weir_bytes octets = weir_bytes_of(flat, (size_t)len);
        assert_int_equal(weir_dns_data_decode(type, octets, &decoded), 0);
        assert_int_equal(weir_dns_data_encode(&decoded, again, sizeof again), len);
        assert_memory_equal(flat, again, (size_t)len);
        char text[16];
        assert_int_equal(weir_dns_data_print(&decoded, text, sizeof text),
                         weir_dns_data_print(&data, NULL, 0));
    }
}

/* Names are the same but for the case of letters, which a compressed name has from another. */
static void assert_same(const uint8_t *a, const uint8_t *b, size_t len)
{
    assert_true(weir_bytes_equal_nocase(weir_bytes_of(a, len), weir_bytes_of(b, len)));
}

TEST(random_data_comes_back_from_a_message)
{
    uint64_t state = test_seed();
    static uint8_t room[4][ROOM], message[65535], flat[ROOM], again[ROOM];
    for (int round = 0; round < 200; round++) {
        const weir_dns_header empty = {.id = 1};
        weir_dns_writer writer;
        weir_dns_reader reader;
        weir_dns_header header;
        weir_dns_record record;
        const uint64_t begin = state;
        weir_dns_writer_init(&writer, message, sizeof message, &empty);
        for (int i = 0; i < 12; i++) {
            const weir_dns_name owner = name_random(&state, 40);
            weir_dns_data data;
            random_data(&state, data_samples[test_random(&state) % DATA_SAMPLES].type, &data, room);
            assert_int_equal(weir_dns_writer_data(&writer, WEIR_DNS_ANSWER, &owner, 300, &data), 0);
        }
        state = begin;
        assert_int_equal(weir_dns_reader_init(&reader, weir_dns_writer_message(&writer), &header),
                         0);
        for (int i = 0; i < 12; i++) {
            (void)name_random(&state, 40);
            weir_dns_data data;
            random_data(&state, data_samples[test_random(&state) % DATA_SAMPLES].type, &data, room);
            const int len = weir_dns_data_encode(&data, flat, sizeof flat);
            assert_int_equal(weir_dns_reader_record(&reader, &record), 1);
            assert_int_equal(record.type, data.type);
            assert_int_equal(record.class_, WEIR_DNS_CLASS_IN);
            assert_int_equal(weir_dns_record_flatten(&reader, &record, again, sizeof again), len);
            assert_same(flat, again, (size_t)len);
            if (len > 0)
                assert_int_equal(weir_dns_record_flatten(&reader, &record, again, (size_t)len - 1),
                                 WEIR_EDNS_SPACE);
        }
    }
}

/* How many octets a record's data takes behind the question "mail.example.". */
static size_t written(const weir_dns_data *data)
{
    uint8_t message[600];
    const weir_dns_header empty = {.id = 1};
    const weir_dns_name name = name_of("mail.example.");
    weir_dns_writer writer;
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    weir_dns_writer_init(&writer, message, sizeof message, &empty);
    assert_int_equal(weir_dns_writer_question(&writer, &name, data->type, WEIR_DNS_CLASS_IN), 0);
    assert_int_equal(weir_dns_writer_data(&writer, WEIR_DNS_ANSWER, &name, 0, data), 0);
    assert_int_equal(weir_dns_reader_init(&reader, weir_dns_writer_message(&writer), &header), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 1);
    return record.data.len;
}

/* RFC 3597 4 */
TEST(only_the_types_of_rfc_1035_are_written_compressed)
{
    for (int i = 0; i < DATA_SAMPLES; i++) {
        const data_sample *s = &data_samples[i];
        weir_dns_data data;
        assert_int_equal(weir_dns_data_decode(s->type, weir_bytes_of(s->octets, s->len), &data), 0);
        const bool mail = strstr(s->text, "mail.example.") != NULL;
        const bool compressed = mail && s->type <= WEIR_DNS_MX;
        if (compressed)
            assert_true(written(&data) < s->len);
        else
            assert_int_equal(written(&data), s->len);
    }
}

TEST(a_record_without_room_leaves_the_message_as_it_was)
{
    const weir_dns_header empty = {.id = 1};
    const weir_dns_name name = name_of("a.example.");
    for (int i = 0; i < DATA_SAMPLES; i++) {
        const data_sample *s = &data_samples[i];
        weir_dns_data data;
        assert_int_equal(weir_dns_data_decode(s->type, weir_bytes_of(s->octets, s->len), &data), 0);
        for (size_t room = WEIR_DNS_HEADER;; room++) {
            uint8_t message[400];
            weir_dns_writer writer;
            weir_dns_writer_init(&writer, message, room, &empty);
            const int result = weir_dns_writer_data(&writer, WEIR_DNS_ANSWER, &name, 0, &data);
            if (result == 0) break;
            assert_int_equal(result, WEIR_EDNS_SPACE);
            assert_int_equal(weir_dns_writer_message(&writer).len, WEIR_DNS_HEADER);
            assert_true(room < sizeof message);
        }
    }
}

static void assert_no_encoding(const weir_dns_data *data)
{
    uint8_t out[600];
    const weir_dns_header empty = {.id = 1};
    const weir_dns_name name = name_of("a.example.");
    weir_dns_writer writer;
    assert_int_equal(weir_dns_data_encode(data, out, sizeof out), WEIR_EINVAL);
    weir_dns_writer_init(&writer, out, sizeof out, &empty);
    assert_int_equal(weir_dns_writer_data(&writer, WEIR_DNS_ANSWER, &name, 0, data), WEIR_EINVAL);
    assert_int_equal(weir_dns_writer_message(&writer).len, WEIR_DNS_HEADER);
}

TEST(data_without_an_encoding_is_refused)
{
    static const char octets[70000] = "\0";
    weir_dns_data data;
#define NO_ENCODING(type_, member, value) \
    do {                                  \
        memset(&data, 0, sizeof data);    \
        data.type = type_;                \
        data.as.member = (value);         \
        assert_no_encoding(&data);        \
    } while (0)
    NO_ENCODING(WEIR_DNS_TXT, txt, BYTES(""));
    NO_ENCODING(WEIR_DNS_TXT, txt, BYTES("\2a"));
    NO_ENCODING(WEIR_DNS_TXT, txt, weir_bytes_of(octets, 65536));
    NO_ENCODING(WEIR_DNS_HINFO, hinfo.cpu, weir_bytes_of(octets, 256));
    NO_ENCODING(WEIR_DNS_CNAME, name.len, 0);
    NO_ENCODING(WEIR_DNS_CAA, caa.tag, BYTES("a-b"));
    NO_ENCODING(WEIR_DNS_DS, ds.key_tag, 1);
    NO_ENCODING(4711, raw, weir_bytes_of(octets, 65536));
    memset(&data, 0, sizeof data);
    data.type = WEIR_DNS_HTTPS;
    data.as.svcb.priority = 1;
    data.as.svcb.target = name_of(".");
    data.as.svcb.parameters = BYTES("\0\3\0\0");
    assert_no_encoding(&data);
}

TEST(data_over_65535_octets_does_not_fit)
{
    static uint8_t out[70000];
    static const char octets[65535] = "x";
    weir_dns_data data = {.type = WEIR_DNS_URI};
    data.as.uri.target = weir_bytes_of(octets, 65531);
    assert_int_equal(weir_dns_data_encode(&data, out, sizeof out), 65535);
    data.as.uri.target.len++;
    assert_int_equal(weir_dns_data_encode(&data, out, sizeof out), WEIR_EDNS_SPACE);
}
