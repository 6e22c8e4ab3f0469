#include "parse/call_place.h"

#include <stdbool.h>
#include <string.h>

/* One part of a path more; `..` takes one away. False where there is none. */
static bool step_into(struct rb_arena *arena, const char **path, const char *part,
                      size_t length)
{
    const char *slash = strrchr(*path, '/');
    if (length == 0 || (length == 1 && *part == '.'))
        return true;
    if (length == 2 && strncmp(part, "..", 2) == 0) {
        bool any = **path;
        *path = rb_arena_strndup(arena, *path, slash ? (size_t)(slash - *path) : 0);
        return any;
    }
    *path = rb_arena_printf(arena, "%s%s%.*s", *path, **path ? "/" : "", (int)length, part);
    return true;
}

static bool walk(struct rb_arena *arena, const char **path, const char *text, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        size_t part = at;
        while (at < length && text[at] != '/')
            at++;
        if (!step_into(arena, path, text + part, at - part))
            return false;
    }
    return true;
}

const char *rb_call_place(struct rb_arena *arena, const char *place, const char *file)
{
    const char *path = "", *slash = place ? strrchr(place, '/') : NULL;
    if (file[0] == '/' || (slash && !walk(arena, &path, place, (size_t)(slash - place))) ||
        !walk(arena, &path, file, strlen(file)))
        return NULL;
    return path;
}
