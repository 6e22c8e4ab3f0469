#pragma once
/* What was promised, looked for in what is there: the record, what was shown, the programs that were
 * started, and what arrived at a service. */

#include <stdbool.h>

#include "base/buf.h"

struct lab;
struct scene;

/* Is there a run with a first event, and one that has ended? */
bool judge_is_begun(const struct lab *lab);
bool judge_is_finished(const struct lab *lab);
/* It succeeded, as it does when nothing goes wrong; or a person was asked about a doubt: what is
 * done again on an answer may fail, having been done before; or a check was unknown: it asked
 * something of a helper that was killed. */
bool judge_same_end(const struct lab *lab, const struct scene *scene);

/* Every event that was shown is in the record, word for word. After a loss those may be missing
 * that no sync was owed for: looks at the world, and polls. */
bool judge_shown(const struct lab *lab, bool loss, struct rb_buf *why);

/* A line for each program that was started, "write|read STEP ARGUMENT...", and for each write that arrived
 * at a service, as if it were one; parted by unit separators. */
void judge_effects(const struct lab *lab, const struct scene *scene,
                   struct rb_buf *effects);

/* Nothing that writes was started yet. */
bool judge_nothing_done(const struct lab *lab, const struct scene *scene,
                        struct rb_buf *why);

/* No attempt was started twice, and nothing happened more often than undisturbed, but for what
 * a person decided to repeat. */
bool judge_starts(const struct lab *lab, const struct scene *scene, const char *undisturbed,
                  struct rb_buf *why);

/* Of a run that succeeded, and in which nothing failed that doesn't always: every write was done. */
bool judge_all_done(const struct lab *lab, const struct scene *scene,
                    const char *undisturbed, struct rb_buf *why);
