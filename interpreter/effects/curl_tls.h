#pragma once
/* The TLS of a connection that a transfer goes over. */

#include "base/value.h"
#include "effects/curl_api.h"

/* {version, cipher, subject, issuer, days_left, verify}, a new reference, while there is a
 * connection; NULL without TLS. `verify`: whether the certificate was looked at. */
const struct rb_value *rb_curl_tls(const struct rb_curl *curl, CURL *easy, bool verify);
