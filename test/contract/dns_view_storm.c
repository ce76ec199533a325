/* SPDX-License-Identifier: MIT
 *
 * Does a view of the system's files live as long as somebody holds it, and no longer, when the
 * files are read anew all the time and views are released by others than those who took them?
 */
#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/dns/view.h>

enum { TASKS = 8, TURNS = 150, SLOTS = 16 };

typedef struct storm {
    char path[64];
    weir_dns_files *files;
    const weir_dns_view *slots[SLOTS]; /* atomic: held by nobody in particular */
    uint32_t seconds;                  /* atomic: the time */
    uint32_t writings;                 /* atomic */
    uint64_t seed;
} storm;

static int number_of(const weir_dns_view *view, const char *host)
{
    weir_dns_name name;
    weir_address address;
    weir_dns_name_parse(weir_bytes_text(host), &name);
    weir_dns_name_lower(&name);
    const int count = weir_dns_hosts_find(view->hosts, &name, WEIR_DNS_IPV4, &address, 1, NULL);
    return count == 1 ? address.at.ipv4[3] : -1;
}

/* In one piece, but for a moment in which the file is empty. */
static void write_hosts(const storm *s, uint32_t number)
{
    char text[64];
    const int len = snprintf(text, sizeof text, "192.0.2.%u a b\n", 1 + number % 250);
    contract_make_file(s->path, "hosts", text, (size_t)len);
}

static void let_go(const weir_dns_view *view)
{
    if (!view) return;
    check_int(number_of(view, "a"), number_of(view, "b"));
    weir_dns_view_release(view);
}

static int take_and_leave(weir_io *io, void *argument)
{
    storm *s = argument;
    uint64_t seed = s->seed + __atomic_add_fetch(&s->writings, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < TURNS && !contract_failed(); i++) {
        const uint32_t seconds = __atomic_add_fetch(&s->seconds, 1, __ATOMIC_RELAXED);
        const weir_dns_view *view = NULL;
        if (i % 8 == 0) write_hosts(s, __atomic_add_fetch(&s->writings, 1, __ATOMIC_RELAXED));
        if (i % 3 == 0) weir_dns_files_expire(s->files);
        const weir_instant now = weir_instant_add((weir_instant){0}, weir_seconds(seconds));
        if (!check_int(weir_dns_view_take(io, s->files, now, &view), 0)) break;
        const weir_dns_view **slot = &s->slots[test_random(&seed) % SLOTS];
        let_go(__atomic_exchange_n(slot, view, __ATOMIC_ACQ_REL));
        if (test_random(&seed) % 4 == 0) weir_yield(io);
    }
    return 0;
}

CONTRACT(views_outlive_a_storm_of_reloads_and_the_files_themselves)
{
    storm s = {.seed = test_seed()};
    weir_group group = WEIR_GROUP_INIT;
    char hosts[80];
    if (!contract_make_directory(s.path)) return;
    snprintf(hosts, sizeof hosts, "%s/hosts", s.path);
    write_hosts(&s, 0);
    const weir_dns_files_options options = {
        .paths = {"/nonexistent/resolv", hosts, "/nonexistent"}};
    if (check_int(weir_dns_files_create(&options, &s.files), 0)) {
        for (int i = 0; i < TASKS; i++)
            check_int(weir_group_concurrent(io, &group, take_and_leave, &s, NULL), 0);
        check_int(weir_group_wait(io, &group), 0);
        weir_dns_files_destroy(s.files);
        for (int i = 0; i < SLOTS; i++) let_go(s.slots[i]);
    }
    contract_remove_directory(s.path);
}
