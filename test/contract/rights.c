/* SPDX-License-Identifier: MIT
 *
 * What does a program without rights hear that asks for a port below 1024, and one on a machine
 * without IPv6 that asks to listen everywhere?
 *
 * Both are made in a child process, which cannot get back what it gives up: its user, and by a
 * filter of system calls (seccomp(2)) the sockets of IPv6.
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/net/order.h>
#include <weir/net/tcp.h>
#include <weir/net/udp.h>

enum { NOBODY = 65534, CANNOT = 100 };

/* Runs `root` on an engine of its own in a child that `prepare` has made poor: 0, the number of the
 * promise that is broken, or CANNOT. */
static int in_child(const weir_engine_options *options, bool (*prepare)(void), weir_task_fn *root)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        weir_io *io;
        if (!prepare() || weir_engine_create(options, &io) != 0) _exit(CANNOT);
        const int broken = weir_run(io, root, NULL);
        _exit(broken < 0 ? 99 : broken);
    }
    int status = -1;
    check(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool give_up_the_user(void)
{
    /* A daemon of this machine may run as nobody: what counts is that it is not root. */
    return geteuid() != 0 || setuid(NOBODY) == 0;
}

static bool has_privileged_ports(void)
{
    int first = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
    if (!file) return false;
    if (fscanf(file, "%d", &first) != 1) first = 0;
    fclose(file);
    return first > 1;
}

static int ask_for_port_1(weir_io *io, void *argument)
{
    (void)argument;
    const weir_address four = weir_address_loopback4(1), six = weir_address_loopback6(1);
    weir_tcp_listener listener;
    weir_udp_socket udp;
    if (weir_tcp_listen(io, &four, NULL, &listener) != WEIR_EACCES) return 1;
    if (weir_udp_bind(io, &four, NULL, &udp) != WEIR_EACCES) return 2;
    if (weir_tcp_listen_text(io, "127.0.0.1:1", &listener) != WEIR_EACCES) return 3;
    const int error = weir_tcp_listen(io, &six, NULL, &listener);
    return error == WEIR_EACCES || error == WEIR_EAFNOSUPPORT || error == WEIR_EADDRNOTAVAIL ? 0
                                                                                             : 4;
}

CONTRACT_OUTSIDE(a_low_port_is_refused_to_who_has_no_right_to_it)
{
    /* Who simulates may do all that can be done in the simulated world. */
    if (options->kind == WEIR_ENGINE_SIM || !has_privileged_ports()) skip();
    const int broken = in_child(options, give_up_the_user, ask_for_port_1);
    if (broken == CANNOT) skip();
    check_int(broken, 0);
}

static bool give_up_ipv6(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static int ask_without_ipv6(weir_io *io, void *argument)
{
    (void)argument;
    weir_address loopback = weir_address_loopback6(9), got;
    weir_tcp_listener listener;
    weir_tcp_stream tcp;
    weir_udp_socket udp;
    if (weir_tcp_listen(io, &loopback, NULL, &listener) != WEIR_EAFNOSUPPORT) return 1;
    if (weir_tcp_connect(io, &loopback, &tcp) != WEIR_EAFNOSUPPORT) return 2;
    if (weir_udp_bind(io, &loopback, NULL, &udp) != WEIR_EAFNOSUPPORT) return 3;
    if (weir_tcp_listen_text(io, ":0", &listener)) return 4;
    if (weir_tcp_listener_address(io, listener, &got) || got.kind != WEIR_ADDRESS_IPV4) return 5;
    weir_tcp_listener_close(io, listener);
    if (weir_udp_bind_text(io, ":0", &(weir_socket_options){.strict = true}, &udp)) return 6;
    if (weir_udp_local(io, &udp, &got) || got.kind != WEIR_ADDRESS_IPV4) return 7;
    weir_udp_close(io, &udp);
    if (weir_order_source(io, &loopback, &got) || got.kind != WEIR_ADDRESS_NONE) return 8;

    /* Of two addresses the one that this machine can reach is to be tried first. */
    weir_address both[] = {loopback, weir_address_loopback4(9)};
    if (weir_order_addresses(io, both, 2) || both[0].kind != WEIR_ADDRESS_IPV4) return 9;
    return 0;
}

CONTRACT_OUTSIDE(a_machine_without_ipv6_serves_ipv4)
{
    /* The simulated kernel has both families, and asks this one for no socket. */
    if (options->kind == WEIR_ENGINE_SIM) skip();
    const int broken = in_child(options, give_up_ipv6, ask_without_ipv6);
    if (broken == CANNOT) skip();
    check_int(broken, 0);
}
