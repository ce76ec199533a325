/* SPDX-License-Identifier: MIT
 *
 * Are names of Unix sockets taken exactly, up to their limits and no further?
 */
#include "test/harness/test.h"

#include <string.h>
#include <sys/un.h>

#include <weir/base/error.h>
#include <weir/net/unix.h>

static const char filler[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

TEST(a_unix_path_has_1_to_107_bytes_and_no_nul)
{
    weir_address address = {.kind = WEIR_ADDRESS_IPV4, .port = 7};
    assert_int_equal(weir_unix_path(weir_bytes_of(filler, 108), &address), WEIR_ENAMETOOLONG);
    assert_int_equal(weir_unix_path(weir_bytes_of("", 0), &address), WEIR_EINVAL);
    assert_int_equal(weir_unix_path(weir_bytes_of("a\0b", 3), &address), WEIR_EINVAL);
    assert_int_equal(weir_unix_path(weir_bytes_of("\0ab", 3), &address), WEIR_EINVAL);
    assert_int_equal(weir_unix_path(weir_bytes_of("ab\0", 3), &address), WEIR_EINVAL);
    assert_int_equal(address.kind, WEIR_ADDRESS_IPV4);
    assert_int_equal(address.port, 7);

    for (size_t len = 1; len <= WEIR_UNIX_PATH_MAX; len += 53) {
        assert_int_equal(weir_unix_path(weir_bytes_of(filler, len), &address), 0);
        assert_int_equal(weir_unix_kind_of(&address), WEIR_UNIX_PATH);
        assert_int_equal(weir_unix_name(&address).len, len);
        assert_memory_equal(weir_unix_name(&address).data, filler, len);
    }
}

TEST(an_abstract_name_goes_to_the_kernel_with_its_exact_length)
{
    struct sockaddr_storage name;
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    weir_address address;
    assert_int_equal(weir_unix_abstract(weir_bytes_of(filler, 108), &address), WEIR_ENAMETOOLONG);
    for (size_t len = 0; len <= WEIR_UNIX_ABSTRACT_MAX; len++) {
        assert_int_equal(weir_unix_abstract(weir_bytes_of(filler, len), &address), 0);
        assert_int_equal(weir_address_to_sockaddr(&address, &name), head + 1 + len);
        assert_int_equal(weir_unix_kind_of(&address), WEIR_UNIX_ABSTRACT);
        assert_int_equal(weir_unix_name(&address).len, len);
        weir_address back;
        assert_int_equal(weir_address_from_sockaddr((struct sockaddr *)&name,
                                                    (socklen_t)(head + 1 + len), &back),
                         0);
        assert_true(weir_address_equal(&address, &back));
    }
    assert_int_equal(weir_unix_abstract(weir_bytes_of("a\0\n", 3), &address), 0);
    assert_memory_equal(weir_unix_name(&address).data, "a\0\n", 3);
}

TEST(an_unnamed_unix_address_is_the_header_alone)
{
    struct sockaddr_storage name;
    weir_address address = weir_unix_unnamed();
    assert_int_equal(weir_unix_kind_of(&address), WEIR_UNIX_UNNAMED);
    assert_int_equal(weir_address_to_sockaddr(&address, &name),
                     offsetof(struct sockaddr_un, sun_path));
    assert_int_equal(weir_unix_name(&address).len, 0);
    address = weir_address_loopback4(1);
    assert_int_equal(weir_unix_kind_of(&address), WEIR_UNIX_NONE);
    assert_int_equal(weir_unix_name(&address).len, 0);
}

TEST(a_unix_address_that_lies_about_its_length_is_not_read_past_its_end)
{
    weir_address address = {.kind = WEIR_ADDRESS_UNIX, .path_len = 255};
    memset(address.at.path, 'x', sizeof address.at.path);
    assert_int_equal(weir_unix_name(&address).len, sizeof address.at.path);
    address.at.path[0] = '\0';
    assert_int_equal(weir_unix_name(&address).len, sizeof address.at.path - 1);
}
