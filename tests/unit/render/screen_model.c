#include "screen_model.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void model_init(struct model *model, int columns, int rows)
{
    *model = (struct model){.columns = columns, .rows = rows, .cursor_shown = 1};
}

void model_done(struct model *model)
{
    rb_buf_done(&model->history);
}

static void add_line(const struct model *model, int y, struct rb_buf *out)
{
    size_t start = out->length;
    for (int x = 0; x < model->columns; x++) {
        bool behind_wide = !model->cells[y][x][0] && model->cells[y][x][1];
        if (!behind_wide)
            rb_buf_puts(out, model->cells[y][x][0] ? model->cells[y][x] : " ");
    }
    while (out->length > start && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
    rb_buf_putc(out, '\n');
}

static void line_feed(struct model *model)
{
    if (model->y + 1 < model->rows) {
        model->y++;
        return;
    }
    add_line(model, 0, &model->history);
    memmove(model->cells[0], model->cells[1],
            sizeof model->cells[0] * (size_t)(model->rows - 1));
    memset(model->cells[model->rows - 1], 0, sizeof model->cells[0]);
}

static void put(struct model *model, const char *bytes, int size, int width)
{
    if (model->x + width > model->columns) {
        model->x = 0;
        line_feed(model);
    }
    char(*cells)[8] = &model->cells[model->y][model->x];
    memset(cells, 0, sizeof *cells * (size_t)width);
    memcpy(cells[0], bytes, (size_t)size);
    if (width == 2)
        cells[1][1] = 'w'; /* the other half of it */
    model->x += width;
}

static void clear(struct model *model, int y, int from)
{
    memset(model->cells[y][from], 0,
           sizeof model->cells[0][0] * (size_t)(model->columns - from));
}

static void control(struct model *model, int parameter, char final)
{
    if (final == 'A') {
        model->y = model->y > parameter ? model->y - parameter : 0;
    } else if (final == 'K') {
        if (model->x < model->columns)
            clear(model, model->y, parameter == 2 ? 0 : model->x);
    } else if (final == 'J' && parameter == 0) {
        if (model->x < model->columns)
            clear(model, model->y, model->x);
        for (int y = model->y + 1; y < model->rows; y++)
            clear(model, y, 0);
    } else if (final != 'm') {
        fprintf(stderr, "screen_model: sequence ends with %c\n", final);
        abort();
    }
}

/* The sequence at `at`, behind its escape and bracket: its length. */
static size_t sequence(struct model *model, const char *at)
{
    int parameter = 0;
    size_t length = 0;
    bool private = at[0] == '?';
    if (private)
        length++;
    for (; at[length] >= '0' && at[length] <= '9'; length++)
        parameter = parameter * 10 + (at[length] - '0');
    if (private && parameter == 25)
        model->cursor_shown = at[length] == 'h';
    else if (!private)
        control(model, parameter, at[length]);
    return length + 1;
}

void model_feed(struct model *model, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        unsigned code_point = 0;
        int size = rb_text_decode(bytes + at, length - at, &code_point);
        if (bytes[at] == '\033' && bytes[at + 1] == '[') {
            at += 2 + sequence(model, bytes + at + 2);
        } else if (bytes[at] == '\r') {
            model->x = 0;
            at++;
        } else if (bytes[at] == '\n') {
            line_feed(model);
            at++;
        } else if (size == 0 || code_point < 0x20 || code_point == 0x7F) {
            fprintf(stderr, "screen_model: byte %02x\n", (unsigned char)bytes[at]);
            abort();
        } else {
            int width = rb_text_width(code_point);
            if (width > 0)
                put(model, bytes + at, size, width);
            at += (size_t)size;
        }
    }
}

const char *model_text(const struct model *model, struct rb_buf *out)
{
    rb_buf_clear(out);
    rb_buf_puts(out, rb_buf_text(&model->history));
    for (int y = 0; y < model->rows; y++)
        add_line(model, y, out);
    while (out->length > 1 && out->data[out->length - 1] == '\n' &&
           out->data[out->length - 2] == '\n')
        out->data[--out->length] = '\0';
    return rb_buf_text(out);
}
