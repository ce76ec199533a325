/* SPDX-License-Identifier: MIT
 *
 * Lists and memory of connections.
 */
#include "http/server/connection.h"

#include <stdlib.h>

void weir_http_list_add(weir_http_list *list, weir_http_connection *connection)
{
    connection->next = NULL;
    connection->previous = list->last;
    if (list->last) {
        list->last->next = connection;
    } else {
        list->first = connection;
    }
    list->last = connection;
}

bool weir_http_list_holds(const weir_http_list *list, const weir_http_connection *connection)
{
    return connection->previous || list->first == connection;
}

void weir_http_list_remove(weir_http_list *list, weir_http_connection *connection)
{
    if (!weir_http_list_holds(list, connection)) return;
    if (connection->next) {
        connection->next->previous = connection->previous;
    } else {
        list->last = connection->previous;
    }
    if (connection->previous) {
        connection->previous->next = connection->next;
    } else {
        list->first = connection->next;
    }
    connection->next = connection->previous = NULL;
}

enum { PER_BLOCK = 63 };

typedef struct block {
    struct block *next;
    weir_http_connection connections[PER_BLOCK];
} block;

weir_http_connection *weir_http_slab_take(weir_http_slab *slab)
{
    if (!slab->free) {
        block *fresh = malloc(sizeof *fresh);
        if (!fresh) return NULL;
        fresh->next = slab->blocks;
        slab->blocks = fresh;
        for (int i = PER_BLOCK - 1; i >= 0; i--) weir_http_slab_give(slab, &fresh->connections[i]);
    }
    weir_http_connection *connection = slab->free;
    slab->free = connection->next;
    *connection = (weir_http_connection){0};
    return connection;
}

void weir_http_slab_give(weir_http_slab *slab, weir_http_connection *connection)
{
    connection->next = slab->free;
    slab->free = connection;
}

void weir_http_slab_end(weir_http_slab *slab)
{
    for (block *b = slab->blocks; b;) {
        block *next = b->next;
        free(b);
        b = next;
    }
    *slab = (weir_http_slab){0};
}
