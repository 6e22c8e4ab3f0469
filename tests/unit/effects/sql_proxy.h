#pragma once
/* A proxy before a server, on the loop of the test: it knows messages (PostgreSQL 15, section 55),
 * and cuts the connection at one of them. */

#include <uv.h>

enum sql_cut {
    SQL_CUT_NEVER,
    SQL_CUT_BEFORE, /* the message does not reach the server */
    SQL_CUT_AFTER,  /* it does; its answer does not come back */
    SQL_CUT_ANSWER, /* it was answered: the answer does not come back */
    SQL_CUT_STALL,  /* it does not reach the server, and nothing is closed */
};

struct sql_proxy {
    uv_loop_t *loop;
    uv_tcp_t listener;
    int port, upstream; /* where it listens; the server's */
    enum sql_cut cut;
    const char *at; /* the text of the Query message ('Q') to cut at */
    int cuts;       /* how often it did */
    int next; /* upstream of connections after a cut; 0: the same, -1: none is taken */
    struct sql_wire *wires;
};

void sql_proxy_open(struct sql_proxy *proxy, uv_loop_t *loop, int upstream);
void sql_proxy_close(struct sql_proxy *proxy);
