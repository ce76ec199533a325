/* SPDX-License-Identifier: MIT
 *
 * The request heads that bench_parse reads: three fixed ones, and a set of different ones that a
 * seed determines.
 */
#ifndef PARSE_HEADS_H
#define PARSE_HEADS_H

#include "bench.h"

/* 703 bytes, 9 fields: a browser of 2010 with a long cookie, in kind the request that
 * picohttpparser measures itself with. */
static const char head_cookie[] =
    "GET /articles/2010/03/a-walk-along-the-weir-in-early-spring.jpeg HTTP/1.1\r\n"
    "Host: www.river-walks.example\r\n"
    "User-Agent: Mozilla/5.0 (X11; U; Linux x86_64; fr-FR; rv:1.9.2.3) Gecko/20100401 "
    "Firefox/3.6.3 "
    "Webmapper/1.4\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: fr,en-gb;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip,deflate\r\n"
    "Accept-Charset: ISO-8859-15,utf-8;q=0.7,*;q=0.7\r\n"
    "Keep-Alive: 115\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: walks_visits=17; walks_last_seen=1270113411; "
    "_track=184302716.1093847265.1268301223.1270024180.1270113411.9; "
    "_source=184302716.1268301223.1.1.from=(referral)|site=maps.example.net|page=/walks/rivers/|"
    "kind=recommended-by-a-friend|medium=web\r\n"
    "\r\n";

static const char head_minimal[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/* 671 bytes, 15 fields: a page reloaded in Chromium. */
static const char head_chromium[] =
    "GET /gallery/spring/2025 HTTP/1.1\r\n"
    "Host: localhost:8080\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "sec-ch-ua: \"Chromium\";v=\"138\", \"Not)A;Brand\";v=\"8\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n"
    "Sec-Fetch-Site: none\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "\r\n";

_Static_assert(sizeof head_cookie - 1 == 703, "the size that its name in the table promises");
_Static_assert(sizeof head_minimal - 1 == 27, "the size that its name in the table promises");
_Static_assert(sizeof head_chromium - 1 == 671, "the size that its name in the table promises");

/* Heads of the mixed set. */
enum { MIXED_HEADS = 64, MIXED_ROOM = 4096, MIXED_FIELDS = 32, MIXED_VALUES = 4 };

/* What a field of the mixed set says: one of its values, in `chance` of 100 heads.  '#' stands for
 * a digit, '@' for a letter or digit, "~" at the end for 20 to 400 of these. */
typedef struct mixed_field {
    const char *name;
    unsigned chance;
    const char *values[MIXED_VALUES];
} mixed_field;

static const mixed_field mixed_fields[] = {
    {"User-Agent",
     95,
     {"curl/8.#.#",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:1##.0) Gecko/20100101 Firefox/1##.0",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 1#_# like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
      "Gecko) Version/1#.# Mobile/15E148 Safari/604.1",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/1##.0.0.0 Safari/537.36 Edg/1##.0.0.0"}},
    {"Accept",
     95,
     {"*/*", "application/json", "image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.5",
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}},
    {"Accept-Encoding",
     85,
     {"gzip", "gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd"}},
    {"Accept-Language",
     60,
     {"en", "en-US,en;q=0.5", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "ja,en-US;q=0.7,en;q=0.3"}},
    {"Connection", 60, {"keep-alive", "keep-alive", "Keep-Alive", "close"}},
    {"Cookie",
     50,
     {"session=~", "sid=@@@@@@@@@@@@@@@@@@@@@@; theme=dark", "id=########; consent=1; _ga=~",
      "a=~"}},
    {"Referer",
     40,
     {"https://www.example.org/", "https://www.example.org/list?page=##&sort=name",
      "https://search.example.com/?q=@@@@@@@", "http://localhost:8080/@@@@/@@@@@@@"}},
    {"Cache-Control", 30, {"no-cache", "max-age=0", "no-store", "no-cache"}},
    {"Pragma", 15, {"no-cache", "no-cache", "no-cache", "no-cache"}},
    {"Upgrade-Insecure-Requests", 25, {"1", "1", "1", "1"}},
    {"sec-ch-ua",
     30,
     {"\"Chromium\";v=\"1##\", \"Not)A;Brand\";v=\"8\"", "\"Not_A Brand\";v=\"99\"",
      "\"Google Chrome\";v=\"1##\", \"Chromium\";v=\"1##\", \"Not/A)Brand\";v=\"24\"",
      "\"Microsoft Edge\";v=\"1##\", \"Chromium\";v=\"1##\""}},
    {"sec-ch-ua-mobile", 30, {"?0", "?0", "?0", "?1"}},
    {"sec-ch-ua-platform", 30, {"\"Linux\"", "\"Windows\"", "\"macOS\"", "\"Android\""}},
    {"Sec-Fetch-Site", 40, {"none", "same-origin", "same-site", "cross-site"}},
    {"Sec-Fetch-Mode", 40, {"navigate", "cors", "no-cors", "same-origin"}},
    {"Sec-Fetch-Dest", 40, {"document", "empty", "image", "script"}},
    {"DNT", 10, {"1", "1", "1", "1"}},
    {"Origin",
     20,
     {"https://www.example.org", "https://app.example.com", "null", "http://localhost:3000"}},
    {"If-None-Match", 20, {"\"@@@@@@@@\"", "W/\"@@@@-@@@@@@@@@@@\"", "\"@@@@@@@@@@@@\"", "*"}},
    {"If-Modified-Since",
     15,
     {"Sat, 01 Mar 2025 1#:##:## GMT", "Mon, 03 Nov 2025 0#:##:## GMT",
      "Fri, 27 Jun 2025 2#:##:## GMT", "Sun, 06 Nov 1994 08:49:37 GMT"}},
    {"Range", 8, {"bytes=0-", "bytes=0-1023", "bytes=####-#####", "bytes=-500"}},
    {"Authorization",
     20,
     {"Bearer ~", "Basic dXNlcjpwYXNz@@@@@@", "Bearer @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@",
      "Bearer eyJhbGciOiJIUzI1NiJ9.~"}},
    {"X-Forwarded-For",
     25,
     {"203.0.113.#", "203.0.113.##, 198.51.100.##", "2001:db8::#", "10.0.0.#"}},
    {"X-Forwarded-Proto", 20, {"https", "https", "http", "https"}},
    {"X-Request-Id",
     20,
     {"########-####-4###-8###-############", "@@@@@@@@@@@@@@@@", "########", "~"}},
    {"X-Requested-With", 10, {"XMLHttpRequest", "XMLHttpRequest", "fetch", "com.example.app"}},
    {"traceparent",
     15,
     {"00-################################-################-01",
      "00-################################-################-00",
      "00-################################-################-01",
      "00-################################-################-00"}},
    {"Priority", 15, {"u=0, i", "u=1", "u=4", "i"}},
    {"Via", 8, {"1.1 proxy.example", "2 edge-##", "1.1 varnish", "1.1 @@@@@@@@"}},
};
enum { MIXED_KINDS = sizeof mixed_fields / sizeof *mixed_fields };

typedef struct mixed_set {
    char text[MIXED_HEADS][MIXED_ROOM];
    size_t len[MIXED_HEADS];
    uint64_t state; /* of the generator */
} mixed_set;

/* A pseudo-random number below `limit` (splitmix64). */
static inline unsigned mixed_pick(uint64_t *state, unsigned limit)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (unsigned)((z ^ z >> 31) % limit);
}

static inline char mixed_letter(uint64_t *state)
{
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[mixed_pick(state, 62)];
}

/* Writes a value, its signs replaced.  Returns where it ends. */
static inline char *mixed_value(uint64_t *state, char *at, const char *value)
{
    for (; *value; value++) {
        if (*value == '#') {
            *at++ = (char)('0' + mixed_pick(state, 10));
        } else if (*value == '@') {
            *at++ = mixed_letter(state);
        } else if (*value == '~') {
            for (unsigned n = 20 + mixed_pick(state, 380); n > 0; n--) *at++ = mixed_letter(state);
        } else {
            *at++ = *value;
        }
    }
    return at;
}

/* Writes a field line; some clients and all translations from HTTP/2 write names in lower case. */
static inline char *mixed_line(uint64_t *state, char *at, const char *name, const char *value,
                               bool lower)
{
    for (; *name; name++)
        *at++ = (char)(lower && *name >= 'A' && *name <= 'Z' ? *name | 32 : *name);
    *at++ = ':';
    *at++ = ' ';
    at = mixed_value(state, at, value);
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

static inline void mixed_shuffle(uint64_t *state, unsigned *items, unsigned count)
{
    for (unsigned i = count; i > 1; i--) {
        unsigned j = mixed_pick(state, i), kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}

/* Writes one head to `text`.  Returns its length. */
static inline size_t mixed_head(uint64_t *state, char *text)
{
    static const char *const targets[] = {"/",
                                          "/index.html",
                                          "/api/v#/users/######/orders?limit=##&after=@@@@@@@@@@@@",
                                          "/search?q=~",
                                          "/static/js/main.@@@@@@@@.js",
                                          "/images/@@@@/@@@@@@@@@@@@.webp?w=###"};
    static const char *const hosts[] = {"www.example.org", "localhost:80##", "192.0.2.##",
                                        "@@@@@@.api.example.com"};
    static const char *const methods[] = {"GET ", "GET ", "GET ", "GET ", "GET ", "HEAD ", "POST "};
    unsigned order[MIXED_KINDS], count = 0;
    const bool lower = mixed_pick(state, 4) == 0, host_first = mixed_pick(state, 4) != 0;
    const char *method = methods[mixed_pick(state, 7)], *host = hosts[mixed_pick(state, 4)];
    char *at = mixed_value(state, text, method);
    at = mixed_value(state, at, targets[mixed_pick(state, 6)]);
    at = mixed_value(state, at, " HTTP/1.1\r\n");
    for (unsigned i = 0; i < MIXED_KINDS; i++)
        if (mixed_pick(state, 100) < mixed_fields[i].chance) order[count++] = i;
    /* Most clients have an order of their own, near the common one. */
    if (mixed_pick(state, 2)) mixed_shuffle(state, order, count);
    if (host_first) at = mixed_line(state, at, "Host", host, lower);
    for (unsigned i = 0; i < count; i++) {
        const mixed_field *field = &mixed_fields[order[i]];
        at = mixed_line(state, at, field->name, field->values[mixed_pick(state, MIXED_VALUES)],
                        lower);
    }
    if (!host_first) at = mixed_line(state, at, "Host", host, lower);
    if (*method == 'P') {
        at = mixed_line(state, at, "Content-Type", "application/json; charset=utf-8", lower);
        at = mixed_line(state, at, "Content-Length", "1##", lower);
    }
    *at++ = '\r';
    *at++ = '\n';
    return (size_t)(at - text);
}

/* Makes the heads of `seed`. */
static inline mixed_set *mixed_new(uint64_t seed)
{
    mixed_set *set = bench_alloc(1, sizeof *set);
    set->state = seed;
    for (int i = 0; i < MIXED_HEADS; i++) {
        /* Longest possible: all fields with their longest values, five of them with "~". */
        set->len[i] = mixed_head(&set->state, set->text[i]);
        if (set->len[i] > MIXED_ROOM) bench_fail("a mixed head is too long", 0);
    }
    return set;
}

#endif
