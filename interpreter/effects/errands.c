#include "effects/errands.h"

#include <string.h>

struct rb_errands {
    struct rb_vault *vault;
    struct rb_errands_events events;
    bool recall;
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

void rb_errands_free(struct rb_errands *errands)
{
    if (!errands)
        return;
    rb_errands_drop(errands);
    free(errands->items);
    free(errands);
}

static void fetch(void *context, enum rb_vault_end end, const char *why);

static void fetched(void *context, enum rb_vault_end end, const char *why)
{
    struct rb_errands *errands = context;
    if (end == RB_VAULT_UNASKED) {
        errands->events.unasked(errands->events.context, why);
        return;
    }
    struct rb_errand first = errands->items[0];
    memmove(errands->items, errands->items + 1, --errands->count * sizeof first);
    errands->events.ready(errands->events.context, &first,
                          end == RB_VAULT_READY ? NULL : why);
    rb_value_unref(first.request);
    fetch(errands, RB_VAULT_READY, NULL);
}

static void fetch(void *context, enum rb_vault_end end, const char *why)
{
    struct rb_errands *errands = context;
    (void)end, (void)why;
    if (errands->count == 0)
        return;
    RB_AUTO_VALUE const struct rb_value *names = rb_vault_names(errands->items[0].request);
    rb_vault_need(errands->vault, names, fetched, errands);
}

void rb_errands_add(struct rb_errands *errands, enum rb_effect_kind kind,
                    const struct rb_value *request, bool resumed)
{
    bool recall = errands->recall;
    RB_GROW(errands->items, errands->count, errands->capacity);
    errands->items[errands->count++] =
        (struct rb_errand){kind, rb_value_ref(request), resumed};
    if (errands->count > 1)
        return;
    errands->recall = false;
    if (recall)
        rb_vault_recall(errands->vault, fetch, errands);
    else
        fetch(errands, RB_VAULT_READY, NULL);
}

bool rb_errands_drop(struct rb_errands *errands)
{
    if (errands->count == 0)
        return false;
    rb_vault_cancel(errands->vault);
    while (errands->count > 0)
        rb_value_unref(errands->items[--errands->count].request);
    return true;
}
