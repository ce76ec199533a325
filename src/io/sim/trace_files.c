/* SPDX-License-Identifier: MIT
 *
 * The files of a seed that somebody wants to see.
 */
#include "io/sim/trace_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "io/sim/world.h"

static const char TEXT[] = "--trace", PICTURE[] = "--svg";

/* "1.5" in nanoseconds; *end is what follows. */
static int64_t read_seconds(const char *text, const char **end)
{
    int64_t ns = 0, unit = 1000000000;
    for (; *text >= '0' && *text <= '9' && ns < INT64_C(100000000000000000); text++)
        ns = ns * 10 + (*text - '0') * unit;
    if (*text == '.' && text[1] != '.')
        for (text++; *text >= '0' && *text <= '9'; text++) ns += (*text - '0') * (unit /= 10);
    *end = text;
    return ns;
}

bool weir_sim_trace_files_window(sim_trace_files *files, const char *text)
{
    files->view.from.ns = read_seconds(text, &text);
    if (strncmp(text, "..", 2) != 0) return false;
    files->view.until.ns = read_seconds(text + 2, &text);
    return *text == 0 && (!files->view.until.ns || files->view.until.ns >= files->view.from.ns);
}

static bool is_whole(const weir_sim_view *view)
{
    return !view->from.ns && !view->until.ns && !view->hosts;
}

void weir_sim_file_complain(const char *option, const char *path, int error)
{
    char shown[SIM_SHOWN];
    fprintf(stderr, "weir sim: cannot write \"%s\": %s; give %s a file that can be written\n",
            sim_shown(path, strlen(path), shown), weir_strerror(error), option);
}

bool weir_sim_file_check(const char *option, const char *path, bool regular)
{
    struct stat is;
    const bool special = stat(path, &is) == 0 && !S_ISREG(is.st_mode) && !S_ISDIR(is.st_mode);
    if (special && !regular) return true;
    const int fd = special ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) weir_sim_file_complain(option, path, special ? WEIR_EINVAL : -errno);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool weir_sim_trace_files_check(const sim_trace_files *files)
{
    if (files->text && !is_standard(files->text) && !weir_sim_file_check(TEXT, files->text, false))
        return false;
    return !files->picture || is_standard(files->picture) ||
           weir_sim_file_check(PICTURE, files->picture, false);
}

static FILE *open_file(const char *option, const char *path, weir_sim_trial *trial)
{
    FILE *file = is_standard(path) ? stdout : fopen(path, "we");
    if (!file) {
        weir_sim_file_complain(option, path, -errno);
        trial->unwritten = true;
    }
    return file;
}

static void close_file(FILE *file, const char *option, const char *path, int error,
                       weir_sim_trial *trial)
{
    if (fflush(file) != 0 && !error) error = -errno;
    if (ferror(file) && !error) error = WEIR_EIO;
    if (file != stdout && fclose(file) != 0 && !error) error = -errno;
    if (!error) return;
    weir_sim_file_complain(option, path, error);
    trial->unwritten = true;
}

static bool has_host(const weir_sim *sim, const char *name, size_t length)
{
    for (const host *h = sim->hosts; h; h = h->next)
        if (strlen(h->name) == length && memcmp(h->name, name, length) == 0) return true;
    return false;
}

/* A name that is no host's leaves out what somebody wanted to see. */
static void tell_unknown_hosts(const char *names, const weir_sim *sim)
{
    for (size_t length; names; names = names[length] ? names + length + 1 : NULL) {
        length = strcspn(names, ",");
        if (has_host(sim, names, length)) continue;
        char shown[SIM_SHOWN];
        fprintf(stderr, "weir sim: this world has no host \"%s\"; it has",
                sim_shown(names, length, shown));
        for (const host *h = sim->hosts; h; h = h->next)
            fprintf(stderr, "%s %s", h == sim->hosts ? "" : ",", h->name);
        fputc('\n', stderr);
    }
}

void weir_sim_trace_files_open(const sim_trace_files *files, weir_sim_trial *trial)
{
    trial->record = files->text || files->picture;
    if (files->text && is_whole(&files->view)) trial->follow = open_file(TEXT, files->text, trial);
}

static void write_file(const char *option, const char *path, weir_sim_trial *trial,
                       const weir_sim_view *view,
                       int (*write)(const weir_sim *sim, const weir_sim_view *view, FILE *out))
{
    FILE *file = open_file(option, path, trial);
    if (file) close_file(file, option, path, write(trial->sim, view, file), trial);
}

void weir_sim_trace_files_close(const sim_trace_files *files, weir_sim_trial *trial)
{
    weir_sim_view view = files->view;
    char title[sizeof trial->why + 96];
    if (!trial->sim) return;
    tell_unknown_hosts(view.hosts, trial->sim);
    if (trial->follow) {
        weir_sim_follow(trial->sim, NULL);
        close_file(trial->follow, TEXT, files->text, 0, trial);
        trial->follow = NULL;
    } else if (files->text && !is_whole(&files->view)) {
        write_file(TEXT, files->text, trial, &view, weir_sim_write_text);
    }
    snprintf(title, sizeof title, "%s%s%s%s%s", files->scenario ? files->scenario : "",
             files->scenario ? ", " : "", weir_sim_profile_name(trial->profile),
             trial->failed ? ", failed: " : ", good", trial->failed ? trial->why : "");
    view.title = title;
    if (files->picture) write_file(PICTURE, files->picture, trial, &view, weir_sim_write_svg);
}
