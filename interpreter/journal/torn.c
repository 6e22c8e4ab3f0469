#include "journal/torn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "journal/folder.h"

/* A repair that was cut off itself leaves its copy; that many times in a row is no accident. */
enum { COPIES = 100 };

static bool create_copy(int run_dir, int64_t seq, int *ret_fd, struct rb_error *err)
{
    for (int n = 0; n < COPIES; n++) {
        char name[64];
        struct rb_error why = {0};
        if (n == 0)
            snprintf(name, sizeof name, "journal.torn.%" PRId64, seq);
        else
            snprintf(name, sizeof name, "journal.torn.%" PRId64 ".%d", seq, n);
        if (rb_folder_create(run_dir, name, 0400, ret_fd, &why))
            return true;
        if (why.sys != EEXIST)
            return rb_fail(err, RB_ERR_IO, "cannot put a torn line aside: %s", why.message);
    }
    return rb_fail(err, RB_ERR_IO, "there are %d copies of a torn line %" PRId64 " already",
                   COPIES, seq);
}

static bool copy(int from, int to, const struct rb_reader_end *end,
                 char ret_hex[RB_DIGEST_HEX + 1], struct rb_error *err)
{
    char piece[64 << 10];
    struct rb_digest *digest = rb_digest_new();
    bool ok = true;
    for (int64_t at = end->offset; ok && at < end->size;) {
        int64_t left = end->size - at;
        size_t want = left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;
        ssize_t got = pread(from, piece, want, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            ok = rb_fail_errno(err, RB_ERR_IO, "cannot read the torn line");
            break;
        }
        rb_digest_add(digest, piece, (size_t)got);
        ok = rb_file_write_all(to, piece, (size_t)got, err);
        at += got;
    }
    rb_digest_end(digest, ret_hex);
    return ok;
}

bool rb_torn_put_aside(int run_dir, int fd, const struct rb_reader_end *end,
                       const struct rb_value **ret_torn, struct rb_error *err)
{
    char hex[RB_DIGEST_HEX + 1];
    RB_AUTO_CLOSE int to = -1;
    if (!create_copy(run_dir, end->seq + 1, &to, err) || !copy(fd, to, end, hex, err))
        return false;
    if (fsync(to) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot sync the copy of the torn line");
    if (!rb_folder_sync(run_dir, "", err))
        return false;
    if (ftruncate(fd, end->offset) != 0 || fsync(fd) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot cut the torn line off");
    *ret_torn = rb_value_map("bytes", rb_value_int(end->size - end->offset), "sha256",
                             rb_value_textf("sha256:%s", hex), NULL);
    return true;
}
