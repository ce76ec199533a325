/* SPDX-License-Identifier: MIT
 *
 * Names of Unix sockets, to and from addresses.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/unix.h>

int weir_unix_path(weir_bytes path, weir_address *out)
{
    if (path.len > WEIR_UNIX_PATH_MAX) return WEIR_ENAMETOOLONG;
    if (path.len == 0 || memchr(path.data, '\0', path.len)) return WEIR_EINVAL;
    *out = (weir_address){.kind = WEIR_ADDRESS_UNIX, .path_len = (uint8_t)path.len};
    memcpy(out->at.path, path.data, path.len);
    return 0;
}

int weir_unix_abstract(weir_bytes name, weir_address *out)
{
    if (name.len > WEIR_UNIX_ABSTRACT_MAX) return WEIR_ENAMETOOLONG;
    *out = (weir_address){.kind = WEIR_ADDRESS_UNIX, .path_len = (uint8_t)(1 + name.len)};
    if (name.len > 0) memcpy(out->at.path + 1, name.data, name.len);
    return 0;
}

weir_address weir_unix_unnamed(void)
{
    return (weir_address){.kind = WEIR_ADDRESS_UNIX};
}

weir_unix_kind weir_unix_kind_of(const weir_address *address)
{
    if (address->kind != WEIR_ADDRESS_UNIX) return WEIR_UNIX_NONE;
    if (address->path_len == 0) return WEIR_UNIX_UNNAMED;
    return address->at.path[0] == '\0' ? WEIR_UNIX_ABSTRACT : WEIR_UNIX_PATH;
}

weir_bytes weir_unix_name(const weir_address *address)
{
    const weir_unix_kind kind = weir_unix_kind_of(address);
    if (kind != WEIR_UNIX_PATH && kind != WEIR_UNIX_ABSTRACT) return weir_bytes_of("", 0);
    /* A value that somebody filled wrongly is not read past its end. */
    const size_t room = sizeof address->at.path;
    const size_t len = address->path_len < room ? address->path_len : room;
    const size_t mark = kind == WEIR_UNIX_ABSTRACT;
    return weir_bytes_of(address->at.path + mark, len - mark);
}
