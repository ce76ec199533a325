/* SPDX-License-Identifier: MIT
 *
 * Running the `weir` program and talking to it with plain sockets.
 */
#include "test/interop/weir_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Reads the start-up line and finds the port in it. */
static int read_port(int fd)
{
    char line[512];
    size_t len = 0;
    while (len + 1 < sizeof line) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, 30000) <= 0 || read(fd, line + len, 1) != 1) break;
        if (line[len++] == '\n') break;
    }
    line[len] = '\0';
    const char *url = strstr(line, "http://127.0.0.1:");
    if (!url) fprintf(stderr, "weir said: %s\n", line);
    return url ? atoi(url + strlen("http://127.0.0.1:")) : 0;
}

bool weir_process_start(weir_process *process, const char *engine, const char *const *arguments)
{
    char program[4096], launch[256];
    const char *build = getenv("WEIR_BUILD_DIR"), *by = getenv("WEIR_LAUNCH");
    const char *argv[32];
    int n = 0, ends[2];
    snprintf(program, sizeof program, "%s/bin/weir", build ? build : ".");
    snprintf(launch, sizeof launch, "%s", by ? by : "");
    for (char *word = strtok(launch, " "); word && n < 8; word = strtok(NULL, " "))
        argv[n++] = word;
    argv[n++] = program;
    argv[n++] = "serve";
    while (*arguments && n < 24) argv[n++] = *arguments++;
    argv[n++] = "--listen=127.0.0.1:0";
    argv[n++] = "--io";
    argv[n++] = engine;
    argv[n] = NULL;
    if (pipe2(ends, O_CLOEXEC)) return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const int failed = posix_spawnp(&process->pid, argv[0], &actions, NULL, (char **)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    process->errors = ends[0];
    process->port = failed ? 0 : read_port(ends[0]);
    if (process->port > 0) return true;
    if (!failed) weir_process_stop(process);
    return false;
}

int weir_process_stop(weir_process *process)
{
    int status = 0;
    char rest[4096];
    ssize_t n;
    kill(process->pid, SIGTERM);
    while ((n = read(process->errors, rest, sizeof rest)) > 0) {
        /* What a sanitizer has to say goes on to ours; the rest is known. */
        if (memmem(rest, (size_t)n, "Sanitizer", 9)) fwrite(rest, 1, (size_t)n, stderr);
    }
    close(process->errors);
    waitpid(process->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool raw_ask(int port, const void *data, size_t len, int wait_ms, raw_answer *answer)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    answer->len = 0;
    answer->status = 0;
    answer->closed = false;
    answer->data[0] = '\0';
    bool fine = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
    for (size_t sent = 0; fine && sent < len;) {
        ssize_t n = send(fd, (const char *)data + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0) break; /* refused in the middle: the answer says why */
        sent += (size_t)n;
    }
    while (fine && !strstr(answer->data, "\r\n\r\n") && answer->len + 1 < sizeof answer->data) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, wait_ms) <= 0) break;
        ssize_t n = recv(fd, answer->data + answer->len, sizeof answer->data - answer->len - 1, 0);
        answer->closed = n <= 0;
        if (n <= 0) break;
        answer->len += (size_t)n;
        answer->data[answer->len] = '\0';
    }
    if (strncmp(answer->data, "HTTP/1.1 ", 9) == 0) answer->status = atoi(answer->data + 9);
    if (fd >= 0) close(fd);
    return fine;
}
