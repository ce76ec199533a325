/* SPDX-License-Identifier: MIT
 *
 * `weir resolve --config`: the servers and rules by which names are looked up, and where they are
 * from.
 */
#include <inttypes.h>

#include <weir/base/error.h>

#include "resolve.h"

/* The switches of a configuration by their names in resolv.conf(5). */
typedef struct named_switch {
    const char *name;
    bool on;
} named_switch;

enum { SWITCHES = 8 };

static void get_switches(const weir_dns_config *c, named_switch out[SWITCHES])
{
    const named_switch all[SWITCHES] = {
        {"rotate", c->rotate},
        {"edns0", c->edns0},
        {"use-vc", c->use_vc},
        {"single-request", c->single_request || c->single_request_reopen},
        {"no-aaaa", c->no_aaaa},
        {"trust-ad", c->trust_ad},
        {"no-tld-query", c->no_tld_query},
        {"no-reload", c->no_reload},
    };
    for (int i = 0; i < SWITCHES; i++) out[i] = all[i];
}

static void print_ignored(const resolving *r, const weir_dns_config_ignored *ignored)
{
    if (ignored->count == 0) return;
    resolve_begin(r, "ignored");
    printf("\"%s\"", ignored->text);
    if (ignored->line > 0) printf(" in line %" PRIu32, ignored->line);
    printf(": %s", weir_dns_config_fault_text(ignored->fault));
    if (ignored->count > 1) printf("; and %" PRIu32 " more", ignored->count - 1);
    putchar('\n');
}

static void print_rules(const resolving *r)
{
    const weir_dns_config *c = &r->asker.config;
    char text[WEIR_DNS_NAME_TEXT], timeout[WEIR_DURATION_ROOM];
    named_switch switches[SWITCHES];
    for (unsigned i = 0; i < c->server_count; i++) {
        weir_address_print(&c->servers[i], text);
        resolve_begin(r, i == 0 ? "servers" : "");
        printf("%s%s\n", text, c->servers_assumed ? "  (assumed: no file names one)" : "");
    }
    resolve_begin(r, "search");
    for (unsigned i = 0; i < c->search_count; i++) {
        weir_dns_name_print_host(&c->search[i], text);
        printf("%s%s", i ? " " : "", text);
    }
    puts(c->search_count ? "" : "nothing");
    resolve_begin(r, "ndots");
    printf("%u\n", c->ndots);
    weir_duration_print(c->timeout, timeout, sizeof timeout);
    resolve_begin(r, "patience");
    printf("%s for each attempt, %u round%s over the servers\n", timeout, c->attempts,
           c->attempts == 1 ? "" : "s");
    resolve_begin(r, "options");
    get_switches(c, switches);
    for (int i = 0, n = 0; i < SWITCHES; i++)
        if (switches[i].on) printf("%s%s", n++ ? " " : "", switches[i].name);
    putchar('\n');
    print_ignored(r, &c->ignored);
}

/* Which statuses end a step: those that stand for the usual, success alone, are not told. */
static void print_order(const resolving *r, const weir_dns_order *order)
{
    static const char *const names[] = {"success", "notfound", "unavail", "tryagain"};
    resolve_begin(r, "order");
    for (unsigned i = 0; i < order->count; i++) {
        const weir_dns_order_step *step = &order->steps[i];
        printf("%s%s", i ? ", then " : "", step->source == WEIR_DNS_FILES ? "hosts file" : "DNS");
        for (unsigned bit = 0; bit < 4 && i + 1 < order->count; bit++) {
            const bool ends = step->ends >> bit & 1U;
            if (ends != (bit == 0)) printf(" [%s=%s]", names[bit], ends ? "return" : "continue");
        }
    }
    puts(order->assumed ? "  (assumed: nsswitch.conf does not say)" : "");
}

static void print_files(const resolving *r)
{
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) {
        weir_dns_file_state s;
        weir_dns_resolver_file(r->asker.system, (weir_dns_file)i, &s);
        resolve_begin(r, i == 0 ? "files" : "");
        printf("%s%s", s.path[0] ? s.path : "none", s.path[0] ? ": " : "\n");
        if (!s.path[0]) continue;
        if (s.error)
            printf("cannot be read: %s\n", weir_strerror(s.error));
        else if (s.present)
            printf("%" PRIu64 " bytes\n", s.size);
        else
            puts("is not there");
    }
}

/* JSON ------------------------------------------------------------------------------------- */

static void rules_to_json(dns_json *json, const weir_dns_config *c)
{
    named_switch switches[SWITCHES];
    dns_json_open(json, "servers", '[');
    for (unsigned i = 0; i < c->server_count; i++) dns_json_address(json, NULL, &c->servers[i]);
    dns_json_close(json, ']');
    dns_json_bool(json, "servers_assumed", c->servers_assumed);
    dns_json_open(json, "search", '[');
    for (unsigned i = 0; i < c->search_count; i++) dns_json_name(json, NULL, &c->search[i]);
    dns_json_close(json, ']');
    dns_json_number(json, "ndots", c->ndots);
    dns_json_milliseconds(json, "timeout_ms", c->timeout);
    dns_json_number(json, "attempts", c->attempts);
    dns_json_open(json, "options", '[');
    get_switches(c, switches);
    for (int i = 0; i < SWITCHES; i++)
        if (switches[i].on) dns_json_text(json, NULL, switches[i].name);
    dns_json_close(json, ']');
    dns_json_open(json, "ignored", '{');
    dns_json_number(json, "count", c->ignored.count);
    if (c->ignored.count > 0) {
        dns_json_number(json, "line", c->ignored.line);
        dns_json_text(json, "text", c->ignored.text);
        dns_json_text(json, "fault", weir_dns_config_fault_text(c->ignored.fault));
    }
    dns_json_close(json, '}');
}

static void files_to_json(dns_json *json, const resolving *r)
{
    dns_json_open(json, "files", '[');
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) {
        weir_dns_file_state s;
        weir_dns_resolver_file(r->asker.system, (weir_dns_file)i, &s);
        dns_json_open(json, NULL, '{');
        dns_json_text(json, "path", s.path);
        dns_json_bool(json, "present", s.present);
        dns_json_number(json, "size", s.size);
        if (s.error) dns_json_error(json, "error", s.error);
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
}

static void order_to_json(dns_json *json, const weir_dns_order *order)
{
    dns_json_open(json, "order", '[');
    for (unsigned i = 0; i < order->count; i++)
        dns_json_text(json, NULL, order->steps[i].source == WEIR_DNS_FILES ? "files" : "dns");
    dns_json_close(json, ']');
}

int resolve_config(weir_io *io, resolving *r)
{
    const weir_dns_view *view;
    const int error = weir_dns_resolver_view(io, r->asker.system, &view);
    if (error) return error;
    if (r->asker.json) {
        rules_to_json(&r->json, &r->asker.config);
        order_to_json(&r->json, &view->order);
        files_to_json(&r->json, r);
    } else {
        print_rules(r);
        print_order(r, &view->order);
        print_files(r);
    }
    weir_dns_view_release(view);
    return 0;
}
