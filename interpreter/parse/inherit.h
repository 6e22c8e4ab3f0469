#pragma once
/* What one step hands to those inside it: `defaults`, and the modifiers of a group. */

#include "base/value.h"
#include "parse/compile.h"

/* Sets of actions. */
enum {
    RB_DOES_PROCESS = 1 << RB_ACTION_RUN | 1 << RB_ACTION_EXEC | 1 << RB_ACTION_PIPE,
    RB_GOES_OUT = 1 << RB_ACTION_HTTP | 1 << RB_ACTION_SQL,
    RB_DOES_EFFECT = RB_DOES_PROCESS | RB_GOES_OUT,
    RB_TELLS = 1 << RB_ACTION_NOTIFY,
    RB_DOES_LUA = 1 << RB_ACTION_LUA | 1 << RB_ACTION_GATE,
    RB_DOES_GROUP = 1 << RB_ACTION_STEPS | 1 << RB_ACTION_PARALLEL,
    RB_HAS_PLACE = RB_DOES_PROCESS | RB_DOES_LUA | 1 << RB_ACTION_CHECKLIST,
    RB_IS_UNDONE = RB_DOES_EFFECT | RB_DOES_GROUP | 1 << RB_ACTION_CALL |
                   1 << RB_ACTION_MANUAL | 1 << RB_ACTION_CHECKLIST |
                   1 << RB_ACTION_CONFIRM,
    RB_GUARDS = 1 << RB_ACTION_GUARD,
    RB_DOES_ANY = ((1 << RB_ACTION_COUNT) - 1) & ~RB_GUARDS,
};

struct rb_inherit {
    const struct rb_value *env, *cwd; /* references, or NULL */
    const struct rb_value *shell;     /* a reference: the arguments before the script */
    rb_time timeout, within;
    struct rb_retry retry; /* attempts 0: not set */
    enum rb_on_failure on_failure;
    const char *const *tags; /* NULL-terminated, never NULL */
};

void rb_inherit_init(struct rb_inherit *inherit);
void rb_inherit_copy(struct rb_inherit *ret_to, const struct rb_inherit *from);
void rb_inherit_done(struct rb_inherit *inherit);

/* The fields, with the actions that each has a meaning for, and whether `defaults` has it. */
struct rb_inherit_field {
    const char *name;
    unsigned actions;
    bool in_defaults;
    void (*read)(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_inherit *into);
};
extern const struct rb_inherit_field rb_inherit_fields[]; /* ends with a NULL name */

/* What is to happen when a step fails: a word. */
void rb_inherit_on_failure(struct rb_compiler *c, const struct rb_yaml_node *value,
                           struct rb_inherit *into);

/* A `defaults` mapping. */
void rb_inherit_defaults(struct rb_compiler *c, const struct rb_yaml_node *node,
                         struct rb_inherit *into);

/* retry: 3, or a map. */
void rb_retry_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                   struct rb_retry *ret_retry);
