#pragma once
/* Sentences on what happened, in parts: of the run as a whole, its rollback and its ends
 * (words_run.c), of its steps (words_step.c), and what they share (words_event.c). */

#include "render/words.h"

/* What a sentence is made of. */
struct rb_telling {
    const struct rb_story *story;
    const struct rb_state *state;
    const struct rb_event *event;
    const struct rb_value *d;
    struct rb_buf *out;
};

/* One sentence, as rb_words_event. A type that is no news has none. */
typedef bool rb_teller(const struct rb_telling *telling);

rb_teller rb_words_of_run;
rb_teller rb_words_of_step;

/* A member of the payload; NULL: there is none. */
const char *rb_telling_text(const struct rb_telling *telling, const char *member);
bool rb_telling_says(const struct rb_telling *telling, const char *member,
                     const char *word);
/* ": reason", where there is one. */
void rb_telling_because(const struct rb_telling *telling, const char *member);
/* "step: " */
void rb_telling_key(const struct rb_telling *telling);
/* "; member: value", where there is one. */
void rb_telling_also(const struct rb_telling *telling, const char *member);
