#include "cli/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "effects/clock.h"
#include "journal/store.h"

struct rb_scratch {
    struct rb_buf path;
    struct rb_store *store;
    struct rb_run *run;
};

bool rb_scratch_new(struct rb_scratch **ret_scratch, struct rb_error *err)
{
    char id[32];
    const char *where = getenv("TMPDIR");
    struct rb_scratch *scratch = rb_alloc(sizeof *scratch);
    *scratch = (struct rb_scratch){0};
    rb_buf_printf(&scratch->path, "%s/runbook-XXXXXX", where && *where ? where : "/tmp");
    rb_run_make_id(rb_clock_utc(), 0, id);
    if (!mkdtemp(scratch->path.data)) {
        rb_fail_errno(err, RB_ERR_IO, "no folder could be made at %s",
                      rb_buf_text(&scratch->path));
        rb_buf_clear(&scratch->path);
    } else if (rb_store_open(rb_buf_text(&scratch->path), &scratch->store, err) &&
               rb_run_create(scratch->store, id, &scratch->run, err)) {
        *ret_scratch = scratch;
        return true;
    }
    rb_scratch_free(scratch);
    return false;
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    remove(path);
    return 0;
}

void rb_scratch_free(struct rb_scratch *scratch)
{
    enum { OPEN_AT_ONCE = 8 };
    if (!scratch)
        return;
    rb_run_close(scratch->run);
    rb_store_close(scratch->store);
    if (scratch->path.length > 0)
        nftw(rb_buf_text(&scratch->path), remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
    rb_buf_done(&scratch->path);
    free(scratch);
}

int rb_scratch_run(const struct rb_scratch *scratch)
{
    return scratch->run->dir;
}
