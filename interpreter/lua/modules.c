#include "lua/modules.h"

#include <fcntl.h>
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
    for (size_t i = 0; modules && i < RB_COUNT(embedded); i++)
        free(modules->texts[i]);
    free(modules);
}

const struct rb_module *rb_modules_find(const struct rb_modules *modules, const char *name)
{
    for (size_t i = 0; i < RB_COUNT(embedded); i++) {
        if (strcmp(modules->modules[i].name, name) == 0)
            return &modules->modules[i];
    }
    return NULL;
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
