#include "parse/luascan.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "parse/luarefs.h"
#include "parse/luatoken.h"

static void *allocate(void *context, void *old, size_t old_size, size_t size)
{
    (void)context;
    (void)old_size;
    if (size > 0)
        return rb_realloc(old, 1, size);
    free(old);
    return NULL;
}

lua_State *rb_lua_scan_open(void)
{
    return lua_newstate(allocate, NULL);
}

void rb_lua_scan_close(lua_State *lua)
{
    if (lua)
        lua_close(lua);
}

/* Gives Lua the text one byte at a time, so that the bytes taken tell where it stopped. */
struct feed {
    const char *bytes;
    size_t length, given;
    bool ended;
};

static const char *give_byte(lua_State *lua, void *context, size_t *ret_size)
{
    (void)lua;
    struct feed *feed = context;
    feed->ended = feed->given == feed->length;
    *ret_size = feed->ended ? 0 : 1;
    return feed->ended ? NULL : feed->bytes + feed->given++;
}

/* The token that Lua had in hand after so many bytes: it reads one byte past a token. */
static struct rb_lua_token token_in_hand(const struct rb_lua_text *text, size_t taken)
{
    struct rb_lua_lexer lexer = {.text = text->text, .length = text->length};
    struct rb_lua_token token = rb_lua_next(&lexer);
    while (token.kind != RB_LUA_END && token.kind != RB_LUA_BAD) {
        struct rb_lua_token after = rb_lua_next(&lexer);
        if (after.offset + 1 >= taken)
            break;
        token = after;
    }
    return token;
}

/* What those who come from other languages write. */
static const char *advice(const struct rb_lua_text *text, struct rb_lua_token token)
{
    static const struct {
        const char *token, *help;
    } table[] = {
        {"!", "Lua writes `not x`, and `a ~= b` for unequal"},
        {"&", "Lua writes `a and b`"},
        {"|", "Lua writes `a or b`"},
        {"=", "`==` compares"},
        {"?", "Lua writes `condition and a or b`"},
        {"$", "this is Lua already: write it without `${{ }}`"},
    };
    for (size_t i = 0; i < RB_COUNT(table); i++) {
        if (token.length == 1 && text->text[token.offset] == table[i].token[0])
            return table[i].help;
    }
    return NULL;
}

static void report(const struct rb_lua_text *text, struct rb_diags *diags,
                   struct rb_lua_token token, const char *message)
{
    struct rb_span span = text->place(text->context, token.offset, token.length);
    struct rb_diag *diag = rb_diag_add(diags, 303, span, "%s: %s", text->where, message);
    const char *help = advice(text, token);
    if (help)
        rb_diag_help(diag, "%s", help);
}

/* Where a line of the text begins. */
static size_t line_offset(const struct rb_lua_text *text, long line)
{
    size_t offset = 0;
    for (; line > 1; line--) {
        const char *end = memchr(text->text + offset, '\n', text->length - offset);
        if (!end)
            break;
        offset = (size_t)(end - text->text) + 1;
    }
    return offset;
}

/* `break` and `goto` are found wrong only at the end of their block; Lua names the line. */
static struct rb_lua_token token_of_line(const struct rb_lua_text *text, long line,
                                         struct rb_lua_token otherwise)
{
    size_t begin = line_offset(text, line), end = line_offset(text, line + 1);
    struct rb_lua_lexer lexer = {.text = text->text, .length = text->length};
    struct rb_lua_token token = rb_lua_next(&lexer);
    for (; token.kind != RB_LUA_END; token = rb_lua_next(&lexer)) {
        char first = text->text[token.offset];
        if (token.offset >= begin && (token.offset < end || begin == end) &&
            token.kind == RB_LUA_KEYWORD && (first == 'b' || first == 'g'))
            return token;
    }
    return otherwise;
}

/* The number of a line in Lua's message; what follows `near` are the author's own words. */
static const char *line_in(const char *message)
{
    static const char at_line[] = " at line ";
    const char *line = strstr(message, at_line), *near = strstr(message, " near ");
    return line && (!near || line < near) ? line + sizeof at_line - 1 : NULL;
}

/* Lua's message without its prefix, and with a line of the file for the text's own. */
static void rephrase(const struct rb_lua_text *text, const char *message,
                     struct rb_buf *out)
{
    const char *colon = strncmp(message, "lua:", 4) == 0 ? strchr(message, ':') : NULL;
    colon = colon ? strchr(colon + 1, ':') : NULL;
    const char *surplus = strstr(message, "<eof> expected near ");
    if (surplus)
        rb_buf_puts(out, "unexpected ");
    const char *line = line_in(message);
    message = surplus ? strstr(surplus, "near ") + 5 : colon ? colon + 2 : message;
    if (line && !surplus) {
        char *rest;
        size_t offset = line_offset(text, strtol(line, &rest, 10));
        rb_buf_append(out, message, (size_t)(line - message));
        rb_buf_printf(out, "%d", text->place(text->context, offset, 0).line);
        message = rest;
    }
    rb_buf_puts(out, message);
}

/* Compiles once more to learn the place, and tells it. */
static void report_syntax(lua_State *lua, const struct rb_lua_text *text, size_t before,
                          const struct rb_buf *source, struct rb_diags *diags)
{
    struct feed feed = {.bytes = source->data, .length = source->length};
    lua_settop(lua, 0);
    if (lua_load(lua, give_byte, &feed, "=lua", "t") == LUA_OK)
        return;
    /* one past the end stands for Lua having read all there is */
    size_t taken = feed.ended ? text->length + 2 : feed.given - before;
    struct rb_lua_token token = token_in_hand(text, taken);
    const char *message = lua_tostring(lua, -1);
    const char *line = line_in(message);
    if (line && !strstr(message, " near "))
        token = token_of_line(text, strtol(line, NULL, 10), token);
    RB_AUTO_BUF struct rb_buf told = {0};
    rephrase(text, message, &told);
    report(text, diags, token, told.data);
}

/* Whether the text compiles as what it is; its mistakes go to diags. */
static bool compiles(const struct rb_lua_text *text, struct rb_diags *diags)
{
    RB_AUTO_BUF struct rb_buf source = {0};
    rb_buf_puts(&source, text->chunk ? "" : "return ");
    size_t before = source.length;
    rb_buf_append(&source, text->text, text->length);
    rb_buf_putc(&source, '\n');
    lua_State *lua = text->lua ? text->lua : rb_lua_scan_open();
    bool good = luaL_loadbufferx(lua, source.data, source.length, "=lua", "t") == LUA_OK;
    if (!good)
        report_syntax(lua, text, before, &source, diags);
    lua_settop(lua, 0);
    if (!text->lua)
        rb_lua_scan_close(lua);
    return good;
}

bool rb_lua_scan(struct rb_arena *arena, const struct rb_lua_text *text,
                 struct rb_diags *diags, struct rb_lua_refs *ret_refs)
{
    struct rb_lua_lexer lexer = {.text = text->text, .length = text->length};
    struct rb_lua_token first = rb_lua_next(&lexer);
    if (first.kind == RB_LUA_END && !text->chunk) {
        struct rb_span span = text->place(text->context, 0, text->length);
        struct rb_diag *diag =
            rb_diag_add(diags, 302, span, "%s: no expression", text->where);
        rb_diag_help(diag, "write a Lua expression here");
        return false;
    }
    if (!compiles(text, diags))
        return false;
    struct rb_lua_refs refs;
    struct rb_lua_token rest = rb_lua_refs_collect(arena, text, &refs);
    if (rest.kind != RB_LUA_END) {
        report(text, diags, rest, "one expression is expected, and more follows here");
        return false;
    }
    *ret_refs = refs;
    return true;
}
