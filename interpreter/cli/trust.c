#include "cli/trust.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

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

/* Whether nobody else can put another file, or link, in the place of the one at `path`. */
static bool check_folder(const char *path, const struct stat *st, struct rb_error *err)
{
    RB_AUTO_FREE char *folder = folder_of(path);
    struct stat above;
    if (stat(folder, &above) != 0 || !(above.st_mode & S_IWOTH))
        return true;
    if (!(above.st_mode & S_ISVTX))
        return rb_fail(err, RB_ERR_INVALID,
                       "anyone can replace %s: the folder %s is writable by all (mode "
                       "%04o): chmod o-w it",
                       path, folder, (unsigned)(above.st_mode & 07777));
    return is_ours(st) ||
           rb_fail(err, RB_ERR_INVALID,
                   "%s is another user's, in the folder %s where anyone can put a file",
                   path, folder);
}

bool rb_trust_file(const char *path, struct rb_error *err)
{
    char real[PATH_MAX];
    struct stat file, name;
    if (stat(path, &file) != 0 || lstat(path, &name) != 0 || !S_ISREG(file.st_mode) ||
        !realpath(path, real))
        return true;
    if (file.st_mode & S_IWOTH)
        return rb_fail(err, RB_ERR_INVALID,
                       "anyone can write to %s (mode %04o): chmod o-w it", path,
                       (unsigned)(file.st_mode & 07777));
    return check_folder(path, &name, err) && check_folder(real, &file, err);
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
