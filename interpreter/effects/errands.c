#include "effects/errands.h"

#include <string.h>

struct rb_errands {
    struct rb_vault *vault;
    struct rb_errands_events events;
    bool recall;
    bool handing; /* one is being handed over: the next comes after it */
    bool unasked; /* nobody is there: nothing more is fetched until all are dropped */
    struct rb_errand *items;
    size_t count, capacity;
};

struct rb_errands *rb_errands_new(struct rb_vault *vault, bool recall,
                                  const struct rb_errands_events *events)
{
    struct rb_errands *errands = rb_alloc(sizeof *errands);
    *errands = (struct rb_errands){.vault = vault, .recall = recall, .events = *events};
    return errands;
}

static void let_go(const struct rb_errand *errand)
{
    rb_value_unref(errand->request);
    rb_value_unref(errand->note);
}

void rb_errands_free(struct rb_errands *errands)
{
    if (!errands)
        return;
    if (errands->count > 0)
        rb_vault_cancel(errands->vault);
    while (errands->count > 0)
        let_go(&errands->items[--errands->count]);
    free(errands->items);
    free(errands);
}

static void fetch(void *context, enum rb_vault_end end, const char *why);

static struct rb_errand take_out(struct rb_errands *errands, size_t at)
{
    struct rb_errand errand = errands->items[at];
    memmove(&errands->items[at], &errands->items[at + 1],
            (--errands->count - at) * sizeof errand);
    return errand;
}

static void fetched(void *context, enum rb_vault_end end, const char *why)
{
    struct rb_errands *errands = context;
    if (end == RB_VAULT_UNASKED) {
        errands->unasked = true;
        errands->events.unasked(errands->events.context, why);
        return;
    }
    struct rb_errand first = take_out(errands, 0);
    errands->handing = true;
    errands->events.ready(errands->events.context, &first,
                          end == RB_VAULT_READY ? NULL : why);
    errands->handing = false;
    let_go(&first);
    fetch(errands, RB_VAULT_READY, NULL);
}

static void fetch(void *context, enum rb_vault_end end, const char *why)
{
    struct rb_errands *errands = context;
    (void)end, (void)why;
    errands->unasked &= errands->count > 0;
    if (errands->count == 0 || errands->handing || errands->unasked)
        return;
    RB_AUTO_VALUE const struct rb_value *names = rb_vault_names(errands->items[0].request);
    rb_vault_need(errands->vault, names, fetched, errands);
}

void rb_errands_add(struct rb_errands *errands, const struct rb_errand *errand)
{
    bool recall = errands->recall;
    RB_GROW(errands->items, errands->count, errands->capacity);
    errands->items[errands->count++] =
        (struct rb_errand){.kind = errand->kind,
                           .request = rb_value_ref(errand->request),
                           .note = rb_value_ref(errand->note),
                           .resumed = errand->resumed};
    if (errands->count > 1 || errands->handing)
        return;
    errands->recall = false;
    if (recall)
        rb_vault_recall(errands->vault, fetch, errands);
    else
        fetch(errands, RB_VAULT_READY, NULL);
}

bool rb_errands_drop(struct rb_errands *errands, const char *dir)
{
    size_t at = 0;
    while (at < errands->count &&
           strcmp(rb_value_get_text(errands->items[at].request, "dir", ""), dir) != 0)
        at++;
    if (at == errands->count)
        return false;
    if (at == 0)
        rb_vault_cancel(errands->vault);
    struct rb_errand dropped = take_out(errands, at);
    let_go(&dropped);
    if (at == 0)
        fetch(errands, RB_VAULT_READY, NULL);
    return true;
}
