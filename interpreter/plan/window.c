#include "plan/window.h"

static void put_days(const struct rb_value *days, struct rb_buf *out)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    size_t count = rb_value_count(days);
    for (size_t i = 0; i < count && count < RB_COUNT(names); i++) {
        int64_t day = rb_value_as_int(rb_value_at(days, i), 1);
        rb_buf_printf(out, "%s%s", i ? ", " : "", names[day < 1 || day > 7 ? 0 : day - 1]);
    }
    rb_buf_puts(out, count < RB_COUNT(names) ? " " : "");
}

void rb_window_text(const struct rb_value *window, struct rb_buf *out)
{
    const struct rb_value *except = rb_value_get(window, "except");
    put_days(rb_value_get(window, "days"), out);
    rb_buf_printf(out, "%s to %s in %s", rb_value_get_text(window, "from", ""),
                  rb_value_get_text(window, "to", ""), rb_value_get_text(window, "tz", ""));
    for (size_t i = 0; i < rb_value_count(except); i++)
        rb_buf_printf(out, "%s%s", i ? ", " : ", not on ",
                      rb_value_as_text(rb_value_at(except, i), ""));
    const char *role = rb_value_get_text(window, "override", NULL);
    if (role)
        rb_buf_printf(out, "; only %s may override it", role);
}
