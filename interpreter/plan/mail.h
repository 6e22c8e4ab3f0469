#pragma once
/* Addresses of mail. */

#include <stdbool.h>

/* `local@domain` as RFC 5321, 4.1.2 has it, in ASCII and without quotes: nothing in it can end
 * a command or a header, or stand for a second address. */
bool rb_mail_is_address(const char *text);
