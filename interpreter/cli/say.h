#pragma once
/* Lines for people. */

#include <stdio.h>

/* One line whose control characters and their like are made visible, wherever the texts in it come
 * from: the names of files as well. */
void rb_say(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
