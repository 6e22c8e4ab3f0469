#pragma once
/* What the files of the store share. */

#include "journal/store.h"

struct rb_store {
    char *path;
    int dir, runs; /* descriptors of <store> and <store>/runs */
};

enum { RB_RUN_ID_MAX = 64 };

/* Nothing but [a-z0-9-], not too long, and no '-' in front. */
bool rb_run_is_id(const char *text);
