#include "effects/fs_look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "effects/zone_look.h"

enum { ENTRIES_MAX = 10000, PIECE = 65536 };

/* Appends the line of an answer; takes over `value`. */
static void answer(struct rb_buf *out, const struct rb_value *value)
{
    rb_json_print(value, 0, out);
    rb_buf_putc(out, '\n');
    rb_value_unref(value);
}

static void answer_error(struct rb_buf *out, const char *code, const char *path,
                         const char *why)
{
    answer(out, rb_value_map("error",
                             rb_value_map("code", rb_value_text(code), "message",
                                          rb_value_textf("%s: %s", path, why), NULL),
                             NULL));
}

/* That there is nothing is an answer; that nobody may look is none. */
static void answer_errno(struct rb_buf *out, const char *path)
{
    int code = errno;
    if (code == ENOENT || code == ENOTDIR)
        answer(out, rb_value_map("exists", rb_value_bool(false), NULL));
    else
        answer_error(out, code == EACCES || code == EPERM ? "denied" : "io", path,
                     strerror(code));
}

static const char *type_of(mode_t mode)
{
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "directory"
           : S_ISLNK(mode)  ? "link"
           : S_ISFIFO(mode) ? "fifo"
           : S_ISSOCK(mode) ? "socket"
                            : "device";
}

static void look_stat(struct rb_buf *out, const char *path)
{
    struct stat info;
    if (fstatat(AT_FDCWD, path, &info, 0) < 0) {
        answer_errno(out, path);
        return;
    }
    answer(out,
           rb_value_map("exists", rb_value_bool(true), "type",
                        rb_value_text(type_of(info.st_mode)), "size",
                        rb_value_int(info.st_size), "modified",
                        rb_value_int(info.st_mtim.tv_sec), "mode",
                        rb_value_textf("%04o", info.st_mode & 07777u), "uid",
                        rb_value_int(info.st_uid), "gid", rb_value_int(info.st_gid), NULL));
}

/* -1, and why is printed. To open a device can be an act, and the open of a FIFO waits for its
 * writer: what it is, is looked at before. */
static int open_regular(struct rb_buf *out, const char *path, struct stat *ret_info)
{
    char again[40];
    RB_AUTO_CLOSE int held = open(path, O_PATH | O_CLOEXEC);
    if (held < 0 || fstat(held, ret_info) < 0) {
        answer_errno(out, path);
        return -1;
    }
    if (!S_ISREG(ret_info->st_mode)) {
        answer_error(out, "kind", path, "it is not a regular file");
        return -1;
    }
    snprintf(again, sizeof again, "/proc/self/fd/%d", held);
    int fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        answer_error(out, errno == EACCES || errno == EPERM ? "denied" : "io", path,
                     strerror(errno));
    return fd;
}

/* Up to one byte more than `most`: what tells that there is more. */
static bool read_some(int fd, size_t most, struct rb_buf *out)
{
    char piece[PIECE];
    while (out->length <= most) {
        size_t left = most + 1 - out->length;
        ssize_t got = read(fd, piece, left < sizeof piece ? left : sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        rb_buf_append(out, piece, (size_t)got);
    }
    return true;
}

static void look_read(struct rb_buf *out, const char *path, const struct rb_value *req)
{
    struct stat info;
    RB_AUTO_BUF struct rb_buf text = {0};
    int64_t most = rb_value_get_int(req, "max_bytes", 0);
    RB_AUTO_CLOSE int fd = open_regular(out, path, &info);
    if (fd < 0)
        return;
    if (!read_some(fd, (size_t)most, &text)) {
        answer_error(out, "io", path, strerror(errno));
        return;
    }
    bool more = text.length > (size_t)most;
    if (more && !rb_value_get_bool(req, "cut", false)) {
        RB_AUTO_BUF struct rb_buf why = {0};
        rb_buf_printf(&why,
                      "it has more than %" PRId64
                      " bytes: say max_bytes, or cut = true for "
                      "its beginning",
                      most);
        answer_error(out, "too_large", path, rb_buf_text(&why));
        return;
    }
    answer(out, rb_value_map("exists", rb_value_bool(true), "size",
                             rb_value_int(info.st_size), "cut", rb_value_bool(more), NULL));
    rb_buf_append(out, rb_buf_text(&text), more ? (size_t)most : text.length);
}

/* As many as an integer can say. */
static const struct rb_value *product(uint64_t count, uint64_t size)
{
    uint64_t all;
    bool over = __builtin_mul_overflow(count, size, &all) || all > INT64_MAX;
    return rb_value_int(over ? INT64_MAX : (int64_t)all);
}

static void look_free(struct rb_buf *out, const char *path)
{
    struct statvfs info;
    if (statvfs(path, &info) < 0) {
        answer_errno(out, path);
        return;
    }
    answer(out,
           rb_value_map("exists", rb_value_bool(true), "total",
                        product(info.f_blocks, info.f_frsize), "used",
                        product(info.f_blocks - info.f_bfree, info.f_frsize), "free",
                        product(info.f_bavail, info.f_frsize), "inodes",
                        product(info.f_files, 1), "inodes_free", product(info.f_favail, 1),
                        "read_only", rb_value_bool(info.f_flag & ST_RDONLY), NULL));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL when it is gone by now. */
static const struct rb_value *entry_of(int folder, const char *name)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    return rb_value_map(
        "name", rb_value_text(name), "type", rb_value_text(type_of(info.st_mode)), "size",
        rb_value_int(info.st_size), "modified", rb_value_int(info.st_mtim.tv_sec), NULL);
}

/* Takes over the names. */
static void answer_entries(struct rb_buf *out, const char *path, int folder, char **names,
                           size_t count)
{
    int why = 0;
    struct rb_list_builder list = {0};
    qsort(names, count, sizeof *names, by_name);
    bool text = true;
    for (size_t i = 0; i < count; i++) {
        text &= rb_text_valid_utf8(names[i], strlen(names[i])) == strlen(names[i]);
        const struct rb_value *entry = entry_of(folder, names[i]);
        if (entry)
            rb_list_add(&list, entry);
        else if (errno != ENOENT)
            why = errno;
        free(names[i]);
    }
    const struct rb_value *entries = rb_list_end(&list);
    if (why == 0 && text) {
        answer(out, rb_value_map("exists", rb_value_bool(true), "entries", entries, NULL));
        return;
    }
    rb_value_unref(entries);
    if (!text) { /* by another name it would not be found again */
        answer_error(out, "kind", path, "the name of an entry is not UTF-8");
        return;
    }
    answer_error(out, why == EACCES ? "denied" : "io", path, strerror(why));
}

static void look_list(struct rb_buf *out, const char *path)
{
    DIR *folder = opendir(path);
    struct stat info;
    RB_AUTO_FREE char **names = rb_alloc((ENTRIES_MAX + 1) * sizeof *names);
    size_t count = 0;
    struct dirent *entry;
    if (!folder && errno == ENOTDIR && fstatat(AT_FDCWD, path, &info, 0) == 0) {
        answer_error(out, "kind", path, "it is not a directory");
        return;
    }
    if (!folder) {
        answer_errno(out, path);
        return;
    }
    while (count <= ENTRIES_MAX && (errno = 0, entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names[count++] = rb_strdup(entry->d_name);
    }
    int why = errno;
    if (!entry && why == 0) {
        answer_entries(out, path, dirfd(folder), names, count);
    } else {
        answer_error(out, entry ? "too_large" : "io", path,
                     entry ? "it has more than 10000 entries" : strerror(why));
        while (count > 0)
            free(names[--count]);
    }
    closedir(folder);
}

int rb_fs_look(const char *call)
{
    RB_AUTO_VALUE const struct rb_value *asked = NULL;
    RB_AUTO_BUF struct rb_buf out = {0};
    struct rb_error err;
    if (!rb_json_decode(call, strlen(call), &asked, &err)) {
        fprintf(stderr, "runbook: %s\n", err.message);
        return 2;
    }
    const struct rb_value *req = rb_value_get(asked, "req"),
                          *at = rb_value_get(req, "path");
    const char *what = rb_value_get_text(asked, "call", ""),
               *path = rb_value_as_text(at, "");
    if (rb_zone_look_is(what))
        answer(&out, rb_zone_look(what, req));
    else if (strlen(path) != rb_value_length(at) || *path == '\0')
        answer_error(&out, "kind", "path", "it is empty or holds a NUL byte");
    else if (strcmp(what, "fs.stat") == 0)
        look_stat(&out, path);
    else if (strcmp(what, "fs.read") == 0)
        look_read(&out, path, req);
    else if (strcmp(what, "fs.free") == 0)
        look_free(&out, path);
    else if (strcmp(what, "fs.list") == 0)
        look_list(&out, path);
    else
        answer_error(&out, "kind", what, "there is no such look");
    return rb_file_write_all(STDOUT_FILENO, rb_buf_text(&out), out.length, NULL) ? 0 : 1;
}
