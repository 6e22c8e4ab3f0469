#include "cli/stay.h"

/* Where nobody watches, a process that sits there for days ends with whatever started it. */
static const rb_time UNWATCHED = 3600 * RB_SEC;

bool rb_stay_read(const struct rb_args *args, bool watched, rb_time *ret_stay,
                  struct rb_error *err)
{
    const char *given = rb_args_value(args, "wait-at-most");
    rb_time stay = watched ? -1 : UNWATCHED;
    if (given && !rb_duration_parse(given, &stay, err))
        return rb_error_prefix(err, "--wait-at-most");
    *ret_stay = stay;
    return true;
}
