/* SPDX-License-Identifier: MIT
 *
 * Socket options: what is a number is kept as the kernel would keep it (socket(7), ip(7), ipv6(7),
 * tcp(7), udp(7)); a few have a meaning in the simulated network, which asks for them by
 * weir_sim_option.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/device.h"
#include "io/sim/option_table.h"
#include "io/sim/socket.h"

/* The options that were set on a socket. */
typedef struct sim_settings {
    uint16_t count, room;
    struct {
        uint16_t row;
        int value;
    } set[];
} settings;

static int kind_of(const sim_node *n)
{
    if (n->family != AF_INET && n->family != AF_INET6) return OPTION_LOCAL;
    const int kind = n->type == SOCK_STREAM ? OPTION_TCP : OPTION_UDP;
    return n->family == AF_INET6 ? kind | OPTION_SIX : kind;
}

/* The row of an option that this socket has, or -1. */
static int row_of(const sim_node *n, int level, int name)
{
    const int kind = kind_of(n);
    for (int i = 0; i < weir_sim_option_count; i++) {
        const sim_option_row *row = &weir_sim_option_rows[i];
        if (row->level != level || row->name != name) continue;
        if (!(row->kinds & kind & (OPTION_TCP | OPTION_UDP | OPTION_LOCAL))) return -1;
        return row->kinds & OPTION_SIX && !(kind & OPTION_SIX) ? -1 : i;
    }
    return -1;
}

static int *find(const sim_node *n, int row)
{
    settings *s = n->settings;
    for (uint16_t i = 0; s && i < s->count; i++)
        if (s->set[i].row == row) return &s->set[i].value;
    return NULL;
}

static int value_of(const sim_node *n, int row)
{
    const int *set = find(n, row);
    if (set) return *set;
    const sim_option_row *at = &weir_sim_option_rows[row];
    return kind_of(n) & OPTION_TCP ? at->of_tcp : at->of_others;
}

int weir_sim_option(const sim_node *n, int level, int name)
{
    const int row = row_of(n, level, name);
    return row < 0 ? 0 : value_of(n, row);
}

static int64_t keep(sim_node *n, int row, int value)
{
    int *set = find(n, row);
    if (set) {
        *set = value;
        return 0;
    }
    settings *s = n->settings;
    if (!s || s->count == s->room) {
        const uint16_t room = (uint16_t)(s ? s->room * 2 : 4);
        s = realloc(s, sizeof *s + room * sizeof s->set[0]);
        if (!s) return WEIR_ENOMEM;
        if (!n->settings) s->count = 0;
        s->room = room;
        n->settings = s;
    }
    s->set[s->count].row = (uint16_t)row;
    s->set[s->count++].value = value;
    return 0;
}

bool weir_sim_options_inherit(sim_node *to, const sim_node *from)
{
    const settings *s = from->settings;
    if (!s) return true;
    const size_t size = sizeof *s + s->room * sizeof s->set[0];
    to->settings = malloc(size);
    if (to->settings) memcpy(to->settings, s, size);
    return to->settings != NULL;
}

/* No such option here, in the words of the family. */
static int64_t unknown(const sim_node *n, int level)
{
    return n->family == AF_UNIX && level != SOL_SOCKET ? WEIR_EOPNOTSUPP : -ENOPROTOOPT;
}

static int64_t give(void *value, uint32_t *size, const void *from, uint32_t length)
{
    if (*size > length) *size = length;
    memcpy(value, from, *size);
    return 0;
}

static int64_t get_number(sim_node *n, int level, int name, int *out)
{
    if (level == SOL_SOCKET && name == SO_TYPE) return *out = n->type, 0;
    if (level == SOL_SOCKET && name == SO_DOMAIN) return *out = n->family, 0;
    if (level == SOL_SOCKET && name == SO_PROTOCOL) return *out = n->protocol, 0;
    if (level == SOL_SOCKET && name == SO_ERROR) return *out = -sim_take_error(n), 0;
    const int row = row_of(n, level, name);
    if (row < 0) return unknown(n, level);
    *out = value_of(n, row);
    return 0;
}

static int64_t get_linger(sim_node *n, void *value, uint32_t *size)
{
    const int linger = weir_sim_option(n, SOL_SOCKET, SO_LINGER);
    const struct linger out = {.l_onoff = linger != 0, .l_linger = linger > 0 ? linger - 1 : 0};
    return give(value, size, &out, sizeof out);
}

int64_t weir_sim_option_get(sim_node *n, int level, int name, void *value, uint32_t *size)
{
    int number;
    if (n->kind->get_option) {
        const int64_t result = n->kind->get_option(n, level, name, value, size);
        if (result != SIM_WAIT) return result;
    }
    if (level == SOL_SOCKET && name == SO_LINGER) return get_linger(n, value, size);
    const int64_t error = get_number(n, level, name, &number);
    return error ? error : give(value, size, &number, sizeof number);
}

/* The number that is kept for one that was given; or an error, which no option has as its value.
 */
static int64_t accept_number(const sim_option_row *row, int number)
{
    if (row->kinds & OPTION_READ) return -ENOPROTOOPT;
    if (row->kinds & OPTION_DENIED && number != row->of_others) return WEIR_EPERM;
    if (row->kinds & OPTION_SWITCH) return number != 0;
    if (row->kinds & OPTION_BUFFER) {
        const int64_t doubled = number < 0 ? row->most : 2 * (int64_t)number;
        return doubled < row->least ? row->least : doubled > row->most ? row->most : doubled;
    }
    if (row->kinds & OPTION_RESET && number == -1) return row->of_tcp;
    return number < row->least || number > row->most ? WEIR_EINVAL : number;
}

static int64_t set_linger(sim_node *n, const void *value, uint32_t size)
{
    struct linger linger;
    if (size < sizeof linger) return WEIR_EINVAL;
    memcpy(&linger, value, sizeof linger);
    /* Kept as seconds + 1, so that 0 is off. */
    const bool some = linger.l_linger >= 0 && linger.l_linger < INT_MAX;
    const int kept = some ? linger.l_linger + 1 : INT_MAX;
    return keep(n, row_of(n, SOL_SOCKET, SO_LINGER), linger.l_onoff ? kept : 0);
}

static int64_t set_device(sim_node *n, int row, const void *value, uint32_t size)
{
    int index;
    if (size < sizeof index) return WEIR_EINVAL;
    memcpy(&index, value, sizeof index);
    if (index < 0) return WEIR_EINVAL;
    if (index != 0 && !weir_sim_device_exists(n->host, index)) return WEIR_ENODEV;
    return keep(n, row, index);
}

int64_t weir_sim_option_set(sim_node *n, int level, int name, const void *value, uint32_t size)
{
    if (n->kind->set_option) {
        const int64_t result = n->kind->set_option(n, level, name, value, size);
        if (result != SIM_WAIT) return result;
    }
    const int row = row_of(n, level, name);
    if (row < 0) return unknown(n, level);
    if (level == SOL_SOCKET && name == SO_BINDTOIFINDEX) return set_device(n, row, value, size);
    if (level == SOL_SOCKET && name == SO_LINGER) return set_linger(n, value, size);
    int number = 0;
    /* ip(7): one byte is enough for what fits into it. */
    if (size < sizeof number && (size < 1 || level == SOL_SOCKET)) return WEIR_EINVAL;
    if (size >= sizeof number) {
        memcpy(&number, value, sizeof number);
    } else {
        number = *(const unsigned char *)value;
    }
    const sim_option_row *at = &weir_sim_option_rows[row];
    const int64_t kept = accept_number(at, number);
    if (kept < 0 && at->least >= 0) return kept;
    return keep(n, row, (int)kept);
}
