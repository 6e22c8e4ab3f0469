#include "journal/level.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* What a record says is not trusted on a terminal either. */
static void put(struct rb_level *level, size_t at, const char *format, va_list args)
{
    RB_AUTO_BUF struct rb_buf text = {0}, visible = {0};
    rb_buf_vprintf(&text, format, args);
    rb_text_visible(rb_buf_text(&text), text.length, false, &visible);
    size_t room = sizeof level->text - at - 1;
    size_t length = rb_text_valid_utf8(rb_buf_text(&visible),
                                       visible.length < room ? visible.length : room);
    memcpy(level->text + at, rb_buf_text(&visible), length);
    level->text[at + length] = '\0';
}

/* PASS, ABSENT, FAIL: from good to bad. */
static int badness(enum rb_finding finding)
{
    return finding == RB_FINDING_PASS ? 0 : finding == RB_FINDING_ABSENT ? 1 : 2;
}

void rb_level_find(struct rb_level *level, enum rb_finding finding, const char *format, ...)
{
    if (badness(finding) <= badness(level->finding))
        return;
    va_list args;
    va_start(args, format);
    put(level, 0, format, args);
    va_end(args);
    level->finding = finding;
}

void rb_level_say(struct rb_level *level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(level, 0, format, args);
    va_end(args);
}

void rb_level_add(struct rb_level *level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(level, strlen(level->text), format, args);
    va_end(args);
}
