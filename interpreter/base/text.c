#include "base/text.h"

#include <string.h>

int rb_text_decode(const char *bytes, size_t length, unsigned *ret_code_point)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (length == 0)
        return 0;
    if (at[0] < 0x80) {
        *ret_code_point = at[0];
        return 1;
    }
    int size = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || (size_t)size > length)
        return 0;
    unsigned code_point = at[0] & (0x7Fu >> size);
    for (int i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        code_point = code_point << 6 | (at[i] & 0x3Fu);
    }
    /* 2 bytes can't be overlong after C2. */
    bool overlong =
        (size == 3 && code_point < 0x800) || (size == 4 && code_point < 0x10000);
    if (overlong || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        return 0;
    *ret_code_point = code_point;
    return size;
}

size_t rb_text_valid_utf8(const char *bytes, size_t length)
{
    size_t at = 0;
    unsigned code_point;
    for (int size; at < length; at += (size_t)size) {
        bool ascii = (unsigned char)bytes[at] < 0x80;
        size = ascii ? 1 : rb_text_decode(bytes + at, length - at, &code_point);
        if (size == 0)
            break;
    }
    return at;
}

/* Beyond ASCII: what a terminal obeys or a reader can't see. C1, the soft hyphen, the bidi
 * controls of Unicode's UAX 9, zero-width and format characters, line separators, fillers,
 * tags. Variation selectors stay: they only choose between two visible forms. */
bool rb_text_hidden(unsigned code_point)
{
    static const struct {
        unsigned first, last;
    } hidden[] = {
        {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD}, {0x034F, 0x034F},
        {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5}, {0x180E, 0x180E},
        {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F}, {0x3164, 0x3164},
        {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3},
        {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    };
    for (size_t i = 0; i < RB_COUNT(hidden); i++) {
        if (code_point <= hidden[i].last)
            return code_point >= hidden[i].first;
    }
    return false;
}

static void append_escape(unsigned code_point, struct rb_buf *out)
{
    switch (code_point) {
    case '\n':
        rb_buf_puts(out, "\\n");
        return;
    case '\r':
        rb_buf_puts(out, "\\r");
        return;
    case '\t':
        rb_buf_puts(out, "\\t");
        return;
    case 0x1B:
        rb_buf_puts(out, "\\e");
        return;
    }
    if (code_point < 0x80)
        rb_buf_printf(out, "\\x%02x", code_point);
    else if (code_point <= 0xFFFF)
        rb_buf_printf(out, "\\u%04x", code_point);
    else
        rb_buf_printf(out, "\\U%08x", code_point);
}

/* How many bytes at the start are printable ASCII: nearly all of them, usually. */
static size_t plain_prefix(const char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && bytes[count] >= 0x20 && bytes[count] < 0x7F)
        count++;
    return count;
}

void rb_text_visible(const char *bytes, size_t length, bool keep_lines, struct rb_buf *out)
{
    for (size_t at = 0; at < length;) {
        size_t plain = plain_prefix(bytes + at, length - at);
        rb_buf_append(out, bytes + at, plain);
        at += plain;
        if (at == length)
            break;
        unsigned code_point;
        int size = rb_text_decode(bytes + at, length - at, &code_point);
        if (size == 0)
            rb_buf_printf(out, "\\x%02x", (unsigned char)bytes[at]);
        else if (rb_text_hidden(code_point) &&
                 !(keep_lines && (code_point == '\n' || code_point == '\t')))
            append_escape(code_point, out);
        else
            rb_buf_append(out, bytes + at, (size_t)size);
        at += size > 0 ? (size_t)size : 1;
    }
}

/* Longer words than this are nobody's misspelling of a name. */
#define LONGEST_WORD 64

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edit distance in bytes, where two neighbours that changed places count as one edit. */
static int distance(const char *a, int a_length, const char *b, int b_length)
{
    int rows[3][LONGEST_WORD + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= b_length; j++)
        last[j] = j;
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int change = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(change, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        int *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_length];
}

const char *rb_text_nearest(const char *word, const char *const *candidates)
{
    size_t length = strlen(word);
    if (length > LONGEST_WORD)
        return NULL;
    int limit = length < 3 ? 1 : (int)length / 3;
    const char *nearest = NULL;
    for (; *candidates; candidates++) {
        size_t candidate_length = strlen(*candidates);
        if (candidate_length > LONGEST_WORD)
            continue;
        int edits = distance(word, (int)length, *candidates, (int)candidate_length);
        if (edits > limit)
            continue;
        nearest = *candidates;
        limit = edits - 1;
    }
    return nearest;
}

bool rb_text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool rb_text_same_name(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}
