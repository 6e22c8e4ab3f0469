#include "lua/verdict.h"

#include "base/text.h"
#include "lua/quote.h"

enum { WHY_MAX = 1000 };

const struct rb_value *rb_verdict_item(const char *name, const char *verdict,
                                       const char *why, size_t length)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    if (why)
        rb_quote_line(why, length, WHY_MAX, &line);
    return rb_value_map(
        "name", rb_value_text(name), "verdict", rb_value_text(verdict), "why",
        why ? rb_value_string(rb_buf_text(&line), line.length) : NULL, NULL);
}

const struct rb_value *rb_verdict_error(const char *name, const char *message)
{
    return rb_value_map("name", rb_value_text(name), "error", rb_value_text(message), NULL);
}
