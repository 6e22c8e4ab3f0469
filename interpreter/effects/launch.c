#include "effects/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "effects/sealed.h"
#include "plan/template.h"

static bool fail_with(struct rb_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail_with(struct rb_error *err, int code, const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    rb_fail(err, RB_ERR_IO, "%s", rb_buf_text(&text));
    if (err)
        err->sys = code;
    return false;
}

/* Files in memory stand from here on: scripts take the numbers below for themselves. */
enum { FIRST_FILE = 10 };

static bool has_nul(const struct rb_value *text)
{
    return strlen(rb_value_as_text(text, "")) != rb_value_length(text);
}

/* "NAME=value", in one allocation of just that size, so that nothing of it is left elsewhere. */
static char *join(const struct rb_value *name, const struct rb_sealed_bytes *value)
{
    size_t length = rb_value_length(name);
    char *entry = rb_alloc(length + value->length + 2);
    memcpy(entry, rb_value_as_text(name, ""), length);
    entry[length] = '=';
    if (value->length > 0)
        memcpy(entry + length + 1, value->data, value->length);
    return entry;
}

static bool make_entry(const struct rb_value *name, const struct rb_value *value,
                       const struct rb_secrets *secrets, char **ret_entry,
                       struct rb_error *err)
{
    struct rb_sealed_bytes bytes = {0};
    if (!rb_sealed_bytes(value, secrets, &bytes, err))
        return false;
    if ((!rb_value_is(value, RB_STRING) && !rb_template_secret(value)) || has_nul(name) ||
        (bytes.length > 0 && memchr(bytes.data, '\0', bytes.length)))
        return fail_with(err, EINVAL, "the environment variable %s is not a plain text",
                         rb_value_as_text(name, ""));
    *ret_entry = join(name, &bytes);
    return true;
}

static size_t count_files(const struct rb_value *env)
{
    size_t count = 0;
    for (size_t i = 0; i < rb_value_count(env); i++)
        count += rb_value_get(rb_value_member_at(env, i), "file") != NULL;
    return count;
}

/* The variable has the path that leads whoever opens it to the next of the files. */
static bool make_file(struct rb_launch *launch, const struct rb_value *name,
                      const struct rb_value *parts, const struct rb_secrets *secrets,
                      char **ret_entry, struct rb_error *err)
{
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_sealed_file(parts, secrets, &fd, err))
        return false;
    /* Above all of the numbers in the child, so that none of them takes its place there. */
    int above = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FILE + (int)launch->file_room);
    if (above < 0)
        return rb_fail_errno(err, RB_ERR_IO, "a file in memory can't be kept");
    char path[64];
    int length =
        snprintf(path, sizeof path, "/proc/self/fd/%zu", FIRST_FILE + launch->file_count);
    launch->files[launch->file_count++] = above;
    *ret_entry = join(name, &(struct rb_sealed_bytes){path, (size_t)length});
    return true;
}

/* There may be secrets in it. */
static void free_env(char **env)
{
    for (char **entry = env; entry && *entry; entry++) {
        explicit_bzero(*entry, strlen(*entry));
        free(*entry);
    }
    free(env);
}

static bool make_env(struct rb_launch *launch, const struct rb_value *env,
                     const struct rb_secrets *secrets, struct rb_error *err)
{
    size_t count = rb_value_count(env);
    bool good = true;
    launch->file_room = count_files(env);
    launch->files = rb_alloc((launch->file_room + 1) * sizeof *launch->files);
    launch->env = rb_alloc((count + 1) * sizeof *launch->env);
    for (size_t i = 0; good && i < count; i++) {
        const struct rb_value *name = rb_value_key_at(env, i),
                              *value = rb_value_member_at(env, i),
                              *parts = rb_value_get(value, "file");
        good = parts ? make_file(launch, name, parts, secrets, &launch->env[i], err)
                     : make_entry(name, value, secrets, &launch->env[i], err);
    }
    return good;
}

static bool open_folder(const char *cwd, int *ret_folder, struct rb_error *err)
{
    *ret_folder = cwd ? open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
    if (*ret_folder >= 0 || !cwd)
        return true;
    int code = errno;
    if (code == ENOENT)
        return fail_with(err, code, "the folder %s does not exist", cwd);
    if (code == ENOTDIR)
        return fail_with(err, code, "%s is not a folder", cwd);
    return fail_with(err, code, "the folder %s can't be entered: %s", cwd, strerror(code));
}

bool rb_launch_init(struct rb_launch *launch, const struct rb_value *request,
                    const struct rb_secrets *secrets, struct rb_error *err)
{
    const struct rb_value *env = rb_value_get(request, "env");
    struct rb_launch made = {.cwd = rb_value_get_text(request, "cwd", NULL),
                             .path = rb_value_get_text(env, "PATH", NULL)};
    if (!open_folder(made.cwd, &made.folder, err))
        return false;
    if (!make_env(&made, env, secrets, err)) {
        rb_launch_done(&made);
        return false;
    }
    *launch = made;
    return true;
}

void rb_launch_done(struct rb_launch *launch)
{
    free_env(launch->env);
    for (size_t i = 0; i < launch->file_count; i++)
        rb_close_descriptor(&launch->files[i]);
    free(launch->files);
    rb_close_descriptor(&launch->folder);
}

/* 0 when it can be executed, else why not. Relative paths start at the request's folder. */
static int examine(const struct rb_launch *launch, const char *path)
{
    struct stat info;
    if (fstatat(launch->folder, path, &info, 0) < 0)
        return errno;
    if (!S_ISREG(info.st_mode))
        return EACCES;
    return faccessat(launch->folder, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* No program is there. Any other error leaves that open, and what a later entry of PATH has under this
 * name may be another one. */
static bool is_absence(int code)
{
    return code == ENOENT || code == ENOTDIR || code == EACCES || code == ENAMETOOLONG;
}

/* `found` is set to the first candidate that can be executed, or of which nobody knows; the result is why
 * there is none. An empty entry of PATH is the current folder. */
static int search(const struct rb_launch *launch, const char *program, struct rb_buf *found)
{
    int why = ENOENT;
    const char *at = launch->path;
    while (at) {
        size_t length = strcspn(at, ":");
        rb_buf_clear(found);
        rb_buf_append(found, length > 0 ? at : ".", length > 0 ? length : 1);
        rb_buf_printf(found, "/%s", program);
        int code = examine(launch, found->data);
        if (!is_absence(code))
            return code;
        if (code == EACCES)
            why = code;
        at = at[length] ? at + length + 1 : NULL;
    }
    return why;
}

static bool not_executable(const char *path, int code, struct rb_error *err)
{
    if (code == ENOENT)
        return fail_with(err, code, "the program %s does not exist", path);
    if (code == EACCES)
        return fail_with(err, code, "%s can't be executed: permission denied", path);
    if (code == ENOEXEC)
        return fail_with(err, code,
                         "%s is neither a program nor a script that begins with #!", path);
    return fail_with(err, code, "%s can't be executed: %s", path, strerror(code));
}

bool rb_launch_find(const struct rb_launch *launch, const char *program,
                    struct rb_buf *ret_path, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf found = {0};
    bool direct = strchr(program, '/') != NULL;
    if (direct)
        rb_buf_puts(&found, program);
    int code = !*program ? ENOENT
               : direct  ? examine(launch, program)
                         : search(launch, program, &found);
    if (code == 0) {
        rb_buf_append(ret_path, found.data, found.length);
        return true;
    }
    if (!*program)
        return fail_with(err, code, "the name of the program is empty");
    if (direct)
        return not_executable(program, code, err);
    if (!is_absence(code))
        return not_executable(found.data, code, err);
    if (!launch->path)
        return fail_with(
            err, code, "the program %s can't be looked up: PATH is not in the environment",
            program);
    return fail_with(err, code, "the program %s was not found in PATH=%s%s", program,
                     launch->path, code == EACCES ? " as a file that may be executed" : "");
}

/* NULL when it has what is no argument; to be freed. */
static char **make_argv(const struct rb_value *argv, struct rb_error *err)
{
    size_t count = rb_value_count(argv);
    char **list = rb_alloc((count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *text = rb_value_at(argv, i);
        list[i] = (char *)rb_value_as_text(text, "");
        if (!rb_value_is(text, RB_STRING) || has_nul(text)) {
            free(list);
            fail_with(err, EINVAL, "argument %zu is not a text without NUL bytes", i);
            return NULL;
        }
    }
    return list;
}

/* Those in memory, and nothing between and above. */
static int add_files(posix_spawn_file_actions_t *actions, const struct rb_launch *launch)
{
    int code = 0, at = FIRST_FILE;
    if (launch->file_count == 0)
        return posix_spawn_file_actions_addclosefrom_np(actions, 3);
    for (size_t i = 0; code == 0 && i < launch->file_count; i++)
        code = posix_spawn_file_actions_adddup2(actions, launch->files[i], at++);
    for (int fd = 3; code == 0 && fd < FIRST_FILE; fd++)
        code = posix_spawn_file_actions_addclose(actions, fd);
    return code ? code : posix_spawn_file_actions_addclosefrom_np(actions, at);
}

/* Our own 0, 1 and 2 lead to /dev/null, so whatever else we open is above them. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct rb_launch *launch,
                       const int fds[3])
{
    int code = posix_spawn_file_actions_init(actions);
    for (int i = 0; code == 0 && i < 3; i++)
        code = posix_spawn_file_actions_adddup2(actions, fds[i], i);
    if (code == 0 && launch->cwd)
        code = posix_spawn_file_actions_addfchdir_np(actions, launch->folder);
    return code ? code : add_files(actions, launch);
}

static int add_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int code = posix_spawnattr_init(attributes);
    if (code == 0)
        code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID |
                                                        POSIX_SPAWN_SETSIGMASK |
                                                        POSIX_SPAWN_SETSIGDEF);
    if (code == 0)
        code = posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attributes, &all);
    return code;
}

bool rb_launch_start(const struct rb_launch *launch, const char *path,
                     const struct rb_value *argv, const int fds[3], pid_t *ret_pid,
                     struct rb_error *err)
{
    posix_spawn_file_actions_t actions = {0};
    posix_spawnattr_t attributes = {0};
    RB_AUTO_FREE char **list = make_argv(argv, err);
    if (!list)
        return false;
    int code = add_actions(&actions, launch, fds);
    if (code == 0)
        code = add_attributes(&attributes);
    if (code == 0)
        code = posix_spawn(ret_pid, path, &actions, &attributes, list, launch->env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code == 0)
        return true;
    /* The file was there when we looked it up: what is missing then is its interpreter. */
    if (code == ENOENT && examine(launch, path) == 0)
        return fail_with(err, code, "the interpreter that %s names was not found", path);
    return not_executable(path, code, err);
}
