#include "journal/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "journal/folder.h"

#define FOLDER "blobs/sha256"
#define PREFIX "sha256:"

enum { PIECE = 64 << 10 };

struct blob_path {
    char text[sizeof FOLDER + 1 + RB_DIGEST_HEX];
};

static bool is_hex(const char *text)
{
    return strlen(text) == RB_DIGEST_HEX &&
           strspn(text, "0123456789abcdef") == RB_DIGEST_HEX;
}

static bool path_of(const char *hex, struct blob_path *ret_path, struct rb_error *err)
{
    if (!is_hex(hex))
        return rb_fail(err, RB_ERR_INVALID, "\"%.80s\" is not the digest of a blob", hex);
    snprintf(ret_path->text, sizeof ret_path->text, FOLDER "/%s", hex);
    return true;
}

static bool exists(int run_dir, const char *path)
{
    struct stat st;
    return fstatat(run_dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Bytes first, then the name, then the name's folder: after a crash a blob that is there is
 * whole, and when this returned it is there. */
bool rb_blob_adopt(int run_dir, const char *from, const char *hex, struct rb_error *err)
{
    struct blob_path path;
    if (!path_of(hex, &path, err))
        return false;
    if (exists(run_dir, path.text)) {
        if (unlinkat(run_dir, from, 0) != 0)
            return rb_fail_errno(err, RB_ERR_IO, "cannot remove %s", from);
        return true;
    }
    struct stat st;
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_folder_file(run_dir, from, O_RDONLY, &st, &fd, err))
        return false;
    if (fchmod(fd, 0400) != 0 || fdatasync(fd) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot sync %s", from);
    if (renameat(run_dir, from, run_dir, path.text) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot make %s a blob", from);
    return rb_folder_sync(run_dir, FOLDER, err);
}

bool rb_blob_put(int run_dir, const void *bytes, size_t length, char ret_hex[65],
                 struct rb_error *err)
{
    static const char temporary[] = "blobs/new";
    char hex[RB_DIGEST_HEX + 1];
    RB_AUTO_CLOSE int fd = -1;
    struct blob_path path;
    rb_digest_of(bytes, length, hex);
    if (path_of(hex, &path, err) && exists(run_dir, path.text)) {
        memcpy(ret_hex, hex, sizeof hex);
        return true;
    }
    if (unlinkat(run_dir, temporary, 0) != 0 && errno != ENOENT)
        return rb_fail_errno(err, RB_ERR_IO, "cannot remove %s", temporary);
    if (!rb_folder_create(run_dir, temporary, 0600, &fd, err) ||
        !rb_file_write_all(fd, bytes, length, err) ||
        !rb_blob_adopt(run_dir, temporary, hex, err))
        return false;
    memcpy(ret_hex, hex, sizeof hex);
    return true;
}

static bool open_blob(int run_dir, const char *hex, struct stat *ret_stat, int *ret_fd,
                      struct rb_error *err)
{
    struct blob_path path;
    return path_of(hex, &path, err) &&
           rb_folder_file(run_dir, path.text, O_RDONLY, ret_stat, ret_fd, err);
}

/* Passes on `length` bytes from `offset`, to `out` and the digest where there is one. */
static bool stream(int fd, int64_t offset, int64_t length, struct rb_buf *out,
                   struct rb_digest *digest, struct rb_error *err)
{
    char piece[PIECE];
    while (length > 0) {
        size_t want = length < PIECE ? (size_t)length : PIECE;
        ssize_t got = pread(fd, piece, want, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_fail_errno(err, RB_ERR_IO, "cannot read a blob");
        if (got == 0)
            return rb_fail(err, RB_ERR_RECORD, "a blob became shorter while it was read");
        if (out)
            rb_buf_append(out, piece, (size_t)got);
        if (digest)
            rb_digest_add(digest, piece, (size_t)got);
        offset += got;
        length -= got;
    }
    return true;
}

static bool fail_digest(const char *hex, struct rb_error *err)
{
    return rb_fail(err, RB_ERR_RECORD, "blob %s was changed: its bytes have another digest",
                   hex);
}

bool rb_blob_read(int run_dir, const char *hex, size_t offset, size_t cap,
                  struct rb_buf *out, struct rb_error *err)
{
    struct stat st;
    RB_AUTO_CLOSE int fd = -1;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    if (!open_blob(run_dir, hex, &st, &fd, err))
        return false;
    size_t size = (size_t)st.st_size;
    size_t left = size > offset ? size - offset : 0;
    size_t length = left < cap ? left : cap;
    if (!stream(fd, (int64_t)offset, (int64_t)length, &bytes, NULL, err))
        return false;
    char right[RB_DIGEST_HEX + 1];
    if (length == size) {
        rb_digest_of(rb_buf_text(&bytes), length, right);
        if (strcmp(right, hex) != 0)
            return fail_digest(hex, err);
    }
    rb_buf_append(out, rb_buf_text(&bytes), length);
    return true;
}

bool rb_blob_verify(int run_dir, const char *hex, int64_t bytes, struct rb_error *err)
{
    struct stat st;
    RB_AUTO_CLOSE int fd = -1;
    if (!open_blob(run_dir, hex, &st, &fd, err))
        return false;
    if (st.st_size != bytes)
        return rb_fail(err, RB_ERR_RECORD,
                       "blob %s was changed: it has %" PRId64 " bytes, not %" PRId64, hex,
                       (int64_t)st.st_size, bytes);
    struct rb_digest *digest = rb_digest_new();
    if (!stream(fd, 0, bytes, NULL, digest, err)) {
        rb_digest_free(digest);
        return false;
    }
    char right[RB_DIGEST_HEX + 1];
    rb_digest_end(digest, right);
    return strcmp(right, hex) == 0 || fail_digest(hex, err);
}

const char *rb_blob_hex(const struct rb_value *reference)
{
    const struct rb_value *blob = rb_value_get(reference, "blob");
    const char *text = rb_value_as_text(blob, "");
    if (rb_value_length(blob) != strlen(PREFIX) + RB_DIGEST_HEX ||
        strncmp(text, PREFIX, strlen(PREFIX)) != 0 || !is_hex(text + strlen(PREFIX)))
        return NULL;
    return text + strlen(PREFIX);
}

const struct rb_value *rb_blob_reference(const char *hex, int64_t bytes, int64_t lost)
{
    return rb_value_map("blob", rb_value_textf(PREFIX "%s", hex), "bytes",
                        rb_value_int(bytes), "lost", rb_value_int(lost), NULL);
}
