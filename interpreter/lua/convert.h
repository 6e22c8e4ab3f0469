#pragma once
/* From Lua to values of the run. The other way is lua/view.h. */

#include <lua.h>

#include "base/error.h"
#include "base/value.h"

/* Deeper than this no value goes, so that what holds it (a job, an event) stays within the 64
 * levels of base/json.h. */
enum { RB_CONVERT_DEPTH = 48 };

/* What secrets are there: an error, or {"$secret": name}, for the request of a call whose module
 * says where one may stand. */
enum rb_convert_secrets { RB_CONVERT_NO_SECRETS, RB_CONVERT_SECRETS };

/* The value at this index as a new reference. Never raises. Keys 1..n make a list, texts a map,
 * an empty table is a list; integers and floats stay what they are. An error (RB_ERR_INVALID)
 * names the place inside: a function, NaN, mixed keys, a hole, a table in itself, too much. */
bool rb_convert(lua_State *L, int index, enum rb_convert_secrets secrets,
                const struct rb_value **ret_value, struct rb_error *err) RB_MUST_CHECK;
