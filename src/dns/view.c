/* SPDX-License-Identifier: MIT
 *
 * Views of the system's files, counted, and read anew when a file has changed.
 *
 * One task at a time looks at the files, under `mutex`; the first look is waited for, later ones
 * are not.  What others see is published under the spin lock `lock`, which also guards the step
 * from "this is the present view" to "and it has one holder more".
 *
 * Invariant: a view and its table of hosts live while somebody holds them; the files hold the
 * present one.
 */
#include <weir/dns/view.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/base/hash.h>
#include <weir/io/random.h>
#include <weir/io/work.h>
#include <weir/sync/mutex.h>

#include "base/spin.h"
#include "dns/files.h"

/* Texts from this size on are read on a thread of work, so that they do not hold a worker. */
#define LARGE ((size_t)256 << 10)

/* A table of hosts, shared by the views between two changes of that file. */
typedef struct shared_hosts {
    uint32_t holders; /* atomic */
    weir_dns_hosts *table;
} shared_hosts;

/* Every lookup takes a view and releases it: that is counted apart, so that taking, which is done
 * under the spin lock, is no second atomic step.
 *
 * Invariant: while a view is the present one, `left` is how often it was released, below zero;
 * after that it is how often it still has to be, and who brings it to 0 frees it. */
typedef struct counted_view {
    weir_dns_view view;
    int64_t taken; /* guarded by the files' lock */
    int64_t left;  /* atomic */
    shared_hosts *hosts;
} counted_view;

/* A file, and the digest of its bytes: one that was only touched makes no new view. */
typedef struct watched_file {
    dns_files_mark mark;
    uint64_t digest;
    weir_dns_file_state state; /* guarded by `lock` */
} watched_file;

struct weir_dns_files {
    int64_t next_look; /* atomic: the instant from which on somebody has to look */
    uint32_t expired;  /* atomic: read all */
    uint32_t lock;
    counted_view *present; /* guarded by `lock` */
    weir_mutex mutex;      /* guards the rest */
    bool keyed;
    weir_hash_key key;
    weir_duration interval;
    bool has_config;
    weir_dns_config config;
    char *options; /* or NULL */
    watched_file files[WEIR_DNS_FILE_COUNT];
};

/* Views ------------------------------------------------------------------------------------- */

static void let_go_of_hosts(shared_hosts *hosts)
{
    /* Release: our reads are over; acquire, by the last one: so are all others'. */
    if (!hosts || __atomic_sub_fetch(&hosts->holders, 1, __ATOMIC_ACQ_REL) > 0) return;
    weir_dns_hosts_destroy(hosts->table);
    free(hosts);
}

static void destroy_view(counted_view *view)
{
    let_go_of_hosts(view->hosts);
    free(view);
}

void weir_dns_view_release(const weir_dns_view *view)
{
    counted_view *counted = (counted_view *)(uintptr_t)view;
    /* As in let_go_of_hosts. */
    if (!counted || __atomic_sub_fetch(&counted->left, 1, __ATOMIC_ACQ_REL) != 0) return;
    destroy_view(counted);
}

/* Lets go of a view that is the present one no longer, so that nobody can take it. */
static void retire(counted_view *view)
{
    /* As in let_go_of_hosts. */
    if (__atomic_add_fetch(&view->left, view->taken, __ATOMIC_ACQ_REL) == 0) destroy_view(view);
}

static counted_view *take_present(weir_dns_files *files)
{
    weir_spin_lock(&files->lock);
    counted_view *present = files->present;
    if (present) present->taken++;
    weir_spin_unlock(&files->lock);
    return present;
}

/* A copy of the present view to change, or the first one; with its share in the hosts. */
static counted_view *draft(const weir_dns_files *files)
{
    counted_view *view = calloc(1, sizeof *view);
    if (!view) return NULL;
    if (files->present) {
        view->view = files->present->view;
        view->hosts = files->present->hosts;
        __atomic_add_fetch(&view->hosts->holders, 1, __ATOMIC_RELAXED);
    } else if (files->has_config) {
        view->view.config = files->config;
    }
    view->view.generation++;
    return view;
}

static void publish(weir_dns_files *files, counted_view *view)
{
    weir_spin_lock(&files->lock);
    counted_view *old = files->present;
    files->present = view;
    weir_spin_unlock(&files->lock);
    if (old) retire(old);
}

/* Texts to values --------------------------------------------------------------------------- */

/* A text, and what is to be made of it. */
typedef struct reading {
    const weir_dns_files *files;
    weir_dns_file which;
    weir_bytes text;
    counted_view *view;
    uint64_t digest;
    uint64_t known_digest;
    bool only_if_new; /* the text may be what was read before: then nothing is done */
} reading;

static int read_hosts(reading *r)
{
    shared_hosts *hosts = malloc(sizeof *hosts);
    if (!hosts) return WEIR_ENOMEM;
    hosts->holders = 1;
    const int error = weir_dns_hosts_parse(r->text, &r->files->key, &hosts->table, NULL);
    if (error) {
        free(hosts);
        return error;
    }
    let_go_of_hosts(r->view->hosts);
    r->view->hosts = hosts;
    r->view->view.hosts = hosts->table;
    return 1;
}

/* Returns 1 if the view was changed, 0 if the text is the old one, or an error. */
static int64_t read_text(void *argument)
{
    reading *r = argument;
    r->digest = weir_hash(&r->files->key, r->text);
    if (r->only_if_new && r->digest == r->known_digest) return 0;
    switch (r->which) {
    case WEIR_DNS_FILE_RESOLV_CONF:
        weir_dns_config_parse(r->text, &r->view->view.config);
        if (r->files->options)
            weir_dns_config_apply_options(&r->view->view.config,
                                          weir_bytes_text(r->files->options));
        return 1;
    case WEIR_DNS_FILE_HOSTS: return read_hosts(r);
    default: weir_dns_nsswitch_parse(r->text, &r->view->view.order); return 1;
    }
}

/* Looking at the files ---------------------------------------------------------------------- */

static bool is_about_task(int error)
{
    return error == WEIR_ECANCELED || error == WEIR_EDEADLINE;
}

static void tell_state(weir_dns_files *files, watched_file *file, int error, uint64_t size)
{
    weir_spin_lock(&files->lock);
    file->state.error = error;
    file->state.stale = error != 0 && file->mark.known;
    file->state.present = file->mark.present;
    if (!error) {
        file->state.size = size;
        file->state.reads++;
    }
    weir_spin_unlock(&files->lock);
}

static void clear_error(weir_dns_files *files, watched_file *file)
{
    weir_spin_lock(&files->lock);
    file->state.error = 0;
    file->state.stale = false;
    weir_spin_unlock(&files->lock);
}

/* Looks at one file and changes *view, which is drafted at the first change.  Returns 0, or an
 * error for which nothing was taken over. */
static int look_at(weir_io *io, weir_dns_files *files, weir_dns_file which, bool force,
                   counted_view **view)
{
    watched_file *file = &files->files[which];
    dns_files_mark mark = file->mark;
    dns_files_content content = {0};
    const size_t max =
        which == WEIR_DNS_FILE_HOSTS ? WEIR_DNS_HOSTS_FILE_MAX : WEIR_DNS_CONF_FILE_MAX;
    int result = dns_files_read(io, file->state.path, max, force, &mark, &content);
    if (result == 0) clear_error(files, file);
    if (result <= 0) return result;

    reading r = {.files = files, .which = which, .known_digest = file->digest};
    r.text = weir_bytes_of(content.data, content.len);
    r.only_if_new = !force && file->mark.known && file->mark.present == mark.present;
    if (!*view) *view = draft(files);
    r.view = *view;
    if (!r.view)
        result = WEIR_ENOMEM;
    else
        result = (int)(content.len < LARGE ? read_text(&r) : weir_work(io, read_text, &r));
    free(content.data);
    if (result < 0) return result;
    file->mark = mark;
    file->digest = r.digest;
    tell_state(files, file, 0, r.text.len);
    return result;
}

/* Stands for a file that could not be read at all: the resolver works as if it were empty. */
static int assume_empty(weir_dns_files *files, weir_dns_file which, counted_view **view)
{
    reading r = {.files = files, .which = which};
    if (!*view) *view = draft(files);
    r.view = *view;
    return r.view ? (int)read_text(&r) : WEIR_ENOMEM;
}

/* An error that leaves the present state as it is, or, at the very first look, an empty file; one
 * that tells nothing about the file ends the look then. */
static int bear(weir_dns_files *files, weir_dns_file which, int error, counted_view **view)
{
    tell_state(files, &files->files[which], error, 0);
    if (files->present) return 0;
    if (weir_errclass(error) == WEIR_CLASS_RESOURCE) return error;
    return assume_empty(files, which, view);
}

static bool is_fixed(const weir_dns_files *files, weir_dns_file which, bool force)
{
    if (which != WEIR_DNS_FILE_RESOLV_CONF) return false;
    if (files->has_config) return true;
    return files->present && files->present->view.config.no_reload && !force;
}

/* Looks at all of them.  Returns 0 or an error for which the next one has to look again. */
static int look(weir_io *io, weir_dns_files *files)
{
    /* Acquire: what was written before weir_dns_files_expire is seen by the reads. */
    const bool force = __atomic_exchange_n(&files->expired, 0, __ATOMIC_ACQUIRE) != 0;
    counted_view *view = NULL;
    bool changed = false;
    int error = 0;
    if (!files->keyed) {
        if (weir_random_secure(io, &files->key, sizeof files->key) != 0)
            weir_random(io, &files->key, sizeof files->key);
        files->keyed = true;
    }
    for (int i = 0; i < WEIR_DNS_FILE_COUNT && !error; i++) {
        const weir_dns_file which = (weir_dns_file)i;
        if (is_fixed(files, which, force)) continue;
        int result = look_at(io, files, which, force, &view);
        if (result < 0 && !is_about_task(result)) result = bear(files, which, result, &view);
        if (result > 0) changed = true;
        if (result < 0) error = result;
    }
    if (error && force) __atomic_store_n(&files->expired, 1, __ATOMIC_RELEASE);
    /* The files that were read before an error are taken over: their marks are. */
    const bool whole = files->present || !error;
    if (view && changed && whole)
        publish(files, view);
    else if (view)
        destroy_view(view);
    if (!whole)
        for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) files->files[i].mark = (dns_files_mark){0};
    return error;
}

/* Looks, as the one that holds the mutex. */
static int look_and_plan(weir_io *io, weir_dns_files *files, weir_instant now)
{
    const int error = look(io, files);
    if (error) return error;
    const weir_instant next = weir_instant_add(now, files->interval);
    /* In one order with the two stores of weir_dns_files_expire: whichever comes last, its wish is
     * not overwritten. */
    __atomic_store_n(&files->next_look, next.ns, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&files->expired, __ATOMIC_SEQ_CST))
        __atomic_store_n(&files->next_look, INT64_MIN, __ATOMIC_SEQ_CST);
    return 0;
}

static bool is_due(const weir_dns_files *files, weir_instant now)
{
    /* Acquire: with the time of the next look its view is seen. */
    return now.ns >= __atomic_load_n(&files->next_look, __ATOMIC_ACQUIRE);
}

static int look_if_due(weir_io *io, weir_dns_files *files, weir_instant now)
{
    if (!weir_mutex_try(io, &files->mutex)) {
        /* Somebody looks.  Only who has nothing to go on with waits. */
        counted_view *present = take_present(files);
        if (present) {
            weir_dns_view_release(&present->view);
            return 0;
        }
        const int error = weir_mutex_lock(io, &files->mutex);
        if (error) return error;
    }
    const int error = is_due(files, now) ? look_and_plan(io, files, now) : 0;
    weir_mutex_unlock(io, &files->mutex);
    return error;
}

int weir_dns_view_take(weir_io *io, weir_dns_files *files, weir_instant now,
                       const weir_dns_view **out)
{
    if (__builtin_expect(is_due(files, now), 0)) {
        const int error = look_if_due(io, files, now);
        if (error) return error;
    }
    *out = &take_present(files)->view;
    return 0;
}

/* The files ---------------------------------------------------------------------------------- */

static int copy_options(weir_dns_files *files, const weir_dns_files_options *options)
{
    static const char *const usual[WEIR_DNS_FILE_COUNT] = {"/etc/resolv.conf", "/etc/hosts",
                                                           "/etc/nsswitch.conf"};
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) {
        const char *path = options->paths[i] ? options->paths[i] : usual[i];
        if (i == WEIR_DNS_FILE_RESOLV_CONF && options->config) path = "";
        files->files[i].state.path = strdup(path);
        if (!files->files[i].state.path) return WEIR_ENOMEM;
    }
    if (options->options && !(files->options = strdup(options->options))) return WEIR_ENOMEM;
    files->interval = options->interval.ns > 0 ? options->interval : weir_seconds(1);
    if (!options->config) return 0;
    files->has_config = true;
    files->config = *options->config;
    return weir_dns_config_check(options->config);
}

int weir_dns_files_create(const weir_dns_files_options *options, weir_dns_files **out)
{
    static const weir_dns_files_options defaults;
    weir_dns_files *files = calloc(1, sizeof *files);
    if (!files) return WEIR_ENOMEM;
    files->next_look = INT64_MIN;
    const int error = copy_options(files, options ? options : &defaults);
    if (error)
        weir_dns_files_destroy(files);
    else
        *out = files;
    return error;
}

void weir_dns_files_destroy(weir_dns_files *files)
{
    if (!files) return;
    if (files->present) retire(files->present);
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++)
        free((char *)(uintptr_t)files->files[i].state.path);
    free(files->options);
    free(files);
}

void weir_dns_files_expire(weir_dns_files *files)
{
    /* The order is that of look_and_plan. */
    __atomic_store_n(&files->expired, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&files->next_look, INT64_MIN, __ATOMIC_SEQ_CST);
}

void weir_dns_files_state(weir_dns_files *files, weir_dns_file file, weir_dns_file_state *out)
{
    weir_spin_lock(&files->lock);
    *out = files->files[file].state;
    weir_spin_unlock(&files->lock);
}
