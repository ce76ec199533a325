/* SPDX-License-Identifier: MIT
 *
 * The system's files as a resolver sees them: resolv.conf, hosts and nsswitch.conf, read again when
 * they change.
 *
 * A view is one consistent state of the three.  It does not change and is counted: who took it may
 * read it until he releases it, whatever the files do meanwhile.  Whether a file has changed
 * (device, inode, size, time of change) is looked at once in an interval, by the task that happens
 * to come first; others go on with the view that is there.
 */
#ifndef WEIR_DNS_VIEW_H
#define WEIR_DNS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/config.h>
#include <weir/dns/hosts.h>
#include <weir/dns/nsswitch.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_dns_view {
    weir_dns_config config;
    weir_dns_order order;
    const weir_dns_hosts *hosts; /* never NULL */
    uint64_t generation;         /* 1, 2, ...: another number is another state */
} weir_dns_view;

/* Which file. */
typedef enum weir_dns_file {
    WEIR_DNS_FILE_RESOLV_CONF,
    WEIR_DNS_FILE_HOSTS,
    WEIR_DNS_FILE_NSSWITCH,
    WEIR_DNS_FILE_COUNT,
} weir_dns_file;

/* Zero values are the defaults. */
typedef struct weir_dns_files_options {
    /* A path; NULL: /etc/resolv.conf, /etc/hosts, /etc/nsswitch.conf; "": no file, which is the
     * same as an empty one.  By weir_dns_file. */
    const char *paths[WEIR_DNS_FILE_COUNT];
    /* Stands for what resolv.conf would say, and that file is never looked at. */
    const weir_dns_config *config;
    weir_duration interval; /* between two looks at the files; 0: a second */
    const char *options;    /* applied after resolv.conf's, e.g. getenv("RES_OPTIONS"); or NULL */
} weir_dns_files_options;

/* What became of a file. */
typedef struct weir_dns_file_state {
    const char *path; /* lent until weir_dns_files_destroy; "" for none */
    bool present;     /* it was there when it was last read */
    bool stale;       /* it could not be read again: the view has what it held before */
    int error;        /* why not, or 0 */
    uint64_t size;    /* of what was read */
    uint64_t reads;   /* how often it was read */
} weir_dns_file_state;

typedef struct weir_dns_files weir_dns_files;

/* Files larger than this are not read: WEIR_ELIMIT. */
#define WEIR_DNS_HOSTS_FILE_MAX (256u << 20)
#define WEIR_DNS_CONF_FILE_MAX  (1u << 20)

/* Makes the reader of the files; nothing is read yet.
 *
 * Returns 0 and *out; WEIR_ENOMEM; WEIR_EINVAL for a config that weir_dns_config_check refuses.
 * `options` NULL: the defaults.
 * Ownership: given; weir_dns_files_destroy.  The options are copied.  Any thread; never waits. */
int weir_dns_files_create(const weir_dns_files_options *options, weir_dns_files **out);

/* Ends it, when no task is in weir_dns_view_take.  Views that were taken stay until released.  NULL
 * is nothing.  Never waits. */
void weir_dns_files_destroy(weir_dns_files *files);

/* Takes the present view; at first, and when an interval has passed at `now` (weir_now on
 * WEIR_CLOCK_BOOT), after a look at the files.  A missing file is an empty one.  One that
 * cannot be read keeps what it held before (weir_dns_file_state.error): this is no error here.
 *
 * Returns 0 and *out; WEIR_ECANCELED, WEIR_EDEADLINE: while it looked, and the next one looks
 * instead; while there is no view yet also WEIR_ENOMEM, WEIR_EMFILE, WEIR_ENFILE.
 * Ownership: lent until weir_dns_view_release, which is due once for each.
 * A cancellation point only when it looks at the files, or waits for the very first look.  From any
 * task of one engine. */
int weir_dns_view_take(weir_io *io, weir_dns_files *files, weir_instant now,
                       const weir_dns_view **out);

/* Gives a view back.  NULL is nothing.  Any thread; never waits. */
void weir_dns_view_release(const weir_dns_view *view);

/* Lets the next weir_dns_view_take look at the files, whenever the last look was, and read all of
 * them, changed or not.  Any thread; never waits. */
void weir_dns_files_expire(weir_dns_files *files);

/* What became of a file at the last look.  Any thread; never waits. */
void weir_dns_files_state(weir_dns_files *files, weir_dns_file file, weir_dns_file_state *out);

#ifdef __cplusplus
}
#endif
#endif
