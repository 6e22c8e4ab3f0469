#include "journal/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/store_inner.h"

static bool default_path(struct rb_buf *out, struct rb_error *err)
{
    const char *own = getenv("RUNBOOK_STORE");
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (own && own[0])
        rb_buf_puts(out, own);
    else if (state && state[0] == '/')
        rb_buf_printf(out, "%s/runbook", state);
    else if (home && home[0])
        rb_buf_printf(out, "%s/.local/state/runbook", home);
    else
        return rb_fail(err, RB_ERR_INVALID,
                       "no place for the record of runs: neither RUNBOOK_STORE nor "
                       "XDG_STATE_HOME nor HOME is set");
    return true;
}

/* What is kept in a folder that a power cut takes away is lost with it. */
static bool sync_name(const char *path, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf above = {0};
    rb_buf_printf(&above, "%s/..", path);
    RB_AUTO_CLOSE int fd = open(above.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot sync the folder above %s", path);
    return true;
}

/* One folder of the path; what is there already stays as it is. */
static bool make(const char *path, struct rb_error *err)
{
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST || rb_fail_errno(err, RB_ERR_IO, "cannot create %s", path);
    if (chmod(path, 0700) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot make %s private", path);
    return sync_name(path, err);
}

static bool make_all(const char *path, struct rb_error *err)
{
    size_t length = strlen(path);
    for (size_t at = 1; at <= length; at++) {
        if (path[at] != '/' && path[at] != '\0')
            continue;
        RB_AUTO_FREE char *part = rb_strndup(path, at);
        if (!make(part, err))
            return false;
    }
    return true;
}

/* Others may be able to write to the folder above only where they can't move ours away. */
static bool check_parent(const struct rb_store *store, const struct stat *own,
                         struct rb_error *err)
{
    struct stat st;
    if (fstatat(store->dir, "..", &st, 0) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at the folder above %s",
                             store->path);
    bool open = (st.st_mode & S_IWOTH) != 0;
    if (open && ((st.st_mode & S_ISVTX) == 0 || own->st_uid != geteuid()))
        return rb_fail(
            err, RB_ERR_INVALID,
            "others can replace the store %s: anyone can write to the folder above",
            store->path);
    return true;
}

static bool check_private(const struct rb_store *store, int fd, const char *below,
                          struct rb_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at %s%s", store->path, below);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return rb_fail(err, RB_ERR_INVALID,
                       "others can write to %s%s (mode %04o): chmod go-w it", store->path,
                       below, (unsigned)(st.st_mode & 07777));
    return fd != store->dir || check_parent(store, &st, err);
}

static bool open_folders(struct rb_store *store, struct rb_error *err)
{
    store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot open the store %s", store->path);
    if (!check_private(store, store->dir, "", err))
        return false;
    struct rb_error why = {0};
    bool is_new = rb_folder_make(store->dir, "runs", &why);
    if (!is_new && why.sys != EEXIST) {
        if (err)
            *err = why;
        return false;
    }
    return (!is_new || rb_folder_sync(store->dir, "", err)) &&
           rb_folder_open(store->dir, "runs", &store->runs, err) &&
           check_private(store, store->runs, "/runs", err);
}

bool rb_store_open(const char *path, struct rb_store **ret_store, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf place = {0};
    if (path)
        rb_buf_puts(&place, path);
    else if (!default_path(&place, err))
        return false;
    if (place.length == 0)
        return rb_fail(err, RB_ERR_INVALID, "the path of the store is empty");
    struct rb_store *store = rb_alloc(sizeof *store);
    store->dir = store->runs = -1;
    store->path = rb_buf_take(&place);
    if (!make_all(store->path, err) || !open_folders(store, err)) {
        rb_store_close(store);
        return false;
    }
    *ret_store = store;
    return true;
}

void rb_store_close(struct rb_store *store)
{
    if (!store)
        return;
    rb_close_descriptor(&store->dir);
    rb_close_descriptor(&store->runs);
    free(store->path);
    free(store);
}

const char *rb_store_path(const struct rb_store *store)
{
    return store->path;
}

/* A link in the place of a run is listed as well: whoever opens it is told that it is one. */
static bool is_run(int dir, const char *name)
{
    struct stat st;
    return rb_run_is_id(name) && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode));
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

struct names {
    char **items;
    int count, capacity;
};

static void names_done(struct names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static void collect(DIR *dir, struct names *names)
{
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!is_run(dirfd(dir), entry->d_name))
            continue;
        RB_GROW(names->items, names->count, names->capacity);
        names->items[names->count++] = rb_strdup(entry->d_name);
    }
}

bool rb_store_list(struct rb_store *store, const struct rb_value **ret_ids,
                   struct rb_error *err)
{
    int fd = openat(store->runs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        rb_close_descriptor(&fd);
        return rb_fail_errno(err, RB_ERR_IO, "cannot list %s/runs", store->path);
    }
    RB_CLEANUP(names_done) struct names names = {0};
    collect(dir, &names);
    closedir(dir);
    if (names.count > 0)
        qsort(names.items, (size_t)names.count, sizeof *names.items, newest_first);
    struct rb_list_builder ids = {0};
    for (int i = 0; i < names.count; i++)
        rb_list_add(&ids, rb_value_text(names.items[i]));
    *ret_ids = rb_list_end(&ids);
    return true;
}
