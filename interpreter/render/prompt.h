#pragma once
/* A question and the lines that a person types until there is an answer. Knows no terminal: it
 * takes lines and gives rows. */

#include "render/row.h"

#include "base/value.h"

struct rb_prompt;

/* `resume` is the command that goes on with the run later. */
struct rb_prompt *rb_prompt_new(const struct rb_value *question, const char *resume);
void rb_prompt_free(struct rb_prompt *prompt); /* accepts NULL */

/* The key of the step that asks; borrowed. */
const char *rb_prompt_step(const struct rb_prompt *prompt);
/* The question with what has been said so far, and what can be typed now. */
void rb_prompt_rows(const struct rb_prompt *prompt, const struct rb_paint *paint, int limit,
                    struct rb_rows *rows);
/* What stands before the line being typed: "reason> ". */
const char *rb_prompt_label(const struct rb_prompt *prompt);
/* What stands in a new line already: the default of a field. "" mostly. */
const char *rb_prompt_prefill(const struct rb_prompt *prompt);

enum rb_prompt_turn {
    RB_PROMPT_MORE,     /* another line is needed */
    RB_PROMPT_ANSWERED, /* rb_prompt_answer */
    RB_PROMPT_SHELL,    /* wanted for rb_prompt_purpose; the question stays open */
    RB_PROMPT_OPEN      /* left without an answer */
};

/* A line was typed (space around it is not part of it). */
enum rb_prompt_turn rb_prompt_line(struct rb_prompt *prompt, const char *line);
/* Ctrl-D: back to the question, or away from it. Never an answer. */
enum rb_prompt_turn rb_prompt_end(struct rb_prompt *prompt);
/* Borrowed, as are these. */
const struct rb_value *rb_prompt_question(const struct rb_prompt *prompt);
const char *rb_prompt_purpose(const struct rb_prompt *prompt);
/* One that rb_question_allows. */
const struct rb_value *rb_prompt_answer(const struct rb_prompt *prompt);
