#pragma once
/* Transfers of libcurl on a loop: it tells which sockets and which time it waits for. */

#include <uv.h>

#include "effects/curl_api.h"

struct rb_curl_loop;

struct rb_curl_loop_events {
    void *context;
    /* It did something: rb_curl_loop_ended has what came to its end. Where it is not CURLM_OK
     * nothing more will come of what was added. May close the loop. */
    void (*acted)(void *context, CURLMcode code);
};

/* `curl` is borrowed. So many connections are kept when they are not in use. */
struct rb_curl_loop *rb_curl_loop_open(uv_loop_t *uv, const struct rb_curl *curl, long kept,
                                       const struct rb_curl_loop_events *events);
/* What was added has been removed before. The loop has to turn once more. */
void rb_curl_loop_close(struct rb_curl_loop *loop);

/* Begins a transfer, not within this call. */
CURLMcode rb_curl_loop_add(struct rb_curl_loop *loop, CURL *easy);
void rb_curl_loop_remove(struct rb_curl_loop *loop,
                         CURL *easy); /* accepts one that is not in */
/* The next that ended, removed; NULL: no more. */
CURL *rb_curl_loop_ended(struct rb_curl_loop *loop, CURLcode *ret_result);
/* Begins anew, without a connection, after a code that was not CURLM_OK and when nothing is in. */
void rb_curl_loop_renew(struct rb_curl_loop *loop);
