#pragma once
/* What libcurl calls while a hop is under way; the last argument is the exchange but where the
 * name says otherwise. */

#include "effects/http_exchange.h"

/* A socket is wanted for this address: ours are closed in children, and a redirect doesn't lead
 * to addresses that mean another thing to each machine. */
curl_socket_t rb_http_on_socket(void *context, curlsocktype purpose,
                                struct curl_sockaddr *address);
/* There is a connection, and no byte of the request has left. */
int rb_http_on_request(void *context, char *remote, char *local, int remote_port,
                       int local_port);
size_t rb_http_on_read(char *bytes, size_t one, size_t size, void *context);
int rb_http_on_seek(void *context, curl_off_t offset, int origin);
size_t rb_http_on_header(char *bytes, size_t one, size_t size, void *context);
size_t rb_http_on_body(char *bytes, size_t one, size_t size, void *context);
