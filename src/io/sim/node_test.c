/* SPDX-License-Identifier: MIT
 *
 * Does what waits stay where it waits, whatever becomes of the number of its descriptor; and is
 * what nobody can reach freed with its world?
 */
#include <string.h>

#include <weir/io/group.h>
#include <weir/io/sim/sim.h>

#include "io/sim/testing.h"

static const weir_duration moment = {1000000};

/* Runs a task alone in a world. */
static void run_alone(weir_task_fn *run)
{
    weir_io *io;
    assert_int_equal(weir_sim_engine_create(&(weir_sim_options){.order = WEIR_SIM_TURNS}, &io), 0);
    assert_int_equal(weir_run(io, run, NULL), 0);
    weir_io_destroy(io);
}

/* An op that waits at `at`. */
typedef struct waiter {
    weir_socket at;
    int pipe;
    int64_t got;
    char data[8];
} waiter;

static int wait_to_read(weir_io *io, void *argument)
{
    waiter *w = argument;
    w->got = weir_read(io, w->at, w->data, sizeof w->data);
    return 0;
}

static int wait_for_lent(weir_io *io, void *argument)
{
    waiter *w = argument;
    weir_receiver receiver;
    weir_lent lent;
    weir_receiver_init(&receiver, w->at);
    w->got = weir_read_lent(io, &receiver, &lent);
    if (w->got > 0) {
        memcpy(w->data, lent.data, (size_t)w->got);
        weir_give_back(io, &lent);
    }
    weir_receiver_stop(io, &receiver);
    return 0;
}

static int wait_to_splice(weir_io *io, void *argument)
{
    waiter *w = argument;
    w->got = weir_splice_take(io, w->at, w->pipe, 8);
    return 0;
}

/* The first pair's end is duplicated and closed, its number goes to the second pair. */
static void reuse_number(weir_io *io, weir_task_fn *waits)
{
    weir_socket old[2], new[2], duplicate;
    weir_group group = WEIR_GROUP_INIT;
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, old), 0);
    waiter w = {.at = old[0]};
    assert_int_equal(weir_group_concurrent(io, &group, waits, &w, NULL), 0);
    weir_sleep(io, moment);
    assert_int_equal(weir_socket_duplicate(io, old[0], &duplicate), 0);
    weir_close_socket(io, old[0]);
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, new), 0);
    assert_int_equal(new[0].fd, w.at.fd);
    assert_int_equal(weir_write(io, new[1], "new", 3), 3);
    weir_sleep(io, moment);
    assert_int_equal(w.got, 0);
    assert_int_equal(weir_write(io, old[1], "old", 3), 3);
    weir_group_wait(io, &group);
    assert_int_equal(w.got, 3);
    assert_memory_equal(w.data, "old", 3);
    /* The new one has kept what is its own. */
    assert_int_equal(weir_read(io, new[0], w.data, sizeof w.data), 3);
    assert_memory_equal(w.data, "new", 3);
    weir_close_socket(io, duplicate);
    weir_close_socket(io, old[1]);
    weir_close_socket(io, new[0]);
    weir_close_socket(io, new[1]);
}

static int reuse_of_a_read(weir_io *io, void *argument)
{
    (void)argument;
    reuse_number(io, wait_to_read);
    return 0;
}

TEST(sim_a_read_stays_at_its_socket_when_the_number_is_used_again)
{
    run_alone(reuse_of_a_read);
}

static int reuse_of_a_lent_read(weir_io *io, void *argument)
{
    (void)argument;
    reuse_number(io, wait_for_lent);
    return 0;
}

TEST(sim_a_lent_read_stays_at_its_socket_when_the_number_is_used_again)
{
    run_alone(reuse_of_a_lent_read);
}

static void open_pipe(weir_io *io, int ends[2])
{
    weir_op op = {.code = WEIR_OP_PIPE, .args.pair = {.out = ends}};
    assert_int_equal(weir_do(io, &op), 0);
}

/* A splice waits for bytes of a socket, into a pipe that is closed meanwhile. */
static int reuse_of_a_pipe(weir_io *io, void *argument)
{
    weir_socket pair[2];
    weir_group group = WEIR_GROUP_INIT;
    int old[2], new[2];
    char data[8];
    (void)argument;
    open_pipe(io, old);
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, pair), 0);
    waiter w = {.at = pair[0], .pipe = old[1]};
    assert_int_equal(weir_group_concurrent(io, &group, wait_to_splice, &w, NULL), 0);
    weir_sleep(io, moment);
    weir_close_socket(io, (weir_socket){old[1]});
    open_pipe(io, new);
    assert_true(new[0] == old[1] || new[1] == old[1]);
    assert_int_equal(weir_write(io, pair[1], "old", 3), 3);
    weir_group_wait(io, &group);
    assert_int_equal(w.got, 3);
    assert_int_equal(weir_read(io, (weir_socket){old[0]}, data, sizeof data), 3);
    assert_int_equal(weir_read(io, (weir_socket){old[0]}, data, sizeof data), 0);
    for (int i = 0; i < 2; i++) {
        weir_close_socket(io, pair[i]);
        weir_close_socket(io, (weir_socket){new[i]});
    }
    weir_close_socket(io, (weir_socket){old[0]});
    assert_int_equal(weir_sim_usage_of(weir_sim_of(io)).nodes, 0);
    return 0;
}

TEST(sim_a_splice_keeps_its_pipe_while_it_waits)
{
    run_alone(reuse_of_a_pipe);
}

/* The same, given up: it lets go of the pipe. */
static int give_up_a_splice(weir_io *io, void *argument)
{
    weir_socket pair[2];
    weir_group group = WEIR_GROUP_INIT;
    int pipe[2];
    char byte;
    (void)argument;
    open_pipe(io, pipe);
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, pair), 0);
    waiter w = {.at = pair[0], .pipe = pipe[1]};
    assert_int_equal(weir_group_concurrent(io, &group, wait_to_splice, &w, NULL), 0);
    weir_sleep(io, moment);
    weir_close_socket(io, (weir_socket){pipe[1]});
    weir_group_cancel(io, &group);
    assert_int_equal(w.got, WEIR_ECANCELED);
    assert_int_equal(weir_read(io, (weir_socket){pipe[0]}, &byte, 1), 0);
    weir_close_socket(io, (weir_socket){pipe[0]});
    weir_close_socket(io, pair[0]);
    weir_close_socket(io, pair[1]);
    assert_int_equal(weir_sim_usage_of(weir_sim_of(io)).nodes, 0);
    return 0;
}

TEST(sim_a_splice_that_is_given_up_lets_go_of_its_pipe)
{
    run_alone(give_up_a_splice);
}

static void send_descriptor(weir_io *io, weir_socket over, int fd)
{
    char control[CMSG_SPACE(sizeof fd)] __attribute__((aligned(8))) = {0};
    struct cmsghdr *header = (struct cmsghdr *)(void *)control;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    char byte = 'x';
    struct iovec slice = {&byte, 1};
    weir_message message = {
        .data = &slice, .count = 1, .control = control, .control_len = sizeof control};
    assert_int_equal(weir_send(io, over, &message), 1);
}

/* Two ends that lie in each other's queues, with a listener on whom nobody else has a hold. */
static int tie_a_knot(weir_io *io, void *argument)
{
    weir_socket pair[2], listener;
    weir_address address;
    (void)argument;
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, pair), 0);
    assert_int_equal(weir_address_parse(weir_bytes_text("127.0.0.1:80"), &address), 0);
    assert_int_equal(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &listener), 0);
    assert_int_equal(weir_bind(io, listener, &address), 0);
    assert_int_equal(weir_listen(io, listener, 1), 0);
    weir_socket client = duo_open(io);
    assert_int_equal(weir_connect(io, client, &address), 0);
    send_descriptor(io, pair[0], pair[0].fd);
    send_descriptor(io, pair[1], pair[1].fd);
    send_descriptor(io, pair[0], listener.fd);
    send_descriptor(io, pair[1], client.fd);
    weir_close_socket(io, pair[0]);
    weir_close_socket(io, pair[1]);
    weir_close_socket(io, listener);
    weir_close_socket(io, client);
    assert_int_equal(weir_sim_usage_of(weir_sim_of(io)).nodes, 5);
    return 0;
}

/* Whether all is freed the sanitizer says. */
TEST(sim_sockets_that_lie_in_each_others_messages_are_freed_with_the_world)
{
    run_alone(tie_a_knot);
}
