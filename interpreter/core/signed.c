#include "core/signed.h"

#include <string.h>

/* In time that nobody sets: a clock that is set back keeps no question open. */
static rb_time late_at(rb_time elapsed, rb_time expires, rb_time utc)
{
    rb_time left, late;
    if (__builtin_sub_overflow(expires, utc, &left) ||
        __builtin_add_overflow(elapsed, left, &late))
        return INT64_MAX;
    return late;
}

void rb_signed_begin(struct rb_node *node, const struct rb_event *event, rb_time elapsed)
{
    struct rb_active *active = node->active;
    rb_value_put(&active->received, NULL);
    rb_value_put(&active->approvals, NULL);
    rb_value_put(&active->signatures, NULL);
    active->expired = false;
    active->late = 0;
    if (!rb_value_get(event->d, "expires"))
        return;
    active->due_utc = rb_value_get_int(event->d, "expires", 0);
    active->due = event->mono + (active->due_utc - event->utc);
    active->late = late_at(elapsed, active->due_utc, event->utc);
}

/* One that could not be judged is not remembered: there may be an ssh-keygen next time. */
bool rb_signed_take(struct rb_node *node, const struct rb_event *event)
{
    struct rb_active *active = node->active;
    if (event->type == RB_EV_APPROVAL_RECEIVED) {
        rb_value_put(&active->received, event->d);
        return false;
    }
    if (rb_value_get(active->received, "sound"))
        rb_value_append(&active->signatures, rb_value_get(active->received, "signature"));
    rb_value_put(&active->received, NULL);
    if (event->type == RB_EV_APPROVAL_REFUSED)
        return false;
    rb_value_append(&active->approvals, event->d);
    return strcmp(rb_value_get_text(active->question, "kind", ""), "approval") != 0;
}
