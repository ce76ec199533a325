/* SPDX-License-Identifier: MIT
 *
 * How fast does libuv echo?  One loop; a read buffer per connection, and the next read when what
 * came has been written.
 *
 *      bench_echo_libuv PORT
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

enum { ROOM = 64 * 1024 };

typedef struct connection {
    uv_tcp_t tcp;
    uv_write_t write;
    char room[ROOM];
} connection;

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    connection *c = handle->data;
    (void)wanted;
    *out = uv_buf_init(c->room, ROOM);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer);

static void on_written(uv_write_t *write, int status)
{
    connection *c = write->data;
    if (status < 0)
        uv_close((uv_handle_t *)&c->tcp, on_close);
    else
        uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    connection *c = stream->data;
    if (len < 0) uv_close((uv_handle_t *)stream, on_close);
    if (len <= 0) return;
    uv_buf_t data = uv_buf_init(buffer->base, (unsigned)len);
    int went = uv_try_write(stream, &data, 1);
    if (went == (int)len) return;
    if (went > 0) data = uv_buf_init(buffer->base + went, (unsigned)(len - went));
    uv_read_stop(stream);
    c->write.data = c;
    if (uv_write(&c->write, stream, &data, 1, on_written))
        uv_close((uv_handle_t *)stream, on_close);
}

static void on_connection(uv_stream_t *listener, int status)
{
    connection *c = status < 0 ? NULL : malloc(sizeof *c);
    if (!c) return;
    uv_tcp_init(listener->loop, &c->tcp);
    c->tcp.data = c;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp)) {
        uv_close((uv_handle_t *)&c->tcp, on_close);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address;
    uv_tcp_t listener;
    uv_loop_t *loop = uv_default_loop();
    if (argc != 2) return 2;
    signal(SIGPIPE, SIG_IGN);
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    int error = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
    if (!error) error = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    if (error) {
        fprintf(stderr, "libuv: %s\n", uv_strerror(error));
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
