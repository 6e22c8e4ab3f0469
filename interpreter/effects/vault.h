#pragma once
/* The secrets of a run: each is fetched when it is needed for the first time, and kept, in memory
 * that no helper and no core file gets, until the vault is freed. Those of files and of the
 * environment are known before that to whoever looks for them in what comes back. Drivers take values from it;
 * what goes into the record, the plan or a report is never more than a name. */

#include <uv.h>

#include "base/secret.h"
#include "core/state.h"

/* Whoever can ask a person to type a value unseen; one at a time. */
typedef void rb_vault_typed(void *context, const char *bytes, size_t length);
struct rb_vault_prompt {
    void *self;
    /* NULL: nobody can be asked. `typed` is called with what was typed, or with NULL when the
     * terminal is gone or the person went away; its bytes are wiped by who calls it. */
    void (*ask)(void *self, const char *name, const char *text, rb_vault_typed *typed,
                void *context);
    void (*unask)(void *self);
};

struct rb_vault;

/* Where the plan has secrets, this process can't be traced or dumped from here on, and those that
 * come from its environment are taken out of it, so that no helper inherits them. `state` is
 * borrowed: its plan, and the environment and folder that the run was created with. */
struct rb_vault *rb_vault_new(uv_loop_t *loop, const struct rb_state *state,
                              const struct rb_vault_prompt *prompt);
void rb_vault_free(struct rb_vault *vault); /* wipes; the loop has to turn once more */

enum rb_vault_end {
    RB_VAULT_READY,
    RB_VAULT_FAILED,  /* one can't be had */
    RB_VAULT_UNASKED, /* one has to be typed, and nobody is there */
};

/* `why` is a sentence that names the secret; NULL when all are ready. */
typedef void rb_vault_done(void *context, enum rb_vault_end end, const char *why);

/* Fetches those of the names (a list) that are not here yet. `done` is called once, maybe at once.
 * One need at a time. */
void rb_vault_need(struct rb_vault *vault, const struct rb_value *names,
                   rb_vault_done *done, void *context);
/* In a run that goes on: fetches those that need no person, so that what earlier steps left behind
 * is found when a later one prints it. One that can't be had is passed over. */
void rb_vault_recall(struct rb_vault *vault, rb_vault_done *done, void *context);
/* The need is off: `done` will not be called. */
void rb_vault_cancel(struct rb_vault *vault);

/* Those that are here. They are only ever added to. */
const struct rb_secrets *rb_vault_secrets(const struct rb_vault *vault);

/* The names in a request, wherever they stand in it: a list, a new reference. */
const struct rb_value *rb_vault_names(const struct rb_value *request);
