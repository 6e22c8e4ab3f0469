#include "lua/modules.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "stdlib_embedded.h"

enum { CAP = 1 << 20 };

struct rb_modules {
    struct rb_module modules[RB_COUNT(embedded)];
    char *texts[RB_COUNT(embedded)]; /* owned; NULL where it is part of the program */
};

static bool read_module(const char *folder, struct rb_module *module, char **ret_text,
                        struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&path, "%s/%s.lua", folder, module->name);
    if (!rb_file_read(AT_FDCWD, rb_buf_text(&path), CAP, &text, err))
        return rb_error_prefix(err, "RUNBOOK_STDLIB");
    module->length = text.length;
    module->text = *ret_text = rb_buf_take(&text);
    return true;
}

bool rb_modules_open(const char *folder, struct rb_modules **ret_modules,
                     struct rb_error *err)
{
    struct rb_modules *modules = rb_alloc(sizeof *modules);
    memcpy(modules->modules, embedded, sizeof embedded);
    for (size_t i = 0; folder && i < RB_COUNT(embedded); i++) {
        if (!read_module(folder, &modules->modules[i], &modules->texts[i], err)) {
            rb_modules_free(modules);
            return false;
        }
    }
    *ret_modules = modules;
    return true;
}

void rb_modules_free(struct rb_modules *modules)
{
    for (size_t i = 0; modules && i < RB_COUNT(embedded); i++) {
        free(modules->texts[i]);
        rb_buf_done(&modules->modules[i].compiled);
    }
    free(modules);
}

struct rb_module *rb_modules_find(struct rb_modules *modules, const char *name)
{
    for (size_t i = 0; i < RB_COUNT(embedded); i++) {
        if (strcmp(modules->modules[i].name, name) == 0)
            return &modules->modules[i];
    }
    return NULL;
}

static int keep(lua_State *L, const void *bytes, size_t length, void *into)
{
    (void)L;
    rb_buf_append(into, bytes, length);
    return 0;
}

/* In a state of its own, so that the first evaluation is charged no more than the others. */
bool rb_module_compile(struct rb_module *module, struct rb_error *err)
{
    if (module->compiled.length > 0)
        return true;
    RB_AUTO_BUF struct rb_buf where = {0};
    rb_buf_printf(&where, "=%s", module->name);
    lua_State *L = luaL_newstate();
    bool good = L && luaL_loadbufferx(L, module->text, module->length, rb_buf_text(&where),
                                      "t") == LUA_OK;
    if (good)
        lua_dump(L, keep, &module->compiled, 0);
    else
        rb_fail(err, RB_ERR_INVALID, "%s", L ? lua_tostring(L, -1) : "no memory");
    if (L)
        lua_close(L);
    return good;
}

const struct rb_value *rb_modules_digests(const struct rb_modules *modules)
{
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < RB_COUNT(embedded); i++) {
        char hex[RB_DIGEST_HEX + 1];
        RB_AUTO_BUF struct rb_buf name = {0};
        rb_buf_printf(&name, "stdlib/%s", modules->modules[i].name);
        rb_digest_of(modules->modules[i].text, modules->modules[i].length, hex);
        rb_map_add(&map, rb_buf_text(&name), rb_value_textf("sha256:%s", hex));
    }
    return rb_map_end(&map);
}
