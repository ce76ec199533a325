/* SPDX-License-Identifier: MIT
 *
 * Unix listeners, streams and packet connections: socket operations with types.
 */
#include <weir/net/unix.h>

#include <sys/socket.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "net/shortage.h"
#include "net/socket_stream.h"
#include "net/unix_bind.h"

NET_SOCKET_STREAM(weir_unix_stream);

/* Listeners --------------------------------------------------------------------------------- */

static int listen_on(weir_io *io, int type, const weir_address *address,
                     const weir_unix_options *options, weir_unix_listener *out)
{
    enum { DEFAULT_BACKLOG = 128 };
    static const weir_unix_options defaults;
    if (!options) options = &defaults;
    if (options->backlog < 0) return WEIR_EINVAL;
    int error = net_unix_bind(io, type, address, options, &out->socket, &out->file);
    if (error) return error;
    error = weir_listen(io, out->socket, options->backlog ? options->backlog : DEFAULT_BACKLOG);
    if (error)
        net_unix_close_bound(io, out->socket, &out->file);
    else if (options->keep_file)
        weir_unix_listener_keep_file(out);
    return error;
}

int weir_unix_listen(weir_io *io, const weir_address *address, const weir_unix_options *options,
                     weir_unix_listener *out)
{
    return listen_on(io, SOCK_STREAM, address, options, out);
}

int weir_unix_listen_packets(weir_io *io, const weir_address *address,
                             const weir_unix_options *options, weir_unix_listener *out)
{
    return listen_on(io, SOCK_SEQPACKET, address, options, out);
}

int weir_unix_listener_adopt(weir_io *io, int fd, int type, bool remove_file,
                             weir_unix_listener *out)
{
    weir_socket socket = {fd};
    int family;
    bool listening;
    weir_address address;
    /* All is asked before anything is changed: an error leaves the descriptor as it was. */
    int error = weir_option_get_family(io, socket, &family);
    if (!error && family != AF_UNIX) error = WEIR_EAFNOSUPPORT;
    if (!error) error = weir_option_get_listening(io, socket, &listening);
    if (!error && !listening) error = WEIR_EINVAL;
    if (!error) error = weir_local_address(io, socket, &address);
    if (!error) error = weir_socket_adopt(io, fd, type, &socket);
    if (error) return error;
    *out = (weir_unix_listener){.socket = socket};
    if (remove_file) net_unix_file_find(io, &address, &out->file);
    return 0;
}

void weir_unix_listener_keep_file(weir_unix_listener *listener)
{
    listener->file.path[0] = '\0';
}

void weir_unix_listener_close(weir_io *io, weir_unix_listener *listener)
{
    if (listener->socket.fd < 0) return;
    net_unix_close_bound(io, listener->socket, &listener->file);
    listener->socket.fd = -1;
}

int weir_unix_accept(weir_io *io, const weir_unix_listener *listener, weir_unix_stream *out)
{
    weir_socket socket;
    int error = weir_accept(io, listener->socket, &socket);
    if (!error) weir_unix_stream_init(out, socket);
    return error;
}

int weir_unix_accept_try(weir_io *io, const weir_unix_listener *listener, weir_unix_stream *out)
{
    weir_socket socket;
    int error = weir_try_accept(io, listener->socket, &socket);
    if (!error) weir_unix_stream_init(out, socket);
    return error;
}

int weir_unix_accept_wait(weir_io *io, const weir_unix_listener *listener, weir_unix_stream *out)
{
    weir_duration pause = {0};
    for (;;) {
        int error = weir_unix_accept(io, listener, out);
        if (!net_is_shortage(error)) return error;
        pause = net_next_pause(pause);
        error = weir_sleep(io, pause);
        if (error) return error;
    }
}

int weir_unix_accept_packets(weir_io *io, const weir_unix_listener *listener, weir_socket *out)
{
    return weir_accept(io, listener->socket, out);
}

/* Connections ------------------------------------------------------------------------------- */

static int connect_to(weir_io *io, int type, const weir_address *address, weir_socket *out)
{
    if (address->kind != WEIR_ADDRESS_UNIX) return WEIR_EAFNOSUPPORT;
    weir_socket socket;
    int error = weir_socket_open(io, AF_UNIX, type, 0, &socket);
    if (error) return error;
    error = weir_connect(io, socket, address);
    if (error)
        weir_close_socket(io, socket);
    else
        *out = socket;
    return error;
}

int weir_unix_connect(weir_io *io, const weir_address *address, weir_unix_stream *out)
{
    weir_socket socket;
    int error = connect_to(io, SOCK_STREAM, address, &socket);
    if (!error) weir_unix_stream_init(out, socket);
    return error;
}

int weir_unix_connect_packets(weir_io *io, const weir_address *address, weir_socket *out)
{
    return connect_to(io, SOCK_SEQPACKET, address, out);
}

int weir_unix_pair(weir_io *io, weir_unix_stream out[2])
{
    weir_socket ends[2];
    int error = weir_socket_pair(io, SOCK_STREAM, ends);
    for (int i = 0; !error && i < 2; i++) weir_unix_stream_init(&out[i], ends[i]);
    return error;
}

void weir_unix_stream_init(weir_unix_stream *stream, weir_socket socket)
{
    stream->stream.table = &net_socket_stream_table;
    weir_receiver_init(&stream->receiver, socket);
}

int weir_unix_local(weir_io *io, const weir_unix_stream *stream, weir_address *out)
{
    return weir_local_address(io, weir_unix_socket(stream), out);
}

int weir_unix_peer(weir_io *io, const weir_unix_stream *stream, weir_address *out)
{
    return weir_peer_address(io, weir_unix_socket(stream), out);
}

void weir_unix_close(weir_io *io, weir_unix_stream *stream)
{
    net_socket_stream_close(io, &stream->receiver);
}

int weir_unix_peer_credentials(weir_io *io, weir_socket socket, weir_unix_credentials *out)
{
    struct ucred peer;
    uint32_t size = sizeof peer;
    int family;
    int error = weir_option_get_family(io, socket, &family);
    if (!error && family != AF_UNIX) error = WEIR_EAFNOSUPPORT;
    if (!error) error = weir_get_option(io, socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    if (error) return error;
    /* What the kernel says of a socket that has no peer. */
    if (size != sizeof peer || peer.uid == (uid_t)-1) return WEIR_ENOTCONN;
    *out = (weir_unix_credentials){.pid = peer.pid, .user = peer.uid, .group = peer.gid};
    return 0;
}
