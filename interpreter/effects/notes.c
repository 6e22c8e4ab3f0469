#include "effects/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "effects/output.h"
#include "journal/blob.h"

enum { NOTE_MAX = 1 << 20 };

#define NOTE_PID "supervisor.pid"

static bool read_id(int dir, const char *path, char ret_id[RB_BOOT_ID + 1],
                    struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!rb_file_read(dir, path, 4096, &text, err))
        return false;
    snprintf(ret_id, RB_BOOT_ID + 1, "%s", rb_buf_text(&text));
    return true;
}

bool rb_note_boot_id(char ret_id[RB_BOOT_ID + 1], struct rb_error *err)
{
    return read_id(AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret_id, err);
}

bool rb_note_same_boot(int run_dir, bool *ret_same, struct rb_error *err)
{
    char now[RB_BOOT_ID + 1], then[RB_BOOT_ID + 1];
    struct rb_error missing;
    if (!rb_note_boot_id(now, err))
        return false;
    bool noted = read_id(run_dir, RB_NOTE_BOOT, then, &missing);
    /* A note cut short by a crash was never followed by a request. */
    bool cut = noted && strlen(then) < strlen(now);
    if (cut && unlinkat(run_dir, RB_NOTE_BOOT, 0) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "the note of the boot can't be replaced");
    if (cut || (!noted && missing.code == RB_ERR_NOT_FOUND)) {
        if (!rb_file_create(run_dir, RB_NOTE_BOOT, now, strlen(now), true, err))
            return false;
        *ret_same = true;
        return true;
    }
    *ret_same = noted && strcmp(now, then) == 0;
    return true;
}

bool rb_note_boot(int run_dir, struct rb_error *err)
{
    char now[RB_BOOT_ID + 1];
    return rb_note_boot_id(now, err) &&
           rb_file_replace(run_dir, RB_NOTE_BOOT, now, strlen(now), err);
}

bool rb_note_folder(int steps, const char *dir, int *ret_folder, struct rb_error *err)
{
    if (mkdirat(steps, dir, 0700) < 0 && errno != EEXIST)
        return rb_fail_errno(err, RB_ERR_IO, "the folder of the step can't be made");
    int folder = openat(steps, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the folder of the step can't be opened");
    *ret_folder = folder;
    return true;
}

bool rb_note_started(int folder, int *ret_fd, struct rb_error *err)
{
    int fd = openat(folder, "started", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return rb_fail_errno(err, errno == EEXIST ? RB_ERR_REFUSED : RB_ERR_IO,
                             "the note of the start can't be created");
    if (rb_file_write_all(fd, "{}", 2, err)) {
        *ret_fd = fd;
        return true;
    }
    rb_error_prefix(err, "the note of the start");
    unlinkat(folder, "started", 0);
    close(fd);
    return false;
}

bool rb_note_had_no_room(const struct rb_error *err)
{
    return err->sys == ENOSPC || err->sys == EDQUOT;
}

static void describe(const char *boot_id, const struct rb_note_programs *of,
                     struct rb_buf *out)
{
    struct rb_list_builder ids = {0}, starts = {0}, pipes = {0};
    for (size_t i = 0; i < of->count; i++) {
        struct rb_proc proc = {0};
        bool found = rb_proc_read(of->pids[i], &proc);
        rb_list_add(&ids, rb_value_int(of->pids[i]));
        rb_list_add(&starts, rb_value_int(found ? (int64_t)proc.start : 0));
    }
    for (size_t i = 0; i < 2 && of->pipes[i]; i++)
        rb_list_add(&pipes, rb_value_int((int64_t)of->pipes[i]));
    RB_AUTO_VALUE const struct rb_value *note =
        rb_value_map("boot_id", rb_value_text(boot_id), "pids", rb_list_end(&ids), "starts",
                     rb_list_end(&starts), "pipes", rb_list_end(&pipes), NULL);
    rb_json_encode(note, out);
}

void rb_note_programs(int fd, const char *boot_id, const struct rb_note_programs *programs)
{
    static const struct rb_note_programs none;
    RB_AUTO_BUF struct rb_buf text = {0};
    describe(boot_id, programs ? programs : &none, &text);
    /* A step without them is in doubt as well; only its orphans can't be found. */
    if (pwrite(fd, text.data, text.length, 0) < 0)
        errno = 0;
}

bool rb_note_exit(int folder, const struct rb_value *outcome, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(outcome, &text);
    return rb_file_replace(folder, "exit", text.data, text.length, err);
}

void rb_note_supervisor(int run_dir, const char *boot_id)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    const pid_t self = getpid();
    struct rb_error err;
    describe(boot_id, &(struct rb_note_programs){.pids = &self, .count = 1}, &text);
    if (!rb_file_replace(run_dir, NOTE_PID, text.data, text.length, &err))
        errno = 0;
}

static char *step_path(const char *dir, const char *name)
{
    struct rb_buf path = {0};
    rb_buf_printf(&path, "steps/%s/%s", dir, name);
    return rb_buf_take(&path);
}

static const struct rb_value *read_file(int run_dir, const char *path)
{
    const struct rb_value *note;
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!rb_file_read(run_dir, path, NOTE_MAX, &text, NULL) ||
        !rb_json_decode(rb_buf_text(&text), text.length, &note, NULL))
        return NULL;
    if (rb_value_is(note, RB_MAP))
        return note;
    rb_value_unref(note);
    return NULL;
}

static const struct rb_value *read_note(int run_dir, const char *dir, const char *name)
{
    RB_AUTO_FREE char *path = step_path(dir, name);
    return read_file(run_dir, path);
}

bool rb_note_is_of_now(const struct rb_value *note)
{
    char now[RB_BOOT_ID + 1];
    return rb_note_boot_id(now, NULL) &&
           strcmp(now, rb_value_get_text(note, "boot_id", "")) == 0;
}

bool rb_note_find_program(const struct rb_value *note, size_t at, struct rb_proc *ret_proc)
{
    struct rb_proc proc;
    int64_t pid = rb_value_as_int(rb_value_at(rb_value_get(note, "pids"), at), 0);
    int64_t start = rb_value_as_int(rb_value_at(rb_value_get(note, "starts"), at), 0);
    if (pid <= 1 || start <= 0 || !rb_proc_read((pid_t)pid, &proc) ||
        proc.start != (uint64_t)start)
        return false;
    *ret_proc = proc;
    return true;
}

void rb_note_signal_supervisor(int run_dir, int signal)
{
    struct rb_proc supervisor;
    RB_AUTO_VALUE const struct rb_value *note = read_file(run_dir, NOTE_PID);
    if (rb_note_is_of_now(note) && rb_note_find_program(note, 0, &supervisor))
        rb_proc_signal(&supervisor, signal);
}

const struct rb_value *rb_note_read_started(int run_dir, const char *dir)
{
    return read_note(run_dir, dir, "started");
}

const struct rb_value *rb_note_read_exit(int run_dir, const char *dir)
{
    return read_note(run_dir, dir, "exit");
}

static bool exists(int run_dir, const char *dir, const char *name)
{
    struct stat info;
    RB_AUTO_FREE char *path = step_path(dir, name);
    return fstatat(run_dir, path, &info, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

bool rb_note_any(int run_dir, const char *dir)
{
    return exists(run_dir, dir, "started") || exists(run_dir, dir, "exit");
}

void rb_note_forget(int run_dir, const char *dir)
{
    RB_AUTO_FREE char *path = step_path(dir, "started");
    unlinkat(run_dir, path, 0);
}

static void note_doubt(int run_dir, const char *dir)
{
    struct rb_error err;
    RB_AUTO_FREE char *folder = step_path(dir, "");
    RB_AUTO_FREE char *path = step_path(dir, "started");
    mkdirat(run_dir, folder, 0700);
    if (!rb_file_create(run_dir, path, "{}", 2, true, &err))
        errno = 0;
}

enum rb_found rb_note_find(int run_dir, const char *dir, bool same_boot,
                           const struct rb_value **ret_outcome)
{
    const struct rb_value *outcome = rb_note_read_exit(run_dir, dir);
    if (outcome) {
        *ret_outcome = outcome;
        return RB_FOUND_ENDED;
    }
    if (rb_note_any(run_dir, dir))
        return RB_FOUND_DOUBT;
    if (same_boot)
        return RB_FOUND_UNSTARTED;
    note_doubt(run_dir, dir);
    return RB_FOUND_DOUBT;
}

/* The end of a blob, as an exit note refers to it. */
static bool blob_tail(int run_dir, const struct rb_value *reference, size_t cap,
                      struct rb_buf *out, int64_t *ret_total)
{
    const char *hex = rb_blob_hex(reference);
    int64_t bytes = rb_value_get_int(reference, "bytes", 0);
    int64_t from = bytes > 0 && (uint64_t)bytes > cap ? bytes - (int64_t)cap : 0;
    if (!hex || bytes < 0 || !rb_blob_read(run_dir, hex, (size_t)from, cap, out, NULL))
        return false;
    *ret_total = bytes + rb_value_get_int(reference, "lost", 0);
    return true;
}

bool rb_supervisor_tail(int run_dir, const char *dir, const char *stream, size_t cap,
                        struct rb_buf *out, int64_t *ret_total)
{
    RB_AUTO_FREE char *path = step_path(dir, "");
    RB_AUTO_CLOSE int folder = openat(run_dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && rb_output_tail(folder, stream, cap, out, ret_total))
        return true;
    RB_AUTO_VALUE const struct rb_value *outcome = rb_note_read_exit(run_dir, dir);
    return blob_tail(run_dir, rb_value_get(outcome, stream), cap, out, ret_total);
}
