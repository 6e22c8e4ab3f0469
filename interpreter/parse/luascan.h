#pragma once
/* What a piece of Lua refers to, found without running it. */

#include "base/arena.h"
#include "base/diag.h"
#include "base/source.h"

/* A text that is written out, as a string without escapes. */
struct rb_lua_literal {
    const char *text; /* NULL: there is none, or it is not written out */
    struct rb_span span;
};

/* One chain of names that starts at a global: `steps.backup.outputs.file` is root "steps" with
 * path {"backup", "outputs", "file"}; `sh.exec{...}` is root "sh", path {"exec"}. A chain ends
 * before an index that is not a constant name or string. */
struct rb_lua_ref {
    const char *root;
    const char **path;
    int depth;
    struct rb_span span;   /* of the whole chain */
    struct rb_span *spans; /* of each name of the path */
    struct rb_span root_span;
    bool assigned; /* it is the target of an assignment */
    /* Where it is called: its first argument, and the member `connection` of a table among them. */
    struct rb_lua_literal first, connection;
};

struct rb_lua_refs {
    struct rb_lua_ref *items;
    int count;
};

/* Where Lua text lies in the file: `place(context, offset, length)` gives the span of its bytes. */
struct rb_lua_text {
    const char *text;
    size_t length;
    bool chunk;        /* statements, else one expression */
    const char *where; /* "migrate.when" */
    const void *context;
    struct rb_span (*place)(const void *context, size_t offset, size_t length);
    struct lua_State *lua; /* of rb_lua_scan_open, for many scans; NULL: one of its own */
};

/* A Lua state that only compiles. Close accepts NULL. */
struct lua_State *rb_lua_scan_open(void);
void rb_lua_scan_close(struct lua_State *lua);

/* Compiles the text (luaL_loadbufferx, mode "t") only to find syntax errors, which go to
 * `diags` at their true line and column; then collects its global chains. Locals are told from
 * globals by scope. Returns false when the text does not compile. */
bool rb_lua_scan(struct rb_arena *arena, const struct rb_lua_text *text,
                 struct rb_diags *diags, struct rb_lua_refs *ret_refs);
