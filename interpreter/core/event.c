#include "core/event.h"

#include <string.h>

static const struct {
    const char *name;
    bool fact;
} events[] = {
#define X(name, text, fact) {text, fact},
    RB_EVENTS(X)
#undef X
};

const char *rb_event_name(enum rb_event_type type)
{
    return events[type].name;
}

bool rb_event_is_fact(enum rb_event_type type)
{
    return events[type].fact;
}

bool rb_event_is_remark(enum rb_event_type type)
{
    return type == RB_EV_RUN_HANDED_OVER || type == RB_EV_OBLIGATION_MET;
}

bool rb_event_is_beside(enum rb_event_type type)
{
    return rb_event_is_remark(type) || type == RB_EV_SHELL_OPENED ||
           type == RB_EV_SHELL_CLOSED;
}

enum rb_event_type rb_event_find(const char *name)
{
    for (int i = 0; i < RB_EV_COUNT; i++) {
        if (strcmp(events[i].name, name) == 0)
            return (enum rb_event_type)i;
    }
    return RB_EV_COUNT;
}
