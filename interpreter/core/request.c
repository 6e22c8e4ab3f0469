#include "core/effects.h"

#include <stdio.h>
#include <string.h>

#include "core/book.h"
#include "core/request_http.h"
#include "core/request_notify.h"
#include "core/request_sql.h"
#include "core/rules.h"
#include "plan/template.h"

enum { CAP_BYTES = 256 << 20 };
static const rb_time DEFAULT_TIMEOUT = 3600 * RB_SEC;
static const rb_time GRACE = 10 * RB_SEC;

bool rb_filled_spec(const struct rb_state *state, const struct rb_value **ret_spec,
                    struct rb_error *err)
{
    return rb_template_fill(state->plan, rb_node_step(state, state->current)->spec,
                            rb_state_current(state)->active->values, ret_spec, err);
}

bool rb_request_text(const struct rb_value *value, const char *what, const char *name,
                     const struct rb_value **ret_text, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!rb_template_text(value, &text)) {
        return rb_fail(err, RB_ERR_INVALID, "%s%s is a %s; it has to be a text or a number",
                       what, name, rb_kind_name(rb_value_kind(value)));
    }
    if (memchr(rb_buf_text(&text), '\0', text.length))
        return rb_fail(err, RB_ERR_INVALID, "%s%s holds a NUL byte", what, name);
    *ret_text = rb_value_string(rb_buf_text(&text), text.length);
    return true;
}

bool rb_request_secret(const struct rb_value *value, const char *what, const char *name,
                       const struct rb_value **ret_value, struct rb_error *err)
{
    if (!rb_template_secret(value))
        return rb_request_text(value, what, name, ret_value, err);
    *ret_value = rb_value_ref(value);
    return true;
}

/* Does the argument begin with a value, so that the value decides what the argument is? */
static bool begins_with_value(const struct rb_value *written)
{
    const struct rb_value *first = rb_value_at(rb_value_get(written, "$text"), 0);
    return rb_value_get(written, "$expr") || rb_value_get(first, "$expr");
}

struct argument {
    const struct rb_value *written, *filled, *dash_ok;
    size_t index;
};

static bool argument_of(const struct argument *arg, const struct rb_value **ret_text,
                        struct rb_error *err)
{
    char number[32];
    snprintf(number, sizeof number, "%zu", arg->index);
    if (!rb_request_text(arg->filled, "argument ", number, ret_text, err))
        return false;
    const char *text = rb_value_as_text(*ret_text, "");
    bool allowed = rb_value_as_bool(rb_value_at(arg->dash_ok, arg->index), false);
    if (text[0] != '-' || allowed || !begins_with_value(arg->written))
        return true;
    rb_fail(
        err, RB_ERR_INVALID,
        "the value of argument %zu starts with '-' (%.60s) and would be read as an option; "
        "put \"--\" before it, or give its parameter a pattern that excludes it",
        arg->index, text);
    rb_value_unref(*ret_text);
    return false;
}

static bool program_of(const struct rb_value *written, const struct rb_value *filled,
                       const struct rb_value *dash_ok, const struct rb_value **ret_argv,
                       struct rb_error *err)
{
    struct rb_list_builder argv = {0};
    for (size_t i = 0; i < rb_value_count(filled); i++) {
        struct argument arg = {rb_value_at(written, i), rb_value_at(filled, i), dash_ok, i};
        const struct rb_value *text;
        if (!argument_of(&arg, &text, err)) {
            rb_value_unref(rb_list_end(&argv));
            return false;
        }
        rb_list_add(&argv, text);
    }
    *ret_argv = rb_list_end(&argv);
    return true;
}

static const struct rb_value *shell_program(const struct rb_value *spec, const char *id)
{
    struct rb_list_builder argv = {0};
    const struct rb_value *shell = rb_value_get(spec, "shell");
    for (size_t i = 0; i < rb_value_count(shell); i++)
        rb_list_add(&argv, rb_value_ref(rb_value_at(shell, i)));
    rb_list_add(&argv, rb_value_ref(rb_value_get(spec, "script")));
    rb_list_add(&argv, rb_value_text(id));
    return rb_value_list(rb_list_end(&argv), NULL);
}

static bool pipe_programs(const struct rb_step *step, const struct rb_value *filled,
                          const struct rb_value **ret_programs, struct rb_error *err)
{
    const struct rb_value *written = rb_value_get(step->spec, "pipe");
    const struct rb_value *dash_ok = rb_value_get(step->spec, "dash_ok");
    struct rb_list_builder programs = {0};
    for (size_t i = 0; i < rb_value_count(filled); i++) {
        const struct rb_value *argv;
        if (!program_of(rb_value_at(written, i), rb_value_at(filled, i),
                        rb_value_at(dash_ok, i), &argv, err)) {
            rb_value_unref(rb_list_end(&programs));
            return rb_error_prefix(err, "program %zu", i + 1);
        }
        rb_list_add(&programs, argv);
    }
    *ret_programs = rb_list_end(&programs);
    return true;
}

static bool programs_of(const struct rb_step *step, const struct rb_value *spec,
                        const struct rb_value **ret_programs, struct rb_error *err)
{
    if (step->action == RB_ACTION_RUN) {
        *ret_programs = shell_program(spec, step->id);
        return true;
    }
    if (step->action == RB_ACTION_PIPE)
        return pipe_programs(step, rb_value_get(spec, "pipe"), ret_programs, err);
    const struct rb_value *argv;
    if (!program_of(rb_value_get(step->spec, "argv"), rb_value_get(spec, "argv"),
                    rb_value_get(step->spec, "dash_ok"), &argv, err))
        return false;
    *ret_programs = rb_value_list(argv, NULL);
    return true;
}

/* What stands in a file for the program, one part behind the other. */
static bool file_of(const struct rb_value *parts, const char *name,
                    const struct rb_value **ret_value, struct rb_error *err)
{
    struct rb_list_builder list = {0};
    bool good = true;
    for (size_t i = 0; good && i < rb_value_count(parts); i++) {
        const struct rb_value *part;
        good = rb_request_secret(rb_value_at(parts, i), "env.", name, &part, err);
        if (good)
            rb_list_add(&list, part);
    }
    RB_AUTO_VALUE const struct rb_value *file = rb_list_end(&list);
    if (good)
        *ret_value = rb_value_map("file", rb_value_ref(file), NULL);
    return good;
}

static bool add_env(struct rb_map_builder *map, const struct rb_value *env,
                    struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(env); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(env, i), "");
        const struct rb_value *given = rb_value_member_at(env, i), *value;
        const struct rb_value *parts = rb_value_get(given, "file");
        if (parts ? !file_of(parts, name, &value, err)
                  : !rb_request_secret(given, "env.", name, &value, err))
            return false;
        rb_map_add(map, name, value);
    }
    return true;
}

static bool add_bound(struct rb_map_builder *map, const struct rb_value *bind,
                      struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(bind); i++) {
        char name[32];
        const struct rb_value *text;
        snprintf(name, sizeof name, "RB_%zu", i + 1);
        if (!rb_request_text(rb_value_at(bind, i), "value ", name, &text, err))
            return false;
        rb_map_add(map, name, text);
    }
    return true;
}

/* From the widest to the narrowest: what the caller let through, the runbook, the step. */
static bool env_of(const struct rb_state *state, const struct rb_value *spec,
                   const struct rb_value **ret_env, struct rb_error *err)
{
    struct rb_map_builder map = {0};
    bool good = add_env(&map, rb_value_get(state->created, "environ"), err) &&
                add_env(&map, rb_book_here(state)->env, err) &&
                add_env(&map, rb_value_get(spec, "env"), err) &&
                add_bound(&map, rb_value_get(spec, "bind"), err);
    RB_AUTO_VALUE const struct rb_value *env = rb_map_end(&map);
    if (good)
        *ret_env = rb_value_ref(env);
    return good;
}

/* An attempt never outlasts what `within` leaves. */
rb_time rb_request_timeout(const struct rb_state *state)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    rb_time timeout = step->timeout ? step->timeout : DEFAULT_TIMEOUT;
    if (step->within == 0)
        return timeout;
    rb_time left = rb_state_current(state)->active->first_attempt + step->within -
                   state->steady.elapsed;
    left = left < RB_SEC ? RB_SEC : left;
    return timeout < left ? timeout : left;
}

static bool optional_text(const struct rb_value *spec, const char *member,
                          const struct rb_value **ret_text, struct rb_error *err)
{
    const struct rb_value *value = rb_value_get(spec, member);
    *ret_text = NULL;
    return !value || rb_request_text(value, "", member, ret_text, err);
}

static bool input_of(const struct rb_value *spec, const struct rb_value **ret_input,
                     struct rb_error *err)
{
    const struct rb_value *value = rb_value_get(spec, "stdin");
    *ret_input = NULL;
    return !value || rb_request_secret(value, "", "stdin", ret_input, err);
}

const struct rb_value *rb_process_dir(const struct rb_state *state)
{
    RB_AUTO_BUF struct rb_buf dir = {0};
    rb_node_key(state, state->current, &dir);
    rb_buf_printf(&dir, ".%d", rb_state_current(state)->attempt);
    return rb_value_text(rb_buf_text(&dir));
}

bool rb_process_request(const struct rb_state *state, const struct rb_value **ret_request,
                        struct rb_error *err)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    RB_AUTO_VALUE const struct rb_value *spec = NULL, *programs = NULL, *env = NULL;
    RB_AUTO_VALUE const struct rb_value *cwd = NULL, *input = NULL;
    if (!rb_filled_spec(state, &spec, err) || !programs_of(step, spec, &programs, err) ||
        !env_of(state, spec, &env, err) || !optional_text(spec, "cwd", &cwd, err) ||
        !input_of(spec, &input, err))
        return false;
    const struct rb_value *home = rb_value_get(state->created, "cwd");
    const struct rb_value *folder = cwd ? cwd : home;
    *ret_request = rb_value_map(
        "dir", rb_process_dir(state), "class", rb_value_text("write"), "programs",
        rb_value_ref(programs), "env", rb_value_ref(env), "cwd", rb_value_ref(folder),
        "stdin", rb_value_ref(input), "timeout_us", rb_value_int(rb_request_timeout(state)),
        "grace_us", rb_value_int(GRACE), "cap_bytes", rb_value_int(CAP_BYTES), NULL);
    return true;
}

static const struct rb_value *without_secrets(const struct rb_value *env,
                                              struct rb_list_builder *left_out)
{
    struct rb_map_builder map = {0};
    for (size_t i = 0; i < rb_value_count(env); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(env, i), "");
        const struct rb_value *value = rb_value_member_at(env, i);
        if (rb_template_secret(value))
            rb_list_add(left_out, rb_value_text(name));
        else
            rb_map_add(&map, name, rb_value_ref(value));
    }
    return rb_map_end(&map);
}

const struct rb_value *rb_shell_request(const struct rb_state *state)
{
    struct rb_error err = {0};
    struct rb_list_builder left_out = {0};
    RB_AUTO_VALUE const struct rb_value *spec = NULL, *env = NULL, *cwd = NULL;
    bool filled = rb_filled_spec(state, &spec, &err) && env_of(state, spec, &env, &err) &&
                  optional_text(spec, "cwd", &cwd, &err);
    if (!filled && !env && !env_of(state, NULL, &env, &err))
        env = rb_value_ref(rb_value_get(state->created, "environ"));
    const struct rb_value *folder = cwd ? cwd : rb_value_get(state->created, "cwd");
    const struct rb_value *plain = without_secrets(env, &left_out);
    return rb_value_map("env", plain, "cwd", rb_value_ref(folder), "left_out",
                        rb_list_end(&left_out), NULL);
}

bool rb_action_request(const struct rb_state *state, const struct rb_value **ret_request,
                       struct rb_error *err)
{
    switch (rb_node_step(state, state->current)->action) {
    case RB_ACTION_HTTP:
        return rb_request_http(state, ret_request, err);
    case RB_ACTION_SQL:
        return rb_request_sql(state, ret_request, err);
    case RB_ACTION_NOTIFY:
        return rb_request_notify(state, ret_request, err);
    default:
        return rb_process_request(state, ret_request, err);
    }
}
