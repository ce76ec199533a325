/* SPDX-License-Identifier: MIT
 *
 * Network namespaces as hosts, veth pairs as cables, and what ip(8) has to tell them.
 */
#include "test/network/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* The hosts ---------------------------------------------------------------------------------- */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

/* Makes this process root in a user namespace of its own: who may not make network namespaces as he
 * is may do it there. */
static bool become_root(void)
{
    char uid_map[64], gid_map[64];
    snprintf(uid_map, sizeof uid_map, "0 %u 1", (unsigned)geteuid());
    snprintf(gid_map, sizeof gid_map, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", uid_map) && write_file("/proc/self/gid_map", gid_map);
}

static bool make_space(int *out)
{
    if (unshare(CLONE_NEWNET) != 0) return false;
    *out = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return *out >= 0;
}

bool hosts_enter(const network *net, network_host host)
{
    return setns(net->space[host], CLONE_NEWNET) == 0;
}

bool hosts_make(network *net)
{
    if (!make_space(&net->space[0]) && !(become_root() && make_space(&net->space[0]))) return false;
    for (int host = 1; host < NETWORK_HOSTS; host++)
        if (!make_space(&net->space[host])) return false;
    return hosts_enter(net, NETWORK_NEAR);
}

/* Runs a program that reads commands from its standard input.  Returns its exit status. */
static int run_batch(const network *net, network_host host, const char *program, const char *lines,
                     bool quiet)
{
    int input = memfd_create("lines", MFD_CLOEXEC);
    bool written = input >= 0 && write(input, lines, strlen(lines)) == (ssize_t)strlen(lines) &&
                   lseek(input, 0, SEEK_SET) == 0;
    pid_t pid = written ? fork() : -1;
    if (pid == 0) {
        if (!hosts_enter(net, host)) _exit(126);
        dup2(input, 0);
        int nowhere = quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
        if (nowhere >= 0) dup2(nowhere, 2);
        execlp(program, program, "-batch", "-", (char *)NULL);
        _exit(127);
    }
    if (input >= 0) close(input);
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool network_ip(network *net, network_host host, const char *lines)
{
    return check_int(run_batch(net, host, "ip", lines, false), 0);
}

bool network_tc(network *net, network_host host, const char *lines)
{
    return run_batch(net, host, "tc", lines, true) == 0;
}

/* A path below /proc/sys/net belongs to the namespace of the thread that opens it. */
bool network_sysctl(network *net, network_host host, const char *name, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/sys/net/%s", name);
    bool done = hosts_enter(net, host) && write_file(path, value);
    return check(hosts_enter(net, NETWORK_NEAR)) && done;
}

/* The cables --------------------------------------------------------------------------------- */

uint32_t network_index(network_host host, unsigned cable)
{
    return 10 * ((uint32_t)host + 1) + cable;
}

/* Joins an interface of one host to one of another.  Returns the exit status of ip. */
static int add_cable(const network *net, network_host a, const char *a_name, unsigned a_cable,
                     network_host b, const char *b_name, unsigned b_cable)
{
    char line[256];
    snprintf(line, sizeof line,
             "link add name %s index %u type veth peer name %s index %u netns /proc/%d/fd/%d\n",
             a_name, network_index(a, a_cable), b_name, network_index(b, b_cable), (int)getpid(),
             net->space[b]);
    return run_batch(net, a, "ip", line, false);
}

int hosts_add_cables(const network *net)
{
    if (net->shape == NETWORK_DIRECT) {
        int status = add_cable(net, NETWORK_NEAR, "net0", 0, NETWORK_FAR, "net0", 0);
        if (status) return status;
        return add_cable(net, NETWORK_NEAR, "net1", 1, NETWORK_FAR, "net1", 1);
    }
    int status = add_cable(net, NETWORK_NEAR, "net0", 0, NETWORK_MIDDLE, "port0", 0);
    if (status) return status;
    return add_cable(net, NETWORK_MIDDLE, "port1", 1, NETWORK_FAR, "net0", 0);
}

static bool has_ipv6(void)
{
    return access("/proc/net/if_inet6", R_OK) == 0;
}

bool network_needs_ipv6(network *net)
{
    if (has_ipv6()) return true;
    network_skip(net, "the kernel has no IPv6");
    return false;
}

/* Switches an interface on, with addresses that are usable at once. */
static bool configure_interface(network *net, network_host host, const char *name, const char *ipv4,
                                const char *ipv6, const char *link_local)
{
    char lines[512];
    int len = snprintf(lines, sizeof lines,
                       "link set lo up\n"
                       "link set %s addrgenmode none\n"
                       "link set %s up\n"
                       "addr add %s/24 dev %s\n",
                       name, name, ipv4, name);
    if (has_ipv6())
        snprintf(lines + len, sizeof lines - (size_t)len,
                 "addr add %s/64 dev %s nodad\n"
                 "addr add %s/64 dev %s nodad\n",
                 ipv6, name, link_local, name);
    return network_ip(net, host, lines);
}

static bool configure_ports(network *net)
{
    return network_ip(net, NETWORK_MIDDLE,
                      "link set port0 addrgenmode none\n"
                      "link set port1 addrgenmode none\n"
                      "link set port0 up\n"
                      "link set port1 up\n");
}

/* Each host knows the other's hardware address: faults are for what the tests send. */
static bool introduce(network *net)
{
    return network_ip(net, NETWORK_NEAR,
                      "link set net0 address 02:00:00:00:00:01\n"
                      "neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev net0\n"
                      "neigh replace 2001:db8::2 lladdr 02:00:00:00:00:02 dev net0\n") &&
           network_ip(net, NETWORK_FAR,
                      "link set net0 address 02:00:00:00:00:02\n"
                      "neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev net0\n"
                      "neigh replace 2001:db8::1 lladdr 02:00:00:00:00:01 dev net0\n");
}

/* Lets a host compute checksums and cut segments itself: the calling thread is on it. */
static bool take_from_card(uint32_t what)
{
    struct ethtool_value value = {.cmd = what, .data = 0};
    struct ifreq request = {.ifr_name = "net0", .ifr_data = (char *)&value};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool done = ioctl(fd, SIOCETHTOOL, &request) == 0;
    close(fd);
    return done;
}

static bool make_plain(network *net, network_host host)
{
    bool done = hosts_enter(net, host) && take_from_card(ETHTOOL_STSO) &&
                take_from_card(ETHTOOL_SGSO) && take_from_card(ETHTOOL_STXCSUM);
    return check(hosts_enter(net, NETWORK_NEAR)) && check(done);
}

static bool configure_wire(network *net)
{
    if (!make_plain(net, NETWORK_NEAR) || !make_plain(net, NETWORK_FAR)) return false;
    if (!configure_ports(net) || !introduce(net)) return false;
    if (!check(hosts_enter(net, NETWORK_MIDDLE))) return false;
    net->wire = wire_start(test_seed());
    if (!net->wire) network_skip(net, "packet sockets are not allowed here");
    return check(hosts_enter(net, NETWORK_NEAR));
}

static bool add_default_route(network *net, network_host host, const char *ipv4, const char *ipv6)
{
    char lines[128];
    int len = snprintf(lines, sizeof lines, "route add default via %s\n", ipv4);
    if (has_ipv6())
        snprintf(lines + len, sizeof lines - (size_t)len, "route add default via %s\n", ipv6);
    return network_ip(net, host, lines);
}

static bool configure_router(network *net)
{
    if (!network_sysctl(net, NETWORK_MIDDLE, "ipv4/ip_forward", "1") ||
        (has_ipv6() && !network_sysctl(net, NETWORK_MIDDLE, "ipv6/conf/all/forwarding", "1"))) {
        network_skip(net, "/proc/sys is read-only here: no host can be a router");
        return true;
    }
    return configure_interface(net, NETWORK_MIDDLE, "port0", "192.0.2.254", "2001:db8::fe",
                               "fe80::fe") &&
           configure_interface(net, NETWORK_MIDDLE, "port1", "198.51.100.254", "2001:db8:1::fe",
                               "fe80::fe") &&
           add_default_route(net, NETWORK_NEAR, "192.0.2.254", "2001:db8::fe") &&
           add_default_route(net, NETWORK_FAR, "198.51.100.254", "2001:db8:1::fe");
}

bool hosts_configure(network *net)
{
    bool routed = net->shape == NETWORK_ROUTER;
    bool good =
        configure_interface(net, NETWORK_NEAR, "net0", "192.0.2.1", "2001:db8::1", "fe80::1") &&
        configure_interface(net, NETWORK_FAR, "net0", routed ? "198.51.100.2" : "192.0.2.2",
                            routed ? "2001:db8:1::2" : "2001:db8::2", "fe80::2");
    if (!good) return false;
    if (net->shape == NETWORK_WIRE) return configure_wire(net);
    if (routed) return configure_router(net);
    return configure_interface(net, NETWORK_NEAR, "net1", "198.51.100.1", "2001:db8:1::1",
                               "fe80::1") &&
           configure_interface(net, NETWORK_FAR, "net1", "198.51.100.2", "2001:db8:1::2",
                               "fe80::2");
}
