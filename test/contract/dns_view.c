/* SPDX-License-Identifier: MIT
 *
 * Does a resolver see the system's files as they are, also after they changed, and never half?
 */
#include "test/contract/contract.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <weir/dns/view.h>

/* A folder with the three files, and their reader. */
typedef struct house {
    char path[64];
    char paths[WEIR_DNS_FILE_COUNT][96];
    weir_dns_files *files;
} house;

static const char *const names[WEIR_DNS_FILE_COUNT] = {"resolv.conf", "hosts", "nsswitch.conf"};

/* Writes a file anew; its time lies far back, so that the next look may trust it. */
static void put(const house *h, weir_dns_file which, const char *text)
{
    static int seconds = 1000000000;
    unlink(h->paths[which]);
    contract_make_file(h->path, names[which], text, strlen(text));
    seconds++;
    const struct timeval times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    check_int(utimes(h->paths[which], times), 0);
}

static bool begin_with(house *h, weir_dns_files_options options)
{
    /* Apart from *h: gcc with sanitizers takes the arrays of one struct for overlapping. */
    char folder[sizeof h->path];
    if (!contract_make_directory(folder)) return false;
    strcpy(h->path, folder);
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) {
        snprintf(h->paths[i], sizeof h->paths[i], "%s/%s", folder, names[i]);
        if (!options.paths[i]) options.paths[i] = h->paths[i];
    }
    return check_int(weir_dns_files_create(&options, &h->files), 0);
}

static bool begin(house *h)
{
    return begin_with(h, (weir_dns_files_options){0});
}

static void end(house *h)
{
    weir_dns_files_destroy(h->files);
    contract_remove_directory(h->path);
}

/* The view at `seconds` on a clock of the test's own. */
static const weir_dns_view *view_at(weir_io *io, house *h, double seconds)
{
    const weir_instant now = {(int64_t)(seconds * 1e9)};
    const weir_dns_view *view = NULL;
    check_int(weir_dns_view_take(io, h->files, now, &view), 0);
    return view;
}

/* The last number of a name's first IPv4 address, or the error. */
static int host_in(const weir_dns_view *view, const char *text)
{
    weir_dns_name name;
    weir_address address;
    weir_dns_name_parse(weir_bytes_text(text), &name);
    const int count = weir_dns_hosts_find(view->hosts, &name, WEIR_DNS_IPV4, &address, 1, NULL);
    return count > 0 ? address.at.ipv4[3] : count;
}

static int server_in(const weir_dns_view *view)
{
    return view->config.servers[0].at.ipv4[3];
}

static weir_dns_file_state state_of(house *h, weir_dns_file file)
{
    weir_dns_file_state state;
    weir_dns_files_state(h->files, file, &state);
    return state;
}

CONTRACT(files_of_names_that_are_missing_are_empty_and_seen_when_they_come)
{
    house h;
    if (!begin(&h)) return;
    const weir_dns_view *empty = view_at(io, &h, 0), *later;
    check_int(server_in(empty), 1);
    check(empty->config.servers_assumed && empty->order.assumed);
    check_int(host_in(empty, "a"), WEIR_EDNS_NOTFOUND);
    check(!state_of(&h, WEIR_DNS_FILE_HOSTS).present);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).error, 0);
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.5 a\n");
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.53\n");
    put(&h, WEIR_DNS_FILE_NSSWITCH, "hosts: dns\n");
    later = view_at(io, &h, 0.999);
    check(later == empty);
    weir_dns_view_release(later);
    later = view_at(io, &h, 1);
    check(later != empty && later->generation == empty->generation + 1);
    check_int(host_in(later, "a"), 5);
    check_int(server_in(later), 53);
    check_int(later->order.count, 1);
    check(state_of(&h, WEIR_DNS_FILE_HOSTS).present);
    check_int(host_in(empty, "a"), WEIR_EDNS_NOTFOUND);
    weir_dns_view_release(later);
    weir_dns_view_release(empty);
    end(&h);
}

CONTRACT(a_changed_file_of_names_makes_a_new_view_and_an_unchanged_one_does_not)
{
    house h;
    if (!begin(&h)) return;
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a\n");
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.53\n");
    const weir_dns_view *first = view_at(io, &h, 0), *view;
    check_int(host_in(first, "a"), 1);
    view = view_at(io, &h, 10);
    check(view == first);
    weir_dns_view_release(view);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).reads, 1);
    /* The same size, another time; the other file's part stays. */
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.2 a\n");
    view = view_at(io, &h, 20);
    check_int(host_in(view, "a"), 2);
    check_int(server_in(view), 53);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).reads, 2);
    check_int(state_of(&h, WEIR_DNS_FILE_RESOLV_CONF).reads, 1);
    const weir_dns_hosts *hosts = view->hosts;
    weir_dns_view_release(view);
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.54\n");
    view = view_at(io, &h, 30);
    check_int(server_in(view), 54);
    check(view->hosts == hosts);
    weir_dns_view_release(view);
    /* Only touched: read, but no new view. */
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.2 a\n");
    const weir_dns_view *touched = view_at(io, &h, 40);
    check(touched == view);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).reads, 3);
    weir_dns_view_release(touched);
    unlink(h.paths[WEIR_DNS_FILE_HOSTS]);
    view = view_at(io, &h, 50);
    check_int(host_in(view, "a"), WEIR_EDNS_NOTFOUND);
    check_int(host_in(first, "a"), 1);
    weir_dns_view_release(view);
    weir_dns_view_release(first);
    end(&h);
}

/* Writes a file at `now` again and again.  Whether what was written last was seen each time. */
static bool sees_each_writing(weir_io *io, int64_t now)
{
    house h;
    bool good = true;
    if (!begin(&h)) return false;
    const struct timeval tick = {.tv_sec = now / 1000000, .tv_usec = now % 1000000};
    const struct timeval times[2] = {tick, tick};
    for (int i = 1; i <= 3; i++) {
        char text[16];
        const int len = snprintf(text, sizeof text, "192.0.2.%d a\n", i);
        contract_make_file(h.path, "hosts", text, (size_t)len);
        check_int(utimes(h.paths[WEIR_DNS_FILE_HOSTS], times), 0);
        const weir_dns_view *view = view_at(io, &h, i);
        good &= host_in(view, "a") == i;
        weir_dns_view_release(view);
    }
    end(&h);
    return good;
}

CONTRACT(a_file_written_twice_within_a_tick_of_its_clock_is_read_again)
{
    bool good = false;
    /* A machine that stops meanwhile for some seconds lets `now` become a trusted time of old. */
    for (int tries = 0; !good && tries < 8; tries++)
        good = sees_each_writing(io, weir_now(io, WEIR_CLOCK_REAL).ns / 1000);
    check(good);
}

CONTRACT(a_file_of_names_behind_a_link_is_watched_itself)
{
    house h;
    char target[128];
    if (!begin(&h)) return;
    snprintf(target, sizeof target, "%s/stub", h.path);
    check_int(symlink("stub", h.paths[WEIR_DNS_FILE_RESOLV_CONF]), 0);
    const weir_dns_view *view = view_at(io, &h, 0);
    check_int(server_in(view), 1);
    weir_dns_view_release(view);
    const struct timeval past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    contract_make_file(h.path, "stub", "nameserver 192.0.2.7\n", 21);
    check_int(utimes(target, past), 0);
    view = view_at(io, &h, 1);
    check_int(server_in(view), 7);
    weir_dns_view_release(view);
    contract_make_file(h.path, "stub", "nameserver 192.0.2.77\n", 22);
    view = view_at(io, &h, 2);
    check_int(server_in(view), 77);
    weir_dns_view_release(view);
    end(&h);
}

CONTRACT(an_unreadable_file_of_names_keeps_what_was_known_and_tells_why)
{
    house h;
    if (!begin(&h)) return;
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a\n");
    weir_dns_view_release(view_at(io, &h, 0));
    unlink(h.paths[WEIR_DNS_FILE_HOSTS]);
    check_int(mkdir(h.paths[WEIR_DNS_FILE_HOSTS], 0755), 0);
    const weir_dns_view *view = view_at(io, &h, 1);
    check_int(host_in(view, "a"), 1);
    weir_dns_view_release(view);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).error, WEIR_EISDIR);
    check(state_of(&h, WEIR_DNS_FILE_HOSTS).stale);
    check_int(rmdir(h.paths[WEIR_DNS_FILE_HOSTS]), 0);
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.3 a\n");
    view = view_at(io, &h, 2);
    check_int(host_in(view, "a"), 3);
    weir_dns_view_release(view);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).error, 0);
    check(!state_of(&h, WEIR_DNS_FILE_HOSTS).stale);
    end(&h);
}

CONTRACT(a_file_of_names_unreadable_from_the_start_is_empty_until_it_can_be_read)
{
    house h;
    if (!begin(&h)) return;
    check_int(mkdir(h.paths[WEIR_DNS_FILE_HOSTS], 0755), 0);
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.53\n");
    const weir_dns_view *view = view_at(io, &h, 0);
    check_int(host_in(view, "a"), WEIR_EDNS_NOTFOUND);
    check_int(server_in(view), 53);
    weir_dns_view_release(view);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).error, WEIR_EISDIR);
    check(!state_of(&h, WEIR_DNS_FILE_HOSTS).stale);
    check_int(rmdir(h.paths[WEIR_DNS_FILE_HOSTS]), 0);
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.3 a\n");
    view = view_at(io, &h, 1);
    check_int(host_in(view, "a"), 3);
    weir_dns_view_release(view);
    end(&h);
}

CONTRACT(a_large_file_of_names_is_read_whole)
{
    house h;
    if (!begin(&h)) return;
    const size_t lines = 30000;
    char *text = malloc(lines * 40);
    size_t len = 0;
    for (size_t i = 0; i < lines; i++)
        len += (size_t)sprintf(text + len, "192.0.2.%zu host-%zu.example\n", i % 251, i);
    contract_make_file(h.path, "hosts", text, len);
    const weir_dns_view *view = view_at(io, &h, 0);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).size, len);
    check_int(host_in(view, "host-29999.example"), 29999 % 251);
    weir_dns_view_release(view);
    free(text);
    end(&h);
}

CONTRACT(own_servers_leave_resolv_conf_unread)
{
    house h;
    weir_dns_config config;
    weir_dns_config_parse(weir_bytes_text("nameserver 192.0.2.99\n"), &config);
    const weir_dns_files_options options = {.config = &config};
    if (!begin_with(&h, options)) return;
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.53\n");
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a\n");
    const weir_dns_view *view = view_at(io, &h, 0);
    check_int(server_in(view), 99);
    check_int(host_in(view, "a"), 1);
    weir_dns_view_release(view);
    check_int(state_of(&h, WEIR_DNS_FILE_RESOLV_CONF).reads, 0);
    end(&h);
    weir_dns_files *files;
    config.attempts = 0;
    check_int(weir_dns_files_create(&options, &files), WEIR_EINVAL);
}

CONTRACT(options_no_reload_and_expire_rule_when_files_of_names_are_read)
{
    house h;
    const weir_dns_files_options options = {.options = "ndots:3", .interval = weir_seconds(100)};
    if (!begin_with(&h, options)) return;
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.1\noptions no-reload ndots:2\n");
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a\n");
    const weir_dns_view *view = view_at(io, &h, 0);
    check_int(view->config.ndots, 3);
    weir_dns_view_release(view);
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.2\n");
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.2 a\n");
    view = view_at(io, &h, 99);
    check_int(host_in(view, "a"), 1);
    weir_dns_view_release(view);
    view = view_at(io, &h, 100);
    check_int(host_in(view, "a"), 2);
    check_int(server_in(view), 1);
    const uint64_t generation = view->generation;
    weir_dns_view_release(view);
    weir_dns_files_expire(h.files);
    view = view_at(io, &h, 101);
    check_int(server_in(view), 2);
    check_int(view->generation, generation + 1);
    weir_dns_view_release(view);
    end(&h);
}

/* Many tasks -------------------------------------------------------------------------------- */

typedef struct crowd {
    house h;
    uint32_t seconds; /* atomic: the time */
} crowd;

/* Takes views while the files change: each is whole, and time does not run backwards. */
static int take_views(weir_io *io, void *argument)
{
    crowd *c = argument;
    uint64_t generation = 0;
    for (int i = 0; i < 300 && contract_failed() == 0; i++) {
        const uint32_t seconds = __atomic_add_fetch(&c->seconds, 1, __ATOMIC_RELAXED);
        const weir_dns_view *view = view_at(io, &c->h, seconds / 4.0);
        if (!view) return 0;
        check(host_in(view, "a") > 0);
        check(view->generation >= generation);
        generation = view->generation;
        if (i % 16 == 0) weir_yield(io);
        check(host_in(view, "b") > 0);
        weir_dns_view_release(view);
    }
    return 0;
}

CONTRACT(many_tasks_share_the_view_while_the_files_of_names_change)
{
    crowd c = {0};
    weir_group group = WEIR_GROUP_INIT;
    if (!begin(&c.h)) return;
    put(&c.h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a b\n");
    for (int i = 0; i < 8; i++)
        check_int(weir_group_concurrent(io, &group, take_views, &c, NULL), 0);
    for (int i = 0; i < 30; i++) {
        const char *text = i % 2 ? "hosts: dns\n" : "hosts: files dns\n";
        contract_make_file(c.h.path, "nsswitch.conf", text, strlen(text));
        weir_dns_files_expire(c.h.files);
        weir_yield(io);
    }
    check_int(weir_group_wait(io, &group), 0);
    end(&c.h);
}

/* Ends of a task ---------------------------------------------------------------------------- */

static int take_one(weir_io *io, void *argument)
{
    const weir_dns_view *view = NULL;
    const int error = weir_dns_view_take(io, argument, (weir_instant){0}, &view);
    weir_dns_view_release(view);
    return error;
}

CONTRACT(a_canceled_look_leaves_it_to_the_next)
{
    house h;
    weir_group group = WEIR_GROUP_INIT;
    if (!begin(&h)) return;
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a\n");
    for (int i = 0; i < 4; i++)
        check_int(weir_group_concurrent(io, &group, take_one, h.files, NULL), 0);
    weir_group_cancel(io, &group);
    const weir_dns_view *view = view_at(io, &h, 0);
    check_int(host_in(view, "a"), 1);
    weir_dns_view_release(view);
    end(&h);
}

CONTRACT(out_of_memory_is_an_error_only_before_the_first_view)
{
    house h;
    size_t n = 0;
    if (!begin(&h)) return;
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 a\n");
    put(&h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 192.0.2.53\n");
    for (;; n++) {
        const weir_dns_view *view = NULL;
        test_alloc_fail_once(n);
        const int error = weir_dns_view_take(io, h.files, (weir_instant){0}, &view);
        const size_t failed = test_alloc_failed();
        test_alloc_reset();
        if (error == 0) {
            check_int(host_in(view, "a"), 1);
            check_int(server_in(view), 53);
            weir_dns_view_release(view);
        }
        if (!failed || !check(error == WEIR_ENOMEM || error == 0)) break;
        if (error == 0) break;
    }
    check(n > 2);
    put(&h, WEIR_DNS_FILE_HOSTS, "192.0.2.2 a\n");
    test_alloc_fail_after(0);
    const weir_dns_view *view = NULL;
    const int error = weir_dns_view_take(io, h.files, (weir_instant){weir_seconds(5).ns}, &view);
    test_alloc_reset();
    check_int(error, 0);
    if (view) check_int(host_in(view, "a"), 1);
    weir_dns_view_release(view);
    check_int(state_of(&h, WEIR_DNS_FILE_HOSTS).error, WEIR_ENOMEM);
    view = view_at(io, &h, 10);
    check_int(host_in(view, "a"), 2);
    weir_dns_view_release(view);
    end(&h);
}
