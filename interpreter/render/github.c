#include "render/github.h"

#include <string.h>

static void escape(struct rb_buf *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            rb_buf_printf(out, "%%%02X", (unsigned char)*text);
        else
            rb_buf_putc(out, *text);
    }
}

void rb_github_command(struct rb_buf *out, const char *name, const char *title,
                       const char *text)
{
    rb_buf_printf(out, "::%s", name);
    if (title) {
        rb_buf_puts(out, " title=");
        escape(out, title, "%\r\n:,");
    }
    rb_buf_puts(out, "::");
    escape(out, text, "%\r\n");
    rb_buf_putc(out, '\n');
}
