/* SPDX-License-Identifier: MIT
 *
 * How fast may a server accept and close on this machine?  One thread that does nothing else.
 *
 *      bench_bare_accept PORT epoll|uring
 *
 * epoll: accept4 and close until there is none.  uring: multishot accept, closes that are
 * submitted together.
 */
#include <liburing.h>
#include <sys/epoll.h>

#include "bare.h"

static void accept_by_epoll(int listener)
{
    struct epoll_event event = {.events = EPOLLIN};
    int ready = epoll_create1(EPOLL_CLOEXEC), fd;
    if (ready < 0 || epoll_ctl(ready, EPOLL_CTL_ADD, listener, &event)) bench_fail("epoll", errno);
    for (;;) {
        if (epoll_wait(ready, &event, 1, -1) <= 0) continue;
        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) close(fd);
    }
}

static struct io_uring ring;

static struct io_uring_sqe *new_entry(void)
{
    struct io_uring_sqe *sqe;
    while (!(sqe = io_uring_get_sqe(&ring))) io_uring_submit(&ring);
    return sqe;
}

static void start_accept(int listener)
{
    struct io_uring_sqe *sqe = new_entry();
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    io_uring_sqe_set_data64(sqe, 1);
}

static void handle(int listener, const struct io_uring_cqe *cqe)
{
    if (cqe->user_data != 1) return;
    if (!(cqe->flags & IORING_CQE_F_MORE)) start_accept(listener);
    if (cqe->res < 0) return;
    struct io_uring_sqe *sqe = new_entry();
    io_uring_prep_close(sqe, cqe->res);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 0);
}

static void accept_by_uring(int listener)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                     .cq_entries = 16384};
    int error = io_uring_queue_init_params(1024, &ring, &params);
    if (error < 0) bench_fail("io_uring", -error);
    io_uring_register_ring_fd(&ring);
    start_accept(listener);
    for (;;) {
        error = io_uring_submit_and_wait(&ring, 1);
        if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY)
            bench_fail("io_uring_enter", -error);
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            handle(listener, cqe);
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
}

int main(int argc, char **argv)
{
    bool uring = argc == 3 && !strcmp(argv[2], "uring");
    if (argc != 3 || (!uring && strcmp(argv[2], "epoll"))) {
        fprintf(stderr, "usage: %s PORT epoll|uring\n", argv[0]);
        return 2;
    }
    bench_raise_descriptors(BARE_MOST_FDS);
    int listener = bare_listen((int)bench_number("PORT", argv[1], 1, 65535), SOCK_NONBLOCK);
    if (uring)
        accept_by_uring(listener);
    else
        accept_by_epoll(listener);
}
