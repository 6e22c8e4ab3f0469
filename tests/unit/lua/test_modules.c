#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "bench.h"

static void the_library_is_part_of_the_program(void **state)
{
    (void)state;
    struct rb_modules *modules;
    assert_true(rb_modules_open(NULL, &modules, NULL));
    const struct rb_module *sh = rb_modules_find(modules, "sh");
    assert_non_null(sh);
    assert_int_equal(strlen(sh->text), sh->length);
    assert_null(rb_modules_find(modules, "nope"));
    rb_modules_free(modules);
}

static void a_module_is_known_by_its_digest(void **state)
{
    (void)state;
    struct rb_modules *modules;
    assert_true(rb_modules_open(NULL, &modules, NULL));
    const struct rb_module *sh = rb_modules_find(modules, "sh");
    char hex[65], expected[80];
    rb_digest_of(sh->text, sh->length, hex);
    snprintf(expected, sizeof expected, "sha256:%s", hex);
    RB_AUTO_VALUE const struct rb_value *digests = rb_modules_digests(modules);
    assert_string_equal(rb_value_get_text(digests, "stdlib/sh", ""), expected);
    rb_modules_free(modules);
}

/* Calls this for the path that each module of the library has in the folder. */
static void for_each_path(const char *folder, void (*act)(const char *path))
{
    struct rb_modules *modules;
    assert_true(rb_modules_open(NULL, &modules, NULL));
    RB_AUTO_VALUE const struct rb_value *digests = rb_modules_digests(modules);
    rb_modules_free(modules);
    for (size_t i = 0; i < rb_value_count(digests); i++) {
        RB_AUTO_BUF struct rb_buf path = {0};
        const char *name = rb_value_as_text(rb_value_key_at(digests, i), "");
        rb_buf_printf(&path, "%s%s.lua", folder, strchr(name, '/'));
        act(rb_buf_text(&path));
    }
}

static void create(const char *path)
{
    assert_true(rb_file_create(-1, path, "return {}", 9, false, NULL));
}

static void erase(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

static void a_folder_stands_in_for_it(void **state)
{
    (void)state;
    char folder[] = "/tmp/rb-modules-XXXXXX";
    struct rb_modules *modules;
    struct rb_error err;
    assert_non_null(mkdtemp(folder));
    assert_false(rb_modules_open(folder, &modules, &err));
    assert_non_null(strstr(err.message, "RUNBOOK_STDLIB"));
    for_each_path(folder, create);
    assert_true(rb_modules_open(folder, &modules, NULL));
    assert_string_equal(rb_modules_find(modules, "sh")->text, "return {}");
    rb_modules_free(modules);
    for_each_path(folder, erase);
    rmdir(folder);
}

static void a_module_is_compiled_once(void **state)
{
    (void)state;
    struct rb_modules *modules;
    struct rb_error err;
    assert_true(rb_modules_open(NULL, &modules, NULL));
    struct rb_module *sh = rb_modules_find(modules, "sh");
    assert_true(rb_module_compile(sh, &err));
    const char *compiled = sh->compiled.data;
    size_t length = sh->compiled.length;
    assert_memory_equal(compiled, "\x1bLua", 4);
    assert_true(rb_module_compile(sh, &err));
    assert_ptr_equal(sh->compiled.data, compiled);
    assert_int_equal(sh->compiled.length, length);
    rb_modules_free(modules);
}

static void what_is_no_lua_is_no_module(void **state)
{
    (void)state;
    struct rb_module broken = {.name = "sh", .text = "return {", .length = 8};
    struct rb_error err;
    assert_false(rb_module_compile(&broken, &err));
    assert_non_null(strstr(err.message, "sh:1:"));
    assert_int_equal(broken.compiled.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_part_of_the_program),
        cmocka_unit_test(a_module_is_known_by_its_digest),
        cmocka_unit_test(a_folder_stands_in_for_it),
        cmocka_unit_test(a_module_is_compiled_once),
        cmocka_unit_test(what_is_no_lua_is_no_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
