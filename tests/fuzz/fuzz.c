#include "fuzz.h"

#include <sys/mman.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "render/diag.h"

struct fuzz_lines fuzz_lines_of(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    return (struct fuzz_lines){text, length > 0 ? text + length : text};
}

bool fuzz_line_next(struct fuzz_lines *lines, const char **ret_line, size_t *ret_length)
{
    if (lines->at >= lines->end)
        return false;
    const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    const char *line_end = newline ? newline : lines->end;
    *ret_line = lines->at;
    *ret_length = (size_t)(line_end - lines->at);
    lines->at = line_end + 1;
    return true;
}

int fuzz_file(const char *name, const void *bytes, size_t length)
{
    struct rb_error err = {0};
    int fd = memfd_create(name, MFD_CLOEXEC);
    assert(fd >= 0 && rb_file_write_all(fd, bytes, length, &err));
    return fd;
}

void fuzz_scalar(const uint8_t *bytes, size_t length, struct rb_buf *out)
{
    const char *text = (const char *)bytes;
    for (size_t at = 0; at < length;) {
        unsigned code_point = 0;
        int size = rb_text_decode(text + at, length - at, &code_point);
        if (size > 0 && (code_point == '\n' || !rb_text_hidden(code_point)))
            rb_buf_append(out, text + at, (size_t)size);
        else
            rb_buf_putc(out, ' ');
        at += size > 0 ? (size_t)size : 1;
    }
}

/* C0, DEL, C1, and what reorders or breaks lines: said here once more, so that a gap in
 * rb_text_hidden does not hide itself. */
static bool acts(unsigned code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F) ||
           code_point == 0x061C || (code_point >= 0x200E && code_point <= 0x200F) ||
           (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069);
}

void fuzz_assert_visible(const char *text, size_t length, bool lines)
{
    for (size_t at = 0; at < length;) {
        unsigned code_point = 0;
        int size = rb_text_decode(text + at, length - at, &code_point);
        assert(size > 0);
        assert(!acts(code_point) || (lines && code_point == '\n'));
        at += (size_t)size;
    }
}

static void assert_place(const struct rb_span *span)
{
    if (!span->source || span->line == 0)
        return;
    assert(span->line >= 1 && span->line <= span->source->line_count + 1);
    assert(span->column >= 1 && span->end_line >= span->line);
    assert(span->end_line > span->line || span->end_column >= span->column);
}

static void assert_json(const struct rb_diags *diags)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    RB_AUTO_VALUE const struct rb_value *list = NULL;
    rb_diag_render_json(diags, &out);
    fuzz_assert_visible(rb_buf_text(&out), out.length, true);
    assert(rb_json_parse(rb_buf_text(&out), out.length, &list, NULL));
    assert(rb_value_count(list) == (size_t)diags->count);
}

void fuzz_assert_diags(struct rb_diags *diags)
{
    RB_AUTO_BUF struct rb_buf text = {0}, github = {0};
    assert(diags->count <= RB_DIAGS_MOST && diags->errors >= 0);
    rb_diags_sort(diags);
    for (int i = 0; i < diags->count; i++) {
        const struct rb_diag *diag = &diags->items[i];
        assert(rb_diag_info(diag->code) && *diag->message);
        assert_place(&diag->span);
        assert_place(&diag->also);
    }
    rb_diag_render_text(diags, false, &text);
    fuzz_assert_visible(rb_buf_text(&text), text.length, true);
    rb_diag_render_github(diags, &github);
    fuzz_assert_visible(rb_buf_text(&github), github.length, true);
    assert_json(diags);
}
