#include "cli/trust.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

/* As many as the system follows. */
enum { MOST_LINKS = 40 };

static bool is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return rb_strdup(".");
    return rb_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* "." and "..", and what stands behind a '/' at the end, are in every folder: nobody can replace them. */
static bool is_replaceable(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return strlen(name) > 2 || name[strspn(name, ".")] != '\0';
}

/* Whether nobody else can put another file, folder or link in the place of `at`, which is on the way to
 * the file at `path`. */
static bool check_place(const char *path, const char *at, const struct stat *st,
                        struct rb_error *err)
{
    RB_AUTO_FREE char *folder = folder_of(at);
    struct stat above;
    if (!is_replaceable(at) || stat(folder, &above) != 0 || !(above.st_mode & S_IWOTH))
        return true;
    if (!(above.st_mode & S_ISVTX))
        return rb_fail(err, RB_ERR_INVALID,
                       "anyone can replace %s: the folder %s is writable by all (mode "
                       "%04o): chmod o-w it",
                       path, folder, (unsigned)(above.st_mode & 07777));
    return is_ours(st) ||
           rb_fail(err, RB_ERR_INVALID,
                   "%s is another user's, in the folder %s where anyone can put a file", at,
                   folder);
}

/* Where a link leads; an absolute path is as it is. */
static char *target_of(const char *link, bool *ret_absolute)
{
    char target[PATH_MAX];
    ssize_t length = readlink(link, target, sizeof target - 1);
    RB_AUTO_BUF struct rb_buf to = {0};
    RB_AUTO_FREE char *folder = folder_of(link);
    target[length > 0 ? length : 0] = '\0';
    *ret_absolute = target[0] == '/';
    if (!*ret_absolute)
        rb_buf_printf(&to, "%s/", folder);
    rb_buf_puts(&to, target);
    return rb_buf_take(&to);
}

/* Every folder up to where it begins, the root or the folder that we are in, and of every link on the way. Who follows as many links as the
 * system does has a way that is turned while we look. */
static bool check_way(const char *path, const char *from, int *links, struct rb_error *err)
{
    RB_AUTO_FREE char *at = rb_strdup(from);
    struct stat st;
    while (strcmp(at, "/") != 0 && strcmp(at, ".") != 0 && lstat(at, &st) == 0) {
        bool absolute = false, is_link = S_ISLNK(st.st_mode);
        RB_AUTO_FREE char *folder = folder_of(at);
        RB_AUTO_FREE char *target = is_link ? target_of(at, &absolute) : NULL;
        if (!check_place(path, at, &st, err))
            return false;
        if (is_link && (*links)++ == MOST_LINKS)
            return rb_fail(err, RB_ERR_INVALID, "%s leads through too many links", path);
        if (absolute && !check_way(path, target, links, err))
            return false;
        char **next = is_link && !absolute ? &target : &folder;
        free(at);
        at = *next;
        *next = NULL;
    }
    return true;
}

bool rb_trust_file(const char *path, struct rb_error *err)
{
    char here[PATH_MAX];
    struct stat file;
    int links = 0;
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode))
        return true;
    if (file.st_mode & S_IWOTH)
        return rb_fail(err, RB_ERR_INVALID,
                       "anyone can write to %s (mode %04o): chmod o-w it", path,
                       (unsigned)(file.st_mode & 07777));
    return check_way(path, path, &links, err) &&
           (path[0] == '/' || !getcwd(here, sizeof here) ||
            check_way(path, here, &links, err));
}

static bool check_group(const char *path, const char *what, struct rb_error *err)
{
    RB_AUTO_FREE char *folder = folder_of(path);
    struct stat file, above;
    if (stat(path, &file) == 0 && file.st_mode & S_IWGRP)
        return rb_fail(err, RB_ERR_INVALID,
                       "a group can write to the %s in %s (mode %04o): chmod g-w it", what,
                       path, (unsigned)(file.st_mode & 07777));
    if (stat(folder, &above) == 0 && above.st_mode & S_IWGRP && !(above.st_mode & S_ISVTX))
        return rb_fail(err, RB_ERR_INVALID,
                       "a group can replace the %s in %s: the folder %s is writable by it "
                       "(mode %04o): chmod g-w it",
                       what, path, folder, (unsigned)(above.st_mode & 07777));
    return true;
}

bool rb_trust_file_of_one(const char *path, const char *what, struct rb_error *err)
{
    char real[PATH_MAX];
    return rb_trust_file(path, err) && check_group(path, what, err) &&
           (!realpath(path, real) || check_group(real, what, err));
}
