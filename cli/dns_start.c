/* SPDX-License-Identifier: MIT
 *
 * `weir dig` and `weir resolve`: the engine, and resolvers as the files and the options have them.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/base/num.h>
#include <weir/io/clock.h>

#include "dns.h"
#include "start.h"

/* The words of a command line -------------------------------------------------------------- */

static const dns_alias *find_alias(const dns_alias *aliases, const char *word)
{
    for (; aliases->word; aliases++) {
        const size_t len = strlen(aliases->word);
        if (aliases->prefix ? strncmp(word, aliases->word, len) == 0
                            : strcmp(word, aliases->word) == 0)
            return aliases;
    }
    return NULL;
}

char **dns_translate(const cli_command *command, const dns_alias *aliases, int *argc, char **argv)
{
    char **out = calloc(2 * (size_t)*argc + 1, sizeof *out);
    int count = 0;
    bool literal = false;
    if (!out) cli_complain("%s: %s", command->name, weir_strerror(WEIR_ENOMEM));
    for (int i = 0; i < *argc && out; i++) {
        const dns_alias *alias = literal ? NULL : find_alias(aliases, argv[i]);
        literal |= strcmp(argv[i], "--") == 0;
        if (!alias && !literal && argv[i][0] == '+') {
            cli_complain("%s does not know %s; weir %s --help lists the options", command->name,
                         argv[i], command->name);
            free(out);
            return NULL;
        }
        if (alias && !alias->option) continue;
        out[count++] = alias ? (char *)alias->option : argv[i];
        if (alias && alias->prefix) out[count++] = argv[i] + strlen(alias->word);
    }
    *argc = count;
    return out;
}

bool dns_read_numbers(dns_asker *asker)
{
    uint64_t attempts = 0;
    if (asker->attempts_text && (weir_decimal_parse(weir_bytes_text(asker->attempts_text),
                                                    WEIR_DNS_ATTEMPTS_MAX, &attempts) < 0 ||
                                 attempts == 0)) {
        cli_complain("--attempts takes 1 to %d", WEIR_DNS_ATTEMPTS_MAX);
        return false;
    }
    const int port =
        asker->port_text ? weir_port_parse(weir_bytes_text(asker->port_text), NULL) : 0;
    if (port < 0 || (asker->port_text && port == 0)) {
        cli_complain("--port takes 1 to 65535, not \"%s\"", asker->port_text);
        return false;
    }
    asker->attempts = (uint8_t)attempts;
    asker->port = (uint16_t)port;
    return true;
}

void dns_paint(const dns_asker *asker, enum dns_colour colour)
{
    static const char *const codes[] = {"\033[0m", "\033[2m", "\033[1m", "\033[1;31m", "\033[32m"};
    if (asker->colour) fputs(codes[colour], stdout);
}

/* The engine ------------------------------------------------------------------------------- */

int dns_run_command(dns_asker *asker, weir_task_fn *main, void *argument)
{
    asker->colour = !asker->json && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    weir_io *io = cli_make_engine(asker->engine, &(weir_engine_options){.workers = 1});
    if (!io) return CLI_FAILED;
    int status = weir_run(io, main, argument);
    weir_io_destroy(io);
    if (status < 0) cli_complain("cannot run: %s", weir_strerror(status));
    if (fflush(stdout) != 0 && status == CLI_OK) status = CLI_FAILED;
    if (asker->misused) return CLI_USAGE;
    return status < 0 ? CLI_FAILED : status;
}

/* Servers ---------------------------------------------------------------------------------- */

/* Splits "name:port"; without a port it is that of DNS.  Returns whether the name may be a host's.
 */
static bool split_server(const char *text, weir_bytes *host, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    *host = weir_bytes_of(text, colon ? (size_t)(colon - text) : strlen(text));
    *port = WEIR_DNS_PORT;
    if (colon) {
        const int number = weir_port_parse(weir_bytes_text(colon + 1), NULL);
        if (number <= 0) return false;
        *port = (uint16_t)number;
    }
    return weir_dns_host_check(*host, 0, NULL) == 0;
}

/* A server by its name, which the system's own servers know. */
static bool add_named(weir_io *io, dns_asker *asker, const char *text)
{
    const weir_dns_lookup_options options = {.report = &asker->report};
    weir_address found[WEIR_DNS_SERVERS_MAX];
    weir_dns_config *config = &asker->config;
    weir_bytes host;
    uint16_t port;
    if (!split_server(text, &host, &port)) {
        cli_complain("%s: \"%s\" is no name server; it takes 192.0.2.53, 192.0.2.53:5353, "
                     "2001:db8::53, [2001:db8::53]:5353 or a name",
                     asker->command->name, text);
        asker->misused = true;
        return false;
    }
    const int count = weir_dns_lookup_host(io, asker->system, host, port, &options, found,
                                           WEIR_DNS_SERVERS_MAX, NULL);
    if (count < 0) {
        char name[300];
        snprintf(name, sizeof name, "the name server %.*s", (int)host.len, host.data);
        dns_complain(asker, name, "", count);
        return false;
    }
    for (int i = 0; i < count && config->server_count < WEIR_DNS_SERVERS_MAX; i++)
        config->servers[config->server_count++] = found[i];
    memset(&asker->report, 0, sizeof asker->report); /* the question itself comes now */
    return true;
}

static bool add_servers(weir_io *io, dns_asker *asker)
{
    if (asker->servers.count > 0) {
        asker->config.server_count = 0;
        asker->config.servers_assumed = false;
    }
    for (unsigned i = 0; i < asker->servers.count; i++) {
        const char *text = asker->servers.items[i];
        weir_address_why why;
        const int error = weir_dns_config_add_server(&asker->config, weir_bytes_text(text), &why);
        if (error == WEIR_ELIMIT)
            cli_complain("%s asks at most %d servers", asker->command->name, WEIR_DNS_SERVERS_MAX);
        else if (error && error != WEIR_EADDRTEXT)
            cli_complain("%s: the name server \"%s\": %s", asker->command->name, text,
                         error == WEIR_EPORTTEXT ? "its port is a number from 1 to 65535"
                                                 : weir_address_fault_text(why.fault));
        asker->misused = error && error != WEIR_EADDRTEXT;
        if (asker->misused) return false;
        if (error && !add_named(io, asker, text)) return false;
    }
    return true;
}

/* Resolvers -------------------------------------------------------------------------------- */

/* A file that the user named has to be there, other than the system's own. */
static bool check_files(const dns_asker *asker)
{
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) {
        weir_dns_file_state state;
        weir_dns_resolver_file(asker->system, (weir_dns_file)i, &state);
        if (!asker->files[i] || !asker->files[i][0] || (state.present && !state.error)) continue;
        cli_complain("cannot read %s: %s", asker->files[i],
                     weir_strerror(state.error ? state.error : WEIR_ENOENT));
        return false;
    }
    return true;
}

static bool change_config(weir_io *io, dns_asker *asker)
{
    weir_dns_resolver_options options = {.files = {.config = &asker->config}};
    memcpy(options.files.paths, asker->files, sizeof asker->files);
    if (!add_servers(io, asker)) return false;
    if (asker->timeout.ns) asker->config.timeout = asker->timeout;
    if (asker->attempts) asker->config.attempts = asker->attempts;
    for (unsigned i = 0; i < asker->config.server_count && asker->port; i++)
        asker->config.servers[i].port = asker->port;
    if (asker->tcp) asker->config.use_vc = true;
    const int error = weir_dns_resolver_create(io, &options, &asker->resolver);
    if (error) cli_complain("cannot ask these servers: %s", weir_strerror(error));
    return !error;
}

bool dns_open(weir_io *io, dns_asker *asker)
{
    weir_dns_resolver_options options = {.files = {.options = getenv("RES_OPTIONS")}};
    const weir_dns_view *view;
    memcpy(options.files.paths, asker->files, sizeof asker->files);
    int error = weir_dns_resolver_create(io, &options, &asker->system);
    if (!error) error = weir_dns_resolver_view(io, asker->system, &view);
    if (error) {
        cli_complain("cannot read how to resolve: %s", weir_strerror(error));
        return false;
    }
    asker->config = view->config;
    weir_dns_view_release(view);
    if (!check_files(asker)) return false;
    asker->resolver = asker->system;
    const bool changed = asker->servers.count > 0 || asker->timeout.ns || asker->attempts ||
                         asker->port || asker->tcp;
    if (changed && !change_config(io, asker)) return false;
    asker->started = weir_now(io, WEIR_CLOCK_MONOTONIC);
    return true;
}

void dns_close(weir_io *io, dns_asker *asker)
{
    if (asker->resolver != asker->system) weir_dns_resolver_destroy(io, asker->resolver);
    weir_dns_resolver_destroy(io, asker->system);
    asker->resolver = asker->system = NULL;
}
