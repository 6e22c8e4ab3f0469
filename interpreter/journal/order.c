#include "journal/order.h"

#include <inttypes.h>
#include <string.h>

#include "journal/lines.h"

struct search {
    int fd;
    int64_t from, to; /* offsets */
};

/* The first sound record of this seq: its hash. */
static bool find(const struct search *search, int64_t seq, char ret_hash[RB_HASH_HEX + 1])
{
    RB_CLEANUP(rb_lines_done) struct rb_lines lines;
    rb_lines_init(&lines, search->fd, search->from, search->to, RB_LINE_MAX);
    const char *line = NULL;
    size_t length = 0;
    bool found = false;
    while (!found && rb_lines_next(&lines, &line, &length, NULL) == RB_LINES_LINE) {
        RB_CLEANUP(rb_record_done) struct rb_record record = {0};
        if (!rb_line_decode(line, length, &record, NULL) || record.seq != seq)
            continue;
        memcpy(ret_hash, record.hash, sizeof record.hash);
        found = true;
    }
    return found;
}

static bool gap(const struct search *behind, int64_t last, int64_t seq,
                struct rb_error *err)
{
    char hash[RB_HASH_HEX + 1];
    int64_t missing = seq - last - 1;
    if (find(behind, last + 1, hash))
        return rb_fail(err, RB_ERR_RECORD,
                       "seq %" PRId64 " stands before seq %" PRId64
                       ": the lines were put in another order",
                       seq, last + 1);
    if (last < 0)
        return rb_fail(err, RB_ERR_RECORD,
                       "the first line is seq %" PRId64 ": %" PRId64
                       " %s missing before it",
                       seq, missing, missing == 1 ? "line is" : "lines are");
    return rb_fail(err, RB_ERR_RECORD,
                   "seq %" PRId64 " follows seq %" PRId64 ": %" PRId64 " %s missing", seq,
                   last, missing, missing == 1 ? "line is" : "lines are");
}

static bool again(const struct search *before, int64_t last, const struct rb_record *wrong,
                  struct rb_error *err)
{
    char hash[RB_HASH_HEX + 1] = "";
    bool same = find(before, wrong->seq, hash) && strcmp(hash, wrong->hash) == 0;
    if (!same)
        return rb_fail(err, RB_ERR_RECORD,
                       "a second seq %" PRId64 ", unlike the first, follows seq %" PRId64
                       ": lines of two writers, or of another run",
                       wrong->seq, last);
    if (wrong->seq == last)
        return rb_fail(err, RB_ERR_RECORD, "seq %" PRId64 " stands there twice", last);
    return rb_fail(err, RB_ERR_RECORD, "seq %" PRId64 " is repeated after seq %" PRId64,
                   wrong->seq, last);
}

bool rb_order_explain(int fd, const struct rb_reader_end *last, int64_t at,
                      const struct rb_record *wrong, struct rb_error *err)
{
    struct search behind = {fd, at, last->size}, before = {fd, 0, at};
    if (wrong->seq > last->seq + 1)
        return gap(&behind, last->seq, wrong->seq, err);
    if (wrong->seq <= last->seq)
        return again(&before, last->seq, wrong, err);
    if (last->seq < 0)
        return rb_fail(
            err, RB_ERR_RECORD,
            "seq 0: prev is not zeros: the lines before it are missing, or it is "
            "from elsewhere");
    return rb_fail(err, RB_ERR_RECORD,
                   "seq %" PRId64 ": prev is not the hash of seq %" PRId64
                   ": a line from elsewhere, or an edited one before it",
                   wrong->seq, last->seq);
}
