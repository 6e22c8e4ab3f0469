#pragma once
/* Values inside of messages: one line, nothing that acts on a terminal, of bounded length. */

#include <lua.h>

#include "base/buf.h"
#include "base/value.h"

/* The first `cap` bytes, and "..." for the rest. */
void rb_quote_line(const char *bytes, size_t length, size_t cap, struct rb_buf *out);
/* The same in double quotes. */
void rb_quote_text(const char *bytes, size_t length, size_t cap, struct rb_buf *out);
/* What stands at this index: 3, "text", nil, a table. Never raises. */
void rb_quote_lua(lua_State *L, int index, struct rb_buf *out);
/* JSON of a value. */
void rb_quote_value(const struct rb_value *value, struct rb_buf *out);
