/* SPDX-License-Identifier: MIT
 *
 * Attempts that make, connect, ask and end sockets.
 */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "io/posix/attempt_ops.h"

/* own[5] of a CONNECT: how often the listener's queue was full, or that the kernel connects. */
static const uint64_t connect_started = UINT64_MAX;

int64_t weir_attempt_socket(weir_op *op)
{
    int fd = socket(op->args.socket.family, op->args.socket.type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    op->args.socket.protocol);
    return fd >= 0 ? fd : -errno;
}

int64_t weir_attempt_pair(weir_op *op)
{
    int *out = op->args.pair.out;
    int type = op->args.pair.type | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return socketpair(AF_UNIX, type, 0, out) < 0 ? -errno : 0;
}

int64_t weir_attempt_pipe(weir_op *op)
{
    int *out = op->args.pair.out;
    if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    /* Users have a quota of large pipes (pipe(7)): a pipe of the default size does as well. */
    if (op->args.pair.room > 0 && op->args.pair.room <= INT_MAX)
        (void)fcntl(out[1], F_SETPIPE_SZ, (int)op->args.pair.room);
    return 0;
}

int64_t weir_attempt_duplicate(weir_op *op)
{
    int fd = fcntl(op->fd, F_DUPFD_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

int64_t weir_attempt_adopt(weir_op *op)
{
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(op->fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return -errno;
    if (op->args.type != 0 && op->args.type != type) return WEIR_EPROTOTYPE;
    const int status = fcntl(op->fd, F_GETFL), flags = fcntl(op->fd, F_GETFD);
    if (status < 0 || flags < 0) return -errno;
    if (fcntl(op->fd, F_SETFL, status | O_NONBLOCK) < 0) return -errno;
    return fcntl(op->fd, F_SETFD, flags | FD_CLOEXEC) < 0 ? -errno : op->fd;
}

int64_t weir_attempt_bind(weir_op *op)
{
    struct sockaddr_storage name;
    socklen_t len = op->args.address ? weir_address_to_sockaddr(op->args.address, &name) : 0;
    if (len == 0) return WEIR_EINVAL;
    return bind(op->fd, (struct sockaddr *)&name, len) < 0 ? -errno : 0;
}

int64_t weir_attempt_listen(weir_op *op)
{
    /* The kernel would take a negative backlog for a very large one. */
    if (op->args.backlog < 0) return WEIR_EINVAL;
    return listen(op->fd, op->args.backlog) < 0 ? -errno : 0;
}

bool weir_attempt_is_tcp(int fd)
{
    int protocol = 0;
    socklen_t size = sizeof protocol;
    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
           protocol == IPPROTO_TCP;
}

bool weir_attempt_accept_died(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH: return true;
    default: return false;
    }
}

int64_t weir_attempt_accept(weir_op *op)
{
    int fd;
    do {
        fd = accept4(op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (fd < 0 && weir_attempt_accept_died(errno));
    return fd >= 0 ? fd : weir_attempt_failure(errno);
}

/* Tells how a connect that the kernel goes on with has ended. */
static int64_t finish_connect(int fd)
{
    /* Asked afresh: an event may be older than the connect. */
    struct pollfd look = {.fd = fd, .events = POLLOUT};
    int ready = TEMP_FAILURE_RETRY(poll(&look, 1, 0));
    if (ready < 0) return -errno;
    if (look.revents & POLLNVAL) return WEIR_EBADF;
    if (ready == 0) return WEIR_ATTEMPT_WAIT;

    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return -errno;
    /* An error can be reported a moment before SO_ERROR tells it; what is connected is writable. */
    if (error == 0 && !(look.revents & POLLOUT)) return WEIR_ATTEMPT_LATER;
    return -error;
}

/* Takes the peer off a datagram socket: connect(2) to AF_UNSPEC.  On a connection it would be an
 * abort, which nobody means by it. */
static int64_t disconnect(int fd)
{
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return -errno;
    if (type != SOCK_DGRAM) return WEIR_EINVAL;
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    return connect(fd, &nobody, sizeof nobody) < 0 ? -errno : 0;
}

int64_t weir_attempt_connect(weir_op *op)
{
    uint64_t *steps = weir_progress_steps(op);
    if (*steps == connect_started) return finish_connect(op->fd);
    if (op->args.address && op->args.address->kind == WEIR_ADDRESS_NONE) return disconnect(op->fd);

    struct sockaddr_storage name;
    socklen_t len = op->args.address ? weir_address_to_sockaddr(op->args.address, &name) : 0;
    if (len == 0) return WEIR_EINVAL;
    if (connect(op->fd, (struct sockaddr *)&name, len) == 0) return 0;
    switch (errno) {
    case EINPROGRESS:
    case EINTR: *steps = connect_started; return WEIR_ATTEMPT_WAIT;
    case EAGAIN:
        /* A Unix listener's queue is full: nothing has begun, and the socket counts as writable. */
        if (op->args.address->kind != WEIR_ADDRESS_UNIX) return WEIR_EAGAIN;
        ++*steps;
        return WEIR_ATTEMPT_LATER;
    default: return -errno;
    }
}

int64_t weir_attempt_poll(weir_op *op)
{
    uint32_t asked = op->args.poll;
    struct pollfd look = {.fd = op->fd};
    if (asked & WEIR_POLL_READ) look.events |= POLLIN | POLLRDHUP;
    if (asked & WEIR_POLL_WRITE) look.events |= POLLOUT;
    /* A negative number is skipped by poll(2), which would then wait for ever. */
    if (op->fd < 0) return WEIR_EBADF;
    if (TEMP_FAILURE_RETRY(poll(&look, 1, 0)) < 0) return -errno;
    if (look.revents & POLLNVAL) return WEIR_EBADF;

    int64_t ready = 0;
    if ((asked & WEIR_POLL_READ) && (look.revents & (POLLIN | POLLRDHUP | POLLHUP)))
        ready |= WEIR_POLL_READ;
    if ((asked & WEIR_POLL_WRITE) && (look.revents & POLLOUT)) ready |= WEIR_POLL_WRITE;
    if (look.revents & (POLLERR | POLLHUP)) ready |= WEIR_POLL_ERROR;
    return ready ? ready : WEIR_ATTEMPT_WAIT;
}

int64_t weir_attempt_shutdown(weir_op *op)
{
    return shutdown(op->fd, op->args.shutdown) < 0 ? -errno : 0;
}

int64_t weir_attempt_close(weir_op *op)
{
    /* Never tried again: on Linux the number is free even after EINTR, and may be somebody else's
     * by now. */
    if (close(op->fd) == 0 || errno == EINTR) return 0;
    return -errno;
}

int64_t weir_attempt_get_option(weir_op *op)
{
    socklen_t size = *op->args.option.size;
    if (getsockopt(op->fd, op->args.option.level, op->args.option.name, op->args.option.value,
                   &size) < 0)
        return -errno;
    *op->args.option.size = size;
    return 0;
}

int64_t weir_attempt_set_option(weir_op *op)
{
    int failed = setsockopt(op->fd, op->args.option.level, op->args.option.name,
                            op->args.option.value, *op->args.option.size);
    return failed < 0 ? -errno : 0;
}

int64_t weir_attempt_local_address(weir_op *op)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    if (getsockname(op->fd, (struct sockaddr *)&name, &len) < 0) return -errno;
    return weir_address_from_sockaddr((struct sockaddr *)&name, len, op->args.address_out);
}

int64_t weir_attempt_peer_address(weir_op *op)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    if (getpeername(op->fd, (struct sockaddr *)&name, &len) < 0) return -errno;
    return weir_address_from_sockaddr((struct sockaddr *)&name, len, op->args.address_out);
}
