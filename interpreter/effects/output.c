#include "effects/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/blob.h"
#include "journal/folder.h"

enum { ROUNDS = 8, BUSY_FROM = 65536, BUSY_PIPE = 1 << 20, PIECE = 65536, BATCH = 8 << 20 };

/* What stands before the bytes of a ring. Read by the same machine only. */
struct ring_header {
    int64_t ringed, cap;
};

void rb_output_init(struct rb_output *output, int folder, const char *name, int64_t cap)
{
    int64_t head = cap > 0 ? cap / 2 : 0;
    *output = (struct rb_output){.pipe = -1,
                                 .folder = folder,
                                 .name = name,
                                 .file = -1,
                                 .ring = -1,
                                 .head_cap = head,
                                 .ring_cap = cap > 0 ? cap - head : 0};
}

void rb_output_hold(struct rb_output *output, int64_t most, int (*folder_of)(void *context),
                    void *context)
{
    output->hold = most < output->head_cap ? most : output->head_cap;
    output->folder_of = folder_of;
    output->context = context;
}

static void close_files(struct rb_output *output)
{
    rb_close_descriptor(&output->file);
    rb_close_descriptor(&output->ring);
    output->file = output->ring = -1;
}

static void end_hasher(struct rb_output *output)
{
    if (output->hasher)
        output->digest = rb_hasher_end(output->hasher);
    output->hasher = NULL;
}

void rb_output_done(struct rb_output *output)
{
    rb_close_descriptor(&output->pipe);
    output->pipe = -1;
    close_files(output);
    end_hasher(output);
    rb_digest_free(output->digest);
    output->digest = NULL;
    rb_redact_end(output->redactor, &output->redaction, &output->clean);
    rb_buf_done(&output->clean);
    rb_buf_done(&output->held);
}

static void ring_name(const char *name, char ret_name[16])
{
    snprintf(ret_name, 16, "%s.tail", name);
}

/* A new file, never one that another still writes to. */
static int create(int folder, const char *name)
{
    unlinkat(folder, name, 0);
    return openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static bool write_at(int fd, const char *bytes, size_t length, int64_t offset)
{
    while (length > 0) {
        ssize_t put = pwrite(fd, bytes, length, offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        length -= (size_t)put;
        offset += put;
    }
    return true;
}

/* The disk begins with each batch while the next is still being printed: the sync that comes at
 * the end finds less to do. */
static void begin_writeback(const struct rb_output *output, size_t length)
{
    int64_t batch = output->kept / BATCH;
    if ((output->kept + (int64_t)length) / BATCH != batch)
        sync_file_range(output->file, batch * BATCH, BATCH, SYNC_FILE_RANGE_WRITE);
}

static bool keep(struct rb_output *output, const char *bytes, size_t length)
{
    if (!write_at(output->file, bytes, length, output->kept))
        return false;
    begin_writeback(output, length);
    if (output->hasher)
        rb_hasher_add(output->hasher, bytes, length);
    else
        rb_digest_add(output->digest, bytes, length);
    output->kept += (int64_t)length;
    return true;
}

static bool open_file(struct rb_output *output)
{
    if (output->file >= 0)
        return true;
    if (output->folder < 0 && output->folder_of)
        output->folder = output->folder_of(output->context);
    output->file = create(output->folder, output->name);
    output->digest = rb_digest_new();
    return output->file >= 0;
}

static bool open_ring(struct rb_output *output)
{
    char name[16];
    ring_name(output->name, name);
    if (output->ring < 0)
        output->ring = create(output->folder, name);
    return output->ring >= 0;
}

static bool write_ring(struct rb_output *output, const char *bytes, size_t length)
{
    int64_t cap = output->ring_cap, skipped = (int64_t)length - cap;
    if (skipped > 0) {
        bytes += skipped;
        length = (size_t)cap;
        output->ringed += skipped;
    }
    int64_t at = output->ringed % cap;
    size_t first = cap - at < (int64_t)length ? (size_t)(cap - at) : length;
    const int64_t start = sizeof(struct ring_header);
    if (!write_at(output->ring, bytes, first, start + at) ||
        !write_at(output->ring, bytes + first, length - first, start))
        return false;
    output->ringed += (int64_t)length;
    struct ring_header header = {output->ringed, cap};
    return write_at(output->ring, (const char *)&header, sizeof header, 0);
}

/* A ring that failed while it went round holds a mixture; one that never did holds its bytes. */
static bool keep_last(struct rb_output *output, const char *bytes, size_t length)
{
    if (output->ring_cap == 0)
        return true;
    bool whole = output->ringed + (int64_t)length <= output->ring_cap;
    int64_t before = output->ringed;
    if (open_ring(output) && write_ring(output, bytes, length))
        return true;
    output->ringed = whole ? before : 0;
    return false;
}

/* True when it stays in memory; else all that did is in the file now, or the output is full. */
static bool hold(struct rb_output *output, const char *bytes, size_t length)
{
    if (output->hold == 0)
        return false;
    bool fits = output->kept + (int64_t)length <= output->hold;
    if (fits) {
        rb_buf_append(&output->held, bytes, length);
        output->kept += (int64_t)length;
        return true;
    }
    output->hold = output->kept = 0;
    output->full = !open_file(output) ||
                   !keep(output, rb_buf_text(&output->held), output->held.length);
    rb_buf_done(&output->held);
    return false;
}

static void take(struct rb_output *output, const char *bytes, size_t length)
{
    output->total += (int64_t)length;
    if (output->full || hold(output, bytes, length) || output->full)
        return;
    int64_t room = output->head_cap - output->kept;
    size_t head = room < (int64_t)length ? (size_t)room : length;
    output->full = !open_file(output) || !keep(output, bytes, head) ||
                   (head < length && !keep_last(output, bytes + head, length - head));
}

static void take_clean(struct rb_output *output)
{
    if (output->clean.length > 0)
        take(output, output->clean.data, output->clean.length);
    rb_buf_clear(&output->clean);
}

/* The one way of bytes that came to a file, a tail or a digest. */
void rb_output_put(struct rb_output *output, const char *bytes, size_t length)
{
    if (!output->redactor) {
        take(output, bytes, length);
        return;
    }
    rb_redact(output->redactor, &output->redaction, bytes, length, &output->clean);
    take_clean(output);
}

void rb_output_redact(struct rb_output *output, const struct rb_redactor *redactor)
{
    rb_redact_end(output->redactor, &output->redaction, &output->clean);
    take_clean(output);
    output->redactor = redactor;
}

/* A program that prints much is worth more; most print little. */
static void notice(struct rb_output *output, ssize_t got)
{
    if (output->busy || got < BUSY_FROM)
        return;
    output->busy = true;
    fcntl(output->pipe, F_SETPIPE_SZ, BUSY_PIPE);
    if (output->digest)
        output->hasher = rb_hasher_new(output->digest);
}

static void end_pipe(struct rb_output *output)
{
    close(output->pipe);
    output->pipe = -1;
}

void rb_output_read(struct rb_output *output, char *buffer, size_t size)
{
    for (int round = 0; round < ROUNDS; round++) {
        ssize_t got = read(output->pipe, buffer, size);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            end_pipe(output);
            return;
        }
        rb_output_put(output, buffer, (size_t)got);
        notice(output, got);
    }
}

void rb_output_drain(struct rb_output *output, char *buffer, size_t size)
{
    int left = 0;
    if (output->pipe < 0)
        return;
    if (ioctl(output->pipe, FIONREAD, &left) < 0)
        left = 0;
    while (left > 0) {
        ssize_t got = read(output->pipe, buffer, size);
        if (got <= 0)
            break;
        rb_output_put(output, buffer, (size_t)got);
        left -= (int)got;
    }
    end_pipe(output);
}

/* Appends `length` bytes of the ring, from its offset `at`, to the file. */
static bool append_ring(struct rb_output *output, int64_t at, int64_t length)
{
    RB_AUTO_FREE char *piece = rb_alloc(PIECE);
    const int64_t start = sizeof(struct ring_header);
    while (length > 0) {
        size_t want = length < PIECE ? (size_t)length : PIECE;
        ssize_t got = pread(output->ring, piece, want, start + at);
        if (got <= 0 || !keep(output, piece, (size_t)got))
            return false;
        at += got;
        length -= got;
    }
    return true;
}

static void unroll(struct rb_output *output)
{
    if (output->ring < 0)
        return;
    int64_t cap = output->ring_cap, at = output->ringed % cap;
    bool good = output->ringed <= cap
                    ? append_ring(output, 0, output->ringed)
                    : append_ring(output, at, cap - at) && append_ring(output, 0, at);
    char name[16];
    ring_name(output->name, name);
    unlinkat(output->folder, name, 0);
    output->full |= !good;
}

/* The file's bytes, complete and closed, as a blob. */
static bool adopt(struct rb_output *output, int run_dir, const char *dir,
                  char ret_hex[RB_DIGEST_HEX + 1])
{
    struct rb_error err;
    RB_AUTO_BUF struct rb_buf path = {0};
    unroll(output);
    if (output->full && output->file >= 0)
        output->full = ftruncate(output->file, output->kept) == 0;
    close_files(output);
    end_hasher(output);
    rb_buf_printf(&path, "steps/%s/%s", dir, output->name);
    if (output->digest)
        rb_digest_end(output->digest, ret_hex);
    output->digest = NULL;
    return output->kept > 0 && rb_blob_adopt(run_dir, path.data, ret_hex, &err);
}

const struct rb_value *rb_output_settle(struct rb_output *output, int run_dir,
                                        const char *dir)
{
    char hex[RB_DIGEST_HEX + 1];
    struct rb_error err;
    rb_output_redact(output, NULL);
    if (output->total == 0)
        return NULL;
    bool kept = output->held.length > 0 ? rb_blob_put(run_dir, output->held.data,
                                                      output->held.length, hex, &err)
                                        : adopt(output, run_dir, dir, hex);
    rb_buf_done(&output->held);
    if (kept)
        return rb_blob_reference(hex, output->kept, output->total - output->kept);
    return rb_value_map("bytes", rb_value_int(0), "lost", rb_value_int(output->total),
                        NULL);
}

bool rb_output_save(struct rb_output *output, const char *name,
                    char ret_hex[RB_DIGEST_HEX + 1], struct rb_error *err)
{
    if (output->full || !open_file(output))
        return rb_fail(err, RB_ERR_IO, "cannot write all of %s", name);
    if (fdatasync(output->file) != 0 ||
        renameat(output->folder, output->name, output->folder, name) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot save %s", name);
    if (!rb_folder_sync(output->folder, "", err))
        return false;
    close_files(output);
    end_hasher(output);
    rb_digest_end(output->digest, ret_hex);
    output->digest = NULL;
    return true;
}

void rb_output_discard(struct rb_output *output)
{
    char name[16];
    ring_name(output->name, name);
    if (output->ring >= 0)
        unlinkat(output->folder, name, 0);
    if (output->file >= 0)
        unlinkat(output->folder, output->name, 0);
    rb_output_done(output);
}

static void read_range(int fd, int64_t at, int64_t length, struct rb_buf *out)
{
    RB_AUTO_FREE char *piece = rb_alloc(PIECE);
    while (length > 0) {
        ssize_t got = pread(fd, piece, length < PIECE ? (size_t)length : PIECE, at);
        if (got <= 0)
            return;
        rb_buf_append(out, piece, (size_t)got);
        at += got;
        length -= got;
    }
}

/* The last `want` bytes of a ring, in order. */
static void read_ring(int fd, const struct ring_header *header, int64_t want,
                      struct rb_buf *out)
{
    const int64_t start = sizeof *header;
    int64_t from = (header->ringed - want) % header->cap;
    int64_t first = header->cap - from < want ? header->cap - from : want;
    read_range(fd, start + from, first, out);
    read_range(fd, start, want - first, out);
}

bool rb_output_tail(int folder, const char *name, size_t cap, struct rb_buf *out,
                    int64_t *ret_total)
{
    char ring[16];
    struct stat info;
    struct ring_header header = {0, 1};
    ring_name(name, ring);
    RB_AUTO_CLOSE int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    RB_AUTO_CLOSE int tail = openat(folder, ring, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 || fstat(file, &info) < 0)
        return false;
    if (tail < 0 || pread(tail, &header, sizeof header, 0) != sizeof header ||
        header.cap <= 0 || header.ringed < 0)
        header = (struct ring_header){0, 1};

    int64_t wanted = cap < INT64_MAX ? (int64_t)cap : INT64_MAX;
    int64_t held = header.ringed < header.cap ? header.ringed : header.cap;
    int64_t last = wanted < held ? wanted : held;
    int64_t before = header.ringed > header.cap ? 0 : wanted - last;
    if (before > info.st_size)
        before = info.st_size;
    read_range(file, info.st_size - before, before, out);
    if (last > 0)
        read_ring(tail, &header, last, out);
    *ret_total = info.st_size + header.ringed;
    return true;
}
