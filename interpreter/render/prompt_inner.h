#pragma once
/* What the dialogue (prompt.c) and its picture (prompt_rows.c) share. */

#include "render/prompt.h"
#include "render/prompt_choices.h"

struct rb_prompt {
    const struct rb_value *question;
    const char *resume;              /* borrowed */
    const struct rb_choice *choices; /* NULL: a field */
    const struct rb_choice *pending; /* what it needs is being typed; NULL: the question */
    const struct rb_choice *after;   /* the answer that waits for evidence */
    char *evidence, *note;
    char *purpose;         /* of the shell */
    char *message;         /* about the last line; NULL: none */
    struct rb_buf prefill; /* the default of a field */
    bool help;             /* is shown */
    const struct rb_value *answer;
};

/* Evidence is needed for a yes, and is not there yet. */
bool rb_prompt_lacks_evidence(const struct rb_prompt *prompt);
