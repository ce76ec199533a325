/* SPDX-License-Identifier: MIT
 *
 * What the two bare servers share: command line, listening socket, the fixed answer, and the count
 * of request ends.  They parse nothing: their figures are what the kernel allows.
 */
#ifndef BARE_H
#define BARE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "bench.h"

#define BARE_ANSWER                           \
    "HTTP/1.1 200 OK\r\nServer: bare\r\n"     \
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n" \
    "Content-Type: text/plain\r\n"            \
    "Content-Length: 13\r\n\r\nHello, World!"

enum {
    BARE_ANSWER_LEN = sizeof BARE_ANSWER - 1,
    BARE_MOST_ANSWERS = 256, /* in one send */
    BARE_MOST_FDS = 65536,
};

typedef struct bare_options {
    int port;
    bool echo;   /* send back what came, instead of answering HTTP */
    bool option; /* the server's own third word was given */
} bare_options;

/* Reads "PORT http|echo [word]". */
static inline bare_options bare_parse(int argc, char **argv, const char *word)
{
    bool good = argc == 3 || argc == 4;
    good = good && (!strcmp(argv[2], "http") || !strcmp(argv[2], "echo"));
    if (!good || (argc == 4 && strcmp(argv[3], word))) {
        fprintf(stderr, "usage: %s PORT http|echo [%s]\n", argv[0], word);
        exit(2);
    }
    int port = (int)bench_number("PORT", argv[1], 1, 65535);
    return (bare_options){port, !strcmp(argv[2], "echo"), argc == 4};
}

static inline int bare_listen(int port, int flags)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (listener < 0) bench_fail("socket", errno);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accept(2) inherits it */
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        bench_fail("listen", errno);
    return listener;
}

/* BARE_MOST_ANSWERS answers in a row. */
static inline void bare_fill(char *answers)
{
    for (int i = 0; i < BARE_MOST_ANSWERS; i++)
        memcpy(answers + (size_t)i * BARE_ANSWER_LEN, BARE_ANSWER, BARE_ANSWER_LEN);
}

/* Counts CR LF CR LF in a stream that comes in pieces; *matched is how much of it was seen. */
static inline unsigned bare_count_heads(uint8_t *matched, const char *at, size_t len)
{
    const char *end = at + len;
    unsigned heads = 0, state = *matched;
    while (at < end) {
        if (state == 0) {
            at = memchr(at, '\r', (size_t)(end - at));
            if (!at) break;
            state = 1;
            at++;
            continue;
        }
        char byte = *at++;
        if (byte == (state == 2 ? '\r' : '\n'))
            state++;
        else
            state = byte == '\r';
        if (state == 4) {
            heads++;
            state = 0;
        }
    }
    *matched = (uint8_t)state;
    return heads;
}

#endif
