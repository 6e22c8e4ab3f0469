#include "journal/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "journal/folder.h"
#include "journal/lines.h"
#include "journal/link.h"

static const char tag[] = "runbook.runs.v1";
enum { CHAIN_MAX_BYTES = 256 << 20 };

static void encode_body(const struct rb_chain_entry *entry, struct rb_buf *out)
{
    rb_buf_printf(out,
                  "{\"first\":\"%s\",\"prev\":\"%s\",\"run\":\"%s\",\"run_no\":%" PRId64,
                  entry->first, entry->prev, entry->run, entry->run_no);
}

static bool take_text(const struct rb_value *line, const char *key, char *ret, size_t size)
{
    const char *text = rb_value_get_text(line, key, "");
    size_t length = strlen(text);
    if (length == 0 || length >= size)
        return false;
    memcpy(ret, text, length + 1);
    return true;
}

static bool decode_body(const char *line, size_t length, struct rb_chain_entry *entry)
{
    RB_AUTO_VALUE const struct rb_value *value = NULL;
    if (!rb_json_decode(line, length, &value, NULL))
        return false;
    entry->run_no = rb_value_get_int(value, "run_no", 0);
    return take_text(value, "first", entry->first, sizeof entry->first) &&
           take_text(value, "prev", entry->prev, sizeof entry->prev) &&
           take_text(value, "run", entry->run, sizeof entry->run) &&
           rb_run_is_id(entry->run);
}

bool rb_chain_decode(const char *line, size_t length, struct rb_chain_entry *ret_entry)
{
    struct rb_chain_entry entry = {0};
    size_t body = 0;
    RB_AUTO_BUF struct rb_buf again = {0};
    if (rb_link_check(tag, line, length, &body, entry.hash) != RB_LINK_HOLDS ||
        !decode_body(line, length, &entry))
        return false;
    encode_body(&entry, &again);
    if (again.length != body || memcmp(again.data, line, body) != 0)
        return false;
    *ret_entry = entry;
    return true;
}

bool rb_chain_open(const struct rb_store *store, int flags, int *ret_fd, int64_t *ret_size,
                   struct rb_error *err)
{
    struct stat st;
    int fd = -1;
    if (!rb_folder_file(store->dir, RB_CHAIN_NAME, flags, &st, &fd, err))
        return false;
    if (!rb_folder_single_link(RB_CHAIN_NAME, &st, err)) {
        rb_close_descriptor(&fd);
        return false;
    }
    *ret_fd = fd;
    *ret_size = st.st_size;
    return true;
}

static bool lock_chain(int fd, struct rb_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(fd, F_OFD_SETLKW, &lock) != 0) {
        if (errno != EINTR)
            return rb_fail_errno(err, RB_ERR_IO, "cannot lock " RB_CHAIN_NAME);
    }
    return true;
}

/* Creates it where it is not there yet; two at the same time may both try. */
static bool open_to_append(const struct rb_store *store, int *ret_fd, struct rb_error *err)
{
    int64_t size = 0;
    RB_AUTO_CLOSE int fd = -1;
    struct rb_error why = {0};
    if (!rb_folder_create(store->dir, RB_CHAIN_NAME, 0600, &fd, &why) && why.sys != EEXIST)
        return rb_fail(err, why.code, "%s", why.message);
    if (fd >= 0 && !rb_folder_sync(store->dir, "", err))
        return false;
    return rb_chain_open(store, O_RDWR | O_APPEND, ret_fd, &size, err) &&
           lock_chain(*ret_fd, err);
}

/* The line that a byte of the chain stands in. */
static bool entry_at(const struct rb_buf *chain, const char *byte,
                     struct rb_chain_entry *ret_entry)
{
    size_t before = (size_t)(byte - chain->data);
    const char *newline = memrchr(chain->data, '\n', before);
    const char *end = memchr(byte, '\n', chain->length - before);
    const char *line = newline ? newline + 1 : chain->data;
    return end && rb_chain_decode(line, (size_t)(end - line), ret_entry);
}

/* Where the chain names this run, without decoding all of it. */
static const char *find(const struct rb_buf *chain, const char *run_id)
{
    RB_AUTO_BUF struct rb_buf member = {0};
    rb_buf_printf(&member, ",\"run\":\"%s\",", run_id);
    return memmem(rb_buf_text(chain), chain->length, member.data, member.length);
}

/* How much of it is whole lines. Each is synced before the next is written, so only the last may
 * have been cut off, or have lost its beginning. */
static size_t whole_lines(const struct rb_buf *chain)
{
    const char *text = rb_buf_text(chain);
    const char *newline = memrchr(text, '\n', chain->length);
    if (!newline)
        return 0;
    const char *before = memrchr(text, '\n', (size_t)(newline - text));
    const char *last = before ? before + 1 : text;
    bool hole = rb_lines_has_hole(last, (size_t)(newline - last));
    return (size_t)((hole ? last : newline + 1) - text);
}

/* What a crash has left of a line told of a run that had done nothing yet. */
static bool drop_torn(int fd, struct rb_buf *chain, struct rb_error *err)
{
    size_t whole = whole_lines(chain);
    if (whole == chain->length)
        return true;
    if (ftruncate(fd, (off_t)whole) != 0)
        return rb_fail_errno(err, RB_ERR_IO, "cannot cut a torn line off " RB_CHAIN_NAME);
    chain->length = whole;
    chain->data[whole] = '\0';
    return true;
}

static bool append(int fd, const struct rb_chain_entry *last, const char *run_id,
                   const char *first_hash, struct rb_error *err)
{
    struct rb_chain_entry entry = {.run_no = last->run_no + 1};
    RB_AUTO_BUF struct rb_buf line = {0};
    memcpy(entry.run, run_id, strlen(run_id) + 1);
    memcpy(entry.first, first_hash, sizeof entry.first);
    memcpy(entry.prev, last->hash, sizeof entry.prev);
    encode_body(&entry, &line);
    rb_link_close(tag, &line, 0, entry.hash);
    struct rb_error why = {0};
    if (!rb_file_write_all(fd, line.data, line.length, &why))
        return rb_fail(err, RB_ERR_JOURNAL, "%s", why.message);
    return fdatasync(fd) == 0 ||
           rb_fail_errno(err, RB_ERR_JOURNAL, "cannot sync " RB_CHAIN_NAME);
}

static bool chain(const struct rb_store *store, const char *run_id, const char *first_hash,
                  struct rb_error *err)
{
    struct rb_chain_entry entry;
    RB_AUTO_CLOSE int fd = -1;
    RB_AUTO_BUF struct rb_buf chain = {0};
    if (!open_to_append(store, &fd, err) ||
        !rb_folder_read(fd, RB_CHAIN_NAME, CHAIN_MAX_BYTES, &chain, err) ||
        !drop_torn(fd, &chain, err))
        return false;
    const char *named = find(&chain, run_id);
    if (named)
        return (entry_at(&chain, named, &entry) && strcmp(entry.first, first_hash) == 0) ||
               rb_fail(err, RB_ERR_RECORD, RB_CHAIN_NAME " has another first line of %s",
                       run_id);
    entry = (struct rb_chain_entry){.hash = RB_LINK_ZERO};
    if (chain.length > 0 && !entry_at(&chain, chain.data + chain.length - 1, &entry))
        return rb_fail(err, RB_ERR_RECORD, "the last line of " RB_CHAIN_NAME " was edited");
    return append(fd, &entry, run_id, first_hash, err);
}

bool rb_store_chain(struct rb_store *store, const char *run_id, const char *first_hash,
                    struct rb_error *err)
{
    if (!rb_run_is_id(run_id) || strlen(first_hash) != RB_DIGEST_HEX)
        return rb_fail(err, RB_ERR_INVALID, "\"%.80s\" cannot be put in the chain of runs",
                       run_id);
    return chain(store, run_id, first_hash, err) ||
           rb_error_prefix(err, "the chain of runs in %s", store->path);
}
