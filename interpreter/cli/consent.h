#pragma once
/* A yes that somebody types on the controlling terminal; nothing else is one. */

#include "base/error.h"

/* Shows `prompt` there and reads a line; RB_ERR_REFUSED unless it is `word`, and where there is no
 * terminal (`otherwise` says what to do then). */
bool rb_consent(const char *prompt, const char *word, const char *otherwise,
                struct rb_error *err) RB_MUST_CHECK;
