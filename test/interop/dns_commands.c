/* SPDX-License-Identifier: MIT
 *
 * Do `weir dig`, `weir resolve` and `weir talk` say what a name server answers, errs and withholds,
 * word for word?
 *
 * The conversations are in dns_dig.txt, dns_resolve.txt, dns_talk.txt and dns_unicode.txt, a
 * shell's transcript each: "$ COMMAND", what it says on standard output and error, and "= STATUS"
 * unless that is 0. $SERVER is a name server of this test's own with the rules below, and nobody
 * listens at $NOBODY; `resolve` and `talk` are those commands with it and the files below.  What
 * differs from run to run is masked (dns_commands.bash). With WEIR_TRANSCRIPT=FOLDER the transcript
 * as it is now is written there.
 */
#include "test/harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/dns/idna.h>
#include <weir/io/engine/engine.h>

#include "test/harness/dns_server.h"

static const dns_server_rule rules[] = {
    {.name = "www.test.",
     .type = WEIR_DNS_A,
     .records = {"@ 300 A 127.0.0.2", "@ 300 A 127.0.0.3", "!test. 60 NS ns.test.",
                 "+ns.test. 60 A 127.0.0.4"}},
    {.name = "www.test.", .records = {"!test. 60 SOA ns.test. a.test. 1 2 3 4 5"}},
    {.name = "a.name.that.is.longer.than.its.column.test.", .records = {"@ 100000000 A 127.0.0.2"}},
    {.name = "self.test.", .type = WEIR_DNS_A, .records = {"@ 5 A 127.0.0.1"}},
    {.name = "self.test."},
    {.name = "alias.test.",
     .type = WEIR_DNS_A,
     .records = {"@ 60 CNAME www.test.", "www.test. 300 A 127.0.0.2"}},
    {.name = "alias.test.", .records = {"@ 60 CNAME www.test."}},
    {.name = "mail.test.", .type = WEIR_DNS_MX, .records = {"@ 5 MX 10 www.test."}},
    {.name = "mail.test.", .type = WEIR_DNS_TXT, .records = {"@ 5 TXT a\"b \x1b[31m"}},
    {.name = "_imaps._tcp.mail.test.", .records = {"@ 5 SRV 1 0 993 www.test."}},
    {.name = "nomail.test.", .records = {"@ 5 MX 0 ."}},
    {.name = "2.0.0.127.in-addr.arpa.", .records = {"@ 5 PTR www.test.", "@ 5 PTR lost.test."}},
    {.name = "xn--bcher-kva.test.", .type = WEIR_DNS_A, .records = {"@ 5 A 127.0.0.2"}},
    {.name = "broken.test.",
     .rcode = WEIR_DNS_SERVFAIL,
     .extended = 9,
     .extended_text = "no key \x1b[31m"},
    {.name = "refused.test.", .rcode = WEIR_DNS_REFUSED},
    {.name = "silent.test.", .does = DNS_SERVER_DROP},
    {.name = "garbage.test.", .does = DNS_SERVER_GARBAGE},
    {.name = "big.test.", .transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
    {.name = "big.test.", .records = {"@ 5 A 127.0.0.2"}},
    {.name = "forged.test.", .flood = 2, .records = {"@ 5 A 127.0.0.2"}},
    {.name = "old.test.", .does = DNS_SERVER_NO_EDNS, .records = {"@ 5 A 127.0.0.2"}},
    {.name = "signed.test.", .authentic = true, .records = {"@ 5 A 127.0.0.2"}},
    {.rcode = WEIR_DNS_NXDOMAIN, .records = {"!test. 60 SOA ns.test. a.test. 1 2 3 4 5"}},
};

/* Files that the commands read, in a folder of their own. */
static const char *const files[][2] = {
    {"hosts", "127.0.0.9 printer.corp printer\n"},
    {"resolv.conf", "nameserver 127.0.0.1\nsearch corp.test test\nsortlist 192.0.2.1\n"
                    "options ndots:1 timeout:20 bogus\n"},
    {"nsswitch.conf", "passwd: files\nhosts: files [!notfound=return] dns\n"},
};

typedef struct transcript {
    const char *name;
    char expected[65536], said[65536];
} transcript;

static void read_expected(transcript *t)
{
    char path[4096];
    if (!getenv("WEIR_SOURCE_DIR")) setenv("WEIR_SOURCE_DIR", ".", 1);
    if (!getenv("WEIR_BUILD_DIR")) setenv("WEIR_BUILD_DIR", ".", 1);
    snprintf(path, sizeof path, "%s/test/interop/%s", getenv("WEIR_SOURCE_DIR"), t->name);
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s: cannot be read", path);
    t->expected[fread(t->expected, 1, sizeof t->expected - 1, file)] = '\0';
    fclose(file);
}

static void append(transcript *t, const char *text, size_t len)
{
    const size_t used = strlen(t->said);
    assert_true(used + len < sizeof t->said);
    memcpy(t->said + used, text, len);
    t->said[used + len] = '\0';
}

/* Runs the command of a line and adds what it says. */
static void converse(transcript *t, const char *line, size_t len)
{
    char script[8192], said[32768], status[16];
    snprintf(script, sizeof script,
             ". \"$WEIR_SOURCE_DIR/test/interop/dns_commands.bash\"\n"
             "{ %.*s\n} 2>&1 </dev/null | mask\n",
             (int)len - 2, line + 2);
    setenv("SCRIPT", script, 1);
    FILE *pipe = popen("exec bash -c \"$SCRIPT\"", "r");
    assert_non_null(pipe);
    const size_t got = fread(said, 1, sizeof said, pipe);
    const int ended = pclose(pipe);
    append(t, line, len + 1);
    append(t, said, got);
    snprintf(status, sizeof status, "= %d\n", WIFEXITED(ended) ? WEXITSTATUS(ended) : -1);
    if (ended != 0) append(t, status, strlen(status));
}

static void write_transcript(const transcript *t)
{
    char path[4096];
    const char *folder = getenv("WEIR_TRANSCRIPT");
    if (!folder) return;
    snprintf(path, sizeof path, "%s/%s", folder, t->name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(t->said, file);
    fclose(file);
}

static void compare(const transcript *t)
{
    const char *expected = t->expected, *said = t->said, *command = "";
    for (unsigned line = 1; *expected || *said; line++) {
        const size_t wanted = strcspn(expected, "\n"), got = strcspn(said, "\n");
        if (strncmp(expected, "$ ", 2) == 0) command = expected;
        if (wanted != got || memcmp(expected, said, wanted) != 0)
            fail_msg("%s:%u: of %.*s\n  expected: %.*s\n  said:     %.*s", t->name, line,
                     (int)strcspn(command, "\n"), command, (int)wanted, expected, (int)got, said);
        expected += wanted + (expected[wanted] != '\0');
        said += got + (said[got] != '\0');
    }
}

static int run_transcript(weir_io *io, void *argument)
{
    transcript *t = argument;
    dns_server *server;
    char text[WEIR_ADDRESS_TEXT];
    assert_int_equal(dns_server_start(io, rules, sizeof rules / sizeof *rules, &server), 0);
    dns_server_keeper keeper;
    const weir_address address = dns_server_address(server),
                       nobody = dns_server_nobody(io, &keeper);
    weir_address_print(&address, text);
    setenv("SERVER", text, 1);
    weir_address_print(&nobody, text);
    setenv("NOBODY", text, 1);
    for (const char *line = t->expected; *line;) {
        const size_t len = strcspn(line, "\n");
        if (line[0] == '#')
            append(t, line, len + 1);
        else if (strncmp(line, "$ ", 2) == 0)
            converse(t, line, len);
        line += len + (line[len] != '\0');
    }
    dns_server_nobody_end(io, &keeper);
    dns_server_stop(io, server);
    return 0;
}

static void remove_files(const char *folder)
{
    char path[4096];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        unlink(path);
    }
    rmdir(folder);
}

static void check_transcript(const char *name)
{
    /* The commands are waited for: the server needs a thread of its own. */
    const weir_engine_options options = {.kind = WEIR_ENGINE_THREADS};
    transcript *t = calloc(1, sizeof *t);
    char folder[] = "/tmp/weir-dns-commands-XXXXXX", path[4096];
    assert_non_null(t);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(files[i][1], file);
        fclose(file);
    }
    setenv("FILES", folder, 1);
    t->name = name;
    read_expected(t);
    assert_int_equal(weir_engine_run(&options, run_transcript, t), 0);
    remove_files(folder);
    write_transcript(t);
    compare(t);
    free(t);
}

TEST(dns_dig_shows_what_a_server_says)
{
    check_transcript("dns_dig.txt");
}

TEST(dns_resolve_tells_what_a_program_would_get)
{
    check_transcript("dns_resolve.txt");
}

TEST(dns_talk_connects_by_name)
{
    check_transcript("dns_talk.txt");
}

TEST(dns_commands_take_names_in_unicode)
{
    char ascii[WEIR_DNS_ASCII_TEXT];
    const weir_bytes name = weir_bytes_text("b\xc3\xbc"
                                            "cher.test");
    if (weir_dns_idna_to_ascii(name, 0, ascii, NULL) == WEIR_EUNSUPPORTED) skip();
    check_transcript("dns_unicode.txt");
}
