#pragma once
/* A handshake alone: whom a connection by TLS leads to. That nobody vouches for the other side is
 * an answer, and what it shows is kept all the same. */

#include "effects/http_exchange.h"

/* A hop ended. True when another has been set up, which trusts whoever is there: libcurl tells
 * nothing of a certificate whose time it refuses (7.88.1). */
bool rb_http_peer_goes_on(struct rb_exchange *exchange, CURLcode result);
