#pragma once
/* A step while it is read. */

#include "parse/inherit.h"

struct rb_draft {
    const struct rb_yaml_node *node;
    struct rb_step step;
    struct rb_inherit own;      /* what is inherited, under the step's own */
    struct rb_map_builder spec; /* plan/spec.md */
    const struct rb_yaml_node *children;
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

void rb_web_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft);
void rb_sql_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft);
void rb_ask_read(struct rb_compiler *c, const struct rb_yaml_node *value,
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

/* Reads a list of steps and all that is in them. Returns the index of the first, or -1. */
int rb_steps_read(struct rb_compiler *c, const struct rb_yaml_node *list, int parent,
                  const struct rb_inherit *inherit);
