/* SPDX-License-Identifier: MIT
 *
 * Do the response calls frame what handlers write, refuse what would break out, and mend mistakes?
 */
#include "test/contract/http_client.h"

#include <stdio.h>

/* What a handler does is told by the path. */
static void act(weir_io *io, weir_http_exchange *x, void *context)
{
    const weir_bytes path = weir_http_exchange_path(x);
    const weir_bytes word = weir_bytes_text("word ");
    (void)io;
    if (weir_bytes_equal(path, weir_bytes_text("/chunks"))) {
        check_int(weir_http_respond_begin(x, 200), 0);
        for (int i = 0; i < 1000; i++) check_int(weir_http_respond_write(x, word), 0);
        check_int(weir_http_respond_end(x), 0);
        check_int(weir_http_respond_end(x), WEIR_EHTTP_STATE);
    } else if (weir_bytes_equal(path, weir_bytes_text("/short"))) {
        weir_http_respond_begin(x, 200);
        weir_http_respond_length(x, 10);
        weir_http_respond_write(x, word);
        check_int(weir_http_respond_write(x, weir_bytes_text("too long")), WEIR_EHTTP_LENGTH);
        check_int(weir_http_respond_end(x), WEIR_EHTTP_LENGTH);
    } else if (weir_bytes_equal(path, weir_bytes_text("/inject"))) {
        weir_http_respond_begin(x, 200);
        check_int(weir_http_respond_field(x, WEIR_HTTP_FIELD_LOCATION,
                                          weir_bytes_text("a\r\nSet-Cookie: b")),
                  WEIR_EHTTP_INJECTION);
        check_int(weir_http_respond_field_named(x, weir_bytes_text("X: y\r\nZ"), word),
                  WEIR_EHTTP_INJECTION);
        check_int(weir_http_respond_field_named(x, weir_bytes_text("content-length"), word),
                  WEIR_EINVAL);
        check_int(weir_http_respond_field_named(x, weir_bytes_text("X-Fine"), word), 0);
        weir_http_respond_end(x);
    } else if (weir_bytes_equal(path, weir_bytes_text("/type"))) {
        check_int(weir_http_respond(x, 200, "text/\nplain", word), WEIR_EHTTP_INJECTION);
        check_int(weir_http_respond(x, 99, NULL, word), WEIR_EINVAL);
        check_int(weir_http_respond(x, 201, NULL, word), 0);
    } else if (weir_bytes_equal(path, weir_bytes_text("/file"))) {
        weir_http_respond_begin(x, 200);
        weir_http_respond_file(x, *(int *)context, 5, 300000);
    } else if (weir_bytes_equal(path, weir_bytes_text("/cut"))) {
        weir_http_respond_begin(x, 200);
        weir_http_respond_write(x, word);
    } else if (weir_bytes_equal(path, weir_bytes_text("/empty"))) {
        weir_http_respond_begin(x, 204);
        weir_http_respond_end(x);
    } else if (weir_bytes_equal(path, weir_bytes_text("/head"))) {
        weir_http_respond_begin(x, 200);
        char name[32];
        int error = 0;
        for (int i = 0; i < 200 && !error; i++) {
            snprintf(name, sizeof name, "X-Field-%d", i);
            error = weir_http_respond_field_named(x, weir_bytes_text(name),
                                                  weir_bytes_text("0123456789012345678901234567"));
        }
        check_int(error, WEIR_EHTTP_SPACE);
        weir_http_respond_end(x);
    }
}

static void ask(http_client *c, const char *path, http_answer *a, int status)
{
    char text[128];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    contract_at(path, 0);
    check_int(http_ask(c, text, a), status);
}

CONTRACT(http_responses_are_framed_and_checked)
{
    http_fixture f;
    http_client c;
    http_answer a;
    if (!http_start(io, &f, (weir_http_server_options){.handler = act}) || !http_open(&f, &c))
        return;
    ask(&c, "/chunks", &a, 200);
    check(strstr(a.head, "Transfer-Encoding: chunked\r\n") != NULL);
    check_int(a.body_len, 5000);
    ask(&c, "/inject", &a, 200);
    check(strstr(a.head, "Set-Cookie") == NULL);
    check(strstr(a.head, "X-Fine: word") != NULL);
    ask(&c, "/type", &a, 201);
    ask(&c, "/empty", &a, 204);
    check(strstr(a.head, "Content-Length") == NULL);
    ask(&c, "/nothing", &a, 500);
    ask(&c, "/head", &a, 200);
    check(http_say(&c, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\nGET /head HTTP/1.1\r\nHost: a\r\n\r\n"
                       "GET /head HTTP/1.1\r\nHost: a\r\n\r\n"));
    check_int(http_hear(&c, false, &a), 204);
    check_int(http_hear(&c, false, &a), 200);
    check_int(http_hear(&c, false, &a), 200);
    ask(&c, "/short", &a, WEIR_EEOF);
    http_close(&c);

    if (!http_open(&f, &c)) return;
    ask(&c, "/cut", &a, WEIR_EEOF);
    http_close(&c);
    if (!http_open(&f, &c)) return;
    check_int(http_ask(&c, "GET /chunks HTTP/1.0\r\n\r\n", &a), 200);
    check(strstr(a.head, "chunked") == NULL);
    check_int(a.body_len, 5000);
    http_close(&c);
    check_int(http_stop(&f), 0);
}

CONTRACT(http_files_are_sent_as_content)
{
    http_fixture f;
    http_client c;
    http_answer a;
    char directory[64];
    char *data = malloc(400000);
    weir_file folder, file;
    for (int i = 0; i < 400000; i++) data[i] = (char)('a' + i % 26);
    check(contract_make_directory(directory));
    check(contract_make_file(directory, "long", data, 400000));
    check(contract_make_file(directory, "short", data, 1000));
    check_int(weir_open(io, WEIR_FILE_CWD, directory, WEIR_OPEN_READ, 0, &folder), 0);
    check_int(weir_open(io, folder, "long", WEIR_OPEN_READ, 0, &file), 0);
    int descriptor = file.fd;
    const weir_http_server_options options = {.handler = act, .context = &descriptor};
    if (!http_start(io, &f, options) || !http_open(&f, &c)) return;
    ask(&c, "/file", &a, 200);
    check_int(a.body_len, 300000);
    check(memcmp(a.body, data + 5, 10000) == 0);
    check_int(http_ask(&c, "HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n", &a), 200);
    check(strstr(a.head, "Content-Length: 300000\r\n") != NULL);
    weir_file other;
    check_int(weir_open(io, folder, "short", WEIR_OPEN_READ, 0, &other), 0);
    descriptor = other.fd;
    ask(&c, "/file", &a, WEIR_EEOF);
    http_close(&c);
    check_int(http_stop(&f), 0);
    weir_close_file(io, other);
    weir_close_file(io, file);
    weir_close_file(io, folder);
    contract_remove_directory(directory);
    free(data);
}

static void report(weir_io *io, const weir_http_exchange *exchange,
                   const weir_http_outcome *outcome, void *context)
{
    char *text = context;
    const weir_bytes target = weir_http_exchange_target(exchange);
    (void)io;
    sprintf(text + strlen(text), "%.*s %d %llu %s;", (int)target.len,
            target.data ? target.data : "", outcome->status,
            (unsigned long long)outcome->body_bytes, weir_errname(outcome->error));
}

CONTRACT(http_outcomes_are_reported_also_of_refused_requests)
{
    http_fixture f;
    http_client c;
    http_answer a;
    char text[1000] = "";
    const weir_http_server_options options = {.done = report, .context = text};
    if (!http_start(io, &f, options) || !http_open(&f, &c)) return;
    check_int(http_ask(&c, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", &a), 200);
    check_int(http_ask(&c, "HEAD /b HTTP/1.1\r\nHost: a\r\n\r\n", &a), 200);
    check_int(http_ask(&c, "GET /c HTTP/1.1\r\n\r\n", &a), 400);
    check(http_is_closed(&c));
    http_close(&c);
    check_int(http_stop(&f), 0);
    check(strncmp(text, "/a 200 7 WEIR_OK;/b 200 0 WEIR_OK;", 34) == 0);
    check(strstr(text, " 400 ") != NULL && strstr(text, "WEIR_EHTTP_HOST") != NULL);
}
