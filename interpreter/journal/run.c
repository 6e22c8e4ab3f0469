#include "journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "journal/folder.h"
#include "journal/store_inner.h"

void rb_run_close(struct rb_run *run)
{
    if (!run)
        return;
    /* A zeroed one owns nothing: descriptor 0 is not its. */
    if (run->id) {
        rb_close_descriptor(&run->dir);
        rb_close_descriptor(&run->lock);
    }
    free(run->id);
    free(run->path);
    free(run);
}

/* Three letters are the part of the second, so that ids sort by time within it as well. */
void rb_run_make_id(rb_time utc, unsigned char entropy, char ret_id[32])
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char t[28], end[5] = "";
    rb_time_format(utc, t);
    rb_time part = utc % RB_SEC * 32768 / RB_SEC;
    for (int i = 2; i >= 0; i--, part /= 32)
        end[i] = letters[part % 32];
    end[3] = letters[entropy % 32];
    snprintf(ret_id, 32, "r-%.4s%.2s%.2s-%.2s%.2s%.2s-%s", t, t + 5, t + 8, t + 11, t + 14,
             t + 17, end);
}

bool rb_run_is_id(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= RB_RUN_ID_MAX && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static bool check_id(const char *id, struct rb_error *err)
{
    return rb_run_is_id(id) ||
           rb_fail(err, RB_ERR_INVALID, "\"%.80s\" is not the id of a run", id);
}

/* The folder of this id, as it is. */
static struct rb_run *new_run(const struct rb_store *store, const char *id)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    struct rb_run *run = rb_alloc(sizeof *run);
    rb_buf_printf(&path, "%s/runs/%s", store->path, id);
    run->id = rb_strdup(id);
    run->path = rb_buf_take(&path);
    run->dir = run->lock = -1;
    return run;
}

static bool open_folder(const struct rb_store *store, struct rb_run *run,
                        struct rb_error *err)
{
    struct stat st;
    if (!rb_folder_open(store->runs, run->id, &run->dir, err))
        return rb_error_prefix(err, "run %s", run->id);
    if (fstat(run->dir, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at %s", run->path);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return rb_fail(err, RB_ERR_RECORD, "others can write to %s (mode %04o)", run->path,
                       (unsigned)(st.st_mode & 07777));
    return true;
}

/* Who owns one of these can put anything into it, whatever the modes are. */
static bool check_owner(int dir, const char *path, struct rb_error *err)
{
    struct stat st;
    if (fstat(dir, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at %s", path);
    return st.st_uid == geteuid() || st.st_uid == 0 ||
           rb_fail(
               err, RB_ERR_INVALID,
               "%.200s belongs to another user (uid %u), who may have written what is in "
               "it: it can be read (verify, replay, logs, status), and nothing is done "
               "from it or added to it; do that as this user, or in a store of your own",
               path, (unsigned)st.st_uid);
}

bool rb_store_is_ours(const struct rb_store *store, struct rb_error *err)
{
    return check_owner(store->dir, store->path, err) &&
           check_owner(store->runs, store->path, err);
}

bool rb_run_is_ours(const struct rb_store *store, const struct rb_run *run,
                    struct rb_error *err)
{
    return rb_store_is_ours(store, err) && check_owner(run->dir, run->path, err);
}

static const char *const folders[] = {"sources", "blobs", "blobs/sha256", "steps", "inbox"};

bool rb_run_check_folders(const struct rb_run *run, struct rb_error *err)
{
    for (size_t i = 0; i < RB_COUNT(folders); i++) {
        RB_AUTO_CLOSE int fd = -1;
        struct rb_error why = {0};
        if (rb_folder_open(run->dir, folders[i], &fd, &why) || why.code == RB_ERR_NOT_FOUND)
            continue;
        if (err)
            *err = why;
        return rb_error_prefix(err, "run %s", run->id);
    }
    return true;
}

static bool fill_folder(struct rb_run *run, struct rb_error *err)
{
    for (size_t i = 0; i < RB_COUNT(folders); i++) {
        if (!rb_folder_make(run->dir, folders[i], err))
            return false;
    }
    return rb_run_lock(run, err);
}

/* Takes back a folder that could not be made whole. */
static void remove_folder(const struct rb_store *store, const struct rb_run *run)
{
    for (size_t i = RB_COUNT(folders); i-- > 0;)
        unlinkat(run->dir, folders[i], AT_REMOVEDIR);
    unlinkat(run->dir, "lock", 0);
    unlinkat(store->runs, run->id, AT_REMOVEDIR);
}

static bool create(const struct rb_store *store, struct rb_run *run, struct rb_error *err)
{
    if (!rb_folder_make(store->runs, run->id, err))
        return false;
    if (open_folder(store, run, err) && fill_folder(run, err))
        return true;
    remove_folder(store, run);
    return false;
}

bool rb_run_create(struct rb_store *store, const char *id, struct rb_run **ret_run,
                   struct rb_error *err)
{
    if (!check_id(id, err))
        return false;
    struct rb_run *run = new_run(store, id);
    if (!create(store, run, err)) {
        rb_run_close(run);
        return rb_error_prefix(err, "cannot create the run %s", id);
    }
    *ret_run = run;
    return true;
}

static bool fail_unknown(const struct rb_store *store, const struct rb_value *ids,
                         const char *id, struct rb_error *err)
{
    size_t count = rb_value_count(ids);
    if (count == 0)
        return rb_fail(err, RB_ERR_NOT_FOUND, "there is no run in %s", store->path);
    RB_AUTO_FREE const char **names = rb_realloc(NULL, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = rb_value_as_text(rb_value_at(ids, i), "");
    names[count] = NULL;
    const char *nearest = rb_text_nearest(id, names);
    if (nearest)
        return rb_fail(err, RB_ERR_NOT_FOUND, "there is no run %s; did you mean %s?", id,
                       nearest);
    return rb_fail(err, RB_ERR_NOT_FOUND, "there is no run %s; the newest is %s", id,
                   names[0]);
}

/* The one id that begins with `prefix`. */
static bool find(const struct rb_store *store, const struct rb_value *ids,
                 const char *prefix, const char **ret_id, struct rb_error *err)
{
    const char *found = NULL;
    for (size_t i = 0; i < rb_value_count(ids); i++) {
        const char *id = rb_value_as_text(rb_value_at(ids, i), "");
        if (!rb_text_starts(id, prefix))
            continue;
        if (found)
            return rb_fail(err, RB_ERR_NOT_FOUND,
                           "more than one run begins with %s: %s, %s%s", prefix, found, id,
                           i + 1 < rb_value_count(ids) ? "..." : "");
        found = id;
    }
    if (!found)
        return fail_unknown(store, ids, prefix, err);
    *ret_id = found;
    return true;
}

/* *ret_id is allocated. An id in full needs no list. */
static bool resolve(struct rb_store *store, const char *wanted, char **ret_id,
                    struct rb_error *err)
{
    struct stat st;
    bool last = strcmp(wanted, "last") == 0;
    if (!last && fstatat(store->runs, wanted, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret_id = rb_strdup(wanted);
        return true;
    }
    RB_AUTO_VALUE const struct rb_value *ids = NULL;
    const char *id = NULL;
    if (!rb_store_list(store, &ids, err))
        return false;
    if (last && rb_value_count(ids) > 0)
        id = rb_value_as_text(rb_value_at(ids, 0), "");
    else if (!find(store, ids, wanted, &id, err))
        return false;
    *ret_id = rb_strdup(id);
    return true;
}

bool rb_run_open(struct rb_store *store, const char *id, struct rb_run **ret_run,
                 struct rb_error *err)
{
    RB_AUTO_FREE char *full = NULL;
    if (!check_id(id, err) || !resolve(store, id, &full, err))
        return false;
    struct rb_run *run = new_run(store, full);
    if (!open_folder(store, run, err)) {
        rb_run_close(run);
        return false;
    }
    *ret_run = run;
    return true;
}

/* Files are put where they are to stay: sources/<name>, plan.json. */
static bool path_of(const char *folder, const char *name, struct rb_buf *out,
                    struct rb_error *err)
{
    if (!rb_folder_is_name(name))
        return rb_fail(err, RB_ERR_INVALID, "\"%.80s\" is not the name of a file of a run",
                       name);
    if (folder)
        rb_buf_printf(out, "%s/", folder);
    rb_buf_puts(out, name);
    return true;
}

/* Not synced yet, but on its way to the disk. */
static bool put(struct rb_run *run, const struct rb_run_file *file, int *ret_fd,
                struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    RB_AUTO_CLOSE int fd = -1;
    if (!path_of(file->folder, file->name, &path, err))
        return false;
    if (file->length > RB_RUN_FILE_MAX)
        return rb_fail(err, RB_ERR_INVALID, "%s is larger than %u bytes", path.data,
                       RB_RUN_FILE_MAX);
    if (!rb_folder_create(run->dir, path.data, 0400, &fd, err))
        return false;
    if (!rb_file_write_all(fd, file->bytes, file->length, err))
        return rb_error_prefix(err, "%s", path.data);
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}

/* Puts and syncs the files, not the folders they are in. While one is waited for, all are
 * written out. */
static bool put_all(struct rb_run *run, const struct rb_run_file *files, size_t count,
                    struct rb_error *err)
{
    RB_AUTO_FREE int *fds = rb_realloc(NULL, count + 1, sizeof *fds);
    size_t done = 0;
    while (done < count && put(run, &files[done], &fds[done], err))
        done++;
    bool good = done == count;
    for (size_t i = 0; i < done; i++) {
        if (good && fsync(fds[i]) != 0)
            good = rb_fail_errno(err, RB_ERR_IO, "cannot sync %s", files[i].name);
        close(fds[i]);
    }
    return good;
}

bool rb_run_put(struct rb_run *run, const char *folder, const char *name, const void *bytes,
                size_t length, struct rb_error *err)
{
    const struct rb_run_file file = {folder, name, bytes, length};
    return put_all(run, &file, 1, err) &&
           rb_folder_sync(run->dir, folder ? folder : "", err);
}

bool rb_run_fill(struct rb_run *run, const struct rb_run_file *files, size_t count,
                 struct rb_error *err)
{
    return put_all(run, files, count, err) && rb_folder_sync(run->dir, "sources", err) &&
           rb_folder_sync(run->dir, "blobs", err) && rb_folder_sync(run->dir, "", err) &&
           rb_folder_sync(run->dir, "..", err);
}

bool rb_run_get(const struct rb_run *run, const char *folder, const char *name,
                struct rb_buf *out, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    RB_AUTO_CLOSE int fd = -1;
    struct stat st;
    if (!path_of(folder, name, &path, err) ||
        !rb_folder_file(run->dir, path.data, O_RDONLY, &st, &fd, err))
        return false;
    return rb_folder_read(fd, path.data, RB_RUN_FILE_MAX, out, err);
}
