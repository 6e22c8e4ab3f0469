#include "cli/duties.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "effects/clock.h"

static bool is_overdue(const struct rb_value *duty)
{
    return rb_value_get_int(duty, "due", 0) < rb_clock_utc();
}

const struct rb_value *rb_duties_list(const struct rb_value *open)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(open); i++) {
        const struct rb_value *duty = rb_value_at(open, i);
        char due[28];
        rb_time_format(rb_value_get_int(duty, "due", 0), due);
        RB_AUTO_VALUE const struct rb_value *now = rb_value_map(
            "due", rb_value_text(due), "overdue", rb_value_bool(is_overdue(duty)), NULL);
        rb_list_add(&list, rb_value_merge(duty, now));
    }
    return rb_list_end(&list);
}

bool rb_duties_any_overdue(const struct rb_value *open)
{
    for (size_t i = 0; i < rb_value_count(open); i++) {
        if (is_overdue(rb_value_at(open, i)))
            return true;
    }
    return false;
}

char *rb_duties_name(const struct rb_value *duty)
{
    struct rb_buf name = {0};
    const char *item = rb_value_get_text(duty, "item", NULL);
    rb_buf_printf(&name, "%s%s%s", rb_value_get_text(duty, "step", ""), item ? "." : "",
                  item ? item : "");
    return rb_buf_take(&name);
}

void rb_duties_print(const struct rb_value *open, const char *indent)
{
    for (size_t i = 0; i < rb_value_count(open); i++) {
        const struct rb_value *duty = rb_value_at(open, i);
        RB_AUTO_FREE char *name = rb_duties_name(duty);
        RB_AUTO_BUF struct rb_buf line = {0};
        const struct rb_value *text = rb_value_get(duty, "text");
        char due[28];
        rb_time_format(rb_value_get_int(duty, "due", 0), due);
        rb_buf_printf(&line, "%s%s %.19sZ  ", indent,
                      is_overdue(duty) ? "OVERDUE since" : "due", due);
        rb_text_visible(name, strlen(name), false, &line);
        rb_buf_puts(&line, "  ");
        rb_text_visible(rb_value_as_text(text, ""), rb_value_length(text), false, &line);
        puts(rb_buf_text(&line));
    }
}
