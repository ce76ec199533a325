/* SPDX-License-Identifier: MIT
 *
 * `weir ifaces`: the network interfaces of this machine and their addresses, and their changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/net/interface.h>

#include "cli.h"

typedef struct ifaces {
    bool json, watch;
} ifaces;

enum { HARDWARE_TEXT = 3 * 32 + 1 };

static const char *state_of(uint32_t flags)
{
    if (!(flags & WEIR_INTERFACE_UP)) return "down";
    return flags & WEIR_INTERFACE_RUNNING ? "up" : "no-carrier";
}

static void print_hardware(const weir_interface_entry *entry, char *out)
{
    out[0] = '\0';
    for (unsigned i = 0; i < entry->hardware_len; i++)
        out += snprintf(out, 4, "%s%02x", i ? ":" : "", entry->hardware[i]);
}

/* The address, with the name of its interface where it needs one, and the length of its network. */
static void print_address(const weir_interface_address *address, const char *zone, char *out,
                          size_t size)
{
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print_as(&address->address, WEIR_ADDRESS_AS_IP, zone[0] ? zone : NULL, text,
                          sizeof text);
    snprintf(out, size, "%s/%u", text, address->prefix_len);
}

static void print_json_text(const char *text)
{
    char out[6 * WEIR_ADDRESS_TEXT];
    const size_t len = cli_json_string(text, strlen(text), out, sizeof out);
    fwrite(out, 1, len, stdout);
}

static void print_json(const weir_interface_list *list)
{
    printf("[");
    for (size_t i = 0; i < list->count; i++) {
        const weir_interface_entry *e = &list->entries[i];
        char hardware[HARDWARE_TEXT], text[WEIR_ADDRESS_TEXT + 8];
        print_hardware(e, hardware);
        printf("%s\n  {\"name\": ", i ? "," : "");
        print_json_text(e->name.text);
        printf(", \"index\": %u, \"state\": \"%s\", \"mtu\": %u, \"hardware\": \"%s\", "
               "\"addresses\": [",
               e->interface.index, state_of(e->flags), e->mtu, hardware);
        for (size_t a = 0; a < e->address_count; a++) {
            print_address(&e->addresses[a], e->name.text, text, sizeof text);
            printf("%s", a ? ", " : "");
            print_json_text(text);
        }
        printf("]}");
    }
    printf("\n]\n");
}

static int widest(const weir_interface_list *list, bool hardware)
{
    int most = hardware ? 8 : 4; /* the titles */
    for (size_t i = 0; i < list->count; i++) {
        char text[HARDWARE_TEXT];
        print_hardware(&list->entries[i], text);
        const int len = (int)strlen(hardware ? text : list->entries[i].name.text);
        if (len > most) most = len;
    }
    return most;
}

static void print_table(const weir_interface_list *list)
{
    const int names = widest(list, false), hardwares = widest(list, true);
    printf("%-*s  %5s  %-10s  %10s  %-*s  %s\n", names, "NAME", "INDEX", "STATE", "MTU", hardwares,
           "HARDWARE", "ADDRESSES");
    for (size_t i = 0; i < list->count; i++) {
        const weir_interface_entry *e = &list->entries[i];
        char hardware[HARDWARE_TEXT], text[WEIR_ADDRESS_TEXT + 8] = "-";
        print_hardware(e, hardware);
        if (e->address_count) print_address(&e->addresses[0], e->name.text, text, sizeof text);
        printf("%-*s  %5u  %-10s  %10u  %-*s  %s\n", names, e->name.text, e->interface.index,
               state_of(e->flags), e->mtu, hardwares, hardware[0] ? hardware : "-", text);
        for (size_t a = 1; a < e->address_count; a++) {
            print_address(&e->addresses[a], e->name.text, text, sizeof text);
            printf("%*s%s\n", names + hardwares + 35, "", text);
        }
    }
}

static const char *word_of(weir_interface_event_kind kind)
{
    static const char *const words[] = {
        [WEIR_INTERFACE_NEW] = "new",
        [WEIR_INTERFACE_GONE] = "gone",
        [WEIR_INTERFACE_WENT_UP] = "up",
        [WEIR_INTERFACE_WENT_DOWN] = "down",
        [WEIR_INTERFACE_CHANGED] = "changed",
        [WEIR_INTERFACE_ADDRESS_ADDED] = "address-added",
        [WEIR_INTERFACE_ADDRESS_REMOVED] = "address-removed",
        [WEIR_INTERFACE_MISSED] = "missed",
    };
    return words[kind];
}

static void print_event(const ifaces *how, const weir_interface_event *event)
{
    char address[WEIR_ADDRESS_TEXT + 8] = "";
    if (event->address.address.kind != WEIR_ADDRESS_NONE)
        print_address(&event->address, event->name.text, address, sizeof address);
    if (how->json) {
        printf("{\"event\": \"%s\", \"index\": %u, \"name\": ", word_of(event->kind),
               event->interface.index);
        print_json_text(event->name.text);
        printf(", \"address\": ");
        print_json_text(address);
        printf("}\n");
    } else {
        printf("%-15s  %5u  %s  %s\n", word_of(event->kind), event->interface.index,
               event->name.text, address);
    }
}

static int watch_changes(weir_io *io, const ifaces *how, weir_interface_watch *watch)
{
    weir_interface_event event;
    int error;
    while ((error = weir_interface_watch_next(io, watch, &event)) == 0) {
        /* An interface that has gone has no name any more. */
        if (!event.name.text[0] && event.interface.index)
            weir_interface_get_name(io, event.interface, &event.name);
        print_event(how, &event);
        if (fflush(stdout) != 0) break;
    }
    return error;
}

static int run_task(weir_io *io, void *argument)
{
    const ifaces *how = argument;
    weir_interface_watch *watch = NULL;
    weir_interface_list list;
    int error = how->watch ? weir_interface_watch_open(io, &watch) : 0;
    if (error) return error;
    error = weir_interface_list_get(io, &list);
    if (!error) {
        if (how->json)
            print_json(&list);
        else
            print_table(&list);
        fflush(stdout);
        weir_interface_list_free(&list);
        if (watch) error = watch_changes(io, how, watch);
    }
    weir_interface_watch_close(io, watch);
    return error;
}

static int run(int argc, char **argv)
{
    ifaces how = {0};
    const cli_option options[] = {
        {"json", CLI_FLAG, &how.json}, {"watch", CLI_FLAG, &how.watch}, {NULL, CLI_FLAG, NULL}};
    if (cli_parse(&cli_ifaces, options, argc, argv, NULL, 0) < 0) return CLI_USAGE;
    const weir_engine_options engine = {.workers = 1};
    int error = weir_engine_run(&engine, run_task, &how);
    if (error) cli_complain("cannot list the interfaces: %s", weir_strerror(error));
    return error ? CLI_FAILED : CLI_OK;
}

const cli_command cli_ifaces = {
    .name = "ifaces",
    .summary = "list the network interfaces and their addresses",
    .help = "usage: weir ifaces [--json] [--watch]\n\n"
            "Lists the network interfaces of this machine: name, index, state, MTU, hardware\n"
            "address and addresses.  The state is up, down, or no-carrier (switched on, but no\n"
            "cable or no peer).\n\n"
            "  --json   as JSON: an array of objects\n"
            "  --watch  go on, and print a line for each change (with --json an object per line)\n"
            "\n"
            "example: weir ifaces\n"
            "         weir ifaces --json | jq -r '.[] | select(.state == \"up\") | .name'\n"
            "         weir ifaces --watch\n",
    .run = run,
};
