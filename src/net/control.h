/* SPDX-License-Identifier: MIT
 *
 * Control data of messages: items of cmsg(3), put one after another into a caller's buffer and
 * walked with bounds that do not rely on what the buffer says.
 *
 *      | length | level | type | data … | pad to 8 | length | level | type | data … | pad |
 *        size_t   int     int
 *
 * Invariant of a walk: what is given lies in the buffer as a whole; an item whose length is too
 * small or reaches behind the end ends the walk, as a buffer that is too short for a header does.
 */
#ifndef WEIR_NET_CONTROL_H
#define WEIR_NET_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* Control data that is being written.  The buffer is aligned as size_t. */
typedef struct net_control_writer {
    char *data;
    size_t room;
    size_t len; /* bytes written, pads included */
} net_control_writer;

/* Appends an item whose data the caller fills in.
 * Returns where its `size` bytes are, or NULL: no room, and nothing was written. */
static inline void *net_control_reserve(net_control_writer *writer, int level, int type,
                                        size_t size)
{
    const size_t left = writer->room - writer->len;
    if (size > left || CMSG_SPACE(size) > left) return NULL;
    char *item = writer->data + writer->len;
    /* The pad goes to the kernel too: no stale bytes. */
    memset(item, 0, CMSG_SPACE(size));
    struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type};
    header.cmsg_len = CMSG_LEN(size);
    memcpy(item, &header, sizeof header);
    writer->len += CMSG_SPACE(size);
    return item + CMSG_LEN(0);
}

/* Appends an item.  Returns false: no room, and nothing was written. */
static inline bool net_control_put(net_control_writer *writer, int level, int type,
                                   const void *value, size_t size)
{
    void *at = net_control_reserve(writer, level, type, size);
    if (at && size > 0) memcpy(at, value, size);
    return at != NULL;
}

/* One item of received control data. */
typedef struct net_control_item {
    int level, type;
    const char *data; /* in the buffer; read it with memcpy */
    size_t size;
} net_control_item;

/* Received control data that is being walked. */
typedef struct net_control_reader {
    const char *data; /* what is left */
    size_t len;
} net_control_reader;

/* Takes the next item.  Returns false at the end, also at one that is damaged. */
static inline bool net_control_next(net_control_reader *reader, net_control_item *out)
{
    struct cmsghdr header;
    if (reader->len < CMSG_LEN(0)) return false;
    memcpy(&header, reader->data, sizeof header);
    if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > reader->len) return false;
    out->level = header.cmsg_level;
    out->type = header.cmsg_type;
    out->data = reader->data + CMSG_LEN(0);
    out->size = header.cmsg_len - CMSG_LEN(0);
    /* The last item may come without its pad. */
    const size_t whole = CMSG_ALIGN(header.cmsg_len);
    const size_t step = whole < reader->len ? whole : reader->len;
    reader->data += step;
    reader->len -= step;
    return true;
}

/* Copies the data of an item of exactly this size.  Returns false for another size. */
static inline bool net_control_copy(const net_control_item *item, void *out, size_t size)
{
    if (item->size != size) return false;
    memcpy(out, item->data, size);
    return true;
}

#endif
