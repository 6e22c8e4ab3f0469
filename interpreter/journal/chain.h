#pragma once
/* The chain of runs, <store>/runs.jsonl: that a run began, and which one came before it. */

#include "base/digest.h"
#include "journal/store_inner.h"

#define RB_CHAIN_NAME "runs.jsonl"

struct rb_chain_entry {
    int64_t run_no; /* from 1 */
    char run[RB_RUN_ID_MAX + 1];
    char first[RB_DIGEST_HEX + 1], prev[RB_DIGEST_HEX + 1], hash[RB_DIGEST_HEX + 1];
};

enum { RB_CHAIN_LINE_MAX = 4096 };

/* RB_ERR_NOT_FOUND where there is none yet. */
bool rb_chain_open(const struct rb_store *store, int flags, int *ret_fd, int64_t *ret_size,
                   struct rb_error *err) RB_MUST_CHECK;
/* A line without its newline, in the one form that is written. */
bool rb_chain_decode(const char *line, size_t length,
                     struct rb_chain_entry *ret_entry) RB_MUST_CHECK;
