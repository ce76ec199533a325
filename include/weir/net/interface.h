/* SPDX-License-Identifier: MIT
 *
 * Network interfaces: names and indexes, a snapshot of all with their
 * addresses, and the changes.
 *
 * Everything is asked of the kernel by messages on a socket (rtnetlink(7))
 * which goes through the engine, so a question is a cancellation point and
 * holds no thread.
 */
#ifndef WEIR_NET_INTERFACE_H
#define WEIR_NET_INTERFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/io/addr.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An interface, by its index.  A plain value; 0 is none, the zero value.
 * Indexes are not used again soon, but an interface may be gone whose index is
 * still held. */
typedef struct weir_interface {
    uint32_t index;
} weir_interface;

/* Room for the name of an interface, with its NUL (IFNAMSIZ). */
#define WEIR_INTERFACE_NAME 16

/* The name of an interface: 1 to 15 bytes and a NUL. */
typedef struct weir_interface_name {
    char text[WEIR_INTERFACE_NAME];
} weir_interface_name;

/* What holds for an interface; netdevice(7). */
enum {
    WEIR_INTERFACE_UP = 1,              /* switched on */
    WEIR_INTERFACE_RUNNING = 2,         /* has a carrier: can pass packets if it is up */
    WEIR_INTERFACE_LOOPBACK = 4,        /* leads back to this host */
    WEIR_INTERFACE_BROADCAST = 8,       /* has a broadcast address */
    WEIR_INTERFACE_POINT_TO_POINT = 16, /* leads to one other host */
    WEIR_INTERFACE_MULTICAST = 32,      /* can do multicast */
};

/* How far an address reaches (rtnetlink(7), RFC 4007). */
typedef enum weir_interface_scope {
    WEIR_INTERFACE_SCOPE_GLOBAL, /* everywhere (private ranges included) */
    WEIR_INTERFACE_SCOPE_SITE,   /* within a site: IPv6, deprecated */
    WEIR_INTERFACE_SCOPE_LINK,   /* on this link */
    WEIR_INTERFACE_SCOPE_HOST,   /* on this host */
    WEIR_INTERFACE_SCOPE_OTHER,  /* a number of the administrator's */
} weir_interface_scope;

/* One address of an interface; ports are 0.  A link-local IPv6 address carries
 * its zone. */
typedef struct weir_interface_address {
    weir_address address;
    weir_address broadcast; /* IPv4; NONE when there is none */
    weir_address peer;      /* the other end of a point-to-point link; else NONE */
    uint8_t prefix_len;     /* bits of the network; of a peer, of the peer's */
    uint8_t scope;          /* weir_interface_scope */
    bool tentative;         /* IPv6: not checked yet to be the only one: binding fails */
    bool deprecated;        /* not for new connections */
} weir_interface_address;

/* One interface of a snapshot. */
typedef struct weir_interface_entry {
    weir_interface interface;
    weir_interface_name name;
    uint32_t flags; /* WEIR_INTERFACE_… */
    uint32_t mtu;   /* bytes */
    uint8_t hardware_len;
    uint8_t hardware[32]; /* hardware_len bytes; 6 for Ethernet */
    const weir_interface_address *addresses;
    size_t address_count;
} weir_interface_entry;

/* A snapshot, in the order of indexes; freed with weir_interface_list_free. */
typedef struct weir_interface_list {
    weir_interface_entry *entries;
    size_t count;
    weir_interface_address *addresses; /* of all entries */
} weir_interface_list;

/* Makes a name from text.
 * Returns 0 and *out; WEIR_EINVAL (empty, or with a NUL inside),
 * WEIR_ENAMETOOLONG (over 15 bytes); *out is untouched then.  Never waits. From
 * any thread. */
int weir_interface_name_parse(weir_bytes text, weir_interface_name *out);

/* The interface of a name.
 * Returns 0 and *out; WEIR_EINTERFACE (there is none), WEIR_EINVAL (empty
 * name), WEIR_EACCES, WEIR_EPERM, and for want of resources WEIR_EMFILE,
 * WEIR_ENFILE, WEIR_ENOMEM, WEIR_ENOBUFS. A cancellation point.  From a task of
 * `io`. */
int weir_interface_find(weir_io *io, const weir_interface_name *name, weir_interface *out);

/* The name of an interface.
 * Returns 0 and *out; WEIR_EINTERFACE (none of this index, also for 0); else as
 * weir_interface_find. A cancellation point.  From a task of `io`. */
int weir_interface_get_name(weir_io *io, weir_interface interface, weir_interface_name *out);

/* Takes a snapshot of all interfaces and their addresses.
 *
 * An interface that appears or goes while it is taken is in it or not; one that
 * changes meanwhile is asked for again, so that no list is half old and half
 * new. Returns 0 and *out, the caller's to free; errors of weir_interface_find
 * but EINTERFACE, and WEIR_EPROTO (the kernel's answer makes no sense).  *out
 * is empty on error. A cancellation point.  From a task of `io`. */
int weir_interface_list_get(weir_io *io, weir_interface_list *out);

/* Frees a snapshot and empties it; an empty one is fine.  Never waits.  From
 * any thread. */
void weir_interface_list_free(weir_interface_list *list);

/* The entry of an interface in a snapshot, or NULL.  Lent until the list is
 * freed. */
const weir_interface_entry *weir_interface_list_find(const weir_interface_list *list,
                                                     weir_interface interface);

/* Changes
 * ----------------------------------------------------------------------------------
 */

/* What happened to an interface. */
typedef enum weir_interface_event_kind {
    WEIR_INTERFACE_NEW,             /* it is there now; `flags` tell whether it is up */
    WEIR_INTERFACE_GONE,            /* it is not there any more */
    WEIR_INTERFACE_WENT_UP,         /* up and running, and was not */
    WEIR_INTERFACE_WENT_DOWN,       /* not up and running any more */
    WEIR_INTERFACE_CHANGED,         /* another name, MTU, hardware address or flag */
    WEIR_INTERFACE_ADDRESS_ADDED,   /* also when only its properties changed */
    WEIR_INTERFACE_ADDRESS_REMOVED, /* `address` is not there any more */
    WEIR_INTERFACE_MISSED,          /* events were lost: take a new snapshot */
} weir_interface_event_kind;

/* One change.  What does not belong to its kind is zero. */
typedef struct weir_interface_event {
    weir_interface_event_kind kind;
    weir_interface interface;
    weir_interface_name name; /* not with addresses */
    uint32_t flags, mtu;      /* not with addresses: as they are now */
    weir_interface_address address;
} weir_interface_event;

/* Hears about changes; opaque. */
typedef struct weir_interface_watch weir_interface_watch;

/* Begins to listen.  To miss nothing, open the watch first and take the
 * snapshot then. Returns 0 and *out, for weir_interface_watch_close; errors of
 * weir_interface_list_get. A cancellation point.  From a task of `io`. */
int weir_interface_watch_open(weir_io *io, weir_interface_watch **out);

/* Waits for the next change.
 * Returns 0 and *out; WEIR_ECANCELED, WEIR_EDEADLINE: no event is lost by them;
 * errors of weir_interface_list_get.  A cancellation point.  From one task at a
 * time. */
int weir_interface_watch_next(weir_io *io, weir_interface_watch *watch, weir_interface_event *out);

/* Fills an op for weir_select or weir_submit which completes when
 * weir_interface_watch_next has something to read.  That may prove to be no
 * event: the call then waits, as ever; give it a scope with a deadline where it
 * must not.  Never waits.  From the task that uses the watch. */
void weir_interface_watch_prepare(weir_interface_watch *watch, weir_op *op);

/* Ends listening; nothing may be in flight on it.  NULL does nothing.
 * Not a cancellation point.  From a task of `io`. */
void weir_interface_watch_close(weir_io *io, weir_interface_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
