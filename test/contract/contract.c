/* SPDX-License-Identifier: MIT
 *
 * Runs the contract's tests on each engine, and what several of them need.
 */
#include "test/contract/contract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <weir/net/tcp.h>

#include "test/contract/sim_kernel.h"

enum {
    TIME_LIMIT_S = 100, /* below that of ctest, so that the message is ours */
    EARLY_S = 10,
    PRINTED_LIMIT = 12,
};

typedef struct engine_row {
    const char *name;
    weir_engine_kind kind;
    unsigned workers;
} engine_row;

static const engine_row engines[] = {
    {"uring_1", WEIR_ENGINE_URING, 1},   {"uring_3", WEIR_ENGINE_URING, 3},
    {"epoll_1", WEIR_ENGINE_EPOLL, 1},   {"epoll_3", WEIR_ENGINE_EPOLL, 3},
    {"threads", WEIR_ENGINE_THREADS, 0}, {"sim", WEIR_ENGINE_SIM, 0},
};

static atomic_uint failures;
static int64_t started_ns;
/* Written ahead, as the handler of the alarm may only write(2). */
static char last_words[200];
static size_t last_words_len;

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void give_up(int signal)
{
    (void)signal;
    ssize_t ignored = write(2, last_words, last_words_len);
    (void)ignored;
    abort();
}

static int run_body(weir_io *io, void *argument)
{
    void (**body)(weir_io *) = argument;
    (*body)(io);
    return 4711;
}

static bool is_sim(const weir_engine_options *options)
{
    return options->kind == WEIR_ENGINE_SIM;
}

/* The kernel counts the descriptors at the end; those of a simulated host end with it. */
static int run_body_of_sim(weir_io *io, void *argument)
{
    const int before = sim_kernel_open_count(), result = run_body(io, argument);
    check_int(sim_kernel_open_count(), before);
    return result;
}

static void create_and_run(const weir_engine_options *options, void (*body)(weir_io *))
{
    weir_io *io = NULL;
    assert_int_equal(weir_engine_create(options, &io), 0);
    assert_int_equal(weir_run(io, is_sim(options) ? run_body_of_sim : run_body, &body), 4711);
    weir_io_destroy(io);
}

/* Whether the kernel lets us use io_uring at all. */
static bool is_refused(const weir_engine_options *options)
{
    weir_io *io = NULL;
    int error = weir_engine_create(options, &io);
    if (error == 0) weir_io_destroy(io);
    if (error != WEIR_ENOSYS && error != WEIR_EPERM) return false;
    fprintf(stderr, "skipped: this kernel refuses io_uring (%s)\n", weir_errname(error));
    return true;
}

void contract_run(const char *test, const char *engine, contract_adjust *adjust,
                  void (*body)(weir_io *), void (*outside)(const weir_engine_options *))
{
    weir_engine_options options = {0};
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(engines[i].name, engine) != 0) continue;
        options.kind = engines[i].kind;
        options.workers = engines[i].workers;
    }
    assert_int_not_equal(options.kind, WEIR_ENGINE_AUTO);
    const char *reason = is_sim(&options) ? sim_skip_reason(test) : NULL;
    if (reason) {
        fprintf(stderr, "skipped: %s\n", reason);
        skip();
    }
    if (options.kind == WEIR_ENGINE_URING && is_refused(&options)) skip();
    if (adjust) adjust(&options);

    atomic_store(&failures, 0);
    started_ns = clock_ns(CLOCK_MONOTONIC);
    contract_at("the start", 0);
    signal(SIGALRM, give_up);
    alarm(TIME_LIMIT_S);
    int before = test_fd_count();
    if (body) {
        create_and_run(&options, body);
    } else {
        outside(&options);
    }
    int after = test_fd_count();
    alarm(0);
    if (contract_failed()) fail_msg("%u checks failed, see above", contract_failed());
    if (before != after) fail_msg("%d descriptors were open, now %d are", before, after);
}

bool contract_check(bool holds, const char *text, const char *file, int line)
{
    if (holds) return true;
    if (atomic_fetch_add(&failures, 1) < PRINTED_LIMIT)
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    return false;
}

bool contract_check_int(int64_t is, int64_t expected, const char *is_text,
                        const char *expected_text, const char *file, int line)
{
    if (is == expected) return true;
    if (atomic_fetch_add(&failures, 1) < PRINTED_LIMIT)
        fprintf(stderr, "%s:%d: %s is %lld (%s), expected %s = %lld\n", file, line, is_text,
                (long long)is, is < 0 && is > -20000 ? weir_errname((int)is) : "no error",
                expected_text, (long long)expected);
    return false;
}

void contract_at(const char *what, size_t number)
{
    int len = snprintf(last_words, sizeof last_words,
                       "contract: did not end in time, something never completed; "
                       "last seen at: %s %zu\n",
                       what, number);
    last_words_len = len < (int)sizeof last_words ? (size_t)len : sizeof last_words - 1;
}

unsigned contract_failed(void)
{
    return atomic_load(&failures);
}

bool contract_is_early(void)
{
    return clock_ns(CLOCK_MONOTONIC) - started_ns < (int64_t)EARLY_S * 1000000000;
}

void contract_yield(weir_io *io)
{
    if (contract_is_early()) weir_yield(io);
}

bool contract_on_threads(weir_io *io)
{
    return strcmp(weir_io_describe(io).engine, "threaded") == 0;
}

void contract_settle(weir_io *io)
{
    for (int i = 0; i < 8; i++) contract_yield(io);
    weir_sleep(io, weir_milliseconds(2));
}

void contract_raise(weir_io *io, uint32_t *word)
{
    __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
    weir_wake(io, word, UINT32_MAX);
}

int contract_reached(weir_io *io, uint32_t *word, uint32_t value)
{
    for (;;) {
        uint32_t now = __atomic_load_n(word, __ATOMIC_SEQ_CST);
        if (now >= value) return 0;
        int error = weir_wait(io, word, now, weir_never());
        if (error != 0 && error != WEIR_EAGAIN) return error;
    }
}

void contract_spin(unsigned turns)
{
    for (volatile unsigned i = 0; i < turns; i++) continue;
}

int64_t contract_ms_since(weir_io *io, weir_instant start)
{
    return (weir_now(io, WEIR_CLOCK_MONOTONIC).ns - start.ns) / 1000000;
}

int64_t contract_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

bool contract_pair(int type, weir_socket ends[2])
{
    int fds[2];
    ends[0].fd = ends[1].fd = -1;
    if (!check_int(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0))
        return false;
    ends[0].fd = fds[0];
    ends[1].fd = fds[1];
    return true;
}

uint16_t contract_port(int fd)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    weir_address address = {0};
    if (getsockname(fd, (struct sockaddr *)&name, &len) == 0)
        weir_address_from_sockaddr((struct sockaddr *)&name, len, &address);
    return address.port;
}

static int listen_unix(weir_io *io, const weir_address *address, int backlog, weir_socket *out)
{
    int error = weir_socket_open(io, AF_UNIX, SOCK_STREAM, 0, out);
    if (error) return error;
    error = weir_bind(io, *out, address);
    if (!error) error = weir_listen(io, *out, backlog);
    if (error) weir_close_socket(io, *out);
    return error;
}

int contract_listen(weir_io *io, const weir_address *address,
                    const weir_tcp_listen_options *options, weir_socket *out)
{
    if (address->kind == WEIR_ADDRESS_UNIX)
        return listen_unix(io, address, options ? options->backlog : 128, out);
    weir_tcp_listener listener;
    int error = weir_tcp_listen(io, address, options, &listener);
    if (!error) *out = listener.socket;
    return error;
}

bool contract_listener(weir_io *io, int backlog, weir_socket *listener, weir_address *address)
{
    weir_address any = weir_address_loopback4(0);
    weir_tcp_listen_options options = {.backlog = backlog};
    listener->fd = -1;
    return check_int(contract_listen(io, &any, &options, listener), 0) &&
           check_int(weir_local_address(io, *listener, address), 0);
}

bool contract_nobody(weir_io *io, int type, weir_socket *keeper, weir_address *address)
{
    *address = weir_address_loopback4(0);
    /* A socket that does not listen takes no connection; a connected one no stranger's datagram. */
    return check_int(weir_socket_open(io, AF_INET, type, 0, keeper), 0) &&
           check_int(weir_bind(io, *keeper, address), 0) &&
           check_int(weir_local_address(io, *keeper, address), 0) &&
           (type == SOCK_STREAM || check_int(weir_connect(io, *keeper, address), 0));
}

bool contract_tcp_pair(weir_io *io, weir_socket ends[2])
{
    weir_socket listener;
    weir_address address;
    ends[0].fd = ends[1].fd = -1;
    if (!contract_listener(io, 0, &listener, &address)) return false;
    bool good = check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &ends[0]), 0) &&
                check_int(weir_connect(io, ends[0], &address), 0) &&
                check_int(weir_accept(io, listener, &ends[1]), 0);
    weir_close_socket(io, listener);
    if (!good) contract_close(io, ends);
    return good;
}

int contract_client(const weir_address *address)
{
    struct sockaddr_storage name;
    socklen_t len = weir_address_to_sockaddr(address, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!check(fd >= 0)) return -1;
    int error = connect(fd, (struct sockaddr *)&name, len);
    check(error == 0 || errno == EINPROGRESS);
    return fd;
}

void contract_close(weir_io *io, weir_socket ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i].fd >= 0) weir_close_socket(io, ends[i]);
        ends[i].fd = -1;
    }
}

size_t contract_fill(int fd)
{
    static const char zeros[4096];
    size_t total = 0;
    for (size_t len = sizeof zeros; len > 0;) {
        ssize_t sent = send(fd, zeros, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) total += (size_t)sent;
        if (sent < 0) len /= 2;
    }
    return total;
}

size_t contract_drain(int fd)
{
    static _Thread_local char waste[4096];
    size_t total = 0;
    for (;;) {
        ssize_t got = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
        if (got <= 0) return total;
        total += (size_t)got;
    }
}

size_t contract_fd_room(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    size_t used = (size_t)test_fd_count();
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

bool contract_make_directory(char *out)
{
    strcpy(out, "/tmp/weir-contract-XXXXXX");
    return check(mkdtemp(out) != NULL);
}

void contract_remove_directory(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0) == 0) continue;
        char inner[512];
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        contract_remove_directory(inner);
    }
    closedir(dir);
    rmdir(path);
}

bool contract_make_file(const char *directory, const char *name, const void *data, size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (!check(fd >= 0)) return false;
    bool good = check_int(write(fd, data, len), len);
    close(fd);
    return good;
}
