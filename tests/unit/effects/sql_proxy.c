#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdbool.h>

#include "base/buf.h"
#include "sql_proxy.h"

/* One connection through the proxy: the client's end and the server's. */
struct sql_wire {
    struct sql_proxy *proxy;
    struct sql_wire *next;
    uv_tcp_t client, server;
    uv_connect_t connect;
    struct rb_buf asked, answered; /* not yet whole messages */
    bool started;                  /* the first message, which has no type, is through */
    bool armed;                    /* cuts at the answer that is next */
    bool stalled, closing;
    int open; /* handles */
};

struct write {
    uv_write_t job;
    char bytes[];
};

static void on_closed(uv_handle_t *handle)
{
    struct sql_wire *wire = handle->data;
    if (--wire->open > 0)
        return;
    rb_buf_done(&wire->asked);
    rb_buf_done(&wire->answered);
    free(wire);
}

static void close_wire(struct sql_wire *wire)
{
    if (wire->closing)
        return;
    wire->closing = true;
    for (struct sql_wire **at = &wire->proxy->wires; *at; at = &(*at)->next) {
        if (*at == wire) {
            *at = wire->next;
            break;
        }
    }
    uv_close((uv_handle_t *)&wire->client, on_closed);
    uv_close((uv_handle_t *)&wire->server, on_closed);
}

static void on_written(uv_write_t *job, int status)
{
    (void)status;
    free(job->data);
}

static void forward(uv_tcp_t *to, const char *bytes, size_t length)
{
    struct write *write = rb_alloc(sizeof *write + length);
    memcpy(write->bytes, bytes, length);
    write->job.data = write;
    uv_buf_t piece = uv_buf_init(write->bytes, (unsigned)length);
    if (uv_write(&write->job, (uv_stream_t *)to, &piece, 1, on_written) < 0)
        free(write);
}

static void cut(struct sql_wire *wire)
{
    struct sql_proxy *proxy = wire->proxy;
    proxy->cuts++;
    proxy->cut = SQL_CUT_NEVER;
    if (proxy->next > 0)
        proxy->upstream = proxy->next;
    close_wire(wire);
}

/* Length of the first whole message, with its type where it has one; 0: there is none yet. */
static size_t message(const struct rb_buf *bytes, bool typed)
{
    uint32_t length;
    if (bytes->length < 5)
        return 0;
    memcpy(&length, bytes->data + typed, sizeof length);
    size_t whole = ntohl(length) + (size_t)typed;
    return bytes->length >= whole ? whole : 0;
}

static bool is_met(const struct sql_wire *wire)
{
    const struct sql_proxy *proxy = wire->proxy;
    return wire->started && proxy->cut != SQL_CUT_NEVER && wire->asked.data[0] == 'Q' &&
           strcmp(wire->asked.data + 5, proxy->at) == 0;
}

/* One message of the client. What libuv was given to write is with the kernel at once. */
static void pass_on(struct sql_wire *wire, size_t length)
{
    enum sql_cut kind = is_met(wire) ? wire->proxy->cut : SQL_CUT_NEVER;
    wire->stalled |= kind == SQL_CUT_STALL;
    if (kind == SQL_CUT_BEFORE) {
        cut(wire);
        return;
    }
    if (kind == SQL_CUT_STALL) {
        wire->proxy->cuts++;
        wire->proxy->cut = SQL_CUT_NEVER;
    }
    if (!wire->stalled)
        forward(&wire->server, wire->asked.data, length);
    wire->armed |= kind == SQL_CUT_ANSWER;
    wire->started = true;
    rb_buf_drop(&wire->asked, length);
    if (kind == SQL_CUT_AFTER)
        cut(wire);
}

static void on_asked(uv_stream_t *stream, ssize_t got, const uv_buf_t *piece)
{
    struct sql_wire *wire = stream->data;
    size_t length;
    if (got > 0)
        rb_buf_append(&wire->asked, piece->base, (size_t)got);
    free(piece->base);
    if (got < 0)
        close_wire(wire);
    while (!wire->closing && (length = message(&wire->asked, wire->started)) > 0)
        pass_on(wire, length);
}

/* The answer to COMMIT is there once its whole CommandComplete ('C') is. */
static void on_answered(uv_stream_t *stream, ssize_t got, const uv_buf_t *piece)
{
    struct sql_wire *wire = stream->data;
    if (got > 0 && !wire->armed)
        forward(&wire->client, piece->base, (size_t)got);
    if (got > 0 && wire->armed)
        rb_buf_append(&wire->answered, piece->base, (size_t)got);
    free(piece->base);
    if (got < 0)
        close_wire(wire);
    else if (wire->armed && message(&wire->answered, true) > 0)
        cut(wire);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_piece)
{
    (void)handle;
    *ret_piece = uv_buf_init(rb_alloc(wanted), (unsigned)wanted);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct sql_wire *wire = connect->data;
    if (wire->closing)
        return;
    if (status < 0) {
        close_wire(wire);
        return;
    }
    uv_read_start((uv_stream_t *)&wire->client, give_room, on_asked);
    uv_read_start((uv_stream_t *)&wire->server, give_room, on_answered);
}

static void on_client(uv_stream_t *listener, int status)
{
    struct sql_proxy *proxy = listener->data;
    struct sql_wire *wire = rb_alloc(sizeof *wire);
    struct sockaddr_in address;
    assert_int_equal(status, 0);
    *wire = (struct sql_wire){.proxy = proxy, .next = proxy->wires, .open = 2};
    proxy->wires = wire;
    uv_tcp_init(proxy->loop, &wire->client);
    uv_tcp_init(proxy->loop, &wire->server);
    wire->client.data = wire->server.data = wire->connect.data = wire;
    uv_accept(listener, (uv_stream_t *)&wire->client);
    if (proxy->cuts > 0 && proxy->next < 0) {
        close_wire(wire);
        return;
    }
    uv_ip4_addr("127.0.0.1", proxy->upstream, &address);
    uv_tcp_connect(&wire->connect, &wire->server, (struct sockaddr *)&address,
                   on_connected);
}

void sql_proxy_open(struct sql_proxy *proxy, uv_loop_t *loop, int upstream)
{
    struct sockaddr_in address;
    int size = sizeof address;
    *proxy = (struct sql_proxy){.loop = loop, .upstream = upstream, .at = "COMMIT"};
    uv_tcp_init(loop, &proxy->listener);
    proxy->listener.data = proxy;
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&proxy->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&proxy->listener, 16, on_client), 0);
    assert_int_equal(
        uv_tcp_getsockname(&proxy->listener, (struct sockaddr *)&address, &size), 0);
    proxy->port = ntohs(address.sin_port);
}

void sql_proxy_close(struct sql_proxy *proxy)
{
    uv_close((uv_handle_t *)&proxy->listener, NULL);
    while (proxy->wires)
        close_wire(proxy->wires);
}
