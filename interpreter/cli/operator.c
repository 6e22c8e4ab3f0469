#include "cli/operator.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <lua.h>
#include <nettle/version.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>
#include <yaml.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/trust.h"
#include "lua/modules.h"

/* What the kernel says for a process that nobody logged in for. */
static const char NO_LOGIN[] = "4294967295";

/* The first line of a small file, without its newline; NULL when it can't be read. */
static const struct rb_value *line_of(const char *path)
{
    char text[256];
    RB_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (length <= 0)
        return NULL;
    char *end = memchr(text, '\n', (size_t)length);
    return rb_value_string(text, end ? (size_t)(end - text) : (size_t)length);
}

static const struct rb_value *text_or_absent(const char *text)
{
    if (!text || !*text)
        return NULL;
    RB_AUTO_BUF struct rb_buf clean = {0};
    rb_text_visible(text, strlen(text), false, &clean);
    return rb_value_text(rb_buf_text(&clean));
}

/* The user who logged in, whoever the process has become since; NULL: none did. */
static const struct rb_value *login_uid(void)
{
    const struct rb_value *uid = line_of("/proc/self/loginuid");
    if (uid && strcmp(rb_value_as_text(uid, ""), NO_LOGIN) == 0) {
        rb_value_unref(uid);
        return NULL;
    }
    return uid;
}

const struct rb_value *rb_operator(void)
{
    const struct passwd *user = getpwuid(getuid());
    char host[256] = "";
    char terminal[256] = "";
    gethostname(host, sizeof host - 1);
    if (ttyname_r(STDERR_FILENO, terminal, sizeof terminal) != 0)
        terminal[0] = '\0';
    return rb_value_map(
        "user", user ? text_or_absent(user->pw_name) : rb_value_textf("uid %u", getuid()),
        "uid", rb_value_int(getuid()), "login_uid", login_uid(), "sudo_user",
        text_or_absent(getenv("SUDO_USER")), "host", text_or_absent(host), "boot_id",
        line_of("/proc/sys/kernel/random/boot_id"), "terminal", text_or_absent(terminal),
        NULL);
}

/* Where the modules come from a folder, checks are what its files make of them. `stdlib`: of each
 * "stdlib/NAME" its digest. */
static bool check_stdlib(const char *folder, const struct rb_value *stdlib,
                         struct rb_error *err)
{
    for (size_t i = 0; folder && i < rb_value_count(stdlib); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(stdlib, i), "");
        RB_AUTO_BUF struct rb_buf path = {0};
        rb_buf_printf(&path, "%s/%s.lua", folder, strrchr(name, '/') + 1);
        if (!rb_trust_file(path.data, err))
            return rb_error_prefix(err, "RUNBOOK_STDLIB");
    }
    return true;
}

const struct rb_value *rb_engine_versions(struct rb_error *err)
{
    struct rb_modules *modules = NULL;
    char pcre[64] = "";
    const char *folder = getenv("RUNBOOK_STDLIB");
    if (!rb_modules_open(folder, &modules, err))
        return NULL;
    RB_AUTO_VALUE const struct rb_value *stdlib = rb_modules_digests(modules);
    rb_modules_free(modules);
    if (!check_stdlib(folder, stdlib, err))
        return NULL;
    pcre2_config(PCRE2_CONFIG_VERSION, pcre);
    RB_AUTO_VALUE const struct rb_value *versions = rb_value_map(
        "version", rb_value_text(RB_VERSION), "lua", rb_value_text(LUA_RELEASE), "pcre2",
        rb_value_text(pcre), "libuv", rb_value_text(uv_version_string()), "libyaml",
        rb_value_text(yaml_get_version_string()), "jansson", rb_value_text(JANSSON_VERSION),
        "nettle", rb_value_textf("%d.%d", nettle_version_major(), nettle_version_minor()),
        NULL);
    return rb_value_merge(versions, stdlib);
}

static void let_through(struct rb_map_builder *map, const char *name)
{
    const char *value = getenv(name);
    if (value)
        rb_map_add(map, name, rb_value_text(value));
}

const struct rb_value *rb_here(struct rb_error *err)
{
    char here[PATH_MAX];
    if (getcwd(here, sizeof here))
        return rb_value_text(here);
    rb_fail_errno(err, RB_ERR_IO, "this folder is gone");
    return NULL;
}

const struct rb_value *rb_environ(const struct rb_plan *plan)
{
    static const char *const always[] = {"PATH", "HOME", "LANG", "TERM"};
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < RB_COUNT(always); i++)
        let_through(&map, always[i]);
    for (const char *const *name = plan->inherit; name && *name; name++)
        let_through(&map, *name);
    return rb_map_end(&map);
}
