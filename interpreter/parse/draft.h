#pragma once
/* A step while it is read. */

#include "parse/inherit.h"

struct rb_draft {
    const struct rb_yaml_node *node;
    struct rb_step step;
    struct rb_inherit own;      /* what is inherited, under the step's own */
    struct rb_map_builder spec; /* plan/spec.md */
    const struct rb_yaml_node *children;
    const struct rb_yaml_node *undo, *handler; /* steps in it; or NULL */
    const struct rb_yaml_node *message;        /* of `notify` */
    const struct rb_yaml_node *file, *with;    /* of `call` */
    int unknown_keys;
};

/* What a key of a step says. What the actions say is in
 * action.c, gate.c, person.c and ask.c, the rest in modifier.c and inherit.c. */
struct rb_member {
    const char *name;
    unsigned actions; /* that it has a meaning for */
    void (*read)(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft);
};
extern const struct rb_member
    rb_action_members[RB_ACTION_COUNT];              /* by action; manual: none */
extern const struct rb_member rb_modifier_members[]; /* ends with a NULL name */

void rb_gate_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft);
void rb_person_checklist(struct rb_compiler *c, const struct rb_yaml_node *value,
                         struct rb_draft *draft);
void rb_person_confirm(struct rb_compiler *c, const struct rb_yaml_node *value,
                       struct rb_draft *draft);

void rb_approve_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                     struct rb_draft *draft);

void rb_web_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft);
void rb_sql_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft);
void rb_notify_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft);
void rb_ask_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft);

/* `obligation: 24h`: what the step asks is left as a duty. */
void rb_obligation_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                        struct rb_draft *draft);
void rb_wait_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft);
void rb_fresh_needs(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft);
void rb_fresh_for(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft);
void rb_window_of_step(struct rb_compiler *c, const struct rb_yaml_node *value,
                       struct rb_draft *draft);

/* The loop of a step: its expression and the name of its variable. */
void rb_loop_read(struct rb_compiler *c, struct rb_draft *draft);

/* An `expect` as plan/spec.md has it: a new reference. */
const struct rb_value *rb_expect_read(struct rb_compiler *c,
                                      const struct rb_yaml_node *value,
                                      enum rb_action action);

/* Adds a member to the spec where there is a value. */
static inline void rb_draft_set(struct rb_draft *draft, const char *name,
                                const struct rb_value *owned)
{
    if (owned)
        rb_map_add(&draft->spec, name, owned);
}

/* What `undo` and `on_failure` of a step say (rescue.c); then the steps of both. */
void rb_rescue_undo(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft);
void rb_rescue_on_failure(struct rb_compiler *c, const struct rb_yaml_node *value,
                          struct rb_draft *draft);
void rb_rescue_steps(struct rb_compiler *c, struct rb_draft *draft, int index);
/* The rows at the end of a run: `on_failure` where it is a list, and `finally`. */
void rb_rescue_rows(struct rb_compiler *c, const struct rb_yaml_node *on_failure,
                    const struct rb_yaml_node *finally, const struct rb_inherit *inherit);

/* What the keys of a guard say. */
void rb_guard_every(struct rb_compiler *c, const struct rb_yaml_node *value,
                    struct rb_draft *draft);
void rb_guard_trips_after(struct rb_compiler *c, const struct rb_yaml_node *value,
                          struct rb_draft *draft);
void rb_guard_covers(struct rb_compiler *c, const struct rb_yaml_node *value,
                     struct rb_draft *draft);
void rb_guard_on_trip(struct rb_compiler *c, const struct rb_yaml_node *value,
                      struct rb_draft *draft);
/* Reads the list of guards, when all steps are read. Returns the index of the first, or -1. */
int rb_guards_read(struct rb_compiler *c, const struct rb_yaml_node *list,
                   const struct rb_inherit *inherit);

/* What a call says; then the file itself, into the step of this index. */
void rb_call_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft);
void rb_call_with(struct rb_compiler *c, const struct rb_yaml_node *value,
                  struct rb_draft *draft);
/* The values that it gives, held against the parameters of the book. */
void rb_call_fill(struct rb_compiler *c, struct rb_draft *draft,
                  const struct rb_book *book);
void rb_call_settle(struct rb_compiler *c, struct rb_draft *draft, int index);

/* `outputs:`, a map NAME: Lua. */
struct rb_outputs {
    const struct rb_output *items;
    int count;
};
struct rb_outputs rb_outputs_read(struct rb_compiler *c, const struct rb_yaml_node *value);

/* Reads a step under an id that it doesn't say itself: a mapping, or a list of steps, which becomes
 * a group. Returns its index, or -1. */
int rb_step_read_as(struct rb_compiler *c, const struct rb_yaml_node *node, const char *id,
                    int parent, const struct rb_inherit *inherit);

/* Reads a list of steps, which is called `name`, and all that is in them. Returns the index of the
 * first, or -1. */
int rb_steps_read(struct rb_compiler *c, const struct rb_yaml_node *list, const char *name,
                  int parent, const struct rb_inherit *inherit);
