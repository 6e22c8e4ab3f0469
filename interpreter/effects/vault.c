#include "effects/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guarded.h"
#include "base/text.h"
#include "effects/vault_command.h"
#include "plan/template.h"

/* Below this a value would be found everywhere in what is printed. */
enum { SHORTEST = 6, ROOM = RB_SECRET_MOST + 1 };

struct rb_vault {
    uv_loop_t *loop;
    const struct rb_state *state;
    struct rb_vault_prompt prompt;
    struct rb_secrets secrets;
    struct rb_secrets taken; /* out of the environment, and not asked for so far */
    bool *
        fixed; /* of each secret of the plan: its value is the one that is used to the end */
    const struct rb_value *names;
    size_t next;  /* of them */
    bool lenient; /* one that can't be had is passed over */
    rb_vault_done *done;
    void *context;
    struct rb_vault_command *command; /* under way; NULL: none */
    bool asking;
};

/* The values lie where /proc/PID/environ would show them, and a forked process inherit them. */
static void take_environment(struct rb_vault *vault)
{
    const struct rb_plan *plan = vault->state->plan;
    for (int i = 0; i < plan->secret_count; i++) {
        const char *name = rb_value_get_text(plan->secrets[i].source, "env", NULL);
        const char *value = name ? getenv(name) : NULL;
        if (value)
            rb_secrets_put(&vault->taken, plan->secrets[i].name, value, strlen(value),
                           false);
    }
    for (int i = 0; i < plan->secret_count; i++) {
        const char *name = rb_value_get_text(plan->secrets[i].source, "env", NULL);
        char *value = name ? getenv(name) : NULL;
        if (!value)
            continue;
        explicit_bzero(value, strlen(value));
        unsetenv(name);
    }
}

struct rb_vault *rb_vault_new(uv_loop_t *loop, const struct rb_state *state,
                              const struct rb_vault_prompt *prompt)
{
    struct rb_vault *vault = rb_alloc(sizeof *vault);
    vault->loop = loop;
    vault->state = state;
    vault->prompt = *prompt;
    vault->fixed = rb_alloc((size_t)state->plan->secret_count + 1);
    if (state->plan->secret_count > 0) {
        prctl(PR_SET_DUMPABLE, 0);
        take_environment(vault);
    }
    return vault;
}

void rb_vault_free(struct rb_vault *vault)
{
    if (!vault)
        return;
    rb_vault_cancel(vault);
    rb_secrets_done(&vault->secrets);
    rb_secrets_done(&vault->taken);
    free(vault->fixed);
    free(vault);
}

const struct rb_secrets *rb_vault_secrets(const struct rb_vault *vault)
{
    return &vault->secrets;
}

void rb_vault_cancel(struct rb_vault *vault)
{
    rb_vault_command_end(vault->command);
    if (vault->asking && vault->prompt.unask)
        vault->prompt.unask(vault->prompt.self);
    vault->command = NULL;
    vault->asking = false;
    vault->done = NULL;
    rb_value_unref(vault->names);
    vault->names = NULL;
}

static const struct rb_plan_secret *declared(const struct rb_vault *vault, const char *name)
{
    const struct rb_plan *plan = vault->state->plan;
    for (int i = 0; i < plan->secret_count; i++) {
        if (strcmp(plan->secrets[i].name, name) == 0)
            return &plan->secrets[i];
    }
    return NULL;
}

static const char *name_at_hand(const struct rb_vault *vault)
{
    return rb_value_as_text(rb_value_at(vault->names, vault->next), "");
}

/* The need is settled; whoever had it may have the next at once. */
static void settle(struct rb_vault *vault, enum rb_vault_end end, const char *why)
{
    rb_vault_done *done = vault->done;
    void *context = vault->context;
    rb_vault_cancel(vault);
    if (done)
        done(context, end, why);
}

/* True when it is passed over; else the need has failed. */
static bool fail(struct rb_vault *vault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct rb_vault *vault, const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    va_list args;
    if (vault->lenient) {
        vault->next++;
        return true;
    }
    rb_buf_printf(&why, "the secret `%s` can't be had: ", name_at_hand(vault));
    va_start(args, format);
    rb_buf_vprintf(&why, format, args);
    va_end(args);
    settle(vault, RB_VAULT_FAILED, rb_buf_text(&why));
    return false;
}

/* A file may be another one when it is needed; what a command said, or a person, is said once. */
static void fix(struct rb_vault *vault, const struct rb_plan_secret *secret)
{
    bool may_change = vault->lenient && rb_value_get(secret->source, "file");
    vault->fixed[secret - vault->state->plan->secrets] = !may_change;
}

/* False when it can't be one: then the need has failed. */
static bool keep(struct rb_vault *vault, const char *bytes, size_t length)
{
    const struct rb_plan_secret *secret = declared(vault, name_at_hand(vault));
    bool is_short = length < SHORTEST;
    if (length == 0)
        return fail(vault, "its value is empty");
    if (length > RB_SECRET_MOST)
        return fail(vault, "its value has more than %d KiB", RB_SECRET_MOST / 1024);
    if (is_short && !secret->unmasked)
        return fail(
            vault,
            "its value has fewer than %d bytes and could not be kept out of what is "
            "printed; `unmasked: true` in its declaration allows that",
            SHORTEST);
    rb_secrets_put(&vault->secrets, secret->name, bytes, length, is_short);
    fix(vault, secret);
    vault->next++;
    return true;
}

static size_t without_line_end(const char *bytes, size_t length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    return length;
}

static bool from_environment(struct rb_vault *vault, const char *variable)
{
    const struct rb_secret *taken = rb_secrets_find(&vault->taken, name_at_hand(vault));
    if (!taken)
        return fail(vault, "the environment variable %s is not set", variable);
    return keep(vault, taken->bytes, taken->length);
}

/* Relative to the folder that the run was started in; `~/` is its HOME. */
static int open_file(const struct rb_vault *vault, const char *path)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const struct rb_value *created = vault->state->created;
    bool home = rb_text_starts(path, "~/");
    const char *folder =
        home ? rb_value_get_text(rb_value_get(created, "environ"), "HOME", "")
             : rb_value_get_text(created, "cwd", ".");
    RB_AUTO_CLOSE int base = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return base < 0 ? -1 : openat(base, home ? path + 2 : path, flags);
}

static bool read_file(struct rb_vault *vault, int fd, const char *path, char *bytes)
{
    size_t length = 0;
    while (length < ROOM) {
        ssize_t got = read(fd, bytes + length, ROOM - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(vault, "%s can't be read: %s", path, strerror(errno));
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return keep(vault, bytes, length < ROOM ? without_line_end(bytes, length) : length);
}

static bool from_file(struct rb_vault *vault, const char *path)
{
    struct stat info;
    RB_AUTO_CLOSE int fd = open_file(vault, path);
    if (fd < 0 || fstat(fd, &info) < 0)
        return fail(vault, "%s can't be opened: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return fail(vault, "%s is not a regular file", path);
    if ((info.st_mode & S_IROTH) && !vault->lenient)
        return fail(vault,
                    "%s can be read by everybody; chmod o-r keeps it to those it is for",
                    path);
    char *bytes = rb_guarded_alloc(ROOM);
    bool good = read_file(vault, fd, path, bytes);
    rb_guarded_free(bytes, ROOM);
    return good;
}

static void go_on(struct rb_vault *vault);

static void printed(void *context, const char *bytes, size_t length, const char *what)
{
    struct rb_vault *vault = context;
    vault->command = NULL;
    const struct rb_plan_secret *secret = declared(vault, name_at_hand(vault));
    const struct rb_value *argv = rb_value_get(secret->source, "command");
    bool good = what ? fail(vault, "its command `%s`: %s",
                            rb_value_as_text(rb_value_at(argv, 0), ""), what)
                     : keep(vault, bytes, without_line_end(bytes, length));
    if (good)
        go_on(vault);
}

static void typed(void *context, const char *bytes, size_t length)
{
    struct rb_vault *vault = context;
    vault->asking = false;
    if (!bytes) {
        RB_AUTO_BUF struct rb_buf why = {0};
        rb_buf_printf(&why, "the secret `%s` has to be typed in, and nobody did",
                      name_at_hand(vault));
        settle(vault, RB_VAULT_UNASKED, rb_buf_text(&why));
    } else if (keep(vault, bytes, length)) {
        go_on(vault);
    }
}

static void ask(struct rb_vault *vault, const char *name, const char *text)
{
    if (!vault->prompt.ask) {
        RB_AUTO_BUF struct rb_buf why = {0};
        rb_buf_printf(&why, "the secret `%s` has to be typed in, and there is no terminal",
                      name);
        settle(vault, RB_VAULT_UNASKED, rb_buf_text(&why));
        return;
    }
    vault->asking = true;
    vault->prompt.ask(vault->prompt.self, name, text, typed, vault);
}

/* True when it is here; else somebody was asked, or the need has failed. */
static bool fetch(struct rb_vault *vault)
{
    const char *name = name_at_hand(vault);
    const struct rb_plan_secret *secret = declared(vault, name);
    if (!secret)
        return fail(vault, "the runbook declares none of this name");
    if (vault->fixed[secret - vault->state->plan->secrets]) {
        vault->next++;
        return true;
    }
    const struct rb_value *created = vault->state->created;
    const char *variable = rb_value_get_text(secret->source, "env", NULL);
    const char *file = rb_value_get_text(secret->source, "file", NULL);
    const struct rb_value *argv = rb_value_get(secret->source, "command");
    if (variable)
        return from_environment(vault, variable);
    if (file)
        return from_file(vault, file);
    if (argv)
        vault->command =
            rb_vault_command_start(vault->loop, argv, rb_value_get(created, "environ"),
                                   rb_value_get_text(created, "cwd", NULL), printed, vault);
    else
        ask(vault, name, rb_value_get_text(secret->source, "prompt", ""));
    return false;
}

static void go_on(struct rb_vault *vault)
{
    while (vault->next < rb_value_count(vault->names)) {
        if (!fetch(vault))
            return;
    }
    settle(vault, RB_VAULT_READY, NULL);
}

static void begin(struct rb_vault *vault, const struct rb_value *owned_names, bool lenient,
                  rb_vault_done *done, void *context)
{
    vault->names = owned_names;
    vault->next = 0;
    vault->lenient = lenient;
    vault->done = done;
    vault->context = context;
    go_on(vault);
}

/* What comes back may hold a secret that nothing has needed yet, as a file that is read. Those that are
 * to be had without a person and without a program are looked up, so that it is found. */
static void foresee(struct rb_vault *vault)
{
    const struct rb_plan *plan = vault->state->plan;
    struct rb_list_builder names = {0};
    for (int i = 0; i < plan->secret_count; i++) {
        const struct rb_value *source = plan->secrets[i].source;
        if (!vault->fixed[i] &&
            (rb_value_get(source, "env") || rb_value_get(source, "file")))
            rb_list_add(&names, rb_value_text(plan->secrets[i].name));
    }
    if (names.count > 0)
        begin(vault, rb_list_end(&names), true, NULL, NULL);
}

void rb_vault_need(struct rb_vault *vault, const struct rb_value *names,
                   rb_vault_done *done, void *context)
{
    foresee(vault);
    begin(vault, rb_value_ref(names), false, done, context);
}

void rb_vault_recall(struct rb_vault *vault, rb_vault_done *done, void *context)
{
    const struct rb_plan *plan = vault->state->plan;
    struct rb_list_builder names = {0};
    for (int i = 0; i < plan->secret_count; i++) {
        if (!rb_value_get(plan->secrets[i].source, "prompt"))
            rb_list_add(&names, rb_value_text(plan->secrets[i].name));
    }
    begin(vault, rb_list_end(&names), true, done, context);
}

static void add_names(const struct rb_value *value, struct rb_list_builder *names)
{
    const char *name = rb_template_secret(value);
    if (name) {
        rb_list_add(names, rb_value_text(name));
        return;
    }
    bool list = rb_value_is(value, RB_LIST);
    for (size_t i = 0; i < rb_value_count(value); i++)
        add_names(list ? rb_value_at(value, i) : rb_value_member_at(value, i), names);
}

const struct rb_value *rb_vault_names(const struct rb_value *request)
{
    struct rb_list_builder names = {0};
    add_names(request, &names);
    return rb_list_end(&names);
}
