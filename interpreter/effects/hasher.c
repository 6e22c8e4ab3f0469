#include "effects/hasher.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/mem.h"

enum { SLOTS = 4, SLOT = 256 << 10 };

struct slot {
    size_t length;
    char bytes[SLOT];
};

struct rb_hasher {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct rb_digest *digest; /* the thread's, until it was joined */
    size_t filled, hashed;    /* slots so far; slot i is slots[i % SLOTS] */
    bool ending;
    struct slot slots[SLOTS];
};

/* The next slot to hash, NULL at the end. */
static const struct slot *await_slot(struct rb_hasher *hasher)
{
    pthread_mutex_lock(&hasher->mutex);
    while (hasher->hashed == hasher->filled && !hasher->ending)
        pthread_cond_wait(&hasher->changed, &hasher->mutex);
    bool any = hasher->hashed < hasher->filled;
    pthread_mutex_unlock(&hasher->mutex);
    return any ? &hasher->slots[hasher->hashed % SLOTS] : NULL;
}

static void *hash(void *argument)
{
    struct rb_hasher *hasher = argument;
    const struct slot *slot;
    while ((slot = await_slot(hasher))) {
        rb_digest_add(hasher->digest, slot->bytes, slot->length);
        pthread_mutex_lock(&hasher->mutex);
        hasher->hashed++;
        pthread_cond_signal(&hasher->changed);
        pthread_mutex_unlock(&hasher->mutex);
    }
    return NULL;
}

static void destroy(struct rb_hasher *hasher)
{
    pthread_mutex_destroy(&hasher->mutex);
    pthread_cond_destroy(&hasher->changed);
    free(hasher);
}

struct rb_hasher *rb_hasher_new(struct rb_digest *digest)
{
    struct rb_hasher *hasher = rb_alloc(sizeof *hasher);
    hasher->digest = digest;
    pthread_mutex_init(&hasher->mutex, NULL);
    pthread_cond_init(&hasher->changed, NULL);
    if (pthread_create(&hasher->thread, NULL, hash, hasher) == 0)
        return hasher;
    destroy(hasher);
    return NULL;
}

static void add_slot(struct rb_hasher *hasher, const char *bytes, size_t length)
{
    pthread_mutex_lock(&hasher->mutex);
    while (hasher->filled - hasher->hashed == SLOTS)
        pthread_cond_wait(&hasher->changed, &hasher->mutex);
    pthread_mutex_unlock(&hasher->mutex);
    struct slot *slot = &hasher->slots[hasher->filled % SLOTS];
    memcpy(slot->bytes, bytes, length);
    slot->length = length;
    pthread_mutex_lock(&hasher->mutex);
    hasher->filled++;
    pthread_cond_signal(&hasher->changed);
    pthread_mutex_unlock(&hasher->mutex);
}

void rb_hasher_add(struct rb_hasher *hasher, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length; at += SLOT)
        add_slot(hasher, (const char *)bytes + at, length - at < SLOT ? length - at : SLOT);
}

struct rb_digest *rb_hasher_end(struct rb_hasher *hasher)
{
    pthread_mutex_lock(&hasher->mutex);
    hasher->ending = true;
    pthread_cond_signal(&hasher->changed);
    pthread_mutex_unlock(&hasher->mutex);
    pthread_join(hasher->thread, NULL);
    struct rb_digest *digest = hasher->digest;
    destroy(hasher);
    return digest;
}
