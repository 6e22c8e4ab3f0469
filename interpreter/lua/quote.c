#include "lua/quote.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "lua/secret.h"

enum { OPERAND_MAX = 100 };

void rb_quote_line(const char *bytes, size_t length, size_t cap, struct rb_buf *out)
{
    size_t shown = length < cap ? length : cap;
    while (shown > 0 && shown < length && ((unsigned char)bytes[shown] & 0xc0) == 0x80)
        shown--;
    rb_text_visible(bytes, shown, false, out);
    if (shown < length)
        rb_buf_puts(out, "...");
}

void rb_quote_text(const char *bytes, size_t length, size_t cap, struct rb_buf *out)
{
    rb_buf_putc(out, '"');
    rb_quote_line(bytes, length, cap, out);
    rb_buf_putc(out, '"');
}

/* As Lua writes it, but for NaN, whose sign is the processor's. */
static void quote_number(lua_Number number, struct rb_buf *out)
{
    char text[64];
    if (isnan(number)) {
        rb_buf_puts(out, "nan");
        return;
    }
    snprintf(text, sizeof text, "%.14g", number);
    rb_buf_puts(out, text);
    if (strspn(text, "-0123456789") == strlen(text))
        rb_buf_puts(out, ".0");
}

void rb_quote_lua(lua_State *L, int index, struct rb_buf *out)
{
    size_t length;
    const char *text;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        rb_buf_puts(out, "nil");
        break;
    case LUA_TBOOLEAN:
        rb_buf_puts(out, lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            rb_buf_printf(out, "%lld", (long long)lua_tointeger(L, index));
        else
            quote_number(lua_tonumber(L, index), out);
        break;
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &length);
        rb_quote_text(text, length, OPERAND_MAX, out);
        break;
    case LUA_TLIGHTUSERDATA:
        rb_buf_puts(out, "null");
        break;
    default:
        rb_buf_printf(out, "a %s",
                      rb_secret_at(L, index) ? "secret"
                                             : lua_typename(L, lua_type(L, index)));
    }
}

void rb_quote_value(const struct rb_value *value, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf json = {0};
    rb_json_print(value, 0, &json);
    rb_quote_line(rb_buf_text(&json), json.length, OPERAND_MAX, out);
}
