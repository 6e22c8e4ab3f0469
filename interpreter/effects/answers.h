#pragma once
/* Answers from a file (--answers), each used once, in front of another asker. */

#include "base/buf.h"
#include "base/error.h"
#include "effects/asker.h"

struct rb_answers;

/* Whether an answer may be given to a question; RB_ERR_INVALID says what may. */
typedef bool rb_answers_allow(const struct rb_value *question,
                              const struct rb_value *answer, struct rb_error *err);

/* `answers`: name -> list of answers (parse/answers.h). What it does not answer, or not as
 * `allow` wants it, and what commits other rows than are expected, goes to `next`, unless `next` has no ask function: then nobody can be
 * asked. */
struct rb_answers *rb_answers_new(const struct rb_value *answers, rb_answers_allow *allow,
                                  const struct rb_asker *next);
void rb_answers_free(struct rb_answers *answers); /* accepts NULL */
struct rb_asker rb_answers_asker(struct rb_answers *answers);

/* Appends the names of answers that no question used, ", " between; how many they are. */
int rb_answers_unused(const struct rb_answers *answers, struct rb_buf *out);
