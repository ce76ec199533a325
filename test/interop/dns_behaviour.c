/* SPDX-License-Identifier: MIT
 *
 * What becomes of lookups at real name servers: cookies, answers too large for a datagram,
 * validation, servers that are lame, refuse, stop answering, or die while they are asked.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include <weir/base/error.h>
#include <weir/dns/lookup.h>
#include <weir/io/engine/engine.h>

#include "test/harness/test.h"
#include "test/interop/dns_process.h"

/* Answers are waited for; only who is not there any more is given up soon. */
enum { PATIENCE_MS = 30000, IMPATIENCE_MS = 300, ATTEMPTS = 5, TRIES = 20 };

static dns_process first, second;

/* A resolver that asks `first`, then `second` if it runs. */
static weir_dns_resolver *resolver_of(weir_io *io, bool cache, int timeout_ms)
{
    weir_dns_config config;
    weir_dns_resolver_options options = {.files.config = &config, .no_cache = !cache};
    weir_dns_resolver *resolver;
    weir_dns_config_init(&config);
    config.servers[config.server_count++] = first.address;
    if (second.pid > 0) config.servers[config.server_count++] = second.address;
    config.timeout = weir_milliseconds(timeout_ms);
    config.attempts = ATTEMPTS;
    config.trust_ad = true;
    assert_int_equal(weir_dns_resolver_create(io, &options, &resolver), 0);
    return resolver;
}

static int look_up(weir_io *io, weir_dns_resolver *resolver, const char *name, uint16_t type,
                   weir_dns_report *report, weir_dns_answer *answer)
{
    const weir_dns_lookup_options options = {.report = report};
    *report = (weir_dns_report){0};
    *answer = (weir_dns_answer){0};
    return weir_dns_lookup(io, resolver, weir_bytes_text(name), type, &options, answer);
}

static const weir_dns_attempt *last_of(const weir_dns_report *report)
{
    assert_true(report->total > 0 && report->total == report->kept);
    return &report->attempts[report->kept - 1];
}

/* Runs a scene on each engine that there is. */
static void on_engines(weir_task_fn *scene)
{
    static const weir_engine_kind kinds[] = {WEIR_ENGINE_URING, WEIR_ENGINE_EPOLL,
                                             WEIR_ENGINE_THREADS};
    const int before = test_fd_count();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const weir_engine_options options = {.kind = kinds[i], .workers = 1, .stack_size = 1 << 19};
        weir_io *io;
        int error = weir_engine_create(&options, &io);
        if (error && kinds[i] == WEIR_ENGINE_URING) continue;
        assert_int_equal(error, 0);
        weir_io_destroy(io);
        assert_int_equal(weir_engine_run(&options, scene, NULL), 0);
    }
    assert_int_equal(test_fd_count(), before);
}

static bool begin(const char *const *programs)
{
    first = second = (dns_process){0};
    if (!dns_process_installed(programs)) return false;
    dns_process_begin();
    return true;
}

/* Cookies and size --------------------------------------------------------------------------- */

static int learn_cookie(weir_io *io, void *argument)
{
    (void)argument;
    weir_dns_resolver *resolver = resolver_of(io, false, PATIENCE_MS);
    weir_dns_report report;
    weir_dns_answer answer;
    assert_int_equal(look_up(io, resolver, "host.plain.test", WEIR_DNS_A, &report, &answer), 0);
    weir_dns_answer_free(&answer);
    assert_int_equal(report.total, 2);
    assert_int_equal(report.attempts[0].rcode, WEIR_DNS_BADCOOKIE);
    assert_int_equal(report.attempts[1].rcode, WEIR_DNS_NOERROR);
    assert_int_equal(report.attempts[1].transport, WEIR_DNS_UDP);
    /* It is known from then on. */
    assert_int_equal(look_up(io, resolver, "host.plain.test", WEIR_DNS_AAAA, &report, &answer), 0);
    weir_dns_answer_free(&answer);
    assert_int_equal(report.total, 1);
    weir_dns_resolver_destroy(io, resolver);
    return 0;
}

TEST(dns_bind9_that_requires_a_cookie_gets_it)
{
    static const char *const needed[] = {"named", NULL};
    if (!begin(needed)) skip();
    dns_process_named(&first, "recursion no; require-server-cookie yes; answer-cookie yes;");
    on_engines(learn_cookie);
    dns_process_end();
}

static int fetch_large(weir_io *io, void *argument)
{
    static const struct {
        const char *name;
        uint16_t type;
        uint16_t count;
    } large[] = {{"big.plain.test", WEIR_DNS_TXT, 100}, {"many.plain.test", WEIR_DNS_A, 100}};
    (void)argument;
    weir_dns_resolver *resolver = resolver_of(io, false, PATIENCE_MS);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        weir_dns_report report;
        weir_dns_answer answer;
        assert_int_equal(look_up(io, resolver, large[i].name, large[i].type, &report, &answer), 0);
        assert_int_equal(answer.count, large[i].count);
        assert_int_equal(report.total, 2);
        assert_true(report.attempts[0].truncated);
        assert_int_equal(report.attempts[0].transport, WEIR_DNS_UDP);
        assert_int_equal(report.attempts[1].transport, WEIR_DNS_TCP);
        assert_int_equal(report.attempts[1].answers, large[i].count);
        assert_int_equal(report.attempts[1].reused, i > 0);
        weir_dns_answer_free(&answer);
    }
    weir_dns_resolver_destroy(io, resolver);
    return 0;
}

TEST(dns_what_fits_into_no_datagram_is_asked_of_bind9_over_one_connection)
{
    static const char *const needed[] = {"named", NULL};
    if (!begin(needed)) skip();
    dns_process_named(&first, "recursion no;");
    on_engines(fetch_large);
    dns_process_end();
}

/* Validation --------------------------------------------------------------------------------- */

static int trust(weir_io *io, void *argument)
{
    static const struct {
        const char *name;
        int error;
        uint16_t aliases, extended;
        bool authentic;
    } cases[] = {
        {"host.signed.test", 0, 0, 0, true},
        {"alias.signed.test", 0, 1, 0, true},
        {"host.plain.test", 0, 0, 0, false},
        {"one.plain.test", 0, 3, 0, false},
        {"away.plain.test", 0, 1, 0, false},
        {"nothing.signed.test", WEIR_EDNS_NOTFOUND, 0, 0, true},
        {"text.signed.test", WEIR_EDNS_NODATA, 0, 0, true},
        {"gone.plain.test", WEIR_EDNS_NOTFOUND, 1, 0, false},
        {"forged.signed.test", WEIR_EDNS_SERVFAIL, 0, 6 /* DNSSEC Bogus */, false},
        {"host.lame.test", WEIR_EDNS_SERVFAIL, 0, 0, false},
    };
    (void)argument;
    weir_dns_resolver *resolver = resolver_of(io, true, PATIENCE_MS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_dns_report report;
        weir_dns_answer answer;
        int error = look_up(io, resolver, cases[i].name, WEIR_DNS_A, &report, &answer);
        if (error != cases[i].error) print_error("%s: %s\n", cases[i].name, weir_strerror(error));
        assert_int_equal(error, cases[i].error);
        assert_int_equal(answer.aliases, cases[i].aliases);
        assert_int_equal(answer.authentic, cases[i].authentic);
        if (cases[i].extended) assert_int_equal(last_of(&report)->extended_code, cases[i].extended);
        weir_dns_answer_free(&answer);
    }
    weir_dns_resolver_destroy(io, resolver);
    return 0;
}

TEST(dns_what_unbound_has_validated_is_told)
{
    static const char *const needed[] = {"named", "unbound", "dnssec-signzone", NULL};
    if (!begin(needed)) skip();
    dns_process named;
    dns_process_sign();
    dns_process_named(&named, "recursion no;");
    dns_process_unbound(&first, &named);
    on_engines(trust);
    dns_process_end();
}

/* Servers that do not answer ----------------------------------------------------------------- */

static int kill_soon(weir_io *io, void *argument)
{
    (void)io, (void)argument;
    /* Stopped already, so that it cannot have answered; its port is closed by its death. */
    dns_process_kill(&first);
    return 0;
}

/* Looks up until there is an answer: on a busy machine the second may be given up, too.  The first
 * is asked first of all: its error is in `*error`. */
static void outlive_the_first(weir_io *io, weir_dns_resolver *resolver, uint16_t type, int *error)
{
    int result = WEIR_EDNS_TIMEOUT;
    for (int i = 0; i < TRIES && result == WEIR_EDNS_TIMEOUT; i++) {
        weir_dns_report report;
        weir_dns_answer answer;
        result = look_up(io, resolver, "host.plain.test", type, &report, &answer);
        weir_dns_answer_free(&answer);
        if (i == 0) *error = report.attempts[0].error;
        if (!result) assert_true(weir_address_equal(&last_of(&report)->server, &second.address));
    }
    assert_int_equal(result, 0);
}

static int outlive(weir_io *io, void *argument)
{
    (void)argument;
    weir_task killer;
    int status, error = 0;
    dns_process_named(&first, "recursion no;");
    weir_dns_resolver *both = resolver_of(io, false, IMPATIENCE_MS);
    /* Its threads may go on for a moment after the signal: until it is known to stand. */
    assert_int_equal(kill(first.pid, SIGSTOP), 0);
    assert_int_equal(waitpid(first.pid, &status, WUNTRACED), first.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(weir_concurrent(io, &killer, kill_soon, NULL, NULL), 0);
    outlive_the_first(io, both, WEIR_DNS_A, &error);
    assert_int_not_equal(error, 0);
    weir_await(io, &killer, NULL);
    /* Nobody has the port now, and the kernel says so: no time has to pass. */
    weir_dns_resolver *resolver = resolver_of(io, false, PATIENCE_MS);
    outlive_the_first(io, resolver, WEIR_DNS_AAAA, &error);
    assert_int_equal(error, WEIR_ECONNREFUSED);
    weir_dns_resolver_destroy(io, resolver);
    weir_dns_resolver_destroy(io, both);
    dns_process_forget(&first);
    return 0;
}

TEST(dns_a_server_that_dies_while_it_is_asked_is_survived_by_the_lookup)
{
    static const char *const needed[] = {"named", NULL};
    if (!begin(needed)) skip();
    dns_process_named(&second, "recursion no;");
    first.address = second.address;
    on_engines(outlive);
    dns_process_end();
}

static int refused(weir_io *io, void *argument)
{
    (void)argument;
    weir_dns_resolver *resolver = resolver_of(io, false, PATIENCE_MS);
    weir_dns_report report;
    weir_dns_answer answer;
    assert_int_equal(look_up(io, resolver, "host.elsewhere.example", WEIR_DNS_A, &report, &answer),
                     WEIR_EDNS_REFUSED);
    weir_dns_answer_free(&answer);
    assert_int_equal(last_of(&report)->rcode, WEIR_DNS_REFUSED);
    weir_dns_resolver_destroy(io, resolver);
    return 0;
}

TEST(dns_bind9_refuses_what_is_not_its_own)
{
    static const char *const needed[] = {"named", NULL};
    if (!begin(needed)) skip();
    dns_process_named(&first, "recursion no;");
    on_engines(refused);
    dns_process_end();
}
