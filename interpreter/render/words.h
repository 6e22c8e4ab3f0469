#pragma once
/* What is said about a run, in the same words by every view and command. Whatever is appended
 * is safe for a terminal: text from runbooks, children and people is made visible. */

#include "render/story.h"

void rb_words_text(struct rb_buf *out, const char *text); /* NULL: nothing */
/* A string as its text, anything else as one line of JSON. */
void rb_words_value(struct rb_buf *out, const struct rb_value *value);
/* 23:01:07Z */
void rb_words_clock(struct rb_buf *out, rb_time utc);
/* The same, after the date where that is not the date of `now`. */
void rb_words_moment(struct rb_buf *out, rb_time utc, rb_time now);
/* "preflight.backup: skipped by alice@host: it is of yesterday": of core/override.h. */
void rb_words_override(struct rb_buf *out, const struct rb_value *override, rb_time now);
/* "preflight.backup: skipped" */
void rb_words_override_name(struct rb_buf *out, const struct rb_value *override);
/* "NOT TAKEN BACK: copy, backup", the first words being `before`; nothing where the list is empty. */
void rb_words_list(struct rb_buf *out, const struct rb_value *texts, const char *before);
/* What a rollback leaves in place because no undo takes it back: the first ids, the first words being `before`;
 * nothing without a rollback. */
void rb_words_stays(struct rb_buf *out, const struct rb_state *state, const char *before);
/* "alice had a shell at deploy: look at the disk", of the payload of shell.opened. */
void rb_words_shell(struct rb_buf *out, const struct rb_value *shell);
/* A span for people who watch it, in whole seconds: 7s, 1m03s, 2h05m. */
void rb_words_span(struct rb_buf *out, rb_time span);
/* 1.2 MB */
void rb_words_bytes(struct rb_buf *out, int64_t bytes);
/* A person in a record: a name, or a map with `user` and `host`. */
void rb_words_person(struct rb_buf *out, const struct rb_value *person);

/* "dcmms-release in production: Production release of dCMMS" */
void rb_words_plan(struct rb_buf *out, const struct rb_plan *plan);
/* Where the plan says that nobody looks at a certificate: "any certificate is taken by connection
 * `api`, step `upload` (`tls: {verify: false}`)". False, and nothing appended: nowhere. */
bool rb_words_unverified(struct rb_buf *out, const struct rb_plan *plan);
/* What is asked, for whoever comes to it later: "Deploy?", of a guard "the guard error-rate: no data", and after
 * the name of its step where it is one of `several`. */
void rb_words_question(struct rb_buf *out, const struct rb_value *question, bool several);
/* Which question: "preflight 3 of 12"; the step alone where it has only one. */
void rb_words_numbered(struct rb_buf *out, const struct rb_value *question);

/* Who has to sign the answer: "product-owner and tech-lead", "2 of on-call". */
void rb_words_roles(struct rb_buf *out, const struct rb_value *question);
/* " for a signature of qa-lead", where somebody has to sign. */
void rb_words_asked_of(struct rb_buf *out, const struct rb_value *question);
/* "go: approve, signed by po@x as product-owner", or that it does not count: of approval.accepted
 * and approval.refused. */
void rb_words_signature(struct rb_buf *out, const struct rb_event *event);
/* "to be signed by qa-lead: runbook confirm RUN STEP.ITEM", by those who are left where some have
 * signed. */
void rb_words_signing(struct rb_buf *out, const struct rb_value *question,
                      const struct rb_state *state);

/* One line on what happened, without the time: "migrate: passed after 12.3s". False, and
 * nothing appended, where it is no news for a person. */
bool rb_words_event(const struct rb_story *story, const struct rb_state *state,
                    const struct rb_event *event, struct rb_buf *out);

/* What a step is doing, `state` being looked at from it (rb_state_at): "running for 42s of 10m,
 * attempt 2 of 3". False: nothing that lasts. */
bool rb_words_doing(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out);

/* How a run ended, for people: "rolled back"; with what is `left` of it where a person gave up an undo,
 * "ROLLED BACK IN PART". */
void rb_words_status(const char *status, const struct rb_value *left, struct rb_buf *out);

/* "12 passed, 1 skipped, 1 failed": the steps that ended; groups and loops do not count. */
void rb_words_counts(const struct rb_state *state, struct rb_buf *out);

/* ", attempt 2 of 3"; nothing where there is only one. */
void rb_words_attempt(const struct rb_state *state, int attempt, struct rb_buf *out);

/* The first words about an interruption: "Ctrl-C". */
const char *rb_words_signal(const char *name);
