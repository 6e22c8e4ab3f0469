#pragma once
/* A hop of an exchange as libcurl's options. */

#include "effects/http_exchange.h"

/* False when it can't be sent, and why is set. */
bool rb_http_set_up(struct rb_exchange *exchange);
