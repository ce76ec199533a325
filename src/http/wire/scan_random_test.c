/* SPDX-License-Identifier: MIT
 *
 * Do all scanners agree on heads and trailers that a grammar makes and chance spoils, under limits
 * close to what they hold, and cut into pieces that different scanners read?
 */
#include "http/wire/scan_testing.h"

enum { TEXT = 4096 };

/* A message being made, and the lengths that limits are set close to. */
typedef struct maker {
    uint64_t state;
    size_t len;
    uint32_t start_line, longest, section, fields;
    char text[TEXT];
} maker;

/* A number below `bound`. */
static uint32_t below(maker *m, uint32_t bound)
{
    return (uint32_t)(test_random(&m->state) >> 32) % bound;
}

static bool rarely(maker *m, uint32_t times)
{
    return below(m, times) == 0;
}

static void add(maker *m, const char *text)
{
    const size_t len = strlen(text);
    assert_true(m->len + len <= TEXT);
    memcpy(m->text + m->len, text, len);
    m->len += len;
}

/* Adds `count` bytes of the set. */
static void add_from(maker *m, const char *set, uint32_t count)
{
    const uint32_t size = (uint32_t)strlen(set);
    assert_true(m->len + count <= TEXT);
    while (count-- > 0) m->text[m->len++] = set[below(m, size)];
}

#define ADD_ONE_OF(m, ...)                                                        \
    do {                                                                          \
        static const char *const words_[] = {__VA_ARGS__};                        \
        add((m), words_[below((m), (uint32_t)(sizeof words_ / sizeof *words_))]); \
    } while (0)

static void add_line_end(maker *m)
{
    add(m, rarely(m, 60) ? "\n" : "\r\n");
}

static void add_start_line(maker *m, bool response)
{
    while (rarely(m, 12)) add_line_end(m);
    const size_t begin = m->len;
    if (response) {
        ADD_ONE_OF(m, "HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.0 ", "HTTP/2.0 ");
        ADD_ONE_OF(m, "200", "200", "204", "304", "101", "100", "999", "099", "20");
        ADD_ONE_OF(m, " OK", " OK", " Not\tFound at \xFF all", " ", "");
        if (rarely(m, 4)) add_from(m, " a\xC3\xA9", below(m, 150));
    } else {
        ADD_ONE_OF(m, "GET ", "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ",
                   "GETS ", "get ", "P ");
        ADD_ONE_OF(m, "/", "/", "/", "/index.html?q=1", "*", "http://h:80/p", "h:443", "x");
        if (rarely(m, 2)) add_from(m, "abc/%?=&.-_~!", below(m, 140));
        if (rarely(m, 40)) add_from(m, "#\x80\x7F\t ", 1);
        ADD_ONE_OF(m, " HTTP/1.1", " HTTP/1.1", " HTTP/1.1", " HTTP/1.0", " HTTP/1.2", "");
    }
    add_line_end(m);
    m->start_line = (uint32_t)(m->len - begin);
}

static void add_name(maker *m)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.09!~|";
    const size_t begin = m->len;
    switch (below(m, 8)) {
    case 0:
    case 1: add_from(m, letters, 1 + below(m, rarely(m, 3) ? 70 : 12)); return;
    case 2: ADD_ONE_OF(m, "Host", "Connection", "Content-Length", "Transfer-Encoding"); break;
    default: {
        const weir_http_field_id id = (weir_http_field_id)(1 + below(m, WEIR_HTTP_FIELD_IDS - 1));
        add(m, weir_http_field_name(id).data);
    }
    }
    const uint32_t spelling = below(m, 4);
    for (size_t i = begin; i < m->len; i++) {
        char *c = &m->text[i];
        const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (letter && (spelling == 1 || (spelling == 2 && rarely(m, 2)))) *c ^= 0x20;
    }
}

static void add_value(maker *m)
{
    switch (below(m, 8)) {
    case 0: return;
    case 1: ADD_ONE_OF(m, "0", "5", "close", "chunked", "h", "upgrade, keep-alive", "5, 5"); return;
    case 2: add_from(m, "abc \t,;=\"\x80\xFF", below(m, 200)); return;
    default: add_from(m, "abcdefgh 0123456789/.;=", below(m, 40)); return;
    }
}

static void add_field(maker *m)
{
    const size_t begin = m->len;
    add_name(m);
    ADD_ONE_OF(m, ": ", ": ", ": ", ":", ":\t", ":  ", ": \t ", " : ");
    add_value(m);
    if (rarely(m, 6)) add_from(m, " \t", 1 + below(m, 4));
    add_line_end(m);
    while (rarely(m, 25)) {
        add_from(m, " \t", 1 + below(m, 3));
        add_value(m);
        add_line_end(m);
    }
    const uint32_t len = (uint32_t)(m->len - begin);
    if (len > m->longest) m->longest = len;
    m->section += len;
    m->fields++;
}

static void add_fields(maker *m)
{
    m->section = m->longest = m->fields = 0;
    if (!rarely(m, 6)) {
        add(m, "Host: h\r\n");
        m->section = m->longest = 9;
        m->fields = 1;
    }
    for (uint32_t count = below(m, rarely(m, 5) ? 20 : 6); count > 0 && m->len < TEXT / 2; count--)
        add_field(m);
    add_line_end(m);
    if (rarely(m, 2)) add_from(m, "\r\n: aGET /HP1.", below(m, 100));
}

/* Inserts, removes or replaces a byte here and there, or cuts the end off. */
static void spoil(maker *m)
{
    static const char bytes[] = "\r\n\0\t :#\x7F\x80\xFF,\"\x1F!\x0D\x0A;=\x8A\x8D"
                                "a";
    if (rarely(m, 2)) return;
    for (uint32_t times = 1 + below(m, 3); times > 0 && m->len > 0; times--) {
        const size_t at = below(m, (uint32_t)m->len);
        const char byte = bytes[below(m, sizeof bytes - 1)];
        const uint32_t how = below(m, 7);
        if (how <= 2) {
            m->text[at] = byte;
        } else if (how <= 4 && m->len < TEXT) {
            memmove(m->text + at + 1, m->text + at, m->len - at);
            m->text[at] = byte;
            m->len++;
        } else if (how == 5) {
            memmove(m->text + at, m->text + at + 1, m->len - at - 1);
            m->len--;
        } else if (rarely(m, 3)) {
            m->len = at;
        }
    }
}

/* A number close to `exact`. */
static uint32_t near_to(maker *m, uint32_t exact)
{
    const uint32_t n = exact + below(m, 5);
    return n < 2 ? 0 : n - 2;
}

static weir_http_options make_options(maker *m)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    if (rarely(m, 2)) options.lenient = below(m, 128);
    if (rarely(m, 8)) options.start_line = near_to(m, m->start_line);
    if (rarely(m, 8)) options.field_line = near_to(m, m->longest);
    if (rarely(m, 8)) options.field_section = near_to(m, m->section);
    if (rarely(m, 8)) options.fields = near_to(m, m->fields);
    if (rarely(m, 8)) options.trailer_section = near_to(m, m->section);
    if (rarely(m, 8)) options.trailers = near_to(m, m->fields);
    return options;
}

/* Any of the scanners, or the reference. */
static void use_any(maker *m)
{
    const weir_http_scanner *const *all = weir_http_scanners();
    uint32_t count = 0;
    while (all[count]) count++;
    const uint32_t i = below(m, count + 1);
    weir_http_scanner_use(i < count ? all[i] : &reference);
}

/* Where the next piece ends: a byte further, a few, or many. */
static size_t next_cut(maker *m, size_t at, bool bytewise)
{
    const size_t step = bytewise ? 1 : 1 + below(m, rarely(m, 2) ? 8 : 200);
    return m->len - at < step ? m->len : at + step;
}

static void check_head_of(maker *m, const room *r, const head_case *how)
{
    outcome expected, got;
    const char *at = room_put_last(r, m->text, m->len);
    head_expect(&expected, how, at, m->len);
    head_check_whole(&expected, how, at, m->len);
    head_check_whole(&expected, how, room_put_at(r, below(m, 64), m->text, m->len), m->len);
    const bool bytewise = rarely(m, 16);
    head_begin(&got, how);
    for (size_t len = 0; len < m->len;) {
        len = next_cut(m, len, bytewise);
        use_any(m);
        head_feed(&got, room_put_last(r, m->text, len), len);
    }
    if (m->len > 0) head_check(&expected, &got, how, m->text, m->len);
    weir_http_scanner_use(NULL);
}

static void check_random_heads(bool response)
{
    static const weir_http_method methods[] = {WEIR_HTTP_GET, WEIR_HTTP_HEAD, WEIR_HTTP_CONNECT};
    enum { ROUNDS = 15000 };
    maker m = {.state = test_seed()};
    room r = room_new(2 * TEXT);
    unsigned good = 0, bad = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        m.len = 0;
        add_start_line(&m, response);
        add_fields(&m);
        const weir_http_options options = make_options(&m);
        spoil(&m);
        const head_case how = {response, methods[below(&m, 3)], &options, 0};
        check_head_of(&m, &r, &how);
        outcome o;
        head_expect(&o, &how, m.text, m.len);
        good += o.result > 0;
        bad += o.result < 0;
    }
    /* A grammar that makes nothing else than errors, or none, would prove little. */
    assert_true(good > ROUNDS / 20 && bad > ROUNDS / 20);
    room_free(&r);
}

TEST(random_requests_are_read_alike_by_all_scanners)
{
    check_random_heads(false);
}

TEST(random_responses_are_read_alike_by_all_scanners)
{
    check_random_heads(true);
}

static void check_body_of(maker *m, const room *r, const body_case *how)
{
    body_outcome expected, got;
    const char *at = room_put_last(r, m->text, m->len);
    body_expect(&expected, how, at, m->len);
    body_check_whole(&expected, how, at, m->len);
    body_check_whole(&expected, how, room_put_at(r, below(m, 64), m->text, m->len), m->len);
    const bool bytewise = rarely(m, 16);
    body_begin(&got, how);
    for (size_t len = 0; len < m->len && got.result == 0;) {
        len = next_cut(m, len, bytewise);
        use_any(m);
        body_feed(&got, room_put_last(r, m->text + got.taken, len - got.taken), len);
    }
    if (m->len > 0) body_check(&expected, &got, how, m->text, m->len);
    weir_http_scanner_use(NULL);
}

TEST(random_trailers_are_read_alike_by_all_scanners)
{
    enum { ROUNDS = 15000 };
    maker m = {.state = test_seed()};
    room r = room_new(2 * TEXT);
    unsigned good = 0, bad = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        m.len = 0;
        if (rarely(&m, 2)) add(&m, "5;a=b\r\nhello\r\n");
        ADD_ONE_OF(&m, "0\r\n", "0\r\n", "000000 ; x\r\n");
        add_fields(&m);
        const weir_http_options options = make_options(&m);
        spoil(&m);
        const body_case how = {&options, rarely(&m, 2)};
        check_body_of(&m, &r, &how);
        body_outcome o;
        body_expect(&o, &how, m.text, m.len);
        good += o.result == WEIR_HTTP_CHUNKED_END;
        bad += o.result < 0;
    }
    assert_true(good > ROUNDS / 20 && bad > ROUNDS / 20);
    room_free(&r);
}

static const weir_bytes bodies[] = {
    VIEW("0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
    VIEW("3\r\nabc\r\n0\r\nDigest: sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\r\n"
         "X-A:\r\nX-B:  b\t \r\nContent-Length: 3\r\nServer-Timing: a;dur=0.123456789012\r\n\r\n"),
};

TEST(trailers_are_read_alike_at_every_length_and_cut)
{
    room r = room_new(1024);
    for (size_t i = 0; i < 2 * sizeof bodies / sizeof *bodies; i++) {
        const body_case how = {NULL, i % 2 == 0};
        const weir_bytes text = bodies[i / 2];
        body_outcome whole, expected, got;
        body_expect(&whole, &how, text.data, text.len);
        assert_int_equal(whole.result, WEIR_HTTP_CHUNKED_END);
        for (size_t len = 0; len <= text.len; len++) {
            const char *at = room_put_last(&r, text.data, len);
            body_expect(&expected, &how, at, len);
            body_check_whole(&expected, &how, at, len);
            body_check_whole(&expected, &how, room_put_at(&r, len % 64, text.data, len), len);
            for (const weir_http_scanner *const *s = weir_http_scanners(); *s; s++) {
                weir_http_scanner_use(*s);
                body_begin(&got, &how);
                body_feed(&got, room_put_last(&r, text.data, len), len);
                const size_t left = text.len - got.taken;
                body_feed(&got, room_put_at(&r, 0, text.data + got.taken, left), text.len);
                if (len < text.len && expected.result == 0)
                    body_check(&whole, &got, &how, text.data, text.len);
            }
        }
    }
    weir_http_scanner_use(NULL);
    room_free(&r);
}

TEST(every_byte_is_judged_alike_at_every_place_of_trailers)
{
    static const char text[] = "0\r\nX-Digest-Of-The-Whole: 01234567890123456789012345678901\r\n"
                               "Date: now\r\nA:\r\nB: \t \r\n\r\n";
    const size_t len = sizeof text - 1;
    room r = room_new(sizeof text);
    char *const at = room_put_last(&r, text, len);
    for (size_t place = 0; place < len; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            at[place] = (char)byte;
            const body_case how = {NULL, byte % 8 != 7};
            body_outcome expected;
            body_expect(&expected, &how, at, len);
            body_check_whole(&expected, &how, at, len);
        }
        at[place] = text[place];
    }
    room_free(&r);
}
