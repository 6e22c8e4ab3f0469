#pragma once
/* What is found on one level of a verification: the worst of it, and its first reason. */

#include "journal/verify.h"

/* Notes a finding; what is no worse than an earlier one changes nothing. */
void rb_level_find(struct rb_level *level, enum rb_finding finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the text. */
void rb_level_say(struct rb_level *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds to the text. */
void rb_level_add(struct rb_level *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
