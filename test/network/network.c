/* SPDX-License-Identifier: MIT
 *
 * Runs one test between its hosts, in a process of its own, and reads the verdict.
 *
 *     parent ── fork ──> child: user namespace if need be, a network namespace per host, cables
 *                          ├─ thread in far's: engine, root task that waits for the end
 *                          ├─ thread in the middle: the wire
 *                          └─ main thread in near's: engine, root task = the test's body
 *
 * A thread is in one network namespace, and so are the threads that it starts: an engine's workers
 * are where the engine was made.  A socket stays where it was made.
 */
#include "test/network/hosts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <weir/io/io.h>
#include <weir/io/outside.h>
#include <weir/io/work.h>

enum {
    TIME_LIMIT_S = 60, /* below the contract's, so that the message is the child's */
    EXIT_SKIPPED = 77,
};

/* The engines -------------------------------------------------------------------------------- */

static int far_root(weir_io *io, void *argument)
{
    network *net = argument;
    sem_post(&net->far_runs);
    return contract_reached(io, &net->far_ends, 1);
}

static void *far_main(void *argument)
{
    network *net = argument;
    net->far_error =
        hosts_enter(net, NETWORK_FAR) ? weir_engine_create(net->options, &net->far) : -errno;
    if (net->far_error) {
        sem_post(&net->far_runs);
        return NULL;
    }
    check_int(weir_run(net->far, far_root, net), 0);
    return NULL;
}

static int far_end(weir_io *io, void *argument)
{
    network *net = argument;
    contract_raise(io, &net->far_ends);
    return 0;
}

static int near_root(weir_io *io, void *argument)
{
    network *net = argument;
    net->body(io, net);
    return 0;
}

/* Runs the body with an engine on each host.  Far's is freed here and not by its thread: its root
 * may end before weir_outside_run has returned. */
static void run_hosts(network *net)
{
    sem_init(&net->far_runs, 0, 0);
    if (!check_int(pthread_create(&net->far_thread, NULL, far_main, net), 0)) return;
    while (sem_wait(&net->far_runs) != 0) continue;
    if (check_int(net->far_error, 0)) {
        check_int(weir_engine_run(net->options, near_root, net), 0);
        check_int(weir_outside_run(net->far, far_end, net, NULL), 0);
    }
    pthread_join(net->far_thread, NULL);
    if (!net->far_error) weir_io_destroy(net->far);
    sem_destroy(&net->far_runs);
}

/* Where tasks are threads, the caller starts the thread. */
static int64_t outside(void *argument)
{
    network_job *job = argument;
    if (!check(hosts_enter(job->net, NETWORK_FAR))) return WEIR_EPERM;
    int error = weir_outside_run(job->net->far, job->run, job->argument, &job->result);
    check(hosts_enter(job->net, NETWORK_NEAR));
    return error;
}

static int run_job(weir_io *io, void *argument)
{
    network_job *job = argument;
    int error = (int)weir_work(io, outside, job);
    return error ? error : job->result;
}

void network_start(weir_io *io, network *net, network_job *job, weir_task_fn *run, void *argument)
{
    *job = (network_job){.net = net, .run = run, .argument = argument};
    check_int(weir_concurrent(io, &job->task, run_job, job, NULL), 0);
}

int network_join(weir_io *io, network_job *job)
{
    int result = WEIR_ECANCELED;
    check_int(weir_await(io, &job->task, &result), 0);
    return result;
}

int network_far(weir_io *io, network *net, weir_task_fn *run, void *argument)
{
    network_job job;
    network_start(io, net, &job, run, argument);
    return network_join(io, &job);
}

/* Sockets ------------------------------------------------------------------------------------ */

typedef struct socket_wish {
    int family, type;
    weir_socket *out;
} socket_wish;

static int open_far(weir_io *io, void *argument)
{
    const socket_wish *wish = argument;
    return weir_socket_open(io, wish->family, wish->type, 0, wish->out);
}

int network_socket(weir_io *io, network *net, network_host host, int family, int type,
                   weir_socket *out)
{
    if (host == NETWORK_NEAR) return weir_socket_open(io, family, type, 0, out);
    socket_wish wish = {family, type, out};
    return network_far(io, net, open_far, &wish);
}

bool network_pair(weir_io *io, network *net, const char *far, weir_tcp_stream ends[2])
{
    weir_address address = network_address(far);
    int family = address.kind == WEIR_ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    weir_tcp_listener listener;
    if (!check_int(network_socket(io, net, NETWORK_FAR, family, SOCK_STREAM, &listener.socket), 0))
        return false;
    bool good = check_int(weir_bind(io, listener.socket, &address), 0) &&
                check_int(weir_listen(io, listener.socket, 1), 0) &&
                check_int(weir_tcp_listener_address(io, listener, &address), 0) &&
                check_int(weir_tcp_connect(io, &address, &ends[NETWORK_NEAR]), 0);
    if (good && !check_int(weir_tcp_accept(io, listener, &ends[NETWORK_FAR]), 0)) {
        weir_tcp_close(io, &ends[NETWORK_NEAR]);
        good = false;
    }
    weir_tcp_listener_close(io, listener);
    return good;
}

/* The process -------------------------------------------------------------------------------- */

void network_skip(network *net, const char *why)
{
    net->skipped = true;
    fprintf(stderr, "skipped: %s\n", why);
}

wire *network_wire(network *net)
{
    return net->wire;
}

weir_address network_address(const char *text)
{
    weir_address address = {0};
    weir_bytes bytes = {text, strlen(text)};
    check_int(weir_address_parse(bytes, &address), 0);
    return address;
}

/* Makes the network and runs the test in it.  Returns the exit status. */
static int child_main(network *net)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(TIME_LIMIT_S); /* the contract's handler is still there */
    if (!hosts_make(net)) {
        fprintf(stderr, "skipped: network namespaces are not allowed here (%s)\n", strerror(errno));
        return EXIT_SKIPPED;
    }
    int status = hosts_add_cables(net);
    if (status) {
        fprintf(stderr, status == 127 ? "skipped: there is no ip (package iproute2)\n"
                                      : "skipped: no veth pair can be made here\n");
        return EXIT_SKIPPED;
    }
    if (!check(hosts_configure(net))) return 1;
    int before = test_fd_count();
    if (!net->skipped) run_hosts(net);
    check_int(test_fd_count(), before);
    wire_stop(net->wire);
    if (contract_failed()) return 1;
    return net->skipped ? EXIT_SKIPPED : 0;
}

static network wanted; /* contract_run hands over no argument */

static void run_child(const weir_engine_options *options)
{
    if (test_is_emulated()) {
        fprintf(stderr, "skipped: the emulator does not know all that a network needs\n");
        alarm(0);
        skip();
    }
    wanted.options = options;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) exit(child_main(&wanted));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) assert_int_equal(errno, EINTR);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
        alarm(0);
        skip();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the process of the hosts ended with status %#x, see above", (unsigned)status);
}

void network_run(const char *engine, network_shape shape, network_body *body)
{
    wanted = (network){.shape = shape, .body = body};
    contract_run("", engine, NULL, NULL, run_child);
}
