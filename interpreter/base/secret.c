#include "base/secret.h"

#include "base/guarded.h"
#include "base/mem.h"

static void release(struct rb_secret *secret)
{
    rb_guarded_free(secret->bytes, secret->length);
    free(secret->name);
}

void rb_secrets_done(struct rb_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        release(&secrets->items[i]);
    free(secrets->items);
    *secrets = (struct rb_secrets){0};
}

const struct rb_secret *rb_secrets_find(const struct rb_secrets *secrets, const char *name)
{
    for (size_t i = secrets->count; i-- > 0;) {
        if (strcmp(secrets->items[i].name, name) == 0)
            return &secrets->items[i];
    }
    return NULL;
}

void rb_secrets_put(struct rb_secrets *secrets, const char *name, const char *bytes,
                    size_t length, bool unmasked)
{
    const struct rb_secret *before = rb_secrets_find(secrets, name);
    if (before && before->length == length && memcmp(before->bytes, bytes, length) == 0)
        return;
    struct rb_secret made = {rb_strdup(name), rb_guarded_alloc(length), length, unmasked};
    memcpy(made.bytes, bytes, length);
    RB_GROW(secrets->items, secrets->count, secrets->capacity);
    secrets->items[secrets->count++] = made;
}
