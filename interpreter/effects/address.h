#pragma once
/* Addresses that mean another thing to each machine. */

#include <stdbool.h>
#include <sys/socket.h>

enum rb_address_place {
    RB_ADDRESS_ELSEWHERE,
    RB_ADDRESS_LINK_LOCAL, /* 169.254.0.0/16 (RFC 3927) and fe80::/10: where the metadata of a
                              * cloud's machine are */
    RB_ADDRESS_THIS_MACHINE, /* loopback, or the unspecified address, which leads there too */
};

enum rb_address_place rb_address_place(const struct sockaddr *address);
/* The same of one in text; elsewhere when it is none. */
enum rb_address_place rb_address_text_place(const char *text);
