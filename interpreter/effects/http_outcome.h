#pragma once
/* What a request came to, as the map that http.md describes. */

#include "effects/http_exchange.h"

/* Sets why there is no whole answer, from what libcurl says of a hop, unless that is known. */
void rb_http_explain(struct rb_exchange *exchange, CURLcode result);

/* Why the certificate of a hop was refused: static text. */
const char *rb_http_distrust(const struct rb_exchange *exchange);

/* Of the connection a hop goes over, while it has one; NULL without TLS. */
const struct rb_value *rb_http_tls(const struct rb_exchange *exchange);

const struct rb_value *rb_http_outcome(const struct rb_exchange *exchange,
                                       const struct rb_value *owned_out);
