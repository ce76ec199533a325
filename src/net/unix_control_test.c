/* SPDX-License-Identifier: MIT
 *
 * Is control data that lies taken apart without reading outside of it, and is no descriptor in it
 * overlooked?
 */
#include "test/harness/test.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "net/unix_control.h"

typedef struct dropped {
    int fds[600];
    size_t count;
} dropped;

static void drop(void *argument, int fd)
{
    dropped *all = argument;
    all->fds[all->count++] = fd;
}

TEST(descriptors_beyond_the_room_are_dropped_and_counted)
{
    int sent[5] = {10, 11, 12, 13, 14}, got[3] = {-1, -1, -1};
    const weir_unix_credentials who = {.pid = 1, .user = 2, .group = 3};
    const weir_unix_outgoing out = {
        .descriptors = sent, .descriptor_count = 5, .credentials = &who};
    alignas(size_t) char control[NET_UNIX_CONTROL_ROOM];
    const size_t len = net_unix_control_put(&out, control);
    for (uint32_t room = 0; room <= 3; room++) {
        dropped all = {.count = 0};
        weir_unix_incoming in = {.descriptors = got, .room = room};
        net_unix_control_take(control, len, &in, drop, &all);
        assert_int_equal(in.descriptor_count, room);
        assert_int_equal(in.closed, 5 - room);
        assert_int_equal(all.count, 5 - room);
        for (uint32_t i = 0; i < room; i++) assert_int_equal(got[i], sent[i]);
        for (size_t i = 0; i < all.count; i++) assert_int_equal(all.fds[i], sent[room + i]);
        assert_true(in.has_credentials);
        assert_int_equal(in.credentials.user, 2);
    }
}

TEST(several_items_share_the_room_and_a_process_descriptor_is_never_kept)
{
    alignas(size_t) char control[256];
    net_control_writer writer = {.data = control, .room = sizeof control};
    const int first[2] = {20, 21}, second[2] = {22, 23}, process = 30;
    net_control_put(&writer, SOL_SOCKET, SCM_RIGHTS, first, sizeof first);
    net_control_put(&writer, SOL_SOCKET, 4, &process, sizeof process);
    net_control_put(&writer, SOL_SOCKET + 1, SCM_RIGHTS, first, sizeof first);
    net_control_put(&writer, SOL_SOCKET, SCM_RIGHTS, second, sizeof second);
    int got[3];
    dropped all = {.count = 0};
    weir_unix_incoming in = {.descriptors = got, .room = 3};
    net_unix_control_take(control, writer.len, &in, drop, &all);
    assert_int_equal(in.descriptor_count, 3);
    assert_int_equal(got[2], 22);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.fds[0], 30);
    assert_int_equal(all.fds[1], 23);
}

TEST(the_most_that_a_message_carries_fits_the_room)
{
    int sent[WEIR_UNIX_DESCRIPTORS];
    for (int i = 0; i < WEIR_UNIX_DESCRIPTORS; i++) sent[i] = i;
    const weir_unix_credentials who = {0};
    const weir_unix_outgoing out = {
        .descriptors = sent, .descriptor_count = WEIR_UNIX_DESCRIPTORS, .credentials = &who};
    alignas(size_t) char control[NET_UNIX_CONTROL_ROOM];
    assert_int_equal(net_unix_control_put(&out, control),
                     CMSG_SPACE(sizeof sent) + CMSG_SPACE(sizeof(struct ucred)));
}

TEST_SEEDED(random_control_data_is_not_read_outside_of_itself, 0x756e6978)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 20000; round++) {
        const size_t len = test_random(&state) % 200;
        /* Of exact size, so that a sanitizer sees the first byte beyond. */
        char *data = malloc(len > 0 ? len : 1);
        assert_non_null(data);
        for (size_t i = 0; i < len; i++) data[i] = (char)test_random(&state);
        if (len >= sizeof(struct cmsghdr)) {
            struct cmsghdr header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
            header.cmsg_len = test_random(&state) % (len + 8);
            memcpy(data, &header, sizeof header);
        }
        int got[4];
        dropped all = {.count = 0};
        weir_unix_incoming in = {.descriptors = got, .room = 4};
        net_unix_control_take(data, len, &in, drop, &all);
        assert_true(in.descriptor_count <= 4);
        assert_true((in.descriptor_count + all.count) * sizeof(int) <= len);
        free(data);
    }
}
