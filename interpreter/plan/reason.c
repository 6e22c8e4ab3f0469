#include "plan/reason.h"

#include <string.h>

static const char *const names[] = {
#define X(name, text) text,
    RB_REASONS(X)
#undef X
};

const char *rb_reason_name(enum rb_reason reason)
{
    return names[reason];
}

enum rb_reason rb_reason_find(const char *word)
{
    for (int i = 0; i < RB_REASON_COUNT; i++) {
        if (strcmp(names[i], word) == 0)
            return (enum rb_reason)i;
    }
    return RB_REASON_COUNT;
}
