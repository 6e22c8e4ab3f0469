#include "journal/chain.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "journal/lines.h"
#include "journal/link.h"
#include "journal/reader.h"

/* Walks through the chain as far as it is sound. */
struct walk {
    struct rb_lines lines;
    struct rb_chain_entry last; /* run_no 0, hash zeros: none yet */
};

static void walk_init(struct walk *walk, int fd, int64_t size)
{
    *walk = (struct walk){.last = {.hash = RB_LINK_ZERO}};
    rb_lines_init(&walk->lines, fd, 0, size, RB_CHAIN_LINE_MAX);
}

static void walk_done(struct walk *walk)
{
    rb_lines_done(&walk->lines);
}

static bool walk_on(struct walk *walk, enum rb_lines_found *ret_found, struct rb_error *err)
{
    struct rb_chain_entry next;
    const char *line = NULL;
    size_t length = 0;
    *ret_found = rb_lines_next(&walk->lines, &line, &length, err);
    if (*ret_found == RB_LINES_FAILED)
        return rb_error_prefix(err, RB_CHAIN_NAME);
    if (*ret_found == RB_LINES_END || *ret_found == RB_LINES_TORN)
        return true;
    if (*ret_found == RB_LINES_LINE && walk->lines.offset == walk->lines.size &&
        rb_lines_has_hole(line, length)) {
        *ret_found = RB_LINES_TORN;
        return true;
    }
    int64_t due = walk->last.run_no + 1;
    if (*ret_found == RB_LINES_TOO_LONG || !rb_chain_decode(line, length, &next))
        return rb_fail(err, RB_ERR_RECORD,
                       RB_CHAIN_NAME ": the line of run number %" PRId64 " was edited",
                       due);
    if (next.run_no != due)
        return rb_fail(err, RB_ERR_RECORD,
                       RB_CHAIN_NAME
                       ": run number %" PRId64 " (%s) stands where %" PRId64
                       " was due: lines are missing, repeated or in another order",
                       next.run_no, next.run, due);
    if (strcmp(next.prev, walk->last.hash) != 0)
        return rb_fail(err, RB_ERR_RECORD,
                       RB_CHAIN_NAME ": run number %" PRId64
                                     " (%s) does not follow the line "
                                     "before it: one of them is from elsewhere",
                       due, next.run);
    walk->last = next;
    return true;
}

/* *ret_hash is "" where the journal holds no whole line yet. */
static bool first_hash(struct rb_store *store, const char *run_id, char ret_hash[65],
                       bool *ret_live, struct rb_error *err)
{
    struct rb_run *run = NULL;
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    struct rb_error why = {0};
    if (!rb_run_open(store, run_id, &run, err))
        return false;
    bool opened = rb_reader_open(run->dir, &reader, &why);
    enum rb_read found = opened ? rb_reader_next(reader, &record, &why) : RB_READ_BAD;
    bool ok = found != RB_READ_BAD || why.code == RB_ERR_NOT_FOUND;
    if (ok) {
        const char *hash = found == RB_READ_RECORD ? record->hash : "";
        memcpy(ret_hash, hash, strlen(hash) + 1);
        *ret_live = rb_run_is_live(run);
    } else {
        rb_fail(err, RB_ERR_RECORD, "run %s: %s", run_id, why.message);
    }
    rb_reader_free(reader);
    rb_run_close(run);
    return ok;
}

static bool check_chained(struct rb_store *store, const struct rb_chain_entry *entry,
                          struct rb_error *err)
{
    char hash[RB_DIGEST_HEX + 1];
    bool live = false;
    struct stat st;
    if (fstatat(store->runs, entry->run, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return rb_fail(err, RB_ERR_RECORD,
                       "run %s is missing: it is number %" PRId64 " in " RB_CHAIN_NAME
                       ", and its folder is gone",
                       entry->run, entry->run_no);
    if (!first_hash(store, entry->run, hash, &live, err))
        return false;
    return strcmp(hash, entry->first) == 0 ||
           rb_fail(err, RB_ERR_RECORD,
                   "run %s: its journal does not begin with the line that " RB_CHAIN_NAME
                   " tells of",
                   entry->run);
}

/* A run that has recorded something and is not in the chain; one that is just being created
 * may not be in it yet. */
static bool check_unchained(struct rb_store *store, const char *run_id,
                            struct rb_error *err)
{
    char hash[RB_DIGEST_HEX + 1];
    bool live = false;
    if (!first_hash(store, run_id, hash, &live, err))
        return false;
    return hash[0] == '\0' || live ||
           rb_fail(err, RB_ERR_RECORD, "run %s is not in " RB_CHAIN_NAME, run_id);
}

static bool check_disk(struct rb_store *store, const char *run_id,
                       const struct rb_value *chained, struct rb_error *err)
{
    if (run_id)
        return rb_value_get(chained, run_id) || check_unchained(store, run_id, err);
    RB_AUTO_VALUE const struct rb_value *ids = NULL;
    if (!rb_store_list(store, &ids, err))
        return false;
    for (size_t i = 0; i < rb_value_count(ids); i++) {
        const char *id = rb_value_as_text(rb_value_at(ids, i), "");
        if (!rb_value_get(chained, id) && !check_unchained(store, id, err))
            return false;
    }
    return true;
}

static bool check_chain(struct rb_store *store, const char *run_id, int fd, int64_t size,
                        struct rb_map_builder *chained, struct rb_error *err)
{
    RB_CLEANUP(walk_done) struct walk walk;
    walk_init(&walk, fd, size);
    for (;;) {
        enum rb_lines_found found;
        if (!walk_on(&walk, &found, err))
            return false;
        if (found != RB_LINES_LINE)
            return true;
        rb_map_add(chained, walk.last.run, rb_value_null());
        bool wanted = !run_id || strcmp(run_id, walk.last.run) == 0;
        if (wanted && !check_chained(store, &walk.last, err))
            return false;
    }
}

bool rb_store_verify_chain(struct rb_store *store, const char *run_id, struct rb_error *err)
{
    int64_t size = 0;
    RB_AUTO_CLOSE int fd = -1;
    struct rb_error why = {0};
    struct rb_map_builder builder = {0};
    bool there = rb_chain_open(store, O_RDONLY, &fd, &size, &why);
    if (!there && why.code != RB_ERR_NOT_FOUND)
        return rb_fail(err, why.code, "%s", why.message);
    bool sound = !there || check_chain(store, run_id, fd, size, &builder, err);
    RB_AUTO_VALUE const struct rb_value *chained = rb_map_end(&builder);
    return sound && check_disk(store, run_id, chained, err);
}
