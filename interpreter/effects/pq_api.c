#include "effects/pq_api.h"

#include <dlfcn.h>
#include <stddef.h>

#include "base/mem.h"

#define LIBRARY "libpq.so.5"

static const struct {
    const char *name;
    size_t offset;
} calls[] = {
#define X(name) {"PQ" #name, offsetof(struct rb_pq, name)},
    RB_PQ_CALLS(X)
#undef X
};

static bool find_calls(void *library, struct rb_pq *pq, struct rb_error *err)
{
    for (size_t i = 0; i < RB_COUNT(calls); i++) {
        void *call = dlsym(library, calls[i].name);
        if (!call)
            return rb_fail(err, RB_ERR_NOT_FOUND,
                           LIBRARY " is too old, it has no %s: install PostgreSQL's client "
                                   "library 14 or later (Debian: libpq5)",
                           calls[i].name);
        memcpy((char *)pq + calls[i].offset, &call, sizeof call);
    }
    return true;
}

/* It stays loaded: OpenSSL, which comes with it, can't be taken away again. */
bool rb_pq_load(struct rb_pq **ret_pq, struct rb_error *err)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return rb_fail(err, RB_ERR_NOT_FOUND,
                       "PostgreSQL's client library can't be loaded (%s): install it "
                       "(Debian: libpq5)",
                       dlerror());
    struct rb_pq *pq = rb_alloc(sizeof *pq);
    if (!find_calls(library, pq, err)) {
        free(pq);
        return false;
    }
    *ret_pq = rb_pq_ref(pq);
    return true;
}

struct rb_pq *rb_pq_ref(struct rb_pq *pq)
{
    pq->users++;
    return pq;
}

void rb_pq_unref(struct rb_pq *pq)
{
    if (pq && --pq->users == 0)
        free(pq);
}
