#include "cli/say.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/text.h"

void rb_say(FILE *stream, const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf line = {0}, shown = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&line, format, args);
    va_end(args);
    rb_text_visible(rb_buf_text(&line), line.length, false, &shown);
    fprintf(stream, "%s\n", rb_buf_text(&shown));
}
