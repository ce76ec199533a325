/* SPDX-License-Identifier: MIT
 *
 * Do random addresses and random near-misses read and print as the C library's inet_pton and
 * inet_ntop have them, does every address survive its own text, and do the quick and the exact
 * reader agree?
 */
#include "test/harness/test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/addr_read.h"

/* Bytes with many zeros and some ones all over, so that runs of every length come up. */
static void random_bytes(uint64_t *random, uint8_t *out, size_t len)
{
    uint64_t kind = test_random(random) % 4;
    for (size_t i = 0; i < len; i += 2) {
        uint64_t r = test_random(random);
        bool zero = kind < 3 && r % 4 < kind + 1;
        out[i] = zero ? 0 : (uint8_t)(r >> 8);
        out[i + 1] = zero ? 0 : (uint8_t)(r >> 16);
    }
    if (len == 16 && test_random(random) % 16 == 0) memcpy(out, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
}

/* Changes some bytes of a text into others that occur in addresses. */
static void mutate(uint64_t *random, char *text, size_t *len, size_t room)
{
    static const char letters[] = "::::....0011259afAFgx%[] -";
    for (uint64_t n = test_random(random) % 4; n > 0; n--) {
        size_t at = test_random(random) % (*len + 1);
        char letter = letters[test_random(random) % (sizeof letters - 1)];
        switch (test_random(random) % 3) {
        case 0:
            if (at < *len) text[at] = letter;
            break;
        case 1:
            if (at < *len) memmove(text + at, text + at + 1, --*len - at);
            break;
        default:
            if (*len == room) break;
            memmove(text + at + 1, text + at, (*len)++ - at);
            text[at] = letter;
        }
    }
}

TEST(random_ipv6_addresses_print_as_inet_ntop_does)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 100000; i++) {
        weir_address address = weir_address_any6(0);
        char ours[WEIR_ADDRESS_TEXT], theirs[INET6_ADDRSTRLEN + 5] = "[";
        random_bytes(&random, address.at.ipv6, 16);
        assert_non_null(inet_ntop(AF_INET6, address.at.ipv6, theirs + 1, INET6_ADDRSTRLEN));
        /* inet_ntop still dots the deprecated ::a.b.c.d (RFC 4291 2.5.5.1). */
        if (strncmp(theirs, "[::", 3) == 0 && strchr(theirs, '.') && !strstr(theirs, "ffff:"))
            continue;
        strcat(theirs, "]:0");
        weir_address_print(&address, ours);
        assert_string_equal(ours, theirs);
    }
}

TEST(random_ipv4_addresses_print_as_inet_ntop_does)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 20000; i++) {
        weir_address address = weir_address_any4(0);
        char ours[WEIR_ADDRESS_TEXT], theirs[INET_ADDRSTRLEN + 2];
        random_bytes(&random, address.at.ipv4, 4);
        assert_non_null(inet_ntop(AF_INET, address.at.ipv4, theirs, INET_ADDRSTRLEN));
        strcat(theirs, ":0");
        weir_address_print(&address, ours);
        assert_string_equal(ours, theirs);
    }
}

/* Parses by both; they agree on whether it is an address and on which. */
static bool check_against_pton(const char *text, size_t len)
{
    weir_address address;
    uint8_t theirs[16];
    bool six = memchr(text, ':', len) != NULL;
    bool ours = weir_address_parse_ip(weir_bytes_of(text, len), 0, &address) == 0;
    bool good = inet_pton(six ? AF_INET6 : AF_INET, text, theirs) == 1;
    if (ours != good) fail_msg("%s: we say %d, inet_pton %d", text, ours, good);
    if (ours) assert_memory_equal(address.at.ipv6, theirs, six ? 16 : 4);
    return ours;
}

TEST(random_and_mutated_texts_read_as_inet_pton_reads_them)
{
    uint64_t random = test_seed();
    int taken = 0, refused = 0;
    for (int i = 0; i < 300000; i++) {
        char text[64];
        uint8_t bytes[16];
        bool six = test_random(&random) % 4 != 0;
        random_bytes(&random, bytes, 16);
        inet_ntop(six ? AF_INET6 : AF_INET, bytes, text, sizeof text);
        size_t len = strlen(text);
        mutate(&random, text, &len, sizeof text - 1);
        text[len] = '\0';
        if (strchr(text, '%')) continue; /* inet_pton knows no zones */
        if (check_against_pton(text, len))
            taken++;
        else
            refused++;
    }
    assert_true(taken > 10000 && refused > 10000);
}

TEST(texts_of_random_pieces_read_as_inet_pton_reads_them)
{
    static const char *const pieces[] = {":",    "::",    ":",     ":",   "0",       "1",
                                         "ffff", "00001", "1.2.3", "abc", "1.2.3.4", ":1:"};
    uint64_t random = test_seed();
    for (int i = 0; i < 300000; i++) {
        char text[128] = "";
        for (uint64_t n = test_random(&random) % 18; n > 0; n--) {
            size_t at = test_random(&random) % (sizeof pieces / sizeof pieces[0]);
            strcat(text, pieces[at]);
        }
        check_against_pton(text, strlen(text));
    }
}

TEST(every_random_address_survives_its_text)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 100000; i++) {
        weir_address address = {.port = (uint16_t)test_random(&random)}, back;
        char text[WEIR_ADDRESS_TEXT];
        switch (test_random(&random) % 3) {
        case 0:
            address.kind = WEIR_ADDRESS_IPV4;
            random_bytes(&random, address.at.ipv4, 4);
            break;
        case 1:
            address.kind = WEIR_ADDRESS_IPV6;
            random_bytes(&random, address.at.ipv6, 16);
            if (test_random(&random) % 2) address.zone = (uint32_t)test_random(&random);
            break;
        default:
            address = (weir_address){.kind = WEIR_ADDRESS_UNIX};
            address.path_len = (uint8_t)(2 + test_random(&random) % 106);
            for (size_t k = 0; k < address.path_len; k++)
                address.at.path[k] = (char)(1 + test_random(&random) % 255);
            if (test_random(&random) % 2) address.at.path[0] = '\0';
        }
        size_t len = weir_address_print(&address, text);
        assert_int_equal(strlen(text), len);
        assert_int_equal(weir_address_parse(weir_bytes_of(text, len), &back), 0);
        assert_true(weir_address_equal(&address, &back));
    }
}

TEST(every_random_ip_address_survives_each_form_and_the_kernels)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 50000; i++) {
        const bool six = test_random(&random) % 4 != 0;
        uint8_t octets[16];
        char text[WEIR_ADDRESS_TEXT];
        struct sockaddr_storage storage;
        weir_address back;
        random_bytes(&random, octets, sizeof octets);
        const uint16_t port = (uint16_t)test_random(&random);
        weir_address address = weir_address_from_octets(octets, six ? 16 : 4, port);
        if (six && test_random(&random) % 2) address.zone = (uint32_t)test_random(&random);
        if (six) address.flow = (uint32_t)test_random(&random) & 0x0fffffff;
        for (unsigned form = 0; form <= WEIR_ADDRESS_FORMS; form++) {
            for (unsigned url = 0; url <= WEIR_ADDRESS_ZONE_URL; url += WEIR_ADDRESS_ZONE_URL) {
                /* A URL has no zone outside brackets. */
                if (url && form == WEIR_ADDRESS_AS_IP) continue;
                const size_t len =
                    weir_address_print_as(&address, form | url, NULL, text, sizeof text);
                const weir_bytes view = weir_bytes_of(text, len);
                /* AS_HOST and AS_LITERAL leave port 0 out. */
                const uint16_t other = form == WEIR_ADDRESS_AS_IP ? port : 0;
                assert_int_equal(weir_address_parse_as(view, form | url, other, &back, NULL), 0);
                assert_true(weir_address_equal(&address, &back));
            }
        }
        const socklen_t len = weir_address_to_sockaddr(&address, &storage);
        assert_int_equal(weir_address_from_sockaddr((void *)&storage, len, &back), 0);
        assert_true(weir_address_equal(&address, &back) && back.flow == address.flow);
    }
}

/* Where the two differ: inet_ntop dots ::a.b.c.d unasked, weir with WEIR_ADDRESS_DOTTED; only weir
 * dots 64:ff9b::/96 then. */
TEST(dotted_is_what_inet_ntop_writes)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 20000; i++) {
        uint8_t octets[16] = {0};
        char ours[WEIR_ADDRESS_TEXT], theirs[INET6_ADDRSTRLEN];
        random_bytes(&random, octets + 12, 4);
        const weir_address address = weir_address_from_octets(octets, 16, 0);
        const unsigned form = WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_DOTTED;
        weir_address_print_as(&address, form, NULL, ours, sizeof ours);
        assert_non_null(inet_ntop(AF_INET6, octets, theirs, sizeof theirs));
        assert_string_equal(ours, theirs);
    }
}

/* Whether weir_address_parse_as, which tries the quick reader first, says the same of a text as the
 * exact reader alone.  The text ends where its memory ends, so that a sanitizer sees a read beyond.
 */
static bool check_readers(const char *text, size_t len, unsigned form)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    const weir_bytes view = weir_bytes_of(copy, len);
    weir_address quick, exact;
    weir_address_why quick_why, exact_why;
    memset(&quick, 0x5a, sizeof quick);
    memset(&exact, 0x5a, sizeof exact);
    const int result = weir_address_parse_as(view, form, 7, &quick, &quick_why);
    const int expected = weir_address_read_exact(view, form, 7, &exact, &exact_why);
    bool same = result == expected && memcmp(&quick, &exact, sizeof quick) == 0;
    same &= quick_why.fault == exact_why.fault && quick_why.at == exact_why.at;
    same &= quick_why.zone_at == exact_why.zone_at && quick_why.zone_len == exact_why.zone_len;
    same &= strcmp(quick_why.zone, exact_why.zone) == 0;
    if (!same) fail_msg("%s in form %x: %d, not %d", text, form, result, expected);
    free(copy);
    return result == 0;
}

/* An address in a random form, with what goes around it, mutated or not. */
static size_t random_text(uint64_t *random, char *text, size_t room)
{
    uint8_t octets[16];
    random_bytes(random, octets, sizeof octets);
    const size_t size = test_random(random) % 4 ? 16 : 4;
    weir_address address = weir_address_from_octets(octets, size, (uint16_t)test_random(random));
    if (test_random(random) % 2) address.port %= 100;
    if (test_random(random) % 8 == 0) address.zone = (uint32_t)test_random(random);
    unsigned form = test_random(random) % (WEIR_ADDRESS_FORMS + 1);
    if (test_random(random) % 4 == 0) form |= WEIR_ADDRESS_DOTTED;
    size_t len = weir_address_print_as(&address, form, NULL, text, room);
    assert_true(len < room);
    if (test_random(random) % 2) mutate(random, text, &len, room - 1);
    text[len] = '\0';
    return len;
}

TEST(the_quick_and_the_exact_reader_agree)
{
    uint64_t random = test_seed();
    int taken = 0, refused = 0;
    for (int i = 0; i < 150000; i++) {
        char text[WEIR_ADDRESS_IPV6_PORT_TEXT + 8];
        const size_t len = random_text(&random, text, sizeof text);
        for (unsigned form = 0; form <= WEIR_ADDRESS_FORMS; form++) {
            if (check_readers(text, len, form))
                taken++;
            else
                refused++;
        }
    }
    assert_true(taken > 50000 && refused > 50000);
}

TEST(the_quick_and_the_exact_reader_agree_on_short_texts)
{
    static const char letters[] = "01.:[]f%";
    enum { LETTERS = sizeof letters - 1, LONGEST = 5 };
    for (unsigned len = 0, count = 1; len <= LONGEST; len++, count *= LETTERS) {
        for (unsigned number = 0; number < count; number++) {
            char text[LONGEST + 1] = "";
            for (unsigned i = 0, rest = number; i < len; i++, rest /= LETTERS)
                text[i] = letters[rest % LETTERS];
            for (unsigned form = 0; form <= WEIR_ADDRESS_FORMS; form++)
                check_readers(text, len, form);
        }
    }
}

/* A number of each length and around each limit in each place, and each count of groups and gaps.
 */
TEST(the_quick_and_the_exact_reader_agree_around_the_limits)
{
    static const char *const parts[] = {"",    "0",   "1",   "9",    "10",    "00",  "01",
                                        "099", "199", "249", "255",  "256",   "999", "1000",
                                        "a",   "ff",  "fff", "ffff", "fffff", ":"};
    static const char *const ports[] = {"",       ":",       ":0",         ":1",
                                        ":01",    ":9999",   ":65535",     ":65536",
                                        ":99999", ":100000", ":4294967297"};
    enum { PARTS = sizeof parts / sizeof *parts, PORTS = sizeof ports / sizeof *ports };
    char text[256];
    for (unsigned form = 0; form <= WEIR_ADDRESS_FORMS; form++) {
        for (unsigned i = 0; i < PARTS * PARTS * PORTS; i++) {
            const char *a = parts[i % PARTS], *b = parts[i / PARTS % PARTS];
            const char *port = ports[i / PARTS / PARTS];
            int len = snprintf(text, sizeof text, "%s.%s.1.%s%s", a, b, a, port);
            check_readers(text, (size_t)len, form);
            len = snprintf(text, sizeof text, "[%s:%s::%s]%s", a, b, a, port);
            check_readers(text, (size_t)len, form);
            len = snprintf(text, sizeof text, "1:2:3:%s:5:6:%s:8%s", a, b, port);
            check_readers(text, (size_t)len, form);
            len = snprintf(text, sizeof text, "%s:%s::%s.0.0.%s", a, b, b, a);
            check_readers(text, (size_t)len, form);
        }
        for (unsigned i = 0; i < 1u << 14; i++) { /* groups, single or double colons between them */
            size_t len = 0;
            for (unsigned k = 0; k < i >> 10; k++) {
                if (i >> k & 1) text[len++] = ':';
                if (k > 0) text[len++] = ':';
                text[len++] = '7';
            }
            text[len] = '\0';
            check_readers(text, len, form);
            memcpy(text + len, "::", 3);
            check_readers(text, len + 2, form);
            memcpy(text + len, ":1.2.3.4", 9);
            check_readers(text, len + 8, form);
        }
    }
}
