#include "parse/yaml_text.h"

#include "base/mem.h"
#include "base/text.h"

/* A file that is no text has one on every other byte; nobody reads more than these. */
enum { MOST_FINDINGS = 20 };

struct scan {
    const struct rb_source *source;
    struct rb_diags *diags;
    int line, column;
    int findings;
};

static struct rb_diag *find(struct scan *scan, int code, const char *what, unsigned number)
{
    struct rb_span span = {scan->source, scan->line, scan->column, scan->line,
                           scan->column + 1};
    scan->findings++;
    return rb_diag_add(scan->diags, code, span, "%s%02X", what, number);
}

/* U+FFFE and U+FFFF are no characters, and libyaml stops at them. */
static bool forbidden(unsigned c)
{
    return rb_text_hidden(c) || c == 0xFFFE || c == 0xFFFF;
}

/* The joiners that emoji and some scripts are written with are invisible elsewhere. */
static bool joins(unsigned c, unsigned before)
{
    return (c == 0x200C || c == 0x200D) && before >= 0x80;
}

static void diagnose(struct scan *scan, unsigned c)
{
    if (scan->findings >= MOST_FINDINGS)
        return;
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
        rb_diag_help(find(scan, 103, "control character U+00", c),
                     "take it out; where a program needs it, let the program make it");
    } else {
        rb_diag_help(find(scan, 104, "invisible character U+", c),
                     "take it out: what a reader can't see must not change what runs");
    }
}

/* As many bytes, one character, and nothing that YAML gives a meaning. */
static void blot(char *bytes, int size)
{
    static const char *const blots[] = {"?", "?", "\xC2\xBF", "\xEF\xBF\xBD",
                                        "\xF0\x9F\xAB\xA5"};
    memcpy(bytes, blots[size], (size_t)(size ? size : 1));
}

static bool is_text(const struct rb_source *source, struct rb_diags *diags)
{
    const char *text = source->text, *what = NULL;
    if (rb_text_starts(text, "\xEF\xBB\xBF"))
        what = "a byte order mark at the beginning of the file";
    else if (rb_text_starts(text, "\xFF\xFE") || rb_text_starts(text, "\xFE\xFF") ||
             (source->length > 1 && (text[0] == '\0' || text[1] == '\0')))
        what = "the file is not UTF-8 text, it looks like UTF-16";
    if (what) {
        rb_diag_help(
            rb_diag_add(diags, 105, (struct rb_span){source, 1, 1, 1, 1}, "%s", what),
            "save it as UTF-8 without a byte order mark");
    }
    return !what;
}

char *rb_yaml_text_clean(const struct rb_source *source, struct rb_diags *diags)
{
    if (!is_text(source, diags))
        return NULL;
    struct scan scan = {source, diags, 1, 1, 0};
    char *text = rb_alloc(source->length + 1);
    memcpy(text, source->text, source->length);
    unsigned before = 0;
    for (size_t at = 0; at < source->length;) {
        size_t left = source->length - at;
        unsigned c = (unsigned char)text[at];
        if (c >= 0x20 && c < 0x7F) {
            before = c;
            at++;
            scan.column++;
            continue;
        }
        int size = rb_text_decode(text + at, left, &c);
        bool end_of_line = c == '\n' || (c == '\r' && left > 1 && text[at + 1] == '\n');
        if (size == 0) {
            if (scan.findings < MOST_FINDINGS)
                find(&scan, 102, "not UTF-8: byte ", c);
            blot(text + at, size);
        } else if (c != '\t' && !end_of_line && forbidden(c) && !joins(c, before)) {
            diagnose(&scan, c);
            blot(text + at, size);
        }
        before = c;
        at += size ? (size_t)size : 1;
        scan.line += c == '\n';
        scan.column = c == '\n' ? 1 : scan.column + 1;
    }
    return text;
}

bool rb_yaml_text_check(const char *text, size_t length, struct rb_span span,
                        struct rb_diags *diags)
{
    struct scan scan = {span.source, diags, span.line, span.column, 0};
    unsigned before = 0, c;
    int size;
    for (size_t at = 0; at < length; at += (size_t)size) {
        size = rb_text_decode(text + at, length - at, &c);
        if (size == 0)
            return true;
        if (c != '\t' && c != '\n' && forbidden(c) && !joins(c, before)) {
            diagnose(&scan, c);
            return false;
        }
        before = c;
    }
    return true;
}
