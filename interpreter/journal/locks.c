#include "journal/locks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "journal/folder.h"
#include "journal/lockfile.h"
#include "journal/ofd.h"
#include "journal/store_inner.h"

#define SHARED_FOLDER "/var/lib/runbook/locks"

struct held {
    char *key;
    int fd;
    const struct rb_value *holder; /* as it stands in the file */
};

struct rb_locks {
    char *path;
    dev_t store_device;
    ino_t store_inode;
    int folder; /* -1: the store's own, which is made when a lock is taken */
    int store;  /* the store's folder, where that is to be */
    struct held *items;
    int count, capacity;
    const struct rb_value *over; /* list */
};

/* That of the store is there once somebody has taken a lock. */
static bool look_for_folder(struct rb_locks *locks, struct rb_error *err)
{
    struct rb_error why = {0};
    if (locks->folder >= 0 || rb_folder_open(locks->store, "locks", &locks->folder, &why) ||
        why.code == RB_ERR_NOT_FOUND)
        return true;
    if (err)
        *err = why;
    return false;
}

static bool make_folder(struct rb_locks *locks, struct rb_error *err)
{
    struct rb_error why = {0};
    if (!look_for_folder(locks, err))
        return false;
    if (locks->folder >= 0)
        return true;
    bool is_new = rb_folder_make(locks->store, "locks", &why);
    if (!is_new && why.sys != EEXIST) {
        if (err)
            *err = why;
        return false;
    }
    return (!is_new || rb_folder_sync(locks->store, "", err)) &&
           rb_folder_open(locks->store, "locks", &locks->folder, err);
}

static bool open_own(struct rb_store *store, struct rb_locks *locks, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    rb_buf_printf(&path, "%s/locks", store->path);
    locks->path = rb_buf_take(&path);
    locks->store = fcntl(store->dir, F_DUPFD_CLOEXEC, 0);
    if (locks->store < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot open the store %s", store->path);
    return look_for_folder(locks, err);
}

static bool open_place(struct rb_store *store, struct rb_locks *locks, struct rb_error *err)
{
    const char *given = getenv("RUNBOOK_LOCKS");
    bool own = !given || !given[0];
    const char *path = own ? SHARED_FOLDER : given;
    if (path[0] != '/')
        return rb_fail(err, RB_ERR_INVALID,
                       "RUNBOOK_LOCKS has to be an absolute path, the same wherever a run "
                       "goes on: \"%.200s\"",
                       path);
    locks->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (locks->folder < 0 && own && errno == ENOENT)
        return open_own(store, locks, err);
    locks->path = rb_strdup(path);
    return locks->folder >= 0 ||
           rb_fail_errno(err, RB_ERR_INVALID, "cannot open the folder of locks %s", path);
}

static bool check_folder(const struct rb_locks *locks, struct rb_error *err)
{
    struct stat st;
    if (locks->folder < 0)
        return true;
    if (fstat(locks->folder, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at %s", locks->path);
    return !(st.st_mode & S_IWOTH) ||
           rb_fail(err, RB_ERR_INVALID,
                   "anybody can take and break the locks in %s: chmod o-w it, and give it "
                   "to a group",
                   locks->path);
}

/* It is known under any name. */
static bool note_store(const struct rb_store *store, struct rb_locks *locks,
                       struct rb_error *err)
{
    struct stat st;
    if (fstat(store->dir, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at %s", store->path);
    locks->store_device = st.st_dev;
    locks->store_inode = st.st_ino;
    return true;
}

static bool is_our_store(const struct rb_locks *locks, const char *path)
{
    struct stat st;
    return path[0] == '/' && fstatat(AT_FDCWD, path, &st, 0) == 0 &&
           st.st_dev == locks->store_device && st.st_ino == locks->store_inode;
}

bool rb_locks_open(struct rb_store *store, struct rb_locks **ret_locks,
                   struct rb_error *err)
{
    struct rb_locks *locks = rb_alloc(sizeof *locks);
    locks->folder = locks->store = -1;
    if (!note_store(store, locks, err) || !open_place(store, locks, err) ||
        !check_folder(locks, err)) {
        rb_locks_free(locks);
        return false;
    }
    *ret_locks = locks;
    return true;
}

static void let_go(struct rb_locks *locks, int from)
{
    while (locks->count > from) {
        struct held *held = &locks->items[--locks->count];
        rb_close_descriptor(&held->fd);
        rb_value_unref(held->holder);
        free(held->key);
    }
}

void rb_locks_free(struct rb_locks *locks)
{
    if (!locks)
        return;
    let_go(locks, 0);
    rb_close_descriptor(&locks->folder);
    rb_close_descriptor(&locks->store);
    rb_value_unref(locks->over);
    free(locks->items);
    free(locks->path);
    free(locks);
}

const char *rb_locks_path(const struct rb_locks *locks)
{
    return locks->path;
}

static const struct held *find(const struct rb_locks *locks, const char *key)
{
    for (int i = 0; i < locks->count; i++) {
        if (strcmp(locks->items[i].key, key) == 0)
            return &locks->items[i];
    }
    return NULL;
}

static bool same(const struct rb_value *a, const struct rb_value *b, const char *member)
{
    return strcmp(rb_value_get_text(a, member, ""), rb_value_get_text(b, member, "")) == 0;
}

/* "db:primary is held by r-1 of alice on web-1 since 2025-…: Release; it waits…" */
static const struct rb_value *refusal(const char *key, const struct rb_value *holder,
                                      const char *how)
{
    static const char *const members[] = {"run", "by", "host", "since", "purpose"};
    RB_AUTO_BUF struct rb_buf why = {0}, visible = {0};
    struct rb_map_builder map = {0};
    const char *purpose = rb_value_get_text(holder, "purpose", NULL);
    rb_buf_printf(&why, "%s is held by run %s of %s on %s since %.19sZ", key,
                  rb_value_get_text(holder, "run", "(not said)"),
                  rb_value_get_text(holder, "by", "(not said)"),
                  rb_value_get_text(holder, "host", "(not said)"),
                  rb_value_get_text(holder, "since", "(not said)"));
    if (purpose)
        rb_buf_printf(&why, ", for: %s", purpose);
    rb_buf_printf(&why, "; %s", how);
    rb_text_visible(why.data, why.length, false, &visible);
    for (size_t i = 0; i < RB_COUNT(members); i++) {
        const struct rb_value *value = rb_value_get(holder, members[i]);
        if (value)
            rb_map_add(&map, members[i], rb_value_ref(value));
    }
    rb_map_add(&map, "key", rb_value_text(key));
    rb_map_add(&map, "why", rb_value_text(rb_buf_text(&visible)));
    return rb_map_end(&map);
}

static bool refuse(const char *key, const struct rb_value *holder, const char *how,
                   const struct rb_value **ret_refused, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *refused = refusal(key, holder, how);
    rb_fail(err, RB_ERR_LOCKED, "%.900s", rb_value_get_text(refused, "why", ""));
    if (ret_refused)
        *ret_refused = rb_value_ref(refused);
    return false;
}

/* What whoever takes it over should know of the one before. */
static const struct rb_value *finding(const char *key, const struct rb_value *before,
                                      const char *words)
{
    const struct rb_value *broken = rb_value_get(before, "broken");
    const char *also =
        rb_value_get_bool(before, "held", false) ? ", and had not given it up" : "";
    const struct rb_value *why =
        broken ? rb_value_textf("it was taken from that run by %s: %s",
                                rb_value_get_text(broken, "by", ""),
                                rb_value_get_text(broken, "reason", ""))
               : rb_value_textf("that run %s%s", words, also);
    return rb_value_map("key", rb_value_text(key), "run",
                        rb_value_text(rb_value_get_text(before, "run", "")), "by",
                        rb_value_text(rb_value_get_text(before, "by", "")), "why", why,
                        NULL);
}

static void note(struct rb_locks *locks, const struct rb_value *owned)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(locks->over); i++)
        rb_list_add(&list, rb_value_ref(rb_value_at(locks->over, i)));
    rb_list_add(&list, owned);
    rb_value_unref(locks->over);
    locks->over = rb_list_end(&list);
}

/* A run that gave it up as succeeded leaves nothing to tell. */
static void look_back(struct rb_locks *locks, const char *key,
                      const struct rb_value *before, enum rb_lock_state state,
                      const char *words)
{
    const char *noted = rb_value_get_text(before, "status", NULL);
    bool broken = rb_value_get(before, "broken");
    if (state == RB_LOCK_STALE)
        note(locks, finding(key, before, words));
    else if (broken || (noted && strcmp(noted, "succeeded") != 0))
        note(locks, finding(key, before, rb_lockfile_words(noted ? noted : "")));
}

/* What is to be done about a lock of an open run that no interpreter is at work on. */
static const char *advice(const struct rb_value *holder)
{
    return rb_lockfile_is_at_work(holder)
               ? "nobody watches that run, which is open, but its step still works: "
                 "`runbook "
                 "resume` or `runbook cancel` it"
               : "nobody is at work on that run, which is open: `runbook resume` or "
                 "`runbook cancel` it, or break the lock: `runbook unlock`";
}

/* May this run have it, whose file's lock we have? */
static bool may_have(struct rb_locks *locks, const char *key, const struct rb_value *before,
                     const struct rb_value *holder, const struct rb_value **ret_refused,
                     struct rb_error *err)
{
    const char *words;
    bool ours = same(before, holder, "run") &&
                is_our_store(locks, rb_value_get_text(before, "store", ""));
    if (ours && rb_value_get_bool(before, "held", false))
        return true;
    enum rb_lock_state state = rb_lockfile_state(before, &words);
    if (state == RB_LOCK_KEPT)
        return refuse(key, before, advice(before), ret_refused, err);
    if (state == RB_LOCK_UNKNOWN)
        return refuse(
            key, before,
            "whether that run has ended can't be told from here: ask its operator, "
            "or break the lock: `runbook unlock`",
            ret_refused, err);
    look_back(locks, key, before, state, words);
    return true;
}

/* That it was taken from this run stands behind what others wrote since, who had it meanwhile. */
static void look_for_own(struct rb_locks *locks, const char *key, int fd,
                         const struct rb_value *before, const struct rb_value *holder)
{
    if (same(before, holder, "run"))
        return;
    RB_AUTO_VALUE const struct rb_value *own =
        rb_lockfile_said_of(fd, rb_value_get_text(holder, "run", ""));
    if (rb_value_get(own, "broken") &&
        is_our_store(locks, rb_value_get_text(own, "store", "")))
        note(locks, finding(key, own, ""));
}

static bool take_one(struct rb_locks *locks, const char *key, const struct rb_value *holder,
                     const struct rb_value **ret_refused, struct rb_error *err)
{
    RB_AUTO_CLOSE int fd = -1;
    RB_AUTO_VALUE const struct rb_value *before = NULL;
    struct rb_error why = {0};
    if (!rb_lockfile_take(locks->folder, key, &fd, &before, &why)) {
        if (why.code == RB_ERR_LOCKED)
            return refuse(key, before, "a process is at work on that run", ret_refused,
                          err);
        if (err)
            *err = why;
        return false;
    }
    if (!rb_lockfile_read(fd, key, &before, &why)) {
        if (err)
            *err = why;
        if (err && why.code == RB_ERR_RECORD)
            err->code = RB_ERR_LOCKED;
        return false;
    }
    if (!may_have(locks, key, before, holder, ret_refused, err))
        return false;
    look_for_own(locks, key, fd, before, holder);
    RB_GROW(locks->items, locks->count, locks->capacity);
    locks->items[locks->count++] =
        (struct held){rb_strdup(key), rb_take_descriptor(&fd), rb_value_ref(before)};
    return true;
}

/* Had the run got it before this process came to it? One that it gave up it has to be given anew. */
static bool had_it(const struct held *held, const struct rb_value *holder)
{
    return rb_value_get_bool(held->holder, "held", false) &&
           same(held->holder, holder, "run");
}

/* Since when: as it was, where the run had it already. */
static bool sign(struct held *held, const struct rb_value *holder, struct rb_error *err)
{
    bool had = had_it(held, holder);
    const struct rb_value *since = rb_value_get(had ? held->holder : holder, "since");
    RB_AUTO_VALUE const struct rb_value *own =
        rb_value_map("key", rb_value_text(held->key), "held", rb_value_bool(true), "since",
                     rb_value_ref(since), NULL);
    RB_AUTO_VALUE const struct rb_value *full = rb_value_merge(holder, own);
    if (!rb_lockfile_write(held->fd, full, !had, err))
        return false;
    rb_value_put(&held->holder, full);
    return true;
}

static bool sign_all(struct rb_locks *locks, const struct rb_value *holder,
                     struct rb_error *err)
{
    for (int i = 0; i < locks->count; i++) {
        if (!had_it(&locks->items[i], holder) ||
            rb_value_get_int(locks->items[i].holder, "pid", 0) !=
                rb_value_get_int(holder, "pid", -1)) {
            if (!sign(&locks->items[i], holder, err))
                return false;
        }
    }
    return true;
}

/* In the order of their names, whatever that in the runbook: two that want the same two can't hold
 * one each and wait for the other. */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool rb_locks_take(struct rb_locks *locks, const struct rb_value *keys,
                   const struct rb_value *holder, const struct rb_value **ret_refused,
                   struct rb_error *err)
{
    size_t count = rb_value_count(keys);
    int before = locks->count;
    if (!make_folder(locks, err))
        return false;
    RB_AUTO_FREE const char **order = rb_realloc(NULL, count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = rb_value_as_text(rb_value_at(keys, i), "");
    qsort(order, count, sizeof *order, by_text);
    for (size_t i = 0; i < count; i++) {
        if (find(locks, order[i]))
            continue;
        if (!take_one(locks, order[i], holder, ret_refused, err)) {
            let_go(locks, before);
            return false;
        }
    }
    return sign_all(locks, holder, err);
}

const struct rb_value *rb_locks_taken(const struct rb_locks *locks)
{
    struct rb_list_builder keys = {0};
    for (int i = 0; i < locks->count; i++)
        rb_list_add(&keys, rb_value_text(locks->items[i].key));
    return rb_value_map("keys", rb_list_end(&keys), "folder", rb_value_text(locks->path),
                        "over", rb_value_ref(locks->over), NULL);
}

static bool give_up(int fd, const struct rb_value *holder, const char *member,
                    const struct rb_value *owned, bool fresh, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *end =
        rb_value_map("held", rb_value_bool(false), member, owned, NULL);
    RB_AUTO_VALUE const struct rb_value *full = rb_value_merge(holder, end);
    return rb_lockfile_write(fd, full, fresh, err);
}

void rb_locks_release(struct rb_locks *locks, const char *status)
{
    for (int i = 0; i < locks->count; i++) {
        struct rb_error err = {0};
        bool noted = give_up(locks->items[i].fd, locks->items[i].holder, "status",
                             rb_value_text(status), false, &err);
        (void)noted;
    }
    let_go(locks, 0);
}

static const struct rb_value *nameless(const char *key)
{
    return rb_value_map("key", rb_value_text(key), NULL);
}

/* An interpreter may be killed while its step goes on under the supervisor, which holds no lock. */
static bool check_idle(const char *key, const struct rb_value *holder, struct rb_error *err)
{
    if (!rb_value_get_bool(holder, "held", false))
        return rb_fail(err, RB_ERR_NOT_FOUND, "nobody holds the lock %s", key);
    return !rb_lockfile_is_at_work(holder) ||
           refuse(
               key, holder,
               "its step still works: `runbook resume` or `runbook cancel` that run first",
               NULL, err);
}

bool rb_locks_break(struct rb_locks *locks, const char *key, const struct rb_value *broken,
                    const struct rb_value **ret_holder, struct rb_error *err)
{
    struct stat st;
    RB_AUTO_BUF struct rb_buf name = {0};
    RB_AUTO_CLOSE int fd = -1;
    RB_AUTO_VALUE const struct rb_value *holder = NULL;
    struct rb_error why = {0};
    if (!look_for_folder(locks, err))
        return false;
    rb_lockfile_name(key, &name);
    if (fstatat(locks->folder, rb_buf_text(&name), &st, AT_SYMLINK_NOFOLLOW) != 0)
        return rb_fail(err, RB_ERR_NOT_FOUND, "nobody has held the lock %s", key);
    if (!rb_lockfile_take(locks->folder, key, &fd, &holder, &why)) {
        if (why.code == RB_ERR_LOCKED)
            return refuse(key, holder,
                          "a process is at work on that run: `runbook cancel` it", NULL,
                          err);
        if (err)
            *err = why;
        return false;
    }
    if (!rb_lockfile_read(fd, key, &holder, &why) && why.code != RB_ERR_RECORD) {
        if (err)
            *err = why;
        return false;
    }
    if (why.code == RB_ERR_RECORD)
        holder = nameless(key);
    else if (!check_idle(key, holder, err))
        return false;
    if (!give_up(fd, holder, "broken", rb_value_ref(broken), why.code == RB_ERR_RECORD,
                 err))
        return false;
    *ret_holder = rb_value_ref(holder);
    return true;
}

static void add_file(const struct rb_locks *locks, const char *name,
                     struct rb_list_builder *list)
{
    struct stat st;
    RB_AUTO_CLOSE int fd = -1;
    RB_AUTO_BUF struct rb_buf own = {0};
    RB_AUTO_VALUE const struct rb_value *holder = NULL;
    if (!rb_folder_file(locks->folder, name, O_RDONLY, &st, &fd, NULL) ||
        !rb_lockfile_peek(fd, &holder))
        return;
    rb_lockfile_name(rb_value_get_text(holder, "key", ""), &own);
    if (strcmp(rb_buf_text(&own), name) != 0)
        return;
    RB_AUTO_VALUE const struct rb_value *live =
        rb_value_map("live", rb_value_bool(rb_ofd_is_held(fd)), NULL);
    rb_list_add(list, rb_value_merge(holder, live));
}

static int by_key(const void *a, const void *b)
{
    const struct rb_value *one = *(const struct rb_value *const *)a;
    const struct rb_value *other = *(const struct rb_value *const *)b;
    return strcmp(rb_value_get_text(one, "key", ""), rb_value_get_text(other, "key", ""));
}

bool rb_locks_list(struct rb_locks *locks, const struct rb_value **ret_list,
                   struct rb_error *err)
{
    if (!look_for_folder(locks, err))
        return false;
    if (locks->folder < 0) {
        *ret_list = rb_value_list(NULL);
        return true;
    }
    int fd = openat(locks->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        rb_close_descriptor(&fd);
        return rb_fail_errno(err, RB_ERR_IO, "cannot list %s", locks->path);
    }
    struct rb_list_builder list = {0};
    for (struct dirent *entry; (entry = readdir(dir));)
        add_file(locks, entry->d_name, &list);
    closedir(dir);
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, by_key);
    *ret_list = rb_list_end(&list);
    return true;
}
