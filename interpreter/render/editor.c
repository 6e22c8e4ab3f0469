#include "render/editor.h"

#include "base/text.h"

#define LONGEST_LINE 4000

enum {
    CTRL_D = 0x04,
    CTRL_H = 0x08,
    CTRL_U = 0x15,
    CTRL_W = 0x17,
    ESCAPE = 0x1B,
    DEL = 0x7F
};

void rb_editor_done(struct rb_editor *editor)
{
    rb_buf_done(&editor->text);
}

static void cut_to(struct rb_buf *text, size_t length)
{
    text->length = length;
    if (text->data)
        text->data[length] = '\0';
}

void rb_editor_set(struct rb_editor *editor, const char *text)
{
    rb_buf_clear(&editor->text);
    rb_buf_puts(&editor->text, text);
}

static void backspace(struct rb_buf *text)
{
    size_t length = text->length;
    while (length > 0 && ((unsigned char)text->data[length - 1] & 0xC0) == 0x80)
        length--;
    cut_to(text, length > 0 ? length - 1 : 0);
}

static void kill_word(struct rb_buf *text)
{
    size_t length = text->length;
    while (length > 0 && text->data[length - 1] == ' ')
        length--;
    while (length > 0 && text->data[length - 1] != ' ')
        length--;
    cut_to(text, length);
}

/* Bytes of the sequence that an escape character begins, itself included. */
static size_t sequence_length(const char *bytes, size_t length)
{
    if (length < 2 || (bytes[1] != '[' && bytes[1] != 'O'))
        return length < 2 ? 1 : 2;
    size_t at = 2;
    while (at < length && (unsigned char)bytes[at] < 0x40)
        at++;
    return at < length ? at + 1 : length;
}

static void add(struct rb_buf *text, char c)
{
    if (text->length < LONGEST_LINE)
        rb_buf_putc(text, c);
}

enum rb_edit rb_editor_feed(struct rb_editor *editor, const char *bytes, size_t length)
{
    struct rb_buf *text = &editor->text;
    for (size_t at = 0; at < length; at++) {
        unsigned char c = (unsigned char)bytes[at];
        bool last = at + 1 == length;
        if (c == '\r' || c == '\n') {
            if (last)
                return RB_EDIT_LINE;
            add(text, ' ');
        } else if (c == CTRL_D) {
            if (last && text->length == 0)
                return RB_EDIT_END;
        } else if (c == DEL || c == CTRL_H) {
            backspace(text);
        } else if (c == CTRL_U) {
            cut_to(text, 0);
        } else if (c == CTRL_W) {
            kill_word(text);
        } else if (c == ESCAPE) {
            at += sequence_length(bytes + at, length - at) - 1;
        } else if (c == '\t') {
            add(text, ' ');
        } else if (c >= 0x20) {
            add(text, (char)c);
        }
    }
    return RB_EDIT_MORE;
}

char *rb_editor_line(const struct rb_editor *editor)
{
    struct rb_buf line = {0};
    const char *bytes = rb_buf_text(&editor->text);
    for (size_t at = 0; at < editor->text.length;) {
        unsigned code_point;
        int size = rb_text_decode(bytes + at, editor->text.length - at, &code_point);
        if (size > 0 && !(line.length == 0 && bytes[at] == ' '))
            rb_buf_append(&line, bytes + at, (size_t)size);
        at += size > 0 ? (size_t)size : 1;
    }
    while (line.length > 0 && line.data[line.length - 1] == ' ')
        cut_to(&line, line.length - 1);
    return rb_buf_take(&line);
}
