/* floor_check FILE: reads the events of a YAML file and compiles every expression in it, which
 * is what a check of the file can't do without. Writes "EVENTS EXPRESSIONS". */

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct floor {
    lua_State *lua;
    bool lua_follows; /* the scalar was the key of a field that holds Lua */
    long events, expressions;
};

static bool compile(struct floor *f, const char *prefix, const char *text, size_t length)
{
    char source[4096];
    int size = snprintf(source, sizeof source, "%s%.*s", prefix, (int)length, text);
    if (size >= (int)sizeof source ||
        luaL_loadbufferx(f->lua, source, (size_t)size, "=expression", "t") != LUA_OK)
        return false;
    lua_pop(f->lua, 1);
    f->expressions++;
    return true;
}

static bool take_scalar(struct floor *f, const char *text, size_t length)
{
    bool lua = f->lua_follows;
    f->lua_follows = strcmp(text, "check") == 0 || strcmp(text, "when") == 0;
    if (lua)
        return compile(f, "return ", text, length);
    for (const char *at = text, *end; (at = strstr(at, "${{")); at = end) {
        end = strstr(at, "}}");
        if (!end || !compile(f, "return ", at + 3, (size_t)(end - at - 3)))
            return false;
    }
    return true;
}

static bool take_all(struct floor *f, yaml_parser_t *parser)
{
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return false;
        f->events++;
        ended = event.type == YAML_STREAM_END_EVENT;
        bool good =
            event.type != YAML_SCALAR_EVENT ||
            take_scalar(f, (const char *)event.data.scalar.value, event.data.scalar.length);
        yaml_event_delete(&event);
        if (!good)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct floor f = {.lua = luaL_newstate()};
    yaml_parser_t parser;
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    if (!file || !f.lua || !yaml_parser_initialize(&parser))
        return 2;
    yaml_parser_set_input_file(&parser, file);
    bool good = take_all(&f, &parser);
    printf("%ld %ld\n", f.events, f.expressions);
    yaml_parser_delete(&parser);
    lua_close(f.lua);
    fclose(file);
    return good ? 0 : 1;
}
