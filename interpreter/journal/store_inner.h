#pragma once
/* What the files of the store share. */

#include "journal/store.h"

struct rb_store {
    char *path;
    int dir, runs; /* descriptors of <store> and <store>/runs */
};

enum { RB_RUN_ID_MAX = 64 };

/* What is written below the folders of a run stays in it: none is a link. One that is not there is for
 * whoever needs it to miss. RB_ERR_RECORD. */
bool rb_run_check_folders(const struct rb_run *run, struct rb_error *err) RB_MUST_CHECK;

/* Nothing but [a-z0-9-], not too long, and no '-' in front. */
bool rb_run_is_id(const char *text);
