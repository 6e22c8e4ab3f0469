#pragma once
/* The choices that each kind of question offers. */

#include <stdbool.h>

#include "base/value.h"

/* What else a choice needs from the person. */
enum rb_choice_needs {
    RB_NEEDS_NOTHING,
    RB_MAY_REASON, /* nothing, but one that is typed behind it is kept */
    RB_NEEDS_REASON,
    RB_NEEDS_EVIDENCE,
    RB_NEEDS_NOTE,
    RB_NEEDS_PURPOSE,
    RB_NEEDS_HELP
};

struct rb_choice {
    char key;
    const char *word;  /* may be typed instead of the key; the answer, if it is one */
    const char *label; /* "mark done" */
    enum rb_choice_needs needs;
    bool answers; /* false: it only adds something */
    const char *help;
};

/* Ends with key 0; NULL for a field, which takes a value. */
const struct rb_choice *rb_choices_of(const struct rb_value *question);
/* The choice that a word names, or NULL. */
const struct rb_choice *rb_choice_find(const struct rb_choice *choices, const char *word,
                                       size_t length);
