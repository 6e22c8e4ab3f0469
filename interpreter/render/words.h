#pragma once
/* What is said about a run, in the same words by every view and command. Whatever is appended
 * is safe for a terminal: text from runbooks, children and people is made visible. */

#include "render/story.h"

void rb_words_text(struct rb_buf *out, const char *text); /* NULL: nothing */
/* A string as its text, anything else as one line of JSON. */
void rb_words_value(struct rb_buf *out, const struct rb_value *value);
/* 23:01:07Z */
void rb_words_clock(struct rb_buf *out, rb_time utc);
/* A span for people who watch it, in whole seconds: 7s, 1m03s, 2h05m. */
void rb_words_span(struct rb_buf *out, rb_time span);
/* 1.2 MB */
void rb_words_bytes(struct rb_buf *out, int64_t bytes);
/* A person in a record: a name, or a map with `user` and `host`. */
void rb_words_person(struct rb_buf *out, const struct rb_value *person);

/* "dcmms-release in production: Production release of dCMMS" */
void rb_words_plan(struct rb_buf *out, const struct rb_plan *plan);
/* Which question: "preflight 3 of 12"; the step alone where it has only one. */
void rb_words_numbered(struct rb_buf *out, const struct rb_value *question);

/* One line on what happened, without the time: "migrate: passed after 12.3s". False, and
 * nothing appended, where it is no news for a person. */
bool rb_words_event(const struct rb_story *story, const struct rb_state *state,
                    const struct rb_event *event, struct rb_buf *out);

/* What the run is doing: "running for 42s of 10m, attempt 2 of 3". False: nothing that lasts. */
bool rb_words_doing(const struct rb_story *story, const struct rb_state *state, rb_time utc,
                    rb_time mono, struct rb_buf *out);

/* "12 passed, 1 skipped, 1 failed": the steps that ended; groups and loops do not count. */
void rb_words_counts(const struct rb_state *state, struct rb_buf *out);

/* ", attempt 2 of 3"; nothing where there is only one. */
void rb_words_attempt(const struct rb_state *state, int attempt, struct rb_buf *out);

/* The first words about an interruption: "Ctrl-C". */
const char *rb_words_signal(const char *name);
