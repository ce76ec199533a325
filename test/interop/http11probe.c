/* SPDX-License-Identifier: MIT
 *
 * Does `weir serve --echo` give the verdicts of Http11Probe, a conformance suite of others?
 *
 * Each case is some bytes and what may come back: a status, a closed connection, silence.  A case
 * that comes out differently must stand in the table below, with the reason.
 */
#include "test/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/harness/json.h"
#include "test/interop/weir_process.h"

enum { SILENCE_MS = 1000, ANSWER_MS = 60000 };

typedef struct difference {
    const char *id;
    int status;
    const char *reason;
} difference;

static const difference differences[] = {
    {"MAL-CHUNK-SIZE-OVERFLOW", 413,
     "the size passes the limit on bodies before it passes 64 bits; it is refused all the same"},
    {"COMP-UNKNOWN-METHOD", 200, "--echo answers every method; serving files gives 501"},
    {"COMP-405-ALLOW", 200, "--echo allows every method; serving files gives 405 with Allow"},
    {"COMP-NO-CL-IN-204", 200, "--echo has no 204; the server never sends a length with one"},
    {"COMP-OPTIONS-ALLOW", 200, "--echo names no methods; serving files does"},
    {"COMP-CONTENT-TYPE", 200, "--echo gives the request's own content type, and it had none"},
};

static const difference *find_difference(weir_bytes id)
{
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        if (weir_bytes_equal(id, weir_bytes_text(differences[i].id))) return &differences[i];
    return NULL;
}

static bool has(weir_bytes text, const char *word)
{
    return text.len > 0 && memmem(text.data, text.len, word, strlen(word));
}

/* Whether a text such as "400/505 or close" or "Exact(400)" names the status. */
static bool names_status(weir_bytes text, int status)
{
    char number[16], class[16];
    snprintf(number, sizeof number, "%d", status);
    snprintf(class, sizeof class, "%dxx", status / 100);
    if (has(text, "!101") || has(text, "non-1")) return status >= 200;
    return has(text, number) || has(text, class);
}

/* Whether the answer has what the text asks for besides the status. */
static bool has_extras(weir_bytes text, const raw_answer *answer)
{
    if (has(text, "+ Allow") || has(text, "with Allow")) return strstr(answer->data, "\r\nAllow: ");
    if (has(text, "with Content-Type")) return strstr(answer->data, "\r\nContent-Type: ");
    if (has(text, "Date") || has(text, "fixdate")) return strstr(answer->data, " GMT\r\n");
    if (has(text, "2xx + close")) return strstr(answer->data, "\r\nConnection: close\r\n");
    return true;
}

/* Whether the server may wait for more.  Silence is known by time alone: where it is wrong, an
 * answer is waited for until it comes. */
static bool may_be_silent(const json *test)
{
    return json_text(json_get(test, "expected")).len == 0 &&
           has(json_text(json_get(test, "expected_text")), "timeout");
}

static bool is_expected(const json *test, const raw_answer *answer)
{
    const weir_bytes exact = json_text(json_get(test, "expected"));
    const weir_bytes text = json_text(json_get(test, "expected_text"));
    const json *allow = json_get(test, "allow_close");
    if (exact.len > 0) {
        if (answer->status == 0) return allow && allow->kind == JSON_TRUE && answer->closed;
        return has(exact, "Range2xx") ? answer->status / 100 == 2
                                      : names_status(exact, answer->status);
    }
    if (answer->status == 0)
        return answer->closed ? has(text, "close") || has(text, "drop") : may_be_silent(test);
    if (has(text, "Reject")) return answer->status == 400 || answer->status / 100 == 2;
    if (has(text, "fixdate")) return strstr(answer->data, " GMT\r\n");
    /* A case that a size limit turns down is refused, as 400 would. */
    if (answer->status == 413 && has(text, "close")) return true;
    return names_status(text, answer->status) && has_extras(text, answer);
}

/* The bytes of a case, with the host put in.  The caller frees. */
static char *request_of(const json *test, int port, size_t *len)
{
    static const char mark[] = "{HOST}";
    const weir_bytes raw = json_text(json_get(test, "raw"));
    char host[32];
    const size_t host_len = (size_t)snprintf(host, sizeof host, "127.0.0.1:%d", port);
    char *out = malloc(raw.len * 4 + 64);
    *len = 0;
    for (size_t i = 0; i < raw.len;) {
        if (raw.len - i >= 6 && memcmp(raw.data + i, mark, 6) == 0) {
            memcpy(out + *len, host, host_len);
            *len += host_len;
            i += 6;
        } else {
            out[(*len)++] = raw.data[i++];
        }
    }
    return out;
}

static int run_case(const json *test, int port, raw_answer *answer)
{
    const weir_bytes id = json_text(json_get(test, "id"));
    size_t len;
    char *request = request_of(test, port, &len);
    const int wait_ms = may_be_silent(test) ? SILENCE_MS : ANSWER_MS;
    const bool asked = raw_ask(port, request, len, wait_ms, answer);
    free(request);
    if (!asked) {
        fprintf(stderr, "%.*s: no connection\n", (int)id.len, id.data);
        return 1;
    }
    const difference *known = find_difference(id);
    if (is_expected(test, answer)) {
        if (!known) return 0;
        fprintf(stderr, "%s is as expected by now: take it off the table\n", known->id);
        return 1;
    }
    if (known && known->status == answer->status) return 0;
    fprintf(stderr, "%.*s: status %d, %s\n", (int)id.len, id.data, answer->status,
            answer->closed ? "closed" : "open");
    return 1;
}

static void probe(const char *engine)
{
    static const char *const arguments[] = {"--echo", NULL};
    char path[4096];
    const char *source = getenv("WEIR_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/../shared/http11probe_cases.json", source ? source : ".");
    json *file = json_read(path, true);
    if (!file) {
        fprintf(stderr, "the cases (%s) are not there\n", path);
        skip();
    }
    weir_process server;
    raw_answer *answer = malloc(sizeof *answer);
    assert_true(weir_process_start(&server, engine, arguments));
    int wrong = 0, count = 0;
    for (const json *test = json_get(file, "cases")->item; test; test = test->next, count++)
        wrong += run_case(test, server.port, answer);
    assert_int_equal(weir_process_stop(&server), 0);
    free(answer);
    json_free(file);
    fprintf(stderr, "%d cases, %zu of them with an explained difference\n", count,
            sizeof differences / sizeof *differences);
    assert_int_equal(wrong, 0);
}

TEST(http11probe_verdicts_on_uring)
{
    if (test_is_emulated()) skip();
    probe("uring");
}

TEST(http11probe_verdicts_on_epoll)
{
    probe("epoll");
}

TEST(http11probe_verdicts_on_threads)
{
    probe("threads");
}
