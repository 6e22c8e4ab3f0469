#pragma once
/* Addresses that mean another thing to each machine. */

#include <stdbool.h>
#include <sys/socket.h>

/* 169.254.0.0/16 (RFC 3927) and fe80::/10: where the metadata of a cloud's machine are. */
bool rb_address_is_link_local(const struct sockaddr *address);
/* Loopback, or the unspecified address, which leads there too. */
bool rb_address_is_this_machine(const struct sockaddr *address);
/* The same of one in text; false when it is none. */
bool rb_address_text_is_this_machine(const char *text);
