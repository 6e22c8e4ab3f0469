#pragma once
/* A posting as libcurl's options, and what libcurl calls. */

#include "effects/mail_posting.h"

/* False when it can't be sent, and why is set. */
bool rb_mail_set_up(struct rb_posting *posting);
