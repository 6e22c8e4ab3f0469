#include "journal/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "journal/folder.h"
#include "journal/lines.h"
#include "journal/ofd.h"
#include "journal/reader.h"
#include "journal/store_inner.h"

enum { NAME_MOST = 120, READ_MOST = 64 << 10, KEPT_MOST = 16 << 10, TRIES = 5 };

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.' || c == '@';
}

void rb_lockfile_name(const char *key, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    char hex[RB_DIGEST_HEX + 1];
    for (const char *c = key; *c; c++) {
        if (is_plain(*c) && !(c == key && *c == '.'))
            rb_buf_putc(&name, *c);
        else
            rb_buf_printf(&name, "%%%02X", (unsigned char)*c);
    }
    if (name.length <= NAME_MOST) {
        rb_buf_puts(out, rb_buf_text(&name));
        return;
    }
    rb_digest_of(key, strlen(key), hex);
    rb_buf_append(out, name.data, NAME_MOST);
    rb_buf_printf(out, "~%s", hex);
}

/* Where the last whole line before `end` begins, and its length; false: there is none. One with a
 * hole was never whole: the power went before it was synced. */
static bool line_before(const struct rb_buf *text, size_t end, size_t *ret_start,
                        size_t *ret_length)
{
    for (;;) {
        while (end > 0 && text->data[end - 1] != '\n')
            end--;
        if (end == 0)
            return false;
        size_t start = end - 1;
        while (start > 0 && text->data[start - 1] != '\n')
            start--;
        *ret_start = start;
        *ret_length = end - 1 - start;
        if (!rb_lines_has_hole(text->data + start, *ret_length))
            return true;
        end = start;
    }
}

/* What a line says: a new reference; NULL: it says nothing that we write. */
static const struct rb_value *said(const char *line, size_t length)
{
    const struct rb_value *holder = NULL;
    if (!rb_json_decode(line, length, &holder, NULL))
        return NULL;
    if (rb_value_is(holder, RB_MAP))
        return holder;
    rb_value_unref(holder);
    return NULL;
}

/* The end of the file, whose last whole line is what counts: a run that is resumed often adds one
 * each time, and no amount of them may stand in its way. */
static bool read_end(int fd, struct rb_buf *out, struct rb_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at its file");
    off_t start = st.st_size > READ_MOST ? st.st_size - READ_MOST : 0;
    size_t grown = READ_MOST; /* whoever only looks keeps nobody from writing */
    return rb_folder_read_from(fd, "its file", start, READ_MOST + grown, out, err);
}

bool rb_lockfile_peek(int fd, const struct rb_value **ret_holder)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    size_t start, length;
    bool good =
        read_end(fd, &text, NULL) && line_before(&text, text.length, &start, &length);
    *ret_holder = good ? said(text.data + start, length) : NULL;
    return *ret_holder != NULL;
}

static bool is_held(const struct rb_value *holder)
{
    return rb_value_get_bool(holder, "held", false);
}

static pid_t holder_of(int fd)
{
    RB_AUTO_VALUE const struct rb_value *holder = NULL;
    return rb_lockfile_peek(fd, &holder) && is_held(holder)
               ? (pid_t)rb_value_get_int(holder, "pid", 0)
               : 0;
}

/* What is shared is written to by whoever may write to the folder. */
static mode_t mode_in(int folder)
{
    struct stat st;
    bool shared = fstat(folder, &st) == 0 && (st.st_mode & S_IWGRP);
    return shared ? 0660 : 0600;
}

/* Two may make it at the same time: then one opens what the other made. */
static bool open_file(int folder, const char *name, int *ret_fd, struct rb_error *err)
{
    struct stat st;
    for (int tries = 0;; tries++) {
        struct rb_error why = {0};
        if (rb_folder_file(folder, name, O_RDWR, &st, ret_fd, &why))
            return rb_folder_single_link(name, &st, err);
        bool missing = why.code == RB_ERR_NOT_FOUND;
        if (missing && rb_folder_create(folder, name, mode_in(folder), ret_fd, &why))
            return rb_folder_sync(folder, "", err);
        if (tries < TRIES && missing && why.sys == EEXIST)
            continue;
        if (err)
            *err = why;
        return false;
    }
}

bool rb_lockfile_take(int folder, const char *key, int *ret_fd,
                      const struct rb_value **ret_holder, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf name = {0};
    RB_AUTO_CLOSE int fd = -1;
    rb_lockfile_name(key, &name);
    if (!open_file(folder, rb_buf_text(&name), &fd, err))
        return rb_error_prefix(err, "the lock %s", key);
    if (!rb_ofd_take(fd, holder_of, true)) {
        if (errno != EAGAIN && errno != EACCES)
            return rb_fail_errno(err, RB_ERR_IO, "cannot lock %s", rb_buf_text(&name));
        const struct rb_value *holder = NULL;
        if (ret_holder && rb_lockfile_peek(fd, &holder))
            *ret_holder = holder;
        return rb_fail(err, RB_ERR_LOCKED, "a process holds it");
    }
    if (!rb_ofd_is_named(fd, folder, rb_buf_text(&name)))
        return rb_fail(err, RB_ERR_LOCKED, "the file of the lock %s was replaced just now",
                       key);
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}

/* Of a line that is cut off nothing had begun: it was not synced yet. */
bool rb_lockfile_read(int fd, const char *key, const struct rb_value **ret_holder,
                      struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    size_t start, length;
    if (!read_end(fd, &text, err))
        return rb_error_prefix(err, "the lock %s", key);
    bool whole = line_before(&text, text.length, &start, &length);
    if (!whole && text.length < READ_MOST) {
        *ret_holder = NULL;
        return true;
    }
    RB_AUTO_VALUE const struct rb_value *holder =
        whole ? said(text.data + start, length) : NULL;
    if (!holder || strcmp(rb_value_get_text(holder, "key", ""), key) != 0)
        return rb_fail(err, RB_ERR_RECORD,
                       "the file of the lock %s is damaged, and says nothing of who holds "
                       "it; if nobody does: runbook unlock",
                       key);
    *ret_holder = rb_value_ref(holder);
    return true;
}

const struct rb_value *rb_lockfile_said_of(int fd, const char *run)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    size_t start, length;
    if (!read_end(fd, &text, NULL))
        return NULL;
    for (size_t end = text.length; line_before(&text, end, &start, &length); end = start) {
        const struct rb_value *holder = said(text.data + start, length);
        if (strcmp(rb_value_get_text(holder, "run", ""), run) == 0)
            return holder;
        rb_value_unref(holder);
    }
    return NULL;
}

static bool add(int fd, const struct rb_buf *text, off_t at, struct rb_error *err)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t put = pwrite(fd, text->data + done, text->length - done, at + (off_t)done);
        if (put > 0)
            done += (size_t)put;
        else if (put == 0 || errno != EINTR)
            return rb_fail_errno(err, RB_ERR_IO, "cannot write to a lock");
    }
    return true;
}

/* A line that was cut off is ended first: what follows is no part of it. */
bool rb_lockfile_write(int fd, const struct rb_value *holder, bool fresh,
                       struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    struct stat st;
    char last = '\n';
    if (fstat(fd, &st) != 0 || (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1))
        return rb_fail_errno(err, RB_ERR_IO, "cannot look at a lock");
    if (fresh && st.st_size > KEPT_MOST) {
        if (ftruncate(fd, 0) != 0)
            return rb_fail_errno(err, RB_ERR_IO, "cannot shorten a lock");
        st.st_size = 0;
        last = '\n';
    }
    rb_buf_puts(&text, last == '\n' ? "" : "\n");
    rb_json_encode(holder, &text);
    rb_buf_putc(&text, '\n');
    return add(fd, &text, st.st_size, err) &&
           (fsync(fd) == 0 || rb_fail_errno(err, RB_ERR_IO, "cannot sync a lock"));
}

/* That a run is not there says something only on the machine whose paths these are. */
static bool is_ours(const struct rb_value *holder)
{
    char host[256] = "";
    return gethostname(host, sizeof host - 1) == 0 &&
           strcmp(rb_value_get_text(holder, "host", ""), host) == 0;
}

/* The folder of the run. RB_ERR_NOT_FOUND: its store is here, and has no such run. One that is not
 * here may come back, as a disk that is mounted later does. */
static bool open_run(const struct rb_value *holder, int *ret_fd, struct rb_error *err)
{
    struct rb_error why = {0};
    RB_AUTO_CLOSE int runs = -1;
    const char *run = rb_value_get_text(holder, "run", "");
    const char *store = rb_value_get_text(holder, "store", "");
    if (!rb_run_is_id(run) || store[0] != '/')
        return rb_fail(err, RB_ERR_RECORD, "it names no run");
    RB_AUTO_CLOSE int at = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot open the store %s", store);
    if (!rb_folder_open(at, "runs", &runs, &why))
        return rb_fail(err, RB_ERR_IO, "%s is no store: %.200s", store, why.message);
    if (rb_folder_open(runs, run, ret_fd, &why))
        return true;
    bool missing = why.code == RB_ERR_NOT_FOUND && is_ours(holder);
    return rb_fail(err, missing ? RB_ERR_NOT_FOUND : RB_ERR_IO, "%s", why.message);
}

const char *rb_lockfile_words(const char *status)
{
    static const char *const words[][2] = {
        {"succeeded", "has succeeded"},
        {"failed", "has failed"},
        {"refused", "was refused"},
        {"cancelled", "was cancelled"},
    };
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        if (strcmp(words[i][0], status) == 0)
            return words[i][1];
    }
    return "has ended";
}

/* Of a run without a whole event nothing has begun. A record that does not read says nothing. */
static enum rb_lock_state state_of_run(int dir, const char **ret_words)
{
    struct rb_error err = {0};
    struct rb_reader *reader = NULL;
    const struct rb_record *record;
    enum rb_read got;
    bool begun = false, ended = false;
    if (!rb_reader_open(dir, &reader, &err))
        return err.code == RB_ERR_NOT_FOUND ? RB_LOCK_STALE : RB_LOCK_UNKNOWN;
    while ((got = rb_reader_next(reader, &record, &err)) == RB_READ_RECORD) {
        begun = true;
        ended = record->event.type == RB_EV_RUN_FINISHED ||
                (ended && record->event.type != RB_EV_RUN_RESUMED);
        if (record->event.type == RB_EV_RUN_FINISHED)
            *ret_words =
                rb_lockfile_words(rb_value_get_text(record->event.d, "status", ""));
    }
    rb_reader_free(reader);
    if (got == RB_READ_BAD)
        return RB_LOCK_UNKNOWN;
    return ended || !begun ? RB_LOCK_STALE : RB_LOCK_KEPT;
}

enum rb_lock_state rb_lockfile_state(const struct rb_value *holder, const char **ret_words)
{
    struct rb_error err = {0};
    RB_AUTO_CLOSE int dir = -1;
    *ret_words = "never came to be";
    if (!is_held(holder))
        return RB_LOCK_FREE;
    if (open_run(holder, &dir, &err))
        return state_of_run(dir, ret_words);
    *ret_words = "is not there";
    return err.code == RB_ERR_NOT_FOUND ? RB_LOCK_STALE : RB_LOCK_UNKNOWN;
}

/* It ends by itself once nothing runs: one that answers has a step under way, or had a moment ago.
 * Who knocks and says nothing is let go at once. EAGAIN: its queue is full, so there is one. */
bool rb_lockfile_is_at_work(const struct rb_value *holder)
{
    struct rb_error err = {0};
    RB_AUTO_CLOSE int dir = -1;
    if (!open_run(holder, &dir, &err))
        return false;
    RB_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr_un address = rb_folder_supervisor(dir);
    return fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ||
                       errno == EAGAIN);
}
