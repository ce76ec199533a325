/* SPDX-License-Identifier: MIT
 *
 * Questions and answers over UDP: a small dictionary, and the client that looks words up.
 *
 *     udp_lookup serve [ADDRESS]       default 127.0.0.1:7001; prints where it is
 *     udp_lookup ask ADDRESS WORD      prints the value
 *
 *     question  | 1 | length | word … |            length is 1 byte
 *     answer    | status | length | value … |      length is 2 bytes, the high one first
 *     status 0: found, 1: not found, 2: malformed, 3: too long for an answer
 */
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/engine/engine.h>
#include <weir/io/io.h>
#include <weir/net/endpoint.h>
#include <weir/net/udp.h>

enum { LOOKUP = 1, FOUND = 0, UNKNOWN, MALFORMED, TOO_LONG, QUESTION = 2 + 255, ANSWER = 3 + 1024 };

static const char *const words[][2] = {
    {"port", "a number that tells programs on one host apart"},
    {"spam", "much is asked for with few bytes, and sent to whoever is named as the sender"},
};

/* The status of a question; *value is what was found. */
static int look_up(const char *question, size_t len, const char **value)
{
    *value = "";
    if (len < 2 || question[0] != LOOKUP || len != 2 + (size_t)(unsigned char)question[1])
        return MALFORMED;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i][0]) == len - 2 && memcmp(words[i][0], question + 2, len - 2) == 0)
            *value = words[i][1];
    if (**value == '\0') return UNKNOWN;
    /* Anybody can write any sender: an answer is at most three times the question, headers
     * counted, so that nobody is flooded by it. */
    if (28 + 3 + strlen(*value) <= 3 * (28 + len)) return FOUND;
    *value = "";
    return TOO_LONG;
}

static int serve(weir_io *io, void *argument)
{
    char **args = argument, question[QUESTION + 1], answer[ANSWER], text[WEIR_ADDRESS_TEXT];
    /* On a wildcard address, answers have to leave from where the question came in. */
    const weir_socket_options options = {.receive_packet_info = true};
    weir_udp_socket udp;
    weir_address bound;
    weir_datagram from;
    int error = weir_udp_bind_text(io, args[0] ? args[0] : "127.0.0.1:7001", &options, &udp);
    if (error) return error;
    weir_udp_local(io, &udp, &bound);
    weir_address_print(&bound, text);
    printf("%s\n", text);
    fflush(stdout);
    for (;;) {
        int64_t n =
            weir_udp_receive_datagram(io, &udp, question, sizeof question, weir_never(), &from);
        if (n == WEIR_ECANCELED || n == WEIR_EDEADLINE) break;
        if (n < 0) continue; /* an error that an earlier answer met */
        const char *value;
        answer[0] = (char)look_up(question, (size_t)n, &value);
        const size_t len = strlen(value);
        answer[1] = (char)(len >> 8);
        answer[2] = (char)len;
        memcpy(answer + 3, value, len);
        weir_udp_reply(io, &udp, &from, answer, 3 + len);
    }
    weir_udp_close(io, &udp);
    return 0;
}

/* The protocol has no id: a socket, and so a port, of its own tells a question's answer. */
static bool is_answer(void *unused, weir_bytes answer)
{
    (void)unused;
    const unsigned char *bytes = (const unsigned char *)answer.data;
    return answer.len >= 3 && answer.len == 3u + bytes[1] * 256u + bytes[2];
}

static int ask(weir_io *io, void *argument)
{
    char **args = argument, question[QUESTION], answer[ANSWER];
    const size_t len = args[0] && args[1] ? strlen(args[1]) : 0;
    if (len == 0 || len > UINT8_MAX) return WEIR_EINVAL;
    question[0] = LOOKUP;
    question[1] = (char)len;
    memcpy(question + 2, args[1], len);
    weir_endpoint server;
    weir_udp_socket udp;
    int error = weir_endpoint_parse(weir_bytes_text(args[0]), &server);
    if (!error) error = weir_udp_dial(io, &server.addresses[0], NULL, &udp);
    if (error) return error;
    const weir_udp_question how = {.data = weir_bytes_of(question, 2 + len),
                                   .match = is_answer,
                                   .patience = weir_milliseconds(200)};
    int64_t n = weir_udp_ask(io, &udp, &how, answer, sizeof answer,
                             weir_deadline_after(io, weir_seconds(5)));
    weir_udp_close(io, &udp);
    if (n < 0) return (int)n;
    printf("%d %.*s\n", answer[0], (int)n - 3, answer + 3);
    return 0;
}

int main(int argc, char **argv)
{
    weir_io *io;
    const bool asks = argc > 1 && strcmp(argv[1], "ask") == 0;
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, asks ? ask : serve, argv + (argc > 1 ? 2 : 1));
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "udp_lookup: %s\n", weir_strerror(error));
    return error != 0;
}
