/* SPDX-License-Identifier: MIT
 *
 * Messages as text, from dig's output and from Weir's calls.
 */
#include "test/interop/dns_said.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/wire/record.h>

#include "test/harness/test.h"

enum { LINES = 2048 };

/* A message being put together. */
typedef struct said {
    char head[64];
    char *lines[LINES];
    size_t count;
} said;

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_line(said *s, const char *section, const char *name, unsigned long ttl,
                     const char *type, const char *data)
{
    assert_true(s->count < LINES);
    assert_true(asprintf(&s->lines[s->count++], "%s %s %lu IN %s %s\n", section, name, ttl, type,
                         data) > 0);
}

/* The whole text; `s` is empty after it. */
static char *finish(said *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    fprintf(out, "%s\n", s->head);
    qsort(s->lines, s->count, sizeof *s->lines, by_text);
    for (size_t i = 0; i < s->count; i++) {
        fputs(s->lines[i], out);
        free(s->lines[i]);
    }
    s->count = 0;
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Zones -------------------------------------------------------------------------------------- */

size_t dns_asked_of_zone(const char *folder, const char *zone, dns_asked *out, size_t room)
{
    char path[256], line[4096], owner[128], type[128];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s.zone", folder, zone);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "$GENERATE %*s %127s %127s", owner, type) != 2 &&
            (line[0] == '$' || sscanf(line, "%127s %127s", owner, type) != 2))
            continue;
        dns_asked *one = &out[count], *same = out;
        assert_true(count < room);
        if (strcmp(owner, "@") == 0)
            snprintf(one->name, sizeof one->name, "%s.", zone);
        else
            snprintf(one->name, sizeof one->name, "%s.%s.", owner, zone);
        snprintf(one->type, sizeof one->type, "%.15s", type);
        while (strcmp(same->name, one->name) != 0 || strcmp(same->type, one->type) != 0) same++;
        count += same == one;
    }
    fclose(file);
    return count;
}

/* dig ---------------------------------------------------------------------------------------- */

/* Reads "NAME TTL IN TYPE DATA", which blanks separate. */
static void take_record(said *s, const char *section, char *line, bool cached)
{
    char *rest = line;
    const char *name = strsep(&rest, " \t"), *words[3];
    for (int i = 0; i < 3; i++) {
        rest += strspn(rest, " \t");
        words[i] = strsep(&rest, " \t\n");
    }
    rest = rest ? rest + strspn(rest, " \t") : line + strlen(line);
    rest[strcspn(rest, "\n")] = 0;
    add_line(s, section, name, cached ? 0 : strtoul(words[0], NULL, 10), words[2], rest);
}

/* Reads one line of dig's.  True at the beginning of a message. */
static bool is_message(const char *line)
{
    return strncmp(line, ";; ->>HEADER<<-", 15) == 0;
}

static void take_head(said *s, const char *line)
{
    char status[32];
    const char *at = strstr(line, "status: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "status: %31[^,]", status), 1);
    snprintf(s->head, sizeof s->head, "%s", status);
}

static void take_flags(said *s, const char *line)
{
    const char *flags = line + strlen(";; flags:");
    const size_t len = strlen(s->head);
    snprintf(s->head + len, sizeof s->head - len, "%.*s", (int)strcspn(flags, ";"), flags);
}

static size_t take_output(FILE *dig, bool cached, char **out, size_t room)
{
    static said s;
    char *line = NULL, section[32] = "";
    size_t size = 0, count = 0;
    bool begun = false;
    while (getline(&line, &size, dig) > 0) {
        if (is_message(line)) {
            if (begun && count < room) out[count++] = finish(&s);
            begun = true;
            take_head(&s, line);
        } else if (strncmp(line, ";; flags:", 9) == 0) {
            take_flags(&s, line);
        } else if (strstr(line, " SECTION:")) {
            sscanf(line, ";; %31s", section);
        } else if (line[0] != ';' && line[0] != '\n') {
            take_record(&s, section, line, cached);
        }
    }
    if (begun && count < room) out[count++] = finish(&s);
    free(line);
    return count;
}

void dns_said_by_dig(const char *folder, const dns_said_options *options, const dns_asked *asked,
                     size_t count, char **out)
{
    char path[256], command[1024];
    snprintf(path, sizeof path, "%s/dig.asked", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) fprintf(file, "%s %s\n", asked[i].name, asked[i].type);
    fclose(file);
    snprintf(command, sizeof command,
             "dig -r @127.0.0.1 -p %u +noall +comments +question +answer +authority +adflag "
             "+tries=3 +time=30 %s %s %s -f %s",
             options->server.port, options->recursion ? "" : "+norecurse",
             options->dnssec ? "+dnssec" : "", options->tcp ? "+tcp" : "", path);
    FILE *dig = popen(command, "r");
    assert_non_null(dig);
    assert_int_equal(take_output(dig, options->cached, out, count), count);
    assert_int_equal(pclose(dig), 0);
}

/* Weir --------------------------------------------------------------------------------------- */

static void head_of(said *s, const weir_dns_message *message, const weir_dns_header *header)
{
    const char *rcode = weir_dns_rcode_name(message->rcode);
    snprintf(s->head, sizeof s->head, "%s%s%s%s%s%s%s%s", rcode ? rcode : "?",
             header->response ? " qr" : "", header->authoritative ? " aa" : "",
             header->truncated ? " tc" : "", header->recursion_desired ? " rd" : "",
             header->recursion_available ? " ra" : "", header->authentic ? " ad" : "",
             header->checking_disabled ? " cd" : "");
}

static void take_message(said *s, const weir_dns_message *message, bool cached)
{
    static const char *const sections[] = {"QUESTION", "ANSWER", "AUTHORITY"};
    static char data_text[200000];
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    int got;
    assert_int_equal(weir_dns_reader_init(&reader, message->octets, &header), 0);
    head_of(s, message, &header);
    while ((got = weir_dns_reader_record(&reader, &record)) > 0) {
        char name_text[WEIR_DNS_NAME_TEXT], type_text[WEIR_DNS_TYPE_TEXT];
        weir_dns_name name;
        weir_dns_data data;
        if (record.section == WEIR_DNS_ADDITIONAL) continue;
        assert_true(weir_dns_reader_name(&reader, record.name_at, &name) > 0);
        weir_dns_name_print(&name, name_text);
        weir_dns_type_print(record.type, type_text);
        assert_int_equal(weir_dns_record_data(&reader, &record, &data), 0);
        assert_true(weir_dns_data_print(&data, data_text, sizeof data_text) < sizeof data_text);
        add_line(s, sections[record.section], name_text, cached ? 0 : record.ttl, type_text,
                 data_text);
    }
    assert_int_equal(got, 0);
}

char *dns_said_by_weir(weir_io *io, weir_dns_resolver *resolver, const dns_said_options *options,
                       const dns_asked *asked)
{
    static said s;
    weir_dns_name name;
    weir_dns_message message = {0};
    const weir_dns_query_options how = {.server = &options->server,
                                        .tcp = options->tcp,
                                        .no_recursion = !options->recursion,
                                        .dnssec = options->dnssec};
    assert_true(weir_dns_name_parse(weir_bytes_text(asked->name), &name) >= 0);
    const int type = weir_dns_type_parse(weir_bytes_text(asked->type));
    assert_true(type > 0);
    const int error = weir_dns_query(io, resolver, &name, (uint16_t)type, &how, &message);
    if (message.octets.len > 0)
        take_message(&s, &message, options->cached);
    else
        snprintf(s.head, sizeof s.head, "%s", weir_strerror(error));
    weir_dns_message_free(&message);
    return finish(&s);
}
