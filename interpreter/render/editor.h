#pragma once
/* A line being typed: enough to answer a question, and no surprises. */

#include <stdbool.h>

#include "base/buf.h"

enum rb_edit {
    RB_EDIT_MORE, /* goes on */
    RB_EDIT_LINE, /* Enter */
    RB_EDIT_END   /* Ctrl-D on an empty line */
};

struct rb_editor {
    struct rb_buf text; /* as typed; the end of a character may still be missing */
};

void rb_editor_done(struct rb_editor *editor);
void rb_editor_set(struct rb_editor *editor, const char *text);
/* What one read brought. Backspace, ^U and ^W edit; the sequences of other keys and control
 * characters are dropped. A line ends only with the last byte of a read: where more follows it
 * is pasted, and the end of a line inside it is a space. */
enum rb_edit rb_editor_feed(struct rb_editor *editor, const char *bytes, size_t length);
/* The line without what is not UTF-8, and without space around it: a new string. */
char *rb_editor_line(const struct rb_editor *editor);
