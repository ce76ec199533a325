/* SPDX-License-Identifier: MIT
 *
 * Are request targets, authorities and encoded paths taken apart as RFC 9112 3.2 and RFC 3986 say?
 */
#include <weir/base/error.h>
#include <weir/http/types/url.h>

#include "test/harness/test.h"

static weir_http_target parts;

static int split(const char *target, weir_http_method method)
{
    return weir_http_target_split(weir_bytes_text(target), method, &parts);
}

static void assert_part(weir_bytes part, const char *expected)
{
    assert_int_equal(part.len, strlen(expected));
    if (part.len > 0) assert_memory_equal(part.data, expected, part.len);
}

TEST(each_form_of_target_gives_its_parts)
{
    assert_int_equal(split("/a/b?c?d", WEIR_HTTP_GET), 0);
    assert_int_equal(parts.form, WEIR_HTTP_TARGET_ORIGIN);
    assert_part(parts.path, "/a/b");
    assert_part(parts.query, "c?d");
    assert_true(parts.has_query);
    assert_int_equal(split("//x/", WEIR_HTTP_GET), 0);
    assert_part(parts.path, "//x/");
    assert_false(parts.has_query);
    assert_int_equal(split("/?", WEIR_HTTP_GET), 0);
    assert_true(parts.has_query && parts.query.len == 0);
    assert_int_equal(split("HTTP://h:80?q", WEIR_HTTP_PUT), 0);
    assert_int_equal(parts.form, WEIR_HTTP_TARGET_ABSOLUTE);
    assert_part(parts.scheme, "HTTP");
    assert_part(parts.authority, "h:80");
    assert_part(parts.path, "/");
    assert_part(parts.query, "q");
    assert_int_equal(split("h:443", WEIR_HTTP_CONNECT), 0);
    assert_int_equal(parts.form, WEIR_HTTP_TARGET_AUTHORITY);
    assert_part(parts.authority, "h:443");
    assert_int_equal(split("*", WEIR_HTTP_OPTIONS), 0);
    assert_int_equal(parts.form, WEIR_HTTP_TARGET_ASTERISK);
}

TEST(what_is_no_target_for_the_method_is_refused)
{
    const struct {
        const char *target;
        weir_http_method method;
    } bad[] = {
        {"", WEIR_HTTP_GET},
        {"*", WEIR_HTTP_GET},
        {"**", WEIR_HTTP_OPTIONS},
        {"a/b", WEIR_HTTP_GET},
        {"h:80", WEIR_HTTP_GET},
        {"http:/h/", WEIR_HTTP_GET},
        {"http:///", WEIR_HTTP_GET},
        {"1http://h/", WEIR_HTTP_GET},
        {"://h/", WEIR_HTTP_GET},
        {"http://u@h/", WEIR_HTTP_GET},
        {"http://h:x/", WEIR_HTTP_GET},
        {"http://[::1/", WEIR_HTTP_GET},
        {"/a b", WEIR_HTTP_GET},
        {"/a#b", WEIR_HTTP_GET},
        {"/a\r\n", WEIR_HTTP_GET},
        {"/", WEIR_HTTP_CONNECT},
        {"*", WEIR_HTTP_CONNECT},
        {"h", WEIR_HTTP_CONNECT},
        {"h:", WEIR_HTTP_CONNECT},
        {"h:00", WEIR_HTTP_CONNECT},
        {"h:65536", WEIR_HTTP_CONNECT},
        {"http://h:80/", WEIR_HTTP_CONNECT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (split(bad[i].target, bad[i].method) != WEIR_EHTTP_TARGET)
            fail_msg("accepted: %s", bad[i].target);
}

TEST(authorities_are_host_and_port)
{
    const char *good[] = {
        "h",
        "H.example:80",
        "h:",
        "127.0.0.1:65535",
        "0.0.0.0=5000",
        "a%20b",
        "[::1]:80",
        "[::]",
        "[1:2:3:4:5:6:7:8]",
        "[1::8]",
        "[::ffff:1.2.3.4]",
        "[1:2:3:4:5:6:1.2.3.4]",
        "a_b-c~d",
        "[1:2:3:4:5:6:7::]",
        "[::2:3:4:5:6:7:8]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!weir_http_authority_is_valid(weir_bytes_text(good[i])))
            fail_msg("refused: %s", good[i]);
    const char *bad[] = {
        "",
        ":80",
        "h:80:80",
        "h:-1",
        "h:+1",
        "h:65536",
        "h:99999999999999999999",
        "u@h",
        "h/p",
        "h?q",
        "h b",
        "a%2",
        "a%zz",
        "[]",
        "[::1",
        "::1",
        "[::1]x",
        "[:1]",
        "[1:]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7:8::]",
        "[12345::]",
        "[g::]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[::01.2.3.4]",
        "[1.2.3.4]",
        "[fe80::1%25eth0]",
        "[:::]",
        "h\x00",
        "h\xC3\xA9",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (weir_http_authority_is_valid(weir_bytes_text(bad[i])) && strcmp(bad[i], "h") != 0)
            fail_msg("accepted: %s", bad[i]);
    assert_false(weir_http_authority_is_valid(weir_bytes_of("h\0", 2)));
}

static int64_t decode(const char *path, char *out, size_t capacity)
{
    return weir_http_path_decode(weir_bytes_text(path), out, capacity);
}

TEST(paths_lose_their_percent_encoding)
{
    char out[64];
    assert_int_equal(decode("/a%20b+c%C3%a9%2F%2e%2e", out, sizeof out), 11);
    assert_memory_equal(out, "/a b+c\xC3\xA9/..", 11);
    assert_int_equal(decode("%2525", out, sizeof out), 3);
    assert_memory_equal(out, "%25", 3);
    const char *bad[] = {"%", "%2", "/%", "/%2", "/%zz", "/%2g", "%00", "/a%00.html", "/% 0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(decode(bad[i], out, sizeof out), WEIR_EHTTP_TARGET);
    assert_int_equal(weir_http_path_decode(weir_bytes_of("/\0", 2), out, 64), WEIR_EHTTP_TARGET);
    assert_int_equal(decode("/abc", out, 3), WEIR_EHTTP_SPACE);
    assert_int_equal(decode("%41%42", out, 2), 2);
    assert_int_equal(decode("", out, 0), 0);
    char own[] = "/%41%42";
    assert_int_equal(weir_http_path_decode(weir_bytes_text(own), own, sizeof own), 3);
    assert_memory_equal(own, "/AB", 3);
}
