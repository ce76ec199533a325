/* SPDX-License-Identifier: MIT
 *
 * Starting and ending real name servers.
 */
#include "test/interop/dns_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/harness/test.h"

enum { SERVERS = 8, ANSWER_TRIES = 1200, ANSWER_WAIT_MS = 50, SERVFAIL = 2 };

static char folder[64];
/* A server, or what is left of it: its claim to the port. */
static struct {
    pid_t pid;
    int claim;
    bool taken;
} running[SERVERS];

static pid_t watcher;
static int watched = -1; /* the watcher waits for its end */
static int claimed = -1; /* the port of the next server */

bool dns_process_installed(const char *const *programs)
{
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", 1);
    for (; *programs; programs++) {
        char command[256];
        snprintf(command, sizeof command, "command -v %s >/dev/null", *programs);
        if (system(command) == 0) continue;
        print_message("%s is not installed (./dev deps test)\n", *programs);
        return false;
    }
    return true;
}

/* The folder goes with the test's process: this one waits for its end, and removes it. */
static void watch_folder(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    watcher = fork();
    assert_true(watcher >= 0);
    if (watcher == 0) {
        char byte;
        setsid();
        close(ends[1]);
        for (int fd = 0; fd < 3; fd++) close(fd);
        while (read(ends[0], &byte, 1) > 0) continue;
        execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
        _exit(1);
    }
    /* The other end is open as long as this process lives; its children close it in exec. */
    close(ends[0]);
    watched = ends[1];
}

const char *dns_process_begin(void)
{
    const char *source = getenv("WEIR_SOURCE_DIR");
    char command[4200];
    strcpy(folder, "/tmp/weir-dns-XXXXXX");
    assert_non_null(mkdtemp(folder));
    watch_folder();
    snprintf(command, sizeof command, "cp %s/test/interop/dns/*.zone %s", source ? source : ".",
             folder);
    assert_int_equal(system(command), 0);
    return folder;
}

void dns_process_end(void)
{
    for (int i = 0; i < SERVERS; i++) {
        if (running[i].pid > 0) {
            kill(running[i].pid, SIGKILL);
            waitpid(running[i].pid, NULL, 0);
        }
        if (running[i].taken) close(running[i].claim);
        running[i].pid = 0;
        running[i].taken = false;
    }
    close(watched);
    waitpid(watcher, NULL, 0);
}

void dns_process_run(const char *command)
{
    char whole[4096];
    snprintf(whole, sizeof whole,
             "cd %s && { %s; } >run.log 2>&1 </dev/null || { cat run.log; exit 1; }", folder,
             command);
    assert_int_equal(system(whole), 0);
}

void dns_process_write(const char *name, const char *format, ...)
{
    char path[256];
    va_list arguments;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    assert_int_equal(fclose(file), 0);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool is_free(int type, int port)
{
    struct sockaddr_in address = loopback(port);
    const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const bool free = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return free;
}

/* Keeps a port from the other tests that ask: a descriptor, or negative when one of them has it. */
static int claim(int port)
{
    /* A name that belongs, as the port does, to the network namespace. */
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const int len =
        snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "weir-test-port-%d", port);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)len;
    if (bind(fd, (struct sockaddr *)&name, size) == 0) return fd;
    close(fd);
    return -1;
}

/* The ports below those that the kernel gives away by itself, so that no client takes one
 * meanwhile; those above where it begins low. */
static void port_range(int *first, int *last)
{
    int low = 32768, high = 60999;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    if (file && fscanf(file, "%d %d", &low, &high) != 2) fail();
    if (file) fclose(file);
    const bool above = low < 12000 && high < 64000;
    *first = above ? high + 1 : 10000;
    *last = above ? 65535 : low < 12000 ? 30000 : low - 1;
}

int dns_process_free_port(void)
{
    uint64_t state = test_seed() ^ (uint64_t)getpid() << 32;
    int first, last;
    port_range(&first, &last);
    for (;;) {
        const int port = first + (int)(test_random(&state) % (uint64_t)(last - first + 1));
        state += (uint64_t)port;
        claimed = claim(port);
        if (claimed < 0) continue;
        if (is_free(SOCK_DGRAM, port) && is_free(SOCK_STREAM, port)) return port;
        close(claimed);
    }
}

/* Asks for ns.ZONE.test: whatever comes is a sign of life, but for SERVFAIL, which a server says
 * that has not read the zone yet. */
static bool answers(int port, const char *zone)
{
    char query[64] = "\0\1\1\0\0\1\0\0\0\0\0\0\2ns", answer[512];
    static const char end[] = "\4test\0\0\1\0\1";
    size_t len = 15;
    query[len++] = (char)strlen(zone);
    memcpy(query + len, zone, strlen(zone));
    len += strlen(zone);
    memcpy(query + len, end, sizeof end - 1);
    len += sizeof end - 1;
    struct sockaddr_in address = loopback(port);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    const bool good = send(fd, query, len, 0) > 0 && poll(&wait, 1, ANSWER_WAIT_MS) == 1 &&
                      recv(fd, answer, sizeof answer, 0) > 3 && (answer[3] & 15) != SERVFAIL;
    close(fd);
    return good;
}

static void show_log(int port)
{
    char command[256];
    snprintf(command, sizeof command, "tail -n 30 %s/%d.log >&2", folder, port);
    if (system(command) != 0) fail();
}

/* Waits until the server answers for a zone.  Zones are read one after the other. */
static void await_zone(const dns_process *process, const char *zone)
{
    for (int tries = 0; tries < ANSWER_TRIES; tries++) {
        if (answers(process->port, zone)) return;
        if (waitpid(process->pid, NULL, WNOHANG) == process->pid) break;
        poll(NULL, 0, ANSWER_WAIT_MS);
    }
    show_log(process->port);
    fail_msg("no name server of %s.test at port %d", zone, process->port);
}

void dns_process_start(dns_process *process, int port, const char *format, ...)
{
    char command[2048], whole[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(whole, sizeof whole, "cd %s && exec %s >%d.log 2>&1 </dev/null", folder, command,
             port);
    const pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) execl("/bin/sh", "sh", "-c", whole, (char *)NULL);
        _exit(1);
    }
    *process = (dns_process){pid, port, claimed, weir_address_loopback4((uint16_t)port)};
    int slot = 0;
    while (running[slot].taken) assert_true(++slot < SERVERS);
    running[slot].pid = pid;
    running[slot].claim = claimed;
    running[slot].taken = true;
    claimed = -1;
    await_zone(process, "plain");
}

void dns_process_kill(dns_process *process)
{
    for (int i = 0; i < SERVERS; i++)
        if (running[i].pid == process->pid) running[i].pid = 0;
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
}

void dns_process_forget(dns_process *process)
{
    for (int i = 0; i < SERVERS; i++) {
        if (!running[i].taken || running[i].claim != process->claim) continue;
        close(running[i].claim);
        running[i].taken = false;
    }
}

void dns_process_sign(void)
{
    dns_process_run("dnssec-keygen -q -a ECDSAP256SHA256 -f KSK signed.test && "
                    "dnssec-keygen -q -a ECDSAP256SHA256 signed.test && "
                    "grep -h ' 257 ' K*.key >anchor.key && "
                    "dnssec-signzone -S -o signed.test -f signed signed.test.zone && "
                    "sed 's/192\\.0\\.2\\.66/192.0.2.67/' signed >signed.test.zone");
}

void dns_process_named(dns_process *process, const char *options)
{
    const int port = dns_process_free_port();
    char name[32];
    snprintf(name, sizeof name, "named.%d", port);
    dns_process_write(name,
                      "options { directory \"%s\"; listen-on port %d { 127.0.0.1; };\n"
                      "listen-on-v6 { none; }; pid-file none; session-keyfile none;\n"
                      "check-names primary ignore; dnssec-validation no; %s };\n"
                      "controls { };\n"
                      "zone \"types.test\" { type primary; file \"types.test.zone\"; };\n"
                      "zone \"plain.test\" { type primary; file \"plain.test.zone\"; };\n"
                      "zone \"signed.test\" { type primary; file \"signed.test.zone\"; };\n",
                      folder, port, options);
    dns_process_start(process, port, "named -g -n 1 -c %s/%s", folder, name);
    await_zone(process, "types");
    await_zone(process, "signed");
}

void dns_process_unbound(dns_process *process, const dns_process *authority)
{
    const int port = dns_process_free_port();
    char name[32];
    snprintf(name, sizeof name, "unbound.%d", port);
    dns_process_write(
        name,
        "server:\n directory: \"%s\"\n chroot: \"\"\n username: \"\"\n pidfile: \"\"\n"
        " use-syslog: no\n logfile: \"\"\n do-daemonize: no\n interface: 127.0.0.1\n port: %d\n"
        " do-ip6: no\n do-not-query-localhost: no\n local-zone: \"test.\" nodefault\n"
        " module-config: \"validator iterator\"\n trust-anchor-file: \"anchor.key\"\n ede: yes\n"
        /* An authority that is slow because the machine is busy is not asked again, nor avoided. */
        " unknown-server-time-limit: 20000\n infra-cache-min-rtt: 20000\n"
        "remote-control:\n control-enable: no\n"
        "stub-zone:\n name: plain.test\n stub-addr: 127.0.0.1@%d\n"
        "stub-zone:\n name: signed.test\n stub-addr: 127.0.0.1@%d\n"
        /* The authority refuses questions about a zone that it does not have. */
        "stub-zone:\n name: lame.test\n stub-addr: 127.0.0.1@%d\n",
        folder, port, authority->port, authority->port, authority->port);
    dns_process_start(process, port, "unbound -d -c %s/%s", folder, name);
}
