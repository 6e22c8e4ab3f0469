#pragma once
/* Values of the run as Lua sees them: scalars as such, lists and maps as read-only tables that
 * look into the value and copy nothing. */

#include <lua.h>

#include "base/value.h"

enum rb_view_kind {
    RB_VIEW_DATA,    /* an author's value: an absent member is nil */
    RB_VIEW_NAMES,   /* declared names: an absent one is an error */
    RB_VIEW_SECRETS, /* the same, and each member is a secret */
    RB_VIEW_STEPS,   /* the same, and each member is a STEP */
    RB_VIEW_STEP,    /* {status, attempts, outputs, exit, out, err} as RB_STEP_NAMES */
    RB_VIEW_OUTCOME, /* an outcome of effects/process.md as RB_OUTCOME_NAMES */
};

struct rb_view {
    enum rb_view_kind kind;
    const struct rb_value *value;
    const char *noun; /* of NAMES and STEPS, for messages; static text */
};

/* Once in a new state. */
void rb_view_open(lua_State *L);

/* Pushes the value; a list or map becomes a view of this kind. The value must outlive the
 * state. Raises when memory is out. */
void rb_view_push(lua_State *L, const struct rb_value *value, enum rb_view_kind kind,
                  const char *noun);

/* The same for a list or map, apart from what was pushed of this value before: another kind. */
void rb_view_push_fresh(lua_State *L, const struct rb_value *value, enum rb_view_kind kind,
                        const char *noun);

/* The view at this index, or NULL. Never raises. */
const struct rb_view *rb_view_at(lua_State *L, int index);

/* The names of a view's members in order, ended by NULL, when it is not a list. The caller
 * frees the array. */
const char **rb_view_names(const struct rb_view *view);
