/* SPDX-License-Identifier: MIT
 *
 * Does a recorded run say what happened, the same each time, and take the decisions that it takes
 * when nobody looks?
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/sim/fault.h>
#include <weir/io/sim/runner.h>
#include <weir/io/sim/trace.h>
#include <weir/io/socket.h>

#include "test/harness/test.h"

enum { RING = 1024 /* entries that a recorder has room for at first */ };

/* A small world: a greeting and its answer, a datagram that nobody takes, an hour of silence, and
 * an attempt to connect over a link that is cut. */
typedef struct pair {
    weir_sim *sim;
    weir_sim_host *server, *client;
    weir_duration silence;
    bool greeted;
} pair;

static weir_address address_of(const char *text)
{
    weir_address address;
    assert_int_equal(weir_address_parse(weir_bytes_text(text), &address), 0);
    return address;
}

static int serve(weir_io *io, void *argument)
{
    const weir_address here = address_of("10.0.0.1:80");
    weir_socket listener, peer;
    char data[16];
    (void)argument;
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &listener);
    if (error) return error;
    error = weir_bind(io, listener, &here);
    if (!error) error = weir_listen(io, listener, 8);
    if (!error) error = weir_accept(io, listener, &peer);
    weir_close_socket(io, listener);
    if (error) return error;
    const int64_t got = weir_read(io, peer, data, sizeof data);
    if (got > 0) weir_sim_say(io, "it says <%.*s> & \"more\" \x01\xff", (int)got, data);
    weir_write_all(io, peer, "good day", 8);
    weir_close_socket(io, peer);
    return 0;
}

static bool greet(weir_io *io)
{
    const weir_address there = address_of("10.0.0.1:80");
    weir_socket s;
    char data[16];
    bool greeted = false;
    if (weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &s) != 0) return false;
    if (weir_connect(io, s, &there) == 0 && weir_write_all(io, s, "hello", 5) == 5)
        greeted = weir_read(io, s, data, sizeof data) == 8;
    weir_close_socket(io, s);
    return greeted;
}

static void send_one(weir_io *io)
{
    struct iovec slice = {"x", 1};
    weir_message message = {.address = address_of("10.0.0.1:9"), .data = &slice, .count = 1};
    weir_socket s;
    if (weir_socket_open(io, AF_INET, SOCK_DGRAM, 0, &s) != 0) return;
    weir_send(io, s, &message);
    weir_sleep(io, weir_milliseconds(100));
    weir_close_socket(io, s);
}

static int visit(weir_io *io, void *argument)
{
    pair *p = argument;
    weir_sleep(io, weir_milliseconds(1));
    p->greeted = greet(io);
    send_one(io);
    weir_sleep(io, p->silence);
    weir_sim_cut(p->client, p->server, true);
    greet(io);
    return 0;
}

static void build(pair *p, uint64_t seed)
{
    const weir_sim_options options = {.seed = seed, .order = WEIR_SIM_TURNS};
    const weir_sim_link link = {.latency = weir_milliseconds(20)};
    *p = (pair){.silence = weir_hours(1)};
    assert_int_equal(weir_sim_create(&options, &p->sim), 0);
    weir_sim_set_links(p->sim, &link);
    assert_int_equal(weir_sim_add_host(p->sim, "server", "10.0.0.1", &p->server), 0);
    assert_int_equal(weir_sim_add_host(p->sim, "client", "10.0.0.2", &p->client), 0);
    assert_int_equal(weir_sim_start(p->server, "greeter", serve, p), 0);
}

/* Calls a writer; the text is the caller's to free. */
static char *written(const weir_sim *sim, const weir_sim_view *view,
                     int (*write)(const weir_sim *sim, const weir_sim_view *view, FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(write(sim, view, out), 0);
    fclose(out);
    return text;
}

static char *run_and_write(uint64_t seed, bool picture)
{
    pair p;
    build(&p, seed);
    assert_int_equal(weir_sim_record(p.sim, 0), 0);
    assert_int_equal(weir_run(weir_sim_io(p.client), visit, &p), 0);
    assert_true(p.greeted);
    char *text = written(p.sim, NULL, picture ? weir_sim_write_svg : weir_sim_write_text);
    weir_sim_destroy(p.sim);
    return text;
}

static const char expected[] =
    "   0.000 000 100  server       1 greeter      +  begins\n"
    "   0.000 000 200  server       1 greeter      =  socket = 65536\n"
    "   0.000 000 300  server       1 greeter      =  bind 65536 10.0.0.1:80 = 0\n"
    "   0.000 000 400  server       1 greeter      =  listen 65536 = 0\n"
    "   0.000 000 500  server       1 greeter      ~  accept 65536, waits\n"
    "   0.000 000 600  client       2 root         +  begins\n"
    "   0.000 000 800  client       2 root         ~  sleep until 0.001 000 700\n"
    "   0.001 000 800  client       2 root         =  sleep = 0 after 1 ms\n"
    "   0.001 000 900  client       2 root         =  socket = 65536\n"
    "   0.001 001 000  client                      >  #1 SYN :39423 to server:80, 20 ms under way\n"
    "   0.001 001 000  client       2 root         ~  connect 65536 to 10.0.0.1:80, waits\n"
    "   0.021 001 000  server                      <  #1 SYN :80 from client:39423\n"
    "   0.021 001 000  server                      >  #2 SYN+ACK :80 to client:39423, 20 ms under "
    "way\n"
    "   0.041 001 000  client                      <  #2 SYN+ACK :39423 from server:80\n"
    "   0.041 001 100  server       1 greeter      =  accept 65536 = 65537 after 41 ms\n"
    "   0.041 001 200  server       1 greeter      =  close 65536 = 0\n"
    "   0.041 001 300  server       1 greeter      ~  read 65537, waits\n"
    "   0.041 001 400  client       2 root         =  connect 65536 = 0 after 40 ms\n"
    "   0.041 001 500  client                      >  #3 5 bytes :39423 to server:80, 20 ms under "
    "way\n"
    "   0.041 001 500  client       2 root         =  write 65536 = 5\n"
    "   0.041 001 600  client       2 root         ~  read 65536, waits\n"
    "   0.061 001 500  server                      <  #3 5 bytes :80 from client:39423\n"
    "   0.061 001 600  server       1 greeter      =  read 65537 = 5 after 20 ms\n"
    "   0.061 001 600  server       1 greeter      \"  it says <hello> & \"more\"  ?\n"
    "   0.061 001 700  server                      >  #4 8 bytes :80 to client:39423, 20 ms under "
    "way\n"
    "   0.061 001 700  server       1 greeter      =  write 65537 = 8\n"
    "   0.061 001 800  server                      >  #5 FIN :80 to client:39423, 20 ms under way\n"
    "   0.061 001 800  server       1 greeter      =  close 65537 = 0\n"
    "   0.061 001 800  server       1 greeter      -  ends with 0\n"
    "   0.081 001 700  client                      <  #4 8 bytes :39423 from server:80\n"
    "   0.081 001 800  client       2 root         =  read 65536 = 8 after 40 ms\n"
    "   0.081 001 900  client                      >  #6 FIN :39423 to server:80, 20 ms under way\n"
    "   0.081 001 900  client       2 root         =  close 65536 = 0\n"
    "   0.081 002 000  client       2 root         =  socket = 65536\n"
    "   0.081 002 100  client                      >  #7 1 byte of UDP :39424 to server:9, 20 ms "
    "under way\n"
    "   0.081 002 100  client       2 root         =  send 65536 = 1\n"
    "   0.081 002 300  client       2 root         ~  sleep until 0.181 002 200\n"
    "   0.081 002 300  client                      <  #5 FIN :39423 from server:80\n"
    "   0.101 001 900  server                      <  #6 FIN :80 from client:39423\n"
    "   0.101 002 100  server                      <  #7 1 byte of UDP :9 from client:39424\n"
    "   0.101 002 100  server                      >  #8 port unreachable :9 to client:39424, 20 "
    "ms under way\n"
    "   0.121 002 100  client                      <  #8 port unreachable :39424 from server:9\n"
    "   0.181 002 300  client       2 root         =  sleep = 0 after 100 ms\n"
    "   0.181 002 400  client       2 root         =  close 65536 = 0\n"
    "   0.181 002 600  client       2 root         ~  sleep until 3600.181 002 500\n"
    "                  (1 h later)\n"
    "3600.181 002 600  client       2 root         =  sleep = 0 after 1 h\n"
    "3600.181 002 600  client                      !  cut to server\n"
    "3600.181 002 700  client       2 root         =  socket = 65536\n"
    "3600.181 002 800  client                      x  #9 SYN :39425 to server:80, the link is cut\n"
    "3600.181 002 800  client       2 root         ~  connect 65536 to 10.0.0.1:80, waits\n"
    "                  (1 s later)\n"
    "3601.181 002 800  client                      x  #10 SYN again :39425 to server:80, the link "
    "is cut\n"
    "                  (2 s later)\n"
    "3603.181 002 800  client                      x  #11 SYN again :39425 to server:80, the link "
    "is cut\n"
    "                  (4 s later)\n"
    "3607.181 002 800  client                      x  #12 SYN again :39425 to server:80, the link "
    "is cut\n"
    "                  (8 s later)\n"
    "3615.181 002 800  client                      x  #13 SYN again :39425 to server:80, the link "
    "is cut\n"
    "                  (16 s later)\n"
    "3631.181 002 800  client                      x  #14 SYN again :39425 to server:80, the link "
    "is cut\n"
    "                  (32 s later)\n"
    "3663.181 002 800  client                      x  #15 SYN again :39425 to server:80, the link "
    "is cut\n"
    "                  (1 min 4 s later)\n"
    "3727.181 002 900  client       2 root         =  connect 65536 = WEIR_ETIMEDOUT after 2 min 7 "
    "s\n"
    "3727.181 003 000  client       2 root         =  close 65536 = 0\n"
    "3727.181 003 100  client       2 root         =  group = 0\n"
    "3727.181 003 200  client       2 root         =  group = 0\n"
    "3727.181 003 300  client       2 root         =  group = 0\n"
    "3727.181 003 400  client       2 root         =  group = 0\n"
    "3727.181 003 500  client       2 root         =  group = 0\n"
    "3727.181 003 500  client       2 root         -  ends with 0\n";

TEST(a_trace_says_what_happened)
{
    char *text = run_and_write(5, false);
    assert_string_equal(text, expected);
    free(text);
}

TEST(a_run_has_the_same_trace_and_picture_each_time)
{
    for (int picture = 0; picture < 2; picture++) {
        char *one = run_and_write(7, picture), *two = run_and_write(7, picture);
        assert_string_equal(one, two);
        free(one);
        free(two);
    }
}

/* In the hostile profile, with faults: all that can be told of happens in one seed or another. */
static uint64_t hash_of(uint64_t seed, bool recorded, FILE *follow)
{
    pair p;
    weir_sim_fault faults[24];
    build(&p, seed);
    p.silence = weir_seconds(1);
    weir_sim_use(p.sim, WEIR_SIM_HOSTILE);
    if (recorded) assert_int_equal(weir_sim_record(p.sim, 50), 0);
    if (follow) assert_int_equal(weir_sim_follow(p.sim, follow), 0);
    weir_sim_host *const hosts[] = {p.server, p.client};
    const size_t count =
        weir_sim_draw_faults(p.sim, WEIR_SIM_HOSTILE, weir_milliseconds(200), hosts, 2, faults, 24);
    assert_int_equal(weir_sim_plan_faults(p.sim, faults, count), 0);
    weir_run(weir_sim_io(p.client), visit, &p);
    const uint64_t hash = weir_sim_hash(p.sim);
    weir_sim_destroy(p.sim);
    return hash;
}

TEST(to_record_changes_nothing)
{
    FILE *null = fopen("/dev/null", "w");
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const uint64_t hash = hash_of(seed, false, NULL);
        assert_true(hash == hash_of(seed, true, NULL));
        assert_true(hash == hash_of(seed, false, null));
    }
    fclose(null);
}

TEST(what_is_followed_is_the_text_without_its_pauses)
{
    pair p;
    char *followed = NULL, *at;
    size_t size = 0;
    FILE *out = open_memstream(&followed, &size);
    build(&p, 5);
    assert_int_equal(weir_sim_follow(p.sim, out), 0);
    weir_run(weir_sim_io(p.client), visit, &p);
    weir_sim_destroy(p.sim);
    fclose(out);
    char *text = run_and_write(5, false);
    while ((at = strstr(text, " later)\n"))) {
        char *line = at;
        while (line > text && line[-1] != '\n') line--;
        memmove(line, at + 8, strlen(at + 8) + 1);
    }
    assert_string_equal(followed, text);
    free(text);
    free(followed);
}

TEST(the_latest_entries_are_kept)
{
    pair p;
    uint64_t replaced;
    build(&p, 5);
    assert_int_equal(weir_sim_record(p.sim, 10), 0);
    for (int i = 0; i < 25; i++) weir_sim_say(weir_sim_io(p.client), "line %d", i);
    assert_int_equal(weir_sim_recorded(p.sim, &replaced), 10);
    assert_int_equal(replaced, 15);
    char *text = written(p.sim, NULL, weir_sim_write_text);
    assert_non_null(strstr(text, "(15 earlier entries were not kept)"));
    assert_null(strstr(text, "line 14\n"));
    assert_non_null(strstr(text, "line 15\n"));
    assert_non_null(strstr(text, "line 24\n"));
    free(text);
    weir_sim_destroy(p.sim);
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text++) count++;
    return count;
}

TEST(a_view_shows_its_window_and_its_hosts)
{
    pair p;
    build(&p, 5);
    assert_int_equal(weir_sim_record(p.sim, 0), 0);
    weir_run(weir_sim_io(p.client), visit, &p);
    const weir_sim_view early = {.until = weir_milliseconds(30)};
    char *text = written(p.sim, &early, weir_sim_write_text);
    assert_int_equal(count_of(text, "SYN "), 2);
    assert_int_equal(count_of(text, "SYN+ACK"), 1);
    free(text);
    const weir_sim_view late = {.from = weir_seconds(1)};
    text = written(p.sim, &late, weir_sim_write_text);
    assert_int_equal(count_of(text, "the link is cut"), 7);
    assert_int_equal(count_of(text, "SYN+ACK"), 0);
    free(text);
    const weir_sim_view one = {.hosts = "serve,client,nobody"};
    text = written(p.sim, &one, weir_sim_write_text);
    assert_int_equal(count_of(text, "server"), 0);
    assert_true(count_of(text, "client") > 10);
    free(text);
    weir_sim_destroy(p.sim);
}

TEST(a_picture_shows_hosts_packets_faults_and_pauses)
{
    char *text = run_and_write(5, true);
    assert_int_equal(strncmp(text, "<svg ", 5), 0);
    assert_string_equal(text + strlen(text) - 7, "</svg>\n");
    assert_int_equal(count_of(text, "<line class=\"lane\""), 2);
    assert_int_equal(count_of(text, ">SYN<"), 2 + 1); /* two arrows, and the legend */
    assert_int_equal(count_of(text, ">SYN again<"), 6);
    assert_int_equal(count_of(text, ">5 B<"), 1);
    assert_int_equal(count_of(text, ">nobody<"), 1);
    assert_int_equal(count_of(text, "class=\"x\""), 7);
    assert_int_equal(count_of(text, "class=\"f cut\""), 1);
    assert_int_equal(count_of(text, "≈ 1 h<"), 1);
    assert_int_equal(count_of(text, "it says &lt;hello&gt; &amp; &quot;more&quot;  ?<"), 2);
    assert_int_equal(count_of(text, "<script"), 0);
    assert_int_equal(count_of(text, "http://"), 1); /* the name of the format */
    free(text);
}

TEST(a_picture_is_well_formed)
{
    char path[] = "/tmp/weir-picture-XXXXXX", command[160];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w");
    for (uint64_t seed = 1; seed <= 4; seed++) {
        pair p;
        const weir_sim_view view = {.title = "<a & b>\xc3 \x02", .width = 500};
        build(&p, seed);
        assert_int_equal(weir_sim_record(p.sim, 0), 0);
        if (seed > 1) weir_sim_use(p.sim, WEIR_SIM_LOSSY);
        weir_run(weir_sim_io(p.client), visit, &p);
        rewind(out);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(weir_sim_write_svg(p.sim, &view, out), 0);
        weir_sim_destroy(p.sim);
        snprintf(command, sizeof command,
                 "python3 -c 'import sys,xml.dom.minidom as x; x.parse(sys.argv[1])' %s", path);
        assert_int_equal(system(command), 0);
    }
    fclose(out);
    unlink(path);
}

TEST(nothing_recorded_is_an_empty_text_and_a_picture_without_lanes)
{
    pair p;
    build(&p, 5);
    weir_sim_say(weir_sim_io(p.client), "nobody hears it");
    assert_int_equal(weir_sim_recorded(p.sim, NULL), 0);
    char *text = written(p.sim, NULL, weir_sim_write_text);
    assert_string_equal(text, "");
    free(text);
    text = written(p.sim, NULL, weir_sim_write_svg);
    assert_int_equal(count_of(text, "class=\"lane\""), 0);
    assert_int_equal(count_of(text, "</svg>"), 1);
    free(text);
    weir_sim_destroy(p.sim);
}

TEST(a_full_disk_is_told)
{
    pair p;
    FILE *full = fopen("/dev/full", "w");
    if (!full) skip();
    build(&p, 5);
    assert_int_equal(weir_sim_record(p.sim, 0), 0);
    weir_sim_say(weir_sim_io(p.client), "something");
    assert_int_equal(weir_sim_write_text(p.sim, NULL, full), WEIR_ENOSPC);
    clearerr(full);
    assert_int_equal(weir_sim_write_svg(p.sim, NULL, full), WEIR_ENOSPC);
    fclose(full);
    weir_sim_destroy(p.sim);
}

TEST(a_recorder_without_memory_forgets_and_does_not_fail)
{
    pair p;
    uint64_t replaced;
    size_t failed;
    build(&p, 5);
    for (size_t n = 0;; n++) {
        test_alloc_fail_after(n);
        const int error = weir_sim_record(p.sim, 0);
        failed = test_alloc_failed();
        test_alloc_reset();
        if (!failed) break;
        assert_int_equal(error, WEIR_ENOMEM);
        assert_int_equal(weir_sim_recorded(p.sim, NULL), 0);
    }
    for (int i = 0; i < RING; i++) weir_sim_say(weir_sim_io(p.client), "heard");
    test_alloc_fail_after(0);
    for (int i = 0; i < 10; i++) weir_sim_say(weir_sim_io(p.client), "lost");
    test_alloc_reset();
    assert_int_equal(weir_sim_recorded(p.sim, &replaced), RING);
    assert_int_equal(replaced, 10);
    for (size_t n = 0;; n++) {
        FILE *out = fopen("/dev/null", "w");
        test_alloc_fail_after(n);
        const int error = weir_sim_write_svg(p.sim, NULL, out);
        failed = test_alloc_failed();
        test_alloc_reset();
        fclose(out);
        if (!failed) break;
        /* The last one is the picture's unit of time, for which there is a substitute. */
        assert_true(error == 0 || error == WEIR_ENOMEM);
    }
    weir_sim_destroy(p.sim);
}

static int speak(weir_io *io, void *argument)
{
    for (int i = 0; i < 4; i++) {
        weir_sim_say(io, "second %d", i);
        weir_sleep(io, weir_seconds(1));
    }
    weir_sim_fail(argument, "as it should");
    return 0;
}

static int speaking(weir_sim_trial *trial)
{
    weir_sim_host *h;
    const int error = weir_sim_add_host(trial->sim, "speaker", NULL, &h);
    return error ? error : weir_run(weir_sim_io(h), speak, trial);
}

static void read_file(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    out[fread(out, 1, room - 1, file)] = 0;
    fclose(file);
    unlink(path);
}

TEST(the_runner_writes_the_text_and_the_picture_of_a_seed)
{
    static const weir_sim_scenario scenario = {"speaking", "", speaking};
    char folder[] = "/tmp/weir-trace-XXXXXX", text[64], picture[64], content[16384];
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, "%s/text", folder);
    snprintf(picture, sizeof picture, "%s/picture", folder);
    char *whole[] = {"speaking", "--seeds", "4", "--trace", text, "--svg", picture};
    assert_int_equal(weir_sim_main(&scenario, 1, 7, whole), 1);
    read_file(text, content, sizeof content);
    assert_int_equal(count_of(content, "second "), 4);
    assert_int_equal(count_of(content, "!  wrong: as it should\n"), 1);
    read_file(picture, content, sizeof content);
    assert_int_equal(count_of(content, "<title>"), 1 + 2 + 4 + 1); /* task, lane, says, failure */
    assert_int_equal(count_of(content, "speaking, hostile, failed: as it should, seed 4"), 1);
    char *part[] = {"speaking", "--seeds", "4", "--trace", text, "--window", "0.5..2.5"};
    assert_int_equal(weir_sim_main(&scenario, 1, 7, part), 1);
    read_file(text, content, sizeof content);
    assert_int_equal(count_of(content, "second "), 2);
    char *many[] = {"speaking", "--seeds", "4..5", "--trace", text};
    assert_int_equal(weir_sim_main(&scenario, 1, 5, many), 2);
    rmdir(folder);
}
